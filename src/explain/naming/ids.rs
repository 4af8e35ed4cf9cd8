//! Names violations of generators of ids: one that was given out twice, or before the start.

use super::evidence::Scope;
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::model::{Kind, Model};

/// The anomaly that a violation of a generator of ids shows; `None` if the model is none. O(n).
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::Ids { initial, view } = scope.case.model.kind() else { return None };
    let events = scope.events(view);
    let second = events.iter().find(|event| scope.is_failing(event))?;
    let id = second.op?;
    let shown = scope.value(id);
    let got = scope.deed(second.index, &format!("got the id {shown}"));
    if initial.get(id.handle().into()).is_some() {
        let summary = format!("{got}, which had been given out before the first operation");
        return scope.proved(AnomalyKind::DuplicateId, &[second], summary);
    }
    let is_first = |event: &&_| {
        let super::event::Event { index, op, span, .. } = event;
        *op == Some(id) && *index != second.index && span.has_returned()
    };
    let first = events.iter().filter(is_first).min_by_key(|event| event.span.ret)?;
    let summary = format!("{got}, which {}", scope.deed(first.index, "had got"));
    scope.proved(AnomalyKind::DuplicateId, &[first, second], summary)
}
