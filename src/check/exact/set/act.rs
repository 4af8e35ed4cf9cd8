//! What operations do to single elements.

use crate::model::set::Op;

/// What an operation does to an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Changes it to what it was not.
    Flip { to: bool },
    /// Makes it so, whatever it was.
    Set { to: bool },
    /// Saw it so.
    See(bool),
    /// Saw it, but nobody knows how.
    Any,
}

/// Returns the handle of the element that an operation is about, and what it does to it; `None` for
/// an operation on the whole.
pub(super) fn act(op: &Op) -> Option<(u32, Act)> {
    Some(match *op {
        Op::Add(element, Some(true)) => (element.handle(), Act::Flip { to: true }),
        Op::Remove(element, Some(true)) => (element.handle(), Act::Flip { to: false }),
        Op::Add(element, Some(false)) | Op::Contains(element, Some(true)) => {
            (element.handle(), Act::See(true))
        }
        Op::Remove(element, Some(false)) | Op::Contains(element, Some(false)) => {
            (element.handle(), Act::See(false))
        }
        Op::Add(element, None) => (element.handle(), Act::Set { to: true }),
        Op::Remove(element, None) => (element.handle(), Act::Set { to: false }),
        Op::Contains(element, None) => (element.handle(), Act::Any),
        Op::Read(_) | Op::ReadTwice => return None,
    })
}
