//! No field that carries meaning goes unread without a word: whatever field is renamed, left out,
//! put inside of another or given another type, the verdict is right, or there is none.

use std::fmt::Write;

use histcheck::follow::Following;
use histcheck::formats::{Format, ReadOptions, read_bytes};
use histcheck::history::Settings;
use histcheck::{Options, Verdict, caveats};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

type Record = Map<String, Json>;

/// One operation of the history that everything here starts from.
struct Op {
    process: u32,
    f: &'static str,
    key: &'static str,
    input: Json,
    output: Json,
    outcome: &'static str,
    at: [u32; 2],
}

/// Operations on two registers; the last read of `x` is stale unless `valid`. A write of 9 failed.
fn operations(valid: bool) -> Vec<Op> {
    let op = |process, f, key, input, output, outcome, at| Op {
        process,
        f,
        key,
        input,
        output,
        outcome,
        at,
    };
    let seen = json!(if valid { 2 } else { 1 });
    vec![
        op(0, "write", "x", json!(1), json!(null), "ok", [10, 20]),
        op(1, "write", "y", json!(5), json!(null), "ok", [12, 25]),
        op(0, "write", "x", json!(2), json!(null), "ok", [30, 40]),
        op(2, "write", "x", json!(9), json!(null), "fail", [50, 60]),
        op(1, "read", "y", json!(null), json!(5), "ok", [51, 61]),
        op(2, "read", "x", json!(null), seen, "ok", [70, 80]),
        op(0, "read", "y", json!(null), json!(5), "ok", [81, 90]),
        op(1, "read", "x", json!(null), json!(2), "ok", [91, 99]),
    ]
}

fn record(fields: &[(&str, Json)]) -> Record {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The operations as whole records, or as events.
fn records(operations: &[Op], whole: bool) -> Vec<Record> {
    if whole {
        return operations.iter().map(whole_record).collect();
    }
    let mut ends: Vec<(u32, Record)> = Vec::new();
    for op in operations {
        for (end, at) in op.at.into_iter().enumerate() {
            let kind = if end == 0 { "invoke" } else { op.outcome };
            let value = if end == 1 && op.f == "read" { &op.output } else { &op.input };
            let event = record(&[
                ("process", json!(op.process)),
                ("type", json!(kind)),
                ("f", json!(op.f)),
                ("key", json!(op.key)),
                ("value", value.clone()),
                ("time", json!(at)),
            ]);
            ends.push((at, event));
        }
    }
    ends.sort_by_key(|(at, _)| *at);
    ends.into_iter().map(|(_, event)| event).collect()
}

/// As many programs write them: what an operation does not have is left out.
fn whole_record(op: &Op) -> Record {
    let mut fields = record(&[
        ("process", json!(op.process)),
        ("f", json!(op.f)),
        ("key", json!(op.key)),
        ("call", json!(op.at[0])),
        ("return", json!(op.at[1])),
    ]);
    let [input, output] = [&op.input, &op.output];
    for (name, value) in [("input", input), ("output", output)] {
        if !value.is_null() {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    if op.outcome != "ok" {
        fields.insert("outcome".to_owned(), json!(op.outcome));
    }
    fields
}

/// What is done to a field.
#[derive(Clone, Debug)]
enum Change {
    Rename(String),
    Drop,
    Nest(String),
    Quote,
    Null,
    List,
}

/// In which records.
#[derive(Clone, Copy, Debug)]
enum Where {
    All,
    /// Those of one name.
    Of(&'static str),
    /// The one that comes so far, of those that have the field.
    One(usize),
}

fn change(records: &mut [Record], field: &str, change: &Change, place: Where) {
    let mut nth = 0;
    for record in records {
        let is_of = |f| record.get("f").and_then(Json::as_str) == Some(f);
        let is_here = match place {
            Where::All => true,
            Where::Of(f) => is_of(f),
            Where::One(at) => at == nth,
        };
        nth += usize::from(record.contains_key(field));
        if !is_here {
            continue;
        }
        let Some(value) = record.get(field).cloned() else { continue };
        match change {
            Change::Rename(name) => {
                record.remove(field);
                record.insert(name.clone(), value);
            }
            Change::Drop => {
                record.remove(field);
            }
            Change::Nest(name) => {
                record.insert(field.to_owned(), json!({ name: value }));
            }
            Change::Quote => {
                let quoted = match &value {
                    Json::String(text) => json!(text.parse::<i64>().unwrap_or(7)),
                    other => json!(other.to_string()),
                };
                record.insert(field.to_owned(), quoted);
            }
            Change::Null => {
                record.insert(field.to_owned(), Json::Null);
            }
            Change::List => {
                record.insert(field.to_owned(), json!([value]));
            }
        }
    }
}

/// The records as text, written by nothing that histcheck reads them with.
fn text(records: &[Record], format: Format) -> String {
    match format {
        Format::JsonArray => json!(records).to_string(),
        Format::Csv => csv(records),
        Format::Edn => records.iter().map(|record| edn(&json!(record)) + "\n").collect(),
        _ => records.iter().map(|record| json!(record).to_string() + "\n").collect(),
    }
}

fn csv(records: &[Record]) -> String {
    let mut columns: Vec<&String> = Vec::new();
    for name in records.iter().flat_map(Map::keys) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let cell = |value: &Json| match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
    };
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let mut text = line(columns.iter().map(|name| (*name).clone()).collect());
    for record in records {
        let cells = columns.iter().map(|name| record.get(*name).map_or(String::new(), cell));
        text += &line(cells.collect());
    }
    text
}

/// Keys are keywords, and so are the words that Jepsen writes as such.
fn edn(value: &Json) -> String {
    match value {
        Json::Null => "nil".to_owned(),
        Json::String(word)
            if ["invoke", "ok", "fail", "info", "read", "write"].contains(&&**word) =>
        {
            format!(":{word}")
        }
        Json::Array(items) => format!("[{}]", items.iter().map(edn).collect::<Vec<_>>().join(" ")),
        Json::Object(fields) => {
            let mut text = "{".to_owned();
            for (name, value) in fields {
                let _ = write!(text, ":{name} {} ", edn(value));
            }
            text + "}"
        }
        other => other.to_string(),
    }
}

/// What is said of a text: a verdict, or none.
fn said(text: &str, format: Format) -> Option<Verdict> {
    let history = read_bytes(text.as_bytes().to_vec(), Some(format), Settings::default()).ok()?;
    let report = histcheck::check(&history, &Options::default()).ok()?;
    let is_vacuous =
        report.verdict == Verdict::Valid && caveats::vacuous(&history, &report).is_some();
    (!is_vacuous).then_some(report.verdict)
}

/// What is said of a text that is followed: whether a violation was told, and the verdict, if there
/// was one.
fn said_following(text: &str, format: Format) -> (bool, Option<Verdict>) {
    let read = ReadOptions { format: Some(format), ..ReadOptions::default() };
    let options = Options::default();
    let following = Following::new(text.as_bytes(), read, Settings::default(), |_| Ok(options));
    let Ok(mut following) = following else { return (false, None) };
    let mut is_told = false;
    loop {
        match following.step() {
            Ok(Some(violations)) => is_told |= !violations.is_empty(),
            Ok(None) => break,
            Err(_) => return (is_told, None),
        }
    }
    let summary = following.summary();
    let caveats = summary.noted.caveats();
    let is_vacuous =
        summary.verdict == Verdict::Valid && caveats.iter().any(|caveat| caveat.is_vacuous());
    (is_told, (!is_vacuous).then_some(summary.verdict))
}

/// The verdict by what `docs/FORMATS.md` says of records with these fields: of a register for every
/// key, by trying all orders. `None` where it says that they are none.
fn documented(records: &[Record]) -> Option<Verdict> {
    let whole = records.iter().any(|record| record.contains_key("call"));
    let mut operations: Vec<Read> = Vec::new();
    let mut open: Vec<(Json, usize)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let get = |name: &str| record.get(name).cloned().unwrap_or(Json::Null);
        let f = get("f").as_str()?.to_owned();
        if whole {
            let ret = get("return");
            let both = get("value");
            let pick = |value: Json| if value.is_null() { both.clone() } else { value };
            operations.push(Read {
                f,
                key: get("key"),
                input: pick(get("input")),
                output: pick(get("output")),
                outcome: get("outcome").as_str().unwrap_or("ok").to_owned(),
                at: [get("call").as_u64()?, ret.as_u64().unwrap_or(u64::MAX)],
            });
            continue;
        }
        let process = get("process");
        let at = at as u64;
        if get("type") == "invoke" {
            open.push((process, operations.len()));
            operations.push(Read {
                f,
                key: get("key"),
                input: get("value"),
                output: Json::Null,
                outcome: "info".to_owned(),
                at: [at, u64::MAX],
            });
        } else {
            let of = open.iter().position(|(other, _)| *other == process)?;
            let operation = &mut operations[open.remove(of).1];
            operation.output = get("value");
            operation.outcome = get("type").as_str()?.to_owned();
            operation.at[1] = at;
        }
    }
    let mut keys: Vec<&Json> = operations.iter().map(|operation| &operation.key).collect();
    keys.sort_by_key(|key| key.to_string());
    keys.dedup();
    let is_valid = |key: &Json| {
        let of: Vec<&Read> =
            operations.iter().filter(|op| op.key == *key && op.outcome != "fail").collect();
        linearizes(&of, &mut vec![false; of.len()], &Json::Null)
    };
    Some(if keys.into_iter().all(is_valid) { Verdict::Valid } else { Verdict::Invalid })
}

struct Read {
    f: String,
    key: Json,
    input: Json,
    output: Json,
    outcome: String,
    at: [u64; 2],
}

impl Read {
    fn is_open(&self) -> bool {
        self.at[1] == u64::MAX || self.outcome == "info"
    }
}

fn linearizes(operations: &[&Read], done: &mut Vec<bool>, held: &Json) -> bool {
    let left = |done: &[bool]| {
        operations
            .iter()
            .zip(done)
            .filter(|(_, done)| !**done)
            .map(|(op, _)| *op)
            .collect::<Vec<_>>()
    };
    let rest = left(done);
    if rest.iter().all(|operation| operation.is_open()) {
        return true;
    }
    let first_end = rest.iter().map(|op| if op.is_open() { u64::MAX } else { op.at[1] }).min();
    for at in 0..operations.len() {
        let operation = operations[at];
        if done[at] || first_end.is_some_and(|end| operation.at[0] > end) {
            continue;
        }
        let next = if operation.f == "write" { &operation.input } else { held };
        if operation.f == "read" && !operation.is_open() && operation.output != *held {
            continue;
        }
        done[at] = true;
        if linearizes(operations, done, next) {
            return true;
        }
        done[at] = false;
    }
    false
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        "zq[a-z]{2,8}",
        select(vec![
            "payload",
            "wert",
            "kye",
            "finished_on",
            "at_end",
            "done",
            "outcomes",
            "thing",
            "obj",
            "answer_text",
            "returned_val",
            "writeValue",
            "stop_clock",
            "shard",
            "who",
            "what",
        ])
        .prop_map(str::to_owned),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => names().prop_map(Change::Rename),
        1 => Just(Change::Drop),
        2 => names().prop_map(Change::Nest),
        1 => Just(Change::Quote),
        1 => Just(Change::Null),
        1 => Just(Change::List),
    ]
}

fn places() -> impl Strategy<Value = Where> {
    prop_oneof![
        2 => Just(Where::All),
        1 => select(vec!["read", "write"]).prop_map(Where::Of),
        2 => (0usize..16).prop_map(Where::One),
    ]
}

const FORMATS: [Format; 4] = [Format::JsonLines, Format::JsonArray, Format::Csv, Format::Edn];

#[test]
fn the_history_is_what_it_should_be() {
    for (whole, valid, format) in each() {
        let verdict = if valid { Verdict::Valid } else { Verdict::Invalid };
        let records = records(&operations(valid), whole);
        assert_eq!(documented(&records), Some(verdict));
        assert_eq!(said(&text(&records, format), format), Some(verdict), "{format:?} {whole}");
    }
}

fn each() -> impl Iterator<Item = (bool, bool, Format)> {
    let both = [false, true];
    both.into_iter().flat_map(move |whole| {
        both.into_iter().flat_map(move |valid| FORMATS.map(|format| (whole, valid, format)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_field_goes_unread_without_a_word(
        whole: bool, valid: bool, format in select(FORMATS.to_vec()),
        field in 0usize..8, what in changes(), place in places(),
    ) {
        let mut records = records(&operations(valid), whole);
        let mut fields: Vec<String> = records.iter().flat_map(|r| r.keys().cloned()).collect();
        fields.sort();
        fields.dedup();
        let field = &fields[field % fields.len()];
        change(&mut records, field, &what, place);
        let text = text(&records, format);
        let base = if valid { Verdict::Valid } else { Verdict::Invalid };
        let mut right = vec![None, Some(base)];
        if !matches!(what, Change::Rename(_)) {
            // What is left means something else by itself.
            right.push(documented(&records));
        }
        let said = said(&text, format);
        let shown = format!("{field} {what:?} {place:?} {format:?}\n{text}");
        prop_assert!(right.contains(&said), "{said:?}: {shown}");
        let (is_told, followed) = said_following(&text, format);
        prop_assert!(right.contains(&followed), "followed, {followed:?}: {shown}");
        let may_be = right.contains(&Some(Verdict::Invalid)) || said.is_none();
        prop_assert!(!is_told || may_be, "told: {shown}");
    }
}

/// Two objects by a field that is not read: invalid as one. Then the same with one value of it.
#[test]
fn who_follows_asks_what_may_be_the_key() {
    let text = |second: &str| {
        let mut text = String::new();
        for (f, value, thing) in [
            ("write", Some(1), "x"),
            ("write", Some(2), second),
            ("read", Some(1), "x"),
            ("read", Some(2), second),
        ] {
            let given = value.filter(|_| f == "write");
            for (kind, value) in [("invoke", given), ("ok", value)] {
                let record = json!(
                    { "process": 0, "type": kind, "f": f, "value": value, "thing": thing }
                );
                let _ = writeln!(text, "{record}");
            }
        }
        text
    };
    assert_eq!(said_following(&text("y"), Format::JsonLines), (false, None));
    assert_eq!(said_following(&text("x"), Format::JsonLines), (true, Some(Verdict::Invalid)));
}
