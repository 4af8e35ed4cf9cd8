//! The text of AWDIT's own tests: a line for each micro-operation, `r KEY VALUE` or `w KEY VALUE`;
//! a line of dashes between two transactions, and one of equals signs between two sessions. There
//! is no initial value: a session writes it.

use std::io;

use super::blocks::{Block, in_blocks, line_end, short_integer};
use super::draft::{Access, Draft, Words};
use super::scan::{Scan, line_at};
use super::write::{Plan, Room};
use crate::error::{Code, Error};
use crate::formats::mapping::Mapping;
use crate::formats::row::{Evidence, Likeness, Piece, Reader, Row};
use crate::formats::sink::Sink;
use crate::history::{History, Value, ValueTable};

pub(super) const FORMAT: Row = Row {
    name: "awdit",
    about: "Text of AWDIT's tests: a read or write per line, with lines between transactions",
    extensions: &["txt"],
    sniff,
    reader: || Box::new(Awdit::default()),
    write,
    losses: |history| Plan::of(history, Room::Awdit).losses(),
};

const FORM: &str = "`r KEY VALUE` or `w KEY VALUE` with integers, dashes between transactions, or \
                    equals signs between sessions";

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

/// What is read so far.
#[derive(Default)]
struct Awdit(Option<Known>);

struct Known {
    draft: Draft,
    session: i64,
    /// The transaction that is open.
    txn: Option<usize>,
}

/// What is said of lines that follow each other.
#[derive(Clone, Copy)]
enum Head {
    /// They are micro-operations of one transaction, and the first starts here.
    Steps(usize),
    EndOfTransaction,
    EndOfSession,
}

impl Reader for Awdit {
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
        let known =
            self.0.get_or_insert_with(|| Known { draft: Draft::new(sink), session: 0, txn: None });
        let words = known.draft.words();
        let line = |at: usize, block: &mut Block<Head>| line(piece.text, at, words, block);
        in_blocks(piece, sink, line, |block, sink| known.take(block, sink))?;
        if piece.is_last
            && let Some(Known { draft, .. }) = self.0.take()
        {
            draft.put(sink)?;
        }
        Ok(piece.text.len())
    }
}

impl Known {
    /// Adds the lines of a block. False if those behind them are of no interest.
    fn take(&mut self, block: &mut Block<Head>, sink: &mut Sink<'_>) -> Result<bool, Error> {
        self.draft.make_room(block.micros.len(), block.len, sink.bytes);
        let mut start = 0;
        for at in 0..block.runs.len() {
            let (head, end) = block.runs[at];
            match (head, self.txn) {
                (Head::EndOfTransaction, _) => self.txn = None,
                (Head::EndOfSession, _) => (self.session, self.txn) = (self.session + 1, None),
                (Head::Steps(_), Some(_)) => {}
                (Head::Steps(offset), None) => {
                    let process = sink.values().int(self.session);
                    self.txn = self.draft.begin(offset, Some(process), None, true, sink)?;
                    if self.txn.is_none() {
                        return Ok(false);
                    }
                }
            }
            if let Some(txn) = self.txn {
                self.draft.extend(txn, block.carried_micros(start..end, sink.values()));
            }
            start = end;
        }
        Ok(true)
    }
}

/// Appends the line that starts at `at` to a block. Returns where the next one starts.
fn line(text: &str, at: usize, words: Words, block: &mut Block<Head>) -> Result<usize, Error> {
    let (entry, next) = match usual(&text.as_bytes()[at..]) {
        Some((access, [key, value], next)) => {
            let pair = [block.values.int(key), block.values.int(value)];
            (Entry::Step(access, pair), at + next)
        }
        None => {
            let (line, is_last) = line_at(text, at);
            (entry(line, at, is_last, &mut block.values)?, at + line.len() + 1)
        }
    };
    let head = match entry {
        Entry::Blank => return Ok(next),
        Entry::EndOfTransaction => Head::EndOfTransaction,
        Entry::EndOfSession => Head::EndOfSession,
        Entry::Step(access, pair) => {
            block.micros.push(words.micro(access, pair));
            Head::Steps(at)
        }
    };
    let end = block.micros.len();
    match (block.runs.last_mut(), head) {
        (Some((Head::Steps(_), its_end)), Head::Steps(_)) => *its_end = end,
        _ => block.runs.push((head, end)),
    }
    Ok(next)
}

/// Reads a micro-operation of the usual form, with one space before each number. Returns where the
/// next line starts; none if the line has another form, or is wrong.
#[inline]
fn usual(text: &[u8]) -> Option<(Access, [i64; 2], usize)> {
    let access = match text {
        [b'r', b' ', ..] => Access::Read,
        [b'w', b' ', ..] => Access::Write,
        _ => return None,
    };
    let (key, at) = short_integer(text, 2)?;
    if text.get(at) != Some(&b' ') {
        return None;
    }
    let (value, at) = short_integer(text, at + 1)?;
    Some((access, [key, value], line_end(text, at)?))
}

/// What a line says.
enum Entry {
    Blank,
    EndOfTransaction,
    EndOfSession,
    /// A micro-operation with its key and value.
    Step(Access, [Value; 2]),
}

fn entry(
    line: &str,
    offset: usize,
    is_last: bool,
    values: &mut ValueTable,
) -> Result<Entry, Error> {
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
        *part = values.integer(literal).ok_or_else(|| {
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
