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

use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::hash::Map;
use crate::history::{Function, History, OpIndex, Operation, Outcome, Rank, Value, sort};
use crate::vocabulary::{Verb, Word};
use crate::words::{
    call_phrase, counted, duration_phrase, process_phrase, value_phrase, with_thousands,
};

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
    let mut evidence = Evidence::default();
    let last = history.annotations().iter().filter_map(|one| one.time).max();
    evidence.add(history, &|index| index);
    evidence.conclude(history, last)
}

/// What operations tell of those that may be stuck. Operations go by their indices, or where a
/// history is seen in parts, each of whole keys, by the records of their invocations.
pub(crate) struct Evidence<Id> {
    /// The longest that an operation took which completed.
    longest: i128,
    /// The last thing that a client did.
    end: Option<i128>,
    /// Operations that never completed.
    open: Vec<Id>,
    /// Those of which enough others completed that were called later: which, how many, when called.
    overtaken: Vec<(Id, u32, Option<i128>)>,
    /// Those that wait for a lock.
    waits: Vec<Wait<Id>>,
}

/// An operation that waits for a lock.
struct Wait<Id> {
    operation: Id,
    process: String,
    /// The acquisition of the lock's holder, and its process.
    holder: Option<(Id, String)>,
}

impl<Id> Default for Evidence<Id> {
    fn default() -> Evidence<Id> {
        let (open, overtaken, waits) = (Vec::new(), Vec::new(), Vec::new());
        Evidence { longest: 0, end: None, open, overtaken, waits }
    }
}

impl<Id: Copy> Evidence<Id> {
    /// Takes the operations of `history` into account; `id` gives what an index goes by. O(n).
    pub(crate) fn add(&mut self, history: &History, id: &impl Fn(OpIndex) -> Id) {
        let clock = Clock::of(history);
        let mut completed: Map<(Function, Option<Value>), u32> = Map::default();
        for (index, operation) in history.indexed().rev() {
            let (called, returned) = (clock.called(index), clock.returned(index));
            self.end = self.end.max(returned).max(called);
            if let (Some(called), Some(returned)) = (called, returned) {
                self.longest = self.longest.max(returned - called);
            }
            let later = completed.entry((operation.function, operation.key)).or_default();
            match operation.outcome {
                Outcome::Ok => *later += 1,
                Outcome::Open => {
                    self.open.push(id(index));
                    if *later >= LATER {
                        self.overtaken.push((id(index), *later, called));
                    }
                }
                _ => {}
            }
        }
        self.add_waits(history, id);
    }

    /// The operations that may be named.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Id> {
        let waits = self.waits.iter();
        let holders = waits.filter_map(|wait| wait.holder.as_ref().map(|(holder, _)| *holder));
        self.open.iter().copied().chain(holders)
    }

    /// Returns what it knows, of operations that go by their indices, which `index` gives.
    pub(crate) fn indexed(self, index: impl Fn(Id) -> OpIndex) -> Evidence<OpIndex> {
        let overtaken = self.overtaken.into_iter();
        let waits = self.waits.into_iter().map(|wait| Wait {
            operation: index(wait.operation),
            process: wait.process,
            holder: wait.holder.map(|(holder, process)| (index(holder), process)),
        });
        Evidence {
            longest: self.longest,
            end: self.end,
            open: self.open.into_iter().map(&index).collect(),
            overtaken: overtaken.map(|(id, later, called)| (index(id), later, called)).collect(),
            waits: waits.collect(),
        }
    }
}

fn anomaly(operations: &[OpIndex], summary: String) -> Option<Anomaly> {
    let mut named: Vec<OpIndex> = operations.iter().copied().take(NAMED).collect();
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
    acquired: Option<(Rank, OpIndex)>,
    /// The rank of the last call of a release that did not fail.
    released: Option<Rank>,
    /// Acquisitions less releases.
    holds: i64,
}

impl Lock {
    /// The acquisition of the only holder, if there is one.
    fn holder(&self) -> Option<OpIndex> {
        let (rank, index) = self.acquired?;
        let is_held = self.released.is_none_or(|released| released < rank);
        (is_held && self.holds == 1).then_some(index)
    }
}

impl<Id: Copy> Evidence<Id> {
    fn add_waits(&mut self, history: &History, id: &impl Fn(OpIndex) -> Id) {
        let verb = |operation: &Operation| history.word(operation.function).map(Word::verb);
        if !history.operations().iter().any(|operation| verb(operation) == Some(Verb::Acquire)) {
            return;
        }
        let mut locks: Map<Option<Value>, Lock> = Map::default();
        let mut waiting: Vec<OpIndex> = Vec::new();
        for (index, operation) in history.indexed() {
            let span = history.span(index);
            if verb(operation) == Some(Verb::Acquire) {
                let lock = locks.entry(operation.key).or_default();
                match operation.outcome {
                    Outcome::Ok => {
                        lock.holds += 1;
                        lock.acquired = lock.acquired.max(Some((span.ret, index)));
                    }
                    Outcome::Open => waiting.push(index),
                    _ => {}
                }
            } else if verb(operation) == Some(Verb::Release) && operation.outcome != Outcome::Fail {
                let lock = locks.entry(operation.key).or_default();
                lock.holds -= 1;
                lock.released = lock.released.max(Some(span.call));
            }
        }
        let process = |index: OpIndex| {
            let operation = &history[index];
            history.values().to_edn(operation.process)
        };
        self.waits.extend(waiting.into_iter().map(|index| {
            let lock = locks.get(&history[index].key);
            let holder = lock.and_then(Lock::holder);
            Wait {
                operation: id(index),
                process: process(index),
                holder: holder.map(|holder| (id(holder), process(holder))),
            }
        }));
    }
}

impl Evidence<OpIndex> {
    /// What is to be said, once all operations were added. `history` has those that
    /// [count](Evidence::operations), and the last annotation came at time `last`.
    pub(crate) fn conclude(mut self, history: &History, last: Option<i64>) -> Option<Anomaly> {
        self.open.sort_unstable();
        self.overtaken.sort_unstable();
        sort::by(&mut self.waits, |wait| wait.operation);
        self.longest = self.longest.max(1);
        self.deadlock(history)
            .or_else(|| self.starved(history))
            .or_else(|| self.stopped(history, last))
    }

    /// Processes in a circle each of which holds a lock that the one before it waits for.
    fn deadlock(&self, history: &History) -> Option<Anomaly> {
        let waits: Map<&str, usize> =
            self.waits.iter().enumerate().map(|(at, wait)| (&*wait.process, at)).collect();
        let next = |wait: usize| {
            let (_, process) = self.waits[wait].holder.as_ref()?;
            waits.get(process.as_str()).copied()
        };
        // Every walk marks what it meets, so that all of them together take one step an operation.
        let mut met: Map<usize, usize> = Map::default();
        for start in 0..self.waits.len() {
            let mut at = Some(start);
            while let Some(wait) = at {
                match met.insert(wait, start) {
                    None => at = next(wait),
                    Some(walk) if walk == start => {
                        return circle(history, &self.waits, wait, &next);
                    }
                    Some(_) => break,
                }
            }
        }
        None
    }
}

/// The deadlock in whose circle `first` waits.
fn circle(
    history: &History,
    waits: &[Wait<OpIndex>],
    first: usize,
    next: &impl Fn(usize) -> Option<usize>,
) -> Option<Anomaly> {
    let mut operations = Vec::new();
    let mut phrases = Vec::new();
    let mut at = first;
    loop {
        let wait = waits[at].operation;
        let held = waits[at].holder.as_ref()?.0;
        operations.extend([wait, held]);
        let lock = match history[wait].key {
            Some(key) => value_phrase(history, key),
            None => "the lock".to_owned(),
        };
        if phrases.len() < NAMED / 2 {
            phrases.push(format!(
                "{} waits for {lock} since {}, which {} holds",
                process_phrase(history, wait),
                call_phrase(history, wait).trim_start_matches("at ").trim_start_matches("in "),
                process_phrase(history, held),
            ));
        }
        at = next(at)?;
        if at == first {
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

    fn called(&self, index: OpIndex) -> Option<i128> {
        if self.has_times {
            return self.history.times(index)[0].map(i128::from);
        }
        Some(self.history[index].invoked.index() as i128)
    }

    fn returned(&self, index: OpIndex) -> Option<i128> {
        let record = self.history[index].completed;
        if self.has_times {
            self.history.times(index)[1].map(i128::from)
        } else {
            record.map(|record| record.index() as i128)
        }
    }

    fn phrase(&self, length: i128) -> String {
        if self.has_times {
            duration_phrase(length.unsigned_abs())
        } else {
            counted(usize::try_from(length).unwrap_or(usize::MAX), "record")
        }
    }
}

impl Evidence<OpIndex> {
    fn starved(&self, history: &History) -> Option<Anomaly> {
        let clock = Clock::of(history);
        let end = self.end?;
        let waited = |called: Option<i128>| called.map(|called| end - called);
        let starved: Vec<(OpIndex, u32, i128)> = self
            .overtaken
            .iter()
            .filter_map(|&(operation, later, called)| Some((operation, later, waited(called)?)))
            .filter(|&(_, _, waited)| waited >= self.longest * PATIENCE)
            .collect();
        let &(first, later, waited) = starved.first()?;
        let others = match starved.len() - 1 {
            0 => String::new(),
            others => format!("; so did {}", counted(others, "other operation")),
        };
        let summary = format!(
            "{}'s {}, called {}, never completed, while {} of its kind that were called later did: \
             it waited {} and no operation that completed took more than {}{others}",
            process_phrase(history, first),
            words::thing_called(history, first),
            call_phrase(history, first),
            with_thousands(later as usize),
            clock.phrase(waited),
            clock.phrase(self.longest),
        );
        let operations: Vec<OpIndex> = starved.iter().map(|entry| entry.0).collect();
        anomaly(&operations, summary)
    }

    fn stopped(&self, history: &History, last: Option<i64>) -> Option<Anomaly> {
        let clock = Clock::of(history);
        if !clock.has_times {
            return None;
        }
        let silence = i128::from(last?) - self.end?;
        if silence < self.longest * PATIENCE || self.open.len() < 2 {
            return None;
        }
        let summary = format!(
            "{} were never completed, {}'s {} among them, though the recording went on for {} \
             after the last client was heard of, and no operation that completed took more than {}",
            counted(self.open.len(), "operation"),
            process_phrase(history, self.open[0]),
            words::thing_called(history, self.open[0]),
            clock.phrase(silence),
            clock.phrase(self.longest),
        );
        anomaly(&self.open, summary)
    }
}
