//! The text of AWDIT's own tests: a line for each micro-operation, `r KEY VALUE` or `w KEY VALUE`;
//! a line of dashes between two transactions, and one of equals signs between two sessions. There
//! is no initial value: a session writes it.

use std::io;

use super::draft::{Access, Draft};
use super::scan::{Scan, lines};
use super::write::{Plan, Room};
use crate::error::{Code, Error};
use crate::formats::row::{Evidence, Likeness, Piece, Reader, Row};
use crate::formats::sink::Sink;
use crate::history::{History, Value};

pub(super) const FORMAT: Row = Row {
    name: "awdit",
    about: "Text of AWDIT's tests: a read or write per line, with lines between transactions",
    extensions: &["txt"],
    sniff,
    reader: || Box::new(Awdit),
    write,
    losses: |history| Plan::of(history, Room::Awdit).losses(),
};

const FORM: &str = "`r KEY VALUE` or `w KEY VALUE` with integers, dashes between transactions, or \
                    equals signs between sessions";
/// Between two looks at the clock, this many lines are read.
const LOOK_EVERY: usize = 1 << 16;

fn sniff(text: &str) -> Option<Likeness> {
    let is_rule = |line: &str| line.bytes().all(|byte| matches!(byte, b'-' | b'='));
    let mut lines = text.lines().map(str::trim).filter(|line| !is_rule(line));
    let first = lines.next()?;
    let words: Vec<&str> = first.split_ascii_whitespace().collect();
    let is_number = |word: &str| word.parse::<i128>().is_ok();
    let is_step =
        matches!(words[..], ["r" | "w", key, value] if is_number(key) && is_number(value));
    is_step.then(|| Evidence::Certain.settled(text.contains('\n')))?
}

struct Awdit;

impl Reader for Awdit {
    fn cut(&mut self, _: &[u8], _: usize) -> Option<usize> {
        None
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        sink.hold_sessions();
        let mut draft = Draft::new(sink.values());
        let (mut session, mut txn) = (0, None);
        for (nth, (offset, line, is_last)) in lines(piece.text).enumerate() {
            if nth.is_multiple_of(LOOK_EVERY) {
                sink.expect(offset, 0)?;
            }
            match entry(line, offset, is_last, sink)? {
                Entry::Blank => {}
                Entry::EndOfTransaction => txn = None,
                Entry::EndOfSession => (session, txn) = (session + 1, None),
                Entry::Step(access, pair) => {
                    let values = sink.values();
                    let at = *txn.get_or_insert_with(|| {
                        let process = values.int(session);
                        draft.begin(offset, Some(process), None, true, values)
                    });
                    draft.add(at, access, pair, values);
                }
            }
        }
        draft.put(sink).map(|()| piece.text.len())
    }
}

/// What a line says.
enum Entry {
    Blank,
    EndOfTransaction,
    EndOfSession,
    /// A micro-operation with its key and value.
    Step(Access, [Value; 2]),
}

fn entry(line: &str, offset: usize, is_last: bool, sink: &mut Sink<'_>) -> Result<Entry, Error> {
    let mut scan = Scan::new(line, offset, FORM, is_last);
    scan.skip_space();
    let access = match scan.peek() {
        None => return Ok(Entry::Blank),
        Some(mark @ (b'-' | b'=')) => {
            while scan.has(mark) {}
            scan.end()?;
            let is_session = mark == b'=';
            return Ok(if is_session { Entry::EndOfSession } else { Entry::EndOfTransaction });
        }
        Some(b'r') => Access::Read,
        Some(b'w') => Access::Write,
        Some(_) => return Err(scan.unexpected()),
    };
    scan.has(if access == Access::Read { b'r' } else { b'w' });
    let mut pair = [Value::NULL; 2];
    for part in &mut pair {
        if !matches!(scan.peek(), None | Some(b' ' | b'\t')) {
            return Err(scan.unexpected());
        }
        scan.skip_space();
        let place = scan.place();
        let literal = scan.integer()?;
        *part = sink.values().integer(literal).ok_or_else(|| {
            let error = Error::new(Code::BadField, "this is no integer");
            error.hint(format!("a line is {FORM}")).at(place)
        })?;
    }
    scan.end()?;
    Ok(Entry::Step(access, pair))
}

fn write(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    let plan = Plan::of(history, Room::Awdit);
    plan.check()?;
    let mut is_first = true;
    let starts = plan.starts();
    if !starts.is_empty() {
        for &key in starts {
            writeln!(out, "w {} {}", plan.key(key), plan.value(Value::NULL))?;
        }
        is_first = false;
    }
    for session in plan.sessions() {
        if !is_first {
            writeln!(out, "=====")?;
        }
        is_first = false;
        for (nth, txn) in session.iter().enumerate() {
            if nth > 0 {
                writeln!(out, "-----")?;
            }
            for step in &txn.steps {
                let name = if step.is_write { 'w' } else { 'r' };
                writeln!(out, "{name} {} {}", plan.key(step.key), plan.value(step.value))?;
            }
        }
    }
    Ok(())
}
