//! A text that stays in its file says what it says when it is held: the history, every error, and
//! where records are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::budget::Budget;
use crate::error::{Code, Place};
use crate::formats::input::LONG;
use crate::formats::{self, Input, ReadOptions};
use crate::history::{History, Order, Record, Settings, Value};

/// A file with these bytes, the cursor behind `skipped` others.
fn file(skipped: usize, bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![b'!'; skipped]).unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(skipped as u64)).unwrap();
    file
}

/// Everything that is in a history, handles as they are, and where its records are.
fn told(input: Result<Input, Error>, settings: Settings) -> (String, Vec<(Record, Place)>) {
    let shown = |error: &Error| format!("{error:?} {:?}", error.hint);
    let input = match input {
        Ok(input) => input,
        Err(error) => return (shown(&error), Vec::new()),
    };
    let history = match input.history(settings) {
        Ok(history) => history,
        Err(error) => {
            // Bytes that are no text have no line to be shown.
            let place = error.place.filter(|_| error.code != Code::NotUtf8);
            let line = place.map(|place| input.line(place).to_owned());
            return (shown(&error) + &line.unwrap_or_default(), Vec::new());
        }
    };
    let records: Vec<Record> = (0..history.records()).step_by(3).map(Record::new).collect();
    let places = input.locate_all(&records);
    assert_eq!(places.len(), records.len());
    (contents(&history), places)
}

fn contents(history: &History) -> String {
    let mut out = format!("{history:?}\n{:?}\n", history.functions());
    for (at, operation) in history.indexed() {
        out += &format!("{operation:?} {:?} {:?}\n", history.times(at), history.span(at));
    }
    for record in (0..history.records()).map(Record::new) {
        out += &format!("{:?}", history.extras(record));
    }
    let values = history.values();
    let shape = |at| format!("{:?}\n", values.shape(Value::of_handle(at)));
    let values: String = (0..values.len() as u32).map(shape).collect();
    let taken = history.taken_fields();
    let counts = (history.passed_over(), history.reinvoked(), history.is_in_seconds());
    format!(
        "{out}\n{:?}\n{:?}\n{taken:?} {counts:?}\n{values}",
        history.annotations(),
        history.metadata()
    )
}

/// The options of a reading on so many threads.
fn on(threads: usize) -> ReadOptions {
    let scratch = Some(tempfile::tempfile as fn() -> io::Result<File>);
    ReadOptions { threads, scratch, ..ReadOptions::default() }
}

/// Compares all ways to read `bytes`; returns whether they can be read in pieces.
#[track_caller]
fn check(bytes: &[u8], order: Order) -> bool {
    let settings = Settings { order, ..Settings::default() };
    let held = told(Input::from_bytes(bytes.to_vec(), ReadOptions::default()), settings);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    let gzip = gzip.finish().unwrap();
    for threads in [1, 2] {
        let stored = told(Input::from_file(file(5, bytes), on(threads)), settings);
        assert_eq!(stored, held, "a file");
        let piped = told(Input::from_reader(bytes, on(threads)), settings);
        assert_eq!(piped, held, "a pipe");
        let unpacked = told(Input::from_reader(&gzip[..], on(threads)), settings);
        assert_eq!(unpacked, held, "compressed");
    }
    bytes.len() > LONG && in_pieces(&bytes[..PIECE], None, None).is_some()
}

/// The lines of a history that is longer than [`LONG`].
fn lines() -> impl Strategy<Value = Vec<String>> {
    let value = select(vec![
        "1",
        "null",
        "-7",
        "\"a\\nb é\"",
        "[1, 2]",
        "{\"x\": [{\"y\": 1}, {\"y\": 2}]}",
        "123456789012345678901",
        "\"},\\n{\"",
    ]);
    let step = (0..7_u8, 0..8_u8, value, 0..6_u8);
    vec(step, 150..260).prop_map(|steps| {
        let mut open = [false; 7];
        let event = |(at, (process, kind, value, more)): (usize, (u8, u8, &str, u8))| {
            let is_open = &mut open[usize::from(process)];
            let kind = match (*is_open, kind) {
                (false, _) => "invoke",
                (true, 0) => "info",
                (true, 1) => "fail",
                (true, _) => "ok",
            };
            *is_open = kind == "invoke";
            let more = match more {
                0 => ", \"note\": \"slow\", \"index\": 3".to_owned(),
                1 => format!(", \"index\": {at}"),
                _ => format!(", \"key\": {}", process % 3),
            };
            format!(
                "{{\"process\": {process}, \"type\": \"{kind}\", \"f\": \"write\", \
                 \"value\": {value}, \"time\": {at}{more}}}"
            )
        };
        steps.into_iter().enumerate().map(event).collect()
    })
}

/// What is done to a text.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Insert(&'static str),
    InsertByte(u8),
    Remove(usize),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    let inserted = select(vec![
        "\n",
        "\n\n  ",
        "{",
        "\"",
        "}\n{",
        ",",
        "\n{\"process\": 99, \"type\": \"invoke\", \"f\": \"w\", \"value\": 1}\n",
        "\n{\"process\": \"nemesis\", \"type\": \"info\", \"f\": \"kill\"}\n",
        "\n{\"histcheck\": {\"model\": \"register\"}}\n",
        "\n# a comment\n",
        "é",
    ]);
    prop_oneof![
        4 => Just(Change::Nothing),
        6 => inserted.prop_map(Change::Insert),
        1 => any::<u8>().prop_map(Change::InsertByte),
        2 => (1_usize..20).prop_map(Change::Remove),
        1 => Just(Change::Cut),
    ]
}

fn changed(text: &str, change: &Change, at: Index) -> Vec<u8> {
    let at = text.floor_char_boundary(at.index(text.len() + 1));
    let (before, behind) = text.as_bytes().split_at(at);
    match change {
        Change::Nothing => text.into(),
        Change::Insert(inserted) => [before, inserted.as_bytes(), behind].concat(),
        Change::InsertByte(byte) => [before, &[*byte], behind].concat(),
        Change::Remove(count) => [before, &behind[(*count).min(behind.len())..]].concat(),
        Change::Cut => before.to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_say_what_the_whole_says(
        lines in lines(),
        keyed in any::<bool>(),
        marked in any::<bool>(),
        by_time in any::<bool>(),
        format in select(formats::Format::ALL.to_vec()),
        is_rewritten in any::<bool>(),
        change in change(),
        at in any::<Index>(),
    ) {
        let kept = lines.iter().filter(|line| !keyed || line.contains("\"key\""));
        let text: String = kept.map(|line| format!("{line}\n")).collect();
        let read = Input::from_bytes(text.clone().into(), ReadOptions::default())
            .and_then(|input| input.history(Settings::default()));
        let text = match read {
            Ok(history) if is_rewritten => {
                let mut out = Vec::new();
                formats::write(&history, format, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            }
            _ => text,
        };
        let mark = if marked { "\u{feff}" } else { "" };
        let bytes = changed(&format!("{mark}{text}"), &change, at);
        check(&bytes, if by_time { Order::Time } else { Order::File });
    }
}

/// The lines of sessions of transactions, in one of the texts that list micro-operations.
fn session_lines(is_plume: bool) -> impl Strategy<Value = Vec<String>> {
    let number = || select(vec!["0", "1", "-1", "7", "1073741824", "123456789012345678901"]);
    let step = (any::<bool>(), number(), number(), 0..3_u8, 0..40_usize, 0..30_u8);
    vec(step, 700..1100).prop_map(move |steps| {
        let line = |(at, step): (usize, (bool, &str, &str, u8, usize, u8))| {
            let (is_write, key, value, back, forth, odd) = step;
            let name = if is_write { "w" } else { "r" };
            let txn = (at / 4).saturating_sub(if odd < 3 { forth } else { 0 });
            match (is_plume, odd) {
                (true, 3) => format!("{name}( {key},{value} , {},{txn})\r", txn % 3),
                (true, 4) => String::new(),
                (true, 5) => format!("{name}({key},{value},{},-1)", txn % 3),
                (true, 6) => format!("{name}({key},{value},7,{}00000000{txn})", 1 + back),
                (true, _) => format!("{name}({key},{value},{},{txn})", txn % 3),
                (false, 3) => "=====".to_owned(),
                (false, 4) => format!(" {name}  {key} {value}"),
                (false, 5..12) => "-----".to_owned(),
                (false, _) => format!("{name} {key} {value}"),
            }
        };
        steps.into_iter().enumerate().map(line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pieces_of_sessions_say_what_the_whole_says(
        (is_plume, lines) in any::<bool>().prop_flat_map(|is_plume| {
            (Just(is_plume), session_lines(is_plume))
        }),
        change in prop_oneof![3 => Just(Change::Nothing), 1 => change()],
        at in any::<Index>(),
    ) {
        let first = if is_plume { "r(0,0,0,0)\n" } else { "r 0 0\n" };
        let text = format!("{first}{}\n", lines.join("\n"));
        check(&changed(&text, &change, at), Order::File);
    }
}

fn events(count: usize) -> String {
    let event = |at: usize| {
        let kind = if at.is_multiple_of(2) { "invoke" } else { "ok" };
        format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"value\":1}}\n")
    };
    (0..count).map(event).collect()
}

#[test]
fn the_usual_formats_come_in_pieces() {
    let text = events(600);
    let input = Input::from_bytes(text.into(), ReadOptions::default()).unwrap();
    let history = input.history(Settings::default()).unwrap();
    for format in formats::Format::ALL {
        let mut out = Vec::new();
        formats::write(&history, format, &mut out).unwrap();
        assert!(out.len() > LONG);
        assert_eq!(check(&out, Order::File), format != formats::Format::Log, "{format:?}");
    }
}

#[test]
fn what_only_the_whole_tells_is_told() {
    // An error behind another, one about the first record, and one in the last.
    let two = format!("{}{{\"process\":}}\n{}\u{fffd}", events(600), events(300));
    let mut bytes = two.into_bytes();
    let end = bytes.len();
    bytes[end - 1] = 0xff;
    assert!(check(&bytes, Order::File));
    let last = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"key\":2}\n";
    assert!(check(format!("{}{last}", events(600)).as_bytes(), Order::File));
    assert!(check(format!("{}{{", events(600)).as_bytes(), Order::File));
    // A record, or a cell, that is longer than pieces may become.
    for long in [PIECE / 2, PIECE, 2 * PIECE, 2 * GROWTH * PIECE] {
        let value = "x".repeat(long);
        for kind in ["invoke", "ok"] {
            let record = format!(
                "{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"value\":\"{value}\"}}\n"
            );
            check(format!("{}{record}{}", events(600), events(100)).as_bytes(), Order::File);
            check(format!("{record}{}", events(600)).as_bytes(), Order::File);
        }
        let table = format!("process,type,f,value\n0,invoke,write,\"{value}\n,\"\n0,ok,write,1\n");
        check(table.as_bytes(), Order::File);
    }
    // An object that holds all records.
    let list = events(600).trim_end().replace('\n', ",\n");
    check(format!("{{\"test\":1,\"events\":[{list}]}}").as_bytes(), Order::File);
}

#[test]
fn a_file_that_changes_has_no_places() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.jsonl");
    std::fs::write(&path, events(600)).unwrap();
    let input = Input::open(&path, ReadOptions::default()).unwrap();
    let history = input.history(Settings::default()).unwrap();
    assert_eq!(history.records(), 600);
    assert_eq!(input.locate(Record::new(599)).map(|place| place.line), Some(600));
    let later = SystemTime::now() + std::time::Duration::from_secs(5);
    File::options().append(true).open(&path).unwrap().set_modified(later).unwrap();
    assert_eq!(input.locate(Record::new(599)), None);
    // What is there is read anew.
    std::fs::write(&path, events(300)).unwrap();
    let error = input.history(Settings::default()).unwrap_err();
    assert_eq!((error.code, error.place), (Code::Unreadable, None));
}

#[test]
fn limits_hold_for_what_is_not_held() {
    let text = events(600);
    let within = |max| ReadOptions { budget: Budget::memory(max), ..on(1) };
    for input in [
        |bytes: &[u8], options| Input::from_file(file(0, bytes), options),
        |bytes: &[u8], options| Input::from_reader(bytes, options),
    ] {
        let read = |max| input(text.as_bytes(), within(max)).map_err(|error| error.code);
        assert!(read(text.len()).is_ok());
        for max in [text.len() - 1, LONG + 1, LONG, 0] {
            assert_eq!(read(max).unwrap_err(), Code::TooLarge);
        }
    }
}

#[test]
fn a_full_disk_holds_nobody_up() {
    // Nothing can be written to a file that is open to be read.
    fn full() -> io::Result<File> {
        File::open(std::env::current_exe()?)
    }
    for scratch in [full, || Err(io::ErrorKind::StorageFull.into())] {
        let options = ReadOptions { scratch: Some(scratch), ..on(1) };
        let input = Input::from_reader(events(600).as_bytes(), options).unwrap();
        assert_eq!(input.text(), events(600));
        assert_eq!(input.history(Settings::default()).unwrap().records(), 600);
    }
}
