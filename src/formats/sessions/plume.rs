//! The text of Plume, PolySI and IsoVista: a line for each micro-operation, `r(KEY,VALUE,SESSION,
//! TRANSACTION)` or `w(…)`. The transaction -1 is an aborted write.

use std::io;

use super::blocks::{Block, in_blocks, line_end, short_integer};
use super::draft::{Access, Draft, Words};
use super::scan::{Scan, line_at};
use super::write::{Plan, Room};
use crate::error::{Code, Error, Place};
use crate::formats::mapping::Mapping;
use crate::formats::row::{Evidence, Likeness, Piece, Reader, Row};
use crate::formats::sink::Sink;
use crate::history::{History, Value, ValueMap, ValueTable};

pub(super) const FORMAT: Row = Row {
    name: "plume",
    about: "Text of Plume, PolySI and IsoVista: a read or write of a transaction per line",
    extensions: &["txt"],
    sniff,
    reader: || Box::new(Plume::default()),
    write,
    losses: |history| Plan::of(history, Room::Plume).losses(),
};

const FORM: &str = "r(KEY,VALUE,SESSION,TRANSACTION) or w(KEY,VALUE,SESSION,TRANSACTION), all of \
                    them integers";
/// No number of a transaction.
const NONE: u32 = u32::MAX;
/// The numbers of transactions below about half of this are found without hashing.
const DENSE: usize = 1 << 26;

fn sniff(text: &str) -> Option<Likeness> {
    let rest = text.strip_prefix("r(").or_else(|| text.strip_prefix("w("))?;
    let first = rest.trim_start().bytes().next()?;
    let is_number = first.is_ascii_digit() || first == b'-';
    is_number.then(|| Evidence::Certain.settled(true))?
}

/// What is read so far.
#[derive(Default)]
struct Plume(Option<Known>);

struct Known {
    draft: Draft,
    /// The number of each transaction in the draft.
    numbers: ValueMap,
    aborted: Value,
}

/// What is said of lines that follow each other.
#[derive(Clone, Copy)]
struct Head {
    /// Where the first of them starts.
    offset: usize,
    session: i64,
    txn: Value,
}

impl Reader for Plume {
    fn cut(&mut self, _: &[u8], _: usize) -> Option<usize> {
        None
    }

    fn takes_pieces(&mut self, _: &str, _: Option<&Mapping>) -> bool {
        true
    }

    fn split(&mut self, text: &[u8]) -> Option<usize> {
        memchr::memrchr(b'\n', text).map(|at| at + 1)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        sink.hold_sessions();
        let known = self.0.get_or_insert_with(|| Known::new(sink));
        let words = known.draft.words();
        let line = |at: usize, block: &mut Block<Head>| line(piece.text, at, words, block);
        in_blocks(piece, sink, line, |block, sink| known.take(block, sink))?;
        if piece.is_last
            && let Some(Known { mut draft, .. }) = self.0.take()
        {
            draft.settle_zeros();
            draft.put(sink)?;
        }
        Ok(piece.text.len())
    }
}

impl Known {
    fn new(sink: &mut Sink<'_>) -> Known {
        Known {
            draft: Draft::new(sink),
            numbers: ValueMap::new(NONE, DENSE),
            aborted: sink.values().int(-1),
        }
    }

    /// Adds the lines of a block. False if those behind them are of no interest.
    fn take(&mut self, block: &mut Block<Head>, sink: &mut Sink<'_>) -> Result<bool, Error> {
        self.draft.make_room(block.micros.len(), block.len, sink.bytes);
        let mut start = 0;
        for at in 0..block.runs.len() {
            let (mut head, end) = block.runs[at];
            head.txn = block.carried(head.txn, sink.values());
            let Some(txn) = self.number(&head, sink)? else { return Ok(false) };
            self.draft.extend(txn, block.carried_micros(start..end, sink.values()));
            start = end;
        }
        Ok(true)
    }

    /// Returns the number of a transaction, which begins if it is new; none if it is of no
    /// interest.
    fn number(&mut self, head: &Head, sink: &mut Sink<'_>) -> Result<Option<usize>, Error> {
        let &Head { offset, session, txn } = head;
        if txn == self.aborted {
            return self.draft.begin(offset, None, None, false, sink);
        }
        let process = sink.values().int(session);
        let slot = self.numbers.slot(txn);
        if *slot != NONE {
            let number = *slot as usize;
            let own = self.draft.process(number);
            if own != process {
                return Err(in_two_sessions(sink.values(), txn, own, offset));
            }
            return Ok(Some(number));
        }
        let number = self.draft.begin(offset, Some(process), Some(txn), true, sink)?;
        *slot = number.map_or(NONE, |number| number as u32);
        Ok(number)
    }
}

/// Appends the line that starts at `at` to a block. Returns where the next one starts.
fn line(text: &str, at: usize, words: Words, block: &mut Block<Head>) -> Result<usize, Error> {
    if let Some((access, [key, value, session, txn], next)) = usual(&text.as_bytes()[at..]) {
        let pair = [block.values.int(key), block.values.int(value)];
        let txn = block.values.int(txn);
        push(block, words.micro(access, pair), Head { offset: at, session, txn });
        return Ok(at + next);
    }
    let (line, is_last) = line_at(text, at);
    if let Some(step) = step(line, at, is_last, &mut block.values)? {
        let Step { access, pair, session, txn } = step;
        push(block, words.micro(access, pair), Head { offset: at, session, txn });
    }
    Ok(at + line.len() + 1)
}

#[inline]
fn push(block: &mut Block<Head>, micro: [Value; 3], head: Head) {
    block.micros.push(micro);
    let end = block.micros.len();
    let aborted = ValueTable::small_int(-1);
    match block.runs.last_mut() {
        Some((last, its_end))
            if (last.txn, last.session) == (head.txn, head.session)
                && Some(head.txn) != aborted =>
        {
            *its_end = end;
        }
        _ => block.runs.push((head, end)),
    }
}

/// Reads a line of the usual form, without space. Returns what it does, its numbers and where the
/// next line starts; none if it has another form, or is wrong.
#[inline]
fn usual(text: &[u8]) -> Option<(Access, [i64; 4], usize)> {
    let access = match text {
        [b'r', b'(', ..] => Access::Read,
        [b'w', b'(', ..] => Access::Write,
        _ => return None,
    };
    let mut at = 2;
    let mut numbers = [0; 4];
    for (number, mark) in numbers.iter_mut().zip(*b",,,)") {
        (*number, at) = short_integer(text, at)?;
        if text.get(at) != Some(&mark) {
            return None;
        }
        at += 1;
    }
    Some((access, numbers, line_end(text, at)?))
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
    values: &mut ValueTable,
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
    let key = number(&mut scan, values)?;
    scan.expect(b',')?;
    let value = number(&mut scan, values)?;
    scan.expect(b',')?;
    let place = scan.place();
    let session = scan.integer()?.parse();
    let session = session.map_err(|_| beyond("session", place))?;
    scan.expect(b',')?;
    let txn = number(&mut scan, values)?;
    scan.expect(b')')?;
    scan.end()?;
    Ok(Some(Step { access, pair: [key, value], session, txn }))
}

/// Reads an integer as a value.
fn number(scan: &mut Scan<'_>, values: &mut ValueTable) -> Result<Value, Error> {
    let place = scan.place();
    let literal = scan.integer()?;
    values.integer(literal).ok_or_else(|| beyond("number", place))
}

fn beyond(what: &str, place: Place) -> Error {
    Error::new(Code::BadField, format!("the {what} is no integer of at most 64 bits"))
        .hint(format!("a line is {FORM}"))
        .at(place)
}

fn in_two_sessions(values: &ValueTable, txn: Value, session: Value, offset: usize) -> Error {
    let [txn, session] = [txn, session].map(|value| values.to_json(value));
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
