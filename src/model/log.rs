//! An append-only log: `append`, and reads of the whole, from an offset, or of a beginning.
//!
//! Focused on the operations of a history, the model keeps only how far the log goes along one
//! that a read saw, as [`Kv`](super::Kv) does for strings.

use std::sync::Arc;

use super::persistent::{Sequence, Trie};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token, View};
use crate::history::{Value, ValueTable};

/// A log of values.
#[derive(Clone, Debug, Default)]
pub struct Log {
    initial: Vec<Value>,
    seen: Option<Arc<Seen>>,
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
    },
}

/// The length of a log that agrees with no read any more, where no operation tells it.
const FORGOTTEN: u32 = u32::MAX;

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
    fn append(&self, node: u32, len: u32, value: Value) -> State {
        let live = self.logs.depth(node) == len;
        match self.logs.child(node, value).filter(|_| live) {
            Some(node) => State::Seen { node, len: len + 1 },
            None => State::Seen {
                node: if self.prefixes { node } else { Trie::<Value>::ROOT },
                len: if self.lengths { len.saturating_add(1) } else { FORGOTTEN },
            },
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
        Log { initial: initial.to_vec(), seen: None }
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
        let start = State::Seen { node: Trie::<Value>::ROOT, len: 0 };
        self.initial.iter().fold(start, |state, &value| match state {
            State::Seen { node, len } => seen.append(node, len, value),
            full @ State::Full(_) => full,
        })
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match call.function {
            "append" if call.input.is_null() => {
                Err(Rejection::bad("null is no entry of a log: a null that is read means none"))
            }
            "append" => Ok(Op::Append(call.input.value, assigned(call)?)),
            "read-from" => {
                let from = offset(call.input)?;
                read(call, |seen| Ok(Op::ReadFrom(from, list(seen)?)))
            }
            "read-prefix" => read(call, |seen| list(seen).map(Op::ReadPrefix)),
            "read" if call.input.as_int().is_some() => {
                let at = offset(call.input)?;
                read(call, |seen| Ok(Op::ReadAt(at, seen.value)))
            }
            "read" => read(call, |seen| list(seen).map(Op::Read)),
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
            if offset.is_some_and(|offset| offset != length(state)) {
                return None;
            }
            return match (state, &self.seen) {
                (State::Full(log), _) => Some(State::Full(log.push(value))),
                (&State::Seen { node, len }, Some(seen)) => Some(seen.append(node, len, value)),
                // Nodes exist only where something was seen.
                (State::Seen { .. }, None) => None,
            };
        }
        let legal = match (state, &self.seen) {
            (State::Full(log), _) => reads(log, op),
            (&State::Seen { node, len }, Some(seen)) => match op {
                Op::Read(items) => {
                    seen.logs.depth(node) == len
                        && items.len() == len as usize
                        && seen.starts_with(node, items)
                }
                Op::ReadPrefix(items) => seen.starts_with(node, items),
                Op::ReadAny => true,
                // With one of these in the history the model does not focus.
                Op::ReadFrom(..) | Op::ReadAt(..) | Op::Append(..) => false,
            },
            (State::Seen { .. }, None) => false,
        };
        legal.then(|| state.clone())
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
    /// beginning.
    fn focus(&mut self, operations: &[Op]) {
        self.seen = None;
        let mut seen = Seen { logs: Trie::default(), lengths: false, prefixes: false };
        for op in operations {
            match op {
                Op::Append(_, offset) => seen.lengths |= offset.is_some(),
                Op::ReadFrom(..) | Op::ReadAt(..) => return,
                Op::ReadPrefix(_) => seen.prefixes = true,
                Op::Read(_) | Op::ReadAny => {}
            }
            if let Op::Read(items) | Op::ReadPrefix(items) = op {
                seen.logs.insert(items.iter().copied());
            }
        }
        self.seen = Some(Arc::new(seen));
    }
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
