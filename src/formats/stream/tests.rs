//! However a text comes, the stream says what reading the whole text says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::budget::Budget;
use crate::error::Code;
use crate::formats;
use crate::formats::sessions::{binary_format, check_followed};
use crate::history::{
    Event, EventType, History, Independent, OpIndex, Operation, Record, Settings, Time, Value,
    ValueTable,
};
use histcheck_history::internal::SWEEP_FROM;

/// Bytes that come in pieces of the sizes given, again and again.
struct Drip<'b> {
    bytes: &'b [u8],
    sizes: &'b [usize],
    at: usize,
}

impl Read for Drip<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.at % self.sizes.len()].max(1);
        self.at += 1;
        let (now, later) = self.bytes.split_at(size.min(self.bytes.len()).min(room.len()));
        room[..now.len()].copy_from_slice(now);
        self.bytes = later;
        Ok(now.len())
    }
}

/// Reads on one thread.
fn one_thread(max_bytes: usize) -> ReadOptions {
    ReadOptions { threads: 1, ..Budget::memory(max_bytes).into() }
}

/// What is told of an input: its operations in the order of their invocations, and the error that
/// ended it.
#[derive(Default, PartialEq, Debug)]
struct Told {
    operations: Vec<(Record, String)>,
    metadata: Option<Value>,
    records: usize,
    annotations: u64,
    reinvoked: usize,
    error: Option<String>,
}

fn told(
    operation: &Operation,
    index: OpIndex,
    history: &History,
    table: &mut ValueTable,
) -> String {
    let mut value = |value| table.import(history.values(), value);
    let values = [operation.process, operation.input, operation.output].map(&mut value);
    let key = operation.key.map(&mut value);
    let records = (operation.invoked, operation.completed, operation.outcome);
    let function = history.function(operation.function);
    format!("{values:?} {key:?} {function} {records:?} {:?}", history.times(index))
}

fn shown(error: &Error) -> String {
    format!("{:?} {:?} {} {:?}", error.code, error.place, error.message, error.hint)
}

/// What reading all says; `None` if it is about what only the whole tells.
fn whole(bytes: &[u8], format: Option<Format>, table: &mut ValueTable) -> Option<Told> {
    let settings = Settings { independent: Independent::No, ..Settings::default() };
    let read = Input::from_bytes(bytes.to_vec(), format.into());
    let read = read.and_then(|input| input.history(settings));
    match read {
        Ok(history) if history.has_whole_operations() => None,
        Ok(history) => {
            let operations = history.indexed();
            let operations =
                operations.map(|(at, op)| (op.invoked, told(op, at, &history, table))).collect();
            Some(Told {
                operations,
                metadata: history.metadata().map(|value| table.import(history.values(), value)),
                records: history.records(),
                annotations: history.annotations().len() as u64,
                reinvoked: history.reinvoked(),
                error: None,
            })
        }
        Err(error) if error.code == Code::MixedKeys => None,
        Err(error) if error.message.contains("mixes events with") => None,
        Err(error) => Some(Told { error: Some(shown(&error)), ..Told::default() }),
    }
}

/// What the stream says. Values are swept as often as can be.
fn streamed(reader: impl Read, format: Option<Format>, table: &mut ValueTable) -> Option<Told> {
    let mut stream =
        Stream::new(reader, ReadOptions { format, threads: 1, ..ReadOptions::default() });
    let mut all = Told::default();
    let mut seconds = false;
    loop {
        match stream.next() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if error.message.contains("cannot be taken as it comes") => return None,
            Err(error) => {
                if let Some((input, inside)) = stream.excerpt(&error) {
                    let line = input.line(inside.place.unwrap());
                    assert!(input.text().contains(line));
                }
                return Some(Told { error: Some(shown(&error)), ..Told::default() });
            }
        }
        let window = stream.window();
        seconds |= window.in_seconds;
        assert!(window.operations().is_sorted_by_key(|operation| operation.invoked));
        let mut last = None;
        for event in window.events() {
            assert!(last.is_none_or(|last| last < event.record));
            last = Some(event.record);
            let operation = window.operations()[event.operation];
            let own = if event.kind == EventType::Invoke {
                Some(operation.invoked)
            } else {
                operation.completed
            };
            assert_eq!(own, Some(event.record));
            if event.kind != EventType::Invoke {
                let told = told(&operation, event.operation, window.history, table);
                all.operations.push((operation.invoked, told));
            }
        }
        stream.forget(|_| {});
        stream.builder.sweep(|_| {});
        assert!(stream.window().operations().iter().all(|operation| operation.completed.is_none()));
    }
    let window = stream.window();
    let open = window.history.indexed();
    all.operations.extend(open.map(|(at, op)| (op.invoked, told(op, at, window.history, table))));
    all.operations.sort_by_key(|operation| operation.0);
    all.metadata =
        window.history.metadata().map(|value| table.import(window.history.values(), value));
    all.records = stream.records();
    all.annotations = stream.totals().1;
    all.reinvoked = window.history.reinvoked();
    (!seconds).then_some(all)
}

#[track_caller]
fn check(text: &[u8], format: Option<Format>, sizes: &[usize]) {
    let mut table = ValueTable::new();
    let expected = whole(text, format, &mut table);
    for sizes in [&[1][..], sizes, &[usize::MAX]] {
        let drip = Drip { bytes: text, sizes, at: 0 };
        let found = streamed(drip, format, &mut table);
        if let (Some(expected), Some(found)) = (&expected, &found) {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(found, expected, "{sizes:?} {format:?}\n{shown}");
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    process: i64,
    choice: u8,
    value: &'static str,
    time: Option<i64>,
    extra: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = select(vec![
        "nil",
        "1",
        "-5",
        "true",
        "[1 nil]",
        "\"a,\\\"\\n}{\"",
        "1.5",
        "\"; {\"",
        "123456789012345678901",
        "{\"a\" 1, \"b\" [{\"c\" \"}\"}]}",
        "\"é€😀\"",
        "#{1 \"x\"}",
        "{:a \\}}",
        ":k",
        "[[]]",
        "\"\\\\\"",
        "5000000000",
    ]);
    let process = prop_oneof![0i64..4, select(vec![7_000_000_000, -1])];
    let step = (process, 0u8..9, value, prop::option::of(0i64..1 << 40), any::<bool>());
    let step = step.prop_map(|(process, choice, value, time, extra)| Step {
        process,
        choice,
        value,
        time,
        extra,
    });
    vec(step, 1..40)
}

/// A history in which processes do one thing at a time, and crash.
fn history(steps: &[Step], keyed: bool) -> Option<History> {
    let mut builder = HistoryBuilder::default();
    let mut open: Vec<i64> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let mut value = |text: &str| formats::parse_edn(text, builder.values()).unwrap();
        let (content, error) = (value(step.value), value("\"a \\\" b\""));
        if at == 3 && step.extra {
            let metadata = value("{\"model\" \"register\"}");
            builder.metadata(metadata).unwrap();
        }
        let client = step.choice < 8;
        let name = if client { step.process.to_string() } else { "\"nemesis\"".to_owned() };
        let process = formats::parse_edn(&name, builder.values()).unwrap();
        let key = (keyed && client).then(|| builder.values().text(&format!("k{}", step.process)));
        let mut kind = EventType::Info;
        if client {
            kind = EventType::Invoke;
            if let Some(at) = open.iter().position(|&other| other == step.process) {
                open.remove(at);
                let kinds = [EventType::Ok, EventType::Fail, EventType::Info];
                kind = kinds[usize::from(step.choice) % 3];
            } else {
                open.push(step.process);
            }
        }
        if step.extra {
            builder.extra("error", error);
        }
        let time = step.time.map(Time::Whole);
        builder
            .event(&Event { process, kind, function: "write", value: content, key, time })
            .unwrap();
    }
    builder.finish(Settings { independent: Independent::No, ..Settings::default() }).ok()
}

fn written(history: &History, format: Format) -> String {
    let mut out = Vec::new();
    formats::write(history, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The same records in other layouts.
fn variant(text: &str, format: Format, layout: u8) -> String {
    let joined = |by: &str| text.trim_end().lines().collect::<Vec<_>>().join(by);
    match (format, layout) {
        (_, 1) => text.replace('\n', "\r\n"),
        (_, 2) => format!("\u{feff}{}", text.trim_end()),
        (Format::JsonLines, 3) => joined(" "),
        (Format::JsonLines, 4) => joined("").replace("\": ", "\":\n  ").replace("}{", "}\n\n{"),
        (Format::JsonArray, 3) => joined(""),
        (Format::Edn, 3) => format!("[{}]\n", joined("\n")),
        (Format::Edn, 4) => format!("; a }} comment\n({}\n)", joined(" #_ {:dropped [1]} ")),
        (Format::Edn, 5) => format!("[\n{} ; the end", joined("; {\n")),
        (Format::Log, 3) => joined("\n\n"),
        (Format::Log, 4) => {
            let line =
                |line| format!("INFO [2018-06-07] jepsen worker - jepsen.util {line}\nmore\n");
            format!("[main] start\n{}", text.lines().map(line).collect::<String>())
        }
        (Format::Csv, 3) => format!("# a \"comment\n\n{text}"),
        _ => text.to_owned(),
    }
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(1usize..9, 1..5), vec(1usize..200, 1..9), vec(1usize..2000, 1..3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn windows_are_the_history(
        steps in steps(), keyed: bool, layout in 0u8..6, given: bool, sizes in sizes(),
    ) {
        let Some(history) = history(&steps, keyed) else { return Ok(()) };
        for format in Format::ALL {
            let text = variant(&written(&history, format), format, layout);
            check(text.as_bytes(), given.then_some(format), &sizes);
        }
    }

    #[test]
    fn errors_are_those_of_the_whole(
        steps in steps(), layout in 0u8..6, sizes in sizes(),
        damage in vec((any::<Index>(), select(vec!["", "\"", "{", "}", "[", "]", ",", ":", "\\",
            "\n", " ", "0", "nil", "null", "\u{1}", "é", "{}", "NaN", ";", "#", "(", "#_", "ok", "}\n{",
            "0,ok,read,1\n", "\n0\t:ok\t:read\tnil\n",
            "{\"process\": 0, \"type\": \"ok\", \"f\": \"write\"}\n"]), 0..6_usize), 1..3),
    ) {
        let Some(history) = history(&steps, false) else { return Ok(()) };
        for format in Format::ALL {
            let text = variant(&written(&history, format), format, layout);
            let mut chars: Vec<char> = text.chars().collect();
            for (at, patch, dropped) in &damage {
                let at = at.index(chars.len() + 1);
                let end = (at + dropped).min(chars.len());
                chars.splice(at..end, patch.chars());
            }
            let text: String = chars.into_iter().collect();
            check(text.as_bytes(), Some(format), &sizes);
        }
    }
}

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let read =
        |path: &std::path::PathBuf| (path.display().to_string(), std::fs::read(path).unwrap());
    files.iter().filter(|path| path.is_file()).map(read).collect()
}

#[test]
fn malformed_files_are_refused_alike() {
    for (name, bytes) in files("tests/malformed") {
        let format = sniff(&String::from_utf8_lossy(&bytes));
        let is_of_sessions = format.is_some_and(|format| check_followed(format).is_err());
        if is_of_sessions || binary_format(&bytes).is_some() {
            // These are not followed.
            continue;
        }
        let mut table = ValueTable::new();
        let Some(expected) = whole(&bytes, None, &mut table) else { continue };
        for size in [1, 7, 100, usize::MAX] {
            let drip = Drip { bytes: &bytes, sizes: &[size], at: 0 };
            let Some(found) = streamed(drip, None, &mut table) else { continue };
            assert_eq!(found.error, expected.error, "{name} by {size}");
        }
    }
}

#[test]
fn histories_are_read_alike() {
    for (at, (name, bytes)) in files("histories").into_iter().enumerate() {
        if name.ends_with(".md") || bytes.len() > 100_000 {
            continue;
        }
        let mut table = ValueTable::new();
        let expected = whole(&bytes, None, &mut table);
        for size in [13 + at, 4096] {
            let drip = Drip { bytes: &bytes, sizes: &[size], at: 0 };
            let found = streamed(drip, None, &mut table);
            assert!(expected == found || expected.is_none() || found.is_none(), "{name} by {size}");
        }
    }
}

#[test]
fn compressed_histories_are_unpacked_as_they_come() {
    let line = |n: usize| {
        format!("{{\"process\":{n},\"type\":\"invoke\",\"f\":\"write\",\"value\":\"v{n}\"}}\n")
    };
    let [one, two] = [0..500, 500..900].map(|range| range.map(line).collect::<String>());
    let text = [&one[..], &two].concat();
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: &str| compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    let skipped = [0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
    let packed = [
        [gzip(&one), gzip(&two)].concat(),
        [zstd(&one), skipped.to_vec(), zstd(&two)].concat(),
        [skipped.to_vec(), zstd(&text)].concat(),
    ];
    for packed in packed {
        let mut table = ValueTable::new();
        let expected = whole(text.as_bytes(), None, &mut table);
        for sizes in [&[1][..], &[100, 3], &[usize::MAX]] {
            let found = streamed(Drip { bytes: &packed, sizes, at: 0 }, None, &mut table);
            assert_eq!(found, expected);
        }
        for len in (9..packed.len() - 1).step_by(97) {
            let cut = Drip { bytes: &packed[..len], sizes: &[50], at: 0 };
            let found = streamed(cut, None, &mut table).unwrap();
            let expected = whole(&packed[..len], None, &mut table).unwrap().error;
            // What came before the damage may end the stream earlier, at the end of a frame.
            assert!(found.error.is_some() == expected.is_some(), "{len}");
        }
    }
}

/// Pieces as a recorder writes them, with nothing behind; at the end it would wait.
struct Pipe<'b> {
    pieces: &'b [&'b str],
    /// How much of the first was read.
    at: usize,
}

impl Read for Pipe<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let (piece, others) = self.pieces.split_first().ok_or(io::ErrorKind::WouldBlock)?;
        let count = (piece.len() - self.at).min(room.len());
        room[..count].copy_from_slice(&piece.as_bytes()[self.at..self.at + count]);
        self.at += count;
        if self.at == piece.len() {
            (self.pieces, self.at) = (others, 0);
        }
        Ok(count)
    }
}

#[test]
fn nothing_that_is_there_waits_for_more() {
    let json = r#"{"process": 0, "type": "invoke", "f": "write"}"#;
    let edn = "{:process 0, :type :invoke, :f :write}";
    let log = "0\t:invoke\t:write\tnil\n";
    let line = format!("{json}\n");
    let (open, close) = json.split_at(20);
    for (pieces, records) in [
        (&[json][..], 1),
        (&[&line, "{\"process\": 1, "][..], 1),
        (&[json, " ", "{\"process\""], 1),
        (&[open, close], 1),
        (&["[", json, ","], 1),
        (&[edn], 1),
        (&["[\n", edn], 1),
        (&[log, "1\t:invoke\t:write\tni"], 1),
        (&["process,type,f\n", "0,invoke,write\n", "1,inv"], 1),
    ] {
        let mut stream = Stream::new(Pipe { pieces, at: 0 }, one_thread(usize::MAX));
        assert!(stream.next().unwrap(), "{pieces:?}");
        assert_eq!(stream.records(), records);
        assert_eq!(
            stream.place_of(Record::new(0)).unwrap().line,
            if pieces[0].ends_with("f\n") { 2 } else { 1 + usize::from(pieces[0] == "[\n") }
        );
        let error = stream.next().unwrap_err();
        assert_eq!(error.code, Code::Unreadable, "{pieces:?} {error}");
    }
}

#[test]
fn records_are_found_in_their_piece() {
    let text = "process,type,f\n0,invoke,read\n\n0,ok,read\n1,invoke,read\n";
    for size in [1, 16, 100] {
        let sizes = [size];
        let drip = Drip { bytes: text.as_bytes(), sizes: &sizes, at: 0 };
        let mut stream = Stream::new(drip, one_thread(usize::MAX));
        let mut lines = Vec::new();
        while stream.next().unwrap() {
            let events: Vec<_> = stream.window().events().map(|event| event.record).collect();
            lines.extend(events.iter().map(|&record| stream.place_of(record).unwrap().line));
            stream.forget(|_| {});
        }
        assert_eq!(lines, [2, 4, 5]);
        assert_eq!(stream.bytes_read(), text.len());
    }
}

#[test]
fn one_record_may_be_as_large_as_allowed() {
    let value = "x".repeat(5000);
    let record =
        format!("{{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"{value}\"}}\n");
    let more = "{\"process\":0,\"type\":\"ok\",\"f\":\"write\"}\n";
    let text = record.clone() + more;
    for (most, fits) in [(1000, false), (record.len() - 10, false), (record.len(), true)] {
        for sizes in [&[700][..], &[1 << 20]] {
            let drip = Drip { bytes: text.as_bytes(), sizes, at: 0 };
            let mut stream = Stream::new(drip, one_thread(most));
            let mut read = || {
                while stream.next()? {
                    stream.forget(|_| {});
                }
                Ok::<(), Error>(())
            };
            let code = read().err().map(|error| error.code);
            assert_eq!(code, (!fits).then_some(Code::TooLarge), "{most}");
        }
    }
}

/// Lines of a history whose strings are all different.
struct Endless {
    left: usize,
    line: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty() && self.left > 0 {
            self.left -= 1;
            let (at, kind) = (self.left / 2, if self.left % 2 == 1 { "invoke" } else { "ok" });
            writeln!(
                self.line,
                "{{\"process\":{},\"type\":\"{kind}\",\"f\":\"write\",\"value\":\"value number {at}\"}}",
                at as u64 + (1 << 33),
            )?;
        }
        let count = self.line.len().min(room.len());
        room[..count].copy_from_slice(&self.line[..count]);
        self.line.drain(..count);
        Ok(count)
    }
}

#[test]
fn memory_does_not_grow_with_the_history() {
    let endless =
        io::BufReader::with_capacity(1 << 16, Endless { left: 600_000, line: Vec::new() });
    let mut stream = Stream::new(endless, one_thread(usize::MAX));
    let mut most = 0;
    while stream.next().unwrap() {
        stream.forget(|_| {});
        most = most.max(stream.window().history.heap_bytes());
    }
    assert_eq!(stream.totals(), (300_000, 0));
    assert!(most < 3 * SWEEP_FROM, "{most}");
}

#[test]
fn no_place_to_cut_is_looked_for_where_more_was_there_before() {
    let mut cutter = super::cut::Cutter::default();
    let mut reader = (Format::JsonLines.row().reader)();
    let text = b"{\"process\":0,\"type\":\"invoke\",";
    assert_eq!(cutter.cut(text, &mut *reader), None);
    assert_eq!(cutter.cut(&text[..5], &mut *reader), None);
}
