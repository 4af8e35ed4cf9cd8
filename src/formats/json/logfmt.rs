//! Lines of logfmt, as Go's loggers write them for people: `level=info msg="op done" op=put key=a`.
//! Each is read as the record of JSON that has the same fields.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::cell::Cell;
use crate::error::{Error, Place};
use crate::formats::content::missing;
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
    let pairs = pairs(line);
    let is_first =
        |&(name, _, at): &(&str, &str, usize)| FIRST.contains(&name) && at == name.len() + 1;
    pairs.len() > 2 && (pairs.first().is_some_and(is_first) || pairs.iter().any(names_operation))
}

fn names_operation((name, ..): &(&str, &str, usize)) -> bool {
    role(name).0 == Role::Function
}

/// Tells whether the fields of a line say whose operation ended and how, though not which.
fn ends_one(pairs: &[(&str, &str, usize)]) -> bool {
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
/// If none of them names an operation, and they are `all` that there is; or as records have it.
pub(super) fn read(text: &str, all: bool, sink: &mut Sink<'_>) -> Result<usize, Error> {
    let is_named = text.lines().any(|line| pairs(line).iter().any(names_operation));
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
        let pairs = pairs(line);
        let is_record = match is_surveyed {
            true => pairs.len() > 2,
            false if mapped.is_empty() => pairs.iter().any(names_operation) || ends_one(&pairs),
            false => pairs.iter().any(|(name, ..)| mapped.contains(name)),
        };
        if !is_record {
            strays.pass_over(line, start)?;
            without += usize::from(!line.trim().is_empty());
            continue;
        }
        if !sink.begin(start) {
            break;
        }
        let mut fields = Fields::default();
        for (name, value, offset) in pairs {
            fields.push(Cow::Borrowed(name), content(value, start + offset));
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

/// The names of a line with their values as they are written, and where these start. Words without
/// a value do not count.
fn pairs(line: &str) -> Vec<(&str, &str, usize)> {
    let bytes = line.as_bytes();
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.@".contains(byte);
        let length = bytes[at..].iter().take_while(|byte| is_name(byte)).count();
        if length == 0 || bytes.get(at + length) != Some(&b'=') {
            // No name: the next word.
            at +=
                bytes[at..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |n| n + 1);
            continue;
        }
        let start = at + length + 1;
        let end = start + length_of(&bytes[start..]);
        pairs.push((&line[at..at + length], &line[start..end], start));
        at = end + 1;
    }
    pairs
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
