//! The report for people: the verdict first, then what it rests on.

mod explained;
mod violation;

use std::collections::BTreeMap;

#[cfg(feature = "figures")]
pub(super) use explained::anomaly_fact;
use explained::write_anomalies;
use violation::write_violations;
pub(super) use violation::{interval, process};

use super::style::Palette;
use super::table::Table;
use super::{JepsenResult, Subject, Timings};
use crate::caveats::{Caveat, ReadAs, caveats, vacuous};
use crate::check::{Failure, KeyCounts, KeyReport, Report, Verdict};
use crate::history::{History, Ties, count_processes};
use crate::model::ModelSource;
use crate::proof::Proof;
use crate::words::{counted, operation_phrase, printable, shortened};
use histcheck_history::{put, putln};

/// With more keys than this, `--verbose` lists only the first ones.
const LISTED_KEYS: usize = 1000;

/// How much of a report to write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Detail {
    /// The verdict in one line.
    Verdict,
    /// What it rests on, and what is around a violation.
    #[default]
    Usual,
    /// Every key too.
    Keys,
}

/// The report on `subject`: the [verdict](verdict_line), and all that [comes behind it](details).
pub fn text(subject: &Subject<'_>, detail: Detail, palette: &Palette) -> String {
    verdict_line(subject, palette) + "\n" + &details(subject, detail, palette)
}

/// What the report on `subject` says behind the verdict.
pub fn details(subject: &Subject<'_>, detail: Detail, palette: &Palette) -> String {
    let mut out = String::new();
    if detail == Detail::Verdict {
        return out;
    }
    write_anomalies(subject, palette, &mut out);
    write_facts(subject, palette, &mut out);
    if detail == Detail::Keys {
        write_keys(subject, palette, &mut out);
    }
    write_violations(subject, palette, &mut out);
    out
}

/// The verdict in one line, without its line break.
pub fn verdict_line(subject: &Subject<'_>, palette: &Palette) -> String {
    let verdict = subject.report.verdict;
    let color = match verdict {
        Verdict::Valid => palette.good,
        Verdict::Invalid => palette.bad,
        Verdict::Unknown => palette.unsure,
    };
    let file = subject.file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    // A verdict over nothing does not look like a pass.
    let vacuous = match verdict {
        Verdict::Valid => vacuous(subject.history, subject.report),
        Verdict::Invalid | Verdict::Unknown => None,
    };
    let operations = || counted(subject.report.operations, "operation");
    match vacuous.map(|caveat| caveat.headline(&operations())) {
        Some(headline) => {
            format!("{file}{}{verdict}{}, {headline}", palette.unsure, palette.reset)
        }
        None => format!("{file}{color}{verdict}{}: {}", palette.reset, verdict_sentence(subject)),
    }
}

/// What the verdict rests on, without the verdict.
pub(super) fn verdict_sentence(subject: &Subject<'_>) -> String {
    let report = subject.report;
    match report.verdict {
        Verdict::Valid => {
            let level = subject.history.level();
            format!("{}, {level}", counted(report.operations, "operation"))
        }
        Verdict::Invalid => violation_sentence(subject),
        Verdict::Unknown => {
            let KeyCounts { checked, unknown, .. } = report.key_counts;
            let why = report.stop_reason.map_or(String::new(), |reason| format!("{reason}; "));
            let what = if is_keyed(report) {
                let verb = if unknown == 1 { "is" } else { "are" };
                let unknown = super::with_thousands(unknown);
                format!("{unknown} of {} {verb} not decided", counted(checked, "key"))
            } else {
                "not decided".to_owned()
            };
            why + &what
        }
    }
}

fn is_keyed(report: &Report) -> bool {
    report.keys.iter().any(|key| key.key.is_some())
}

/// What is wrong with an invalid history.
fn violation_sentence(subject: &Subject<'_>) -> String {
    let Some((key, failure)) = subject.report.failures().next() else { return String::new() };
    let mut sentence = String::new();
    if let Some(name) = key_name(subject.history, key) {
        sentence = format!("key {name}: ");
    }
    sentence.push_str(&failure_sentence(subject, failure));
    match subject.report.key_counts.invalid {
        0 | 1 => {}
        more => {
            let more_keys = if more == 2 { "key is" } else { "keys are" };
            let more = super::with_thousands(more - 1);
            put!(sentence, "; {more} more {more_keys} invalid");
        }
    }
    sentence
}

/// Which operation gives a key away, and where it is.
pub(super) fn failure_sentence(subject: &Subject<'_>, failure: &Failure) -> String {
    let operation = &subject.history[failure.operation];
    format!(
        "no order of the operations {} `{}` by process {} (record {}{})",
        if failure.is_first() { "explains" } else { "is possible; the search got stuck at" },
        operation_phrase(subject.history, operation),
        process(subject.history, operation),
        operation.invoked,
        subject.where_is(operation.invoked).map_or(String::new(), |line| format!(", {line}")),
    )
}

/// The key, cut if it is long.
pub(super) fn key_name(history: &History, key: &KeyReport) -> Option<String> {
    key.key.map(|key| shortened(&history.values().to_text(key), 60))
}

fn write_facts(subject: &Subject<'_>, palette: &Palette, out: &mut String) {
    let mut facts = vec![
        ("model", model_fact(subject.report)),
        ("history", history_fact(subject)),
        ("read as", ReadAs::of(subject.history, subject.history.tally()).in_words()),
        ("decided", decided_fact(subject.report)),
    ];
    if subject.report.unknown_initial {
        facts.insert(1, ("starts", "not known: the first reads of a key tell it".to_owned()));
    }
    facts.extend(proof_fact(subject.report).map(|fact| ("proof", fact)));
    facts.extend(ties_fact(subject.report).map(|fact| ("ties", fact)));
    facts.extend(jepsen_fact(subject).map(|fact| ("jepsen", fact)));
    if let Some(timings) = subject.timings {
        let Timings { read, check, explain } = timings;
        let [read, check, explain] = [read, check, explain].map(|time| time.as_secs_f64());
        let to_explain = match subject.report.verdict {
            Verdict::Invalid => format!(", {explain:.3} s to explain"),
            _ => String::new(),
        };
        facts.push(("time", format!("{read:.3} s to read, {check:.3} s to check{to_explain}")));
    }
    for (label, fact) in facts {
        line(palette.label, label, &fact, palette, out);
    }
    for Caveat { kind, message, .. } in caveats(subject.history, subject.report) {
        let message = format!("{message} ({})", kind.code());
        line(palette.unsure, "warning", &message, palette, out);
    }
}

/// One fact of a report, on a line of its own.
pub(super) fn line(style: &str, label: &str, fact: &str, palette: &Palette, out: &mut String) {
    putln!(out, "  {style}{label:<8}{} {fact}", palette.reset);
}

fn model_fact(report: &Report) -> String {
    model_in_words(&report.model, report.model_source)
}

/// The model, and where it came from.
pub(super) fn model_in_words(model: &str, source: ModelSource) -> String {
    let source = match source {
        ModelSource::Given => "",
        ModelSource::Metadata => ", named by the history",
        ModelSource::Inferred => ", inferred from the operations",
    };
    format!("{model}{source}")
}

fn history_fact(subject: &Subject<'_>) -> String {
    let history = subject.history;
    let crashed = history.count_indeterminate();
    let mut fact = format!(
        "{} of {}",
        counted(subject.report.operations, "operation"),
        counted(count_processes(history), "process")
    );
    if is_keyed(subject.report) {
        put!(fact, " on {}", counted(subject.report.key_counts.checked, "key"));
    }
    if crashed > 0 {
        put!(fact, ", {} of unknown outcome", super::with_thousands(crashed));
    }
    match history.count_annotations() {
        0 => {}
        notes => {
            put!(fact, "; {} of no client left aside", counted(notes, "record"));
        }
    }
    fact
}

fn decided_fact(report: &Report) -> String {
    let KeyCounts { checked, invalid, unknown } = report.key_counts;
    let by: Vec<String> = decided_by(report)
        .iter()
        .map(|(decider, keys)| {
            if checked == 1 {
                (*decider).to_owned()
            } else {
                format!("{decider} ({})", super::with_thousands(*keys))
            }
        })
        .collect();
    let by = by.join(", ");
    if checked == 1 {
        return if unknown == 1 { format!("nothing; tried {by}") } else { format!("by {by}") };
    }
    let mut parts = Vec::new();
    for (count, word) in
        [(checked - invalid - unknown, "valid"), (invalid, "invalid"), (unknown, "not decided")]
    {
        if count > 0 {
            parts.push(format!("{} {word}", counted(count, "key")));
        }
    }
    let why = match report.stop_reason {
        Some(reason) if unknown > 0 => format!(": {reason}"),
        _ => String::new(),
    };
    format!("{}{why}; by {by}", parts.join(", "))
}

/// How many keys each decider decided, or tried to.
pub(super) fn decided_by(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut deciders = BTreeMap::new();
    for key in &report.keys {
        *deciders.entry(key.decided_by).or_default() += 1;
    }
    deciders
}

/// How many certificates hold, are too large to verify, and are wrong.
pub(super) fn proof_counts(report: &Report) -> Option<[usize; 3]> {
    let mut counts = [0; 3];
    for proof in report.keys.iter().filter_map(|key| key.proof.as_ref()) {
        counts[match proof {
            Proof::Confirmed => 0,
            Proof::TooLarge => 1,
            Proof::Wrong(_) => 2,
        }] += 1;
    }
    (counts != [0; 3]).then_some(counts)
}

fn proof_fact(report: &Report) -> Option<String> {
    let [confirmed, too_large, wrong] = proof_counts(report)?;
    let mut fact = format!("verified for {}", counted(confirmed, "key"));
    if too_large > 0 {
        put!(fact, "; too large to verify for {}", counted(too_large, "key"));
    }
    if wrong > 0 {
        put!(fact, "; WRONG for {}", counted(wrong, "key"));
    }
    Some(fact)
}

fn ties_fact(report: &Report) -> Option<String> {
    let other = report.other_ties?;
    let reading = match other.ties {
        Ties::Concurrent => "concurrent",
        Ties::Ordered => "ordered",
    };
    Some(if report.rests_on_ties() {
        format!("the verdict rests on equal times: it is {} with --ties {reading}", other.verdict)
    } else if other.verdict == Verdict::Unknown {
        format!("some times are equal; with --ties {reading} the verdict is not known")
    } else {
        format!("some times are equal; the verdict is the same with --ties {reading}")
    })
}

/// What Jepsen said of the same run, and whether that is another verdict.
fn jepsen_fact(subject: &Subject<'_>) -> Option<String> {
    let jepsen = subject.jepsen.as_ref()?;
    Some(match jepsen {
        JepsenResult::Unreadable(why) => format!("results.edn cannot be read: {}", printable(why)),
        JepsenResult::Valid(None) => "said valid? unknown".to_owned(),
        JepsenResult::Valid(Some(valid)) if jepsen.differs_from(subject.report.verdict) => {
            let others = if *valid { "" } else { "; it counts what its other checkers found" };
            format!("said valid? {valid}, which differs from this verdict{others}")
        }
        JepsenResult::Valid(Some(valid)) => format!("said valid? {valid}"),
    })
}

fn write_keys(subject: &Subject<'_>, palette: &Palette, out: &mut String) {
    let titles = ["key", ">operations", "verdict", "decided by", ">configurations"];
    let mut table = Table::new(&titles, (palette.label, palette.reset));
    let keys = &subject.report.keys;
    for key in keys.iter().take(LISTED_KEYS) {
        let verdict = key.decision.verdict();
        let style = match verdict {
            Verdict::Valid => ("", ""),
            Verdict::Invalid => (palette.bad, palette.reset),
            Verdict::Unknown => (palette.unsure, palette.reset),
        };
        let cells = vec![
            key_name(subject.history, key).unwrap_or_else(|| "(none)".to_owned()),
            super::with_thousands(key.operations),
            verdict.to_string(),
            key.decided_by.to_owned(),
            super::with_thousands(usize::try_from(key.effort.configurations).unwrap_or(usize::MAX)),
        ];
        table.row(cells, style);
    }
    out.push('\n');
    table.write("  ", out);
    if keys.len() > LISTED_KEYS {
        putln!(out, "  and {} more", counted(keys.len() - LISTED_KEYS, "key"));
    }
}
