//! Transactions as a text lists them, before it is known which zeros are initial values: only the
//! whole text tells whether somebody wrote a 0.

use crate::error::Error;
use crate::formats::json::Cell;
use crate::formats::sink::Sink;
use crate::history::hash::Set;
use crate::history::{Event, EventType, Value, ValueTable};

/// What a micro-operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    Read,
    Write,
}

/// The transactions of a text in the order of their first appearance.
pub(super) struct Draft {
    txns: Vec<Txn>,
    /// How reads and writes are called.
    words: [Value; 2],
    zero: Value,
    /// Reads of 0: the transaction, the position in it, and the key.
    zero_reads: Vec<(usize, usize, Value)>,
    /// The keys that a 0 was written to.
    written: Set<Value>,
    /// How many transactions have no session.
    alone: usize,
}

struct Txn {
    /// Where it starts in the text.
    offset: usize,
    process: Value,
    /// What the text calls it.
    id: Option<Value>,
    is_ok: bool,
    steps: Vec<Value>,
}

impl Draft {
    /// Returns a draft without transactions; their values will be in `values`.
    pub(super) fn new(values: &mut ValueTable) -> Draft {
        Draft {
            txns: Vec::new(),
            words: [values.text("r"), values.text("w")],
            zero: values.int(0),
            zero_reads: Vec::new(),
            written: Set::default(),
            alone: 0,
        }
    }

    /// Adds a transaction of the session `process`, or of one of its own, that starts at byte
    /// `offset` of the text. Returns its number.
    pub(super) fn begin(
        &mut self,
        offset: usize,
        process: Option<Value>,
        id: Option<Value>,
        is_ok: bool,
        values: &mut ValueTable,
    ) -> usize {
        let process = process.unwrap_or_else(|| {
            self.alone += 1;
            values.text(&format!("aborted-{}", self.alone))
        });
        self.txns.push(Txn { offset, process, id, is_ok, steps: Vec::new() });
        self.txns.len() - 1
    }

    /// Adds a micro-operation to the transaction `txn`.
    pub(super) fn add(
        &mut self,
        txn: usize,
        access: Access,
        [key, value]: [Value; 2],
        values: &mut ValueTable,
    ) {
        let steps = &mut self.txns[txn].steps;
        if value == self.zero {
            match access {
                Access::Read => self.zero_reads.push((txn, steps.len(), key)),
                Access::Write => drop(self.written.insert(key)),
            }
        }
        steps.push(values.list(&[self.words[access as usize], key, value]));
    }

    /// Makes initial values of the zeros that were read from keys to which nobody wrote a 0.
    pub(super) fn settle_zeros(&mut self, values: &mut ValueTable) {
        for &(txn, at, key) in &self.zero_reads {
            if !self.written.contains(&key) {
                let read = values.list(&[self.words[Access::Read as usize], key, Value::NULL]);
                self.txns[txn].steps[at] = read;
            }
        }
    }

    /// Hands the transactions to `sink`.
    pub(super) fn put(&self, sink: &mut Sink<'_>) -> Result<(), Error> {
        for txn in &self.txns {
            if !sink.begin(txn.offset) {
                break;
            }
            txn.put(sink)?;
        }
        Ok(())
    }
}

impl Txn {
    fn put(&self, sink: &mut Sink<'_>) -> Result<(), Error> {
        if sink.is_seeking() {
            return sink.pass();
        }
        if let Some(survey) = sink.survey.take() {
            // It has no fields.
            survey.add(std::iter::empty::<(&str, Cell<'_>)>(), sink.values())?;
            sink.survey = Some(survey);
            return sink.skip();
        }
        let value = sink.values().list(&self.steps);
        if let Some(id) = self.id {
            sink.extra("id", id);
        }
        let kind = if self.is_ok { EventType::Ok } else { EventType::Fail };
        let process = self.process;
        sink.event(&Event { process, kind, function: "txn", value, key: None, time: None })
    }
}
