//! What was found for a key, kept while its operations are on the disk: operations are named by the
//! records of their invocations, which mean the same in every part of the history.

use crate::check::{Certificate, Decision, Effort, Failure, KeyReport, StopReason};
use crate::history::{History, OpIndex, Rank, Record, Value};
use crate::proof::Proof;

/// The report on one key.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    key: Option<Value>,
    operations: usize,
    found: Found,
    decided_by: &'static str,
    effort: Effort,
    proof: Option<Proof>,
}

/// The decision on a key.
#[derive(Clone, Debug)]
enum Found {
    Valid,
    Unknown(StopReason),
    Invalid { operation: Record, horizon: Rank, core: Vec<Record>, is_minimal: bool },
}

/// What one key that is not to be decided was decided by.
const NOTHING: &str = "nothing";

impl Stored {
    /// Returns what is to be kept of `report`, which was made of a part of the history, about the
    /// key that is `key` in the whole. Linearizations are dropped.
    pub(super) fn of(report: KeyReport, key: Option<Value>, part: &History) -> Stored {
        let record = |index: OpIndex| part[index].invoked;
        let found = match report.decision {
            Decision::Valid(_) => Found::Valid,
            Decision::Unknown(reason) => Found::Unknown(reason),
            Decision::Invalid(Failure { operation, horizon, core, is_minimal, .. }) => {
                let core = core.into_iter().map(record).collect();
                Found::Invalid { operation: record(operation), horizon, core, is_minimal }
            }
        };
        let KeyReport { operations, decided_by, effort, proof, .. } = report;
        Stored { key, operations, found, decided_by, effort, proof }
    }

    /// Returns the report on a key that was not decided.
    pub(super) fn undecided(key: Value, operations: usize, reason: StopReason) -> Stored {
        let (found, effort) = (Found::Unknown(reason), Effort::default());
        Stored { key: Some(key), operations, found, decided_by: NOTHING, effort, proof: None }
    }

    /// Returns the record of the operation that makes the key fail, if it does.
    pub(super) fn failing_record(&self) -> Option<Record> {
        match self.found {
            Found::Invalid { operation, .. } => Some(operation),
            Found::Valid | Found::Unknown(_) => None,
        }
    }

    /// Returns the report in terms of `part`, which holds the operations that it names.
    pub(super) fn report(&self, part: &History) -> KeyReport {
        let index = |&record: &Record| part.invoked_at(record).unwrap_or_default();
        let decision = match &self.found {
            Found::Valid => Decision::Valid(Certificate { order: Vec::new() }),
            Found::Unknown(reason) => Decision::Unknown(*reason),
            Found::Invalid { operation, horizon, core, is_minimal } => Decision::Invalid(Failure {
                operation: index(operation),
                record: *operation,
                horizon: *horizon,
                core: core.iter().map(index).collect(),
                is_minimal: *is_minimal,
            }),
        };
        KeyReport {
            key: self.key,
            operations: self.operations,
            decision,
            decided_by: self.decided_by,
            effort: self.effort,
            proof: self.proof.clone(),
            // It is known in memory only.
            start: 0,
        }
    }
}
