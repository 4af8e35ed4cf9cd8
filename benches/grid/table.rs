//! Tables in Markdown.

use std::time::Duration;

use super::cells::{Cell, Kind};
use super::measure::Run;
use super::objects;

/// How many of the slowest runs are listed.
const SLOWEST: usize = 20;

/// Prints which objects there are.
pub fn objects() {
    println!("| object | model | values |");
    println!("|---|---|---|");
    for name in objects::names() {
        let values = if objects::has_values(name) { "distinct, few" } else { "" };
        println!("| `{name}` | `{}` | {values} |", objects::model(name));
    }
}

/// Prints everything about the runs.
pub fn all(runs: &[Run], timeout: Duration, details: bool) {
    summary(runs, timeout);
    if details {
        println!();
        by_cell(runs);
    }
    let undecided: Vec<&Run> = runs.iter().filter(|run| !run.is_decided()).collect();
    println!("\n{} of {} histories are not decided.", undecided.len(), runs.len());
    if !undecided.is_empty() {
        println!();
        list(&undecided);
    }
    let mut slowest: Vec<&Run> = runs.iter().filter(|run| run.is_decided()).collect();
    slowest.sort_by_key(|run| std::cmp::Reverse(run.time));
    slowest.truncate(SLOWEST);
    println!("\nThe slowest of those that are decided:\n");
    list(&slowest);
}

/// Splits the runs where the key changes.
fn groups<K: PartialEq>(runs: &[Run], key: impl Fn(&Cell) -> K) -> impl Iterator<Item = &[Run]> {
    runs.chunk_by(move |one, other| key(&one.cell) == key(&other.cell))
}

/// A row for each object and size.
fn summary(runs: &[Run], timeout: Duration) {
    let limit = timeout.as_secs_f64();
    println!(
        "| {:<20} | {:>10} | {:>11} | {:>11} | {:>10} | {:>7} | {:>7} | {:>7} |",
        "object", "operations", "valid", "one wrong", "of it inv.", "median", "worst", "memory"
    );
    println!(
        "|{:-<22}|{:->11}:|{:->12}:|{:->12}:|{:->11}:|{:->8}:|{:->8}:|{:->8}:|",
        "", "", "", "", "", "", "", ""
    );
    let (mut decided, mut total) = (0, 0);
    for group in groups(runs, |cell| (cell.object, cell.operations)) {
        let cell = group[0].cell;
        let invalid = group.iter().filter(|run| run.verdict == "invalid").count();
        println!(
            "| {:<20} | {:>10} | {:>11} | {:>11} | {invalid:>10} | {:>7} | {:>7} | {:>7} |",
            format!("`{}`", cell.object),
            cell.operations,
            share(group, Kind::Valid),
            share(group, Kind::Wrong),
            median(group),
            worst(group),
            memory(group.iter().map(|run| run.memory).max().unwrap_or(0)),
        );
        decided += group.iter().filter(|run| run.is_decided()).count();
        total += group.len();
    }
    println!("\n{decided} of {total} histories are decided in {limit} s each.");
}

/// A row for each kind of history.
fn by_cell(runs: &[Run]) {
    println!(
        "| object | operations | clients | crashed | values | kind | decided | median | worst |"
    );
    println!("|---|---:|---:|---:|---|---|---:|---:|---:|");
    for group in groups(runs, |cell| *cell) {
        let Cell { object, operations, clients, crashed, values, kind, .. } = group[0].cell;
        println!(
            "| `{object}` | {operations} | {clients} | {crashed} % | {values} | {kind} | {} | {} \
             | {} |",
            share(group, kind),
            median(group),
            worst(group),
        );
    }
}

fn list(runs: &[&Run]) {
    println!(
        "| object | operations | clients | crashed | values | kind | seed | verdict | time | memory |"
    );
    println!("|---|---:|---:|---:|---|---|---:|---|---:|---:|");
    for run in runs {
        let Cell { object, operations, clients, crashed, values, kind, .. } = run.cell;
        println!(
            "| `{object}` | {operations} | {clients} | {crashed} % | {values} | {kind} | {} | {} \
             | {} | {} |",
            run.seed,
            run.verdict,
            time(run.time),
            memory(run.memory),
        );
    }
}

/// How many of the histories of that kind are decided, such as `35/36`.
fn share(runs: &[Run], kind: Kind) -> String {
    let total = runs.iter().filter(|run| run.cell.kind == kind);
    let decided = total.clone().filter(|run| run.is_decided()).count();
    match total.count() {
        0 => String::new(),
        total if total == decided => format!("{decided}/{total}"),
        total => format!("**{decided}**/{total}"),
    }
}

fn median(runs: &[Run]) -> String {
    let mut times: Vec<Duration> = runs.iter().map(|run| run.time).collect();
    times.sort();
    time(times[times.len() / 2])
}

fn worst(runs: &[Run]) -> String {
    time(runs.iter().map(|run| run.time).max().unwrap_or_default())
}

/// Returns the time with three significant digits.
fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        0.0..9.995 => format!("{milliseconds:.2} ms"),
        0.0..99.95 => format!("{milliseconds:.1} ms"),
        0.0..999.5 => format!("{milliseconds:.0} ms"),
        0.0..9_995.0 => format!("{:.2} s", milliseconds / 1e3),
        _ => format!("{:.1} s", milliseconds / 1e3),
    }
}

fn memory(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
