//! Operations that never completed while they should have: in a deadlock, starved, or because
//! everything stopped.
//!
//! Only operations count that have no completion record at all. Calls that are still under way when
//! a recording ends are usual, so that one is stuck only if there is more to it:
//!
//! - *deadlock*: it waits for a lock that another process holds and never gave back, which itself
//!   waits for a lock, and so on in a circle;
//! - *starvation*: [`LATER`] operations of the same name and key, called later, completed, and it
//!   was open [`PATIENCE`] times as long as the longest operation of the history that completed;
//! - *stop*: nothing of the clients is recorded any more for [`PATIENCE`] times as long as the
//!   longest operation took, two operations at least are open, and other records show that the
//!   recording went on.
//!
//! A livelock, where operations go on failing, cannot be told from bad luck by a history.

use rustc_hash::FxHashMap;

use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::phrase::{
    call_phrase, counted, duration_phrase, process_phrase, value_phrase, with_thousands,
};
use crate::history::{Function, History, NEVER, Operation, Outcome, Value};

/// So many operations called later must have completed before one counts as starved.
const LATER: u32 = 16;

/// One that waits so many times as long as the longest that completed is not just slow.
const PATIENCE: i128 = 3;

/// So many operations are named at most.
const NAMED: usize = 12;

/// The operations that are stuck, if any are; of several causes a deadlock comes first, then
/// starvation. For any history, whatever its verdict. O(n).
pub fn stuck(history: &History) -> Option<Anomaly> {
    history.operations().iter().find(|operation| operation.outcome == Outcome::Open)?;
    deadlock(history).or_else(|| starved(history)).or_else(|| stopped(history))
}

fn anomaly(operations: &[u32], summary: String) -> Option<Anomaly> {
    let mut named: Vec<u32> = operations.iter().copied().take(NAMED).collect();
    named.sort_unstable();
    named.dedup();
    Some(Anomaly {
        kind: AnomalyKind::StuckOperations,
        key_at: None,
        operations: named,
        certainty: Certainty::Suggested,
        summary,
        count: 1,
    })
}

/// A lock, and what is going on with it at the end of the history.
#[derive(Default)]
struct Lock {
    /// The acquisition that completed last, with its rank.
    acquired: Option<(u32, u32)>,
    /// The rank of the last call of a release that did not fail.
    released: Option<u32>,
    /// Acquisitions less releases.
    holds: i64,
}

impl Lock {
    /// The acquisition of the only holder, if there is one.
    fn holder(&self) -> Option<u32> {
        let (rank, index) = self.acquired?;
        let is_held = self.released.is_none_or(|released| released < rank);
        (is_held && self.holds == 1).then_some(index)
    }
}

/// Processes in a circle each of which holds a lock that the one before it waits for.
fn deadlock(history: &History) -> Option<Anomaly> {
    history.functions().iter().find(|name| ["acquire", "lock"].contains(&name.as_str()))?;
    let is = |operation: &Operation, names: [&str; 2]| {
        names.contains(&history.function(operation.function))
    };
    let mut locks: FxHashMap<Option<Value>, Lock> = FxHashMap::default();
    let mut waits: FxHashMap<Value, u32> = FxHashMap::default();
    let mut waiting: Vec<u32> = Vec::new();
    for (index, operation) in (0u32..).zip(history.operations()) {
        let span = history.span(index as usize);
        if is(operation, ["acquire", "lock"]) {
            let lock = locks.entry(operation.key).or_default();
            match operation.outcome {
                Outcome::Ok => {
                    lock.holds += 1;
                    lock.acquired = lock.acquired.max(Some((span.ret, index)));
                }
                Outcome::Open => {
                    waits.insert(operation.process, index);
                    waiting.push(index);
                }
                _ => {}
            }
        } else if is(operation, ["release", "unlock"]) && operation.outcome != Outcome::Fail {
            let lock = locks.entry(operation.key).or_default();
            lock.holds -= 1;
            lock.released = lock.released.max(Some(span.call));
        }
    }
    // For each waiting operation: the acquisition of what it waits for.
    let holder = |wait: u32| locks.get(&history.operations()[wait as usize].key)?.holder();
    let next = |wait: u32| {
        let holder = holder(wait)?;
        waits.get(&history.operations()[holder as usize].process).copied()
    };
    // Every walk marks what it meets, so that all of them together take one step an operation.
    let mut met: FxHashMap<u32, u32> = FxHashMap::default();
    for &start in &waiting {
        let mut at = Some(start);
        while let Some(wait) = at {
            match met.insert(wait, start) {
                None => at = next(wait),
                Some(walk) if walk == start => return circle(history, wait, &holder, &next),
                Some(_) => break,
            }
        }
    }
    None
}

/// The deadlock in whose circle `first` waits.
fn circle(
    history: &History,
    first: u32,
    holder: &impl Fn(u32) -> Option<u32>,
    next: &impl Fn(u32) -> Option<u32>,
) -> Option<Anomaly> {
    let mut operations = Vec::new();
    let mut phrases = Vec::new();
    let mut wait = first;
    loop {
        let held = holder(wait)?;
        operations.extend([wait, held]);
        let lock = |index: u32| match history.operations()[index as usize].key {
            Some(key) => value_phrase(history, key),
            None => "the lock".to_owned(),
        };
        if phrases.len() < NAMED / 2 {
            phrases.push(format!(
                "{} waits for {} since {}, which {} holds",
                process_phrase(history, wait),
                lock(wait),
                call_phrase(history, wait).trim_start_matches("at ").trim_start_matches("in "),
                process_phrase(history, held),
            ));
        }
        wait = next(wait)?;
        if wait == first {
            break;
        }
    }
    anomaly(&operations, format!("{}: a deadlock", phrases.join(", ")))
}

/// How long operations took, in time or else in records.
struct Clock<'a> {
    history: &'a History,
    has_times: bool,
}

impl<'a> Clock<'a> {
    fn of(history: &'a History) -> Clock<'a> {
        Clock { history, has_times: history.start_time().is_some() }
    }

    fn called(&self, index: usize) -> Option<i128> {
        if self.has_times {
            return self.history.times(index)[0].map(i128::from);
        }
        Some(i128::from(self.history.operations()[index].invoked))
    }

    fn returned(&self, index: usize) -> Option<i128> {
        let record = self.history.operations()[index].completed;
        match self.has_times {
            true => self.history.times(index)[1].map(i128::from),
            false => (record != NEVER).then_some(i128::from(record)),
        }
    }

    /// The longest that an operation took which completed.
    fn longest(&self) -> i128 {
        let took = |index| Some(self.returned(index)? - self.called(index)?);
        let all = 0..self.history.operations().len();
        all.filter_map(took).max().unwrap_or(0).max(1)
    }

    /// The last thing that a client did.
    fn end(&self) -> Option<i128> {
        let all = 0..self.history.operations().len();
        all.filter_map(|index| self.returned(index).max(self.called(index))).max()
    }

    fn phrase(&self, length: i128) -> String {
        match self.has_times {
            true => duration_phrase(length.unsigned_abs()),
            false => counted(usize::try_from(length).unwrap_or(usize::MAX), "record"),
        }
    }
}

fn starved(history: &History) -> Option<Anomaly> {
    let clock = Clock::of(history);
    let (longest, end) = (clock.longest(), clock.end()?);
    let mut completed: FxHashMap<(Function, Option<Value>), u32> = FxHashMap::default();
    let mut starved = Vec::new();
    for (index, operation) in history.operations().iter().enumerate().rev() {
        let later = completed.entry((operation.function, operation.key)).or_default();
        match operation.outcome {
            Outcome::Ok => *later += 1,
            Outcome::Open if *later >= LATER => {
                let waited = clock.called(index).map(|called| end - called);
                if let Some(waited) = waited.filter(|&waited| waited >= longest * PATIENCE) {
                    starved.push((index as u32, *later, waited));
                }
            }
            _ => {}
        }
    }
    starved.reverse();
    let &(first, later, waited) = starved.first()?;
    let others = match starved.len() - 1 {
        0 => String::new(),
        others => format!("; so did {}", counted(others, "other operation")),
    };
    let summary = format!(
        "{}'s {}, called {}, never completed, while {} of its kind that were called later did: it \
         waited {} and no operation that completed took more than {}{others}",
        process_phrase(history, first),
        words::thing_called(history, first),
        call_phrase(history, first),
        with_thousands(later as usize),
        clock.phrase(waited),
        clock.phrase(longest),
    );
    let operations: Vec<u32> = starved.iter().map(|entry| entry.0).collect();
    anomaly(&operations, summary)
}

fn stopped(history: &History) -> Option<Anomaly> {
    let clock = Clock::of(history);
    if !clock.has_times {
        return None;
    }
    let (longest, end) = (clock.longest(), clock.end()?);
    let last = history.annotations().iter().filter_map(|one| one.time).max()?;
    let silence = i128::from(last) - end;
    let open = |index: &usize| history.operations()[*index].outcome == Outcome::Open;
    let open: Vec<u32> =
        (0..history.operations().len()).filter(open).map(|index| index as u32).collect();
    if silence < longest * PATIENCE || open.len() < 2 {
        return None;
    }
    let summary = format!(
        "{} were never completed, {}'s {} among them, though the recording went on for {} after \
         the last client was heard of, and no operation that completed took more than {}",
        counted(open.len(), "operation"),
        process_phrase(history, open[0]),
        words::thing_called(history, open[0]),
        clock.phrase(silence),
        clock.phrase(longest),
    );
    anomaly(&open, summary)
}
