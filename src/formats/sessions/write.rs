//! A history as sessions of transactions on registers, as far as formats of such have room for it:
//! what is left out or called otherwise, and by which numbers.

use std::io;

use crate::history::hash::{Map, Set};
use crate::history::{History, Operation, Outcome, Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Word, micro_operation};
use crate::words::counted;

/// What a format has room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// Numbers; 0 that nobody wrote is the initial value; aborted writes, one by one.
    Plume,
    /// Numbers; no initial value, nothing that was aborted.
    Awdit,
    /// Keys that are strings, `null` for the initial value, transactions that were aborted.
    Dbcop,
}

/// A micro-operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) is_write: bool,
    pub(super) key: Value,
    pub(super) value: Value,
}

/// A transaction.
pub(super) struct Txn {
    pub(super) session: u64,
    pub(super) id: Option<Value>,
    pub(super) is_committed: bool,
    pub(super) steps: Vec<Step>,
}

/// What is written of a history.
pub(super) struct Plan<'h> {
    history: &'h History,
    room: Room,
    txns: Vec<Txn>,
    /// The keys that a session has to write first, since they are read before.
    starts: Vec<Value>,
    keys: Option<Map<Value, u64>>,
    values: Option<Map<Value, u64>>,
    /// Whether what transactions are called in the history is what the format calls them.
    keeps_ids: bool,
    lost: Lost,
}

/// How much is left out.
#[derive(Default)]
struct Lost {
    others: usize,
    lists: usize,
    failed: usize,
    divided: usize,
    unknown: usize,
    unseen: usize,
    empty: usize,
    has_real_time: bool,
    has_notes: bool,
    renumbers_sessions: bool,
}

impl<'h> Plan<'h> {
    /// Plans how to write `history` where there is `room` for it.
    pub(super) fn of(history: &'h History, room: Room) -> Plan<'h> {
        let mut plan = Plan {
            history,
            room,
            txns: Vec::new(),
            starts: Vec::new(),
            keys: None,
            values: None,
            keeps_ids: false,
            lost: Lost::default(),
        };
        plan.lost.has_real_time = history.has_real_time();
        plan.lost.has_notes = !history.annotations().is_empty() || history.metadata().is_some();
        plan.collect();
        plan.number();
        plan.keeps_ids = plan.has_own_ids();
        plan
    }

    /// Takes the transactions out of the history.
    fn collect(&mut self) {
        let history = self.history;
        let lists = lists_of(history);
        let seen = seen_of(history);
        let sessions = Sessions::of(history, self.room);
        self.lost.renumbers_sessions = sessions.are_renumbered;
        for operation in history.operations() {
            let Some(mut steps) = steps_of(history, operation) else {
                self.lost.others += 1;
                continue;
            };
            let before = steps.len();
            steps.retain(|step| !lists.contains(&step.key));
            self.lost.lists += before - steps.len();
            let is_committed = match operation.outcome {
                Outcome::Ok => true,
                Outcome::Fail => false,
                Outcome::Info | Outcome::Open => {
                    steps.retain(|step| step.is_write);
                    self.lost.unknown += 1;
                    if !steps.iter().any(|step| seen.contains(&(step.key, step.value))) {
                        self.lost.unseen += 1;
                        continue;
                    }
                    true
                }
            };
            if !is_committed && self.room == Room::Awdit {
                self.lost.failed += 1;
                continue;
            }
            if self.room == Room::Plume && !is_committed && steps.len() > 1 {
                self.lost.divided += 1;
            }
            if steps.is_empty() && self.room != Room::Dbcop {
                self.lost.empty += 1;
                continue;
            }
            let id = history.extra(operation.invoked, "id");
            let session = sessions.number_of(operation.process);
            self.txns.push(Txn { session, id, is_committed, steps });
        }
    }

    /// Gives numbers to keys and values for which the format has no room otherwise.
    fn number(&mut self) {
        let values = self.history.values();
        let steps = || self.txns.iter().flat_map(|txn| &txn.steps);
        let is_number = |value| is_natural(values, value);
        let is_key = |step: &Step| match values.shape(step.key) {
            Shape::Text(_) => self.room == Room::Dbcop,
            _ => is_number(step.key),
        };
        let keys = (!steps().all(is_key)).then(|| numbers(steps().map(|step| step.key), 0));
        let is_zero = |step: &&Step| values.as_int(step.value) == Some(0);
        let zeros: Set<Value> =
            steps().filter(|step| step.is_write).filter(is_zero).map(|step| step.key).collect();
        let is_initial = |step: &Step| !step.is_write && step.value.is_null();
        let is_plain = |step: &Step| {
            let is_clear = match self.room {
                // What was read is a 0 that somebody wrote, or else the initial value.
                Room::Plume if is_initial(step) => !zeros.contains(&step.key),
                Room::Plume | Room::Dbcop => !is_zero(&step) || zeros.contains(&step.key),
                Room::Awdit => true,
            };
            is_clear && (is_initial(step) || is_number(step.value))
        };
        let mut starts: Vec<Value> = Vec::new();
        if self.room == Room::Awdit {
            let mut known: Set<Value> = Set::default();
            let read = steps().filter(|step| is_initial(step)).map(|step| step.key);
            starts.extend(read.filter(|key| known.insert(*key)));
        }
        // The number that stands for the initial value must not be one of another.
        let has_clash = !starts.is_empty() && steps().any(|step| is_zero(&step));
        let is_renumbered = has_clash || !steps().all(is_plain);
        let given = || steps().map(|step| step.value).filter(|value| !value.is_null());
        let numbered = is_renumbered.then(|| numbers(given(), 1));
        (self.starts, self.keys, self.values) = (starts, keys, numbered);
    }

    /// Whether each committed transaction has a number of its own.
    fn has_own_ids(&self) -> bool {
        let values = self.history.values();
        let mut known: Set<Value> = Set::default();
        let mut committed = self.txns.iter().filter(|txn| txn.is_committed);
        committed.all(|txn| txn.id.is_some_and(|id| is_natural(values, id) && known.insert(id)))
    }

    /// Checks that something is left to write.
    pub(super) fn check(&self) -> io::Result<()> {
        let is_left = self.txns.iter().any(|txn| !txn.steps.is_empty());
        if is_left || self.lost.lists + self.lost.others == 0 {
            return Ok(());
        }
        Err(io::Error::other(
            "the format has room for transactions on registers, and there are none",
        ))
    }

    /// The transactions, in the order of the history.
    pub(super) fn transactions(&self) -> &[Txn] {
        &self.txns
    }

    /// The transactions of each session, in the order of their first appearance.
    pub(super) fn sessions(&self) -> Vec<Vec<&Txn>> {
        let mut known: Map<u64, usize> = Map::default();
        let mut sessions: Vec<Vec<&Txn>> = Vec::new();
        for txn in &self.txns {
            let at = *known.entry(txn.session).or_insert(sessions.len());
            if at == sessions.len() {
                sessions.push(Vec::new());
            }
            sessions[at].push(txn);
        }
        sessions
    }

    /// The keys to which a session of its own writes the initial value first.
    pub(super) fn starts(&self) -> &[Value] {
        &self.starts
    }

    /// Returns what the format calls `key`.
    pub(super) fn key(&self, key: Value) -> String {
        match &self.keys {
            Some(numbers) => numbers.get(&key).copied().unwrap_or_default().to_string(),
            None => self.history.values().to_json(key),
        }
    }

    /// Returns what the format writes for `value`.
    pub(super) fn value(&self, value: Value) -> String {
        match &self.values {
            _ if value.is_null() && self.room == Room::Dbcop => "null".to_owned(),
            _ if value.is_null() => "0".to_owned(),
            Some(numbers) => numbers.get(&value).copied().unwrap_or_default().to_string(),
            None => self.history.values().to_json(value),
        }
    }

    /// Returns the number of the transaction `txn`, which comes behind `nth` others.
    pub(super) fn id(&self, txn: &Txn, nth: usize) -> String {
        match txn.id.filter(|_| self.keeps_ids) {
            Some(id) => self.history.values().to_json(id),
            None => nth.to_string(),
        }
    }

    /// Lists what is left out or changed, one sentence for each.
    pub(super) fn losses(&self) -> Vec<String> {
        let lost = &self.lost;
        let mut losses: Vec<String> = [
            (lost.others, "operation", "left out, since only transactions have room"),
            (lost.lists, "micro-operation", "left out, since lists have no room"),
            (lost.failed, "failed transaction", "left out"),
            (lost.divided, "failed transaction", "divided into reads and writes"),
            (
                lost.unknown - lost.unseen,
                "transaction",
                "of unknown outcome, and written as committed: others read what was written",
            ),
            (lost.unseen, "transaction", "of unknown outcome, and left out: no read shows it"),
            (lost.empty, "transaction", "left out for want of reads and writes"),
        ]
        .into_iter()
        .filter(|&(count, ..)| count > 0)
        .map(|(count, noun, what)| {
            let are = if count == 1 { "is" } else { "are" };
            format!("{} {are} {what}", counted(count, noun))
        })
        .collect();
        let changes = [
            (
                lost.has_real_time,
                "there is no room for times: only the order of each session is \
                                  kept",
            ),
            (
                lost.has_notes,
                "there is no room for metadata and for records of no client; they \
                              are left out",
            ),
            (
                self.keys.is_some(),
                "keys are called by numbers, in the order of their first \
                                   appearance",
            ),
            (
                self.values.is_some(),
                "values are called by numbers, in the order of their first \
                                     appearance",
            ),
            (
                !self.starts.is_empty(),
                "there is no initial value: the first session writes 0 for \
                                       it",
            ),
            (
                lost.renumbers_sessions,
                "sessions are called by numbers, in the order of their \
                                       first appearance",
            ),
        ];
        let changes = changes.into_iter().filter(|change| change.0);
        losses.extend(changes.map(|(_, what)| what.to_owned()));
        losses
    }
}

/// The numbers of sessions.
struct Sessions {
    numbers: Map<Value, u64>,
    are_renumbered: bool,
}

impl Sessions {
    /// Numbers the processes of `history`, which keep their own numbers if there is `room`.
    fn of(history: &History, room: Room) -> Sessions {
        let values = history.values();
        let clients = || {
            let committed = |it: &&Operation| it.outcome != Outcome::Fail || room != Room::Plume;
            history.operations().iter().filter(committed).map(|operation| operation.process)
        };
        let numbers = numbers(clients(), 0);
        let is_kept = |process: Value| match room {
            Room::Plume => is_natural(values, process),
            Room::Awdit | Room::Dbcop => {
                values.as_int(process) == numbers.get(&process).map(|&number| number as i64)
            }
        };
        if clients().all(is_kept) {
            let own = |process| values.as_int(process).map(i64::cast_unsigned);
            let numbers = clients().filter_map(|it| Some((it, own(it)?))).collect();
            return Sessions { numbers, are_renumbered: false };
        }
        Sessions { numbers, are_renumbered: true }
    }

    /// Returns the number of a session; 0 for one that only failed.
    fn number_of(&self, process: Value) -> u64 {
        self.numbers.get(&process).copied().unwrap_or_default()
    }
}

/// Numbers values in the order of their first appearance, from `first` on.
fn numbers(values: impl Iterator<Item = Value>, first: u64) -> Map<Value, u64> {
    let mut numbers: Map<Value, u64> = Map::default();
    for value in values {
        let next = first + numbers.len() as u64;
        numbers.entry(value).or_insert(next);
    }
    numbers
}

/// Whether `value` is an integer of at most 64 bits that is not negative.
fn is_natural(values: &ValueTable, value: Value) -> bool {
    match values.shape(value) {
        Shape::Int(number) => number >= 0,
        Shape::BigInt(digits) => digits.parse::<u64>().is_ok(),
        _ => false,
    }
}

/// Returns the micro-operations of an operation, if it is a transaction, or reads or writes one
/// key.
fn steps_of(history: &History, operation: &Operation) -> Option<Vec<Step>> {
    let values = history.values();
    let is_ok = operation.outcome == Outcome::Ok;
    let value = if is_ok { operation.output } else { operation.input };
    let word = history.word(operation.function).map(Word::verb);
    if let Some(key) = operation.key {
        return match word? {
            Verb::Read => Some(vec![Step { is_write: false, key, value }]),
            Verb::Write => Some(vec![Step { is_write: true, key, value: operation.input }]),
            Verb::Append => Some(vec![Step { is_write: true, key, value: operation.input }]),
            _ => None,
        };
    }
    let steps = values.as_list(value)?.iter().map(|&step| {
        let &[name, key, value] = values.as_list(step)? else { return None };
        let is_write = match micro_operation(values.as_name(name)?)? {
            Verb::Read => false,
            Verb::Write | Verb::Append => true,
            _ => return None,
        };
        Some(Step { is_write, key, value })
    });
    let steps: Vec<Step> = steps.collect::<Option<_>>()?;
    (!steps.is_empty() || word == Some(Verb::Txn)).then_some(steps)
}

/// Returns the keys that hold lists: something was appended, or a list was read.
fn lists_of(history: &History) -> Set<Value> {
    let values = history.values();
    let mut lists: Set<Value> = Set::default();
    for operation in history.operations() {
        let is_append =
            |name: Value| values.as_name(name).and_then(micro_operation) == Some(Verb::Append);
        let verb = history.word(operation.function).map(Word::verb);
        lists.extend(operation.key.filter(|_| verb == Some(Verb::Append)));
        let appended = values.as_list(operation.input).unwrap_or_default();
        for step in appended.iter().filter_map(|&step| values.as_list(step)) {
            if let &[name, key, _] = step
                && is_append(name)
            {
                lists.insert(key);
            }
        }
        let steps = steps_of(history, operation).unwrap_or_default();
        let read = steps.iter().filter(|step| !step.is_write);
        let is_list = |step: &&Step| values.as_list(step.value).is_some();
        lists.extend(read.filter(is_list).map(|step| step.key));
    }
    lists
}

/// Returns what committed transactions read: keys with values.
fn seen_of(history: &History) -> Set<(Value, Value)> {
    let committed = history.operations().iter().filter(|it| it.outcome == Outcome::Ok);
    let steps = committed.filter_map(|operation| steps_of(history, operation)).flatten();
    steps.filter(|step| !step.is_write).map(|step| (step.key, step.value)).collect()
}
