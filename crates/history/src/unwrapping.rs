//! Values out of what they stand in, operation by operation, for who follows a history: as
//! [`resolve`](super::keys::resolve) takes them out of a whole one, or an error where a later
//! operation contradicts what the first told.

use super::answers::Answers;
use super::arguments::{
    KeysAmong, Listed, Lists, holds_items, listed, lists, only, returned, with_key, without_list,
};
use super::{History, Operation, Value};
use crate::error::{Code, Error};

/// What the values of a history's operations stand in, as the first of them told.
#[derive(Clone, Copy)]
pub struct Unwrapping {
    /// Not looked at where keys are in a field.
    keys: Option<KeysAmong>,
    /// Whether they were found there.
    have_keys: bool,
    lists: Lists,
    lists_since: ListsSince,
    answers: Answers,
}

/// Whether operations may be called with lists of their arguments, which only all tell.
#[derive(Clone, Copy, Default)]
struct ListsSince {
    has_arguments: bool,
    /// Whether one that takes nothing was called with an empty list, or one returned what may
    /// stand in others alone.
    is_clear: bool,
}

impl ListsSince {
    fn add(&mut self, history: &History, operation: &Operation) {
        let list = listed(history, operation);
        let output = returned(history, operation, holds_items(history));
        let is_list = |&value: &Value| only(&history.values, value).is_some();
        self.has_arguments |= matches!(list, Listed::One(_));
        self.is_clear |= matches!(list, Listed::Empty)
            || output.iter().any(|value| !value.is_null() && !is_list(value));
    }
}

/// Why an operation cannot be taken.
pub struct Refused {
    /// What is said of that.
    pub error: Error,
    /// Whether it contradicts those before, so that all may be taken anew.
    pub is_late: bool,
}

impl Unwrapping {
    /// What `operations`, the first of `history`, stand in. Keys are not looked for among the
    /// arguments if a field has them.
    pub fn of(history: &History, operations: &[Operation], has_field: bool) -> Unwrapping {
        let mut keys = KeysAmong::default();
        operations.iter().for_each(|operation| keys.add(history, operation));
        let have_keys = !has_field && keys.are_there();
        let lists = if have_keys { Lists::No } else { lists(history, operations) };
        let mut found = Unwrapping {
            keys: (!has_field).then_some(keys),
            have_keys,
            lists,
            lists_since: ListsSince::default(),
            answers: Answers::default(),
        };
        for operation in operations {
            found.lists_since.add(history, operation);
        }
        let inner = |operation: &Operation| found.inner(history, operation);
        let inner: Vec<Operation> = operations.iter().filter_map(inner).collect();
        found.answers.add(history, &inner);
        found
    }

    /// Whether more operations may tell what all stand in.
    pub fn is_open(&self) -> bool {
        let may_have_keys = self.keys.is_some_and(|keys| keys.may_be()) && !self.have_keys;
        may_have_keys || self.lists == Lists::Open { is_begun: true }
    }

    /// Whether the keys are among the arguments.
    pub fn has_keys(&self) -> bool {
        self.have_keys
    }

    /// Whether a later operation may contradict what was settled.
    pub fn may_change(&self) -> bool {
        self.keys.is_some_and(|keys| keys.may_be())
            || self.lists != Lists::No
            || self.answers.has_taken()
    }

    /// Returns an operation that was called, or that ended, without what its values stand in. It
    /// may be one of the first, which settled it.
    ///
    /// # Errors
    /// If it contradicts what was settled, or holds a key beside more than one value.
    pub fn next(
        &mut self,
        history: &History,
        operation: Operation,
        is_first: bool,
    ) -> Result<Operation, Refused> {
        if let Some(keys) = &mut self.keys {
            keys.add(history, &operation);
            if keys.are_there() != self.have_keys {
                return Err(self.contradicted(&operation));
            }
        }
        if self.lists != Lists::No && !is_first {
            self.check_list(history, &operation)?;
        }
        let inner = self.inner(history, &operation).ok_or_else(|| beside_more(&operation))?;
        self.answers.next(history, inner).ok_or_else(|| {
            let message = "this operation tells that what others returned before was a value, and \
                           not what the answer stood in";
            told_late(message, &operation)
        })
    }

    /// The same for an operation that ends later only; `None` if what comes before that may still
    /// make something else of it.
    pub fn ahead(&self, history: &History, operation: &Operation) -> Option<Operation> {
        let mut then = *self;
        let bare = then.next(history, *operation, false).ok()?;
        then.answers.has_taken_as(&self.answers).then_some(bare)
    }

    /// The same as far as it is known, of an operation that is only looked at.
    pub fn guess(&self, history: &History, operation: &Operation) -> Operation {
        let inner = self.inner(history, operation).unwrap_or(*operation);
        self.answers.bare(history, inner)
    }

    /// The operation without what it is called with, but for what its answer stands in.
    fn inner(&self, history: &History, operation: &Operation) -> Option<Operation> {
        if self.have_keys {
            return with_key(history, operation);
        }
        let is_listed = self.lists == Lists::Yes;
        let bare =
            |input: Value| if is_listed { without_list(&history.values, input) } else { input };
        Some(Operation { input: bare(operation.input), ..*operation })
    }

    /// The error about an operation that tells that keys are among the arguments, or, if those were
    /// taken for such, that they are not.
    fn contradicted(&self, operation: &Operation) -> Refused {
        let message = if self.have_keys {
            "the arguments of this operation hold no key, and those before did"
        } else {
            "this operation tells that the arguments hold keys, and those before were not taken \
             for such"
        };
        told_late(message, operation)
    }

    /// Refuses an operation which tells that lists of arguments are values, or that what was taken
    /// for values are such lists.
    fn check_list(&mut self, history: &History, operation: &Operation) -> Result<(), Refused> {
        let list = listed(history, operation);
        let output = returned(history, operation, holds_items(history));
        let is_list = |&value: &Value| only(&history.values, value).is_some();
        if self.lists == Lists::Yes {
            if matches!(list, Listed::No) || output.iter().any(is_list) {
                let message = "this operation tells that lists are values, and those before were \
                               taken for lists of arguments";
                return Err(told_late(message, operation));
            }
            return Ok(());
        }
        self.lists_since.add(history, operation);
        if matches!(list, Listed::No) {
            self.lists = Lists::No;
        } else if self.lists_since.has_arguments && self.lists_since.is_clear {
            let message = "this operation tells that lists hold the arguments, and those before \
                           were taken for values";
            return Err(told_late(message, operation));
        }
        Ok(())
    }
}

fn told_late(message: &str, operation: &Operation) -> Refused {
    let hint = "check the history as a whole, or say --independent no if values are as they stand";
    let error = Error::new(Code::BadField, message).hint(hint).record(operation.invoked);
    Refused { error, is_late: true }
}

fn beside_more(operation: &Operation) -> Refused {
    let message = "the key stands beside more than one value here, which cannot be followed";
    let hint = "check the history as a whole, or say where the key is with --map key=.PATH";
    let error = Error::new(Code::BadField, message).hint(hint).record(operation.invoked);
    Refused { error, is_late: false }
}
