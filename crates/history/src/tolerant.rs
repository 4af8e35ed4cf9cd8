//! Events that do not match one to one: a process that invokes while its operation is open, or a
//! completion of what nobody invoked. Checks that look at events one by one can use such histories
//! all the same, as long as it is plain which completion ends which operation, or does not matter.

use super::builder::HistoryBuilder;
use super::operation::ClientEvent;
use super::{EventType, History, NO_TIME, OpIndex, Outcome, Record, Value, ValueTable};
use crate::hash::Map;

/// How many events of a history were paired although they do not match one to one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PairedLoosely {
    /// Invocations by a process that had an operation open.
    pub overlapping: usize,
    /// Completions that several open operations of their process fit equally well: the oldest got
    /// them.
    pub ambiguous: usize,
    /// Completions that no open operation fits.
    pub uninvoked: usize,
}

/// The operations that each process has open, in the order of their invocations.
#[derive(Default)]
pub(super) struct Tolerant {
    open: Map<Value, Vec<u32>>,
}

impl History {
    /// Returns how events were paired that do not match one to one: nothing but zeros unless the
    /// history was read with [`Pairing::Tolerant`](super::Pairing::Tolerant).
    pub fn paired_loosely(&self) -> PairedLoosely {
        self.paired
    }

    /// Returns whether the invocation of an operation was recorded. It always was, unless the
    /// history was read with [`Pairing::Tolerant`](super::Pairing::Tolerant), or tells the
    /// completions of transactions alone.
    #[inline]
    pub fn is_invoked(&self, operation: OpIndex) -> bool {
        let operation = &self.operations[operation];
        self.whole_operations || operation.completed != Some(operation.invoked)
    }
}

impl HistoryBuilder {
    /// Lets events match as well as they do.
    pub(super) fn tolerate(&mut self) {
        self.tolerant = Some(Tolerant::default());
        self.history.paired = PairedLoosely::default();
    }

    /// Returns the only operation that `process` has open, where events need not match; `None` if
    /// it has none or several.
    pub(super) fn only_open(&self, process: Value) -> Option<usize> {
        match self.tolerant.as_ref()?.open.get(&process)?[..] {
            [index] => Some(index as usize),
            _ => None,
        }
    }

    /// Joins one end of an operation with the other, if there is one.
    pub(super) fn join_tolerantly(&mut self, record: Record, event: &ClientEvent) {
        let index = self.history.operations.len() as u32;
        let Some(tolerant) = &mut self.tolerant else { return };
        let open = tolerant.open.entry(event.process).or_default();
        if event.kind == EventType::Invoke {
            self.history.paired.overlapping += usize::from(!open.is_empty());
            open.push(index);
            return self.push_invoked(record, event);
        }
        let Some((at, is_ambiguous)) = fitting(&self.history, open, event) else {
            self.history.paired.uninvoked += 1;
            return self.push_uninvoked(record, event);
        };
        let index = open.remove(at) as usize;
        self.history.paired.ambiguous += usize::from(is_ambiguous);
        let operation = &mut self.history.operations[index];
        operation.completed = Some(record);
        operation.output = event.value;
        operation.outcome = Outcome::of(event.kind);
        if event.time != NO_TIME {
            self.times_mut().set_return(index, event.time);
        }
    }
}

/// Returns the position in `open` of the oldest operation that fits a completion best, and whether
/// another one, with another input or output to come, fits as well. O(open operations).
fn fitting(history: &History, open: &[u32], event: &ClientEvent) -> Option<(usize, bool)> {
    let mut best: Option<(usize, Fit)> = None;
    let mut equals = 0;
    for (at, &index) in open.iter().enumerate() {
        let operation = &history.operations[index as usize];
        let has_key = event.key.is_none_or(|key| operation.key == Some(key));
        if operation.function != event.function || !has_key {
            continue;
        }
        let fit = Fit::of(&history.values, operation.input, event.value);
        match &best {
            Some((_, known)) if *known > fit => {}
            Some((_, known)) if *known == fit => equals += 1,
            _ => (best, equals) = (Some((at, fit)), 0),
        }
    }
    best.map(|(at, _)| (at, equals > 0))
}

/// How well a completion fits an invocation, the best last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// By its name alone.
    Name,
    /// It fills in what the invocation left open.
    Filled,
    /// It repeats the invocation.
    Same,
}

impl Fit {
    fn of(values: &ValueTable, input: Value, output: Value) -> Fit {
        if input == output {
            Fit::Same
        } else if fills(values, input, output) {
            Fit::Filled
        } else {
            Fit::Name
        }
    }
}

/// Whether `output` is `input` with values in the places of nulls.
fn fills(values: &ValueTable, input: Value, output: Value) -> bool {
    if input == output || input.is_null() {
        return true;
    }
    match (values.as_list(input), values.as_list(output)) {
        (Some(input), Some(output)) => {
            input.len() == output.len()
                && input.iter().zip(output).all(|(&input, &output)| fills(values, input, output))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Pairing, Settings};

    const TOLERANT: Settings = Settings {
        order: crate::Order::File,
        ties: crate::Ties::Concurrent,
        independent: crate::Independent::No,
        split_clients: false,
        pairing: Pairing::Tolerant,
    };

    #[test]
    fn completions_end_the_operations_that_they_repeat() {
        let mut history = HistoryBuilder::for_settings(TOLERANT);
        history.invoke(0, "write", 2).unwrap();
        history.invoke(0, "write", 1).unwrap();
        history.ok(0, "write", 1).unwrap();
        history.invoke(0, "read", ()).unwrap();
        history.ok(0, "write", 2).unwrap();
        history.ok(0, "read", 2).unwrap();
        let history = history.finish(TOLERANT).unwrap();
        let ends: Vec<_> = history.operations().iter().map(|op| op.completed.unwrap()).collect();
        assert_eq!(ends, [Record::new(4), Record::new(2), Record::new(5)]);
        let paired = PairedLoosely { overlapping: 2, ambiguous: 0, uninvoked: 0 };
        assert_eq!(history.paired_loosely(), paired);
        assert!(history.indices().all(|index| history.is_invoked(index)));
    }

    #[test]
    fn what_nobody_invoked_is_an_operation_all_the_same() {
        let mut history = HistoryBuilder::for_settings(TOLERANT);
        history.ok(1, "dequeue", 1).unwrap();
        history.invoke(1, "dequeue", ()).unwrap();
        history.ok(1, "enqueue", 1).unwrap();
        let history = history.finish(TOLERANT).unwrap();
        let invoked: Vec<bool> = history.indices().map(|index| history.is_invoked(index)).collect();
        assert_eq!(invoked, [false, true, false]);
        assert_eq!(history.paired_loosely().uninvoked, 2);
        assert_eq!(history.operations()[1].outcome, Outcome::Open);
    }

    #[test]
    fn equal_invocations_end_in_their_order() {
        let mut history = HistoryBuilder::for_settings(TOLERANT);
        history.invoke(0, "read", ()).unwrap();
        history.invoke(0, "read", ()).unwrap();
        history.ok(0, "read", 1).unwrap();
        let history = history.finish(TOLERANT).unwrap();
        assert_eq!(history.values().as_int(history.operations()[0].output), Some(1));
        assert!(history.operations()[1].completed.is_none());
        assert_eq!(history.paired_loosely().ambiguous, 1);
    }

    #[test]
    fn a_history_may_be_empty() {
        let history = HistoryBuilder::for_settings(TOLERANT).finish(TOLERANT).unwrap();
        assert!(history.operations().is_empty());
        assert!(HistoryBuilder::default().finish(Settings::default()).is_err());
    }
}
