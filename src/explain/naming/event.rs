//! A key's operations in the terms of their kind, with their places in real time.

use crate::history::{OpIndex, Span, Value};

/// One operation in the terms of its kind.
#[derive(Clone, Debug)]
pub(super) struct Event<Op> {
    /// Its index in the history.
    pub(super) index: OpIndex,
    /// Who did it.
    pub(super) process: Value,
    /// Its place in real time.
    pub(super) span: Span,
    /// What it did.
    pub(super) op: Op,
}

impl<Op> Event<Op> {
    /// Whether it returned before `other` was called.
    pub(super) fn precedes<Other>(&self, other: &Event<Other>) -> bool {
        self.span.precedes(other.span)
    }

    /// Whether it completed, so that it is known to have happened.
    pub(super) fn is_done(&self) -> bool {
        self.span.has_returned()
    }

    /// The same event, seen otherwise.
    pub(super) fn with<Other>(&self, op: Other) -> Event<Other> {
        Event { index: self.index, process: self.process, span: self.span, op }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{NEVER, span};

    #[test]
    fn only_what_returned_before_a_call_precedes_it() {
        let event = |call, ret| Event {
            index: OpIndex::new(0),
            process: Value::NULL,
            span: span(call, ret),
            op: (),
        };
        let (first, second, open) = (event(0, 1), event(2, 4), event(3, NEVER));
        assert!(first.precedes(&second) && !second.precedes(&first));
        assert!(!second.precedes(&open) && !open.precedes(&second));
        assert!(second.is_done() && !open.is_done());
        assert_eq!(second.with("seen").span, second.span);
    }
}
