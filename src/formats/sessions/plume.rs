//! The text of Plume, PolySI and IsoVista: a line for each micro-operation, `r(KEY,VALUE,SESSION,
//! TRANSACTION)` or `w(…)`. The transaction -1 is an aborted write.

use std::io;

use super::draft::{Access, Draft};
use super::scan::{Scan, lines};
use super::write::{Plan, Room};
use crate::error::{Code, Error, Place};
use crate::formats::row::{Evidence, Likeness, Piece, Reader, Row};
use crate::formats::sink::Sink;
use crate::history::hash::Map;
use crate::history::{History, Value};

pub(super) const FORMAT: Row = Row {
    name: "plume",
    about: "Text of Plume, PolySI and IsoVista: a read or write of a transaction per line",
    extensions: &["txt"],
    sniff,
    reader: || Box::new(Plume),
    write,
    losses: |history| Plan::of(history, Room::Plume).losses(),
};

const FORM: &str = "r(KEY,VALUE,SESSION,TRANSACTION) or w(KEY,VALUE,SESSION,TRANSACTION), all of \
                    them integers";
/// Between two looks at the clock, this many lines are read.
const LOOK_EVERY: usize = 1 << 16;

fn sniff(text: &str) -> Option<Likeness> {
    let rest = text.strip_prefix("r(").or_else(|| text.strip_prefix("w("))?;
    let first = rest.trim_start().bytes().next()?;
    let is_number = first.is_ascii_digit() || first == b'-';
    is_number.then(|| Evidence::Certain.settled(true))?
}

struct Plume;

impl Reader for Plume {
    fn cut(&mut self, _: &[u8], _: usize) -> Option<usize> {
        None
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        sink.hold_sessions();
        let mut draft = Draft::new(sink.values());
        // The number of each transaction in the draft, and its session.
        let mut known: Map<Value, (usize, i64)> = Map::default();
        let aborted = sink.values().int(-1);
        for (nth, (offset, line, is_last)) in lines(piece.text).enumerate() {
            if nth.is_multiple_of(LOOK_EVERY) {
                sink.expect(offset, 0)?;
            }
            let Some(step) = step(line, offset, is_last, sink)? else { continue };
            let Step { access, pair, session, txn } = step;
            let values = sink.values();
            let at = match known.get(&txn) {
                Some(&(at, own)) if own == session => at,
                Some(&(_, own)) => return Err(in_two_sessions(values.to_json(txn), own, offset)),
                None if txn == aborted => draft.begin(offset, None, None, false, values),
                None => {
                    let process = values.int(session);
                    let at = draft.begin(offset, Some(process), Some(txn), true, values);
                    known.insert(txn, (at, session));
                    at
                }
            };
            draft.add(at, access, pair, values);
        }
        draft.settle_zeros(sink.values());
        draft.put(sink).map(|()| piece.text.len())
    }
}

/// A line.
struct Step {
    access: Access,
    /// The key and the value.
    pair: [Value; 2],
    session: i64,
    txn: Value,
}

/// Reads a line; `None` if it is blank.
fn step(
    line: &str,
    offset: usize,
    is_last: bool,
    sink: &mut Sink<'_>,
) -> Result<Option<Step>, Error> {
    let mut scan = Scan::new(line, offset, FORM, is_last);
    scan.skip_space();
    if scan.is_at_end() {
        return Ok(None);
    }
    let access = match scan.peek() {
        Some(b'r') => Access::Read,
        Some(b'w') => Access::Write,
        _ => return Err(scan.unexpected()),
    };
    scan.has(if access == Access::Read { b'r' } else { b'w' });
    scan.expect(b'(')?;
    let key = number(&mut scan, sink)?;
    scan.expect(b',')?;
    let value = number(&mut scan, sink)?;
    scan.expect(b',')?;
    let place = scan.place();
    let session = scan.integer()?.parse();
    let session = session.map_err(|_| beyond("session", place))?;
    scan.expect(b',')?;
    let txn = number(&mut scan, sink)?;
    scan.expect(b')')?;
    scan.end()?;
    Ok(Some(Step { access, pair: [key, value], session, txn }))
}

/// Reads an integer as a value.
fn number(scan: &mut Scan<'_>, sink: &mut Sink<'_>) -> Result<Value, Error> {
    let place = scan.place();
    let literal = scan.integer()?;
    sink.values().integer(literal).ok_or_else(|| beyond("number", place))
}

fn beyond(what: &str, place: Place) -> Error {
    Error::new(Code::BadField, format!("the {what} is no integer of at most 64 bits"))
        .hint(format!("a line is {FORM}"))
        .at(place)
}

fn in_two_sessions(txn: String, session: i64, offset: usize) -> Error {
    let message = format!("transaction {txn} is in another session here, and in {session} above");
    Error::new(Code::BadField, message)
        .hint("each transaction needs a number of its own, in all sessions")
        .at(Place { offset, ..Place::default() })
}

fn write(history: &History, out: &mut dyn io::Write) -> io::Result<()> {
    let plan = Plan::of(history, Room::Plume);
    plan.check()?;
    for (nth, txn) in plan.transactions().iter().enumerate() {
        for step in &txn.steps {
            let name = if step.is_write { 'w' } else { 'r' };
            let [key, value] = [plan.key(step.key), plan.value(step.value)];
            let session = txn.session;
            match txn.is_committed {
                true => writeln!(out, "{name}({key},{value},{session},{})", plan.id(txn, nth))?,
                false => writeln!(out, "{name}({key},{value},{session},-1)")?,
            }
        }
    }
    Ok(())
}
