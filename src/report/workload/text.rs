//! The report of a check for people: the verdict first, then a line for each case of an anomaly.

use histcheck_workloads::{Found, Quantiles, Verdict};

use super::super::style::Palette;
use super::super::text::Detail;
use super::{WorkloadSubject, verdict_name};
use crate::words::{counted, duration_phrase, printable, with_thousands};
use histcheck_history::putln;

/// Cases of one anomaly that are told unless everything is asked for.
const USUAL_CASES: usize = 3;

/// The report of a check. With [`Detail::Verdict`], the verdict alone; with [`Detail::Keys`], every
/// case that the check kept.
pub fn workload_text(subject: &WorkloadSubject<'_>, detail: Detail, palette: &Palette) -> String {
    let mut out = workload_verdict_line(subject, palette) + "\n";
    if detail == Detail::Verdict {
        return out;
    }
    let most = if detail == Detail::Keys { usize::MAX } else { USUAL_CASES };
    let (label, reset) = (palette.label, palette.reset);
    for found in &subject.report.found {
        write_cases(subject, found, most, palette, &mut out);
    }
    let report = subject.report;
    for why in report.undecided.iter().take(most) {
        putln!(out, "  {label}unknown{reset}  {}", subject.words(why));
    }
    let because = match subject.because {
        Some(because) => format!(", since {because}"),
        None => String::new(),
    };
    putln!(out, "  {label}check{reset}    {}{because}", subject.question());
    putln!(out, "  {label}asks{reset}     {}", report.check.question());
    let operations = counted(subject.history.operations().len(), "operation");
    let processes = counted(crate::history::count_processes(subject.history), "process");
    putln!(out, "  {label}history{reset}  {operations} of {processes}");
    if !report.counts.is_empty() {
        let count = |&(name, number): &(&str, i64)| format!("{} {name}", grouped(number));
        let counts: Vec<String> = report.counts.iter().map(count).collect();
        putln!(out, "  {label}counts{reset}   {}", counts.join(", "));
    }
    for (name, quantiles) in &report.latencies {
        putln!(out, "  {label}latency{reset}  {name}: {}", durations(quantiles));
    }
    for note in &report.notes {
        putln!(out, "  {label}note{reset}     {}", subject.words(note));
    }
    out
}

/// The verdict of a check in one line, without its line break.
pub fn workload_verdict_line(subject: &WorkloadSubject<'_>, palette: &Palette) -> String {
    let report = subject.report;
    let color = match report.verdict {
        Verdict::Valid => palette.good,
        Verdict::Invalid => palette.bad,
        Verdict::Unknown => palette.unsure,
    };
    let file = subject.file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    let what = match report.verdict {
        Verdict::Valid => {
            let operations = counted(subject.history.operations().len(), "operation");
            format!("{operations}, {} holds", subject.question())
        }
        Verdict::Invalid => {
            let bad = report.found.iter().filter(|found| found.violates);
            let counts: Vec<String> = bad
                .map(|found| format!("{} {}", with_thousands(found.count), found.anomaly.name))
                .collect();
            format!("{}: {}", report.check.name(), counts.join(", "))
        }
        Verdict::Unknown => {
            let why = report.undecided.first().map(|why| subject.words(why)).unwrap_or_default();
            format!("{}: {why}", subject.question())
        }
    };
    format!("{file}{color}{}{}: {what}", verdict_name(report.verdict), palette.reset)
}

fn write_cases(
    subject: &WorkloadSubject<'_>,
    found: &Found,
    most: usize,
    palette: &Palette,
    out: &mut String,
) {
    let name = found.anomaly.name;
    // What is no violation is worth knowing, and looks like it.
    let (label, color) = match found.violates {
        true => ("anomaly", palette.bad),
        false => ("allowed", palette.label),
    };
    let reset = palette.reset;
    for example in found.examples.iter().take(most) {
        let place = example.operations.first().map_or(String::new(), |&operation| {
            let record = subject.history[operation].invoked;
            let line =
                subject.line(operation).map_or(String::new(), |line| format!(", line {line}"));
            format!(" (record {record}{line})")
        });
        putln!(out, "  {color}{label}{reset}  {name}: {}{place}", subject.case(example));
    }
    let shown = found.examples.len().min(most);
    if found.count > shown {
        putln!(
            out,
            "  {color}{label}{reset}  {name}: {} more",
            with_thousands(found.count - shown)
        );
    }
}

fn durations(quantiles: &Quantiles) -> String {
    let shown = Quantiles::NAMES.iter().zip(quantiles.nanoseconds);
    let shown: Vec<String> =
        shown.map(|(name, time)| format!("{name} {}", duration_phrase(time.into()))).collect();
    shown.join(", ")
}

fn grouped(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    sign.to_owned() + &with_thousands(usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX))
}
