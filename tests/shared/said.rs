//! What is said of a history, short enough to keep of thousands.

use histcheck::explain::Certainty;
use histcheck::report::{self, Detail, Palette, Subject};

/// The names of what was found, with a question mark behind those that are not proved, and a digest
/// of the report for people and of that for programs.
pub(crate) fn said(subject: &Subject<'_>) -> String {
    let anomalies = &subject.explanation.anomalies;
    let names: Vec<String> = anomalies
        .iter()
        .map(|anomaly| {
            let mark = if anomaly.certainty == Certainty::Proved { "" } else { "?" };
            format!("{}{mark}", anomaly.kind.name())
        })
        .collect();
    let text = report::text(subject, Detail::Usual, &Palette::PLAIN) + &report::json(subject);
    format!("{}\t{:016x}", names.join(" "), fnv(text.as_bytes()))
}

/// The FNV-1a hash of `bytes`.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
