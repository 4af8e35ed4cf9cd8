#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::write;
use crate::formats::{Format, read_bytes};
use crate::history::{
    Event, EventType, History, HistoryBuilder, Independent, Interval, OpIndex, Order, Outcome,
    Record, Settings, Time, Value, ValueTable,
};

/// The names and the endings of files tell formats apart.
#[test]
fn no_two_formats_share_a_name() {
    let names = Format::ALL.map(Format::name);
    let extensions = Format::ALL.into_iter().flat_map(Format::extensions).copied();
    for words in [names.to_vec(), extensions.collect()] {
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len(), "{words:?}");
    }
}

fn written(history: &History, format: Format) -> String {
    let mut out = Vec::new();
    write(history, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn read(text: &str, format: Format, settings: Settings) -> History {
    read_bytes(text.to_owned().into(), Some(format), settings)
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What the history must say once it was written and read again.
#[track_caller]
fn assert_comes_back(history: &History, format: Format) {
    let text = written(history, format);
    // The values are known to be what they are; tuples would be taken apart twice.
    let settings = Settings { independent: Independent::No, ..Settings::default() };
    let again = read(&text, format, settings);
    let mut table = ValueTable::new();
    assert_eq!(said(history, &mut table), said(&again, &mut table), "{text}");
    assert_eq!(written(&again, format), text);
}

/// Everything that a history says, with its values in one table so that they can be compared.
#[derive(PartialEq, Debug)]
struct Said {
    functions: Vec<String>,
    operations: Vec<String>,
    annotations: Vec<String>,
    extras: Vec<Vec<(String, Value)>>,
    metadata: Option<Value>,
    records: usize,
    whole: bool,
}

fn said(history: &History, into: &mut ValueTable) -> Said {
    let mut value = |value| into.import(history.values(), value);
    let operations = history.indexed().map(|(index, operation)| {
        let values = [operation.process, operation.input, operation.output].map(&mut value);
        let key = operation.key.map(&mut value);
        let function = history.function(operation.function);
        let (times, span) = (history.times(index), history.span(index));
        let records = (operation.invoked, operation.completed, operation.outcome);
        format!("{values:?} {key:?} {function} {times:?} {span:?} {records:?}")
    });
    let operations = operations.collect();
    let annotations = history.annotations().iter().map(|note| {
        let values = [note.process, note.value].map(&mut value);
        let function = history.function(note.function);
        format!("{values:?} {function} {:?} {:?} {:?}", note.record, note.kind, note.time)
    });
    let annotations = annotations.collect();
    let extras = (0..history.records()).map(Record::new).map(|record| {
        let named = |extra: &crate::history::Extra| {
            let name = history.values().as_name(extra.name).unwrap();
            (name.to_owned(), value(extra.value))
        };
        history.extras(record).iter().map(named).collect()
    });
    Said {
        functions: history.functions().to_vec(),
        operations,
        annotations,
        extras: extras.collect(),
        metadata: history.metadata().map(|metadata| into.import(history.values(), metadata)),
        records: history.records(),
        whole: history.has_whole_operations(),
    }
}

/// What one random record is made from.
#[derive(Clone, Debug)]
struct Step {
    process: i64,
    choice: u8,
    function: &'static str,
    value: &'static str,
    time: Option<i64>,
    extra: Option<(&'static str, &'static str)>,
}

fn step() -> impl Strategy<Value = Step> {
    let names = vec!["read", "write", "a b", "ns/f", "ä", ":x", "\"q\"", " s ", "7", ""];
    let function = prop::sample::select(names);
    let value = prop::sample::select(vec![
        "nil",
        "1",
        "-5",
        "true",
        "[1 nil]",
        "[:k 1]",
        "\"a,\\\"\\n\"",
        "1.5",
        "2.50M",
        "1/3",
        ":timed-out",
        "sym",
        r"\newline",
        "#{1 \"x\"}",
        "{\"a\" 1, \"b\" [2]}",
        "{:a 1}",
        "{\"#edn\" 1}",
        "123456789012345678901234",
        "#inst \"2024\"",
        "\"\"",
        "\"true\"",
        "\"7\"",
        "\"nil\"",
        "\" padded \"",
        "\"nan\"",
        "{\"#edn\" \":x\"}",
        "[[:a #{[1 :b]}] {\"a\" :b}]",
    ]);
    let name =
        prop::sample::select(vec!["error", "node", "a b", "index", "jepsen/x", "Status", "start"]);
    let extra = prop::option::of((name, value.clone()));
    let time = prop::option::of(-5i64..1_000_000_000_000);
    (0i64..4, 0u8..8, function, value, time, extra).prop_map(
        |(process, choice, function, value, time, extra)| Step {
            process,
            choice,
            function,
            value,
            time,
            extra,
        },
    )
}

fn value_of(text: &str, builder: &mut HistoryBuilder) -> Value {
    crate::formats::parse_edn(text, builder.values()).unwrap()
}

fn add_extra(step: &Step, builder: &mut HistoryBuilder) {
    if let Some((name, text)) = step.extra {
        let value = value_of(text, builder);
        // An index that counts the records is not kept by readers, and an event has a time beside
        // what could be one of its call.
        let kept = match name {
            "index" => builder.values().as_int(value).is_none(),
            "start" => step.time.is_some(),
            // Null says that a whole operation has no outcome.
            "Status" => !value.is_null(),
            _ => true,
        };
        if kept {
            builder.extra(name, value);
        }
    }
}

fn add_annotation(step: &Step, process: Value, builder: &mut HistoryBuilder) {
    let value = value_of(step.value, builder);
    add_extra(step, builder);
    let (kind, function) = (EventType::Info, step.function);
    let time = step.time.map(Time::Whole);
    builder.event(&Event { process, kind, function, value, key: None, time }).unwrap();
}

/// A history of events: whatever the steps say is bent to what a process can do.
fn events(steps: &[Step], keyed: bool, metadata: usize) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    let mut open: [Option<&str>; 4] = [None; 4];
    for (at, step) in steps.iter().enumerate() {
        if at == metadata {
            let value = value_of("{\"model\" \"register\"}", &mut builder);
            builder.metadata(value).unwrap();
        }
        if step.choice == 7 {
            let name = ["nemesis", "7", "a, b", ""][step.process as usize];
            let process = builder.values().text(name);
            add_annotation(step, process, &mut builder);
            continue;
        }
        let process = builder.values().int(step.process);
        let key = keyed.then(|| builder.values().int(step.process % 2));
        let value = value_of(step.value, &mut builder);
        add_extra(step, &mut builder);
        let (kind, function) = match open[step.process as usize].take() {
            Some(function) => {
                let kinds = [EventType::Ok, EventType::Fail, EventType::Info];
                (kinds[usize::from(step.choice) % 3], function)
            }
            None => {
                open[step.process as usize] = Some(step.function);
                (EventType::Invoke, step.function)
            }
        };
        let time = step.time.map(Time::Whole);
        builder.event(&Event { process, kind, function, value, key, time }).unwrap();
    }
    builder
}

/// A history of whole operations, each with a process of its own or one after the other.
fn intervals(steps: &[Step], keyed: bool, metadata: usize) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    for (step, at) in steps.iter().zip(0i64..) {
        if at == metadata as i64 {
            let value = value_of("{\"model\" \"register\"}", &mut builder);
            builder.metadata(value).unwrap();
        }
        if step.choice == 7 {
            let name = ["nemesis", "7", "a, b", ""][step.process as usize];
            let process = builder.values().text(name);
            add_annotation(step, process, &mut builder);
            continue;
        }
        let input = value_of(step.value, &mut builder);
        let output = step.extra.map_or(Value::NULL, |(_, text)| value_of(text, &mut builder));
        let process = (step.choice % 2 == 0).then(|| builder.values().int(step.process));
        let key = keyed.then(|| builder.values().int(step.process % 2));
        // Those with a process of their own may overlap with others.
        let late = if process.is_none() { i64::from(step.choice) * 10 } else { 0 };
        let outcomes = [Outcome::Ok, Outcome::Fail, Outcome::Info, Outcome::Open];
        let outcome = match process {
            Some(_) => outcomes[usize::from(step.choice) % 3],
            None => outcomes[usize::from(step.choice) % 4],
        };
        // What has an outcome besides this field is not open.
        if outcome != Outcome::Open || step.extra.is_none_or(|(name, _)| name != "Status") {
            add_extra(step, &mut builder);
        }
        let ret = (outcome != Outcome::Open && (outcome != Outcome::Info || step.time.is_some()))
            .then_some(Time::Whole(at * 10 + 9 + late));
        let (function, call) = (step.function, Time::Whole(at * 10));
        let interval = Interval { process, outcome, function, input, output, key, call, ret };
        builder.interval(&interval).unwrap();
    }
    builder
}

/// What a random history is made from.
#[derive(Clone, Debug)]
struct Recipe {
    steps: Vec<Step>,
    keyed: bool,
    metadata: usize,
    whole: bool,
}

impl Recipe {
    /// The history, unless the steps make one that is refused.
    fn history(&self) -> Option<History> {
        let build = if self.whole { intervals } else { events };
        build(&self.steps, self.keyed, self.metadata).finish(Settings::default()).ok()
    }
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let steps = prop::collection::vec(step(), 1..30);
    (steps, any::<bool>(), 0usize..20, any::<bool>())
        .prop_map(|(steps, keyed, metadata, whole)| Recipe { steps, keyed, metadata, whole })
}

proptest! {
    #[test]
    fn edn_and_json_come_back_as_the_same_history(recipe in recipe()) {
        let Some(history) = recipe.history() else { return Ok(()) };
        for format in [Format::Edn, Format::JsonLines, Format::JsonArray] {
            assert_comes_back(&history, format);
        }
    }

    #[test]
    fn csv_comes_back_as_the_same_history(recipe in recipe()) {
        // Its metadata comes first.
        let metadata = if recipe.metadata < 10 { 0 } else { 100 };
        let Some(history) = (Recipe { metadata, ..recipe }).history() else { return Ok(()) };
        assert_comes_back(&history, Format::Csv);
    }

    #[test]
    fn text_columns_come_back_as_far_as_they_go(mut recipe in recipe()) {
        recipe.metadata = 100;
        (recipe.whole, recipe.keyed) = (false, false);
        for step in &mut recipe.steps {
            step.time = None;
            // Errors are printed for people: a symbol is a word like any other.
            step.extra = step.extra.filter(|(name, value)| *name == "error" && *value != "sym");
        }
        let Some(history) = recipe.history() else { return Ok(()) };
        // Keys go into the values.
        if history.operations().iter().all(|operation| operation.key.is_none()) {
            assert_comes_back(&history, Format::Log);
        }
    }

    #[test]
    fn every_line_of_json_is_an_object(recipe in recipe()) {
        let Some(history) = recipe.history() else { return Ok(()) };
        let lines = written(&history, Format::JsonLines);
        let mut objects = Vec::new();
        for line in lines.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            prop_assert!(object.is_object());
            objects.push(object);
        }
        prop_assert_eq!(objects.len(), history.records());
        let array: serde_json::Value =
            serde_json::from_str(&written(&history, Format::JsonArray)).unwrap();
        prop_assert_eq!(array, serde_json::Value::Array(objects));
    }

    #[test]
    fn text_columns_keep_the_order_of_operations(recipe in recipe()) {
        let Some(history) = recipe.history() else { return Ok(()) };
        let text = written(&history, Format::Log);
        let settings = Settings { independent: Independent::No, ..Settings::default() };
        let again = read(&text, Format::Log, settings);
        prop_assert_eq!(again.operations().len(), history.operations().len());
        for (index, (a, b)) in history.operations().iter().zip(again.operations()).enumerate() {
            prop_assert_eq!(history.function(a.function), again.function(b.function));
            prop_assert_eq!(a.outcome, b.outcome);
            if a.key.is_none() {
                let texts = |h: &History, value| h.values().to_edn(value);
                let mut table = ValueTable::new();
                let mut same = |a, b| {
                    table.import(history.values(), a) == table.import(again.values(), b)
                };
                prop_assert!(same(a.input, b.input), "{}", texts(&history, a.input));
                // What an operation returned that never did has no line.
                let open = a.outcome == Outcome::Open;
                prop_assert!(open || same(a.output, b.output), "{}", texts(&history, a.output));
            }
            for other in 0..index {
                let span = |h: &History, at| h.span(OpIndex::new(at));
                let before = |h: &History| span(h, other).precedes(span(h, index));
                prop_assert_eq!(before(&history), before(&again));
            }
        }
    }
}

#[test]
fn fractional_seconds_and_an_order_by_time_survive() {
    let text = "{:process 0 :type :invoke :f :write :value 1 :time 2.5}
        {:process 0 :type :ok :f :write :value 1 :time 4}
        {:process 1 :type :invoke :f :read :time 1}";
    let settings = Settings { order: Order::Time, ..Settings::default() };
    let history = read(text, Format::Edn, settings);
    let text = written(&history, Format::Edn);
    assert!(text.starts_with("{:process 0, :type :invoke, :f :write, :value 1, :time 2500000000}"));
    let again = read(&text, Format::Edn, settings);
    let mut table = ValueTable::new();
    assert_eq!(said(&history, &mut table), said(&again, &mut table));
}

#[test]
fn keywords_survive_edn_and_what_json_lacks_is_wrapped() {
    let text = "{:process :nemesis, :type :info, :f :start, :key 3, :value nil}
        {:process 0, :type :invoke, :f :read, :value :x, :error #{:a}}";
    let history = read(text, Format::Edn, Settings::default());
    let edn = "{:process :nemesis, :type :info, :f :start, :value nil, :key 3}\n\
        {:process 0, :type :invoke, :f :read, :value :x, :error #{:a}}\n";
    assert_eq!(written(&history, Format::Edn), edn);
    let json = r##"{"process":"nemesis","type":"info","f":"start","value":null,"key":3}
{"process":0,"type":"invoke","f":"read","value":{"#edn":":x"},"error":{"#edn":"#{:a}"}}
"##;
    assert_eq!(written(&history, Format::JsonLines), json);
    let csv = "process,type,f,value,key,error\nnemesis,info,start,null,3,\n\
        0,invoke,read,\"{\"\"#edn\"\":\"\":x\"\"}\",,\"{\"\"#edn\"\":\"\"#{:a}\"\"}\"\n";
    assert_eq!(written(&history, Format::Csv), csv);
    let log = ":nemesis\t:info\t:start\tnil\n0\t:invoke\t:read\t:x\t#{:a}\n";
    assert_eq!(written(&history, Format::Log), log);
}
