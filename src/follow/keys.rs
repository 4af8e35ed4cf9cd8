//! Where the operations of a history that is followed have their keys, and what else their values
//! stand in: settled by the first operations, and held to by those that come after.

use crate::error::{Code, Error};
use crate::history::{History, Independent, Operation, Refused, Unwrapping};
use crate::history::{confirms_tuples, has_tuple, mixed_keys, no_tuple, take_key};

/// Where operations have their keys.
pub(super) struct Keys {
    independent: Independent,
    place: Place,
    /// What the values seen so far tell of tuples, until it is known where keys are.
    tuples: Tuples,
}

enum Place {
    /// It is not clear yet.
    Unknown {
        /// Whether it will be a field.
        is_field: bool,
    },
    /// Nowhere. They may be taken for tuples that nothing confirms.
    None { may_be_tuples: bool, values: Option<Unwrapping> },
    /// In a field.
    Fields { values: Option<Unwrapping> },
    /// In their values, which are tuples.
    Tuples,
    /// Among their arguments.
    Arguments { values: Unwrapping },
}

/// Whether values may be tuples.
#[derive(Clone, Copy)]
struct Tuples {
    /// All may be.
    fit: bool,
    /// Some make sense only as such.
    are_confirmed: bool,
}

impl Keys {
    pub(super) fn new(independent: Independent) -> Keys {
        let tuples = Tuples { fit: independent != Independent::No, are_confirmed: false };
        Keys { independent, place: Place::Unknown { is_field: false }, tuples }
    }

    /// Whether it is known where keys are.
    pub(super) fn are_known(&self) -> bool {
        !matches!(self.place, Place::Unknown { .. })
    }

    /// Whether operations have keys.
    pub(super) fn are_there(&self) -> bool {
        matches!(self.place, Place::Fields { .. } | Place::Tuples | Place::Arguments { .. })
    }

    /// Looks where one more operation has its key, until that is known.
    pub(super) fn look(&mut self, history: &History, operation: &Operation) {
        let Place::Unknown { is_field } = &mut self.place else { return };
        *is_field |= operation.key.is_some();
        let Tuples { fit, are_confirmed } = &mut self.tuples;
        *fit = *fit && has_tuple(history.values(), operation);
        *are_confirmed = *are_confirmed || confirms_tuples(history, operation);
    }

    /// Settles where keys are, which `looked` tell, the operations that were looked at. False if
    /// more may tell, unless it `is_over`.
    pub(super) fn settle(
        &mut self,
        history: &History,
        looked: &[Operation],
        is_over: bool,
    ) -> bool {
        let Place::Unknown { is_field } = self.place else { return true };
        let is_auto = self.independent == Independent::Auto;
        if self.independent == Independent::Yes {
            self.place = Place::Tuples;
            return true;
        }
        let values = || is_auto.then(|| Unwrapping::of(history, looked, is_field));
        if is_field {
            let values = values();
            let is_open = values.as_ref().is_some_and(Unwrapping::is_open);
            self.place = Place::Fields { values };
            // They are there; what else values stand in may take longer.
            if is_open && !is_over {
                self.place = Place::Unknown { is_field };
                return false;
            }
            return true;
        }
        let Tuples { fit, are_confirmed } = self.tuples;
        if is_auto && fit && are_confirmed {
            self.place = Place::Tuples;
            return true;
        }
        let values = values();
        match values {
            Some(values) if values.has_keys() => self.place = Place::Arguments { values },
            _ if is_auto && fit && !is_over => return false,
            Some(values) if values.is_open() && !is_over => return false,
            _ => self.place = Place::None { may_be_tuples: fit && is_auto, values },
        }
        true
    }

    /// Forgets where keys are, but for what `looked` tell, the operations that were looked at.
    pub(super) fn forget(&mut self, history: &History, looked: &[Operation]) {
        *self = Keys::new(self.independent);
        looked.iter().for_each(|operation| self.look(history, operation));
    }

    /// Whether a later operation may tell that values stand in something else.
    pub(super) fn may_change(&self) -> bool {
        self.values().is_some_and(Unwrapping::may_change)
    }

    fn values(&self) -> Option<&Unwrapping> {
        match &self.place {
            Place::None { values, .. } | Place::Fields { values } => values.as_ref(),
            Place::Arguments { values } => Some(values),
            Place::Unknown { .. } | Place::Tuples => None,
        }
    }

    /// Returns an operation that is called, or that ends, with its key, and without what its values
    /// stand in. If it `is_looked_at`, where keys are was settled with it.
    ///
    /// # Errors
    /// If it has no key, or one, unlike those before, or contradicts what they told.
    pub(super) fn take(
        &mut self,
        history: &History,
        operation: Operation,
        [is_call, is_looked_at]: [bool; 2],
    ) -> Result<Operation, Refused> {
        if is_call {
            self.check(history, &operation).map_err(|error| Refused { error, is_late: false })?;
        }
        match &mut self.place {
            Place::Tuples => self.without_tuple(history, operation),
            Place::None { values: Some(values), .. }
            | Place::Fields { values: Some(values) }
            | Place::Arguments { values } => values.next(history, operation, is_looked_at),
            Place::Unknown { .. } | Place::None { .. } | Place::Fields { .. } => Ok(operation),
        }
    }

    /// The same for an operation that ends later only, if that is certain already.
    pub(super) fn ahead(&self, history: &History, operation: &Operation) -> Option<Operation> {
        match self.values() {
            Some(values) => values.ahead(history, operation),
            None => self.without_tuple(history, *operation).ok(),
        }
    }

    /// The same for an operation that is only looked at, as far as it is known.
    pub(super) fn guess(&self, history: &History, operation: &Operation) -> Operation {
        match self.values() {
            Some(values) => values.guess(history, operation),
            None => self.without_tuple(history, *operation).unwrap_or(*operation),
        }
    }

    /// Refuses an operation that is called, and has no key, or one, unlike those before.
    fn check(&mut self, history: &History, operation: &Operation) -> Result<(), Error> {
        match &mut self.place {
            Place::Fields { .. } if operation.key.is_none() => Err(mixed_keys(operation.invoked)),
            Place::None { .. } | Place::Arguments { .. } if operation.key.is_some() => {
                Err(Error::new(Code::MixedKeys, "this operation has a key, others have none")
                    .hint("give every operation a key, or none")
                    .record(operation.invoked))
            }
            Place::None { may_be_tuples, .. } if *may_be_tuples => {
                *may_be_tuples = has_tuple(history.values(), operation);
                if *may_be_tuples && confirms_tuples(history, operation) {
                    let confirmed = "this operation tells that values are tuples [key value], \
                                     and those before were not taken for such";
                    return Err(Error::new(Code::BadField, confirmed)
                        .hint("say so with --independent yes, or no")
                        .record(operation.invoked));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The operation with the key that its values hold, if they hold keys.
    fn without_tuple(
        &self,
        history: &History,
        mut operation: Operation,
    ) -> Result<Operation, Refused> {
        if !matches!(self.place, Place::Tuples) {
            return Ok(operation);
        }
        if !has_tuple(history.values(), &operation) {
            let hint = match self.independent {
                Independent::Yes => "without --independent yes, the value counts as it is",
                _ => "the values before were: say --independent no if they only look like it",
            };
            let error = no_tuple(&operation).hint(hint);
            return Err(Refused { error, is_late: false });
        }
        take_key(history.values(), &mut operation);
        Ok(operation)
    }
}
