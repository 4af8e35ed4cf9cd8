//! The figure of a history that has no violation, or none that was found: how the run went.

use super::super::Subject;
use super::chart::{self, Chart, Line, Unit, latency_lines};
use super::draw::titled;
use super::measure::{Font, wrapped};
use super::scale::Scale;
use super::series;
use super::strip;
use super::theme::{self, Ink};
use super::theme::{MARGIN, WIDTH};
use crate::check::{KeyReport, Verdict};
use crate::hints::Hint;
use crate::history::{History, OpIndex, Outcome, Value, count_processes, sort};
use crate::words::{counted, duration_phrase, printable, shortened, with_thousands};

/// So many keys are listed that were the hardest to decide, and so many of the slowest.
const KEYS: usize = 5;

/// The latency of a key counts if so many of its operations are ok.
const ENOUGH: usize = 5;

/// The figure as SVG.
pub(super) fn draw(subject: &Subject<'_>) -> String {
    let history = subject.history;
    let scale = Scale::of(history);
    let charts = charts(history, &scale);
    let title = title(subject);
    let limit = WIDTH - 2.0 * MARGIN;
    let troubles = strip::troubles(history, &scale);
    let mut facts = facts(subject, &scale);
    if let Some(names) = strip::names(&troubles) {
        facts.push(format!("Shaded: {names}."));
    }
    let body: Vec<String> =
        facts.iter().flat_map(|fact| wrapped(fact, Font::Sans, theme::BODY, limit, 2)).collect();
    let top = MARGIN + 40.0 + 22.0 * body.len() as f64;
    let height = top + chart::HEIGHT * charts.len() as f64 + MARGIN;
    let canvas = titled(&title, &facts.join(" "), &body, height);
    chart::draw_all(canvas, &charts, top, scale.nanoseconds(), &troubles).finish()
}

fn title(subject: &Subject<'_>) -> String {
    let report = subject.report;
    let operations = counted(report.operations, "operation");
    match report.verdict {
        Verdict::Valid if !subject.history.has_real_time() => {
            format!("Serializable in session order: {operations}")
        }
        Verdict::Valid => {
            format!("Linearizable: {operations}, as one copy would have answered them")
        }
        Verdict::Invalid => format!("Not linearizable: {operations}"),
        Verdict::Unknown => format!("Not decided: {operations}"),
    }
}

/// What there is to know of the run, a sentence each.
fn facts(subject: &Subject<'_>, scale: &Scale<'_>) -> Vec<String> {
    let (history, report) = (subject.history, subject.report);
    let operations = history.operations();
    let crashed = operations.iter().filter(|op| op.outcome.is_indeterminate()).count();
    let during = scale.nanoseconds().map(|all| format!(" in {}", duration_phrase(all)));
    let mut facts = vec![format!(
        "{} of {}{}{}; {} of unknown outcome. Checked as {}.",
        counted(operations.len(), "operation"),
        counted(count_processes(history), "process"),
        if report.keys.iter().any(|key| key.key.is_some()) {
            format!(" on {}", counted(report.key_counts.checked, "key"))
        } else {
            String::new()
        },
        during.unwrap_or_default(),
        with_thousands(crashed),
        report.model,
    )];
    if let Some(reason) = report.stop_reason {
        facts.push(format!("It ended early: {reason}."));
    }
    for anomaly in &subject.explanation.anomalies {
        facts.push(format!("{}: {}.", anomaly.kind.name().replace('-', " "), anomaly.summary));
    }
    facts.extend(asides(subject));
    facts.extend(hard_keys(subject));
    facts.extend(slow_keys(history));
    facts
}

/// What else is to be said of a verdict, a sentence each.
pub(super) fn asides(subject: &Subject<'_>) -> Vec<String> {
    let mut asides = Vec::new();
    if subject.report.unknown_initial {
        asides.push("What keys start from is not known: their first reads tell it.".to_owned());
    }
    let hint = |hint: &Hint| format!("Hint: {}.", printable(&hint.message));
    asides.extend(subject.hints.iter().map(hint));
    asides
}

/// The keys that took the search most, if it was needed.
fn hard_keys(subject: &Subject<'_>) -> Option<String> {
    let (history, report) = (subject.history, subject.report);
    let mut keys: Vec<_> = report.keys.iter().filter(|key| key.key.is_some()).collect();
    sort::by(&mut keys, |key| std::cmp::Reverse(key.effort.configurations));
    let name = |key: &&KeyReport| {
        let name = key.key.map(|key| history.values().to_text(key)).unwrap_or_default();
        format!("{} ({})", shortened(&name, 20), counted(key.operations, "operation"))
    };
    let hard: Vec<String> =
        keys.iter().filter(|key| key.effort.configurations > 0).take(KEYS).map(name).collect();
    let tells = keys.len() > 1 && !hard.is_empty();
    tells.then(|| format!("The hardest keys to decide: {}.", hard.join(", ")))
}

/// The keys whose operations took longest, if some took twice as long as is usual. O(n log n).
fn slow_keys(history: &History) -> Option<String> {
    let partitions = history.partitions();
    let mut medians: Vec<(i64, Value)> = Vec::new();
    for partition in partitions.iter() {
        let length = |&index: &OpIndex| {
            let [call, ret] = history.times(index);
            let is_ok = history[index].outcome == Outcome::Ok;
            is_ok.then_some(ret?.saturating_sub(call?))
        };
        let mut lengths: Vec<i64> = partition.operations.iter().filter_map(length).collect();
        lengths.sort_unstable();
        if let Some(key) = partition.key.filter(|_| lengths.len() >= ENOUGH) {
            medians.push((lengths[lengths.len() / 2], key));
        }
    }
    // Equally slow ones stay in the order of the history.
    sort::by(&mut medians, |&(median, _)| std::cmp::Reverse(median));
    let usual = medians.get(medians.len() / 2)?.0;
    let slow = medians.iter().take(KEYS).take_while(|&&(median, _)| median > 2 * usual.max(0));
    let name = |&(median, key): &(i64, Value)| {
        let name = shortened(&history.values().to_text(key), 20);
        format!("{name} (median {})", duration_phrase(u128::from(median.unsigned_abs())))
    };
    let slow: Vec<String> = slow.map(name).collect();
    (!slow.is_empty()).then(|| format!("The slowest keys: {}.", slow.join(", ")))
}

/// How a run went: rates, latencies and concurrency.
pub(super) fn charts(history: &History, scale: &Scale<'_>) -> Vec<Chart> {
    let [ok, failed, unknown] = series::rates(history, scale, None);
    let per = match scale.nanoseconds() {
        Some(_) => "per second",
        None => "per part of the history",
    };
    chart::telling(vec![
        Chart {
            title: format!("operations that ended, {per}"),
            unit: Unit::Rate,
            lines: vec![
                Line::new("ok", Ink::Green, ok),
                Line::new("failed", Ink::Purple, failed),
                Line::new("unknown outcome", Ink::Orange, unknown),
            ],
        },
        Chart {
            title: "how long operations took that are ok".to_owned(),
            unit: Unit::Durations,
            lines: latency_lines(series::latencies(history, scale, None)),
        },
        Chart {
            title: "operations under way at once, at most".to_owned(),
            unit: Unit::Count,
            lines: vec![Line::new("under way", Ink::Blue, series::concurrency(history, scale))],
        },
    ])
}
