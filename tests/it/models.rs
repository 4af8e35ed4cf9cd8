//! The built-in models: what they claim holds, and they agree with plain objects.

use histcheck::history::{Event, EventType, ValueTable};
use histcheck::model::{
    self, AnyModel, AnyOp, CATALOGUE, Entry, Establishes, Kind, Model, ModelOptions, OptionEntry,
    Reading,
};
use histcheck::proof::{Refutation, refute};
use histcheck::{Code, History, Options, Verdict, check_with};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::page::keep_page;
use crate::support::generate::{Settings, random_history};
use crate::support::objects::PERMITS;

const HISTORIES: u64 = 300;

fn by_name(name: &str) -> AnyModel {
    let initial = name.ends_with("semaphore").then(|| ValueTable::small_int(PERMITS).unwrap());
    AnyModel::by_name(name, initial, ModelOptions::default(), &ValueTable::new()).unwrap()
}

fn histories(name: &str, settings: impl Fn(&mut ChaCha8Rng) -> Settings) -> Vec<History> {
    let histories = (0..HISTORIES).map(|seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let settings = settings(&mut rng);
        random_history(name, &mut rng, &settings)
    });
    histories.collect()
}

fn readings<M: Model>(model: &M, history: &History) -> Vec<Reading<M::Op>> {
    let all: Vec<_> = history.indices().collect();
    model::read(model, history, &all, None).unwrap()
}

/// Runs a test on every model, with its name.
fn for_each(test: fn(&'static str, &AnyModel)) {
    for entry in CATALOGUE {
        test(entry.name, &by_name(entry.name));
    }
}

/// All states that may follow any of `states`, without repeats.
fn successors<M: Model>(model: &M, states: &[M::State], op: &M::Op) -> Vec<M::State> {
    let mut nexts: Vec<M::State> = Vec::new();
    for next in states.iter().flat_map(|state| model.step(state, op)) {
        if !nexts.contains(&next) {
            nexts.push(next);
        }
    }
    nexts
}

/// Some states that are reachable by the operations.
fn reachable<M: Model>(model: &M, ops: &[M::Op], rng: &mut ChaCha8Rng) -> Vec<M::State> {
    let mut states = vec![model.initial()];
    for _ in 0..30 {
        let from = states.choose(rng).unwrap().clone();
        let Some(op) = ops.choose(rng) else { break };
        for next in model.step(&from, op) {
            if !states.contains(&next) {
                states.push(next);
            }
        }
    }
    states
}

fn check_facts(name: &'static str, model: &AnyModel) {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut claims = [0; 3];
    for history in histories(name, Settings::small) {
        let ops: Vec<AnyOp> = readings(model, &history).into_iter().map(|r| r.op).collect();
        let mut focused = model.clone();
        focused.focus(&ops);
        for model in [model, &focused] {
            let states = reachable(model, &ops, &mut rng);
            for op in &ops {
                assert_facts(model, op, &states, &mut claims);
            }
        }
    }
    assert!(claims[0] > 0, "{}: nothing is pure", name);
}

fn assert_facts<M: Model>(model: &M, op: &M::Op, states: &[M::State], claims: &mut [u32; 3]) {
    let facts = model.facts(op);
    let mut result: Option<Vec<M::State>> = None;
    for state in states {
        let nexts: Vec<M::State> = model.step(state, op).into_iter().collect();
        let told = || format!("{op:?} from {state:?} to {nexts:?}: {facts:?}");
        if facts.pure {
            claims[0] += 1;
            assert!(nexts.iter().all(|next| next == state), "{}", told());
        }
        if facts.overwrites {
            claims[1] += 1;
            assert_eq!(nexts.len(), 1, "{}", told());
            assert!(result.is_none_or(|result| result == nexts), "{}", told());
            result = Some(nexts.clone());
        }
        if let Some(token) = facts.requires {
            claims[2] += 1;
            let here = model.token(state).expect("requirements are of tokens");
            assert!(here == token || nexts.is_empty(), "{}", told());
        }
        for next in &nexts {
            match facts.establishes {
                Establishes::Unknown => {}
                Establishes::Same => {
                    assert_eq!(model.token(next), model.token(state), "{}", told())
                }
                Establishes::Token(token) => {
                    assert_eq!(model.token(next), Some(token), "{}", told());
                }
            }
        }
    }
}

#[test]
fn facts_hold_in_every_state() {
    for_each(check_facts);
}

fn check_focus(name: &'static str, model: &AnyModel) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut legal, mut illegal) = (0, 0);
    for history in histories(name, Settings::small) {
        let mut ops: Vec<AnyOp> = readings(model, &history).into_iter().map(|r| r.op).collect();
        let mut focused = model.clone();
        focused.focus(&ops);
        for attempt in 0..6 {
            if attempt > 0 {
                ops.shuffle(&mut rng);
            }
            let (mut plain, mut merged) = (vec![model.initial()], vec![focused.initial()]);
            let length = rng.random_range(0..=ops.len());
            for op in &ops[..length] {
                let next = successors(model, &plain, op);
                let next_merged = successors(&focused, &merged, op);
                assert_eq!(
                    next.is_empty(),
                    next_merged.is_empty(),
                    "{}: {op:?} from {plain:?} to {next:?}, from {merged:?} to {next_merged:?} \
                     in {ops:?}",
                    name
                );
                if next.is_empty() {
                    illegal += 1;
                    continue;
                }
                legal += 1;
                (plain, merged) = (next, next_merged);
            }
        }
    }
    assert!(legal > 100 && illegal > 100, "{}: {legal} legal, {illegal} not", name);
}

#[test]
fn focus_changes_no_legality() {
    for_each(check_focus);
}

fn check_sequential(name: &'static str, model: &AnyModel) {
    let honest = |rng: &mut ChaCha8Rng| Settings {
        operations: 12,
        processes: 1,
        corrupt: 0.0,
        crash: 0.0,
        ..Settings::small(rng)
    };
    for history in histories(name, honest) {
        let mut states = vec![model.initial()];
        for reading in readings(model, &history) {
            if !reading.span.has_returned() {
                continue;
            }
            let nexts = successors(model, &states, &reading.op);
            assert!(
                !nexts.is_empty(),
                "{}: the object did {:?} after {states:?}",
                name,
                reading.op
            );
            states = nexts;
        }
    }
}

/// What a plain object does, one operation after the other, the model allows.
#[test]
fn models_allow_what_objects_do() {
    for_each(check_sequential);
}

fn check_search(name: &'static str, model: &AnyModel) {
    let mut counts = [0; 2];
    for history in histories(name, Settings::small) {
        let readings = readings(model, &history);
        let expected = match refute(model, &readings, 100_000) {
            Refutation::Wrong => Verdict::Valid,
            Refutation::Confirmed => Verdict::Invalid,
            Refutation::TooLarge => panic!("{}: a history is too large", name),
        };
        counts[usize::from(expected == Verdict::Invalid)] += 1;
        let options = Options { threads: 1, ..Options::default() };
        let report = check_with(model, &history, &options).unwrap();
        assert_eq!(report.verdict, expected, "{}: {readings:?}", name);
    }
    let [valid, invalid] = counts;
    assert!(valid.min(invalid) * 10 > HISTORIES, "{}: {valid} valid, {invalid} not", name);
}

/// With focus, facts and tokens the search finds what brute force finds without.
#[test]
fn the_search_agrees_with_brute_force() {
    for_each(check_search);
}

/// A crashed write of the value that is there may hide another, which returns later.
#[test]
fn a_crashed_write_of_the_same_value_hides_an_open_one() {
    let mut builder = History::builder();
    builder.invoke(0, "write", 1).unwrap();
    builder.ok(0, "write", 1).unwrap();
    builder.invoke(0, "write", 5).unwrap();
    builder.invoke(1, "write", 1).unwrap();
    builder.invoke(2, "cas", (1, 2)).unwrap();
    builder.ok(2, "cas", (1, 2)).unwrap();
    builder.ok(0, "write", 5).unwrap();
    builder.invoke(2, "read", ()).unwrap();
    builder.ok(2, "read", 2).unwrap();
    let history = builder.build().unwrap();
    let register = model::Register {
        initial: histcheck::history::Value::NULL,
        has_cas: true,
        failed_cas_observes: false,
    };
    let report = check_with(&register, &history, &Options::default()).unwrap();
    assert_eq!(report.verdict, Verdict::Valid);
}

#[test]
fn every_function_of_every_model_is_generated() {
    for entry in CATALOGUE {
        let mut seen: Vec<String> = Vec::new();
        for history in histories(entry.name, Settings::small) {
            seen.extend(history.functions().iter().cloned());
        }
        for function in entry.functions {
            assert!(
                seen.iter().any(|name| name == function.name),
                "{}: `{}` is never generated",
                entry.name,
                function.name
            );
        }
        assert!(seen.iter().all(|name| entry.knows(name)), "{}", entry.name);
    }
}

#[test]
fn every_model_is_documented() {
    let page = include_str!("../../docs/MODELS.md");
    for entry in CATALOGUE {
        let heading = format!("\n### `{}`\n", entry.name);
        let section = page.split(&heading).nth(1);
        let section = section.unwrap_or_else(|| panic!("no section for {}", entry.name));
        let section = section.split("\n### ").next().unwrap();
        for function in entry.functions {
            for name in std::iter::once(&function.name).chain(function.aliases) {
                assert!(section.contains(&format!("`{name}`")), "{}: `{name}`", entry.name);
            }
        }
        assert!(section.contains("Starts from: "), "{}: its initial value", entry.name);
        assert!(section.contains("Crashed: "), "{}: what a crash means", entry.name);
    }
}

/// Returns what the page has from the catalogue: the options of a model and what it costs.
fn options_and_cost(entry: &Entry) -> String {
    let option =
        |OptionEntry { flag, effect }: &OptionEntry| format!("Option: `{flag}` {effect}\n");
    let options: String = entry.options.iter().map(option).collect();
    format!("{options}Cost: {}\n", entry.cost)
}

#[test]
fn the_page_of_models_is_up_to_date() {
    let parts: Vec<(&str, String)> =
        CATALOGUE.iter().map(|entry| (entry.name, options_and_cost(entry))).collect();
    keep_page("MODELS.md", "docs", &parts).unwrap();
}

/// An exact decider makes the cost of a model another one than that of the search.
#[test]
fn costs_name_the_exact_deciders() {
    for entry in CATALOGUE {
        let is_searched = entry.cost.starts_with("the search");
        let model = by_name(entry.name);
        let has_none = matches!(
            model.kind(),
            Kind::Other | Kind::Lock { .. } | Kind::Bank { .. } | Kind::Permits { .. }
        ) && !model.tokens_suffice();
        assert_eq!(is_searched, has_none, "{}: {}", entry.name, entry.cost);
    }
}

fn history_of(operations: &[(&str, i64)]) -> History {
    let mut builder = History::builder();
    for &(function, output) in operations {
        builder.invoke(0, function, 1).unwrap();
        builder.ok(0, function, output).unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn models_are_inferred_from_functions() {
    let inferred = |functions: &[&str]| {
        let operations: Vec<(&str, i64)> = functions.iter().map(|&f| (f, 1)).collect();
        model::infer(&history_of(&operations)).map(|entry| entry.name)
    };
    for (functions, name) in [
        (&["read", "write"][..], "register"),
        (&["read"], "register"),
        (&["read", "write", "cas"], "cas-register"),
        (&["get", "put"], "kv"),
        (&["get", "append"], "kv"),
        (&["get", "put", "append", "delete"], "kv"),
        (&["put", "cas", "get"], "cas-register"),
        (&["put", "cas", "get", "delete"], "kv"),
        (&["write", "delete", "read"], "kv"),
        (&["read", "swap"], "kv"),
        (&["get", "put", "inc"], "kv"),
        (&["get", "inc"], "counter"),
        (&["read", "delete", "add"], "set"),
        (&["txn"], "multi-register"),
        (&["add", "read"], "counter"),
        (&["add", "contains"], "set"),
        (&["try-acquire", "unlock"], "mutex"),
        (&["enqueue", "dequeue"], "fifo-queue"),
        (&["enqueue"], "fifo-queue"),
        (&["push", "pop"], "stack"),
        (&["insert", "delete-min"], "priority-queue"),
        (&["append", "read"], "log"),
        (&["generate"], "unique-ids"),
        (&["send", "receive", "ack"], "acked-queue"),
        (&["get", "put-if-version"], "versioned-kv"),
        (&["nextId"], "unique-ids"),
    ] {
        assert_eq!(inferred(functions), Ok(name), "{functions:?}");
    }
    for functions in
        [&["append"][..], &["peek"], &["add"], &["acquire"], &["enqueue", "pop"], &["x"]]
    {
        let error = inferred(functions).expect_err("not clear");
        assert_eq!(error.code, Code::NoModel, "{functions:?}");
        assert!(error.hint.is_some(), "{functions:?}");
    }
}

#[test]
fn what_reads_return_tells_a_set_from_a_counter() {
    let mut builder = History::builder();
    builder.invoke(0, "add", 1).unwrap();
    builder.ok(0, "add", 1).unwrap();
    builder.invoke(0, "read", ()).unwrap();
    let without_reads = builder.build().unwrap();
    assert!(model::infer(&without_reads).unwrap_err().message.contains("`counter`, `set`"));
    let mut builder = History::builder();
    builder.invoke(0, "add", 1).unwrap();
    builder.ok(0, "add", 1).unwrap();
    builder.invoke(0, "read", ()).unwrap();
    builder.ok(0, "read", [1]).unwrap();
    assert_eq!(model::infer(&builder.build().unwrap()).unwrap().name, "set");
}

/// Versions are seen by what operations take and return; where that may be the values, it is asked.
#[test]
fn versions_are_told_from_values() {
    let inferred = |operations: &[[&str; 3]]| {
        let mut builder = History::builder();
        for [function, input, output] in operations {
            for (kind, json) in [(EventType::Invoke, input), (EventType::Ok, output)] {
                let values = builder.values();
                let value = histcheck::formats::json_value(json, values).unwrap();
                let process = values.int(0);
                let event = Event { process, kind, function, value, key: None, time: None };
                builder.event(&event).unwrap();
            }
        }
        model::infer(&builder.build().unwrap()).map(|entry| entry.name).map_err(|e| e.code)
    };
    let get = ["get", "null", r#"{"value":1,"revision":3}"#];
    let put = ["put", r#"{"value":1,"revision":3}"#, "null"];
    for (operations, name) in [
        (&[["put", "1", "null"], get][..], Ok("versioned-kv")),
        (&[["put", "1", "null"], get, put], Ok("versioned-kv")),
        (&[["put", "1", r#"{"version":3}"#]], Ok("versioned-kv")),
        (&[["cas", r#"{"value":1,"version":3}"#, "true"]], Ok("versioned-kv")),
        (&[put, get], Err(Code::NoModel)),
        (&[put], Ok("kv")),
        (&[put, ["get", "null", "7"]], Ok("kv")),
        (&[["put", "1", "null"], get, ["get", "null", "1"]], Ok("kv")),
        (&[["put", "1", "null"], ["get", "null", r#"{"value":1}"#]], Ok("kv")),
    ] {
        assert_eq!(inferred(operations), name, "{operations:?}");
    }
}

#[test]
fn metadata_names_the_model() {
    let with = |model: &str| {
        let mut builder = History::builder();
        let values = builder.values();
        let (key, name) = (values.text("model"), values.text(model));
        let metadata = values.map(&[(key, name)]);
        builder.metadata(metadata).unwrap();
        builder.invoke(0, "enqueue", 1).unwrap();
        model::infer(&builder.build().unwrap()).map(|entry| entry.name)
    };
    assert_eq!(with("unordered-queue"), Ok("unordered-queue"));
    assert_eq!(with("quue").unwrap_err().code, Code::NoModel);
}
