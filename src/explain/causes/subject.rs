//! A failing key as causes look at it: a register with what happened to it.

use super::Grounds;
use crate::check::Failure;
use crate::explain::access::Accesses;
use crate::explain::anomaly::Anomaly;
use crate::explain::case::Case;
use crate::model::{self, Kind, Model};

/// A failing register.
pub(super) struct Subject {
    /// The key's position in the report.
    pub(super) key_at: usize,
    /// What happened to it.
    pub(super) accesses: Accesses,
}

impl Subject {
    /// The key, if it is a register and what is wrong with it may have one of the causes that are
    /// known here. O(n).
    pub(super) fn of(
        grounds: &Grounds<'_>,
        key_at: usize,
        failure: &Failure,
        named: &[Anomaly],
    ) -> Option<Subject> {
        let is_candidate =
            |one: &Anomaly| one.key_at == Some(key_at) && one.kind.entry().may_have_cause;
        let model = grounds.model_at(key_at);
        let is_register = matches!(model.kind(), Kind::Other | Kind::Kv { .. });
        if !is_register || !named.iter().any(is_candidate) || grounds.meter.poll().is_err() {
            return None;
        }
        let operations = grounds.partitions.get(key_at).operations;
        grounds.meter.work(operations.len());
        let readings = model::read(model, grounds.history, operations, None).ok()?;
        let case = Case {
            history: grounds.history,
            model,
            key_at,
            operations,
            readings: &readings,
            failure,
            meter: grounds.meter,
        };
        Accesses::of(&case).map(|accesses| Subject { key_at, accesses })
    }
}
