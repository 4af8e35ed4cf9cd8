//! Registers of every name as one: operations that see and replace the one value that an object
//! holds. What is said of stale reads, sessions, versions and the like rests on this view.

use crate::history::{History, OpIndex, Span, Value};
use crate::model::{AnyModel, AnyOp, Facts, Model, Reading, Token};

use super::case::Case;

/// One operation of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    /// Its index in the history.
    pub(crate) index: OpIndex,
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

impl Access {
    /// What a reading, of which `facts` hold, does to a register.
    pub(crate) fn of(history: &History, reading: &Reading<AnyOp>, facts: &Facts) -> Access {
        Access {
            index: reading.index,
            process: history.session(reading.index),
            span: reading.span,
            reads: facts.requires,
            writes: facts.leaves(),
            forbids: facts.forbids,
        }
    }
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
            let facts = model.facts(&reading.op);
            if facts.is_opaque() {
                return None;
            }
            let access = Access::of(history, reading, &facts);
            if access.reads.or(access.writes).or(access.forbids).is_some() {
                list.push(access);
            }
        }
        Some(Accesses { initial, list })
    }
}
