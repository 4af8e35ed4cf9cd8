//! Names violations: which anomaly a few operations show that cannot be ordered.
//!
//! Every kind of object finds the operations that contradict each other, and makes a sentence of
//! them; the first that finds some gives the name. [`classify`] decides between the names that all
//! kinds have in common.

mod accounts;
mod acks;
mod classify;
mod collections;
mod counters;
mod event;
mod evidence;
mod ids;
mod locks;
mod logs;
mod registers;
mod repairs;
mod sets;
#[cfg(test)]
mod tests;
mod transactions;
mod versions;
pub(super) mod words;

use super::anomaly::{Anomaly, AnomalyKind, Certainty};
use super::case::Case;
use super::violations::Violation;
use crate::words::operation_phrase;
use evidence::Scope;

/// The anomaly that `violation` shows.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Anomaly {
    case.meter.work(case.readings.len());
    let scope = Scope { case, violation };
    objects(scope)
        .or_else(|| registers::name(case, violation))
        .or_else(|| repairs::name(scope))
        .unwrap_or_else(|| unclassified(scope))
}

/// The anomaly of an object that is no register.
fn objects(scope: Scope<'_>) -> Option<Anomaly> {
    collections::name(scope)
        .or_else(|| sets::name(scope))
        .or_else(|| logs::name(scope))
        .or_else(|| counters::name(scope))
        .or_else(|| locks::name(scope))
        .or_else(|| transactions::name(scope))
        .or_else(|| accounts::name(scope))
        .or_else(|| ids::name(scope))
        .or_else(|| acks::name(scope))
        .or_else(|| versions::name(scope))
}

/// A violation that fits no name.
fn unclassified(scope: Scope<'_>) -> Anomaly {
    let Scope { case, violation } = scope;
    let failing = violation.operation;
    let operation = operation_phrase(case.history, case.operation(failing));
    let summary =
        format!("no order of the operations explains `{operation}` by {}", scope.who(failing));
    Anomaly {
        kind: AnomalyKind::Unclassified,
        key_at: Some(case.key_at),
        operations: if violation.core.is_empty() { vec![failing] } else { violation.core.clone() },
        certainty: Certainty::Proved,
        summary,
        count: 1,
    }
}
