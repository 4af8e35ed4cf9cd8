//! Records that a logger wrote as text into a field of its own: `{"level": "INFO", "message":
//! "{\"op\": \"put\", …}"}`. The text becomes the object that it holds, in the same place.

use std::borrow::Cow;

use super::OPENING;
use super::cell::Cell;
use super::parts::entries;
use super::text::{offset_in, string};
use crate::error::{Error, Place};
use crate::formats::roles::{Role, role};
use crate::formats::stray::Strays;

/// What loggers call the text that they were given.
const MESSAGES: [&str; 8] =
    ["message", "msg", "log", "line", "MESSAGE", "@message", "textPayload", "event"];

/// Tells whether a line of `text` is an object that holds a record as text.
pub(super) fn has_record(text: &str) -> bool {
    // The quotes of an object in a string are escaped.
    if !text.contains('\\') {
        return false;
    }
    let mut messages = text.lines().filter_map(|line| message_of(line.trim()));
    messages.any(|(_, message)| inner_record(&message).is_some())
}

/// The content of the field of the object `line` that is a logger's message, and its text.
fn message_of(line: &str) -> Option<(Cell<'_>, String)> {
    line.starts_with('{').then_some(())?;
    let object = Cell { text: line, offset: 0, plain: false };
    let mut found = None;
    let mut names_operation = false;
    let mut take = |name: Cow<'_, str>, cell: Cell<'_>| {
        names_operation |= matches!(role(&name).0, Role::Function | Role::Call);
        if MESSAGES.contains(&&*name) && cell.text.starts_with('"') {
            found = Some((offset_in(line, cell.text), cell.text.len()));
        }
    };
    serde_json::from_str::<&serde_json::value::RawValue>(line).ok()?;
    entries(&object, &mut take).ok()?;
    let (start, length) = found.filter(|_| !names_operation)?;
    let cell = Cell { text: &line[start..start + length], offset: start, plain: false };
    let message = string(cell.text, 0).ok()?.into_owned();
    Some((cell, message))
}

/// The object that a message ends with.
fn inner_record(message: &str) -> Option<&str> {
    let inner = message[OPENING.find(message)?..].trim_end();
    serde_json::from_str::<&serde_json::value::RawValue>(inner).ok()?;
    Some(inner)
}

/// Returns `text`, which holds an object a line, with the records in its messages as objects, each
/// at its place; and how many lines hold none, which become blank.
///
/// # Errors
/// If a message looks like a record in another notation.
pub(super) fn opened(text: &str) -> Result<(String, usize), Error> {
    let mut opened = String::with_capacity(text.len());
    let (mut without, mut at) = (0, 0);
    let mut strays = Strays::default();
    for line in text.split_inclusive('\n') {
        let end = line.trim_end();
        let trimmed = end.trim_start();
        let rest = &line[end.len()..];
        let found = message_of(trimmed).and_then(|(cell, message)| {
            let inner = inner_record(&message)?.replace(['\n', '\r'], " ");
            Some((cell, inner))
        });
        let start = end.len() - trimmed.len();
        let line_start = at;
        at += line.len();
        match found {
            // The text without its escapes is no longer than before.
            Some((cell, inner)) => {
                let (from, to) = (start + cell.offset, start + cell.offset + cell.text.len());
                opened.push_str(&line[..from]);
                opened.push_str(&inner);
                opened.extend(std::iter::repeat_n(' ', cell.text.len() - inner.len()));
                opened.push_str(&line[to..]);
            }
            None if let Some(message) = other_message(trimmed) => {
                strays.pass_over(&message, 0).map_err(|error| {
                    let place = Place { offset: line_start + start, ..Place::default() };
                    Error { place: Some(place), ..error }
                })?;
                without += 1;
                opened.extend(std::iter::repeat_n(' ', end.len()));
                opened.push_str(rest);
            }
            None => opened.push_str(line),
        }
    }
    Ok((opened, without))
}

/// What a logger wrote about something else, if `line` is such an object.
fn other_message(line: &str) -> Option<String> {
    let (_, message) = message_of(line)?;
    inner_record(&message).is_none().then_some(message)
}
