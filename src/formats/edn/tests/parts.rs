//! The same history, values and errors as by the parser alone, for every text, size of the parts
//! and number of threads.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::records::{Records, read};
use super::super::{Enclosure, scan};
use crate::error::{Code, Error};
use crate::formats::json::fast::{Batch, General};
use crate::formats::position::Position;
use crate::formats::row::Piece;
use crate::formats::sink::Sink;
use crate::history::{History, HistoryBuilder, Record, Settings, Value};

/// How a text is read: by the parser alone, or in parts of so many bytes on so many threads.
type Way = Option<(usize, usize)>;

/// Returns where the rest starts that belongs to the next piece.
fn read_into(
    text: &str,
    way: Way,
    is_last: bool,
    sink: &mut Sink<'_>,
) -> (Result<(), Error>, usize, Enclosure) {
    let (mut enclosure, mut done) = (Enclosure::Unknown, 0);
    let threads = way.map_or(1, |(_, threads)| threads);
    let piece = Piece { text, position: &Position::default(), is_last, threads };
    let read = match way {
        Some((part, _)) => read(&piece, &[], &mut enclosure, part, &mut done, sink),
        None => Records::new(&piece, &[], &mut enclosure, &mut done)
            .read_until(usize::MAX, sink)
            .map(|_| ()),
    };
    (read, done, enclosure)
}

/// Everything that is in the history of `text`, handles as they are, and where its records are.
fn contents(text: &str, way: Way, is_last: bool) -> String {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.bytes = text.len();
    let (read, done, enclosure) = read_into(text, way, is_last, &mut sink);
    // Nothing is read behind an error, unless more of the text may come.
    let is_asked = read.as_ref().err().is_none_or(|error| error.code == Code::Truncated);
    let end = is_asked.then(|| {
        // Where a text ends in the middle of a record, it makes no difference how much of the space
        // before that was read.
        let done = text[..done].trim_end_matches([' ', ',', '\n', '\r']).len();
        (done, enclosure)
    });
    let error = read.err().map(|error| format!("{error:?} {:?}", error.hint));
    let told = match builder.finish(Settings::default()) {
        Ok(history) => told(&history),
        Err(error) => format!("{error:?} {:?}", error.hint),
    };
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.wanted = &[0, 3, 6, 9];
    let _ = read_into(text, way, is_last, &mut sink);
    format!("{error:?} {end:?} {:?}\n{told}", sink.found())
}

fn told(history: &History) -> String {
    let mut out = format!("{history:?}\n{:?}\n", history.functions());
    for (at, operation) in history.indexed() {
        out += &format!("{operation:?} {:?}\n", history.times(at));
    }
    for record in (0..history.records()).map(Record::new) {
        out += &format!("{:?} {:?}", history.extras(record), history.lacking(record));
    }
    let values = history.values();
    let shape = |at| format!("{:?}\n", values.shape(Value::of_handle(at)));
    let values: String = (0..values.len() as u32).map(shape).collect();
    // What is taken in usual records is noted behind all others of a part.
    let mut taken = history.taken_fields().to_vec();
    taken.sort_unstable();
    let taken = (taken, history.metadata());
    format!("{out}\n{:?}\n{taken:?}\n{values}", history.annotations())
}

#[track_caller]
fn check(text: &str) {
    for is_last in [true, false] {
        let expected = contents(text, None, is_last);
        for part in [1, 7, 64, 1000] {
            for threads in [1, 3] {
                let read = contents(text, Some((part, threads)), is_last);
                assert_eq!(read, expected, "{part} {threads} {is_last} {text:?}");
            }
        }
    }
}

/// How many records of a text the scanner understands, and how many not.
fn understood(text: &str) -> (usize, usize) {
    let mut batch = Batch::default();
    scan::read(text, 0..text.len(), &mut batch);
    batch.counts()
}

const USUAL: &[&str] = &[
    "{:process 0, :type :invoke, :f :write, :value 1}",
    "{:process 10 :type :ok :f :read :value nil :time 12345678901}",
    "#jepsen.history.Op{:index 0, :time 3291485317, :type :invoke, :process 0, :f :txn, \
     :value [[:r 1 nil] [:append \"x\" true]]}",
    "#knossos.op.Op {:type :fail,:f :a-long-name-of-one,:process 99999999999,:key :k,:value foo}",
    "{:process 0\n :type :info\n :f :f\n :key nil\n :value []\n :time nil}",
    "{:index 5, :node :n1, :process 0, :type :ok, :f :f, :error \"none\", :value -7, :retries 3}",
    "{:node \"n1\", :index 5, :process -1, :type :ok, :f :f, :value \"a ; b } c\"}",
    "{:process 1, :op :read, :value 1, :call 10, :return 20, :outcome :ok, :node nil}",
    "{:f :cas, :input 1, :output :x, :start-ms 10, :end 20, :key \"k\"}",
];

#[test]
fn the_usual_shape_is_understood() {
    for text in USUAL {
        assert_eq!(understood(text), (1, 0), "{text}");
        check(text);
        check(&format!("[{text}]"));
        check(&format!("({text}\n{text}\n) "));
    }
    assert_eq!(understood(&USUAL.join("\n ,")), (USUAL.len(), 0));
    check(&USUAL[..7].join("\r\n"));
    check(&USUAL[..7].join(""));
}

#[test]
fn what_is_less_usual_is_left_to_the_parser() {
    let usual = "{:process 0, :type :invoke, :f :write, :value 1, :time 5, :node :n1}";
    for (from, to) in [
        (":process 0", ":process :nemesis"),
        (":process 0", ":process 00"),
        (":process 0", ":process 0N"),
        (":process 0", ":process +1"),
        (":process 0", ":processor 0"),
        (":process 0", ":process"),
        (":process 0", "\"process\" 0"),
        (":process 0", "#_ :x :process 0"),
        (":process 0", ":process 0 :process 0"),
        (":type :invoke", ":type :invoked"),
        (":type :invoke", ":type \"invoke\""),
        (":f :write", ":f :write:"),
        (":f :write", ":f ::write"),
        (":f :write", ":f :"),
        (":value 1", ":value 1.5"),
        (":value 1", ":value 1234567890123456789"),
        (":value 1", ":value {:a 1}"),
        (":value 1", ":value #{1}"),
        (":value 1", ":value (1 2)"),
        (":value 1", ":value #inst \"2024\""),
        (":value 1", ":value \"a\\n\""),
        (":value 1", ":value \\x"),
        (":value 1", ":value [1 #_ 2]"),
        (":value 1", ":value [1"),
        (":value 1", ":value ##NaN"),
        (":time 5", ":time 5.5"),
        (":time 5", ":time \"2024-01-01T00:00:00Z\""),
        (":node :n1", ":node [1 2]"),
        (":node :n1", ":node :n1 :node :n2"),
        (":node :n1", ":output 3"),
        ("}", ""),
        ("}", "]"),
    ] {
        let text = usual.replacen(from, to, 1);
        assert_eq!(understood(&text).0, 0, "{text}");
        check(&text);
        check(&format!("{text}\n{}", usual.replace("invoke", "ok")));
        check(&format!("{}\n{text}\n{usual}", usual.replace("s 0", "s 1")));
    }
}

#[test]
fn what_looks_like_a_record_may_be_inside_of_one() {
    let [one, other] = [USUAL[0], USUAL[5]];
    for text in [
        format!("{{:process 1, :type :invoke, :f :f, :value \"\n{one}\n\"}}\n{one}"),
        format!("{{:process 1, :type :invoke, :f :f, :value {{:a\n{one}\n}}}}\n{one}"),
        format!("#_\n{one}\n{other}\n{one}"),
        format!("; {one}\n{one}\n;\n{one}"),
        format!("{one}\n]\n{one}"),
        format!("[{one}]\n{one}"),
        format!("[\n{one}\n]\n{one}\n"),
        format!("{one}\n[\n{other}\n]"),
        format!("[\n[\n{one}\n]\n]"),
        format!("(\n{one}\n]"),
        format!("^\n{one}\n{other}\n{one}"),
        format!("#a\n{one}\n#b #c\n{one}"),
        format!("{one} x\n{one}"),
        format!("[{one}"),
        format!("#:a{one}\n{one}"),
        format!("#{one}\n{one}"),
    ] {
        check(&text);
        check(&text.replace('\n', " "));
    }
}

/// The source of a record in which something may be unusual.
fn record() -> impl Strategy<Value = String> {
    let value = || {
        select(vec![
            "1",
            "-7",
            "nil",
            "true",
            ":k",
            "foo",
            "\"t\"",
            "[]",
            "[1 nil]",
            "[:a [\"b\" 2]]",
            "1.5",
            "1234567890123",
            "\"a\\\"b\"",
            "{:a 1}",
            "#{1 2}",
            "12345678901234567890",
            "\\a",
            "(1 2)",
            "#jepsen.independent.Tuple[1 2]",
            "\"\n{:process 0, :type :ok, :f :f}\n\"",
        ])
    };
    let process = select(vec!["0", "1", "2", ":nemesis", "12345678901"]);
    let kind = select(vec![":invoke", ":ok", ":ok", ":info", ":fail", ":okay", "\"ok\""]);
    let shape = select(vec![
        "{:process #p, :type #k, :f :f, :value #v}",
        "#jepsen.history.Op{:index #i, :time #t, :type #k, :process #p, :f :write, :value #v}",
        "{:process #p :type #k :f :g :key #w :value #v :node #u}",
        "{:node #u, :index 3, :process #p, :type #k, :f :f, :value #v, :time #t}",
        "{:process #p, :op :f, :value #v, :key #w, :call #t, :return 99}",
        "{:process #p, :f :f, :input #v, :output #w, :start #t, :end 99, :error #u}",
    ]);
    let time = select(vec!["1", "5", "nil", "2.5", "17000000000000000000"]);
    (shape, process, kind, value(), value(), value(), time, 0..9_u8).prop_map(
        |(shape, process, kind, one, two, three, time, index)| {
            let filled = shape.replace("#p", process).replace("#k", kind).replace("#v", one);
            let filled = filled.replace("#w", two).replace("#u", three).replace("#t", time);
            filled.replace("#i", &index.to_string())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 512 } else { 2048 }))]

    #[test]
    fn records_are_read_as_by_the_parser(
        records in vec(record(), 0..10),
        usual in 0..10_usize,
        between in select(vec!["\n", "\r\n", " ", "", ",\n", "\n;x\n"]),
        around in select(vec![("", ""), ("", "\n"), ("[", "]"), ("(\n", "\n)"), ("[", "")]),
        at in any::<Index>(),
        inserted in select(vec!["", "", "", "\"", "}", "{", "\n", "]", "#_ ", "[", ";"]),
    ) {
        let plain = |number: usize| {
            let kind = if number.is_multiple_of(2) { "invoke" } else { "ok" };
            format!("{{:process 7, :type :{kind}, :f :f, :value [{number} :x]}}")
        };
        let plain = (0..records.len().min(usual)).map(plain);
        let all: Vec<String> = plain.chain(records.iter().skip(usual).cloned()).collect();
        let mut text = format!("{}{}{}", around.0, all.join(between), around.1);
        let at = text.floor_char_boundary(at.index(text.len() + 1));
        text.insert_str(at, inserted);
        check(&text);
    }
}
