//! One key of a key-value store: `get`, `put`, `append` and `delete`.
//!
//! Its strings may grow long, and of the orders in which they may have grown most can be told
//! apart from each other, but not by any get of the history. Focused on the operations of a
//! history, the model keeps only how far a string goes along one that a get saw; all others are
//! one state.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::persistent::{Rope, Text, Trie};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token, View};
use crate::history::hash::Set;
use crate::history::{Shape, Value, ValueTable, write_quoted};
use crate::vocabulary::{Verb, Words};

/// A key with its value, or without one.
#[derive(Clone, Debug)]
pub struct Kv {
    /// What it holds before the first operation.
    pub initial: Content,
    /// Whether a get of an absent key may also return the empty string.
    pub absent_is_empty: bool,
    seen: Option<Arc<Seen>>,
}

/// A value as operations give it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// None: the key is absent.
    Absent,
    /// A string.
    Text(Text),
    /// Any other value.
    Other(Value),
}

/// What a [`Kv`] holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Nothing: the key is absent.
    Absent,
    /// A string.
    Text(Rope),
    /// A beginning of a string that some get saw, as its node among them.
    Seen(u32),
    /// A string that no get saw the beginning with.
    UnseenText,
    /// A value that is no string.
    Other(Value),
    /// A value that is no string, and that no get saw.
    UnseenOther,
}

/// An operation on a [`Kv`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// Reads the value; `None` if it may have been any.
    Get(Option<Content>),
    /// Replaces the value, or deletes it.
    Put(Content),
    /// Adds to the end of the string; an absent key counts as the empty string.
    Append(Text),
}

/// What the gets of a history saw.
struct Seen {
    texts: Trie<u8>,
    others: Set<Value>,
    /// Whether no get tells the empty string from an absent key.
    absent_is_empty: bool,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen")
    }
}

impl Kv {
    /// A key that holds `initial` before the first operation. Without one it is absent, and a get
    /// of an absent key may return the empty string as well as null.
    pub fn new(initial: Option<View<'_>>) -> Self {
        Kv {
            initial: initial.map_or(Content::Absent, Content::of),
            absent_is_empty: initial.is_none(),
            seen: None,
        }
    }

    /// The state in which the key holds `content`.
    fn state_of(&self, content: &Content) -> State {
        match (content, &self.seen) {
            (Content::Absent, Some(seen)) if seen.absent_is_empty => State::Seen(Trie::<u8>::ROOT),
            (Content::Absent, _) => State::Absent,
            (Content::Text(text), None) => State::Text(Rope::default().append(text)),
            (Content::Text(text), Some(seen)) => seen.after(Trie::<u8>::ROOT, text),
            (Content::Other(value), Some(seen)) if !seen.others.contains(value) => {
                State::UnseenOther
            }
            (Content::Other(value), _) => State::Other(*value),
        }
    }

    fn append(&self, state: &State, text: &Text) -> Option<State> {
        match (state, &self.seen) {
            (State::Absent, _) => Some(self.state_of(&Content::Text(text.clone()))),
            (State::Text(rope), _) => Some(State::Text(rope.append(text))),
            (State::Seen(node), Some(seen)) => Some(seen.after(*node, text)),
            (State::UnseenText, _) => Some(State::UnseenText),
            // Not a string; and nodes exist only where something was seen.
            (State::Other(_) | State::UnseenOther | State::Seen(_), _) => None,
        }
    }

    fn reads(&self, state: &State, seen: &Content) -> bool {
        match (state, seen) {
            (State::Absent, Content::Text(text)) => {
                self.absent_is_empty && text.as_str().is_empty()
            }
            (State::Text(rope), Content::Text(text)) => rope.reads(text),
            (State::Absent, Content::Absent) => true,
            (State::Seen(_) | State::Other(_), _) => *state == self.state_of(seen),
            _ => false,
        }
    }

    /// The state that a get of `seen` asks for, unless it may be one of two.
    fn required(&self, seen: &Content) -> Option<Token> {
        // Where no get tells an absent key from the empty string, both are one state.
        let differ = self.seen.as_ref().is_none_or(|seen| !seen.absent_is_empty);
        let empty = matches!(seen, Content::Text(text) if text.as_str().is_empty());
        if self.absent_is_empty && differ && empty { None } else { Some(self.token_of(seen)) }
    }

    fn token_of(&self, content: &Content) -> Token {
        match content {
            // As that of the rope, without making one.
            Content::Text(text) if self.seen.is_none() => text_token(text.content_hash()),
            _ => state_token(&self.state_of(content)),
        }
    }
}

impl Seen {
    /// The state after `text` was added to the beginning at `node`.
    fn after(&self, node: u32, text: &Text) -> State {
        self.texts.walk(node, text.as_str().bytes()).map_or(State::UnseenText, State::Seen)
    }
}

impl Content {
    /// The content that a value of a history means.
    pub fn of(view: View<'_>) -> Self {
        match view.shape() {
            Shape::Null => Content::Absent,
            Shape::Text(text) => Content::Text(Text::new(text)),
            _ => Content::Other(view.value),
        }
    }
}

/// A key of a store as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "kv",
    elsewhere: &["kv-string", "key-value", "map"],
    summary: "one key of a key-value store, with strings that grow",
    functions: &[
        FunctionEntry::named(&["get"], "returns the value, null if the key is absent"),
        FunctionEntry::named(&["put"], "replaces the value by its input; null deletes"),
        FunctionEntry::of(Verb::Append, "adds its input, a string, to the end of the string"),
        FunctionEntry::of(Verb::Delete, "makes the key absent"),
    ],
    initial: "absent, which a get may return as null or as the empty string; or any value",
    options: &[],
    cost: "\
           O(n log n) and the size of what gets returned, if all values are strings, none of \
           those put or appended is empty or the beginning of another, real time tells equal \
           ones apart, and nothing is deleted; without appends, as for a register. Else the \
           search, which merges states that no get of the history can tell apart, so that \
           appends to which no get answers cost next to nothing.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Kv {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Kv> {
        Some(Kv::new(setup.initial))
    }
}

impl Model for Kv {
    type State = State;
    type Op = Op;
    type Next = Option<State>;

    fn initial(&self) -> State {
        self.state_of(&self.initial)
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Read) => Ok(Op::Get(call.output.map(Content::of))),
            Some(Verb::Write) => Ok(Op::Put(Content::of(call.input))),
            Some(Verb::Delete) => Ok(Op::Put(Content::Absent)),
            Some(Verb::Append) => match call.input.shape() {
                Shape::Text(text) => Ok(Op::Append(Text::new(text))),
                _ => Err(Rejection::bad("an append needs a string")),
            },
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        match state {
            State::Absent => Some("absent".to_owned()),
            State::Text(rope) => {
                let mut text = String::new();
                write_quoted(&rope.text(), &mut text);
                Some(text)
            }
            State::Other(value) => Some(values.to_text(*value)),
            State::Seen(_) | State::UnseenText | State::UnseenOther => None,
        }
    }

    fn step(&self, state: &State, op: &Op) -> Option<State> {
        match op {
            Op::Get(seen) => {
                let legal = seen.as_ref().is_none_or(|seen| self.reads(state, seen));
                legal.then(|| state.clone())
            }
            Op::Put(content) => Some(self.state_of(content)),
            Op::Append(text) => self.append(state, text),
        }
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Write | Verb::Append | Verb::Delete))
    }

    fn start_value(&self, state: &State, values: &mut ValueTable) -> Option<Option<Value>> {
        match state {
            State::Absent if self.absent_is_empty => Some(None),
            State::Absent => Some(Some(Value::NULL)),
            State::Text(rope) => Some(Some(values.text(&rope.text()))),
            State::Other(value) => Some(Some(*value)),
            State::Seen(_) | State::UnseenText | State::UnseenOther => None,
        }
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        if let State::Other(value) = *state {
            hold(value);
        }
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        if let Op::Get(Some(Content::Other(value))) | Op::Put(Content::Other(value)) = *op {
            hold(value);
        }
        true
    }

    fn kind(&self) -> Kind<Op> {
        Kind::Kv {
            initial: self.initial.clone(),
            absent_is_empty: self.absent_is_empty,
            view: |op| op,
        }
    }

    fn facts(&self, op: &Op) -> Facts {
        match op {
            Op::Get(seen) => Facts {
                pure: true,
                requires: seen.as_ref().and_then(|seen| self.required(seen)),
                establishes: Establishes::Same,
                ..Facts::default()
            },
            Op::Put(content) => Facts {
                overwrites: true,
                establishes: Establishes::Token(self.token_of(content)),
                ..Facts::default()
            },
            Op::Append(_) => Facts::default(),
        }
    }

    fn tokens_suffice(&self) -> bool {
        true
    }

    /// Exact where the model is focused: states with one token are the same state. Else two strings
    /// of `n` bytes may share one, by a chance of `n` in 2^61 that no input can raise.
    fn token(&self, state: &State) -> Option<Token> {
        Some(state_token(state))
    }

    /// An absent key and the empty string differ only for a get that saw null. Two strings that
    /// are no beginning of anything that a get saw, as they are or after more
    /// appends, will be told apart by no get until a put replaces them; so do values that are no
    /// strings and that no get saw, which also take no append.
    fn focus(&mut self, operations: &[Op]) {
        let mut seen = Seen {
            texts: Trie::default(),
            others: Set::default(),
            absent_is_empty: self.absent_is_empty
                && !operations.contains(&Op::Get(Some(Content::Absent))),
        };
        let mut known = Set::default();
        for op in operations {
            match op {
                Op::Get(Some(Content::Text(text))) if known.insert(text) => {
                    seen.texts.insert(text.as_str().bytes());
                }
                Op::Get(Some(Content::Other(value))) => {
                    seen.others.insert(*value);
                }
                _ => {}
            }
        }
        self.seen = Some(Arc::new(seen));
    }
}

/// The first three bits tell the kind of state.
const KIND: u32 = 61;

/// A hash of a text has no more bits than are left.
fn text_token(hash: u64) -> Token {
    hash | 4 << KIND
}

fn state_token(state: &State) -> Token {
    match state {
        State::Absent => 0,
        State::UnseenText => 1,
        State::UnseenOther => 2,
        State::Seen(node) => 1 << KIND | Token::from(*node),
        State::Other(value) => 2 << KIND | Token::from(value.handle()),
        State::Text(rope) => text_token(rope.content_hash()),
    }
}
