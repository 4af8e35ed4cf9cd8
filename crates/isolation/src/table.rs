//! Transactions in columns: who ran them, how they ended, and what each of their micro-operations
//! did to which key.

use histcheck_history::error::{Code, Error};
use histcheck_history::internal::is_transaction;
use histcheck_history::vocabulary::{Verb, micro_operation};
use histcheck_history::{History, OpIndex, Operation, Outcome, Span, Value, ValueTable};

use crate::numbers::{NONE, Numbers};

/// What a micro-operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It reads a register or a list.
    Read,
    /// It writes a register.
    Write,
    /// It appends an element to a list.
    Append,
}

/// A micro-operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Micro {
    /// The number of its key.
    pub key: u32,
    /// What it does.
    pub access: Access,
    /// What it wrote, appended or returned.
    pub value: Value,
}

/// What the values of a key are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
    /// One value at a time, replaced by writes.
    Register,
    /// A list that grows at its end.
    List,
}

/// The transactions of a history, in the order of their invocations: the transaction with number
/// `t` is the operation with index `t`, unless it is a part of them.
pub struct Transactions<'h> {
    /// The history.
    pub history: &'h History,
    starts: Vec<u32>,
    micros: Vec<Micro>,
    /// The keys by their numbers.
    pub keys: Vec<Value>,
    /// What each key is.
    pub kinds: Vec<KeyKind>,
    sessions: Vec<u32>,
    session_count: usize,
    /// Of a part, the operation of each transaction.
    operations: Option<Vec<u32>>,
}

impl<'h> Transactions<'h> {
    /// Reads the transactions of `history`. O(micro-operations).
    ///
    /// # Errors
    /// If an operation is no transaction, a completion does not fit its invocation, or a key is
    /// both written and appended to.
    pub fn read(history: &'h History) -> Result<Transactions<'h>, Error> {
        let mut reader = Reader::new(history);
        reader.micros.reserve_exact(history.values().packed_len());
        let mut starts = Vec::with_capacity(history.operations().len() + 1);
        starts.push(0);
        let mut sessions = Numbers::new(history.operations().len());
        let mut session_of = Vec::with_capacity(history.operations().len());
        for operation in history.operations() {
            reader.read(operation)?;
            starts.push(reader.micros.len() as u32);
            session_of.push(sessions.of(operation.process));
        }
        let kinds = reader.kinds()?;
        let Reader { micros, keys, .. } = reader;
        let keys = keys.into_values();
        let session_count = sessions.into_values().len();
        Ok(Transactions {
            history,
            starts,
            micros,
            keys,
            kinds,
            sessions: session_of,
            session_count,
            operations: None,
        })
    }

    /// Returns some of the transactions, which get new numbers. `kept` is ascending.
    pub(crate) fn part(&self, kept: &[u32]) -> Transactions<'h> {
        let mut starts = vec![0];
        let mut micros = Vec::new();
        for &transaction in kept {
            micros.extend_from_slice(self.micros(transaction));
            starts.push(micros.len() as u32);
        }
        Transactions {
            history: self.history,
            starts,
            micros,
            keys: self.keys.clone(),
            kinds: self.kinds.clone(),
            sessions: kept.iter().map(|&transaction| self.session(transaction)).collect(),
            session_count: self.session_count,
            operations: Some(kept.iter().map(|&t| self.operation(t).index() as u32).collect()),
        }
    }

    fn operation(&self, transaction: u32) -> OpIndex {
        let operation = match &self.operations {
            Some(operations) => operations[transaction as usize],
            None => transaction,
        };
        OpIndex::new(operation as usize)
    }

    /// Returns how many transactions there are.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Returns whether there is no transaction.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Returns the micro-operations of a transaction, in their order. Of one that did not commit,
    /// reads may be without a value.
    pub fn micros(&self, transaction: u32) -> &[Micro] {
        let at = transaction as usize;
        &self.micros[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Returns how many micro-operations there are.
    pub fn micro_count(&self) -> usize {
        self.micros.len()
    }

    /// Returns how a transaction ended.
    pub fn outcome(&self, transaction: u32) -> Outcome {
        self.history[self.operation(transaction)].outcome
    }

    /// Returns whether a transaction is known to have committed.
    pub fn is_ok(&self, transaction: u32) -> bool {
        self.outcome(transaction) == Outcome::Ok
    }

    /// Returns when a transaction was invoked and returned.
    pub fn span(&self, transaction: u32) -> Span {
        self.history.span(self.operation(transaction))
    }

    /// Returns the number of the session of a transaction: that of its process.
    pub fn session(&self, transaction: u32) -> u32 {
        self.sessions[transaction as usize]
    }

    /// Returns how many sessions there are.
    pub fn session_count(&self) -> usize {
        self.session_count
    }

    /// Returns the numbers of all transactions.
    pub fn all(&self) -> std::ops::Range<u32> {
        0..self.sessions.len() as u32
    }
}

/// Returns whether `history` is one of transactions: some operation takes a list of
/// micro-operations. O(1) where the first operation tells, else O(operations).
pub fn has_transactions(history: &History) -> bool {
    let values = history.values();
    history.operations().iter().any(|operation| {
        is_transaction(values, operation.input) || is_transaction(values, operation.output)
    })
}

/// What is read so far.
struct Reader<'h> {
    history: &'h History,
    values: &'h ValueTable,
    micros: Vec<Micro>,
    keys: Numbers,
    /// The first operation that wrote a key, and the first that appended to it, or [`NONE`].
    written: Vec<[u32; 2]>,
    at: usize,
    /// The names of micro-operations that were looked up.
    names: Vec<(Value, Option<Verb>)>,
}

impl<'h> Reader<'h> {
    fn new(history: &'h History) -> Reader<'h> {
        Reader {
            history,
            values: history.values(),
            micros: Vec::new(),
            keys: Numbers::new(history.operations().len()),
            written: Vec::new(),
            at: 0,
            names: Vec::new(),
        }
    }

    fn read(&mut self, operation: &Operation) -> Result<(), Error> {
        let result = self.read_one(operation);
        self.at += 1;
        result.map_err(|error| error.record(operation.completed.unwrap_or(operation.invoked)))
    }

    fn read_one(&mut self, operation: &Operation) -> Result<(), Error> {
        let values = self.values;
        if operation.input == operation.output
            && let Some(micros) = values.packed(operation.output)
        {
            return self.read_packed(micros);
        }
        let (asked, answered) = (values.as_list(operation.input), values.as_list(operation.output));
        if asked.is_none() && answered.is_none() {
            return self.read_single(operation);
        }
        let is_ok = operation.outcome == Outcome::Ok;
        let list = match (asked, answered) {
            (Some(asked), None) => {
                if is_ok && !self.only_writes(asked)? {
                    return Err(bad("a transaction that reads completes without its reads"));
                }
                asked
            }
            (Some(asked), Some(answered)) if is_ok && operation.input != operation.output => {
                return self.read_answered(asked, answered);
            }
            (Some(asked), Some(_)) => asked,
            (None, Some(answered)) => answered,
            (None, None) => &[],
        };
        for &item in list {
            let (access, key, value) = self.micro(item)?;
            self.push(access, key, value);
        }
        Ok(())
    }

    /// Reads the micro-operations of a transaction that was read whole.
    fn read_packed(&mut self, micros: &[[Value; 3]]) -> Result<(), Error> {
        for &[name, key, value] in micros {
            let access = self.access(name)?;
            self.push(access, key, value);
        }
        Ok(())
    }

    /// Reads an operation on one key as a transaction of one micro-operation.
    fn read_single(&mut self, operation: &Operation) -> Result<(), Error> {
        let verb = self.history.word(operation.function).map(|word| word.verb());
        let Some(key) = operation.key else {
            let name = self.history.function(operation.function);
            let message =
                format!("`{name}` is no transaction: it takes no list of micro-operations");
            return Err(Error::new(Code::BadOperation, message).hint(
                "a transaction takes a list of [\"r\" key null], [\"w\" key value] and \
                       [\"append\" key value]",
            ));
        };
        let access = match verb {
            Some(Verb::Read) => Access::Read,
            Some(Verb::Write) => Access::Write,
            Some(Verb::Append) => Access::Append,
            _ => return Err(bad("an operation on one key reads, writes or appends")),
        };
        let value = if access == Access::Read { operation.output } else { operation.input };
        self.push(access, key, value);
        Ok(())
    }

    fn push(&mut self, access: Access, key: Value, value: Value) {
        let key = self.keys.of(key);
        if key as usize == self.written.len() {
            self.written.push([NONE; 2]);
        }
        if access != Access::Read {
            let first = &mut self.written[key as usize][usize::from(access == Access::Append)];
            *first = (*first).min(self.at as u32);
        }
        self.micros.push(Micro { key, access, value });
    }

    fn micro(&mut self, item: Value) -> Result<(Access, Value, Value), Error> {
        let (name, key, value) = match self.values.as_list(item) {
            Some(&[name, key, value]) => (name, key, value),
            // A read that nothing is known of.
            Some(&[name, key]) => (name, key, Value::NULL),
            _ => return Err(no_micro()),
        };
        Ok((self.access(name)?, key, value))
    }

    #[inline]
    fn access(&mut self, name: Value) -> Result<Access, Error> {
        match self.verb(name) {
            Some(Verb::Read) => Ok(Access::Read),
            Some(Verb::Write) => Ok(Access::Write),
            Some(Verb::Append) => Ok(Access::Append),
            _ => Err(no_micro()),
        }
    }

    fn verb(&mut self, name: Value) -> Option<Verb> {
        if let Some(&(_, verb)) = self.names.iter().find(|&&(known, _)| known == name) {
            return verb;
        }
        let verb = self.values.as_name(name).and_then(micro_operation);
        self.names.push((name, verb));
        verb
    }

    fn only_writes(&mut self, list: &[Value]) -> Result<bool, Error> {
        for &item in list {
            if self.micro(item)?.0 == Access::Read {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the micro-operations of a completion, which are those of its invocation with the reads
    /// filled in.
    fn read_answered(&mut self, asked: &[Value], answered: &[Value]) -> Result<(), Error> {
        let mut fits = asked.len() == answered.len();
        for (&one, &other) in asked.iter().zip(answered) {
            let (access, key, value) = self.micro(other)?;
            if one != other {
                let (asked, its_key, given) = self.micro(one)?;
                fits &= (asked, its_key) == (access, key);
                fits &= access == Access::Read || given == value;
            }
            self.push(access, key, value);
        }
        if fits {
            return Ok(());
        }
        Err(bad("a transaction completes with the micro-operations that it was invoked with, its \
                 reads filled in"))
    }

    /// Returns what each key is.
    fn kinds(&self) -> Result<Vec<KeyKind>, Error> {
        let mut kinds = Vec::with_capacity(self.written.len());
        for (&[write, append], &key) in self.written.iter().zip(self.keys.values()) {
            if write != NONE && append != NONE {
                let message = format!(
                    "the key {} is written by one transaction and appended to by another",
                    self.values.to_text(key)
                );
                let record = self.history[OpIndex::new(write.max(append) as usize)].invoked;
                return Err(Error::new(Code::BadOperation, message)
                    .hint("a key is a register or a list")
                    .record(record));
            }
            let kind = if append != NONE { KeyKind::List } else { KeyKind::Register };
            kinds.push(kind);
        }
        self.find_lists(&mut kinds);
        self.check_reads(&kinds)?;
        Ok(kinds)
    }

    /// Makes a list of each key that nobody wrote, if what is read of it are lists.
    fn find_lists(&self, kinds: &mut [KeyKind]) {
        if !self.written.contains(&[NONE; 2]) {
            return;
        }
        for micro in &self.micros {
            let is_unwritten = self.written[micro.key as usize] == [NONE; 2];
            if is_unwritten && self.values.as_list(micro.value).is_some() {
                kinds[micro.key as usize] = KeyKind::List;
            }
        }
    }

    /// Refuses reads of lists that return something else.
    fn check_reads(&self, kinds: &[KeyKind]) -> Result<(), Error> {
        if !kinds.contains(&KeyKind::List) {
            return Ok(());
        }
        let is_wrong = |micro: &Micro| {
            micro.access == Access::Read
                && kinds[micro.key as usize] == KeyKind::List
                && !micro.value.is_null()
                && self.values.as_list(micro.value).is_none()
        };
        let Some(wrong) = self.micros.iter().find(|micro| is_wrong(micro)) else { return Ok(()) };
        Err(bad(&format!(
            "the key {} is a list, and a read of it returns {}",
            self.values.to_text(self.keys.values()[wrong.key as usize]),
            self.values.to_text(wrong.value)
        )))
    }
}

fn no_micro() -> Error {
    bad("a micro-operation is [\"r\" key value], [\"w\" …] or [\"append\" …]")
}

fn bad(message: &str) -> Error {
    Error::new(Code::BadOperation, message)
}
