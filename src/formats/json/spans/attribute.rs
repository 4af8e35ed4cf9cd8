//! The attributes of spans, whichever way they are written: as a map, as pairs of a key and a
//! value, and with the type of the value around it.

use std::borrow::Cow;

use super::Field;
use crate::error::Error;
use crate::formats::content::Content;
use crate::formats::json::cell::Cell;
use crate::formats::json::parts::entries;
use crate::vocabulary::plain;

/// The parts of an object or an array; none of anything else.
pub(super) fn parts<'t>(cell: Cell<'t>) -> Result<Vec<(Cow<'t, str>, Cell<'t>)>, Error> {
    let mut parts = Vec::new();
    if cell.text.starts_with(['{', '[']) {
        entries(&cell, &mut |name, part| parts.push((name, part)))?;
    }
    Ok(parts)
}

/// The part of an object that is called `name`, which is [plain].
pub(super) fn part<'t>(parts: &[(Cow<'t, str>, Cell<'t>)], name: &str) -> Option<Cell<'t>> {
    parts.iter().find(|(other, _)| plain(other) == name).map(|(_, part)| *part)
}

/// Adds the attributes that `cell` holds, each behind `prefix`.
pub(super) fn add<'t>(
    prefix: &str,
    cell: Cell<'t>,
    fields: &mut Vec<Field<'t>>,
) -> Result<(), Error> {
    let is_list = cell.text.starts_with('[');
    for (name, item) in parts(cell)? {
        let pair = if is_list { parts(item)? } else { Vec::new() };
        let (name, (text, offset)) = match (part(&pair, "key"), part(&pair, "value")) {
            (Some(key), Some(value)) => (text_of(key)?, content(value)?),
            _ if is_list => continue,
            _ => (name.into_owned(), (Cow::Borrowed(item.text), item.offset)),
        };
        fields.push(Field { name: format!("{prefix}.{name}"), text, offset });
    }
    Ok(())
}

/// A string, or what else stands there as it is written.
pub(super) fn text_of(cell: Cell<'_>) -> Result<String, Error> {
    cell.literal(&crate::history::ValueTable::default()).map(Cow::into_owned)
}

/// What a value is, without its type: JSON, and where it starts.
fn content(cell: Cell<'_>) -> Result<(Cow<'_, str>, usize), Error> {
    let whole = (Cow::Borrowed(cell.text), cell.offset);
    if !cell.text.starts_with('{') {
        return Ok(whole);
    }
    let pair = parts(cell)?;
    if let (Some(kind), Some(value)) = (part(&pair, "type"), part(&pair, "value")) {
        // As Go's exporter for people writes it.
        let is_int = text_of(kind)?.starts_with("INT");
        return Ok(if is_int { bare(value) } else { (Cow::Borrowed(value.text), value.offset) });
    }
    let [(name, value)] = &pair[..] else {
        return Ok(if pair.is_empty() { (Cow::Borrowed("null"), cell.offset) } else { whole });
    };
    Ok(match &*plain(name) {
        "intvalue" => bare(*value),
        "stringvalue" | "boolvalue" | "doublevalue" | "bytesvalue" => {
            (Cow::Borrowed(value.text), value.offset)
        }
        "arrayvalue" => (Cow::Owned(list(*value)?), value.offset),
        "kvlistvalue" => (Cow::Owned(map(*value)?), value.offset),
        _ => whole,
    })
}

/// An integer that may be in quotes, since JSON's numbers are fractions to some.
pub(super) fn bare(cell: Cell<'_>) -> (Cow<'_, str>, usize) {
    let inside = cell.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inside.filter(|inside| inside.parse::<i128>().is_ok()) {
        Some(number) => (Cow::Borrowed(number), cell.offset + 1),
        None => (Cow::Borrowed(cell.text), cell.offset),
    }
}

/// The items of `{"values": […]}` as an array.
fn list(cell: Cell<'_>) -> Result<String, Error> {
    let mut text = "[".to_owned();
    if let Some(values) = part(&parts(cell)?, "values") {
        for (_, item) in parts(values)? {
            text.push_str(if text.len() > 1 { "," } else { "" });
            text.push_str(&content(item)?.0);
        }
    }
    Ok(text + "]")
}

/// The pairs of `{"values": [{"key": …, "value": …}]}` as an object.
fn map(cell: Cell<'_>) -> Result<String, Error> {
    let mut text = "{".to_owned();
    if let Some(values) = part(&parts(cell)?, "values") {
        for (_, item) in parts(values)? {
            let pair = parts(item)?;
            let Some(key) = part(&pair, "key") else { continue };
            text.push_str(if text.len() > 1 { "," } else { "" });
            text.push_str(key.text);
            text.push(':');
            match part(&pair, "value") {
                Some(value) => text.push_str(&content(value)?.0),
                None => text.push_str("null"),
            }
        }
    }
    Ok(text + "}")
}
