//! Counterexamples: every violation that is found is one, by brute force, and what a history is cut
//! down to fails by itself.

use std::collections::BTreeSet;

use histcheck::check::Decision;
use histcheck::explain::Violation;
use histcheck::formats::{self, Format, read_bytes};
use histcheck::history::OpIndex;
use histcheck::history::Settings as Reading;
use histcheck::model::{self, AnyModel, CATALOGUE, Model};
use histcheck::proof::{Erased, Minimality, Refutation, is_minimal, is_sound_projection, refute};
use histcheck::shrink::shrink;
use histcheck::{History, Options, Session, Verdict, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::support::generate::{Settings, random_history};
use crate::support::objects::PERMITS;

/// Partial orders that a refutation may try.
const ORDERS: usize = 300_000;

fn options(name: &str, history: &mut History) -> Options {
    let initial = (name == "semaphore").then(|| history.values_mut().int(PERMITS));
    Options { model: Some(name.to_owned()), initial, threads: 1, ..Options::default() }
}

/// Random histories of a model, most of which fail, with the options to check them.
fn failing(name: &str, count: u64, operations: usize) -> Vec<(History, Options)> {
    let histories = (0..count).map(|seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let settings = Settings {
            operations: rng.random_range(operations / 2..=operations),
            processes: rng.random_range(1..=4),
            values: rng.random_range(2..=8),
            crash: if rng.random_bool(0.5) { 0.0 } else { 0.1 },
            corrupt: 0.3,
        };
        let mut history = random_history(name, &mut rng, &settings);
        let options = options(name, &mut history);
        (history, options)
    });
    histories.collect()
}

/// Verifies all violations of a history without keys.
struct Verifier<'a> {
    history: &'a History,
    violations: &'a [Violation],
    is_complete: bool,
}

impl Verifier<'_> {
    /// How many violations were verified.
    fn run(self, model: &AnyModel) -> usize {
        let Verifier { history, violations, is_complete } = self;
        let all: Vec<_> = history.indices().collect();
        for violation in violations {
            let Violation { core, .. } = violation;
            if let Some(elements) = &violation.remembered {
                let readings = violation.readings(model, history, &all).unwrap();
                let erased = Erased::of(model, &readings, elements).unwrap();
                assert!(erased.is_sound_projection(core), "{violation:?}");
                assert_ne!(erased.refute(core, ORDERS), Refutation::Wrong, "{violation:?}");
                let minimality = erased.is_minimal(core);
                assert!(!matches!(minimality, Minimality::Smaller(_)), "{violation:?}");
                continue;
            }
            let readings = violation.readings(model, history, &all).unwrap();
            let core = if core.is_empty() { all[..readings.len()].to_vec() } else { core.clone() };
            assert!(
                violation.core.is_empty() || core.contains(&violation.operation),
                "{violation:?}"
            );
            assert!(
                violation.core.is_empty() || is_sound_projection(model, &readings, &core),
                "{violation:?}"
            );
            let part: Vec<_> = readings
                .iter()
                .filter(|reading| core.binary_search(&reading.index).is_ok())
                .cloned()
                .collect();
            let refutation = refute(model, &part, ORDERS);
            assert_ne!(refutation, Refutation::Wrong, "{violation:?}");
            if violation.is_minimal {
                let minimality = is_minimal(model, &readings, &core);
                assert!(
                    !matches!(minimality, Minimality::Smaller(_)),
                    "{violation:?} {minimality:?}"
                );
            }
        }
        if is_complete {
            let gone: BTreeSet<OpIndex> = violations
                .iter()
                .flat_map(|violation| violation.alike.iter().copied().chain([violation.operation]))
                .collect();
            let mut rest = model::read(model, history, &all, None).unwrap();
            rest.retain(|reading| {
                !(gone.contains(&reading.index) && model.facts(&reading.op).pure)
            });
            for reading in &mut rest {
                if gone.contains(&reading.index) {
                    let before = Some(reading.span.ret.previous());
                    *reading =
                        model::read(model, history, &[reading.index], before).unwrap().remove(0);
                }
            }
            assert_ne!(refute(model, &rest, ORDERS), Refutation::Confirmed, "not all were found");
        }
        violations.len()
    }
}

#[test]
fn every_violation_is_one() {
    for entry in CATALOGUE {
        let mut several = 0;
        for (history, options) in failing(entry.name, 120, 16) {
            let report = check(&history, &options).unwrap();
            if report.verdict != Verdict::Invalid {
                continue;
            }
            let explanation =
                Session::new(&history, &options).unwrap().explain(&report, 100).unwrap();
            let violations = &explanation.keys[0].violations;
            assert!(!violations.is_empty());
            assert!(violations.is_sorted_by_key(|violation| violation.horizon));
            let model = AnyModel::by_name(
                entry.name,
                options.initial,
                options.model_options,
                history.values(),
            );
            let is_complete = explanation.is_complete && explanation.more == 0;
            let verifier = Verifier { history: &history, violations, is_complete };
            several += usize::from(verifier.run(&model.unwrap()) > 1);
        }
        assert!(several > 3, "{}: {several} histories have several violations", entry.name);
    }
}

fn written(history: &History) -> Vec<u8> {
    let mut bytes = Vec::new();
    formats::write(history, Format::JsonLines, &mut bytes).unwrap();
    bytes
}

/// Cuts a failing history down and checks what it promises; the number of operations left.
fn cut_down(history: &History, options: &Options) -> usize {
    let report = check(history, options).unwrap();
    let failing = |decision: &Decision| decision.verdict() == Verdict::Invalid;
    let key_at = report.keys.iter().position(|key| failing(&key.decision)).unwrap();
    let shrunk = shrink(history, options, &report, key_at, Some("some.jsonl")).unwrap().unwrap();
    let bytes = written(&shrunk.history);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // As a stranger reads it: model and initial value are in its metadata.
    let strangers = Options { model: None, initial: None, ..options.clone() };
    let small = read_bytes(bytes.clone(), Some(Format::JsonLines), Reading::default()).unwrap();
    let again = check(&small, &strangers).unwrap();
    assert_eq!((again.verdict, &again.model), (Verdict::Invalid, &report.model), "{text}");
    let (_, failure) = again.failures().next().unwrap();
    let named = small.metadata_field("operation").and_then(|at| small.values().as_int(at));
    assert_eq!(named, Some(failure.record.index() as i64), "{text}");
    let twice = shrink(&small, &strangers, &again, 0, Some("some.jsonl")).unwrap().unwrap();
    let events = |history: &History| {
        let text = String::from_utf8(written(history)).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(events(&twice.history), events(&small), "cutting down again changes it");
    small.operations().len()
}

#[test]
fn what_is_cut_down_fails_by_itself() {
    for entry in CATALOGUE {
        let mut cut = 0;
        for (history, options) in failing(entry.name, 60, 30) {
            if check(&history, &options).unwrap().verdict == Verdict::Invalid {
                cut_down(&history, &options);
                cut += 1;
            }
        }
        assert!(cut > 10, "{}: only {cut} histories fail", entry.name);
    }
}

#[test]
fn every_known_anomaly_can_be_cut_down() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("histories");
    let mut sizes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        let history = histcheck::read_file(&path).unwrap();
        let options = Options { threads: 1, ..Options::default() };
        if check(&history, &options).unwrap().verdict == Verdict::Invalid {
            sizes.push(cut_down(&history, &options));
        }
    }
    assert!(sizes.len() > 20);
    assert!(sizes.iter().all(|&size| size <= 12), "{sizes:?}");
}

/// A register where one operation comes after the other: `w3` writes 3, `r3` reads it.
fn one_by_one(operations: &[&str]) -> History {
    let mut builder = History::builder();
    for operation in operations {
        let (function, value) = operation.split_at(1);
        let function = if function == "w" { "write" } else { "read" };
        let value: i64 = value.parse().unwrap();
        builder.invoke(0, function, value).unwrap();
        builder.ok(0, function, value).unwrap();
    }
    builder.build().unwrap()
}

fn violations(operations: &[&str]) -> (Vec<Violation>, bool) {
    let history = one_by_one(operations);
    let options = Options::default();
    let report = check(&history, &options).unwrap();
    let explanation = Session::new(&history, &options).unwrap().explain(&report, 10).unwrap();
    (explanation.keys[0].violations.clone(), explanation.is_complete)
}

#[test]
fn a_core_has_what_was_seen_and_what_replaced_it() {
    // The writes of 1 before the last, and all that is not about 1 or 2, go.
    let (found, is_complete) = violations(&["w1", "r1", "w1", "w3", "w1", "r1", "w2", "r1", "r2"]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].operation, &found[0].core), (OpIndex::new(7), &ops([4, 6, 7])));
    assert!(found[0].is_minimal && is_complete);
}

fn ops<const N: usize>(indices: [usize; N]) -> Vec<OpIndex> {
    indices.map(OpIndex::new).to_vec()
}

#[test]
fn one_cause_is_one_violation() {
    let (found, is_complete) =
        violations(&["w1", "w2", "r1", "r2", "r1", "r1", "w1", "r1", "w4", "r7", "r1", "r4"]);
    let cores: Vec<_> = found.iter().map(|violation| violation.core.clone()).collect();
    assert_eq!(cores, [ops([0, 1, 2]), ops([9]), ops([6, 8, 10])]);
    assert_eq!(found[0].alike, ops([4, 5]));
    assert!(is_complete && found.iter().all(|violation| violation.is_minimal));
}

struct Minimal<'a>(&'a History, Vec<OpIndex>);

impl Minimal<'_> {
    fn run(self, model: &AnyModel) -> Minimality {
        let all: Vec<_> = self.0.indices().collect();
        let readings = model::read(model, self.0, &all, None).unwrap();
        is_minimal(model, &readings, &self.1)
    }
}

#[test]
fn a_core_with_too_much_is_not_minimal() {
    let history = one_by_one(&["w1", "w3", "w2", "r1"]);
    let options = Options::default().model_options;
    let model = AnyModel::by_name("register", None, options, history.values()).unwrap();
    assert_eq!(Minimal(&history, ops([0, 2, 3])).run(&model), Minimality::Minimal);
    let all = Minimal(&history, ops([0, 1, 2, 3]));
    assert_eq!(all.run(&model), Minimality::Smaller(ops([0, 2, 3])));
}

#[test]
fn of_a_large_set_one_element_is_enough() {
    let mut builder = History::builder();
    for element in 0..2_000_i64 {
        builder.invoke(0, "add", element).unwrap();
        builder.ok(0, "add", element).unwrap();
    }
    let seen: Vec<i64> = (0..2_000).filter(|&n| n != 77).collect();
    builder.invoke(1, "read", ()).unwrap();
    builder.ok(1, "read", seen).unwrap();
    let history = builder.build().unwrap();
    let options = Options::default();
    let report = check(&history, &options).unwrap();
    let explanation = Session::new(&history, &options).unwrap().explain(&report, 10).unwrap();
    let violation = &explanation.keys[0].violations[0];
    assert_eq!(violation.core, ops([77, 2_000]));
    assert_eq!(violation.remembered.as_ref().map(Vec::len), Some(1));
    assert!(violation.is_minimal);
}
