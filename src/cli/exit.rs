//! Exit statuses. They are part of the interface: `docs/CLI.md` promises them.

/// How a run ended. Of several inputs the worst counts; the variants are in that order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Status {
    /// Every history is valid.
    Valid,
    /// A budget ended before a verdict.
    Undecided,
    /// Wrong usage, or an input that cannot be read.
    Unreadable,
    /// A history is not linearizable.
    Violation,
    /// A bug in histcheck: it stopped, or the self-check refutes a verdict.
    BrokenProof,
}

impl Status {
    /// Exit status of [`Status::Valid`].
    pub(crate) const VALID: u8 = 0;
    /// Exit status of [`Status::Violation`].
    pub(crate) const VIOLATION: u8 = 1;
    /// Exit status of [`Status::Unreadable`]; clap uses the same.
    pub(crate) const UNREADABLE: u8 = 2;
    /// Exit status of [`Status::Undecided`].
    pub(crate) const UNDECIDED: u8 = 3;
    /// Exit status of [`Status::BrokenProof`]: `EX_SOFTWARE`.
    pub(crate) const BROKEN_PROOF: u8 = 70;

    /// The exit status.
    pub(crate) fn code(self) -> u8 {
        match self {
            Status::Valid => Self::VALID,
            Status::Undecided => Self::UNDECIDED,
            Status::Unreadable => Self::UNREADABLE,
            Status::Violation => Self::VIOLATION,
            Status::BrokenProof => Self::BROKEN_PROOF,
        }
    }

    /// The same for a caller who wants no failure for a violation (`--exit-zero`). What is not
    /// decided stays so.
    pub(crate) fn lenient(self) -> Status {
        if self == Status::Violation { Status::Valid } else { self }
    }
}

/// Ends the program now, while other threads are at work: nobody tidies up behind them.
pub(super) fn at_once(status: Status) -> ! {
    #[cfg(unix)]
    signal_hook::low_level::exit(status.code().into());
    #[cfg(not(unix))]
    std::process::exit(status.code().into());
}

/// Lets the program end as undecided where the system has no memory left, which Rust answers with
/// a message and an abort.
pub(super) fn undecided_without_memory() {
    #[cfg(unix)]
    {
        use std::sync::{Arc, atomic::AtomicBool};
        let always = Arc::new(AtomicBool::new(true));
        let status = Status::Undecided.code().into();
        let abort = signal_hook::consts::SIGABRT;
        // Where that is not possible, it aborts.
        let _ = signal_hook::flag::register_conditional_shutdown(abort, status, always);
        // That a file may not grow is an error like any other.
        let grown = signal_hook::consts::SIGXFSZ;
        let _ = signal_hook::flag::register(grown, Arc::default());
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn the_worst_counts() {
        let worst = [Status::Undecided, Status::Violation, Status::Valid, Status::Unreadable]
            .into_iter()
            .max();
        assert_eq!(worst.map(Status::code), Some(Status::VIOLATION));
        assert!(Status::Unreadable > Status::Undecided);
        assert_eq!(Status::Violation.lenient(), Status::Valid);
        assert_eq!(Status::Undecided.lenient(), Status::Undecided);
        assert_eq!(Status::Unreadable.lenient(), Status::Unreadable);
    }
}
