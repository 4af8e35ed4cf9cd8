//! Many registers, and transactions that read and write some of them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::few;
use super::persistent::Tree;
use super::starts::Early;
use super::turn::{PROCESSES, Turn};
use super::{Call, Establishes, Facts, Kind, Model, NOTHING, Reading, Rejection, Token, View};
use crate::error::{Code, Error};
use crate::history::{History, Operation, Record, Shape, Value, ValueTable, is_transaction};
use crate::vocabulary::{Verb, Words, micro_operation};

/// Registers by key: those of a history that must be checked together.
#[derive(Clone, Debug)]
pub struct MultiRegister {
    /// The registers that do not start with `default`.
    pub initial: Registers,
    /// What every other register holds before the first operation.
    pub default: Value,
    /// Registers of which it is not known what they start from: until one of them is written, the
    /// first transaction that reads it tells.
    unknown: Arc<BTreeSet<Value>>,
}

/// The values of registers, by the handles of their keys; those with the default value are left
/// out.
pub type Registers = Tree<Value>;

/// A transaction on a [`MultiRegister`], in normal form.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Op {
    /// What it must have found: keys with values, sorted; then likewise what it leaves.
    pairs: Arc<[(Value, Value)]>,
    /// How many of these it must have found.
    found: u32,
    process: Value,
    at: Record,
    /// Whether `process` and `at` are its [turn](Turn), and whether that is open.
    turn: Option<bool>,
    contradictory: bool,
}

impl Op {
    /// Returns the transaction that finds `expects`, or nothing that can be if it is
    /// `contradictory`, and leaves `writes`: keys with values, each sorted.
    pub fn new(contradictory: bool, expects: &[(Value, Value)], writes: &[(Value, Value)]) -> Op {
        Op {
            pairs: expects.iter().chain(writes).copied().collect(),
            found: expects.len() as u32,
            process: Value::NULL,
            at: Record::new(0),
            turn: None,
            contradictory,
        }
    }

    /// Whether its own reads contradict each other or its own writes, so that it is never legal.
    pub fn is_contradictory(&self) -> bool {
        self.contradictory
    }

    /// Returns what it must have found: keys with values, sorted.
    pub fn expects(&self) -> &[(Value, Value)] {
        &self.pairs[..self.found as usize]
    }

    /// Returns what it leaves: keys with values, sorted.
    pub fn writes(&self) -> &[(Value, Value)] {
        &self.pairs[self.found as usize..]
    }

    /// Returns its place among those of its process, if only that is known of when it was.
    pub fn turn(&self) -> Option<Turn> {
        self.turn.map(|is_open| Turn { process: self.process, at: self.at, is_open })
    }
}

impl MultiRegister {
    /// Registers of which some start with values of their own, and all others with `default`.
    pub fn new(default: Value, initial: &[(Value, Value)]) -> Self {
        let unknown = Arc::default();
        let empty = MultiRegister { initial: Registers::default(), default, unknown };
        let put = |registers: Registers, &(key, value): &_| empty.put(&registers, key, value);
        let initial = initial.iter().fold(Registers::default(), put);
        MultiRegister { initial, ..empty }
    }

    /// Returns the same registers, called as the operations of `history` call them: the keys of
    /// JSON are strings, those of a history may be numbers or keywords.
    ///
    /// # Errors
    /// If the initial value names a register that several may be, or, if it was given for this
    /// history, only such as no operation has.
    pub(crate) fn named_as_in(
        self,
        history: &History,
        is_given: bool,
    ) -> Result<MultiRegister, Error> {
        if self.initial.is_empty() {
            return Ok(self);
        }
        let values = history.values();
        let used = used(history);
        let name = |register: Value| name(values, register);
        let wrong = |register: Value, what: &str| {
            let names: Vec<String> =
                used.iter().take(NAMED).map(|&it| values.to_text(it)).collect();
            Error::new(
                Code::BadInitial,
                format!(
                    "the initial value names the register {}, {what}",
                    values.to_text(register)
                ),
            )
            .hint(format!("operations have the registers {}", names.join(", ")))
        };
        let mut pairs = Vec::new();
        for (handle, value) in self.initial.iter() {
            let register = Value::of_handle(handle as u32);
            if used.contains(&register) {
                pairs.push((register, value));
                continue;
            }
            let own = name(register);
            let mut meant = used.iter().filter(|&&used| name(used) == own);
            match (meant.next(), meant.next()) {
                (Some(&meant), None) => pairs.push((meant, value)),
                (Some(_), Some(_)) => return Err(wrong(register, "which may be one or another")),
                (None, _) => pairs.push((register, value)),
            }
        }
        // A test may have registers that nobody came to use; but hardly no others.
        match pairs.first() {
            Some(&(first, _)) if is_given && !pairs.iter().any(|pair| used.contains(&pair.0)) => {
                return Err(wrong(first, "which no operation has"));
            }
            _ => {}
        }
        Ok(MultiRegister::new(self.default, &pairs))
    }

    /// Refuses an operation of a history of which more is to come, if it has a register that the
    /// initial value may mean by another key.
    pub(crate) fn check_names(
        &self,
        history: &History,
        operation: &Operation,
    ) -> Result<(), Error> {
        if self.initial.is_empty() {
            return Ok(());
        }
        let values = history.values();
        let mut wrong = None;
        registers_of(values, operation, |register| {
            let is_other = |(handle, _): (u128, Value)| {
                let named = Value::of_handle(handle as u32);
                named != register && name(values, named) == name(values, register)
            };
            if self.initial.iter().any(is_other) {
                wrong = Some(register);
            }
        });
        let Some(register) = wrong else { return Ok(()) };
        let message = format!(
            "the initial value may mean the register {} by a key that is a string",
            values.to_text(register)
        );
        Err(Error::new(Code::BadInitial, message)
            .hint("only a whole history tells: check it without --follow")
            .record(operation.invoked))
    }

    /// Returns what a register holds before the first operation; `None` if that is not known.
    pub(crate) fn start_of(&self, register: Value) -> Option<Value> {
        self.get(&self.initial, register)
    }

    /// What a register holds; `None` if that is not known.
    fn get(&self, state: &Registers, register: Value) -> Option<Value> {
        state.get(key(register)).or_else(|| self.usual(register))
    }

    /// What a register holds that has no value of its own.
    fn usual(&self, register: Value) -> Option<Value> {
        (!self.unknown.contains(&register)).then_some(self.default)
    }

    fn put(&self, state: &Registers, register: Value, value: Value) -> Registers {
        if self.usual(register) == Some(value) {
            state.remove(key(register))
        } else {
            state.insert(key(register), value)
        }
    }
}

/// Several registers as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "multi-register",
    elsewhere: &["txn"],
    summary: "several registers, read and written together",
    functions: &[
        FunctionEntry::of(
            Verb::Txn,
            "takes a list of [\"r\" key null] and [\"w\" key value], fills reads in",
        ),
        FunctionEntry::named(&["read"], "returns a map from keys to values"),
        FunctionEntry::named(&["write"], "takes a map from keys to values"),
    ],
    initial: "null everywhere, a map from keys to values, or one value for all keys",
    options: &[],
    cost: "\
           O(n log n), if no value was written twice to one register and few orders are open at \
           once. Where more is open, the search, exponential in the number of clients at worst. A \
           transaction without writes, or that writes only what it read, is pure.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for MultiRegister {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<MultiRegister> {
        Some(match setup.initial.map(View::shape) {
            Some(Shape::Map(flat)) => {
                let pairs: Vec<_> = flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
                MultiRegister::new(Value::NULL, &pairs)
            }
            _ => MultiRegister::new(setup.initial.map_or(Value::NULL, |view| view.value), &[]),
        })
    }
}

/// That a register holds a value.
fn holds(register: Value, value: Value) -> Token {
    Token::from(register.handle()) << 32 | Token::from(value.handle())
}

impl Model for MultiRegister {
    type State = Registers;
    type Op = Op;
    type Next = Option<Registers>;

    fn initial(&self) -> Registers {
        self.initial.clone()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        let mut steps = Draft { turn: Turn::of(call), ..Draft::default() };
        let is_list = || is_transaction(call.input.table, call.input.value);
        match WORDS.verb_of(call.word) {
            Some(Verb::Txn) => transaction(call, &mut steps)?,
            Some(_) if is_list() => transaction(call, &mut steps)?,
            Some(Verb::Read) => map_read(call, &mut steps)?,
            Some(Verb::Write) => {
                let Shape::Map(items) = call.input.shape() else {
                    return Err(Rejection::bad("a write needs a map from keys to values"));
                };
                for pair in items.chunks_exact(2) {
                    steps.write(pair[0], pair[1]);
                }
            }
            _ => return Err(Rejection::UnknownFunction),
        }
        Ok(steps.finish())
    }

    fn step(&self, state: &Registers, op: &Op) -> Option<Registers> {
        if op.contradictory {
            return None;
        }
        let mut learned = state.clone();
        for &(register, value) in op.expects().iter() {
            match self.get(state, register) {
                Some(held) if held == value => {}
                Some(_) => return None,
                None => learned = self.put(&learned, register, value),
            }
        }
        let write = |state: Registers, &(register, value): &_| self.put(&state, register, value);
        let left = op.writes().iter().fold(learned, write);
        let Some(turn) = op.turn() else { return Some(left) };
        Some(left.insert(turn.key(), turn.after(state.get(turn.key()))?))
    }

    fn facts(&self, op: &Op) -> Facts {
        // A transaction that writes only what it found changes nothing.
        let same = |write: &(Value, Value)| op.expects().binary_search(write).is_ok();
        // One that finds out what a register started from makes it known.
        let finds = |(register, _): &(Value, Value)| self.unknown.contains(register);
        let changes_nothing = op.writes().iter().all(same) && !op.expects().iter().any(finds);
        let pure = op.contradictory || changes_nothing && op.turn.is_none();
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }

    fn describe(&self, state: &Registers, values: &ValueTable) -> Option<String> {
        let register = |(key, value)| {
            let key = Value::of_handle(key as u32);
            format!("{}: {}", values.to_text(key), values.to_text(value))
        };
        let count = registers(state).count();
        Some(if count == 0 {
            format!("every register: {}", values.to_text(self.default))
        } else {
            few(registers(state).map(register), count)
        })
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        WORDS.verb_of(call.word) == Some(Verb::Write)
    }

    fn start_value(&self, state: &Registers, values: &mut ValueTable) -> Option<Option<Value>> {
        if !self.default.is_null() || !self.unknown.is_empty() {
            return None;
        }
        let pairs: Vec<(Value, Value)> =
            registers(state).map(|(key, value)| (Value::of_handle(key as u32), value)).collect();
        Some(Some(values.map(&pairs)))
    }

    fn learns(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// One model: most registers are told at once, and the others are told on the way.
    fn starts(&self, readings: &[Reading<Op>]) -> Option<Vec<MultiRegister>> {
        let mut registers: BTreeMap<Value, Vec<Reading<Access>>> = BTreeMap::new();
        for Reading { index, op, span } in readings {
            for (register, access) in accesses(op) {
                let reading = Reading { index: *index, op: access, span: *span };
                registers.entry(register).or_default().push(reading);
            }
        }
        let mut told = MultiRegister::new(Value::NULL, &[]);
        let mut unknown = BTreeSet::new();
        for (register, accesses) in registers {
            let early = Early::of(
                &accesses,
                |access| access.expects.is_some(),
                |access| access.writes.is_some(),
                |one, seen| one.writes.is_some() && one.writes == seen.expects,
            );
            let Some(first) = early.tellers.first().and_then(|reading| reading.op.expects) else {
                continue;
            };
            if early.is_certain {
                told.initial = told.put(&told.initial, register, first);
            } else {
                unknown.insert(register);
            }
        }
        Some(vec![MultiRegister { unknown: Arc::new(unknown), ..told }])
    }

    fn state_values(&self, state: &Registers, hold: &mut dyn FnMut(Value)) -> bool {
        for (key, value) in registers(state) {
            hold(Value::of_handle(key as u32));
            hold(value);
        }
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        for &(key, value) in op.expects().iter().chain(op.writes().iter()) {
            hold(key);
            hold(value);
        }
        true
    }

    fn adds(&self, op: &Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        for &(register, value) in op.writes() {
            add(holds(register, value), 1);
        }
        true
    }

    /// Registers have to hold what it found.
    fn lacks(
        &self,
        state: &Registers,
        op: &Op,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        for &(register, value) in op.expects() {
            if self.get(state, register).is_some_and(|held| held != value) {
                lack(holds(register, value), 1);
            }
        }
        if op.contradictory {
            lack(NOTHING, 1);
        }
        way == 0
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Transactions { registers: self.clone(), view: |op| op }
    }

    fn touches(&self, op: &Op, touch: &mut dyn FnMut(Token)) -> bool {
        for (register, _) in op.expects().iter().chain(op.writes().iter()) {
            touch(register.handle().into());
        }
        if let Some(turn) = op.turn() {
            touch(turn.token());
        }
        true
    }
}

/// Returns the registers of a state, without the turns of processes.
fn registers(state: &Registers) -> impl Iterator<Item = (u128, Value)> {
    state.iter().filter(|(key, _)| *key < PROCESSES)
}

/// So many registers are listed to someone who named none of them.
const NAMED: usize = 8;

/// The keys of all registers that the operations of `history` have.
fn used(history: &History) -> BTreeSet<Value> {
    let mut used = BTreeSet::new();
    for operation in history.operations() {
        registers_of(history.values(), operation, |register| _ = used.insert(register));
    }
    used
}

/// Calls `visit` with the keys of the registers that `operation` has.
fn registers_of(values: &ValueTable, operation: &Operation, mut visit: impl FnMut(Value)) {
    for side in [operation.input, operation.output] {
        match values.shape(side) {
            Shape::Map(items) => items.chunks_exact(2).for_each(|pair| visit(pair[0])),
            Shape::List(items) => {
                let micro = |&item: &Value| values.as_list(item)?.get(1).copied();
                items.iter().filter_map(micro).for_each(&mut visit);
            }
            _ => {}
        }
    }
}

/// What a transaction does to one register.
struct Access {
    expects: Option<Value>,
    writes: Option<Value>,
}

/// Returns the registers of a transaction with what it does to each.
fn accesses(op: &Op) -> BTreeMap<Value, Access> {
    let mut accesses = BTreeMap::new();
    for &(register, value) in op.expects().iter() {
        accesses.insert(register, Access { expects: Some(value), writes: None });
    }
    for &(register, value) in op.writes().iter() {
        let access = accesses.entry(register);
        access.or_insert(Access { expects: None, writes: None }).writes = Some(value);
    }
    accesses
}

/// What a register or a key is called, whatever kind of value that is.
pub(crate) fn name(values: &ValueTable, register: Value) -> String {
    match values.as_name(register) {
        Some(name) => name.to_owned(),
        None => values.to_text(register),
    }
}

fn key(register: Value) -> u128 {
    register.handle().into()
}

/// A transaction as it is read, step by step.
#[derive(Default)]
struct Draft {
    turn: Option<Turn>,
    contradictory: bool,
    expects: BTreeMap<Value, Value>,
    writes: BTreeMap<Value, Value>,
}

impl Draft {
    fn read(&mut self, register: Value, seen: Value) {
        let known = match self.writes.get(&register) {
            Some(&own) => own,
            None => *self.expects.entry(register).or_insert(seen),
        };
        self.contradictory |= known != seen;
    }

    fn write(&mut self, register: Value, value: Value) {
        self.writes.insert(register, value);
    }

    fn finish(self) -> Op {
        let is_idle = self.expects.is_empty() && self.writes.is_empty();
        // What nobody saw and leaves nothing may come at any time.
        let turn = self.turn.filter(|turn| !(turn.is_open && is_idle));
        let pairs = |pairs: BTreeMap<Value, Value>| pairs.into_iter().collect::<Vec<_>>();
        let [expects, writes] = [pairs(self.expects), pairs(self.writes)];
        let op = Op::new(self.contradictory, &expects, &writes);
        match turn {
            Some(Turn { process, at, is_open }) => Op { process, at, turn: Some(is_open), ..op },
            None => op,
        }
    }
}

/// Reads a list of micro-operations `[f key value]`.
fn transaction(call: &Call<'_>, steps: &mut Draft) -> Result<(), Rejection> {
    let asked = micro_operations(call.input)?;
    let wrote_only = asked.iter().all(|micro| micro.writes);
    let answered = match call.output {
        Some(output) if !(output.is_null() && wrote_only) => Some(micro_operations(output)?),
        _ => None,
    };
    if let Some(answered) = &answered {
        let fits = |(a, b): (&Micro, &Micro)| {
            a.writes == b.writes && a.key == b.key && (!a.writes || a.value == b.value)
        };
        if answered.len() != asked.len() || !asked.iter().zip(answered).all(fits) {
            return Err(Rejection::bad(
                "a txn completes with the micro-operations that it was invoked with, its reads \
                 filled in",
            ));
        }
    }
    for (at, micro) in asked.iter().enumerate() {
        match &answered {
            _ if micro.writes => steps.write(micro.key, micro.value),
            Some(answered) => steps.read(micro.key, answered[at].value),
            None => {}
        }
    }
    Ok(())
}

struct Micro {
    writes: bool,
    key: Value,
    value: Value,
}

fn micro_operations(list: View<'_>) -> Result<Vec<Micro>, Rejection> {
    let needed = || Rejection::bad("a txn is a list of micro-operations [\"r\" key value]");
    let items = list.as_list().ok_or_else(needed)?;
    let micro = |&item: &Value| {
        let &[name, key, value] = list.view(item).as_list().ok_or_else(needed)? else {
            return Err(needed());
        };
        match list.view(name).as_name().and_then(micro_operation) {
            Some(Verb::Read) => Ok(Micro { writes: false, key, value }),
            Some(Verb::Write) => Ok(Micro { writes: true, key, value }),
            _ => Err(needed()),
        }
    };
    items.iter().map(micro).collect()
}

/// Reads a read of several registers: its output is a map from keys to values.
fn map_read(call: &Call<'_>, steps: &mut Draft) -> Result<(), Rejection> {
    let Some(output) = call.output else { return Ok(()) };
    let Shape::Map(items) = output.shape() else {
        return Err(Rejection::bad("a read returns a map from keys to values"));
    };
    let asked: Option<Vec<Value>> = match call.input.shape() {
        Shape::Map(items) => Some(items.chunks_exact(2).map(|pair| pair[0]).collect()),
        Shape::List(items) | Shape::Set(items) => Some(items.to_vec()),
        _ => None,
    };
    let answered = |key: &Value| items.chunks_exact(2).any(|pair| pair[0] == *key);
    if asked.is_some_and(|asked| !asked.iter().all(answered)) {
        return Err(Rejection::bad("a read returns a value for each key that it asked for"));
    }
    for pair in items.chunks_exact(2) {
        steps.read(pair[0], pair[1]);
    }
    Ok(())
}
