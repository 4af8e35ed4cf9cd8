//! Names violations: which anomaly a few operations show that cannot be ordered.
//!
//! Every kind of object has names of its own; the first that knows one gives it.

mod accounts;
mod collections;
mod counters;
mod evidence;
mod locks;
mod logs;
mod registers;
mod repairs;
mod sets;
#[cfg(test)]
mod tests;
mod transactions;
pub(super) mod words;

use super::anomaly::{Anomaly, AnomalyKind, Certainty};
use super::case::Case;
use super::violations::Violation;
use crate::words::{operation_phrase, process_phrase};

/// The anomaly that `violation` shows, counted with those that are alike.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Anomaly {
    let anomaly = objects(case, violation)
        .or_else(|| registers::name(case, violation))
        .or_else(|| repairs::name(case, violation))
        .unwrap_or_else(|| unclassified(case, violation));
    Anomaly { count: anomaly.count + violation.alike.len(), ..anomaly }
}

/// The anomaly of an object that is no register.
fn objects(case: &Case<'_>, violation: &Violation) -> Option<Anomaly> {
    collections::name(case, violation)
        .or_else(|| sets::name(case, violation))
        .or_else(|| logs::name(case, violation))
        .or_else(|| counters::name(case, violation))
        .or_else(|| locks::name(case, violation))
        .or_else(|| transactions::name(case, violation))
        .or_else(|| accounts::name(case, violation))
}

/// A violation that fits no name.
fn unclassified(case: &Case<'_>, violation: &Violation) -> Anomaly {
    let operation = case.operation(violation.operation);
    let mut operations = violation.core.clone();
    if operations.is_empty() {
        operations.push(violation.operation);
    }
    Anomaly {
        kind: AnomalyKind::Unclassified,
        key_at: Some(case.key_at),
        operations,
        certainty: Certainty::Proved,
        summary: format!(
            "no order of the operations explains `{}` by {}",
            operation_phrase(case.history, operation),
            process_phrase(case.history, violation.operation),
        ),
        count: 1,
    }
}
