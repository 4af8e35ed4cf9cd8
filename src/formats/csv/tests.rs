//! The same history, values and errors as by the library alone, for every table, size of the parts
//! and number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::header::Header;
use super::read::{read_header, read_rows};
use super::rows::Rows;
use super::scan::Table;
use super::separator_of;
use crate::error::Error;
use crate::formats::json::fast::{Batch, General};
use crate::formats::sink::Sink;
use crate::history::{History, HistoryBuilder, Record, Settings, Value};

/// How a table is read: by the library alone, or in parts of so many bytes on so many threads.
type Way = Option<(usize, usize)>;

fn read_into(text: &str, way: Way, sink: &mut Sink<'_>) -> Result<(), Error> {
    let separator = separator_of(text);
    let Some((header, start)) = read_header(text, 0, separator, sink)? else { return Ok(()) };
    match way {
        Some((part, threads)) => read_rows(text, start, separator, &header, part, threads, sink),
        None => {
            let mut rows = Rows::new(text, start, separator, &header);
            rows.read_until(usize::MAX, sink).map(|_| ())
        }
    }
}

fn history(text: &str, way: Way) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.bytes = text.len();
    read_into(text, way, &mut sink)?;
    builder.finish(Settings::default())
}

/// Where the records `wanted` start, according to a second reading.
fn found(text: &str, way: Way) -> Vec<usize> {
    let mut builder = HistoryBuilder::default();
    let mut sink = Sink::new(&mut builder);
    sink.wanted = &[0, 3, 6, 9];
    let _ = read_into(text, way, &mut sink);
    sink.found().to_vec()
}

/// Everything that is in a history, handles as they are.
fn contents(read: Result<History, Error>) -> String {
    let history = match read {
        Ok(history) => history,
        Err(error) => return format!("{error:?} {:?}", error.hint),
    };
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
    let taken = (taken, history.is_in_seconds());
    format!("{out}\n{:?}\n{taken:?}\n{values}", history.annotations())
}

#[track_caller]
fn check(text: &str) {
    let expected = contents(history(text, None));
    let places = found(text, None);
    for part in [1, 7, 64, 1000] {
        for threads in [1, 3] {
            let way = Some((part, threads));
            assert_eq!(contents(history(text, way)), expected, "{part} {threads} {text:?}");
            assert_eq!(found(text, way), places, "{part} {threads} {text:?}");
        }
    }
}

/// How many records of a table the scanner understands, and how many not.
fn understood(text: &str) -> (usize, usize) {
    let separator = separator_of(text);
    let mut builder = HistoryBuilder::default();
    let (header, start) =
        read_header(text, 0, separator, &Sink::new(&mut builder)).unwrap().unwrap();
    understood_below(text, start, &header, separator)
}

fn understood_below(text: &str, start: usize, header: &Header, separator: u8) -> (usize, usize) {
    let mut batch = Batch::default();
    let table = Table::of(header, separator).unwrap();
    table.read(text, start, start..text.len(), &mut batch);
    batch.counts()
}

const EVENTS: &str = "process,type,f,value,key,time,node\n";
const WHOLE: &str = "process,f,input,output,start_ms,return,outcome,error\n";

#[test]
fn the_usual_shape_is_understood() {
    for (header, rows) in [
        (
            EVENTS,
            &[
                "0,invoke,write,1,,100,",
                "1,ok,read,,7,1700000000123456789,n1",
                "99999999999,fail,a long name,-5,key,1.5,n 1",
                "2,info,:cas,\"[1, 2]\",\"a,\nb\",2024-05-06T07:08:09Z,true",
                "3,invoke,f,[],null,,7",
                "3,invoke,f,007,-,2,\"1x\"",
                "3,invoke,f,1.,\"-2\",2,\"1.5\"",
                "4,ok,append,1.50e3,é😀,-3,10.0.0.1:80",
                "5,ok,é,\"\",\"x\",,\"null\"",
            ][..],
        ),
        (
            WHOLE,
            &[
                "0,write,1,,17,19.5,ok,",
                "7,read,,v,17.25,9999999999999999,info,",
                "1,:f,true,false,1,,,null",
            ],
        ),
        ("index,type,process,f,duration\n", &["5,ok,1,f,", "0,invoke,1,f,3", ",info,1,f,"]),
    ] {
        for row in rows {
            let text = format!("{header}{row}\n");
            assert_eq!(understood(&text), (1, 0), "{text}");
            check(&text);
            check(text.trim_end());
        }
        let text = format!("{header}{}", rows.join("\r\n\n\r"));
        check(&text);
        for separator in [";", "\t", "|"] {
            let text = text.replace(',', separator);
            check(&text);
        }
    }
}

#[test]
fn what_is_less_usual_is_left_to_the_library() {
    for (usual, other) in [
        ("0,inv", " 0,inv"),
        ("0,inv", "nemesis,inv"),
        ("0,inv", "\"0\",inv"),
        ("0,inv", ",inv"),
        ("0,inv", "0x,inv"),
        ("0,inv", "\u{feff}0,inv"),
        ("invoke", "invoked"),
        ("invoke", "start"),
        ("invoke", ""),
        ("write", " write"),
        ("write", "write "),
        ("write", "\"write\""),
        ("write", ""),
        (",1,", ",1 ,"),
        (",1,", ", x,"),
        (",1,", ",{},"),
        (",1,", ",[1,"),
        (",1,", ",[1,2],"),
        (",1,", ",\"\"\"1\"\"\","),
        (",1,", ",\"a\"b,"),
        (",1,", ",\"1\" ,"),
        (",1,", ",\","),
        ("100", "x"),
        ("100", "1e400"),
        ("100", "01"),
        ("100", "null"),
        ("100", "-9223372036854775808"),
        ("100", "9223372036854775808"),
        ("100", "0001-01-01T00:00:00Z"),
        ("n1", "n1,"),
        (",n1", ""),
    ] {
        let text = format!("{EVENTS}0,invoke,write,1,k,100,n1\n").replacen(usual, other, 1);
        assert_eq!(understood(&text).0, 0, "{text}");
        check(&text);
        check(&format!("{text}0,ok,write,1,k,101,n1\n0,invoke,write,2,k,102,n1"));
        check(&format!("{EVENTS}0,invoke,write,1,k,9,n1\n{}", text.replace(EVENTS, "")));
    }
    for row in [
        "0,read,,v,17,19,ok,timeout,x",
        "0,read,,,1,0001-01-01,,",
        "0,read,1,2,null,3,ok,",
        "0,read,1,2,3,-,ok,",
        "0,read,1,2,3,-1,ok,",
        "0,read,1,2,3,4,maybe,",
    ] {
        check(&format!("{WHOLE}{row}\n"));
        check(&format!("{}{row},\n", WHOLE.replace("error", "error,thing")));
        check(&format!("{}{row},7\n", WHOLE.replace("error", "error,thing")));
    }
}

#[test]
fn a_later_piece_starts_with_no_mark() {
    use crate::formats::position::Position;
    use crate::formats::row::{Piece, Reader};
    let [one, other] = ["invoke", "ok"].map(|kind| format!("\u{feff}0,{kind},write,1\n"));
    let all = format!("process,type,f,value\n9,invoke,w,1\n{one}{other}");
    let pieces = [&all[..all.find('\u{feff}').unwrap()], &*one, &*other];
    let read = |pieces: &[&str]| {
        let mut builder = HistoryBuilder::default();
        let mut sink = Sink::new(&mut builder);
        let mut reader = super::Csv::default();
        for text in pieces {
            let position = Position::default();
            let piece = Piece { text, position: &position, is_last: false, threads: 1 };
            reader.read(&piece, &mut sink).unwrap();
        }
        contents(builder.finish(Settings::default()))
    };
    assert_eq!(read(&pieces), read(&[&all]));
}

/// The cells of a record in which something may be unusual.
fn row() -> impl Strategy<Value = String> {
    let process = select(vec!["0", "1", "2", "3", "nemesis", " 4", "\"5\"", "-6", "007", ""]);
    let kind =
        select(vec!["invoke", "ok", "ok", "fail", "info", "OK", " ok", "\"ok\"", "", "okay"]);
    let function =
        select(vec!["read", "write", ":cas", "a-long-name-of-one", "\"a,b\"", "é", " x"]);
    let value = || {
        select(vec![
            "1",
            "-7",
            "",
            "null",
            "true",
            "abc",
            "0",
            "1.5",
            "[]",
            "[1",
            "\"[1, 2]\"",
            "\"a\nb\"",
            "\"a\n0,invoke,read,1,2,3,4\nb\"",
            "\"\"\"q\"\"\"",
            "\"{}\"",
            " 3",
            "x ",
            "2024-01-02",
            "123456789012345678901",
            "\"\"",
            "1\"2",
            "\"",
            "é",
        ])
    };
    let time = select(vec![
        "1",
        "20",
        "300.5",
        "",
        "2024-05-06T07:08:09Z",
        "null",
        "x",
        "1700000000123456789",
        "-1",
        "5s",
    ]);
    (process, kind, function, value(), value(), time.clone(), time, value()).prop_map(
        |(process, kind, function, one, other, call, ret, note)| {
            [process, kind, function, one, other, call, ret, note].join("\u{1}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 512 } else { 2048 }))]

    #[test]
    fn tables_are_read_as_by_the_library(
        names in select(vec![
            ["process", "type", "f", "value", "key", "time", "index", "node"],
            ["process", "type", "f", "value", "note", "at", "time", "index"],
            ["process", "outcome", "f", "input", "output", "call", "return", "error"],
            ["client", "status", "op", "args", "key", "start_ms", "end_us", "level"],
            ["process", "type", "f", "value", "output", "call", "return", "thing"],
            ["index", "type", "f", "process", "k", "start", "duration", "success"],
        ]),
        rows in vec(row(), 0..12),
        usual in 0..12_usize,
        separator in select(vec![",", ";", "\t", "|"]),
        ending in select(vec!["\n", "\r\n", "\n\n", "\r"]),
        at in any::<Index>(),
        inserted in select(vec!["", "", "", "\"", "\n", ",", "\r", "\u{feff}", " "]),
    ) {
        let mut text = names.join(",") + "\n";
        for (number, row) in rows.iter().enumerate() {
            let kind = if number % 2 == 0 { "invoke" } else { "ok" };
            let turn = number / 2;
            let plain = ["", kind, "f", "1", "2", "1", "2", ""].join("\u{1}");
            let plain = format!("{turn}{plain}");
            text += if number < usual { &plain } else { row };
            text += ending;
        }
        let mut text = text.replace([',', '\u{1}'], separator);
        let at = text.floor_char_boundary(at.index(text.len() + 1));
        text.insert_str(at, inserted);
        check(&text);
    }
}
