//! A semaphore: `acquire` and `release` of permits.

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, View};
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A number of permits, of which processes take some and give them back.
#[derive(Clone, Debug)]
pub struct Semaphore {
    /// How many permits there are, all free before the first operation.
    pub permits: u64,
}

/// An operation on a [`Semaphore`], with the number of permits that it is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Takes permits that are free.
    Acquire(u64),
    /// Gives permits back; there are never more of them than at the start.
    Release(u64),
    /// Found fewer free than this.
    Busy(u64),
    /// Takes permits if so many are free; whether they were is not known.
    Try(u64),
}

/// A semaphore as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "semaphore",
    elsewhere: &[],
    summary: "a number of permits to take and give back",
    functions: &[
        FunctionEntry::named(&["acquire"], "takes its input, or 1, of the free permits"),
        FunctionEntry::named(&["release"], "gives its input, or 1, of the taken permits back"),
        FunctionEntry::named(
            &["try-acquire", "tryAcquire", "try_acquire"],
            "returns true if it took them, false if too few were free",
        ),
    ],
    initial: "1 permit, or a positive number of them",
    options: &[],
    cost: "\
           O(n log n) if all operations are about the same number of permits, and none found \
           too few, or only one holder fits. Else the search, unless an order is found, or \
           bounds refute it, on the way.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Semaphore {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Semaphore> {
        let permits = setup.initial.map_or(Some(1), View::as_int).filter(|&permits| permits > 0)?;
        Some(Semaphore { permits: permits.unsigned_abs() })
    }
}

impl Model for Semaphore {
    /// How many permits are free.
    type State = u64;
    type Op = Op;
    type Next = Option<u64>;

    fn initial(&self) -> u64 {
        self.permits
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let answer = call.output.and_then(|seen| seen.as_bool());
        match WORDS.verb_of(call.word) {
            Some(Verb::Acquire | Verb::Release) if answer == Some(false) => Err(Rejection::bad(
                "this cannot return false: record what did not happen as `fail`, or use \
                 try-acquire",
            )),
            Some(Verb::Acquire) => Ok(Op::Acquire(count(call.input)?)),
            Some(Verb::Release) => Ok(Op::Release(count(call.input)?)),
            Some(Verb::TryAcquire) => {
                let count = count(call.input)?;
                match (call.output, answer) {
                    (None, _) => Ok(Op::Try(count)),
                    (_, Some(true)) => Ok(Op::Acquire(count)),
                    (_, Some(false)) => Ok(Op::Busy(count)),
                    (Some(_), None) => Err(Rejection::bad("a try-acquire returns true or false")),
                }
            }
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, free: &u64, _: &ValueTable) -> Option<String> {
        Some(format!("{free} free"))
    }

    fn step(&self, &free: &u64, op: &Op) -> Option<u64> {
        match *op {
            Op::Acquire(count) => free.checked_sub(count),
            Op::Release(count) => free.checked_add(count).filter(|&free| free <= self.permits),
            Op::Busy(count) => (free < count).then_some(free),
            Op::Try(count) => Some(free.checked_sub(count).unwrap_or(free)),
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Acquire | Verb::Release))
    }

    fn start_value(&self, &free: &u64, values: &mut ValueTable) -> Option<Option<Value>> {
        let all = i64::try_from(self.permits).ok().filter(|_| free == self.permits)?;
        Some(Some(values.int(all)))
    }

    /// None: numbers are no values.
    fn state_values(&self, _: &u64, _: &mut dyn FnMut(Value)) -> bool {
        true
    }

    fn operation_values(&self, _: &Op, _: &mut dyn FnMut(Value)) -> bool {
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Semaphore { permits: self.permits, view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let never = matches!(*op, Op::Try(count) if count > self.permits);
        if matches!(op, Op::Busy(_)) || never {
            Facts { pure: true, establishes: Establishes::Same, ..Facts::default() }
        } else {
            Facts::default()
        }
    }
}

fn count(input: View<'_>) -> Result<u64, Rejection> {
    if input.is_null() {
        return Ok(1);
    }
    let count = input.as_int().and_then(|n| u64::try_from(n).ok()).filter(|&n| n > 0);
    count.ok_or_else(|| Rejection::bad("this needs a positive number of permits, or no value"))
}
