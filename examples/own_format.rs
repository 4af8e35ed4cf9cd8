//! Reads a format of one's own into a history, with errors that name line and column: a log of
//! lines such as `12 alice -> write x 1` and `15 alice <- write x ok`. A [`HistoryBuilder`] pairs
//! calls with returns and refuses what cannot be; the reader only has to take lines apart, and to
//! remember where they are.
//!
//!     cargo run --example own_format [FILE]
//!
//! Without a file, the program reads two logs of its own: one that is checked, and one with a
//! mistake, whose place is shown.

use std::collections::BTreeMap;
use std::io::{self, Write};

use histcheck::history::{Event, EventType, HistoryBuilder, Record, Settings, Time, Value};
use histcheck::{Code, Error, History, Options, Place};

/// A write that is seen before it returns; an operation whose outcome nobody knows.
const LOG: &str = "\
# time in µs, client, call or return, operation, key, value
10 alice -> write x 1
12 bob   -> read x
15 bob   <- read x 1
17 alice <- write x ok
20 carol -> write x 2
25 carol <- write x lost
30 bob   -> read x
33 bob   <- read x 2
";

/// Bob returns from what he never called.
const MISTAKEN: &str = "\
10 alice -> write x 1
11 bob   <- read x 1
";

/// Words of a line, each with its byte offset.
type Words<'t> = Vec<(usize, &'t str)>;

/// The history that `text` means.
pub(crate) fn read(text: &str) -> Result<History, Error> {
    let mut history = HistoryBuilder::default();
    // Clients are numbers in a history: a process without one would be taken for a nemesis.
    let mut clients = BTreeMap::new();
    // Where each record starts, for errors that name the record alone.
    let mut starts = Vec::new();
    let locate = |error: Error, starts: &[usize]| match error
        .record
        .map(|record| starts.get(record.index()))
    {
        Some(Some(&start)) => error.at(place(text, start)),
        _ => error,
    };
    for (start, words) in lines(text) {
        starts.push(start);
        let next = clients.len() as i64;
        let number = |name| *clients.entry(name).or_insert(next);
        add(&mut history, text, &words, number).map_err(|error| locate(error, &starts))?;
    }
    // Whole-history errors, such as a log without operations, come at the end.
    history.finish(Settings::default()).map_err(|error| locate(error, &starts))
}

/// The lines of `text` that say something, each with the offset of its first word.
fn lines(text: &str) -> impl Iterator<Item = (usize, Words<'_>)> {
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.lines().filter(|line| !line.starts_with('#')).filter_map(move |line| {
        let words: Words<'_> = line.split_whitespace().map(|word| (offset(word), word)).collect();
        Some((words.first()?.0, words))
    })
}

/// Adds the record that a line means.
fn add<'t>(
    history: &mut HistoryBuilder,
    text: &'t str,
    words: &[(usize, &'t str)],
    number: impl FnOnce(&'t str) -> i64,
) -> Result<(), Error> {
    let &[time, (_, client), arrow, (_, function), (_, key), ref rest @ ..] = words else {
        // It names the record, whose line the caller knows.
        return Err(Error::new(Code::Syntax, "a line has too few words")
            .hint("a line is: time client -> operation key [value]")
            .record(Record::new(history.records())));
    };
    let nanoseconds = time.1.parse().ok().and_then(|micros: i64| micros.checked_mul(1_000));
    let Some(nanoseconds) = nanoseconds else {
        return Err(Error::new(Code::BadTime, format!("`{}` is no time", time.1))
            .hint("times are whole microseconds")
            .at(place(text, time.0)));
    };
    let word = rest.first().map(|&(_, word)| word);
    let (kind, value) = match (arrow.1, word) {
        ("->", word) => (EventType::Invoke, word),
        ("<-", Some("ok")) => (EventType::Ok, None),
        ("<-", Some("refused")) => (EventType::Fail, None),
        // Never a guess: what is not known to have happened may have happened.
        ("<-", Some("lost")) => (EventType::Info, None),
        ("<-", word) => (EventType::Ok, word),
        _ => {
            return Err(Error::new(Code::UnknownType, format!("`{}` is no arrow", arrow.1))
                .hint("-> for a call, <- for a return")
                .at(place(text, arrow.0)));
        }
    };
    let values = history.values();
    // Numbers of any size are numbers, and every other word is a string.
    let value =
        value.map_or(Value::NULL, |word| values.number(word).unwrap_or_else(|| values.text(word)));
    let event = Event {
        process: values.int(number(client)),
        kind,
        function,
        value,
        key: Some(values.text(key)),
        time: Some(Time::Whole(nanoseconds)),
    };
    history.event(&event)
}

/// The place of the byte at `offset`.
fn place(text: &str, offset: usize) -> Place {
    let before = &text[..offset];
    let start_of_line = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        offset,
        line: before.matches('\n').count() + 1,
        column: before[start_of_line..].chars().count() + 1,
    }
}

/// Writes to `out` what comes of `text`.
fn report(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let checked = read(text).and_then(|history| {
        let report = histcheck::check(&history, &Options::default())?;
        Ok((history, report))
    });
    match checked {
        Ok((history, report)) => {
            let operations = history.operations().len();
            writeln!(out, "{operations} operations of a {}: {}", report.model, report.verdict)
        }
        Err(error) => {
            writeln!(out, "{error}")?;
            match &error.hint {
                Some(hint) => writeln!(out, "  hint: {hint}"),
                None => Ok(()),
            }
        }
    }
}

/// Writes to `out` what comes of the two logs.
pub(crate) fn run(out: &mut dyn Write) -> io::Result<()> {
    report(LOG, out)?;
    report(MISTAKEN, out)
}

#[allow(dead_code)] // A test of the same name includes this file.
fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    match std::env::args_os().nth(1) {
        Some(file) => report(&std::fs::read_to_string(file)?, &mut out),
        None => run(&mut out),
    }
}
