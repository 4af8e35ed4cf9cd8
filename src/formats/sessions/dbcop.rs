//! The JSON of dbcop: a list of sessions, which are lists of transactions, alone or as the field
//! `data` of an object. Events are `{"Read": {"variable": …, "version": …}}` and likewise `Write`,
//! or short (`["r", variable, version]`), or as its first version had them (`{"write": true,
//! "variable": …, "value": …, "success": true}`).

use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::draft::{Access, Draft};
use super::write::{Plan, Room, Step};
use crate::error::{Code, Error, Place};
use crate::formats::content::Content;
use crate::formats::json::{Cell, offset_in, syntax};
use crate::formats::row::{Evidence, Likeness, Piece, Reader, Row};
use crate::formats::sink::Sink;
use crate::history::{History, Value};

pub(super) const FORMAT: Row = Row {
    name: "dbcop",
    about: "JSON of dbcop: a list of sessions, which are lists of transactions",
    extensions: &["json"],
    sniff,
    reader: || Box::new(Dbcop),
    write,
    losses: |history| Plan::of(history, Room::Dbcop).losses(),
};

/// So many bytes show whether an object holds sessions.
const START: usize = 1 << 16;
/// Between two looks at the clock, this many transactions are read.
const LOOK_EVERY: usize = 1 << 12;

fn sniff(text: &str) -> Option<Likeness> {
    let mut start = text;
    // Records, too, may have a field `data`.
    let mut has_parameters = true;
    if text.starts_with('{') {
        let head = &text[..text.floor_char_boundary(START)];
        let at = head.find("\"data\"")?;
        has_parameters = head[1..].trim_start().starts_with("\"params\"");
        start = head[at + "\"data\"".len()..].trim_start().strip_prefix(':')?.trim_start();
    }
    let inside = start.strip_prefix('[')?.trim_start().strip_prefix('[')?.trim_start();
    // The first session may be empty.
    let is_session = matches!(inside.bytes().next()?, b'{' | b']');
    let first = inside.strip_prefix('{').map(str::trim_start);
    let has_events = first.is_some_and(|first| first.starts_with("\"events\""));
    (is_session && (has_parameters || has_events)).then(|| Evidence::Certain.settled(true))?
}

struct Dbcop;

impl Reader for Dbcop {
    fn cut(&mut self, _: &[u8], _: usize) -> Option<usize> {
        None
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        sink.hold_sessions();
        let text = piece.text;
        let sessions: Vec<Vec<&RawValue>> = match text.trim_start().starts_with('{') {
            true => parse(text, text).map(|Wrapped { data }| data)?,
            false => parse(text, text)?,
        };
        let mut draft = Draft::new(sink);
        let mut count: usize = 0;
        for (session, transactions) in (0..).zip(&sessions) {
            for raw in transactions {
                if count.is_multiple_of(LOOK_EVERY) {
                    sink.expect(offset_in(text, raw.get()), 0)?;
                }
                count += 1;
                if !add(&mut draft, text, session, raw, sink)? {
                    return Ok(text.len());
                }
            }
        }
        draft.settle_zeros();
        draft.put(sink).map(|()| text.len())
    }
}

/// The object that older versions put around the sessions.
#[derive(Deserialize)]
struct Wrapped<'t> {
    #[serde(borrow)]
    data: Vec<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
struct Transaction<'t> {
    #[serde(borrow)]
    events: Vec<&'t RawValue>,
    #[serde(alias = "success")]
    committed: bool,
}

/// What an event may hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'t> {
    #[serde(rename = "Read", borrow)]
    read: Option<Versioned<'t>>,
    #[serde(rename = "Write", borrow)]
    written: Option<Versioned<'t>>,
    write: Option<bool>,
    #[serde(borrow)]
    variable: Option<&'t RawValue>,
    #[serde(borrow)]
    value: Option<&'t RawValue>,
    success: Option<bool>,
}

#[derive(Deserialize)]
struct Versioned<'t> {
    #[serde(borrow)]
    variable: &'t RawValue,
    #[serde(borrow)]
    version: Option<&'t RawValue>,
}

/// A micro-operation whose parts are in the text.
struct Event<'t> {
    access: Access,
    variable: &'t RawValue,
    version: Option<&'t RawValue>,
    succeeded: bool,
}

const FORM: &str = "a history of dbcop is [[{\"events\": [{\"Write\": {\"variable\": \"x\", \
                    \"version\": 1}}], \"committed\": true}]]";

/// Parses `part`, which is a part of `text`.
fn parse<'t, T: Deserialize<'t>>(text: &'t str, part: &'t str) -> Result<T, Error> {
    serde_json::from_str(part).map_err(|error| {
        let located = syntax(text, offset_in(text, part), &error);
        if error.is_data() {
            return Error { code: Code::BadField, hint: Some(FORM.to_owned()), ..located };
        }
        located
    })
}

/// Adds the transaction `raw` of a session. False if those behind it are of no interest.
fn add<'t>(
    draft: &mut Draft,
    text: &'t str,
    session: i64,
    raw: &'t RawValue,
    sink: &mut Sink<'_>,
) -> Result<bool, Error> {
    let transaction: Transaction<'t> = parse(text, raw.get())?;
    let is_ok = transaction.committed;
    let process = sink.values().int(session);
    let offset = offset_in(text, raw.get());
    let Some(at) = draft.begin(offset, Some(process), None, is_ok, sink)? else {
        return Ok(false);
    };
    for raw in transaction.events {
        let event = event(text, raw)?;
        let pair = [
            scalar(text, event.variable, sink)?,
            event.version.map_or(Ok(Value::NULL), |version| scalar(text, version, sink))?,
        ];
        if event.access == Access::Write && pair[1].is_null() {
            return Err(bad(text, raw, "a write has no version"));
        }
        if event.succeeded || event.access == Access::Write && !is_ok {
            draft.add(at, event.access, pair);
        } else if event.access == Access::Write {
            // The transaction went on without it.
            let offset = offset_in(text, raw.get());
            let Some(alone) = draft.begin(offset, None, None, false, sink)? else {
                return Ok(false);
            };
            draft.add(alone, event.access, pair);
        }
    }
    Ok(true)
}

fn event<'t>(text: &'t str, raw: &'t RawValue) -> Result<Event<'t>, Error> {
    let read = |access, variable, version| Event { access, variable, version, succeeded: true };
    if raw.get().starts_with('[') {
        let (name, variable, version): (&str, &RawValue, Option<&RawValue>) =
            parse(text, raw.get())?;
        return match name {
            "r" => Ok(read(Access::Read, variable, version)),
            "w" => Ok(read(Access::Write, variable, version)),
            _ => Err(bad(text, raw, "an event is neither `r` nor `w`")),
        };
    }
    let fields: Fields<'t> = parse(text, raw.get())?;
    match fields {
        Fields { read: Some(it), written: None, write: None, variable: None, .. } => {
            Ok(read(Access::Read, it.variable, it.version))
        }
        Fields { read: None, written: Some(it), write: None, variable: None, .. } => {
            Ok(read(Access::Write, it.variable, it.version))
        }
        Fields {
            read: None,
            written: None,
            write: Some(is_write),
            variable: Some(variable),
            ..
        } => Ok(Event {
            access: if is_write { Access::Write } else { Access::Read },
            variable,
            version: fields.value,
            succeeded: fields.success.unwrap_or(true),
        }),
        _ => Err(bad(text, raw, "an event is neither one read nor one write")),
    }
}

/// Returns the number or the string that `raw` is.
fn scalar(text: &str, raw: &RawValue, sink: &mut Sink<'_>) -> Result<Value, Error> {
    let part = raw.get();
    if part.starts_with(['{', '[', 't', 'f', 'n']) {
        return Err(bad(text, raw, "variables and versions are numbers or strings"));
    }
    Cell { text: part, offset: offset_in(text, part), plain: false }.value(sink.values())
}

fn bad(text: &str, raw: &RawValue, message: &str) -> Error {
    Error::new(Code::BadField, message)
        .hint(FORM)
        .at(Place { offset: offset_in(text, raw.get()), ..Place::default() })
}

fn write(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    let plan = Plan::of(history, Room::Dbcop);
    plan.check()?;
    let sessions = plan.sessions();
    write!(out, "[")?;
    for (nth, session) in sessions.iter().enumerate() {
        write!(out, "{}\n[", if nth > 0 { "," } else { "" })?;
        for (nth, txn) in session.iter().enumerate() {
            write!(out, "{}\n{{\"events\":[", if nth > 0 { "," } else { "" })?;
            for (nth, step) in txn.steps.iter().enumerate() {
                write!(out, "{}{}", if nth > 0 { "," } else { "" }, event_text(&plan, step))?;
            }
            write!(out, "],\"committed\":{}}}", txn.is_committed)?;
        }
        write!(out, "]")?;
    }
    writeln!(out, "\n]")
}

fn event_text(plan: &Plan<'_>, step: &Step) -> String {
    let name = if step.is_write { "Write" } else { "Read" };
    let [key, value] = [plan.key(step.key), plan.value(step.value)];
    format!("{{\"{name}\":{{\"variable\":{key},\"version\":{value}}}}}")
}
