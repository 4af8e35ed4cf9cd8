//! Lines of logfmt, as Go's loggers write them for people: `level=info msg="op done" op=put key=a`.
//! Each is read as the record of JSON that has the same fields.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::cell::Cell;
use crate::error::{Code, Error, Place};
use crate::formats::content::{missing, quoted};
use crate::formats::failures::message_reports;
use crate::formats::fields::Fields;
use crate::formats::mapping::{Mapping, Target};
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;
use crate::formats::stray::Strays;
use crate::history::EventType;

/// What loggers write first into a line.
const FIRST: [&str; 8] = ["time", "ts", "timestamp", "t", "level", "lvl", "severity", "msg"];

/// Tells whether the first line of `text` that is not blank is logfmt: it names an operation, or
/// starts as a logger's.
pub(super) fn is_logfmt(text: &str) -> bool {
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return false;
    };
    let Line { pairs, .. } = Line::of(line);
    let is_first = |&(name, _, at): &Pair<'_>| FIRST.contains(&name) && at == name.len() + 1;
    pairs.len() > 2 && (pairs.first().is_some_and(is_first) || pairs.iter().any(names_operation))
}

fn names_operation((name, ..): &Pair<'_>) -> bool {
    role(name).0 == Role::Function
}

/// Tells whether the fields of a line say whose operation ended and how, though not which.
fn ends_one(pairs: &[Pair<'_>]) -> bool {
    let has = |wanted: &dyn Fn(Role, &str) -> bool| {
        pairs.iter().any(|&(name, value, _)| wanted(role(name).0, value))
    };
    has(&|role, _| role == Role::Process)
        && has(&|role, value| {
            let value = value.trim_matches('"');
            matches!(role, Role::Outcome | Role::Phase) && EventType::meant(value).is_some()
        })
}

/// Reads whole lines; returns how many hold no record.
///
/// # Errors
/// If none of them names an operation, and they are `all` that there is; if one that does not has
/// the fields of those that do, or one that does has more than fields; or as records have it.
pub(super) fn read(text: &str, all: bool, sink: &mut Sink<'_>) -> Result<usize, Error> {
    let mut lines = text.lines().map(|line| Line::of(line).pairs);
    let named = lines.find(|pairs| pairs.iter().any(names_operation));
    let is_named = named.is_some();
    let rules = sink.mapping.map_or(&[][..], Mapping::fields);
    let mapped: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.target == Target::Function)
        .filter_map(|rule| rule.path.0.first().map(String::as_str))
        .collect();
    let is_surveyed = sink.survey.is_some() && !is_named;
    if all && !is_named && mapped.is_empty() && !is_surveyed {
        return Err(missing("f")
            .hint(
                "no field of these lines names an operation: say which does, as in --map f=.what; \
             `histcheck init FILE` shows the fields",
            )
            .at(Place { offset: text.len() - text.trim_start().len(), ..Place::default() }));
    }
    let (mut at, mut without) = (0, 0);
    let mut strays = Strays::default();
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Line { pairs, front, stray } = Line::of(line);
        let is_record = match is_surveyed {
            true => pairs.len() > 2,
            false if mapped.is_empty() => pairs.iter().any(names_operation) || ends_one(&pairs),
            false => pairs.iter().any(|(name, ..)| mapped.contains(name)),
        };
        if !is_record {
            if mapped.is_empty() && named.as_ref().is_some_and(|named| are_alike(named, &pairs)) {
                return Err(no_operation(start + line.len() - line.trim_start().len()));
            }
            strays.pass_over(line, start)?;
            without += usize::from(!line.trim().is_empty());
            continue;
        }
        if !sink.begin(start) {
            break;
        }
        if let Some((word, offset)) = stray.filter(|_| !is_surveyed) {
            return Err(no_pair(word, start + offset));
        }
        let mut fields = Fields::default();
        for (name, value, offset) in pairs {
            fields.push(Cow::Borrowed(name), content(value, start + offset));
        }
        if message_reports(front) {
            fields.push_front(Cell { text: front, offset: start, plain: true });
        }
        fields.put(sink)?;
    }
    Ok(without)
}

/// What a value is: that of a JSON literal, a string in quotes, or the text as it stands.
fn content(value: &str, offset: usize) -> Cell<'_> {
    let is_json = serde_json::from_str::<&RawValue>(value).is_ok();
    let text = if matches!(value, "" | "<nil>" | "nil") { "null" } else { value };
    Cell { text, offset, plain: !is_json && text != "null" }
}

/// The error about a line that has the fields of a record, but names no operation.
fn no_operation(offset: usize) -> Error {
    missing("f")
        .hint(
            "this line has the fields of those that name an operation: name the operation as they \
             do (op=put), or remove the line if it is no record",
        )
        .at(Place { offset, ..Place::default() })
}

/// The error about a word of a record that belongs to no field.
fn no_pair(word: &str, offset: usize) -> Error {
    Error::new(Code::Syntax, format!("{} belongs to no field", quoted(word)))
        .hint("quote values with spaces: value=\"blue car\"; a field is NAME=VALUE")
        .at(Place { offset, ..Place::default() })
}

/// Tells whether a line has most of the fields of one that names an operation, beside that and what
/// loggers write into every line.
fn are_alike(named: &[Pair<'_>], pairs: &[Pair<'_>]) -> bool {
    let own = |pair: &&Pair<'_>| !FIRST.contains(&pair.0) && !names_operation(pair);
    let is_shared = |(name, ..): &&Pair<'_>| pairs.iter().any(|(other, ..)| other == name);
    let count = named.iter().filter(own).count();
    let shared = named.iter().filter(own).filter(is_shared).count();
    shared >= 2 && 2 * shared > count
}

/// A name with its value as it is written, and where that starts in the line.
type Pair<'t> = (&'t str, &'t str, usize);

/// A line of logfmt.
#[derive(Default)]
struct Line<'t> {
    pairs: Vec<Pair<'t>>,
    /// What is in front of the first pair.
    front: &'t str,
    /// The first word between pairs, or behind them, and where it starts.
    stray: Option<(&'t str, usize)>,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Line<'t> {
        let bytes = text.as_bytes();
        let mut line = Line::default();
        let mut at = 0;
        while at < bytes.len() {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte);
            let length = bytes[at..].iter().take_while(|byte| is_name(byte)).count();
            if length == 0 || bytes.get(at + length) != Some(&b'=') {
                let space = bytes[at..].iter().position(u8::is_ascii_whitespace);
                let end = space.map_or(bytes.len(), |length| at + length);
                line.add_word(&text[at..end], at);
                at = end + 1;
                continue;
            }
            if line.pairs.is_empty() {
                line.front = text[..at].trim();
            }
            let start = at + length + 1;
            let end = start + length_of(&bytes[start..]);
            line.pairs.push((&text[at..at + length], &text[start..end], start));
            at = end
                + usize::from(matches!(bytes.get(end), Some(b' ' | b'\t' | b'\n' | b'\r' | b',')));
        }
        line
    }

    /// Adds what is no pair. Marks between pairs say nothing.
    fn add_word(&mut self, word: &'t str, at: usize) {
        if !self.pairs.is_empty() && word.contains(|c: char| c.is_alphanumeric()) {
            self.stray.get_or_insert((word, at));
        }
    }
}

/// The length of the value at the start of `bytes`, with its quotes.
fn length_of(bytes: &[u8]) -> usize {
    if bytes.first() == Some(&b'"') {
        let mut is_escaped = false;
        for (at, &byte) in bytes.iter().enumerate().skip(1) {
            match byte {
                b'"' if !is_escaped => return at + 1,
                b'\\' => is_escaped = !is_escaped,
                _ => is_escaped = false,
            }
        }
    }
    bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len())
}
