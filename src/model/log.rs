//! An append-only log: `append`, and reads of the whole, from an offset, or of a beginning.
//!
//! Focused on the operations of a history, the model keeps only how far the log goes along one
//! that a read saw, as [`Kv`](super::Kv) does for strings; and behind that, what is at the offsets
//! that some read asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::persistent::{Sequence, Trie};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token, View};
use crate::history::hash::Map;
use crate::history::{Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A log of values.
#[derive(Clone, Debug, Default)]
pub struct Log {
    initial: Vec<Value>,
    seen: Option<Arc<Seen>>,
    /// What is at each offset in the end, as far as an operation tells it.
    foreseen: Option<Arc<Map<u32, Value>>>,
}

/// What a [`Log`] holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// These values.
    Full(Sequence),
    /// Values that agree with a log that some read saw up to `node`, but no longer; `len` of them,
    /// or `FORGOTTEN`.
    Seen {
        /// The node among the logs that reads saw.
        node: u32,
        /// How many values the log has.
        len: u32,
        /// What is at the offsets that reads ask for, as far as the log goes, once it agrees with
        /// no read any more.
        marks: Option<Arc<[Mark]>>,
    },
}

/// One of the values that reads saw at an offset, by its place among them; or one they did not see.
type Mark = u32;

/// The length of a log that agrees with no read any more, where no operation tells it.
const FORGOTTEN: u32 = u32::MAX;

/// So many offsets at most are asked for in a history on which the model focuses.
const ASKED: usize = 64;

/// An operation on a [`Log`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Adds a value; tells its offset, if that is known.
    Append(Value, Option<u32>),
    /// Reads all values.
    Read(Arc<[Value]>),
    /// Reads some values from the start.
    ReadPrefix(Arc<[Value]>),
    /// Reads all values from an offset on.
    ReadFrom(u32, Arc<[Value]>),
    /// Reads the value at an offset; null past the end.
    ReadAt(u32, Value),
    /// A read that may have seen anything.
    ReadAny,
}

/// What the reads of a history saw.
struct Seen {
    logs: Trie<Value>,
    /// Offsets that reads ask for, ascending, each with the values that they saw there.
    asked: Vec<(u32, Vec<Value>)>,
    /// Whether an operation tells the length of a log that agrees with no read.
    lengths: bool,
    /// Whether an operation tells where a log left those that reads saw.
    prefixes: bool,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen")
    }
}

impl Seen {
    /// The log after `value` was appended to one of which `node`, `len` and `marks` are known.
    fn append(&self, node: u32, len: u32, marks: Option<&Arc<[Mark]>>, value: Value) -> State {
        let is_seen = marks.is_none() && self.logs.depth(node) == len;
        if let Some(node) = self.logs.child(node, value).filter(|_| is_seen) {
            return State::Seen { node, len: len + 1, marks: None };
        }
        let more = match marks {
            None if is_seen => self.marks(node, len, value),
            Some(marks) if self.asked.get(marks.len()).is_some_and(|asked| asked.0 == len) => {
                let own = self.mark(marks.len(), value);
                Some(marks.iter().copied().chain([own]).collect())
            }
            _ => marks.cloned(),
        };
        let last = self.asked.last().map(|asked| asked.0);
        State::Seen {
            node: if self.prefixes { node } else { Trie::<Value>::ROOT },
            len: if self.lengths || last.is_some_and(|last| len < last) {
                len.saturating_add(1)
            } else {
                FORGOTTEN
            },
            marks: more,
        }
    }

    /// The marks of a log that goes on from `node`, `len` long, with `value`; `None` if nothing is
    /// asked for.
    fn marks(&self, node: u32, len: u32, value: Value) -> Option<Arc<[Mark]>> {
        let there = |at: u32| if at == len { Some(value) } else { self.logs.symbol(node, at) };
        let known = self.asked.iter().enumerate().filter(|(_, asked)| asked.0 <= len);
        let marks = known.filter_map(|(index, asked)| Some(self.mark(index, there(asked.0)?)));
        (!self.asked.is_empty()).then(|| marks.collect())
    }

    /// What tells `value` apart at the offset asked for with this index.
    fn mark(&self, index: usize, value: Value) -> Mark {
        let saw = &self.asked[index].1;
        saw.iter().position(|&it| it == value).unwrap_or(saw.len()) as Mark
    }

    /// Whether a log has `value` at `offset`, which some read asks for; null stands for none.
    fn has(&self, state: (u32, u32, Option<&Arc<[Mark]>>), offset: u32, value: Value) -> bool {
        let (node, len, marks) = state;
        let Some(marks) = marks else {
            // Nothing was left out of what `node` stands for.
            let found = self.logs.symbol(node, offset).filter(|_| offset < len);
            return found.unwrap_or(Value::NULL) == value;
        };
        let index = self.asked.partition_point(|asked| asked.0 < offset);
        match marks.get(index) {
            Some(&mark) => mark == self.mark(index, value) && self.asked[index].1.contains(&value),
            None => value == Value::NULL,
        }
    }

    /// Takes note that a read asks for what is at `offset`, and saw `value`, or the end.
    fn ask(asked: &mut BTreeMap<u32, Vec<Value>>, offset: u32, value: Value) {
        let saw = asked.entry(offset).or_default();
        if value != Value::NULL && !saw.contains(&value) {
            saw.push(value);
        }
    }

    /// Whether the log at `node` starts with `items`.
    fn starts_with(&self, node: u32, items: &[Value]) -> bool {
        // Every such list of the history is in the trie, and so is every beginning of `node`.
        let wanted = self.logs.walk(Trie::<Value>::ROOT, items.iter().copied());
        wanted.is_some_and(|wanted| self.logs.leads(wanted, node))
    }
}

impl Log {
    /// A log that holds `initial` before the first operation.
    pub fn new(initial: &[Value]) -> Self {
        Log { initial: initial.to_vec(), seen: None, foreseen: None }
    }
}

/// A log as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "log",
    elsewhere: &["list", "append-log"],
    summary: "a log that is appended to, and read",
    functions: &[
        FunctionEntry::of(
            Verb::Append,
            "adds its input to the end; may return the offset it got, from 0",
        ),
        FunctionEntry::named(
            &["read"],
            "returns all entries; with an offset as input, the entry there or null",
        ),
        FunctionEntry::of(Verb::ReadFrom, "takes an offset; returns all entries from there on"),
        FunctionEntry::of(
            Verb::ReadPrefix,
            "returns some entries, from the start on without a gap",
        ),
    ],
    initial: "empty, or a list of entries",
    options: &[],
    cost: "\
           O(n log n) and the size of what reads returned, if each entry that a read shows \
           was appended once, or its append returned its offset, or it is found out which \
           append it is from, as in most valid histories. Else the search, which merges logs \
           that no read of the history can tell apart, if nothing was read from an offset.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Log {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Log> {
        setup.items().map(Log::new)
    }
}

impl Model for Log {
    type State = State;
    type Op = Op;
    type Next = Option<State>;

    fn initial(&self) -> State {
        let Some(seen) = &self.seen else {
            return State::Full(self.initial.iter().copied().collect());
        };
        let start = State::Seen { node: Trie::<Value>::ROOT, len: 0, marks: None };
        self.initial.iter().fold(start, |state, &value| match state {
            State::Seen { node, len, marks } => seen.append(node, len, marks.as_ref(), value),
            full @ State::Full(_) => full,
        })
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Append) if call.input.is_null() => {
                Err(Rejection::bad("null is no entry of a log: a null that is read means none"))
            }
            Some(Verb::Append) => Ok(Op::Append(call.input.value, assigned(call)?)),
            Some(Verb::ReadFrom) => {
                let from = offset(call.input)?;
                read(call, |seen| Ok(Op::ReadFrom(from, list(seen)?)))
            }
            Some(Verb::ReadPrefix) => read(call, |seen| list(seen).map(Op::ReadPrefix)),
            Some(Verb::Read) if call.input.as_int().is_some() => {
                let at = offset(call.input)?;
                read(call, |seen| Ok(Op::ReadAt(at, seen.value)))
            }
            Some(Verb::Read) => read(call, |seen| list(seen).map(Op::Read)),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        match state {
            State::Full(entries) => Some(super::items::describe(entries, values)),
            _ => None,
        }
    }

    fn step(&self, state: &State, op: &Op) -> Option<State> {
        if let Op::Append(value, offset) = *op {
            let len = length(state);
            if offset.is_some_and(|offset| offset != len) || !self.is_foreseen(len, value) {
                return None;
            }
            return match (state, &self.seen) {
                (State::Full(log), _) => Some(State::Full(log.push(value))),
                (&State::Seen { node, len, ref marks }, Some(seen)) => {
                    Some(seen.append(node, len, marks.as_ref(), value))
                }
                // Nodes exist only where something was seen.
                (State::Seen { .. }, None) => None,
            };
        }
        let legal = match (state, &self.seen) {
            (State::Full(log), _) => reads(log, op),
            (&State::Seen { node, len, ref marks }, Some(seen)) => match op {
                Op::Read(items) => {
                    seen.logs.depth(node) == len
                        && items.len() == len as usize
                        && seen.starts_with(node, items)
                }
                Op::ReadPrefix(items) => seen.starts_with(node, items),
                Op::ReadAt(offset, value) => seen.has((node, len, marks.as_ref()), *offset, *value),
                Op::ReadFrom(offset, items) if items.is_empty() => len <= *offset,
                Op::ReadFrom(offset, items) => {
                    let log = (node, len, marks.as_ref());
                    len as usize == *offset as usize + items.len()
                        && from(*offset, items).all(|(at, item)| seen.has(log, at, item))
                }
                Op::ReadAny => true,
                Op::Append(..) => false,
            },
            (State::Seen { .. }, None) => false,
        };
        legal.then(|| state.clone())
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        let is_offset = call.output.is_some_and(|seen| seen.as_int().is_some());
        WORDS.verb_of(call.word) == Some(Verb::Append) && !is_offset
    }

    fn start_value(&self, state: &State, values: &mut ValueTable) -> Option<Option<Value>> {
        let State::Full(log) = state else { return None };
        Some(Some(super::items::list(log, values)))
    }

    /// Not known where the model was focused.
    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        let State::Full(values) = state else { return false };
        values.backwards().for_each(hold);
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        match op {
            Op::Append(value, _) | Op::ReadAt(_, value) => hold(*value),
            Op::Read(seen) | Op::ReadPrefix(seen) | Op::ReadFrom(_, seen) => {
                seen.iter().copied().for_each(hold);
            }
            Op::ReadAny => {}
        }
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Log { initial: self.initial.clone(), view: |op| op }
    }

    fn facts(&self, op: &Op) -> Facts {
        let requires = match op {
            Op::Append(_, offset) => offset.map(Token::from),
            Op::Read(items) => Some(items.len() as Token),
            Op::ReadFrom(offset, items) if !items.is_empty() => {
                Some(Token::from(*offset) + items.len() as Token)
            }
            _ => None,
        };
        let pure = !matches!(op, Op::Append(..));
        let establishes = match (pure, requires) {
            (true, _) => Establishes::Same,
            (false, Some(offset)) => Establishes::Token(offset + 1),
            (false, None) => Establishes::Unknown,
        };
        Facts { pure, requires, establishes, ..Facts::default() }
    }

    /// The length of the log.
    fn token(&self, state: &State) -> Option<Token> {
        Some(match state {
            State::Full(log) => log.len() as Token,
            State::Seen { len, .. } => Token::from(*len),
        })
    }

    /// Two logs that no read of the whole saw a beginning of, as they are or after more appends,
    /// will be told apart by no such read. What still tells them apart is kept: the length where
    /// an append tells its offset, the place where they left what was read where a read tells a
    /// beginning, and what is at the offsets that reads ask for, unless these are many.
    fn focus(&mut self, operations: &[Op]) {
        self.seen = None;
        let mut seen =
            Seen { logs: Trie::default(), asked: vec![], lengths: false, prefixes: false };
        let mut asked = BTreeMap::new();
        for op in operations {
            match op {
                Op::Append(_, offset) => seen.lengths |= offset.is_some(),
                Op::ReadAt(offset, value) => Seen::ask(&mut asked, *offset, *value),
                Op::ReadFrom(offset, items) => {
                    seen.lengths = true;
                    for (at, item) in from(*offset, items) {
                        Seen::ask(&mut asked, at, item);
                    }
                }
                Op::ReadPrefix(_) => seen.prefixes = true,
                Op::Read(_) | Op::ReadAny => {}
            }
            if let Op::Read(items) | Op::ReadPrefix(items) = op {
                seen.logs.insert(items.iter().copied());
            }
            if asked.len() > ASKED {
                return;
            }
        }
        seen.asked = asked.into_iter().collect();
        self.seen = Some(Arc::new(seen));
    }

    /// Where two operations contradict each other, it is as if they told nothing.
    fn foresee(&mut self, operations: &[Op]) {
        let mut known: Map<u32, Value> = Map::default();
        let mut is_clear = true;
        let mut tell = |offset: u32, value: Value| {
            is_clear &= *known.entry(offset).or_insert(value) == value;
        };
        from(0, &self.initial).for_each(|(offset, value)| tell(offset, value));
        for op in operations {
            match op {
                Op::Append(value, Some(offset)) => tell(*offset, *value),
                Op::Read(items) | Op::ReadPrefix(items) => {
                    from(0, items).for_each(|(offset, value)| tell(offset, value));
                }
                Op::ReadFrom(first, items) => {
                    from(*first, items).for_each(|(offset, value)| tell(offset, value));
                }
                Op::ReadAt(offset, value) if *value != Value::NULL => tell(*offset, *value),
                Op::Append(_, None) | Op::ReadAt(..) | Op::ReadAny => {}
            }
        }
        self.foreseen = is_clear.then(|| Arc::new(known));
    }
}

impl Log {
    /// Whether `value` may be appended to a log of that length. What is once there stays there.
    fn is_foreseen(&self, len: u32, value: Value) -> bool {
        let known = self.foreseen.as_ref().filter(|_| len != FORGOTTEN);
        known.and_then(|known| known.get(&len)).is_none_or(|&known| known == value)
    }
}

/// Items with their offsets, of which the first is `offset`. No log is so long that one is beyond
/// 32 bits.
fn from(offset: u32, items: &[Value]) -> impl Iterator<Item = (u32, Value)> {
    (0..).zip(items).map(move |(nth, &item)| (offset.saturating_add(nth), item))
}

/// What a read saw, if it returned.
fn read<'a>(
    call: &Call<'a>,
    saw: impl FnOnce(View<'a>) -> Result<Op, Rejection>,
) -> Result<Op, Rejection> {
    call.output.map_or(Ok(Op::ReadAny), saw)
}

fn length(state: &State) -> u32 {
    match state {
        State::Full(log) => u32::try_from(log.len()).unwrap_or(u32::MAX),
        State::Seen { len, .. } => *len,
    }
}

/// Whether the read `op` can have seen what it did.
fn reads(log: &Sequence, op: &Op) -> bool {
    match op {
        Op::Read(items) => log.len() == items.len() && log.has_at(0, items),
        Op::ReadPrefix(items) => log.has_at(0, items),
        // Past the end there is nothing.
        Op::ReadFrom(offset, items) if items.is_empty() => log.len() <= *offset as usize,
        Op::ReadFrom(offset, items) => {
            let offset = *offset as usize;
            log.len() == offset + items.len() && log.has_at(offset, items)
        }
        Op::ReadAt(offset, value) => log.get(*offset as usize).unwrap_or(Value::NULL) == *value,
        Op::ReadAny | Op::Append(..) => true,
    }
}

/// The offset that an append returned. A value that comes back as it went in tells nothing.
fn assigned(call: &Call<'_>) -> Result<Option<u32>, Rejection> {
    match call.output {
        Some(output) if output.value != call.input.value && output.as_int().is_some() => {
            offset(output).map(Some)
        }
        _ => Ok(None),
    }
}

fn offset(view: View<'_>) -> Result<u32, Rejection> {
    view.as_int()
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(|| Rejection::bad("an offset is an integer from 0, within 32 bits"))
}

fn list(output: View<'_>) -> Result<Arc<[Value]>, Rejection> {
    match output.as_list() {
        Some(items) => Ok(items.into()),
        None if output.is_null() => Ok([].into()),
        None => Err(Rejection::bad("this read returns a list")),
    }
}
