#![allow(clippy::unwrap_used, clippy::expect_used)]

mod oracle;
mod parts;

use super::{FORMAT, parse_value};
use crate::error::{Code, Error};
use crate::formats::sink::Sink;
use crate::history::{
    EventType, History, HistoryBuilder, MAX_DEPTH, OpIndex, Outcome, Record, Settings, Shape,
    Value, ValueTable,
};

fn history(text: &str) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    FORMAT.read(text, &mut Sink::new(&mut builder))?;
    builder.finish(Settings::default())
}

/// The code of the error, and the text where it is located.
#[track_caller]
fn refused(text: &str) -> (Code, &str) {
    let error = history(text).expect_err("an error");
    (error.code, &text[error.place.expect("a place").offset..])
}

/// What a value is written as once it was read.
#[track_caller]
fn again(text: &str) -> String {
    let mut values = ValueTable::new();
    let value = parse_value(text, &mut values).unwrap_or_else(|error| panic!("{text}: {error}"));
    values.to_edn(value)
}

const READ: &str = "{:process 0, :type :invoke, :f :read, :value nil}";
const READ_OK: &str = "{:process 0, :type :ok, :f :read, :value 3}";

#[test]
fn values_come_back_as_they_were_written() {
    for text in [
        "nil",
        "true",
        "false",
        "0",
        "-7",
        "1073741824",
        "9223372036854775807",
        "18446744073709551616N",
        "1.5",
        "1.50M",
        "1/3",
        "-2/7",
        ":a",
        ":a.b/c",
        ":1",
        "sym",
        "a/b",
        "+",
        "-",
        "...",
        "\"a b\"",
        r#""\"\\\n\t\r""#,
        r"\a",
        r"\newline",
        r"\space",
        r"\(",
        r"\,",
        r"\;",
        r"\\",
        r"\u",
        "[]",
        "[1 [2 [3]]]",
        "#{}",
        "#{:a}",
        "{}",
        "{:a 1}",
        "{[1 2] nil}",
        "#inst \"2024-01-01T00:00:00.000-00:00\"",
        "#uuid \"f81d4fae\"",
        "#foo.Bar {:a 1}",
        "#a #b 1",
        "ä",
        ":ä",
        "\"ä€😀\"",
        r"\ä",
        r"\😀",
    ] {
        assert_eq!(again(text), text);
    }
}

#[test]
fn values_have_one_form() {
    for (text, canonical) in [
        ("(1 2)", "[1 2]"),
        ("[1,2 , 3]", "[1 2 3]"),
        ("42N", "42"),
        ("+5", "5"),
        ("-0", "0"),
        ("0x2A", "42"),
        ("-0xff", "-255"),
        ("2/4", "1/2"),
        ("4/2", "2"),
        ("18446744073709551616", "18446744073709551616N"),
        ("1e2", "100.0"),
        ("1.", "1.0"),
        (r"\u0041", r"\A"),
        (r"\o101", r"\A"),
        (r"\formfeed", "\\\u{c}"),
        (r#""\u00e4\u0041\101\b""#, r#""äAA\u0008""#),
        (r#""\ud83d\ude00""#, r#""😀""#),
        ("#:a{:b 1}", "{:a/b 1}"),
        ("#:a{:_/b 1}", "{:b 1}"),
        ("#:a{:c/b 1}", "{:c/b 1}"),
        ("#:a{}", "{}"),
        ("#:a{b 1}", "{a/b 1}"),
        ("#:a{\"b\" 1}", "{\"b\" 1}"),
        ("^{:line 3} [1]", "[1]"),
        ("^:dynamic ^String x", "x"),
        ("[1 #_ 2 3 #_[4 (5 {})]]", "[1 3]"),
        ("[1 #_ #_ 2 3 4]", "[1 4]"),
        ("[#_ #foo bar 1]", "[1]"),
        ("[#_ ^a b 1]", "[1]"),
        ("[1 ; two ]\n 3]", "[1 3]"),
        ("#object[foo.Bar 0x1f \"foo.Bar@1f\"]", "#object [foo.Bar 31 \"foo.Bar@1f\"]"),
        ("#clojure.lang.MapEntry{:key 1 :val 2}", "[1 2]"),
        ("#jepsen.independent.Tuple{:key 1, :value [2]}", "[1 [2]]"),
        ("#clojure.lang.MapEntry[1 2]", "[1 2]"),
        ("#clojure.lang.MapEntry[1]", "#clojure.lang.MapEntry [1]"),
        ("  1 ; one\n", "1"),
    ] {
        assert_eq!(again(text), canonical, "{text}");
    }
}

#[test]
fn keywords_strings_and_symbols_are_three_things() {
    let mut values = ValueTable::new();
    let all = [":a", "\"a\"", "a", r"\a"].map(|text| parse_value(text, &mut values).unwrap());
    for (at, value) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(value));
    }
    assert_eq!(values.shape(all[0]), Shape::Keyword("a"));
}

#[test]
fn what_is_no_value_is_refused() {
    for (text, code, offset) in [
        ("", Code::Truncated, 0),
        ("; only a comment", Code::Truncated, 16),
        ("[1 2", Code::Truncated, 0),
        ("[1 {:a [2}", Code::Syntax, 9),
        ("{:a {:b 1}", Code::Truncated, 0),
        ("\"abc", Code::Truncated, 0),
        ("\"abc\\", Code::Truncated, 0),
        ("\\", Code::Truncated, 0),
        ("#", Code::Truncated, 0),
        ("#tag", Code::Truncated, 4),
        ("#_ 1", Code::Truncated, 4),
        ("#_", Code::Truncated, 0),
        ("]", Code::Syntax, 0),
        ("[1)", Code::Syntax, 2),
        ("{:a}", Code::Syntax, 3),
        ("{:a 1 :a 2}", Code::DuplicateField, 0),
        ("#{1 1}", Code::Syntax, 0),
        ("1 2", Code::Syntax, 2),
        (":", Code::Syntax, 0),
        ("::a", Code::Syntax, 0),
        ("{:a: 1}", Code::Syntax, 3),
        ("010", Code::Syntax, 0),
        ("1a", Code::Syntax, 0),
        ("1/0", Code::Syntax, 0),
        ("1/-2", Code::Syntax, 0),
        ("1.2.3", Code::Syntax, 0),
        ("0x", Code::Syntax, 0),
        ("##NaN", Code::NotANumber, 0),
        ("[##-Inf]", Code::NotANumber, 1),
        ("##Foo", Code::Syntax, 0),
        ("#<Atom@1: 2>", Code::Syntax, 0),
        ("#::a{}", Code::Syntax, 0),
        ("#:a [1]", Code::Syntax, 4),
        (r#""a\qb""#, Code::Syntax, 2),
        (r#""\ud83d""#, Code::Syntax, 1),
        (r"\foo", Code::Syntax, 0),
        (r"\ud800", Code::Syntax, 0),
        ("@a", Code::Syntax, 0),
        ("a\u{1}b", Code::Syntax, 1),
    ] {
        let error = parse_value(text, &mut ValueTable::new()).expect_err(text);
        let place = error.place.expect(text).offset;
        assert_eq!((error.code, place), (code, offset), "{text}: {error}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut values = ValueTable::new();
    assert!(parse_value(&nested(MAX_DEPTH), &mut values).is_ok());
    for text in [nested(MAX_DEPTH + 1), "#a ".repeat(100_000), "{:a ".repeat(1000)] {
        assert_eq!(parse_value(&text, &mut values).expect_err("deep").code, Code::TooDeep);
    }
    // What is not kept needs no limit.
    let dropped = format!("{} #_{} 1", "#_ 1 ".repeat(1000), nested(100_000));
    assert!(parse_value(&dropped, &mut values).is_ok());
}

#[test]
fn records_stand_alone_or_in_one_vector_or_list() {
    let tagged = |tag: &str| format!("#{tag}{READ} #{tag}{READ_OK}");
    for text in [
        format!("{READ}\n{READ_OK}\n"),
        format!("{READ}{READ_OK}"),
        format!("; a comment\n[{READ}\n {READ_OK}]\n"),
        format!("({READ},{READ_OK})"),
        format!("^{{:meta 1}} [{READ} #_ {READ} {READ_OK}]"),
        tagged("jepsen.history.Op"),
        format!("[{}]", tagged("knossos.op.Op")),
        "{\"process\" 0, \"type\" \"invoke\", \"f\" \"read\", \"value\" nil}\n\
         {:value\n3\n:f read :type ok,:process\n0}"
            .to_owned(),
    ] {
        let history = history(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let [operation] = history.operations() else { panic!("{text}") };
        assert_eq!(history.function(operation.function), "read");
        assert_eq!(operation.outcome, Outcome::Ok);
        assert_eq!(history.values().as_int(operation.output), Some(3));
        assert_eq!(
            (operation.invoked, operation.completed),
            (Record::new(0), Some(Record::new(1)))
        );
        assert!(
            history.extras(Record::new(0)).is_empty() && history.extras(Record::new(1)).is_empty()
        );
    }
}

#[test]
fn fields_without_a_meaning_are_kept() {
    let text = "{:index 0, :time 5, :type :invoke, :process 0, :f :write, :value 1, :node \"n1\"}
        {:index 7, :time 9, :type :info, :process 0, :f :write, :value 1,
         :error [:timeout nil], :jepsen/x 2, \"a b\" 3, :input 4, :start 5, :call 6}";
    let history = history(text).unwrap();
    let shown = |record, name| {
        history.extra(Record::new(record), name).map(|value| history.values().to_edn(value))
    };
    assert_eq!(history.extras(Record::new(0)).len(), 1);
    assert_eq!(shown(0, "node").unwrap(), "\"n1\"");
    for (name, value) in [
        ("index", "7"),
        ("error", "[:timeout nil]"),
        ("jepsen/x", "2"),
        ("a b", "3"),
        ("input", "4"),
        ("start", "5"),
        ("call", "6"),
    ] {
        assert_eq!(shown(1, name).as_deref(), Some(value));
    }
    assert_eq!(history.extras(Record::new(1)).len(), 7);
    assert_eq!(history.times(OpIndex::new(0)), [Some(5), Some(9)]);
}

#[test]
fn others_than_clients_are_annotations() {
    let text = format!(
        "{{:process :nemesis, :type :info, :f :start, :value nil, :time 1, :key 2}}\n{READ}
         {{:process \"clock\", :type :info, :f :jepsen.clock/bump, :value {{\"n1\" 1.5}}}}"
    );
    let history = history(&text).unwrap();
    let [nemesis, clock] = history.annotations() else { panic!() };
    assert_eq!(history.values().shape(nemesis.process), Shape::Keyword("nemesis"));
    assert_eq!((nemesis.record.index(), nemesis.kind, nemesis.time), (0, EventType::Info, Some(1)));
    assert_eq!(history.extras(Record::new(0)).len(), 1);
    assert_eq!(history.values().shape(clock.process), Shape::Text("clock"));
    assert_eq!(history.function(clock.function), "jepsen.clock/bump");
    assert_eq!(history.operations()[0].invoked.index(), 1);
}

#[test]
fn keys_come_from_a_field_or_from_tuples() {
    for text in [
        "{:process 0 :type :invoke :f :read :key \"k\" :value nil}",
        "{:process 0 :type :invoke :f :read :value [\"k\" nil]}",
        "{:process 0 :type :invoke :f :read :value #jepsen.independent.Tuple[\"k\" nil]}",
    ] {
        let history = history(text).unwrap();
        let operation = &history.operations()[0];
        assert_eq!(history.values().as_name(operation.key.unwrap()), Some("k"), "{text}");
        assert!(operation.input.is_null());
    }
    let history = history("{:process 0 :type :invoke :f :read :key nil :value nil}").unwrap();
    assert_eq!(history.operations()[0].key, None);
}

#[test]
fn times_are_whole_or_seconds() {
    let time = |time: &str| {
        history(&format!("{{:process 0 :type :invoke :f :read :time {time}}}"))
            .map(|history| history.times(OpIndex::new(0))[0])
            .map_err(|error| error.code)
    };
    assert_eq!(time("nil"), Ok(None));
    assert_eq!(time("-12"), Ok(Some(-12)));
    assert_eq!(time("1.5"), Ok(Some(1_500_000_000)));
    assert_eq!(time("0.000000001"), Ok(Some(1)));
    assert_eq!(time("-2.5e-7"), Ok(Some(-250)));
    assert_eq!(time("1.234567890123E9"), Ok(Some(1_234_567_890_123_000_000)));
    assert_eq!(time("3M"), Ok(Some(3_000_000_000)));
    for bad in ["1e-10", "1e300", "1e-300", "1e999999999", "99999999999.0", "9223372036854775808"] {
        assert_eq!(time(bad), Err(Code::BadTime), "{bad}");
    }
    assert_eq!(time("\"now\""), Err(Code::BadField));
}

#[test]
fn whole_operations_are_records_with_a_time_of_their_call() {
    let text = "{:histcheck {:model :register}}
        {:process 0, :f :write, :input 1, :output :ok, :call 10, :return 20}
        {:f :read, :value 3, :start 15, :end 25, :note \"x\"}
        {:process 1, :f :write, :input 2, :invoke-time 30, :outcome :info, :complete-time 40}
        {:process 2, :f :read, :call 50}
        {:process :nemesis, :f :cut, :value 9, :call 55, :return 60}
        {:client-id 3, :op :write, :type :fail, :Input 4, :value 5, :output nil, :call 60,
         :start 61, :end 70}";
    let history = history(text).unwrap();
    assert!(history.has_whole_operations());
    assert!(history.metadata_field("model").is_some());
    let [write, read, lost, open, failed] = history.operations() else { panic!() };
    assert_eq!(history.values().as_int(failed.process), Some(3));
    assert_eq!(history.values().as_int(failed.input), Some(4));
    assert_eq!(
        (failed.outcome, history.times(OpIndex::new(4))),
        (Outcome::Fail, [Some(60), Some(70)])
    );
    assert_eq!(failed.output, Value::NULL);
    let names =
        history.extras(Record::new(6)).iter().map(|extra| history.values().as_name(extra.name));
    assert_eq!(names.flatten().collect::<Vec<_>>(), ["start", "value"]);
    assert_eq!(history.values().shape(write.output), Shape::Keyword("ok"));
    assert_eq!((write.invoked.index(), write.outcome), (1, Outcome::Ok));
    assert_eq!(history.values().as_int(read.output), Some(3));
    assert_eq!(history.times(OpIndex::new(1)), [Some(15), Some(25)]);
    assert_eq!(history.extras(Record::new(2)).len(), 1);
    assert_eq!(
        (lost.outcome, history.times(OpIndex::new(2))),
        (Outcome::Info, [Some(30), Some(40)])
    );
    assert_eq!(open.outcome, Outcome::Open);
    assert_eq!(history.values().as_int(history.annotations()[0].value), Some(9));
    assert_eq!(history.extras(Record::new(5)).len(), 1);
}

#[test]
fn a_bad_record_is_refused_where_it_is_wrong() {
    let one = |text: &'static str, code, rest: &str| {
        let (found, place) = refused(text);
        assert_eq!(found, code, "{text}");
        assert!(place.starts_with(rest), "{text}: at {place}");
    };
    one("{:type :ok :f :read}", Code::MissingField, "{");
    one(" {:process 0 :type :ok}", Code::MissingField, "{");
    one("{:process 0 :f :read}", Code::MissingField, "{");
    one("{:process 0 :type :later :f :read}", Code::UnknownType, ":later");
    one("{:process 0 :type 5 :f :read}", Code::BadField, "5");
    one("{:process 0 :type :invoke :f 5}", Code::BadField, "5");
    one("{:process 0 :type :invoke :f nil}", Code::MissingField, "{");
    one("{:process nil :type :invoke :f :read}", Code::MissingField, "{");
    one("{:process 0.0 :type :invoke :f :read}", Code::BadField, "0.0");
    one("{:process 0 :type :invoke :type :ok :f :read}", Code::DuplicateField, ":ok");
    one("{:process 0 :process 0 :type :invoke :f :read}", Code::DuplicateField, "0 :type");
    one("{:process 0 :a 1 :a 2 :type :invoke :f :read}", Code::DuplicateField, "2 ");
    one("{5 0}", Code::BadField, "5");
    one("{:process 0 :type :invoke :f :read :value}", Code::Syntax, "}");
    one("{:process 0 :type :invoke :f :read :value [1}", Code::Syntax, "}");
    one("{:process 0 :type :invoke :f :read :value ##NaN}", Code::NotANumber, "##NaN");
    one("{:process 0 :type :invoke", Code::Truncated, "{");
    one("{:process 0 :type :invoke :f :read :value [1 ", Code::Truncated, "[1");
    one("[{:process 0 :type :invoke :f :read}", Code::Truncated, "[");
    one("[{:process 0 :type :invoke :f :read}] 1", Code::Syntax, "1");
    one("{:process 0 :type :invoke :f :read}]", Code::Syntax, "]");
    one("[[:invoke :read nil 0]]", Code::Syntax, "[:invoke");
    one("hello", Code::Syntax, "hello");
    one("{:f :read :call nil :return 1}", Code::MissingField, "{");
    one("{:f :read :invoke-time 1 :invoke_time 2}", Code::DuplicateField, "2}");
    one("{:call 1 :return 2}", Code::MissingField, "{");
    one("{:f 5 :call 1 :return 2}", Code::BadField, "5");
    one("{:op 5 :call 1 :return 2}", Code::BadField, "5");
    one("{:f :read :type :later :call 1}", Code::UnknownType, ":later");
    one("{:process 0 :type :invoke :f :read :call 1 :start 2 :call 3}", Code::DuplicateField, "3}");
    one("{:f :read :call 1 :outcome :good}", Code::UnknownType, ":good");
    assert_eq!(history("; nothing\n").err().map(|error| error.code), Some(Code::Empty));
}

#[test]
fn a_second_reading_stops_at_the_record_that_is_looked_for() {
    let text = format!("[{READ}\n {READ_OK}]");
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.wanted = &[1];
    FORMAT.read(&text, &mut sink).unwrap();
    assert_eq!(&text[sink.start()..], format!("{READ_OK}]"));
}

/// Reads a corpus of histories, if there is one, given by the environment.
#[test]
fn the_corpus_is_read() {
    let Some(corpus) = std::env::var_os("HISTCHECK_CORPUS") else { return };
    let mut folders = vec![std::path::PathBuf::from(corpus)];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "edn") {
                let text = std::fs::read_to_string(&path).unwrap();
                let history = history(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                let types = text.matches(":type").count();
                assert_eq!(history.records(), types, "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 0);
}
