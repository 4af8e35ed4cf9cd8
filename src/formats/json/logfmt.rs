//! Lines of logfmt, as Go's loggers write them for people: `level=info msg="op done" op=put key=a`.
//! Each is read as the record of JSON that has the same fields.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::cell::Cell;
use crate::error::Error;
use crate::formats::fields::Fields;
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;

/// Tells whether the first line of `text` that is not blank is logfmt, and names an operation.
pub(super) fn is_logfmt(text: &str) -> bool {
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) else {
        return false;
    };
    let pairs = pairs(line);
    pairs.len() > 2 && pairs.iter().any(|(name, ..)| role(name).0 == Role::Function)
}

/// Reads whole lines; returns how many hold no record.
pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<usize, Error> {
    let (mut at, mut without) = (0, 0);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let pairs = pairs(line);
        if !pairs.iter().any(|(name, ..)| role(name).0 == Role::Function) {
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
