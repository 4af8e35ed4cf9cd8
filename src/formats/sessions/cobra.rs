//! Cobra's logs, `T*.log`: one for each client, in a folder. Numbers are big-endian, of 64 bits and
//! with a sign. A transaction starts with `S` and its number; then come `W` (the number of the
//! write, a key and a value) and `R` (the transaction and the number of the write that was read, a
//! key and a value); `C` and its number commit it, `A` and its number abort it. Keys and values are
//! hashes. The number of a write is read as its value, since that is what tells writes apart.

use super::transcript::{self, Session, reader};
use crate::budget::Meter;
use crate::error::{Code, Error};
use crate::formats::json;
use crate::formats::row::Row;

pub(super) const FORMAT: Row = Row {
    name: "cobra",
    about: "A folder with Cobra's binary logs `T*.log`, one for each client",
    extensions: &[],
    sniff: |_| None,
    reader,
    write: json::WRITE,
    losses: |_| Vec::new(),
};

/// The numbers of the writes that were there before the test: of an initial value, and of none.
const INITIAL: [i64; 2] = [0xbebe_ebee, 0xdead_beef];
/// Between two looks at the clock, this many entries are read.
const LOOK_EVERY: usize = 1 << 14;

/// Tells whether `bytes` are such a log, by its first transaction: it ends, or the log does first;
/// and some of its bytes are those of no text.
pub(super) fn is_cobra(bytes: &[u8]) -> bool {
    let mut log = Log { bytes, at: 0 };
    let mut has_started = false;
    while log.at < bytes.len() {
        match log.entry() {
            Ok(Entry::Start(_)) if !has_started => has_started = true,
            Ok(Entry::Read { .. } | Entry::Write { .. }) if has_started => {}
            Ok(Entry::End { .. }) if has_started => break,
            // It was cut, maybe.
            Err(_) if has_started && log.is_cut() => break,
            _ => return false,
        }
    }
    has_started && bytes[..log.at].contains(&0)
}

/// Returns what is read instead of the log of the client `session`.
///
/// # Errors
/// If it is no such log, or damaged; the byte is named.
pub(super) fn transcript(bytes: &[u8], session: i64, meter: &Meter) -> Result<String, Error> {
    let mut log = Log { bytes, at: 0 };
    let mut out = String::new();
    // The transaction that is open, and its micro-operations.
    let mut open: Option<i64> = None;
    let mut steps: Vec<(bool, i64, Option<i64>)> = Vec::new();
    let mut count: usize = 0;
    while log.at < bytes.len() {
        if count.is_multiple_of(LOOK_EVERY) {
            meter.check_reading()?;
            meter.check_size(out.len() as u64)?;
        }
        count += 1;
        let start = log.at;
        match (log.entry()?, open) {
            (Entry::Start(id), None) => open = Some(id),
            (Entry::Start(_), Some(_)) => {
                return Err(damaged(start, "a transaction starts inside another"));
            }
            (_, None) => return Err(damaged(start, "an entry is in no transaction")),
            (Entry::Read { write, key }, Some(_)) => {
                steps.push((false, key, Some(write).filter(|id| !INITIAL.contains(id))));
            }
            (Entry::Write { write, key }, Some(_)) => steps.push((true, key, Some(write))),
            (Entry::End { id, .. }, Some(own)) if id != own => {
                let message = format!("transaction {id} ends here, but {own} is open");
                return Err(damaged(start, &message));
            }
            (Entry::End { id, is_ok }, Some(_)) => {
                transcript::start(&mut out, Session::Number(session), is_ok, Some(id));
                for (is_write, key, value) in steps.drain(..) {
                    transcript::step(&mut out, is_write, key, value);
                }
                transcript::end(&mut out);
                open = None;
            }
        }
    }
    match open {
        None => Ok(out),
        Some(id) => Err(damaged(log.at, &format!("the log ends inside transaction {id}"))),
    }
}

enum Entry {
    Start(i64),
    End { id: i64, is_ok: bool },
    Write { write: i64, key: i64 },
    Read { write: i64, key: i64 },
}

struct Log<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Log<'_> {
    /// Reads the entry here, of which there is a byte at least.
    fn entry(&mut self) -> Result<Entry, Error> {
        let mark = self.bytes[self.at];
        let count = match mark {
            b'S' | b'C' | b'A' => 1,
            b'W' => 3,
            b'R' => 4,
            other => {
                let message = format!("no entry starts with the byte 0x{other:02x}");
                return Err(damaged(self.at, &message));
            }
        };
        let rest = &self.bytes[self.at + 1..];
        let Some(body) = rest.get(..8 * count) else {
            return Err(damaged(self.bytes.len(), "the log ends inside an entry"));
        };
        self.at += 1 + body.len();
        let (numbers, _) = body.as_chunks::<8>();
        let number = |nth: usize| i64::from_be_bytes(numbers[nth]);
        Ok(match mark {
            b'S' => Entry::Start(number(0)),
            b'W' => Entry::Write { write: number(0), key: number(1) },
            b'R' => Entry::Read { write: number(1), key: number(2) },
            _ => Entry::End { id: number(0), is_ok: mark == b'C' },
        })
    }

    /// Whether an entry starts here that the log does not hold all of.
    fn is_cut(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(b'S' | b'C' | b'A' | b'W' | b'R'))
    }
}

fn damaged(at: usize, message: &str) -> Error {
    Error::new(Code::Damaged, format!("{message}, at byte {at} of Cobra's log"))
        .hint("the log was cut or altered, or is of another program; copy it again")
}
