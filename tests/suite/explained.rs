//! Every violation of a history is explained: by an anomaly that is proved, or by few operations
//! that cannot be ordered and of which none can be left out.

use histcheck::explain::{AnomalyKind, Certainty, Explanation, explain};
use histcheck::{History, Options, Report};

/// A violation of a history that somebody recorded is shown by so many operations at most, if it
/// has no name. There are others that need any number.
pub(crate) const FEW: usize = 12;

/// So many anomalies are asked for.
const LIMIT: usize = 20;

/// Explains `report` and checks that it was done well: a violation without a name is shown by at
/// most `largest` operations.
pub(crate) fn verify(
    history: &History,
    options: &Options,
    report: &Report,
    largest: usize,
) -> Result<Explanation, String> {
    let explanation =
        explain(history, options, report, LIMIT).map_err(|error| error.to_string())?;
    let failing = report.failures().count();
    if failing == 0 {
        return match explanation.anomalies.iter().find(|one| one.certainty == Certainty::Proved) {
            Some(wrong) => Err(format!("{} is proved of a valid history", wrong.kind)),
            None => Ok(explanation),
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
        _ => Ok(explanation),
    }
}
