//! JSON's text: string literals, and what serde_json finds wrong.

use std::borrow::Cow;

use crate::error::{Code, Error, Place};

/// The string that a literal at `offset` stands for.
pub(super) fn string(literal: &str, offset: usize) -> Result<Cow<'_, str>, Error> {
    let inside = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if !inside.contains('\\') => Ok(Cow::Borrowed(inside)),
        _ => serde_json::from_str(literal).map(Cow::Owned).map_err(|error| {
            let here = offset + error.column().saturating_sub(1);
            Error::new(Code::Syntax, message(&error))
                .hint("a lone half of a surrogate pair is no character")
                .at(Place { offset: here, ..Place::default() })
        }),
    }
}

/// Where `part`, which is borrowed from `text`, starts in it.
pub(in crate::formats) fn offset_in(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

/// What serde_json found wrong in the text from `start` on.
pub(in crate::formats) fn syntax(text: &str, start: usize, error: &serde_json::Error) -> Error {
    if error.is_eof() {
        return truncated(text);
    }
    let offset = offset_of(&text[start..], error) + start;
    let message = message(error);
    if ["expected value", "expected ident", "invalid number"].contains(&&*message) {
        if let Some(error) = not_a_number(text, offset) {
            return error;
        }
    } else if let Some(end) = end_of_unfinished(&text[start..], offset - start) {
        return Error::new(Code::Syntax, "the object is not finished when the next one starts")
            .hint("the writer was interrupted here; complete or remove the record")
            .at(Place { offset: start + end, ..Place::default() });
    }
    let hint = habit(text, offset).unwrap_or(match &*message {
        "expected `:`" => "a colon stands between the name of a field and its value",
        "invalid escape" => r#"the escapes are \" \\ \/ \b \f \n \r \t and \u with four digits"#,
        "invalid number" => "numbers start with no plus sign, no point and no needless zero",
        message if message.starts_with("control character") => {
            "write it as an escape, such as \\n; or is the string's closing quote missing?"
        }
        _ => "is there a quote, a comma or a bracket missing?",
    });
    Error::new(Code::Syntax, message.replace("expected ident", "expected value"))
        .hint(hint)
        .at(Place { offset, ..Place::default() })
}

/// A hint for those who write what other languages, but not JSON, take.
fn habit(text: &str, offset: usize) -> Option<&'static str> {
    let rest = text.get(offset..)?;
    [
        ("True", "JSON writes true"),
        ("False", "JSON writes false"),
        ("None", "JSON writes null"),
        ("nil", "JSON writes null"),
        ("'", "JSON puts strings into double quotes (json.dumps writes a dict of Python so)"),
        ("}", "JSON allows no comma before a closing bracket"),
        ("]", "JSON allows no comma before a closing bracket"),
    ]
    .into_iter()
    .find_map(|(start, hint)| rest.starts_with(start).then_some(hint))
}

/// The message without the place that serde_json appends to it, which counts from elsewhere.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The offset of the byte that `error` is about in the text that serde_json was given.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
    let line_start = match error.line() {
        0 | 1 => 0,
        line => newlines.into_iter().nth(line - 2).map_or(0, |newline| newline + 1),
    };
    // Column 0 is the line break itself.
    let offset = (line_start + error.column()).saturating_sub(1);
    // About a control character, serde_json names the one before it.
    let before_control = error.to_string().starts_with("control character")
        && text.as_bytes().get(offset).is_some_and(|byte| *byte >= b' ');
    offset + usize::from(before_control)
}

pub(super) fn truncated(text: &str) -> Error {
    Error::new(Code::Truncated, "the input ends in the middle of a record")
        .hint("the recorder was stopped while it wrote; remove the last record, or record again")
        .at(Place { offset: text.trim_end().len(), ..Place::default() })
}

/// The error about the NaN or infinity around `offset`, if there is one.
pub(super) fn not_a_number(text: &str, offset: usize) -> Option<Error> {
    let part = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'+');
    let bytes = text.as_bytes();
    let before = bytes.get(..offset)?.iter().rev().take_while(|b| part(b)).count();
    let len = bytes[offset - before..].iter().take_while(|b| part(b)).count();
    let word = &text[offset - before..offset - before + len];
    let name = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    ["nan", "inf", "infinity"].contains(&&*name).then(|| {
        Error::new(Code::NotANumber, format!("`{word}` is no JSON value"))
            .hint("record it as a string")
            .at(Place { offset: offset - before, ..Place::default() })
    })
}

/// Where the line before `offset` ends, if a new object starts at `offset` on a line of its own
/// while that of `text` is still open.
fn end_of_unfinished(text: &str, offset: usize) -> Option<usize> {
    let before = text.get(..offset)?;
    let ended = before.trim_end();
    (text[offset..].starts_with('{') && before[ended.len()..].contains('\n')).then_some(ended.len())
}
