//! Transactions as a text lists them, before it is known which zeros are initial values: only the
//! whole text tells whether somebody wrote a 0. Their micro-operations are columns, one behind the
//! other, and become values of the history as they are.

use crate::error::{Code, Error};
use crate::formats::json::Cell;
use crate::formats::sink::Sink;
use crate::history::hash::Set;
use crate::history::{Event, EventType, Value};

/// What a micro-operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    Read,
    Write,
}

/// How reads and writes are called in a history.
#[derive(Clone, Copy)]
pub(super) struct Words([Value; 2]);

/// The transactions of a text in the order of their first appearance.
pub(super) struct Draft {
    txns: Vec<Txn>,
    /// All micro-operations in the order of the text.
    micros: Vec<[Value; 3]>,
    /// The transactions of micro-operations that follow each other, and where these end.
    runs: Vec<(u32, u32)>,
    words: Words,
    zero: Value,
    /// The micro-operations that read a 0.
    zero_reads: Vec<u32>,
    /// The keys that a 0 was written to.
    written: Set<Value>,
    /// How many transactions have no session.
    alone: usize,
    /// Whether only the places of transactions are looked for.
    is_seeking: bool,
}

struct Txn {
    /// Where it starts in the text.
    offset: usize,
    process: Value,
    /// What the text calls it.
    id: Option<Value>,
    is_ok: bool,
}

/// So many micro-operations there may be.
const MOST: usize = 1 << 29;
/// Lines may become shorter; memory that is not used costs nothing but addresses.
const SLACK: f64 = 1.0625;

impl Words {
    /// Returns a micro-operation.
    #[inline]
    pub(super) fn micro(self, access: Access, [key, value]: [Value; 2]) -> [Value; 3] {
        [self.0[access as usize], key, value]
    }
}

impl Draft {
    /// Returns a draft without transactions; their values will be those of `sink`.
    pub(super) fn new(sink: &mut Sink<'_>) -> Draft {
        let is_seeking = sink.is_seeking();
        let values = sink.values();
        Draft {
            txns: Vec::new(),
            micros: Vec::new(),
            runs: Vec::new(),
            words: Words([values.text("r"), values.text("w")]),
            zero: values.int(0),
            zero_reads: Vec::new(),
            written: Set::default(),
            alone: 0,
            is_seeking,
        }
    }

    /// Returns how reads and writes are called.
    pub(super) fn words(&self) -> Words {
        self.words
    }

    /// Returns the process of a transaction, by its number.
    pub(super) fn process(&self, txn: usize) -> Value {
        self.txns[txn].process
    }

    /// Makes room for the micro-operations of `text` bytes, if there is none yet and a part of
    /// `part` bytes has `count` of them: a column that grew step by step would be copied at each.
    pub(super) fn make_room(&mut self, count: usize, part: usize, text: usize) {
        if self.micros.capacity() == 0 && part > 0 && part < text && !self.is_seeking {
            let all = count as f64 / part as f64 * text as f64 * SLACK;
            // Without, it grows step by step.
            let _ = self.micros.try_reserve_exact((all as usize).min(MOST));
        }
    }

    /// Adds a transaction of the session `process`, or of one of its own, that starts at byte
    /// `offset` of the piece. Returns its number; none if the others are of no interest.
    pub(super) fn begin(
        &mut self,
        offset: usize,
        process: Option<Value>,
        id: Option<Value>,
        is_ok: bool,
        sink: &mut Sink<'_>,
    ) -> Result<Option<usize>, Error> {
        if self.is_seeking {
            if !sink.begin(offset) {
                return Ok(None);
            }
            sink.pass()?;
        }
        let process = process.unwrap_or_else(|| {
            self.alone += 1;
            sink.values().text(&format!("aborted-{}", self.alone))
        });
        self.txns.push(Txn { offset: sink.base + offset, process, id, is_ok });
        Ok(Some(self.txns.len() - 1))
    }

    /// Adds a micro-operation to the transaction `txn`.
    pub(super) fn add(&mut self, txn: usize, access: Access, pair: [Value; 2]) {
        self.extend(txn, &[self.words.micro(access, pair)]);
    }

    /// Adds micro-operations to the transaction `txn`.
    pub(super) fn extend(&mut self, txn: usize, micros: &[[Value; 3]]) {
        if self.is_seeking || self.micros.len() + micros.len() > MOST {
            // Too many are refused in the end.
            self.is_seeking = true;
            return;
        }
        for (at, &[name, key, value]) in (self.micros.len() as u32..).zip(micros) {
            if value != self.zero {
                continue;
            }
            if name == self.words.0[Access::Read as usize] {
                self.zero_reads.push(at);
            } else {
                self.written.insert(key);
            }
        }
        self.micros.extend_from_slice(micros);
        let end = self.micros.len() as u32;
        match self.runs.last_mut() {
            Some((last, its_end)) if *last == txn as u32 => *its_end = end,
            _ => self.runs.push((txn as u32, end)),
        }
    }

    /// Makes initial values of the zeros that were read from keys to which nobody wrote a 0.
    pub(super) fn settle_zeros(&mut self) {
        for &at in &self.zero_reads {
            let [_, key, value] = &mut self.micros[at as usize];
            if !self.written.contains(key) {
                *value = Value::NULL;
            }
        }
    }

    /// Puts the micro-operations of each transaction one behind the other. Returns where those of
    /// each end. O(transactions) if they are so in the text.
    fn group(&mut self) -> Vec<u32> {
        let mut ends = vec![0; self.txns.len()];
        let mut start = 0;
        for &(txn, end) in &self.runs {
            ends[txn as usize] += end - start;
            start = end;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        if self.runs.is_sorted_by_key(|&(txn, _)| txn) {
            return ends;
        }
        let mut next: Vec<u32> = std::iter::once(0).chain(ends.iter().copied()).collect();
        let mut grouped = vec![[Value::NULL; 3]; self.micros.len()];
        let mut start = 0;
        for &(txn, end) in &self.runs {
            let run = &self.micros[start..end as usize];
            let to = &mut next[txn as usize];
            grouped[*to as usize..][..run.len()].copy_from_slice(run);
            *to += run.len() as u32;
            start = end as usize;
        }
        self.micros = grouped;
        ends
    }

    /// Hands the transactions to `sink`.
    pub(super) fn put(mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        if sink.is_seeking() {
            return Ok(());
        }
        let ends = self.group();
        let micros = std::mem::take(&mut self.micros);
        self.runs = Vec::new();
        let lists = if self.is_seeking { None } else { sink.values().pack(micros, ends) };
        let Some(lists) = lists else { return Err(too_many()) };
        for (txn, list) in self.txns.iter().zip(lists) {
            if !sink.begin(txn.offset.saturating_sub(sink.base)) {
                break;
            }
            txn.put(list, sink)?;
        }
        Ok(())
    }
}

impl Txn {
    fn put(&self, value: Value, sink: &mut Sink<'_>) -> Result<(), Error> {
        if let Some(survey) = sink.survey.take() {
            // It has no fields.
            survey.add(std::iter::empty::<(&str, Cell<'_>)>(), sink.values())?;
            sink.survey = Some(survey);
            return sink.skip();
        }
        if let Some(id) = self.id {
            sink.extra("id", id);
        }
        let kind = if self.is_ok { EventType::Ok } else { EventType::Fail };
        let process = self.process;
        sink.event(&Event { process, kind, function: "txn", value, key: None, time: None })
    }
}

fn too_many() -> Error {
    Error::new(Code::TooMany, format!("a text may list up to {MOST} reads and writes"))
}
