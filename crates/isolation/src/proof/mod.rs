//! Verifies what the deciders claim, with slow and simple code that shares nothing with them.

mod oracle;
mod plain;
mod steps;
mod witness;

pub use oracle::levels;

use histcheck_history::Value;

use crate::decide::Status;
use crate::level::Level;
use crate::{Options, Report};

/// Histories with more transactions are not verified where that takes the cube of their number.
const SMALL: usize = 200;

/// What became of the proofs of a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Levels and anomalies whose proof holds.
    pub confirmed: usize,
    /// Those whose proof is too large to be verified.
    pub too_large: usize,
    /// What is wrong with the others.
    pub wrong: Vec<String>,
}

/// Verifies the proofs of `report`, of a history whose registers hold `initial` at first: that of
/// each level that holds, and of each anomaly.
pub fn verify(report: &Report<'_>, initial: Value) -> Verified {
    let mut verified = Verified::default();
    let table = &report.transactions;
    let options = Options { initial, ..report.options };
    let scene = (table.len() <= SMALL).then(|| oracle::Scene::new(table, &options));
    for level in Level::all() {
        let Status::Holds(witness) = &report.statuses[level.index()] else { continue };
        let result = witness::verify(table, &options, level, witness, scene.as_ref());
        verified.count(result, || format!("{} does not hold as claimed", level.name()));
    }
    for found in &report.found {
        let result = steps::verify((table, options.keys), initial, found);
        verified.count(result, || {
            format!("{} is not as claimed: {:?}", found.kind.name(), found.evidence)
        });
        for &level in &found.rules_out {
            if report.statuses[level.index()] != Status::RuledOut {
                let (kind, name) = (found.kind.name(), level.name());
                verified.wrong.push(format!("{kind} rules out {name}, which is not ruled out"));
            }
        }
    }
    for level in Level::all() {
        let is_out = report.statuses[level.index()] == Status::RuledOut;
        if is_out && !report.found.iter().any(|found| found.rules_out.contains(&level)) {
            verified.too_large += 1;
        }
    }
    verified
}

impl Verified {
    fn count(&mut self, result: Option<bool>, wrong: impl FnOnce() -> String) {
        match result {
            Some(true) => self.confirmed += 1,
            Some(false) => self.wrong.push(wrong()),
            None => self.too_large += 1,
        }
    }
}
