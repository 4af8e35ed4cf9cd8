//! How operations are written: one JSON object a line.

use std::io::{self, Write};

use super::catalogue::{Object, Workload};
use super::objects::{Answer, PERMITS, Request};

/// Whose operation it is, and of which key.
#[derive(Clone, Copy)]
pub struct Place {
    pub process: u64,
    pub key: Option<u64>,
    pub time: u64,
}

/// Names the model, where the operations alone do not.
pub fn header(out: &mut impl Write, workload: &Workload) -> io::Result<()> {
    let model = match workload.object {
        Object::Bag => "unordered-queue",
        Object::Set => "set",
        Object::Mutex => "mutex",
        Object::Log => "log",
        Object::Semaphore => {
            let model = r#""model":"semaphore","initial":"#;
            return writeln!(out, r#"{{"histcheck":{{{model}{PERMITS}}}}}"#);
        }
        _ => return Ok(()),
    };
    writeln!(out, r#"{{"histcheck":{{"model":"{model}"}}}}"#)
}

/// Writes one end of an operation.
pub fn line(
    out: &mut impl Write,
    object: Object,
    place: Place,
    kind: &str,
    request: Request,
    answer: Option<&Answer>,
) -> io::Result<()> {
    let f = name(object, request);
    write!(out, r#"{{"process":{},"type":"{kind}","f":"{f}","value":"#, place.process)?;
    match (request, answer) {
        (Request::ReadOf(at), _) => {
            write!(out, r#"[["r","{at}","#)?;
            answered(out, object, answer)?;
            write!(out, "]]")?;
        }
        (Request::WriteOf(at, value), _) => write!(out, r#"[["w","{at}",{value}]]"#)?,
        (Request::Cas(old, _, shown), _) => write!(out, "[{old},{shown}]")?,
        (Request::Put(piece) | Request::Append(piece), _) => {
            write!(out, "\"")?;
            text(out, piece)?;
            write!(out, "\"")?;
        }
        (_, Some(Answer::Seen(_) | Answer::Is(_) | Answer::Text(_))) => {
            answered(out, object, answer)?;
        }
        (Request::LogAppend(entry), _) => write!(out, "\"e{entry}\"")?,
        (request, _) => match number(request) {
            Some(number) => write!(out, "{number}")?,
            None => write!(out, "null")?,
        },
    }
    if let Some(key) = place.key {
        match object {
            Object::Kv => write!(out, r#","key":"{key}""#)?,
            _ => write!(out, r#","key":{key}"#)?,
        }
    }
    writeln!(out, r#","time":{}}}"#, place.time)
}

fn answered(out: &mut impl Write, object: Object, answer: Option<&Answer>) -> io::Result<()> {
    match answer {
        // What a log holds are strings; its offsets are numbers.
        Some(Answer::Seen(Some(entry))) if object == Object::Log && *entry >= ENTRIES => {
            write!(out, "\"e{entry}\"")
        }
        Some(Answer::Seen(Some(value))) => write!(out, "{value}"),
        Some(Answer::Is(truth)) => write!(out, "{truth}"),
        Some(Answer::Text(pieces)) => {
            write!(out, "\"")?;
            pieces.iter().try_for_each(|&piece| text(out, piece))?;
            write!(out, "\"")
        }
        _ => write!(out, "null"),
    }
}

/// Entries of a log are numbered from here, so that none is an offset, too.
pub const ENTRIES: u64 = 1 << 32;

/// A piece is a client's number and how many it wrote before.
pub fn piece(process: u64, sequence: u64) -> u64 {
    process << 32 | sequence
}

fn text(out: &mut impl Write, piece: u64) -> io::Result<()> {
    write!(out, "x {} {} y", piece >> 32, piece & 0xffff_ffff)
}

fn name(object: Object, request: Request) -> &'static str {
    match request {
        Request::Read | Request::LogRead(_) => "read",
        Request::Write(_) => "write",
        Request::Cas(..) => "cas",
        Request::ReadOf(_) | Request::WriteOf(..) => "txn",
        Request::Add | Request::SetAdd(_) => "add",
        Request::AddAndGet(_) => "add-and-get",
        Request::Get => "get",
        Request::Put(_) => "put",
        Request::Append(_) | Request::LogAppend(_) => "append",
        Request::Insert(_) if object == Object::Stack => "push",
        Request::Take if object == Object::Stack => "pop",
        Request::Insert(_) if object == Object::Priority => "insert",
        Request::Take if object == Object::Priority => "delete-min",
        Request::Insert(_) => "enqueue",
        Request::Take => "dequeue",
        Request::SetRemove(_) => "remove",
        Request::Contains(_) => "contains",
        Request::Acquire(_) => "acquire",
        Request::TryAcquire(_) => "try-acquire",
        Request::Release(_) => "release",
    }
}

fn number(request: Request) -> Option<u64> {
    match request {
        Request::Add => Some(1),
        Request::Write(number)
        | Request::AddAndGet(number)
        | Request::Insert(number)
        | Request::SetAdd(number)
        | Request::SetRemove(number)
        | Request::Contains(number)
        | Request::LogRead(number) => Some(number),
        Request::Acquire(permits) | Request::TryAcquire(permits) | Request::Release(permits) => {
            (permits > 1).then_some(permits)
        }
        _ => None,
    }
}
