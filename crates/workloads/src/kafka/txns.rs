//! The transactions: what each sent and polled, with keys and messages numbered.

use histcheck_history::hash::Map;
use histcheck_history::{Outcome, Shape, Value, ValueTable};

use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Findings, say};

/// A message that was sent or polled, with its offset, if that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) key: u32,
    pub(super) message: u32,
    pub(super) offset: Option<i64>,
}

/// What an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It may send and poll.
    Txn,
    /// It replaces what its process polls from.
    Assign,
    /// The same, but the broker chooses.
    Subscribe,
}

/// A transaction, or a change of what a process polls from.
#[derive(Clone, Debug)]
pub(super) struct Txn {
    /// The operation.
    pub(super) op: u32,
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    /// The process, as a number.
    pub(super) process: u32,
    /// What it sent: grouped by key, in the order of the operation within each.
    pub(super) sends: Vec<Entry>,
    /// What it polled, likewise.
    pub(super) polls: Vec<Entry>,
    /// The keys that it polled, also those from which nothing came.
    pub(super) polled: Vec<u32>,
    /// The keys that are assigned, or that were taken from one consumer and given to another.
    pub(super) keys: Vec<u32>,
}

impl Txn {
    pub(super) fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }
}

/// The transactions of a history.
pub(crate) struct Txns {
    /// In the order of their completions.
    pub(super) all: Vec<Txn>,
    pub(super) keys: Vec<Value>,
    /// The key and the value of each message.
    pub(super) messages: Vec<(u32, Value)>,
    pub(super) processes: usize,
}

/// Takes transactions apart.
struct Reader<'a, 'h> {
    object: &'a Object<'h>,
    keys: Numbers,
    processes: Numbers,
    numbers: Map<(u32, Value), u32>,
    messages: Vec<(u32, Value)>,
}

impl Txns {
    pub(super) fn of(object: &Object<'_>, findings: &mut Findings) -> Txns {
        let mut reader = Reader {
            object,
            keys: Numbers::new(64),
            processes: Numbers::new(64),
            numbers: Map::default(),
            messages: Vec::new(),
        };
        let mut all = Vec::new();
        let mut order: Vec<u32> = (0..object.ops.len() as u32).collect();
        // What never completed comes last.
        order.sort_by_key(|&at| object.ops[at as usize].completed);
        for at in order {
            let op = &object.ops[at as usize];
            match reader.txn(op, at) {
                Ok(txn) => all.extend(txn),
                Err(part) => {
                    let start = say![op.process(), " did ", part, " ", op.called()];
                    findings.undecided([start, say![", which is no send and no poll"]].concat());
                }
            }
        }
        let Reader { keys, processes, messages, .. } = reader;
        Txns { all, keys: keys.values, messages, processes: processes.len() }
    }
}

impl Reader<'_, '_> {
    /// The transaction that an operation is, if it is one.
    fn txn(&mut self, op: &Op, at: u32) -> Result<Option<Txn>, Value> {
        let kind = match self.object.name(op) {
            "txn" | "send" | "poll" => Kind::Txn,
            "assign" => Kind::Assign,
            "subscribe" => Kind::Subscribe,
            _ => return Ok(None),
        };
        let mut txn = Txn {
            op: at,
            kind,
            outcome: op.outcome,
            process: self.processes.of(op.process) as u32,
            sends: Vec::new(),
            polls: Vec::new(),
            polled: Vec::new(),
            keys: Vec::new(),
        };
        if kind != Kind::Txn {
            if op.outcome == Outcome::Fail || op.completed == NONE {
                return Ok(None);
            }
            txn.keys = self.keys_of(op.last_value());
            return Ok(Some(txn));
        }
        for &item in self.object.items(op.last_value()).unwrap_or_default() {
            self.part(item, &mut txn).ok_or(item)?;
        }
        // Stable: within a key, the order of the operation is kept.
        txn.sends.sort_by_key(|entry| entry.key);
        txn.polls.sort_by_key(|entry| entry.key);
        txn.polled.sort_unstable();
        txn.polled.dedup();
        if let Some(log) = self.object.field(op, "rebalance-log") {
            txn.keys = self.rebalanced(log);
        }
        Ok(Some(txn))
    }

    /// Adds one micro-operation to `txn`.
    fn part(&mut self, item: Value, txn: &mut Txn) -> Option<()> {
        let values = self.object.values();
        let parts = values.as_list(item)?;
        match (values.as_name(*parts.first()?)?, &parts[1..]) {
            ("send", &[key, value]) => {
                let (offset, value) = self.place(value).unwrap_or((Value::NULL, value));
                let offset = values.as_int(offset);
                let key = self.key(key);
                txn.sends.push(Entry { key, message: self.message(key, value), offset });
            }
            ("poll", &[]) => {}
            ("poll", &[polled, ..]) => match values.shape(polled) {
                Shape::Null => {}
                Shape::Map(pairs) => {
                    for pair in pairs.chunks_exact(2) {
                        let key = self.key(pair[0]);
                        txn.polled.push(key);
                        for &entry in self.object.items(pair[1]).unwrap_or_default() {
                            let (offset, value) = self.place(entry)?;
                            let message = self.message(key, value);
                            let offset = values.as_int(offset);
                            txn.polls.push(Entry { key, message, offset });
                        }
                    }
                }
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }

    /// An offset with what is there.
    fn place(&self, value: Value) -> Option<(Value, Value)> {
        self.object.values().as_pair(value)
    }

    /// The number of a key. Keys of JSON's maps are texts, also where they are numbers elsewhere.
    fn key(&mut self, key: Value) -> u32 {
        let number = match self.object.values().shape(key) {
            Shape::Text(text) => text.parse().ok().and_then(ValueTable::small_int),
            _ => None,
        };
        self.keys.of(number.unwrap_or(key)) as u32
    }

    fn keys_of(&mut self, list: Value) -> Vec<u32> {
        let items = self.object.items(list).unwrap_or_default();
        items.iter().map(|&key| self.key(key)).collect()
    }

    /// The keys of the events `{:keys [..]}` of a list.
    fn rebalanced(&mut self, log: Value) -> Vec<u32> {
        let values = self.object.values();
        let mut keys = Vec::new();
        for &event in self.object.items(log).unwrap_or_default() {
            let Shape::Map(pairs) = values.shape(event) else { continue };
            for pair in pairs.chunks_exact(2) {
                if values.as_name(pair[0]) == Some("keys") {
                    keys.extend(self.keys_of(pair[1]));
                }
            }
        }
        keys.sort_unstable();
        keys
    }

    fn message(&mut self, key: u32, value: Value) -> u32 {
        let next = self.messages.len() as u32;
        let number = *self.numbers.entry((key, value)).or_insert(next);
        if number == next {
            self.messages.push((key, value));
        }
        number
    }
}
