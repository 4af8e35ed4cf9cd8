//! Registers of every name as one: operations that see and replace the one value that an object
//! holds. What is said of stale reads, sessions, versions and the like rests on this view.

use crate::history::{History, Span, Value};
use crate::model::{AnyModel, AnyOp, Establishes, Facts, Model, Reading, Token};

use super::case::Case;

/// One operation of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    /// Its index in the history.
    pub(crate) index: u32,
    /// Who did it.
    pub(crate) process: Value,
    /// Its place in real time.
    pub(crate) span: Span,
    /// The value that it saw, as the model's token: what a read returned, what a cas replaced.
    pub(crate) reads: Option<Token>,
    /// The value that it left.
    pub(crate) writes: Option<Token>,
    /// A value that it found not to be there.
    pub(crate) forbids: Option<Token>,
}

/// A key as a register.
pub(crate) struct Accesses {
    /// The value before the first operation.
    pub(crate) initial: Token,
    /// The operations, in the order of their calls. What tells nothing and changes nothing, such
    /// as a read that never returned, is left out.
    pub(crate) list: Vec<Access>,
}

impl Accesses {
    /// The key as a register; `None` if it is none. O(n).
    pub(crate) fn of(case: &Case<'_>) -> Option<Accesses> {
        Accesses::of_readings(case.model, case.history, case.readings)
    }

    /// The same for the readings of a key.
    pub(crate) fn of_readings(
        model: &AnyModel,
        history: &History,
        readings: &[Reading<AnyOp>],
    ) -> Option<Accesses> {
        if !model.tokens_suffice() {
            return None;
        }
        let initial = model.token(&model.initial())?;
        let mut list = Vec::with_capacity(readings.len());
        for reading in readings {
            let Facts { pure, requires, forbids, establishes, .. } = model.facts(&reading.op);
            let writes = match establishes {
                _ if pure => None,
                Establishes::Token(token) => Some(token),
                Establishes::Same => None,
                Establishes::Unknown => return None,
            };
            if requires.is_none() && writes.is_none() && forbids.is_none() {
                continue;
            }
            list.push(Access {
                index: reading.index,
                process: history.operations()[reading.index as usize].process,
                span: reading.span,
                reads: requires,
                writes,
                forbids,
            });
        }
        Some(Accesses { initial, list })
    }
}
