//! The file that the first version of dbcop writes with bincode, `history.bincode`. Numbers are
//! little-endian: five of 64 bits (parameters of the test), three strings (each a length and its
//! bytes), the number of sessions; each of these has a number of transactions, each of these a
//! number of events. An event is whether it writes (a byte), a variable, a value and whether it
//! succeeded (a byte); behind the events is whether the transaction did.

use super::transcript::{self, Session, reader};
use crate::budget::Meter;
use crate::error::{Code, Error};
use crate::formats::json;
use crate::formats::row::Row;
use crate::history::hash::Set;

pub(super) const FORMAT: Row = Row {
    name: "dbcop-bincode",
    about: "The binary file of dbcop, `history.bincode`",
    extensions: &["bincode"],
    sniff: |_| None,
    reader,
    write: json::WRITE,
    losses: |_| Vec::new(),
};

/// How many parameters there are.
const PARAMETERS: usize = 5;
/// Parameters are smaller than this: no text starts so.
const LARGEST: u64 = 1 << 32;
/// How many texts are behind them.
const TEXTS: usize = 3;
/// Between two looks at the clock, this many transactions are read.
const LOOK_EVERY: usize = 1 << 12;

/// Tells whether `bytes` start as such a file does, and go on to the number of its sessions.
pub(super) fn is_bincode(bytes: &[u8]) -> bool {
    let mut file = File { bytes, at: 0 };
    file.header(true).is_ok()
}

/// Returns what is read instead of the file that consists of `bytes`.
///
/// # Errors
/// If it is no such file, or damaged; the byte is named.
pub(super) fn transcript(bytes: &[u8], meter: &Meter) -> Result<String, Error> {
    let mut written: Set<u64> = Set::default();
    each(bytes, meter, &mut |_, events, _| {
        let zeros = events.iter().filter(|event| event.is_write && event.value == 0);
        written.extend(zeros.map(|event| event.variable));
        Ok(())
    })?;
    let (mut out, mut aborted) = (String::new(), 0);
    each(bytes, meter, &mut |session, events, is_ok| {
        let value = |event: &Event| {
            let is_initial = event.value == 0 && !event.is_write;
            (!is_initial || written.contains(&event.variable)).then_some(event.value)
        };
        transcript::start(&mut out, Session::Number(session.cast_signed()), is_ok, None);
        let is_part = |event: &&Event| event.succeeded || event.is_write && !is_ok;
        for event in events.iter().filter(is_part) {
            transcript::step(&mut out, event.is_write, event.variable, value(event));
        }
        transcript::end(&mut out);
        // The transaction went on without them.
        for event in events.iter().filter(|event| event.is_write && is_ok && !event.succeeded) {
            aborted += 1;
            transcript::start(&mut out, Session::Aborted(aborted), false, None);
            transcript::step(&mut out, true, event.variable, Some(event.value));
            transcript::end(&mut out);
        }
        meter.check_size(out.len() as u64)
    })?;
    Ok(out)
}

/// A micro-operation.
struct Event {
    is_write: bool,
    variable: u64,
    value: u64,
    succeeded: bool,
}

/// Takes a transaction: the number of its session, its events, and whether it succeeded.
type Take<'f> = dyn FnMut(u64, &[Event], bool) -> Result<(), Error> + 'f;

/// Hands over every transaction.
fn each(bytes: &[u8], meter: &Meter, take: &mut Take<'_>) -> Result<(), Error> {
    let mut file = File { bytes, at: 0 };
    let sessions = file.header(false)?;
    let mut events = Vec::new();
    let mut count: usize = 0;
    for session in 0..sessions {
        for _ in 0..file.number("the number of transactions of a session")? {
            if count.is_multiple_of(LOOK_EVERY) {
                meter.check_reading()?;
            }
            count += 1;
            events.clear();
            for _ in 0..file.number("the number of events of a transaction")? {
                events.push(Event {
                    is_write: file.flag("whether an event writes")?,
                    variable: file.number("the variable of an event")?,
                    value: file.number("the value of an event")?,
                    succeeded: file.flag("whether an event succeeded")?,
                });
            }
            let is_ok = file.flag("whether a transaction succeeded")?;
            take(session, &events, is_ok)?;
        }
    }
    match file.bytes.len() - file.at {
        0 => Ok(()),
        _ => Err(file.damaged("something follows the last session")),
    }
}

struct File<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl File<'_> {
    /// Reads what is in front of the sessions; returns their number. What starts like a text is
    /// refused if that `is_guess`.
    fn header(&mut self, is_guess: bool) -> Result<u64, Error> {
        for _ in 0..PARAMETERS {
            if self.number("a parameter of the test")? >= LARGEST && is_guess {
                return Err(self.damaged("a parameter is too large"));
            }
        }
        for _ in 0..TEXTS {
            let len = self.number("the length of a text")?;
            let rest = &self.bytes[self.at..];
            let text = usize::try_from(len).ok().and_then(|len| rest.get(..len));
            let Some(text) = text else {
                return Err(self.damaged("the file ends inside a text about the test"));
            };
            if str::from_utf8(text).is_err() {
                return Err(self.damaged("a text about the test is not UTF-8"));
            }
            self.at += text.len();
        }
        let sessions = self.number("the number of sessions")?;
        let rest = self.bytes.len() - self.at;
        if sessions == 0 && rest > 0 && is_guess {
            return Err(self.damaged("something follows the header"));
        }
        // Each has a number of its own.
        if sessions > rest as u64 / 8 {
            return Err(self.damaged("the file is too short for its number of sessions"));
        }
        Ok(sessions)
    }

    fn number(&mut self, what: &str) -> Result<u64, Error> {
        let Some(&bytes) = self.bytes[self.at..].first_chunk() else {
            return Err(self.damaged(&format!("the file ends where {what} should be")));
        };
        self.at += size_of::<u64>();
        Ok(u64::from_le_bytes(bytes))
    }

    fn flag(&mut self, what: &str) -> Result<bool, Error> {
        let flag = match self.bytes.get(self.at) {
            Some(0) => false,
            Some(1) => true,
            Some(other) => {
                return Err(self.damaged(&format!("0 or 1 says {what}, not {other}")));
            }
            None => return Err(self.damaged(&format!("the file ends before it says {what}"))),
        };
        self.at += 1;
        Ok(flag)
    }

    fn damaged(&self, message: &str) -> Error {
        Error::new(Code::Damaged, format!("{message}, at byte {} of dbcop's file", self.at))
            .hint("the file was cut or altered, or is of another program; copy it again")
    }
}
