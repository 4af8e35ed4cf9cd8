//! Names a violation by the one repair that makes its operations linearizable, where structure
//! does not tell. Always a suggestion: another repair may be the truth.
//!
//! Of the operations that the violation rests on it is tried, in this order:
//!
//! - to let an operation that failed happen: `dirty-read`;
//! - to let one that was acknowledged take effect later, or never: `lost-update` if the whole key
//!   can be ordered without it, or if one primary answered both, `read-your-writes` if its own
//!   process missed it, else `stale-read`;
//! - to let one happen twice: `duplicate-apply`.

use super::classify::Missed;
use super::evidence::{Scope, answered_by_one_primary, failed_readings};
use crate::check::is_linearizable;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::history::{OpIndex, Rank, Span, sort};
use crate::model::{AnyOp, Kind, Model, Reading};
use crate::words::operation_phrase;

/// With more operations, no repair is tried.
const LARGE: usize = 24;

/// In a larger key, it is not asked whether an operation is missing for good.
const KEY: usize = 2_000;

/// The anomaly whose repair makes the core of `violation` linearizable; `None` if none does, if
/// the core is large, or if the model is of a kind that other names fit better.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Scope { case, violation } = scope;
    let fits = match case.model.kind() {
        Kind::Kv { .. } => !case.model.tokens_suffice() || has_sums(case),
        Kind::Counter { .. } | Kind::Set { .. } | Kind::Log { .. } => true,
        Kind::Transactions { .. } | Kind::Bank { .. } => true,
        _ => false,
    };
    let core: Option<Vec<Reading<AnyOp>>> =
        violation.core.iter().map(|&index| case.reading(index).cloned()).collect();
    let core = core.filter(|core| fits && !core.is_empty() && core.len() <= LARGE)?;
    if !violation.weakened.is_empty() {
        return None;
    }
    let repair = Repair { scope, core };
    repair.undone().or_else(|| repair.late()).or_else(|| repair.twice())
}

/// Whether a key's strings are appended to, or its integers added to.
fn has_sums(case: &Case<'_>) -> bool {
    use crate::model::kv::Op;
    let Kind::Kv { view, .. } = case.model.kind() else { return false };
    case.readings.iter().any(|r| matches!(view(&r.op), Op::Append(_) | Op::Add(_)))
}

struct Repair<'a> {
    scope: Scope<'a>,
    core: Vec<Reading<AnyOp>>,
}

impl Repair<'_> {
    /// Whether these can be ordered; they are put into the order of their calls.
    fn is_fine(&self, mut readings: Vec<Reading<AnyOp>>) -> bool {
        sort::by(&mut readings, |reading| reading.span.call);
        is_linearizable(self.scope.case.model, &readings, self.scope.case.meter).0 == Some(true)
    }

    fn phrase(&self, index: OpIndex) -> String {
        let case = self.scope.case;
        let operation = operation_phrase(case.history, case.operation(index));
        format!("`{operation}` by {}", self.scope.who(index))
    }

    fn say(&self, kind: AnomalyKind, culprit: OpIndex, what: &str) -> Option<Anomaly> {
        let failing = self.scope.violation.operation;
        let summary = format!("{} is as if {} {what}", self.phrase(failing), self.phrase(culprit));
        let core = self.core.iter().map(|reading| reading.index);
        let operations = [culprit, failing].into_iter().chain(core);
        Some(self.scope.anomaly(kind, Certainty::Suggested, operations, summary))
    }

    fn undone(&self) -> Option<Anomaly> {
        let Scope { case, violation } = self.scope;
        let horizon = violation.horizon;
        let failed = failed_readings(case).into_iter().filter(|r| r.span.call < horizon);
        failed.take(LARGE).find_map(|mut failed| {
            failed.span.ret = Rank::NEVER;
            let culprit = failed.index;
            let mut readings = self.core.clone();
            readings.push(failed);
            let what = "had taken effect, which failed";
            self.is_fine(readings).then(|| self.say(AnomalyKind::DirtyRead, culprit, what))?
        })
    }

    /// The operations that changed something and were acknowledged.
    fn acknowledged(&self) -> impl Iterator<Item = usize> {
        (0..self.core.len()).filter(|&at| {
            let Reading { index, ref op, span } = self.core[at];
            let changes = !self.scope.case.model.facts(op).pure;
            index != self.scope.violation.operation && span.has_returned() && changes
        })
    }

    fn late(&self) -> Option<Anomaly> {
        let at = self.acknowledged().find(|&at| {
            let mut readings = self.core.clone();
            readings[at].span.ret = Rank::NEVER;
            self.is_fine(readings)
        })?;
        let Scope { case, violation } = self.scope;
        let (culprit, failing) = (self.core[at].index, violation.operation);
        let without = case.readings.iter().filter(|reading| reading.index != culprit);
        let is_lost = answered_by_one_primary(case, culprit, failing)
            || case.readings.len() <= KEY && self.is_fine(without.cloned().collect());
        let missed = Missed {
            gone: is_lost.then_some(AnomalyKind::LostUpdate),
            is_own: case.process(culprit) == case.process(failing),
            was_seen: false,
        };
        let what = if is_lost {
            "had never taken effect, which was acknowledged"
        } else {
            "had not taken effect yet, which was acknowledged"
        };
        self.say(missed.kind(), culprit, what)
    }

    fn twice(&self) -> Option<Anomaly> {
        let at = self.acknowledged().find(|&at| {
            let mut readings = self.core.clone();
            let Reading { ref op, span, .. } = self.core[at];
            // The copy has a name of its own, that of nobody.
            let span = Span { call: span.call, ret: Rank::NEVER };
            readings.push(Reading { index: OpIndex::NOBODY, op: op.clone(), span });
            self.is_fine(readings)
        })?;
        self.say(AnomalyKind::DuplicateApply, self.core[at].index, "had taken effect twice")
    }
}
