//! Registers of every name as one: operations that see and replace the one value that an object
//! holds. What is said of stale reads, sessions, versions and the like rests on this view.

use crate::history::{Span, Value};
use crate::model::{Establishes, Facts, Model, Token};

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
    pub(crate) fn of<M: Model>(case: &Case<'_, M>) -> Option<Accesses> {
        if !case.model.tokens_suffice() {
            return None;
        }
        let initial = case.model.token(&case.model.initial())?;
        let mut list = Vec::with_capacity(case.readings.len());
        for reading in case.readings {
            let Facts { pure, requires, forbids, establishes, .. } = case.model.facts(&reading.op);
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
                process: case.process(reading.index),
                span: reading.span,
                reads: requires,
                writes,
                forbids,
            });
        }
        Some(Accesses { initial, list })
    }
}
