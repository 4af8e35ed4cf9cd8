//! Transcripts: what is read instead of a binary file or of a log that knows only one session. A
//! transcript is JSON lines, one for each transaction, as `histcheck convert` writes them.

use std::fmt::Display;

use histcheck_history::put;

use super::logs::SessionLogs;
use super::{cobra, viper};
use crate::budget::Meter;
use crate::error::Error;
use crate::formats::json;
use crate::formats::row::{Piece, Reader};
use crate::formats::sink::Sink;
use crate::formats::text::decode;

/// Who ran a transaction.
#[derive(Clone, Copy)]
pub(super) enum Session {
    /// The session of this number.
    Number(i64),
    /// One of its own, for a write that was aborted: the number of that.
    Aborted(usize),
}

/// Appends the start of the line of a transaction, up to its micro-operations.
pub(super) fn start(out: &mut String, session: Session, is_ok: bool, id: Option<i64>) {
    let kind = if is_ok { "ok" } else { "fail" };
    match session {
        Session::Number(number) => put!(out, "{{\"process\":{number}"),
        Session::Aborted(number) => put!(out, "{{\"process\":\"aborted-{number}\""),
    }
    put!(out, ",\"type\":\"{kind}\",\"f\":\"txn\"");
    if let Some(id) = id {
        put!(out, ",\"id\":{id}");
    }
    out.push_str(",\"value\":[");
}

/// Appends a micro-operation.
pub(super) fn step(
    out: &mut String,
    is_write: bool,
    key: impl Display,
    value: Option<impl Display>,
) {
    let comma = if out.ends_with('[') { "" } else { "," };
    let name = if is_write { 'w' } else { 'r' };
    match value {
        Some(value) => put!(out, "{comma}[\"{name}\",{key},{value}]"),
        None => put!(out, "{comma}[\"{name}\",{key},null]"),
    }
}

/// Appends the end of the line of a transaction.
pub(super) fn end(out: &mut String) {
    out.push_str("]}\n");
}

/// Returns the transcripts of the logs of one history, one for each. An error comes with the number
/// of the log that it is about.
pub(in crate::formats) fn transcript_of_logs(
    kind: SessionLogs,
    logs: &[(i64, Vec<u8>)],
    meter: &Meter,
) -> Result<Vec<String>, (usize, Error)> {
    match kind {
        SessionLogs::Cobra => {
            let each = logs.iter().enumerate();
            each.map(|(at, (session, bytes))| {
                cobra::transcript(bytes, *session, meter).map_err(|error| (at, error))
            })
            .collect()
        }
        SessionLogs::Viper => {
            let mut texts = Vec::with_capacity(logs.len());
            for (at, (session, bytes)) in logs.iter().enumerate() {
                texts.push((*session, decode(bytes.clone()).map_err(|error| (at, error))?));
            }
            let texts: Vec<(i64, &str)> =
                texts.iter().map(|(session, text)| (*session, text.as_str())).collect();
            viper::transcripts(&texts, meter)
        }
    }
}

/// Makes a reader of transcripts.
pub(super) fn reader() -> Box<dyn Reader> {
    Box::new(Transcripts((json::LINES.reader)()))
}

/// Reads a transcript as the JSON lines that it is.
struct Transcripts(Box<dyn Reader>);

impl Reader for Transcripts {
    fn cut(&mut self, _: &[u8], _: usize) -> Option<usize> {
        None
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        sink.hold_sessions();
        self.0.read(piece, sink)
    }
}
