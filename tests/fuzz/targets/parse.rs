//! Any bytes, read in every format. What is read can be written in every format, and reads again
//! as the same operations; what is refused is refused at a place of the text.

use histcheck::formats::{self, Format, Input, ReadOptions};
use histcheck::history::{Independent, Order, Outcome, Record, Settings, Shape, Ties, ValueTable};
use histcheck::{Budget, Code, Error, History};

use super::blocks::{STREAM, VALUE, file};

/// Decompressed, an input may be so large.
const ROOM: usize = 1 << 20;

/// Values that are tuples already must not be taken apart a second time.
const AS_IT_IS: Settings = Settings {
    independent: Independent::No,
    order: Order::File,
    ties: Ties::Concurrent,
    split_clients: false,
    pairing: histcheck::history::Pairing::Strict,
};

/// Reads `data` in every format, and in the one that it looks like.
pub fn parse(data: &[u8]) {
    for format in Format::READ.map(Some).into_iter().chain([None]) {
        try_bytes(data.to_vec(), format);
    }
    let _ = formats::jepsen_valid(data);
    // Mutations hardly ever keep a checksum right.
    for kind in [STREAM, VALUE] {
        try_bytes(file(kind, data), None);
    }
}

fn try_bytes(bytes: Vec<u8>, format: Option<Format>) {
    let budget = Budget::memory(ROOM);
    let options = ReadOptions { format, budget, threads: 1, ..ReadOptions::default() };
    match Input::from_bytes(bytes, options) {
        Ok(input) => try_input(&input),
        Err(error) => drop(error.to_string()),
    }
}

fn try_input(input: &Input) {
    for order in [Order::File, Order::Time] {
        for independent in [Independent::Auto, Independent::Yes] {
            let settings = Settings { order, independent, ..Settings::default() };
            match input.history(settings) {
                Ok(history) => try_history(input, &history, settings),
                Err(error) => try_error(input, &input.located(error)),
            }
        }
    }
}

/// An error has a place, which is in the text, unless it is about all of the text.
fn try_error(input: &Input, error: &Error) {
    let text = input.text();
    let Some(place) = error.place else {
        let whole = [Code::Empty, Code::NoModel, Code::TooMany];
        assert!(whole.contains(&error.code), "no place: {error:?}");
        return;
    };
    assert!(place.offset <= text.len(), "{error:?} in {} bytes", text.len());
    let lines = text.bytes().filter(|&byte| byte == b'\n').count() + 1;
    assert!((1..=lines).contains(&place.line), "{error:?} in {lines} lines");
    let line = input.line(place);
    let columns = line.chars().count() + 1;
    assert!((1..=columns).contains(&place.column), "{error:?} in the line {line:?}");
}

fn try_history(input: &Input, history: &History, settings: Settings) {
    let records: Vec<Record> = (0..history.records()).map(Record::new).collect();
    for &(record, place) in &input.locate_all(&records) {
        assert_eq!(Some(place), input.locate(record), "record {record}");
        if record.index() > 20 {
            break;
        }
    }
    if settings.order == Order::File && !history.operations().is_empty() {
        for format in Format::ALL {
            try_format(history, format);
        }
        for format in Format::SESSIONS {
            try_sessions(history, format);
        }
    }
}

/// What is written reads again; and says the same, as far as the format has room for it.
fn try_format(history: &History, format: Format) {
    let mut bytes = Vec::new();
    formats::write(history, format, &mut bytes).expect("there is room");
    let again = Input::from_bytes(bytes.clone(), ReadOptions { threads: 1, ..Some(format).into() })
        .and_then(|input| input.history(AS_IT_IS));
    let again = again.unwrap_or_else(|error| {
        panic!("{} that was written: {error}\n{}", format.name(), String::from_utf8_lossy(&bytes))
    });
    // The text columns have no room for keys but in the values.
    let is_keyed = history.operations().iter().any(|operation| operation.key.is_some());
    // One table, so that equal values look the same; maps have no order.
    let mut table = ValueTable::new();
    let mut said = |history| said(history, format, is_keyed, &mut table);
    let (mut before, mut after) = (said(history), said(&again));
    if format == Format::Log && history.has_whole_operations() {
        // Of calls at one time, one may have to wait for its process, whose last operation returns
        // then: it comes behind the others.
        before.sort_unstable();
        after.sort_unstable();
    }
    assert!(
        before == after,
        "{} changes {before:#?}\nto {after:#?}\n{}",
        format.name(),
        String::from_utf8_lossy(&bytes)
    );
}

/// What is written of transactions is written again when it was read; other operations have no
/// room.
fn try_sessions(history: &History, format: Format) {
    let written = |history: &History| {
        let mut bytes = Vec::new();
        formats::write(history, format, &mut bytes).map(|()| bytes)
    };
    drop(format.losses(history));
    let Some(bytes) = written(history).ok().filter(|bytes| !bytes.is_empty()) else { return };
    let read = |bytes: &[u8]| {
        let options = ReadOptions { threads: 1, ..Some(format).into() };
        let input = Input::from_bytes(bytes.to_vec(), options);
        input.and_then(|input| input.history(AS_IT_IS)).unwrap_or_else(|error| {
            let text = String::from_utf8_lossy(bytes);
            panic!("{} that was written: {error}\n{text}", format.name())
        })
    };
    let again = read(&bytes);
    assert!(again.operations().len() <= 2 * history.operations().len() + bytes.len());
    let _ = read(&written(&again).expect("what was read has room"));
}

/// The operations as far as `format` has room for them.
fn said(history: &History, format: Format, is_keyed: bool, table: &mut ValueTable) -> Vec<String> {
    let mut edn = |value| {
        let value = table.import(history.values(), value);
        format!("{value:?} ({})", table.to_edn(value))
    };
    let operations = history.indexed();
    let said = operations.map(|(index, operation)| {
        let function = history.function(operation.function);
        let outcome = operation.outcome;
        let mut said = format!("{function} {outcome:?}");
        if format == Format::Log {
            // Times are left out, too, and whole operations get processes.
            if !is_keyed {
                said += &format!(" {}", edn(operation.input));
                if outcome != Outcome::Open {
                    said += &format!(" -> {}", edn(operation.output));
                }
            }
            return said;
        }
        let key = operation.key.map(&mut edn);
        let (input, output) = (edn(operation.input), edn(operation.output));
        let times = history.times(index);
        // Metadata come first in CSV, so that all records behind move.
        let moves = format == Format::Csv && history.metadata().is_some();
        let span = (!moves).then(|| history.span(index));
        // A process of its own is named after the record.
        let is_own = matches!(history.values().shape(operation.process), Shape::Symbol(_));
        let process = (!moves || !is_own).then(|| edn(operation.process));
        said + &format!(" {process:?} {key:?} {input} -> {output} {times:?} {span:?}")
    });
    said.collect()
}
