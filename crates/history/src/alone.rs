//! Transactions of which only the completions were recorded, as Plume and Viper write them: each is
//! a whole operation, and nothing tells which of them came first but the order within one process.

use super::builder::{HistoryBuilder, LOST};
use super::operation::ClientEvent;
use super::{EventType, History, Operation, Rank, Record, Span, Value, ValueTable};
use crate::error::{Code, Error};
use crate::vocabulary::{Verb, Word};

impl History {
    /// Whether the history tells which operations returned before others were called. If not, all
    /// count as concurrent, but for those of one process, which keep their order.
    #[inline]
    pub fn has_real_time(&self) -> bool {
        !self.alone
    }

    /// Returns what a check of it is about, in words.
    #[doc(hidden)]
    pub fn level(&self) -> &'static str {
        if self.alone { "serializable in session order" } else { "linearizable" }
    }

    /// Lets all operations overlap: no record tells when they were called.
    pub(super) fn overlap(&mut self) {
        let all = self.operations.len();
        let span = |(at, operation): (usize, &Operation)| Span {
            call: Rank::new(at),
            ret: if operation.outcome.is_indeterminate() {
                Rank::NEVER
            } else {
                Rank::new(all + at)
            },
        };
        self.spans = Some(self.operations.iter().enumerate().map(span).collect());
    }
}

/// Whether `value` is a list of micro-operations: `["r", key, value]`, `["append", key, value]`.
pub fn is_transaction(values: &ValueTable, value: Value) -> bool {
    if let Some(micros) = values.packed(value) {
        return !micros.is_empty();
    }
    let is_micro = |&item: &Value| match values.as_list(item) {
        Some(&[name, _, _]) => values.as_name(name).is_some_and(is_micro_operation),
        _ => false,
    };
    values.as_list(value).is_some_and(|items| !items.is_empty() && items.iter().all(is_micro))
}

/// Whether a micro-operation is called `name`.
pub fn is_micro_operation(name: &str) -> bool {
    matches!(name, "r" | "w" | "read" | "write" | "append")
}

impl HistoryBuilder {
    /// Returns the process of an event of a transaction that names none. If none does, the order of
    /// the records pairs their ends, as long as each ends before the next begins.
    ///
    /// # Errors
    /// If it does not, or the order of the records is not that of the events.
    #[doc(hidden)]
    pub fn process_by_order(&mut self, kind: EventType) -> Result<Value, Error> {
        let process = self.history.values.int(0);
        let is_open = *self.processes.slot(process) < LOST;
        let why = match kind {
            _ if !self.reads_whole() => {
                "the order of the records pairs them only where all of it is read in that order"
            }
            _ if self.tolerant.is_some() => {
                self.takes("process", "the order of the records");
                self.unnamed.0.get_or_insert(Record::new(self.history.records));
                self.unnamed.1 += 1;
                return Ok(process);
            }
            EventType::Invoke if is_open => {
                "another transaction is open, and only a process tells which of them ends first"
            }
            EventType::Ok | EventType::Fail | EventType::Info if !is_open => {
                "it ends a transaction, and only a process tells which"
            }
            _ => {
                self.takes("process", "the order of the records");
                self.unnamed.0.get_or_insert(Record::new(self.history.records));
                self.unnamed.1 += 1;
                return Ok(process);
            }
        };
        let message = format!("the record has no `process`: {why}");
        Err(Error::new(Code::MissingField, message)
            .hint("`process` is the number of the client, or a name of another"))
    }

    /// Refuses a history in which some records name a process, and others do not.
    pub(super) fn check_named(&self) -> Result<(), Error> {
        let (Some(first), unnamed) = self.unnamed else { return Ok(()) };
        let ends = |operation: &Operation| match operation.completed {
            Some(record) if record != operation.invoked => 2,
            _ => 1,
        };
        if self.history.operations.iter().map(ends).sum::<usize>() == unnamed {
            return Ok(());
        }
        let message = "the record has no `process`, and others have one";
        Err(Error::new(Code::MissingField, message)
            .hint("only if no record has one, their order tells which ends belong together")
            .record(first))
    }

    /// Whether completions without invocations may be taken for whole transactions.
    fn takes_alone(&self) -> bool {
        self.history.alone || self.history.operations.is_empty() && self.reads_whole()
    }

    /// Whether all of the history is there in the end, in the order of its records.
    fn reads_whole(&self) -> bool {
        self.forgotten.is_none() && !self.orders_by_time && self.splitting.is_none()
    }

    /// Whether a completion by a process that has a name is a client's, though nobody invoked it.
    pub(super) fn may_be_alone(&self, function: &str) -> bool {
        self.takes_alone() && Word::meant(function).map(Word::verb) == Some(Verb::Txn)
    }

    /// Notes that the input lists whole transactions in the order of their sessions, so that it may
    /// list none.
    #[doc(hidden)]
    pub fn hold_sessions(&mut self) {
        self.history.alone |= self.takes_alone();
    }

    /// Whether completions without invocations may be taken for whole transactions by now.
    #[doc(hidden)]
    pub fn may_hold_sessions(&self) -> bool {
        self.takes_alone()
    }

    /// Whether an operation is a transaction without micro-operations.
    fn is_without_micros(&self, event: &ClientEvent) -> bool {
        let verb = self.history.word(event.function).map(Word::verb);
        verb == Some(Verb::Txn)
            && self.history.values.as_list(event.value).is_some_and(<[Value]>::is_empty)
    }

    /// Takes a completion that has no invocation.
    ///
    /// # Errors
    /// If it is no transaction, or others were invoked.
    #[cold]
    pub(super) fn completion_alone(
        &mut self,
        record: Record,
        event: &ClientEvent,
    ) -> Result<(), Error> {
        if !is_transaction(&self.history.values, event.value) && !self.is_without_micros(event) {
            return Err(self.no_invocation(event));
        }
        if event.key.is_some() {
            return Err(self.no_invocation(event).hint(NEEDS_ALL));
        }
        if !self.takes_alone() {
            let error = self.no_invocation(event);
            let is_first = self.history.operations.is_empty();
            return Err(if is_first { error.hint(NEEDS_ORDER) } else { error });
        }
        self.history.alone = true;
        self.push_uninvoked(record, event);
        Ok(())
    }

    /// Refuses what tells when it was called, where others do not.
    #[inline]
    pub(super) fn check_not_alone(&self) -> Result<(), Error> {
        if self.history.alone { Err(is_not_alone()) } else { Ok(()) }
    }
}

#[cold]
fn is_not_alone() -> Error {
    Error::new(Code::NoInvocation, "records before this one complete what nobody invoked")
        .hint("either every transaction has an invocation, or none")
}

/// What to do where completed transactions have keys: objects can be decided one by one where real
/// time orders their operations, but not where only the order of each process does.
const NEEDS_ALL: &str = "completed transactions alone are decided together: a key would divide \
                         them; put it into the micro-operations";

/// What to do where completed transactions are read in an order that is not theirs.
const NEEDS_ORDER: &str = "completed transactions alone have no times to be ordered by, and are \
                           read as a whole: leave --order time, --merge, --split-clients and \
                           --follow out";
