//! False alarms: histories of the simulated store's serializable engines, with several numbers of
//! clients and keys and with crashes, lost messages and rollbacks, of which no level that holds may
//! be ruled out.
//!
//! `HISTORIES=100000 cargo test --release -p histcheck-isolation --test alarms -- --nocapture`
//! tries so many of them and prints what became of their levels.

#![allow(clippy::unwrap_used)]

use histcheck_history::Value;
use histcheck_isolation::proof::verify;
use histcheck_isolation::{Base, Level, Options, Status, check};
use histcheck_store::{Plan, TRANSACTIONAL, Transactional};

/// Of so many histories, the proofs of one are verified: they take the cube of its size.
const VERIFIED: u64 = 50;

/// What became of all histories.
#[derive(Default)]
struct Tally {
    histories: u64,
    transactions: usize,
    of_unknown_outcome: usize,
    /// Levels that hold by the store's own account: found to hold, and not decided.
    held: u64,
    undecided: u64,
    /// Settings under which the store itself did not keep its level.
    broken: u64,
    /// Proofs that were verified.
    proofs: usize,
    wrong: Vec<String>,
}

/// How many histories are tried.
fn count() -> u64 {
    std::env::var("HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(600)
}

/// Returns the level that every run of a store has, if that is serializable or stronger.
fn serializable(store: &Transactional) -> Option<Level> {
    let levels = store.satisfies.iter().filter_map(|name| Level::parse(name));
    levels.filter(|level| level.base() == Base::Serializable).max()
}

/// Returns the settings of a history; all of them come up for `choice` below 576.
fn settings(choice: u64) -> [(&'static str, &'static str); 6] {
    let mut rest = choice;
    let mut choose = |choices: &[&'static str]| {
        let chosen = choices[(rest % choices.len() as u64) as usize];
        rest /= choices.len() as u64;
        chosen
    };
    [
        ("clients", choose(&["2", "4", "8", "16"])),
        ("crash", choose(&["none", "primary", "node", "all"])),
        ("operations", choose(&["20", "50", "100"])),
        ("keys", choose(&["2", "5", "9"])),
        ("loss", choose(&["0%", "3%"])),
        ("rollbacks", choose(&["0%", "10%"])),
    ]
}

/// Checks one history of a store of which `level` holds.
fn try_one(
    (store, level): (&'static Transactional, Level),
    (nth, choice): (u64, u64),
    tally: &mut Tally,
) {
    let mut plan = Plan::new(&store.preset, nth);
    for (name, setting) in settings(choice) {
        plan.set(name, setting).unwrap();
    }
    plan.set("fault-every", "40ms").unwrap();
    let (history, truth) = plan.history_and_dependencies().unwrap();
    if truth.holds(level.name()) != Some(true) {
        tally.broken += 1;
        return;
    }
    let report = check(&history, &Options::default()).unwrap();
    tally.histories += 1;
    tally.transactions += report.transactions.len();
    let unknown = report.transactions.all().filter(|&t| !report.transactions.is_ok(t)).count();
    tally.of_unknown_outcome += unknown;
    let is_true = |other: &Level| level.implies(*other) || truth.holds(other.name()) == Some(true);
    for other in Level::all().filter(is_true) {
        match &report.statuses[other.index()] {
            Status::Holds(_) => tally.held += 1,
            Status::Undecided(_) => tally.undecided += 1,
            Status::RuledOut => tally.wrong.push(format!("{}: {}", plan.replay(), other.name())),
        }
    }
    if nth.is_multiple_of(VERIFIED) {
        let verified = verify(&report, Value::NULL);
        tally.proofs += verified.confirmed;
        let wrong = verified.wrong.iter().map(|wrong| format!("{}: {wrong}", plan.replay()));
        tally.wrong.extend(wrong);
    }
}

#[test]
fn what_holds_is_not_ruled_out() {
    let stores: Vec<(&'static Transactional, Level)> = TRANSACTIONAL
        .iter()
        .filter_map(|store| serializable(store).map(|level| (store, level)))
        .collect();
    let mut tally = Tally::default();
    for nth in 0..count() {
        // Neighbours are of different stores, and of settings that differ widely.
        let (round, store) = (nth / stores.len() as u64, nth as usize % stores.len());
        try_one(stores[store], (nth, round.wrapping_mul(227) % 576), &mut tally);
    }
    println!(
        "{} histories of {} stores, {} transactions, {} of them aborted or of unknown outcome: {} \
         levels that hold are found to hold, {} not decided, {} ruled out; {} proofs verified; the \
         store broke its own level in {} more",
        tally.histories,
        stores.len(),
        tally.transactions,
        tally.of_unknown_outcome,
        tally.held,
        tally.undecided,
        tally.wrong.len(),
        tally.proofs,
        tally.broken,
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    assert!(tally.histories > count() / 2 && tally.undecided * 100 < tally.held);
}
