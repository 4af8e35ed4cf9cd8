//! The stores that run interactive transactions: what is said of the levels of their histories,
//! against the true graph of dependencies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use histcheck::history::Value;
use histcheck::isolation::{self, Kind, Level, Status, proof};
use histcheck::store::{Dependencies, Plan, TRANSACTIONAL, Transactional};
use rayon::prelude::*;

use crate::measure::Seeds;
use crate::page::keep_page;

/// Of so many histories, the proofs of one are verified.
const VERIFIED: u64 = 20;

/// What came of one store.
pub struct Row {
    store: &'static Transactional,
    runs: u64,
    /// In how many runs the store was not strictly serializable, by its own account,
    manifest: u64,
    /// in how many of those that was found,
    found: u64,
    /// and in how many a client cannot see it, as an order of all transactions shows.
    hidden: u64,
    undecided: u64,
    /// How often the anomaly that was named first is one that the store may show.
    right: u64,
    /// How often each anomaly was named first.
    names: BTreeMap<&'static str, u64>,
    /// What must not be.
    pub wrong: Vec<String>,
}

/// What came of one run.
struct Outcome {
    is_strict: bool,
    status: Status,
    name: Option<Kind>,
    wrong: Vec<String>,
}

/// Runs `store`.
pub fn row(store: &'static Transactional, seeds: &Seeds) -> Row {
    let runs = if store.preset.is_correct() { seeds.correct } else { seeds.faulty };
    let outcomes: Vec<Outcome> = (seeds.from..seeds.from + runs)
        .into_par_iter()
        .map(|seed| {
            let mut plan = Plan::new(&store.preset, seed);
            for (name, setting) in &seeds.knobs {
                plan.set(name, setting).expect("a setting");
            }
            outcome(store, &plan, seed)
        })
        .collect();
    let mut row = Row {
        store,
        runs,
        manifest: 0,
        found: 0,
        hidden: 0,
        undecided: 0,
        right: 0,
        names: BTreeMap::new(),
        wrong: Vec::new(),
    };
    for outcome in outcomes {
        let is_found = outcome.status == Status::RuledOut;
        row.manifest += u64::from(!outcome.is_strict);
        row.found += u64::from(is_found);
        row.undecided += u64::from(matches!(outcome.status, Status::Undecided(_)));
        row.hidden += u64::from(!outcome.is_strict && matches!(outcome.status, Status::Holds(_)));
        if let Some(kind) = outcome.name.filter(|_| is_found) {
            *row.names.entry(kind.name()).or_default() += 1;
            row.right += u64::from(is_shown(store, kind));
        }
        row.wrong.extend(outcome.wrong);
    }
    row
}

/// Returns whether a store may show an anomaly, by its name or its title, or by what the store
/// calls it: two reads of a key that differ are `internal`, and a dirty update shows as G1a.
fn is_shown(store: &Transactional, kind: Kind) -> bool {
    let title = kind.title().replace(' ', "-");
    let other = match kind {
        Kind::NonRepeatableRead => "internal",
        Kind::DirtyUpdate => "G1a",
        kind => kind.name(),
    };
    let names = [kind.name(), &title, other];
    store.preset.shows.iter().any(|shown| names.contains(shown))
}

/// Returns whether the store promises a level, or kept it in this run.
fn is_kept(store: &Transactional, truth: &Dependencies, level: Level) -> bool {
    let promised = store.satisfies.iter().filter_map(|name| Level::parse(name));
    let is_list = store.preset.name.starts_with("list-append");
    // The store's levels by these names keep the order of sessions; and where a transaction appends
    // several times, it counts one version, and the check each.
    let is_other = ["read-atomic", "causal", "prefix", "parallel-snapshot-isolation"]
        .contains(&level.name())
        || is_list && !store.satisfies.contains(&level.name());
    promised.into_iter().any(|other| other.implies(level))
        || !is_other && truth.holds(level.name()) == Some(true)
}

fn outcome(store: &'static Transactional, plan: &Plan, seed: u64) -> Outcome {
    let (history, truth) = plan.history_and_dependencies().expect("a system");
    let report = isolation::check(&history, &isolation::Options::default()).expect("transactions");
    let strict = Level::all().next_back().expect("a level");
    let is_out = |level: &Level| report.statuses[level.index()] == Status::RuledOut;
    let kept = Level::all().filter(|&level| is_kept(store, &truth, level));
    let mut wrong: Vec<String> = kept
        .filter(is_out)
        .map(|level| format!("{}: {} is ruled out, and holds", plan.replay(), level.name()))
        .collect();
    let is_strict = truth.holds(strict.name()) == Some(true);
    if !is_strict && store.satisfies.contains(&strict.name()) {
        wrong.push(format!("{}: the store breaks", plan.replay()));
    }
    if seed.is_multiple_of(VERIFIED) {
        let verified = proof::verify(&report, Value::NULL).wrong.into_iter();
        wrong.extend(verified.map(|what| format!("{}: {what}", plan.replay())));
    }
    let name = report.found.iter().find(|found| found.rules_out.contains(&strict));
    Outcome {
        is_strict,
        status: report.statuses[strict.index()].clone(),
        name: name.map(|found| found.kind),
        wrong,
    }
}

/// The share of right names, and all names that were given.
fn cells(row: &Row) -> (String, String) {
    let right = match row.found {
        0 => "–".to_owned(),
        found => format!("{:.1}%", row.right as f64 * 100.0 / found as f64),
    };
    let mut names: Vec<_> = row.names.iter().collect();
    names.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let names: Vec<String> = names.iter().map(|(name, count)| format!("{name} {count}")).collect();
    (right, names.join(", "))
}

/// A row in one line, for a terminal.
pub fn line(row: &Row) -> String {
    let (right, names) = cells(row);
    let Row { runs, manifest, found, hidden, undecided, .. } = row;
    format!(
        "{:40} runs {runs:5}  manifest {manifest:4}  found {found:4}  hidden {hidden:3}  \
         undecided {undecided:3}  right {right:>6}  {names}",
        row.store.preset.name,
    )
}

/// All rows together.
pub fn summary(rows: &[Row]) -> String {
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let (found, right) = (sum(|row| row.found), sum(|row| row.right));
    let share = if found == 0 { 0.0 } else { right as f64 * 100.0 / found as f64 };
    format!(
        "{} stores of transactions, {} runs: {} not strictly serializable, {} of them found, {} \
         hidden from clients, {} not decided; the right name first in {share:.1} % of those found; \
         levels that hold and were ruled out, and proofs that do not hold: {}",
        rows.len(),
        sum(|row| row.runs),
        sum(|row| row.manifest),
        found,
        sum(|row| row.hidden),
        sum(|row| row.undecided),
        rows.iter().map(|row| row.wrong.len()).sum::<usize>(),
    )
}

/// Writes the table into its document.
pub fn write(rows: &[Row], seeds: &Seeds) {
    let mut text = format!("Seeds from {} on. {}.\n\n", seeds.from, summary(rows));
    text += "| preset | never ruled out | runs | manifest | found | hidden | undecided \
             | right name | named first |\n|---|---|---|---|---|---|---|---|---|\n";
    for row in rows {
        let (right, names) = cells(row);
        let Row { store, runs, manifest, found, hidden, undecided, .. } = row;
        let levels: Vec<String> =
            store.satisfies.iter().map(|level| format!("`{level}`")).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {runs} | {manifest} | {found} | {hidden} | {undecided} | {right} \
             | {names} |",
            store.preset.name,
            levels.join(", "),
        );
    }
    keep_page("DIAGNOSIS.md", "diagnosis", &[("transactions", text)])
        .expect("the page can be written");
}

/// All stores whose names contain `part`.
pub fn rows(part: &str, seeds: &Seeds) -> Vec<Row> {
    let stores = TRANSACTIONAL.iter().filter(|store| store.preset.name.contains(part));
    stores
        .map(|store| {
            let row = row(store, seeds);
            println!("{}", line(&row));
            row
        })
        .collect()
}
