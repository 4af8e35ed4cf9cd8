//! The report on isolation levels for people.

use histcheck_history::putln;

use super::steps::Names;
use super::{Isolation, IsolationSoFar};
use crate::caveats::Caveat;
use crate::check::StopReason;
use crate::history::Outcome;
use crate::isolation::{Asked, Evidence, Found, LEVELS, Level, Report, Status};
use crate::report::{Detail, Palette};
use crate::words::{counted, printable, value_phrase, with_thousands};

/// Returns the verdict in one line, without its line break.
pub fn isolation_line(subject: &Isolation<'_>, palette: &Palette) -> String {
    let file = subject.file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    let (color, word) = match subject.answer().0 {
        Status::Holds(_) => (palette.good, "valid"),
        Status::RuledOut => (palette.bad, "invalid"),
        Status::Undecided(_) => (palette.unsure, "unknown"),
    };
    format!("{file}{color}{word}{}: {}", palette.reset, verdict(subject))
}

/// Returns the answer to what was asked, without the word that stands for it.
pub(in crate::report) fn verdict(subject: &Isolation<'_>) -> String {
    let (status, by) = subject.answer();
    let name = asked_name(subject.asked);
    match status {
        Status::Holds(_) => {
            format!("{}, {name}", counted(subject.report.transactions.len(), "transaction"))
        }
        Status::RuledOut => {
            let why = by
                .first()
                .map_or(String::new(), |found| format!(": {}", named(subject.report, found)));
            format!("not {name}{why}")
        }
        Status::Undecided(reason) => format!("{name} is not decided: {}", reason.in_words()),
    }
}

/// Returns what was asked: the name of a level, or `free of G0, G1a`.
pub(in crate::report) fn asked_name(asked: &Asked) -> String {
    match asked {
        Asked::Level(level, _) => level.name().to_owned(),
        Asked::Anomalies(names) => format!("free of {}", printable(&names.join(", "))),
    }
}

/// Returns the name of an anomaly, and what people call it.
pub(in crate::report) fn named(report: &Report<'_>, found: &Found) -> String {
    let (name, title) = (found.kind.name(), report.title(found));
    if name.replace('-', " ") == title.replace('-', " ") {
        name.to_owned()
    } else {
        format!("{name} ({title})")
    }
}

/// Returns what the report says behind the verdict.
pub fn isolation_details(subject: &Isolation<'_>, detail: Detail, palette: &Palette) -> String {
    let mut out = String::new();
    if detail == Detail::Verdict {
        return out;
    }
    let found = &subject.report.found;
    for found in found.iter().take(subject.most) {
        anomaly(subject, found, palette, &mut out);
    }
    if found.len() > subject.most {
        let more = with_thousands(found.len() - subject.most);
        putln!(out, "  and {more} more (--max-anomalies)");
    }
    if detail == Detail::Keys {
        table(subject, palette, &mut out);
    } else {
        levels(subject, palette, &mut out);
    }
    notes(subject, palette, &mut out);
    out
}

/// Returns the status of the level that is asked for in one line, where the others were not
/// decided.
pub fn isolation_asked_line(
    so_far: &IsolationSoFar,
    file: Option<&str>,
    palette: &Palette,
) -> String {
    let IsolationSoFar { level, is_ruled_out, transactions, .. } = *so_far;
    let file = file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    let (level, reset) = (level.name(), palette.reset);
    if is_ruled_out {
        return format!("{file}{}invalid{reset}: not {level}", palette.bad);
    }
    format!("{file}{}valid{reset}: {}, {level}", palette.good, counted(transactions, "transaction"))
}

/// Returns what rules out levels of transactions that are followed.
pub fn isolation_violation(subject: &Isolation<'_>, palette: &Palette) -> String {
    let mut out = String::new();
    for found in &subject.report.found {
        anomaly(subject, found, palette, &mut out);
    }
    out
}

/// Returns the end of transactions that `reason` ended before they were over, in one line, without
/// its line break.
pub fn isolation_interrupted_line(
    so_far: &IsolationSoFar,
    reason: StopReason,
    palette: &Palette,
) -> String {
    let IsolationSoFar { level, is_ruled_out, transactions, decided, .. } = *so_far;
    let (level, reset) = (level.name(), palette.reset);
    let read = counted(transactions, "transaction");
    if is_ruled_out {
        return format!("{}invalid{reset}: not {level}; {reason} after {read}", palette.bad);
    }
    let known = match decided {
        0 => format!("{level} was not decided"),
        _ if decided == transactions => format!("they do not rule out {level}"),
        _ => format!("the first {} do not rule out {level}", with_thousands(decided)),
    };
    format!("{}unknown{reset}: {reason} after {read}; {known}", palette.unsure)
}

fn anomaly(subject: &Isolation<'_>, found: &Found, palette: &Palette, out: &mut String) {
    let times = match found.count {
        1 => String::new(),
        count => format!(", {} times", with_thousands(count)),
    };
    let weakest = weakest(&found.rules_out);
    let rules_out = if weakest.is_empty() {
        String::new()
    } else {
        format!("; rules out {} and stronger levels", list(&weakest))
    };
    putln!(
        out,
        "  {}{}{}{times}{rules_out}",
        palette.bad,
        named(subject.report, found),
        palette.reset
    );
    let names = Names::of(&found.evidence);
    for t in names.all() {
        putln!(out, "    {} {}", names.name(t), subject.transaction(t, &names));
    }
    match &found.evidence {
        Evidence::Cycle(steps) => {
            for (at, step) in steps.iter().enumerate() {
                let joint = if at == 0 { "    because" } else { "        and" };
                putln!(out, "{joint} {}", subject.step(step, &names));
            }
        }
        other => putln!(out, "    because {}", subject.evidence(other, &names)),
    }
}

/// Returns the levels of `all` that no other one of them is implied by the negation of.
pub(in crate::report) fn weakest(all: &[Level]) -> Vec<Level> {
    let follows = |level: &Level| all.iter().any(|other| other != level && level.implies(*other));
    all.iter().copied().filter(|level| !follows(level)).collect()
}

/// Returns the names of levels.
pub(in crate::report) fn list(levels: &[Level]) -> String {
    let names: Vec<&str> = levels.iter().map(|level| level.name()).collect();
    names.join(", ")
}

fn levels(subject: &Isolation<'_>, palette: &Palette, out: &mut String) {
    let mut row = |label: &str, levels: &[Level], rest: &str| {
        if !levels.is_empty() {
            let label_style = palette.label;
            putln!(out, "  {label_style}{label:<9}{} {}{rest}", palette.reset, list(levels));
        }
    };
    let holds = subject.telling(|status| matches!(status, Status::Holds(_)), true);
    let ruled_out = subject.telling(|status| *status == Status::RuledOut, false);
    let undecided: Vec<Level> = Level::all()
        .filter(|level| matches!(subject.report.statuses[level.index()], Status::Undecided(_)))
        .collect();
    row("holds", &holds, ", and all weaker levels");
    row("ruled out", &ruled_out, ", and all stronger levels");
    row("undecided", &undecided, "");
}

/// Writes the status of every level.
fn table(subject: &Isolation<'_>, palette: &Palette, out: &mut String) {
    let width = LEVELS.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for level in Level::all() {
        let status = match &subject.report.statuses[level.index()] {
            Status::Holds(_) => format!("{}holds{}", palette.good, palette.reset),
            Status::RuledOut => {
                let by = subject.report.found.iter().find(|one| one.rules_out.contains(&level));
                let by = by.map_or(String::new(), |found| format!(" by {}", found.kind.name()));
                format!("{}ruled out{}{by}", palette.bad, palette.reset)
            }
            Status::Undecided(reason) => {
                format!("{}undecided{}: {}", palette.unsure, palette.reset, reason.in_words())
            }
        };
        putln!(out, "  {}{:<width$}{}  {status}", palette.label, level.name(), palette.reset);
    }
}

/// Writes how many transactions there are, what became of the proofs, and of what no use is made.
fn notes(subject: &Isolation<'_>, palette: &Palette, out: &mut String) {
    putln!(out, "  {}{:<9}{} {}", palette.label, "history", palette.reset, counts(subject));
    let read_as = subject.read_as().in_words();
    putln!(out, "  {}{:<9}{} {read_as}", palette.label, "read as", palette.reset);
    if let Some(fact) = proofs(subject) {
        putln!(out, "  {}{:<9}{} {fact}", palette.label, "proofs", palette.reset);
    }
    if let Some([read, check]) = subject.timings.map(|times| times.map(|time| time.as_secs_f64())) {
        let label = palette.label;
        let times = format!("{read:.3} s to read, {check:.3} s to check and explain");
        putln!(out, "  {label}{:<9}{} {times}", "time", palette.reset);
    }
    if let Some(assumed) = subject.report.options.keys.in_words() {
        putln!(out, "  {}{:<9}{} {assumed}", palette.label, "assumed", palette.reset);
    }
    if let Some(warning) = set_aside(subject) {
        putln!(out, "  {}{:<9}{} {warning}", palette.unsure, "warning", palette.reset);
    }
    for Caveat { kind, message, .. } in subject.caveats() {
        let (warning, code) = (palette.unsure, kind.code());
        putln!(out, "  {warning}{:<9}{} {message} ({code})", "warning", palette.reset);
    }
}

/// Returns what there is to know of a history beside its levels, a sentence each without its end.
#[cfg(feature = "figures")]
pub(in crate::report) fn facts(subject: &Isolation<'_>) -> Vec<String> {
    let proofs = proofs(subject).map(|fact| format!("proofs: {fact}"));
    let assumed = subject.report.options.keys.in_words().map(|words| format!("assumed: {words}"));
    [Some(counts(subject)), proofs, assumed, set_aside(subject)].into_iter().flatten().collect()
}

/// Returns how many transactions there are, and how they ended.
fn counts(subject: &Isolation<'_>) -> String {
    let transactions = &subject.report.transactions;
    let count = |outcome: Outcome| {
        transactions.all().filter(|&t| transactions.outcome(t) == outcome).count()
    };
    let (committed, aborted) = (count(Outcome::Ok), count(Outcome::Fail));
    let unknown = transactions.len() - committed - aborted;
    let mut fact = format!(
        "{} of {} on {}",
        counted(transactions.len(), "transaction"),
        counted(transactions.session_count(), "process"),
        counted(transactions.keys.len(), "key")
    );
    if aborted > 0 {
        fact += &format!(", {} aborted", with_thousands(aborted));
    }
    if unknown > 0 {
        let seen = with_thousands(subject.report.seen);
        fact += &format!(
            ", {} of unknown outcome ({seen} seen by others, so committed)",
            with_thousands(unknown)
        );
    }
    fact
}

/// Returns what became of the proofs, if they were verified.
fn proofs(subject: &Isolation<'_>) -> Option<String> {
    let verified = subject.verified.as_ref()?;
    Some(format!(
        "{} verified, {} too large, {} wrong",
        with_thousands(verified.confirmed),
        with_thousands(verified.too_large),
        with_thousands(verified.wrong.len())
    ))
}

/// Returns of which keys no use is made, if there are some.
pub(in crate::report) fn set_aside(subject: &Isolation<'_>) -> Option<String> {
    let aside = &subject.report.set_aside;
    if aside.is_empty() {
        return None;
    }
    let shown: Vec<String> =
        aside.iter().take(5).map(|&key| value_phrase(subject.history(), key)).collect();
    let more = if aside.len() > 5 { ", …" } else { "" };
    Some(format!(
        "several transactions wrote the same value to {} ({}{more}): reads of these do not say \
         from whom they are, and are not used",
        counted(aside.len(), "key"),
        shown.join(", ")
    ))
}
