//! Reads the header and the records of CSV.

use std::borrow::Cow;

use memchr::{memchr, memchr3};
use serde_json::value::RawValue;

use crate::error::{Code, Error, Place};
use crate::formats::fields::Fields;
use crate::formats::json::{self, Cell};
use crate::formats::mapping::Mapping;
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;
use crate::history::hash::Set;

/// How a comment line starts that holds metadata.
const METADATA: &str = "histcheck:";

/// The names of the columns, and what they hold.
#[derive(Debug)]
pub(super) struct Header(Vec<(String, Column)>);

/// Reads a piece of a table that is whole lines; its header, unless that was read before.
pub(super) fn read(
    text: &str,
    separator: u8,
    header: &mut Option<Header>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let start = match header {
        Some(_) => 0,
        None => match read_comments(text, sink)? {
            Some(start) => start,
            None => return Ok(()),
        },
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes().get(start..).unwrap_or_default());
    let mut record = csv::StringRecord::new();
    let mut offsets = Vec::new();
    let mut at = start;
    if header.is_none() {
        if !next(&mut reader, &mut record, None, text, start, &mut at)? {
            return Ok(());
        }
        cell_offsets(text, at, record.len(), separator, &mut offsets)?;
        *header = Some(check_header(&record, &offsets, sink.mapping)?);
    }
    let Some(Header(columns)) = header else { return Ok(()) };
    while next(&mut reader, &mut record, Some(columns.len()), text, start, &mut at)? {
        if !sink.begin(at) {
            return Ok(());
        }
        cell_offsets(text, at, record.len(), separator, &mut offsets)?;
        let mut fields = Fields::default();
        for (((name, kind), cell), &offset) in columns.iter().zip(&record).zip(&offsets) {
            if let Some(cell) = content(cell, offset, *kind) {
                fields.push(Cow::Borrowed(name), cell);
            }
        }
        fields.put(sink)?;
    }
    Ok(())
}

/// Reads what comes before the header; returns where that starts, or `None` if the sink wants no
/// more.
fn read_comments(text: &str, sink: &mut Sink<'_>) -> Result<Option<usize>, Error> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let Some(comment) = trimmed.strip_prefix('#') else {
            if trimmed.is_empty() {
                start += line.len();
                continue;
            }
            break;
        };
        if let Some(metadata) = comment.trim_start().strip_prefix(METADATA) {
            if !sink.begin(start) {
                return Ok(None);
            }
            let offset = start + (metadata.as_ptr().addr() - line.as_ptr().addr());
            let value = json::value(metadata, sink.values()).map_err(|mut error| {
                if let Some(place) = &mut error.place {
                    place.offset += offset;
                }
                error
            })?;
            sink.metadata(value)?;
        }
        start += line.len();
    }
    Ok(Some(start))
}

/// Reads the next line, which has so many cells if that is known, into `record`, and into `at`
/// where it starts. False at the end.
fn next(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut csv::StringRecord,
    cells: Option<usize>,
    text: &str,
    start: usize,
    at: &mut usize,
) -> Result<bool, Error> {
    *at = start + usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
    // The reader leaves the line feed of a CR LF, and empty lines, to the next record.
    while let Some(b'\r' | b'\n') = text.as_bytes().get(*at) {
        *at += 1;
    }
    let read = reader.read_record(record).map_err(|error| syntax(error.to_string(), *at))?;
    let Some(expected) = cells.filter(|&cells| read && cells != record.len()) else {
        return Ok(read);
    };
    let message = format!("the line has {} cells, the header {expected}", record.len());
    let rest = text.get(*at..).unwrap_or_default();
    if record.len() < expected && !rest.contains('\n') {
        return Err(Error::new(
            Code::Truncated,
            format!("the last line is not finished: {message}"),
        )
        .hint("remove it, or end it with a line break if it is whole")
        .at(Place { offset: text.trim_end().len(), ..Place::default() }));
    }
    Err(syntax(message, *at))
}

fn syntax(message: String, offset: usize) -> Error {
    Error::new(Code::Syntax, message)
        .hint("put a cell that holds the separator into double quotes")
        .at(Place { offset, ..Place::default() })
}

/// What the cells of a column hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Column {
    /// The number of a client, or a name.
    Process,
    /// A name.
    Name,
    /// A value; an empty cell says that there is none, which counts as null.
    End,
    /// A value.
    Value,
}

impl Column {
    /// The column `name` of a table of whole operations, or of one of events.
    fn of(name: &str, whole: bool) -> Column {
        match (name, role(name).0) {
            ("process", _) => Column::Process,
            ("f" | "type", _) => Column::Name,
            _ if !whole => Column::Value,
            (_, Role::Process) => Column::Process,
            (_, Role::Function) => Column::Name,
            (_, Role::Input | Role::Output) => Column::End,
            _ => Column::Value,
        }
    }
}

/// What the first column is called if it has no name.
const UNNAMED: &str = "unnamed";

/// The names of the columns, and what they hold.
fn check_header(
    header: &csv::StringRecord,
    offsets: &[usize],
    mapping: Option<&Mapping>,
) -> Result<Header, Error> {
    let mut names: Vec<Cow<'_, str>> = header.iter().map(heading).collect();
    // The numbers of the rows, which have no name as pandas and R write them.
    if let Some(first) = names.first_mut().filter(|name| name.is_empty() && header.len() > 1) {
        *first = Cow::Borrowed(UNNAMED);
    }
    let names = names;
    let mut seen = Set::default();
    for (column, ((cell, name), &offset)) in header.iter().zip(&names).zip(offsets).enumerate() {
        let error = |code, message: String| {
            Err(Error::new(code, message)
                .hint("every column has a name of its own")
                .at(Place { offset, ..Place::default() }))
        };
        if cell.trim().is_empty() && name != UNNAMED {
            return error(Code::BadField, format!("column {} has no name", column + 1));
        }
        if !seen.insert(name) {
            return error(Code::DuplicateField, format!("the header names `{name}` twice"));
        }
    }
    let has = |wanted: Role| {
        let is_mapped = mapping.is_some_and(|mapping| mapping.places(wanted));
        is_mapped || names.iter().any(|name| role(name).0 == wanted)
    };
    let whole = has(Role::Call) || has(Role::Duration) && !has(Role::Phase) && !has(Role::Outcome);
    let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let is_data = names.first().is_some_and(|name| is_number(name));
    if is_data || !whole && !has(Role::Outcome) && !has(Role::Phase) {
        return Err(Error::new(Code::MissingField, "the header names no `type` and no `call`")
            .hint("the first line names the columns: process,type,f,value, or f,call,return")
            .at(Place { offset: offsets.first().copied().unwrap_or(0), ..Place::default() }));
    }
    let known = |name: &str| names.iter().any(|other| other == name);
    let [process, function] = [!known("process"), !known("f")];
    let columns: Vec<(String, Column)> = names
        .iter()
        .map(|name| {
            let column = match (Column::of(name, whole), role(name).0) {
                (Column::Value, Role::Process) if process => Column::Process,
                (Column::Value, Role::Function) if function => Column::Name,
                (column, _) => column,
            };
            (name.clone().into_owned(), column)
        })
        .collect();
    Ok(Header(columns))
}

/// The name in a cell of the header: its text without space around it, or the JSON string that it
/// is.
fn heading(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim();
    let string = cell.starts_with('"').then(|| serde_json::from_str(cell).ok()).flatten();
    string.map_or(Cow::Borrowed(cell), Cow::Owned)
}

/// Where the `count` cells of the record at `at` start. Quotes are checked on the way, since the
/// reader takes what is not closed as closed.
fn cell_offsets(
    text: &str,
    mut at: usize,
    count: usize,
    separator: u8,
    offsets: &mut Vec<usize>,
) -> Result<(), Error> {
    let bytes = text.as_bytes();
    offsets.clear();
    for _ in 0..count {
        offsets.push(at.min(bytes.len()));
        if bytes.get(at) == Some(&b'"') {
            at = quoted_end(bytes, at, separator)?;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        at += memchr3(separator, b'\n', b'\r', rest).unwrap_or(rest.len()) + 1;
    }
    Ok(())
}

/// The offset behind the quoted cell that starts at `start`.
fn quoted_end(bytes: &[u8], start: usize, separator: u8) -> Result<usize, Error> {
    let error = |code, message: &str, offset| {
        Err(Error::new(code, message)
            .hint("inside a quoted cell, a double quote is written twice")
            .at(Place { offset, ..Place::default() }))
    };
    let mut at = start + 1;
    loop {
        let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) else {
            return error(Code::Truncated, "the input ends inside a quoted cell", start);
        };
        at += quote + 1;
        match bytes.get(at) {
            Some(b'"') => at += 1,
            None | Some(b'\n' | b'\r') => return Ok(at),
            Some(&byte) if byte == separator => return Ok(at),
            Some(_) => return error(Code::Syntax, "the quoted cell goes on behind its quote", at),
        }
    }
}

/// What a cell holds: nothing if it is empty, the value of a JSON literal, and the text itself
/// otherwise. Names are the text as it stands, unless that is a string in quotes.
fn content<'t>(cell: &'t str, offset: usize, column: Column) -> Option<Cell<'t>> {
    if cell.is_empty() {
        return (column == Column::End).then_some(Cell { text: "", offset, plain: false });
    }
    let trimmed = cell.trim_matches([' ', '\t']);
    let bytes = trimmed.as_bytes();
    let is_value = matches!(column, Column::End | Column::Value);
    let can_be_json = match bytes.first() {
        None if !is_value => return None,
        Some(b'"') => true,
        Some(b'-' | b'0'..=b'9') => column != Column::Name,
        Some(b't' | b'f' | b'n' | b'[' | b'{') => is_value,
        _ => false,
    };
    // Small integers are what most cells hold, and need no proof of being JSON.
    let simple = || bytes.len() < 18 && bytes[0] != b'0' && bytes.iter().all(u8::is_ascii_digit);
    if can_be_json && (simple() || serde_json::from_str::<&RawValue>(trimmed).is_ok()) {
        return Some(Cell { text: trimmed, offset, plain: false });
    }
    Some(Cell { text: if is_value { cell } else { trimmed }, offset, plain: true })
}
