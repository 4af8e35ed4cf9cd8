//! How far a long piece of work is, for another thread to look at while it goes on, and to end it.
//!
//! The library prints nothing. Whoever wants to show progress makes a [`Progress`], hands it in
//! with the options of the work, and looks at it now and then. Those who work tell it in batches
//! and without order between threads, so that it costs them nothing to speak of; a look may mix
//! moments that are microseconds apart.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::memory::resident_bytes;

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Phase {
    /// Nothing that has a name here.
    #[default]
    Idle,
    /// The bytes of an input are fetched and decompressed; counted in compressed bytes.
    Loading,
    /// The text is parsed; counted in bytes.
    Parsing,
    /// Its events are paired and ordered.
    Ordering,
    /// The lines of records are looked for in the text; counted in bytes.
    Placing,
    /// Keys are decided; counted in keys.
    Deciding,
    /// The first impossible operations are looked for, and few that prove it; counted in failing
    /// keys.
    Locating,
    /// The proofs of failures are verified; counted in keys.
    Verifying,
    /// Violations are found and named, and what still holds is found out; counted in failing keys.
    Violations,
    /// Clocks are looked for that would explain the violations.
    Clocks,
    /// What the violations have in common is looked for.
    Causes,
    /// What is around the failures is put together.
    Surroundings,
    /// A failing history is cut down; counted in the operations that are left.
    Shrinking,
    /// A history is followed as it comes in; counted in bytes.
    Following,
    /// The reference store runs; counted in operations.
    Simulating,
    /// An output is written; counted in bytes.
    Writing,
}

impl Phase {
    /// Whether the input was read before this: what is done is not part of reading it.
    pub fn is_behind_reading(self) -> bool {
        !matches!(self, Phase::Idle | Phase::Loading | Phase::Parsing | Phase::Ordering)
    }

    /// All phases, each at the position of its discriminant.
    const ALL: [Phase; 16] = [
        Phase::Idle,
        Phase::Loading,
        Phase::Parsing,
        Phase::Ordering,
        Phase::Placing,
        Phase::Deciding,
        Phase::Locating,
        Phase::Verifying,
        Phase::Violations,
        Phase::Clocks,
        Phase::Causes,
        Phase::Surroundings,
        Phase::Shrinking,
        Phase::Following,
        Phase::Simulating,
        Phase::Writing,
    ];
}

/// Counters that those who work add to, and that anybody may look at.
///
/// ```
/// use std::sync::Arc;
/// use histcheck_history::progress::{Phase, Progress};
///
/// let progress = Arc::new(Progress::default());
/// let shared = Arc::clone(&progress);
/// let worker = std::thread::spawn(move || {
///     shared.enter(Phase::Writing, 1000);
///     shared.advance(1000);
/// });
/// while !worker.is_finished() {
///     let look = progress.look();
///     eprintln!("{:?}: {} of {:?}", look.phase, look.done, look.total);
/// }
/// assert_eq!(progress.look().done, 1000);
/// ```
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    done: AtomicU64,
    /// 0 if it is not known.
    total: AtomicU64,
    configurations: AtomicU64,
    /// The estimate of those who work, in bytes.
    memory: AtomicU64,
    cancelled: AtomicBool,
    exhausted: AtomicBool,
}

/// How far the work was when somebody looked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// What was being done.
    pub phase: Phase,
    /// How much of that was done, in what the phase is counted in.
    pub done: u64,
    /// How much there is to do, if that is known; no less than what is done.
    pub total: Option<u64>,
    /// Configurations that searches visited, in all phases so far.
    pub configurations: u64,
    /// Memory in bytes, if it is known: that of the whole process where the system tells it
    /// (Linux), else an estimate of what the history and the check hold.
    pub memory: Option<u64>,
}

impl Progress {
    /// How far the work is. Takes some microseconds, since it asks the system for the memory.
    pub fn look(&self) -> Look {
        let done = self.done.load(Relaxed);
        let total = Some(self.total.load(Relaxed)).filter(|&total| total > 0);
        let estimate = Some(self.memory.load(Relaxed)).filter(|&bytes| bytes > 0);
        Look {
            phase: Phase::ALL
                .get(usize::from(self.phase.load(Relaxed)))
                .copied()
                .unwrap_or_default(),
            done,
            total: total.map(|total| total.max(done)),
            configurations: self.configurations.load(Relaxed),
            memory: resident_bytes().map(|bytes| bytes as u64).or(estimate),
        }
    }

    /// Asks those who work to stop, now and for good. A check then ends as one whose budget is used
    /// up, with the verdict `Unknown`; reading ends with
    /// [`Code::Cancelled`](crate::error::Code::Cancelled).
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Whether somebody asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }

    /// Says that the process holds more memory than it may. Those who work stop as at the limit of
    /// a budget, until [`Progress::restart`]: for a caller who watches the process while it works.
    pub fn exhaust(&self) {
        self.exhausted.store(true, Relaxed);
    }

    /// Whether somebody said that the memory is used up.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    /// Starts with other work: nothing is done, and nothing was visited.
    pub fn restart(&self) {
        self.enter(Phase::Idle, 0);
        self.exhausted.store(false, Relaxed);
        self.configurations.store(0, Relaxed);
        self.memory.store(0, Relaxed);
    }

    /// Says that now comes `phase`, with so much to do (0 if that is not known). For a caller who
    /// does a part of the work; the library does so itself.
    pub fn enter(&self, phase: Phase, total: u64) {
        self.done.store(0, Relaxed);
        self.total.store(total, Relaxed);
        self.turn_to(phase);
    }

    /// Says that so much more is done.
    pub fn advance(&self, by: u64) {
        self.done.fetch_add(by, Relaxed);
    }
}

#[doc(hidden)]
impl Progress {
    /// Says that so much is done of the whole phase.
    pub fn reach(&self, done: u64) {
        self.done.store(done, Relaxed);
    }

    /// Says that now comes `phase`, which is counted together with the one before.
    pub fn turn_to(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    /// Says that a search visited so many more configurations.
    pub fn visit(&self, configurations: u64) {
        self.configurations.fetch_add(configurations, Relaxed);
    }

    /// Says that those who work hold about so many bytes.
    pub fn hold(&self, bytes: usize) {
        self.memory.store(bytes as u64, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_found_by_their_numbers() {
        let progress = Progress::default();
        for phase in Phase::ALL {
            progress.turn_to(phase);
            assert_eq!(progress.look().phase, phase);
        }
        assert_eq!(Phase::ALL.last().map(|&last| last as usize + 1), Some(Phase::ALL.len()));
    }

    #[test]
    fn a_look_says_what_was_told() {
        let progress = Progress::default();
        let look = progress.look();
        assert_eq!(look, Look { memory: look.memory, ..Look::default() });
        progress.enter(Phase::Deciding, 3);
        progress.advance(2);
        progress.visit(500);
        let look = progress.look();
        assert_eq!((look.phase, look.done, look.total), (Phase::Deciding, 2, Some(3)));
        assert_eq!(look.configurations, 500);
        progress.advance(2);
        assert_eq!(progress.look().total, Some(4), "never less than what is done");
        progress.enter(Phase::Clocks, 0);
        let look = progress.look();
        assert_eq!((look.phase, look.done, look.total), (Phase::Clocks, 0, None));
        assert_eq!(look.configurations, 500, "they count on");
        progress.restart();
        assert_eq!(progress.look().configurations, 0);
    }
}
