//! Names violations of queues with acknowledgements, item by item.
//!
//! - `duplicate-delivery`: an item was handed out although each of its copies that can have been
//!   put in by then had been acknowledged.
//! - `lost-message`: a dequeue found nothing although an item waited that nobody can have been
//!   handed.
//! - `phantom-read`, `dirty-read`, `future-read`: an item was handed out that nobody had put in.

use super::classify::Origin;
use super::event::Event;
use super::evidence::{Scope, Verb, times};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::Value;
use crate::model::acked_queue::Op;
use crate::model::items::Found;
use crate::model::{Kind, Model};

const ENQUEUE: Verb = Verb { to_do: "enqueue it", did: "enqueued it", done: "enqueued" };

/// The anomaly that a violation of such a queue shows; `None` if the model is none, or nothing
/// fits. O(n) for each operation that the violation rests on.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::AckedQueue { initial, view } = scope.case.model.kind() else { return None };
    let queue = Queue { scope, initial, events: scope.events(view), failed: scope.failed(view) };
    let takes =
        scope.looks(&queue.events, |event| matches!(event.op, Op::Take(_)) && event.is_done());
    takes.into_iter().find_map(|take| match take.op {
        Op::Take(Found::Item(item)) => queue.handed_out(take, item),
        Op::Take(Found::Empty) => queue.found_nothing(take),
        _ => None,
    })
}

struct Queue<'a> {
    scope: Scope<'a>,
    initial: Vec<Value>,
    events: Vec<Event<Op>>,
    failed: Vec<Event<Op>>,
}

impl Queue<'_> {
    /// The operations `op` that were called before another one returned.
    fn before<'e>(
        &'e self,
        event: &'e Event<Op>,
        op: Op,
    ) -> impl Iterator<Item = &'e Event<Op>> + Clone {
        let in_time = move |other: &&Event<Op>| {
            other.op == op && other.index != event.index && other.span.call < event.span.ret
        };
        self.events.iter().filter(in_time)
    }

    /// A dequeue that cannot have been handed `item`.
    fn handed_out(&self, take: &Event<Op>, item: Value) -> Option<Anomaly> {
        let puts = self.before(take, Op::Put(item));
        let copies =
            self.initial.iter().filter(|&&start| start == item).count() + puts.clone().count();
        let shown = self.scope.value(item);
        if copies == 0 {
            let is_put = |event: &&Event<Op>| event.op == Op::Put(item);
            let failed = self
                .failed
                .iter()
                .find(|failed| is_put(failed) && failed.span.call < take.span.ret);
            let later = self.events.iter().find(is_put);
            let origin = Origin::of(failed.map(|e| e.index), later.map(|e| e.index));
            let found = self.scope.deed(take.index, &format!("got {shown}"));
            return self.scope.unfounded(take.index, origin, &found, &ENQUEUE);
        }
        // With more copies, an acknowledgement may be of one that was handed out twice; and where
        // one was put back, it may have come late.
        let mut acks = self.before(take, Op::Ack(item)).filter(|ack| ack.precedes(take));
        let ack = acks.next().filter(|_| copies == 1)?;
        let summary = format!(
            "{} again, which was put in {} and which {}",
            self.scope.deed(take.index, &format!("got {shown}")),
            times(copies),
            self.scope.deed(ack.index, "had acknowledged")
        );
        let of: Vec<&Event<Op>> = puts.chain([ack, take]).collect();
        if self.before(take, Op::Nack(item)).next().is_some() {
            return self.scope.suggested(AnomalyKind::DuplicateDelivery, &of, summary);
        }
        self.scope.proved(AnomalyKind::DuplicateDelivery, &of, summary)
    }

    /// A dequeue that found nothing, though something waited.
    fn found_nothing(&self, take: &Event<Op>) -> Option<Anomaly> {
        let waits = |put: &&Event<Op>| {
            let Op::Put(item) = put.op else { return false };
            let mut taken = self.before(take, Op::Take(Found::Any));
            let mut own = self.before(take, Op::Take(Found::Item(item)));
            put.is_done() && put.precedes(take) && taken.next().is_none() && own.next().is_none()
        };
        let put = self.events.iter().find(waits)?;
        let Op::Put(item) = put.op else { return None };
        let summary = format!(
            "{}, though {} and nobody got it",
            self.scope.deed(take.index, "found nothing"),
            self.scope.deed(put.index, &format!("had enqueued {}", self.scope.value(item))),
        );
        self.scope.proved(AnomalyKind::LostMessage, &[put, take], summary)
    }
}
