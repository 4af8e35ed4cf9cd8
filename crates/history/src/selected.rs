//! A history of which only some operations are looked at: what is known of the others, and what a
//! verdict on those that are left says about the whole.

use std::sync::OnceLock;

use super::times::Times;
use super::{History, OpIndex, Operation, Outcome, Value, order};
use crate::error::Error;
use crate::hash::{Map, Set};
use crate::vocabulary::{Verb, Word};

/// What was left out of a history.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selected {
    /// How many operations the whole has.
    pub operations: usize,
    /// How many of them are left.
    pub kept: usize,
    /// Whether all operations of some keys were left out.
    pub by_key: bool,
    /// Of how many keys operations are left, and how many there are, if both are known.
    pub keys: Option<[usize; 2]>,
    /// Of the operations left out of these keys, or of a history without keys, those that happened
    /// and may have changed the object.
    pub effects: usize,
    /// Those that only tell something: reads, and failures that may be due to what was there.
    pub reads: usize,
    /// Those of unknown outcome.
    pub unknown: usize,
    /// The model that the whole implies, if somebody asked.
    pub model: Option<&'static str>,
}

impl Selected {
    /// Whether a key that is valid is so in the whole history, too: what was left out need not have
    /// happened.
    pub fn keeps_valid(&self) -> bool {
        self.effects == 0 && self.reads == 0
    }

    /// Whether a key that is invalid is so in the whole history, too: nothing that was left out
    /// could explain what is left.
    pub fn keeps_invalid(&self) -> bool {
        self.effects == 0 && self.unknown == 0
    }

    /// Notes that an operation was left out of a key of which others are left. `verb` is what it
    /// does.
    pub fn leave_out(&mut self, operation: &Operation, verb: Option<Verb>) {
        match operation.outcome {
            Outcome::Ok if verb.is_some_and(only_looks) => self.reads += 1,
            Outcome::Ok => self.effects += 1,
            Outcome::Info | Outcome::Open => self.unknown += 1,
            // It did not happen; but a failed cas may be taken for an observation.
            Outcome::Fail => {
                let may_tell = |verb: Verb| verb == Verb::Cas || verb.may_fail_by_state();
                self.reads += usize::from(verb.is_none_or(may_tell));
            }
        }
    }
}

/// Whether an operation of this kind changes nothing in any model.
fn only_looks(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Read
            | Verb::Contains
            | Verb::Peek
            | Verb::PeekMin
            | Verb::PeekMax
            | Verb::ReadFrom
            | Verb::ReadPrefix
            | Verb::Balance
    )
}

impl History {
    /// Leaves out the operations that `keep` does not want; the others keep their records and
    /// times. O(n), or O(n log n) if times order them.
    ///
    /// # Errors
    /// None, as its times ordered it before.
    pub fn keep(&mut self, keep: impl Fn(&History, OpIndex) -> bool) -> Result<(), Error> {
        let kept: Vec<bool> = self.indices().map(|index| keep(self, index)).collect();
        let mut selected = Selected { operations: kept.len(), ..Selected::default() };
        let keys = |wanted: bool| -> Set<Value> {
            let all = self.operations.iter().zip(&kept).filter(|(_, kept)| **kept || !wanted);
            all.filter_map(|(operation, _)| operation.key).collect()
        };
        let (all, left) = (keys(false), keys(true));
        selected.by_key = left.len() < all.len();
        selected.keys = (!all.is_empty()).then_some([left.len(), all.len()]);
        // The last operation of each process, and whether it is kept.
        let mut last: Map<Value, (Outcome, bool)> = Map::default();
        self.reinvoked = 0;
        for (operation, &is_kept) in self.operations.iter().zip(&kept) {
            let before = last.insert(operation.process, (operation.outcome, is_kept));
            self.reinvoked += usize::from(before == Some((Outcome::Info, true)));
            selected.kept += usize::from(is_kept);
            if !is_kept && operation.key.is_none_or(|key| left.contains(&key)) {
                let verb = self.words[operation.function.index()].map(Word::verb);
                selected.leave_out(operation, verb);
            }
        }
        let mut flags = kept.iter();
        self.operations.retain(|_| flags.next() == Some(&true));
        if let Some(times) = self.times.as_mut().map(Times::wide) {
            let mut flags = kept.iter();
            times.retain(|_| flags.next() == Some(&true));
        }
        self.tally = OnceLock::new();
        self.selected = Some(Box::new(selected));
        if self.alone {
            self.overlap();
        } else if self.spans.take().is_some() {
            order::by_time(self, self.ties.unwrap_or_default())?;
        }
        Ok(())
    }

    /// Returns what was left out, if anything was selected.
    pub fn selected(&self) -> Option<&Selected> {
        self.selected.as_deref()
    }

    /// Notes which model the history with all its operations implies.
    #[doc(hidden)]
    pub fn note_model(&mut self, model: &'static str) {
        if let Some(selected) = &mut self.selected {
            selected.model = Some(model);
        }
    }
}
