//! Every violation of a history is explained: by an anomaly that is proved, or by few operations
//! that cannot be ordered and of which none can be left out.

use histcheck::Report;
use histcheck::explain::{AnomalyKind, Certainty, Explanation};

/// Checks that `report` was explained well: a violation without a name is shown by at most
/// `largest` operations.
pub(crate) fn verify(
    report: &Report,
    explanation: &Explanation,
    largest: usize,
) -> Result<(), String> {
    let failing = report.failures().count();
    if failing == 0 {
        return match explanation.anomalies.iter().find(|one| one.certainty == Certainty::Proved) {
            Some(wrong) => Err(format!("{} is proved of a valid history", wrong.kind)),
            None => Ok(()),
        };
    }
    for key in &explanation.keys {
        let is_proved = explanation.anomalies.iter().any(|one| {
            one.key_at == Some(key.key_at)
                && one.certainty == Certainty::Proved
                && one.kind != AnomalyKind::Unclassified
        });
        let is_small = key
            .violations
            .iter()
            .any(|one| one.is_minimal && (1..=largest).contains(&one.core.len()));
        if !is_proved && !is_small {
            return Err(format!("key {} is neither named nor shown: {explanation:?}", key.key_at));
        }
    }
    match explanation.keys.len() {
        0 => Err("nothing is explained".to_owned()),
        _ => Ok(()),
    }
}
