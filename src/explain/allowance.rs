//! How much an explanation may take: time for each of its parts, and configurations.

use crate::check::{Budget, Meter, Options};
use crate::history::History;

/// A search visits so many configurations at most, and so do all that look for one core.
pub(crate) const ALLOWANCE: u64 = 250_000;

/// The parts of an explanation, each with its share of the time that explaining may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// The first impossible operation and its core, of keys of which one took so many
    /// configurations to decide.
    Locating(u64),
    /// The violations behind it, and their names.
    Violations,
    /// What still holds.
    Guarantees,
    /// The clocks that would explain it.
    Clocks,
    /// What many violations have in common.
    Causes,
    /// What is around.
    Surroundings,
    /// Other settings, of a check that took so many configurations for one key.
    Settings(u64),
}

impl Part {
    /// When it has to end, in tenths of the time for explaining. Locating comes first, then the
    /// surroundings, each with a clock of its own; the others share one, so that what is left over
    /// by one is the next one's.
    fn tenths(self) -> u32 {
        match self {
            Part::Locating(_) | Part::Settings(_) => 2,
            Part::Violations => 3,
            Part::Guarantees => 5,
            Part::Clocks => 6,
            Part::Causes => 7,
            Part::Surroundings => 1,
        }
    }

    /// How many configurations a single decision may take. Clocks ask for many. A part of a history
    /// may take more than the whole, but seldom twice as many.
    fn configurations(self) -> u64 {
        match self {
            Part::Locating(decided) => ALLOWANCE.max(decided.saturating_mul(2)),
            Part::Settings(decided) => (ALLOWANCE / 10).max(decided.saturating_mul(2)),
            Part::Clocks => ALLOWANCE / 5,
            _ => ALLOWANCE,
        }
    }
}

/// Measures how long other settings are tried, of a check that took so many configurations for one
/// key.
pub(crate) fn settings_meter(options: &Options, history: &History, decided: u64) -> Meter {
    meter(options, history, Part::Settings(decided))
}

/// Measures one part of an explanation: each has a limit on time of its own, and no more than the
/// check has left.
pub(super) fn meter(options: &Options, history: &History, part: Part) -> Meter {
    let own = options.explain_timeout.saturating_mul(part.tenths()) / 10;
    let budget = Budget {
        timeout: Some(options.budget.time_left().map_or(own, |left| left.min(own))),
        start: None,
        configurations: Some(part.configurations()),
        ..options.budget
    };
    Meter::start(&budget, history.heap_bytes()).told_to(options.progress.clone())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::check::StopReason;

    #[test]
    fn an_explanation_gets_no_more_time_than_is_left() {
        let poll = |timeout: u64, explain_timeout: u64| {
            let budget = Budget {
                timeout: Some(Duration::from_secs(timeout)),
                start: Instant::now().checked_sub(Duration::from_secs(60)),
                ..Budget::default()
            };
            let explain_timeout = Duration::from_secs(explain_timeout);
            let options = Options { budget, explain_timeout, ..Options::default() };
            meter(&options, &History::default(), Part::Locating(0)).poll()
        };
        assert_eq!(poll(3_600, 10), Ok(()));
        assert_eq!(poll(59, 10), Err(StopReason::Timeout));
        assert_eq!(poll(3_600, 0), Err(StopReason::Timeout));
    }
}
