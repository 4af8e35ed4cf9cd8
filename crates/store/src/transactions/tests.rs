//! Every store under many seeds against the true graph of its dependencies: it satisfies its levels
//! always, and shows nothing but what it is said to show; the faulty ones do so in some runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dependencies, DependencyKind, LEVELS, World};
use crate::knobs::{Crash, Knobs, Workload};
use crate::presets::{TRANSACTIONAL, Transactional};
use crate::recording::{Outcome, Records, Shown};
use crate::world::links;

const SEEDS: u64 = 24;

fn run(knobs: &Knobs, seed: u64) -> (Records, Dependencies) {
    World::new(knobs, links(knobs), seed, true).run(|_| {})
}

/// Levels that `truth` does not satisfy though a store that satisfies these does.
fn broken(truth: &Dependencies, levels: &[&'static str]) -> Vec<&'static str> {
    levels.iter().copied().filter(|level| truth.holds(level) != Some(true)).collect()
}

/// The level that each store which shows anything breaks, the weakest that tells it from a right
/// one, and in how many of all seeds it does so at least.
const BREAKS: &[(&str, &str, u64)] = &[
    ("read-uncommitted", "read-committed", 24),
    ("dirty-writes", "read-uncommitted", 12),
    ("aborted-writes", "read-committed", 24),
    ("read-committed", "cursor-stability", 12),
    ("read-committed-versions", "cursor-stability", 12),
    ("cursor-stability", "repeatable-read", 24),
    ("si", "serializable", 20),
    ("si-lost-update", "snapshot-isolation", 24),
    ("si-read-skew", "snapshot-isolation", 20),
    ("followers", "strict-serializable", 12),
    ("followers-without-sessions", "strong-session-serializable", 8),
    ("followers-ssi", "serializable", 1),
    ("psi", "snapshot-isolation", 4),
    ("psi-claims", "snapshot-isolation", 4),
    ("causal", "parallel-snapshot-isolation", 24),
    ("causal-roaming", "parallel-snapshot-isolation", 24),
    ("read-your-writes", "causal", 4),
    ("monotonic-reads", "read-atomic", 20),
    ("no-sessions", "read-atomic", 20),
    ("read-atomic", "causal", 3),
    ("fractured-reads", "read-atomic", 24),
    ("two-phase-commit-impatient", "strict-serializable", 12),
    ("one-phase-commit", "serializable", 12),
];

#[test]
fn every_store_runs_over_lists_and_over_registers() {
    for (lists, registers) in Transactional::pairs() {
        assert_eq!(lists.store(), registers.store());
        assert_eq!(lists.preset.story, registers.preset.story);
        assert!(lists.preset.name.starts_with("list-append-"));
        assert!(registers.preset.name.starts_with("rw-register-"));
    }
}

#[test]
fn every_store_satisfies_its_levels_and_shows_its_fault() {
    for store in TRANSACTIONAL {
        let Transactional { preset, satisfies } = store;
        let knobs = preset.knobs();
        let breaks = BREAKS.iter().find(|one| one.0 == store.store());
        assert_eq!(breaks.is_none(), preset.is_correct(), "{}", preset.name);
        let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
        let mut count = 0;
        for seed in 0..SEEDS {
            let (_, truth) = run(&knobs, seed);
            assert_eq!(broken(&truth, satisfies), [""; 0], "{}, seed {seed}", preset.name);
            for name in truth.phenomena() {
                *seen.entry(name).or_default() += 1;
            }
            count += u64::from(breaks.is_some_and(|one| truth.holds(one.1) == Some(false)));
        }
        let said: BTreeSet<&str> = preset.shows.iter().copied().collect();
        let others: Vec<_> = seen.keys().filter(|name| !said.contains(*name)).collect();
        assert!(others.is_empty(), "{} shows {others:?}, too", preset.name);
        println!("{}: {count} of {SEEDS} break {breaks:?}, {seen:?}", preset.name);
        assert!(breaks.is_none_or(|one| count >= one.2), "{}: {count}", preset.name);
        // A quarter of all seeds, of the rarest fault.
        let usual = preset.shows.first().map(|name| seen.get(name).copied().unwrap_or(0));
        assert!(usual.is_none_or(|count| 4 * count >= SEEDS), "{}: {seen:?}", preset.name);
    }
}

#[test]
fn levels_are_known_and_follow_from_stronger_ones() {
    for Transactional { preset, satisfies } in TRANSACTIONAL {
        for level in *satisfies {
            assert!(LEVELS.contains(level), "{}: {level}", preset.name);
        }
    }
    const STRONGER: &[(&str, &str)] = &[
        ("strict-serializable", "strong-session-serializable"),
        ("strict-serializable", "strong-snapshot-isolation"),
        ("strong-session-serializable", "serializable"),
        ("strong-session-serializable", "strong-session-snapshot-isolation"),
        ("serializable", "repeatable-read"),
        ("serializable", "snapshot-isolation"),
        ("strong-snapshot-isolation", "strong-session-snapshot-isolation"),
        ("strong-session-snapshot-isolation", "snapshot-isolation"),
        ("strong-session-snapshot-isolation", "parallel-snapshot-isolation"),
        ("strong-session-snapshot-isolation", "prefix"),
        ("parallel-snapshot-isolation", "causal"),
        ("prefix", "causal"),
        ("causal", "read-atomic"),
        ("read-atomic", "read-committed"),
        ("snapshot-isolation", "cursor-stability"),
        ("repeatable-read", "cursor-stability"),
        ("cursor-stability", "read-committed"),
        ("read-committed", "read-uncommitted"),
    ];
    for store in TRANSACTIONAL {
        for seed in 100..104 {
            let (_, truth) = run(&store.preset.knobs(), seed);
            let holds: BTreeMap<_, _> =
                LEVELS.iter().map(|level| (*level, truth.holds(level))).collect();
            for (stronger, weaker) in STRONGER {
                assert!(holds[stronger] <= holds[weaker], "{}, seed {seed}", store.preset.name);
            }
        }
    }
}

#[test]
fn right_stores_stay_right_when_everything_breaks() {
    let network = "loss=2% duplication=3% reordering=yes slow=3% keys=5 think=1ms fault-every=30ms";
    for (settings, level) in [
        ("", "strict-serializable"),
        ("victim=oldest crash=all", "strict-serializable"),
        ("victim=requester crash=primary", "strict-serializable"),
        ("lock-ahead=yes crash=primary partition=halves", "strict-serializable"),
        ("read-locks=cursor crash=primary rollbacks=10%", "cursor-stability"),
        ("read-locks=short crash=primary rollbacks=10%", "read-committed"),
        ("read-locks=none crash=primary rollbacks=10%", "read-uncommitted"),
        ("engine=versions crash=primary", "strong-snapshot-isolation"),
        ("engine=versions crash=node read-check=pivots", "strict-serializable"),
        (
            "engine=versions crash=node read-check=validate reads-from=any connection=any \
             partition=halves",
            "strong-session-serializable",
        ),
        ("engine=sites crash=node partition=halves", "parallel-snapshot-isolation"),
        ("engine=sites crash=node partition=halves home-writes=no", "parallel-snapshot-isolation"),
        ("engine=sites crash=node partition=ring nodes=5 write-check=no connection=any", "causal"),
        ("engine=shards crash=node partition=halves", "strict-serializable"),
        ("engine=shards crash=all nodes=4", "strict-serializable"),
    ] {
        for workload in ["list-append", "rw-register"] {
            let knobs = Knobs::of(&format!("workload={workload} {network} {settings}"));
            for seed in 0..SEEDS / 2 {
                let (records, truth) = run(&knobs, seed);
                assert_eq!(truth.holds(level), Some(true), "{workload} {settings}, {seed}");
                let ok = records.outcomes().iter().filter(|one| **one == Outcome::Ok).count();
                assert!(ok > 10, "{workload} {settings}, {seed}: only {ok} are ok");
            }
        }
    }
}

#[test]
fn a_seed_means_the_same_history() {
    for name in ["list-append-ssi", "rw-register-causal-roaming", "list-append-one-phase-commit"] {
        let knobs = Transactional::find(name).map(|one| one.preset.knobs()).unwrap_or_default();
        let shown = |seed| format!("{:?}", run(&knobs, seed).0);
        assert_eq!(shown(3), shown(3), "{name}");
        assert_ne!(shown(3), shown(4), "{name}");
    }
}

#[test]
fn deadlocks_are_found_or_time_out() {
    let why = |settings: &str| {
        let knobs = Knobs::of(&format!("workload=list-append keys=5 think=1ms {settings}"));
        let shown: String = (0..4).map(|seed| format!("{:?}", run(&knobs, seed).0)).collect();
        shown.matches("Fail(\"deadlock\")").count()
    };
    assert!(why("victim=youngest") > 20 && why("victim=oldest") > 20);
    assert_eq!((why("victim=none"), why("lock-ahead=yes")), (0, 0));
}

#[test]
fn edges_lead_between_committed_transactions_in_the_order_of_versions() {
    for store in TRANSACTIONAL {
        let (records, truth) = run(&store.preset.knobs(), 7);
        assert_eq!(records.outcomes().len(), truth.committed.len());
        for edge in &truth.edges {
            let ends = [edge.from, edge.to].map(|txn| truth.committed[txn as usize]);
            assert_eq!((ends, edge.from != edge.to), ([true; 2], true), "{edge:?}");
        }
        // Of each version there is one that comes next.
        let ww = truth.edges.iter().filter(|edge| edge.kind == DependencyKind::Ww);
        let mut next: Vec<_> = ww.map(|edge| (edge.key, edge.from)).collect();
        let count = next.len();
        next.sort_unstable();
        next.dedup();
        assert_eq!(next.len(), count, "{}", store.preset.name);
    }
}

/// What clients saw of one key: who appended which element, and which list each transaction read
/// before it appended.
#[derive(Default)]
struct Seen {
    appends: BTreeMap<i64, u32>,
    reads: Vec<(u32, Vec<i64>)>,
}

fn seen_by_clients(records: &Records) -> BTreeMap<i64, Seen> {
    let mut keys: BTreeMap<i64, Seen> = BTreeMap::new();
    for (txn, output) in records.outputs() {
        let Shown::List(steps) = output else { panic!("{output:?}") };
        let mut touched = BTreeSet::new();
        for step in steps.iter() {
            let Shown::List(step) = step else { panic!("{step:?}") };
            let Shown::Int(key) = step[1] else { panic!("{step:?}") };
            let is_first = touched.insert(key);
            let seen = keys.entry(key).or_default();
            match &step[2] {
                Shown::Int(value) => {
                    seen.appends.insert(*value, txn);
                }
                Shown::Many(list) if is_first => seen.reads.push((txn, list.to_vec())),
                _ => {}
            }
        }
    }
    keys
}

/// The dependencies that follow from the longest list of each key that a client read.
fn inferred(records: &Records) -> BTreeSet<(u32, u32, DependencyKind)> {
    let mut edges = BTreeSet::new();
    for Seen { appends, reads } in seen_by_clients(records).values() {
        let longest = reads.iter().max_by_key(|read| read.1.len()).map_or(&[][..], |read| &read.1);
        let mut makers: Vec<u32> = longest.iter().map(|element| appends[element]).collect();
        edges.extend(makers.windows(2).map(|two| (two[0], two[1], DependencyKind::Ww)));
        makers.push(u32::MAX);
        for (reader, list) in reads {
            assert!(longest.starts_with(list), "{list:?} is no prefix of {longest:?}");
            if let Some(last) = list.last() {
                edges.insert((appends[last], *reader, DependencyKind::Wr));
            }
            edges.insert((*reader, makers[list.len()], DependencyKind::Rw));
        }
    }
    edges.retain(|edge| edge.0 != edge.1 && edge.1 != u32::MAX);
    edges
}

#[test]
fn what_clients_see_of_lists_agrees_with_what_happened() {
    for Transactional { preset, satisfies } in TRANSACTIONAL {
        let knobs = preset.knobs();
        let is_told_all = knobs.crash == Crash::None && knobs.loss.0 == 0;
        if knobs.workload != Workload::ListAppend || satisfies.is_empty() || !is_told_all {
            continue;
        }
        for seed in 200..210 {
            let (records, truth) = run(&knobs, seed);
            if truth.holds("read-committed") != Some(true) {
                continue;
            }
            let edges = truth.edges.iter().map(|edge| (edge.from, edge.to, edge.kind));
            let edges: BTreeSet<_> = edges.collect();
            let inferred = inferred(&records);
            let missing: Vec<_> = inferred.difference(&edges).collect();
            assert!(missing.is_empty(), "{}, seed {seed}: {missing:?}", preset.name);
            assert!(2 * inferred.len() > edges.len(), "{}, seed {seed}", preset.name);
        }
    }
}
