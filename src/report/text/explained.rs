//! What went wrong and what still holds, for people.

use super::super::Subject;
use super::super::style::Palette;
use super::super::table::Table;
use super::{key_name, line};
use crate::check::Verdict;
use crate::explain::{
    Anomaly, Bound, Certainty, Held, KeyExplanation, Situation, SkewOutcome, clocks,
};
use crate::hints::HintKind;
use crate::words::{counted, duration_phrase, printable, shortened, with_thousands};
use histcheck_history::{put, putln};

/// Appends a line for each anomaly, one for the clocks that would explain them, and one for each
/// setting that makes all the difference.
pub(super) fn write_anomalies(subject: &Subject<'_>, palette: &Palette, out: &mut String) {
    let explanation = &subject.explanation;
    for anomaly in &explanation.anomalies {
        line(palette.label, "anomaly", &anomaly_fact(subject, anomaly), palette, out);
    }
    let mut more = match (explanation.more, explanation.is_complete) {
        (0, true) => String::new(),
        (0, false) => "whether there are others was not found out in time".to_owned(),
        (more, true) => format!("{} more", counted(more, "violation")),
        (more, false) => format!("{} more at least", counted(more, "violation")),
    };
    if explanation.more > 0 {
        more.push_str("; --max-anomalies lists more");
    }
    if !more.is_empty() {
        line(palette.label, "", &more, palette, out);
    }
    if let Some(fact) = clocks_fact(subject) {
        line(palette.label, "clocks", &fact, palette, out);
    }
    for hint in &subject.hints {
        line(palette.label, "hint", &printable(&hint.message), palette, out);
    }
}

pub(in crate::report) fn anomaly_fact(subject: &Subject<'_>, anomaly: &Anomaly) -> String {
    let mut fact = anomaly.kind.name().to_owned();
    if anomaly.certainty == Certainty::Suggested {
        fact.push_str(" (suggested)");
    }
    fact.push_str(": ");
    let key = anomaly.key_at.and_then(|at| subject.report.keys.get(at));
    if let Some(name) = key.and_then(|key| key_name(subject.history, key)) {
        put!(fact, "key {name}: ");
    }
    fact.push_str(&printable(&anomaly.summary));
    if anomaly.count > 1 {
        put!(fact, " (and {} more like it)", with_thousands(anomaly.count - 1));
    }
    fact
}

/// Whether clocks that disagree would explain an invalid history.
fn clocks_fact(subject: &Subject<'_>) -> Option<String> {
    if subject.report.verdict != Verdict::Invalid {
        return None;
    }
    let skew = match &subject.explanation.clock_skew {
        SkewOutcome::Found(skew) => skew,
        SkewOutcome::Impossible => return Some("no clock offsets explain it".to_owned()),
        SkewOutcome::NotNeeded if subject.explanation.keys.is_empty() => return None,
        // The hint says it.
        SkewOutcome::NotNeeded
            if subject.hints.iter().any(|hint| hint.kind == HintKind::OrderByTime) =>
        {
            return None;
        }
        SkewOutcome::NotNeeded => {
            return Some("linearizable by its times; the order of its records is not".to_owned());
        }
        SkewOutcome::NotFound | SkewOutcome::NoTimes => return None,
    };
    let used = match skew.situation {
        Situation::Recording => "linearizable",
        Situation::LastWriteWins => "explained by a store where the last write wins",
    };
    let mut fact = format!("{used} if {}", clocks(subject.history, skew)?);
    if skew.is_smallest {
        fact.push_str("; no smaller offsets do");
    }
    if skew.is_within_error {
        fact.push_str("; clocks often disagree by as much");
    } else if !skew.is_pinned {
        fact.push_str("; too little is known to tell that from other causes");
    }
    Some(fact)
}

/// Appends the table of what a key still guarantees.
pub(super) fn write_guarantees(
    subject: &Subject<'_>,
    key: &KeyExplanation,
    palette: &Palette,
    out: &mut String,
) {
    if key.guarantees.iter().all(|held| held.holds.is_none()) && key.staleness.is_none() {
        return;
    }
    putln!(out, "\n  what still holds:");
    let mut table =
        Table::new(&["guarantee", "holds", "where not"], (palette.faint, palette.reset));
    for held in &key.guarantees {
        let (word, style) = match held.holds {
            Some(true) => ("yes", (palette.good, palette.reset)),
            Some(false) => ("no", (palette.bad, palette.reset)),
            None => ("unknown", ("", "")),
        };
        let cells = vec![held.guarantee.name().to_owned(), word.to_owned(), broken(subject, held)];
        table.row(cells, style);
    }
    if let Some(staleness) = &key.staleness {
        if let Some(versions) = versions(staleness.k) {
            table.row(vec!["k-atomic".to_owned(), versions, String::new()], ("", ""));
        }
        if let Some(delta) = staleness.delta {
            let within = format!("within {}", duration_phrase(u128::from(delta.unsigned_abs())));
            table.row(vec!["reads stale".to_owned(), within, String::new()], ("", ""));
        }
    }
    table.write("    ", out);
}

/// Where a guarantee is broken.
fn broken(subject: &Subject<'_>, held: &Held) -> String {
    let records: Vec<String> =
        held.broken_by.iter().map(|&op| subject.history[op].invoked.to_string()).collect();
    let mut place = match held.processes {
        0 => String::new(),
        processes => counted(processes, "process"),
    };
    if !records.is_empty() {
        if !place.is_empty() {
            place.push_str(", first ");
        }
        let s = if records.len() == 1 { "" } else { "s" };
        put!(place, "record{s} {}", records.join(", "));
    }
    shortened(&place, 60)
}

/// Of how many versions a read may return one.
fn versions(k: Bound) -> Option<String> {
    match (k.at_least, k.at_most) {
        (Some(least), Some(most)) if least == most => Some(format!("k = {most}")),
        (Some(least), Some(most)) => Some(format!("{least} ≤ k ≤ {most}")),
        (Some(least), None) => Some(format!("k ≥ {least}")),
        (None, Some(most)) => Some(format!("k ≤ {most}")),
        (None, None) => None,
    }
}
