//! How much an explanation may take: each of its parts a share of the work, and so many
//! configurations. Shares are counted in work, so that a history is explained in the same way
//! however busy the machine is; the clock only counts where the user limits time.

use std::time::Duration;

use crate::check::{Budget, Meter, Options};
use crate::history::History;

/// A search visits so many configurations at most, and so do all that look for one core.
pub(crate) const ALLOWANCE: u64 = 250_000;

/// So many operations are read and looked at in a millisecond, by an exact decider of usual speed:
/// measured with histories of a million operations.
const WORK: u64 = 5_000;

/// How much work an explanation may usually take, if nobody says anything else: so much, and so
/// much for each operation, but no more than 10 s of it.
const LEAST: u64 = 1_500 * WORK;
const FOR_EACH: u64 = 43;
const MOST: u64 = 10_000 * WORK;

/// Of keys that are explained at once, each gets the share of one among so many at most: it is
/// seldom that more of them need all of theirs.
const AT_ONCE: usize = 4;

/// The parts of an explanation, each with its share of the work that explaining may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// The first impossible operation and its core, of keys of which one took so many
    /// configurations to decide.
    Locating(u64),
    /// The violations behind it, and their names.
    Violations,
    /// What still holds.
    Guarantees,
    /// How stale the reads are.
    Staleness,
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
    /// When it has to end, in tenths of the work for explaining, and of the time for it. Those that
    /// may run at once have an account of their own each. Clocks and causes go on with that of the
    /// violations and guarantees, so that what these leave over is theirs.
    fn tenths(self) -> (u32, u32) {
        match self {
            Part::Locating(_) | Part::Settings(_) => (2, 2),
            Part::Violations => (3, 3),
            Part::Guarantees => (2, 5),
            Part::Staleness => (1, 6),
            Part::Clocks => (6, 6),
            Part::Causes => (7, 7),
            Part::Surroundings => (1, 1),
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

/// Measures how much other settings are tried, of a check that took so many configurations for one
/// key.
pub(crate) fn settings_meter(options: &Options, history: &History, decided: u64) -> Meter {
    meter(options, history, Part::Settings(decided))
}

/// Measures one part of an explanation: each has its share of the work, and no more time than the
/// options give it and the check has left.
pub(super) fn meter(options: &Options, history: &History, part: Part) -> Meter {
    let (of_work, of_time) = part.tenths();
    let usual = || MOST.min(LEAST + FOR_EACH * history.operations().len() as u64);
    let in_time =
        |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).saturating_mul(WORK);
    let work = options.explain_timeout.map_or_else(usual, in_time) / 10 * u64::from(of_work);
    let time = options.explain_timeout.map(|time| time.saturating_mul(of_time) / 10);
    let limits = [time, options.budget.time_left()];
    let budget = Budget {
        timeout: limits.into_iter().flatten().min(),
        start: None,
        configurations: Some(part.configurations()),
        ..options.budget
    };
    Meter::start(&budget, history.heap_bytes()).told_to(options.progress.clone()).limited_to(work)
}

/// Measures the key that is the `nth` of so `many` that share the work of `meter`: it does not
/// matter to it what the others do meanwhile. The first `favored` ones get more, and at most
/// [`AT_ONCE`] times as much together as the meter has.
pub(super) fn of_key(meter: &Meter, nth: usize, many: usize, favored: usize) -> Meter {
    let parts = if nth < favored { many.min(AT_ONCE) } else { many };
    meter.part(meter.work_limit() / parts.max(1) as u64)
}

/// Counts what was done before as work of `meter`, but no more than those who did it were given
/// together: a share of its own is left to it.
pub(super) fn go_on(meter: &Meter, before: &[&Meter], worked: u64) {
    let given = before.iter().fold(0_u64, |sum, meter| sum.saturating_add(meter.work_limit()));
    meter.steps(worked.min(given));
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
            let explain_timeout = Some(Duration::from_secs(explain_timeout));
            let options = Options { budget, explain_timeout, ..Options::default() };
            meter(&options, &History::default(), Part::Locating(0)).poll()
        };
        assert_eq!(poll(3_600, 10), Ok(()));
        assert_eq!(poll(59, 10), Err(StopReason::Timeout));
        assert_eq!(poll(3_600, 0), Err(StopReason::Timeout));
    }

    const PARTS: [Part; 8] = [
        Part::Locating(0),
        Part::Violations,
        Part::Guarantees,
        Part::Staleness,
        Part::Clocks,
        Part::Causes,
        Part::Surroundings,
        Part::Settings(0),
    ];

    #[test]
    fn without_a_limit_on_time_the_clock_is_not_looked_at() {
        for part in PARTS {
            let meter = meter(&Options::default(), &History::default(), part);
            assert!(!meter.has_deadline(), "{part:?}");
            assert_eq!(meter.poll(), Ok(()), "{part:?}");
            meter.work(meter.work_limit() as usize);
            assert_eq!(meter.poll(), Err(StopReason::Configurations), "{part:?}");
        }
    }

    #[test]
    fn keys_at_once_have_shares_that_do_not_depend_on_each_other() {
        let all = meter(&Options::default(), &History::default(), Part::Violations);
        let limit = all.work_limit();
        let shares = |many: usize, favored: usize| -> Vec<u64> {
            (0..many).map(|nth| of_key(&all, nth, many, favored).work_limit()).collect()
        };
        assert_eq!(shares(1, 16), [limit]);
        assert_eq!(shares(2, 16), [limit / 2; 2]);
        assert_eq!(shares(16, 16), [limit / 4; 16]);
        assert_eq!(shares(100, 16)[15..17], [limit / 4, limit / 100]);
        let [one, other] = [0, 1].map(|nth| of_key(&all, nth, 2, 16));
        one.work(limit as usize);
        assert_eq!(one.poll(), Err(StopReason::Configurations));
        assert_eq!(other.poll(), Ok(()));
        one.cancel();
        assert_eq!(other.poll(), Err(StopReason::Cancelled), "that is for all");
    }

    #[test]
    fn what_one_part_leaves_over_is_for_the_next() {
        let of = |part| meter(&Options::default(), &History::default(), part);
        let (first, next) = (of(Part::Clocks), of(Part::Causes));
        go_on(&next, &[&first], 100);
        assert_eq!(next.worked(), 100);
        let next = of(Part::Causes);
        go_on(&next, &[&first], u64::MAX);
        assert_eq!(next.worked(), first.work_limit(), "its own share is left");
        assert_eq!(next.poll(), Ok(()));
    }
}
