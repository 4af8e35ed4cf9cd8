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
