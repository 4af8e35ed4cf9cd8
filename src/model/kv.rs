//! One key of a key-value store: `get`, `put`, `append`, `delete`, and updates that compare, or
//! that return what the key held before.
//!
//! Its strings may grow long, and of the orders in which they may have grown most can be told
//! apart from each other, but not by any get of the history. Focused on the operations of a
//! history, the model keeps only how far a string goes along one that a get saw; all others are
//! one state.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::change::{self, Answer};
use super::counter::{self, Wide};
use super::kv_start::contents;
use super::persistent::{Rope, Text, Trie};
use super::{Call, Establishes, Facts, Kind, Model, Reading, Rejection, Token, View};
use crate::history::hash::{self, Set};
use crate::history::{Shape, Value, ValueTable, write_quoted};
use crate::vocabulary::{Verb, Words};

/// A key with its value, or without one.
#[derive(Clone, Debug)]
pub struct Kv {
    /// What it holds before the first operation.
    pub initial: Content,
    /// Whether a get of an absent key may also return the empty string.
    pub absent_is_empty: bool,
    /// Whether a failed `cas` tells that its precondition was false, instead of nothing.
    pub failed_cas_observes: bool,
    seen: Option<Arc<Seen>>,
}

/// A value as operations give it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// None: the key is absent.
    Absent,
    /// A string.
    Text(Text),
    /// An integer, of 128 bits at most.
    Int(Wide),
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
    /// An integer.
    Int(Wide),
    /// A value that is neither.
    Other(Value),
    /// A value that is no string, that no get saw, and that nothing is added to.
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
    /// Found the first content and replaced it by the second.
    Cas(Arc<[Content; 2]>),
    /// Found another content than this one, and left it.
    Mismatch(Content),
    /// Adds to the integer; an absent key counts as 0.
    Add(counter::Op),
}

/// What the operations of a history saw.
struct Seen {
    texts: Trie<u8>,
    ints: Set<Wide>,
    others: Set<Value>,
    /// Whether nothing tells the empty string from an absent key.
    absent_is_empty: bool,
    /// Whether integers are added to.
    adds: bool,
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
            failed_cas_observes: false,
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
            (Content::Int(number), Some(seen)) if !seen.adds && !seen.ints.contains(number) => {
                State::UnseenOther
            }
            (Content::Int(number), _) => State::Int(*number),
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
            (State::Int(_) | State::Other(_) | State::UnseenOther | State::Seen(_), _) => None,
        }
    }

    fn add(&self, state: &State, op: &counter::Op) -> Option<State> {
        let before = match state {
            State::Absent => 0,
            State::Int(number) => i128::from(*number),
            _ => return None,
        };
        let legal = op.found().is_none_or(|found| found == before);
        let after = legal.then(|| before.checked_add(op.delta.into())).flatten()?;
        Some(State::Int(after.into()))
    }

    /// Whether a get may return `seen`.
    fn reads(&self, state: &State, seen: &Content) -> bool {
        match (state, seen) {
            (State::Absent, Content::Text(text)) => {
                self.absent_is_empty && text.as_str().is_empty()
            }
            _ => self.holds(state, seen),
        }
    }

    /// Whether the state is that of `content`, which some operation saw.
    fn holds(&self, state: &State, content: &Content) -> bool {
        match (state, content) {
            (State::Text(rope), Content::Text(text)) => rope.reads(text),
            (State::Absent, Content::Absent) => true,
            (State::Seen(_) | State::Int(_) | State::Other(_), _) => {
                *state == self.state_of(content)
            }
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

    /// What is known of an operation that found `old` and left `new`.
    fn facts_of_change(&self, old: &Content, new: &Content) -> Facts {
        let requires = self.required(old);
        Facts {
            // Where it may be the one or the other, it may become the other.
            pure: old == new && requires.is_some(),
            requires,
            establishes: Establishes::Token(self.token_of(new)),
            ..Facts::default()
        }
    }

    fn facts_of_sum(&self, op: &counter::Op) -> Facts {
        let before = op.found();
        let after = before.and_then(|before| before.checked_add(op.delta.into()));
        match (before, after) {
            // Zero may be an absent key.
            (Some(before), Some(after)) if before != 0 => {
                self.facts_of_change(&Content::Int(before.into()), &Content::Int(after.into()))
            }
            _ => Facts::default(),
        }
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
            Shape::Int(number) => Content::Int(i128::from(number).into()),
            Shape::BigInt(digits) => match digits.parse::<i128>() {
                Ok(number) => Content::Int(number.into()),
                Err(_) => Content::Other(view.value),
            },
            _ => Content::Other(view.value),
        }
    }

    /// Returns what an update that found `old` and left this does.
    fn after(self, old: Content) -> Op {
        Op::Cas(Arc::new([old, self]))
    }
}

/// Reads an update that replaces what the key holds by `new`, whatever that is.
fn replacing(call: &Call<'_>, new: Content) -> Result<Op, Rejection> {
    Ok(match change::answer(call)? {
        Answer::Silent => Op::Put(new),
        Answer::Found(old) => new.after(Content::of(old)),
    })
}

/// Returns whether a call is an update that may return what the key held, and mostly does not.
pub(super) fn is_plain_update(call: &Call<'_>) -> bool {
    matches!(WORDS.verb_of(call.word), Some(Verb::Write | Verb::Delete | Verb::Remove))
}

/// Reads an update that may find that it must not happen.
fn comparing(call: &Call<'_>) -> Result<Op, Rejection> {
    let (old, new) = change::pair(call)?;
    let (old, new) = (Content::of(call.input.view(old)), Content::of(call.input.view(new)));
    match call.output.and_then(View::as_bool) {
        Some(false) => Ok(Op::Mismatch(old)),
        _ => change::silent(call).map(|()| new.after(old)),
    }
}

/// Reads a put that only happens where the key is absent, and returns what it found.
fn if_absent(call: &Call<'_>) -> Result<Op, Rejection> {
    let found = change::found(call)?;
    Ok(match (found.as_bool(), Content::of(found)) {
        (Some(false), _) => Op::Mismatch(Content::Absent),
        (_, Content::Absent) => Content::of(call.input).after(Content::Absent),
        (_, found) => Op::Get(Some(found)),
    })
}

/// Reads a put that returns what the key held.
fn swapping(call: &Call<'_>) -> Op {
    let new = Content::of(call.input);
    match call.output {
        None => Op::Put(new),
        Some(output) => new.after(Content::of(change::bare(call, output))),
    }
}

/// A key of a store as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "kv",
    elsewhere: &["kv-string", "key-value", "map"],
    summary: "one key of a key-value store, with strings that grow",
    functions: &[
        FunctionEntry::named(&["get", "read", "r"], "returns the value, null if the key is absent"),
        FunctionEntry::named(
            &["put", "write", "w", "set"],
            "replaces the value by its input; null deletes",
        ),
        FunctionEntry::of(Verb::Append, "adds its input, a string, to the end of the string"),
        FunctionEntry::named(&["delete", "remove"], "makes the key absent"),
        FunctionEntry::of(
            Verb::Cas,
            "takes [old new]; replaces old by new, or returns false where it found another",
        ),
        FunctionEntry::of(
            Verb::PutIfAbsent,
            "sets the value if the key is absent; returns false or the value if it is not",
        ),
        FunctionEntry::of(Verb::GetAndSet, "replaces the value; returns the old one"),
        FunctionEntry::of(Verb::Inc, "adds its input, or 1, to an integer; absent counts as 0"),
        FunctionEntry::of(Verb::Dec, "subtracts its input, or 1"),
        FunctionEntry::of(Verb::IncAndGet, "adds its input, or 1; returns the new value"),
        FunctionEntry::of(Verb::DecAndGet, "subtracts its input, or 1; returns the new value"),
        FunctionEntry::of(Verb::GetAndInc, "adds its input, or 1; returns the old value"),
        FunctionEntry::of(Verb::GetAndDec, "subtracts its input, or 1; returns the old value"),
    ],
    initial: "absent, which a get may return as null or as the empty string; or any value",
    options: &[OptionEntry {
        flag: "--failed-cas observes",
        effect: "makes a failed `cas` say that the value was not `old`.",
    }],
    cost: "\
           O(n log n) and the size of what gets returned, if all values are strings, none of \
           those put or appended is empty or the beginning of another, real time tells equal \
           ones apart, and nothing is deleted, compared or added to; without appends and sums, \
           as for a register with compare-and-set. Where real time does not tell equal strings \
           apart, a guess finds an order of most valid histories in time proportional to their \
           length; another does for integers that are added to, if many operations return \
           them. Else the search, which merges states that no operation of the history can \
           tell apart, so that appends that nobody sees cost next to nothing.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for Kv {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<Kv> {
        let failed_cas_observes = setup.options.failed_cas_observes;
        Some(Kv { failed_cas_observes, ..Kv::new(setup.initial) })
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
            Some(Verb::Read) => {
                change::takes_nothing(call)?;
                Ok(Op::Get(call.output.map(Content::of)))
            }
            Some(Verb::Write) => replacing(call, Content::of(call.input)),
            Some(Verb::Delete | Verb::Remove) => replacing(call, Content::Absent),
            Some(Verb::Append) => match call.input.shape() {
                Shape::Text(text) => change::silent(call).map(|()| Op::Append(Text::new(text))),
                _ => Err(Rejection::bad("an append needs a string")),
            },
            Some(Verb::Cas) => comparing(call),
            Some(Verb::PutIfAbsent) => if_absent(call),
            Some(Verb::GetAndSet) => Ok(swapping(call)),
            Some(verb @ (Verb::Inc | Verb::Dec)) => {
                change::silent(call)?;
                counter::sum(verb, call).map(Op::Add)
            }
            Some(
                verb @ (Verb::IncAndGet | Verb::DecAndGet | Verb::GetAndInc | Verb::GetAndDec),
            ) => counter::sum(verb, call).map(Op::Add),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<Op>, Rejection> {
        if !self.failed_cas_observes || WORDS.verb_of(call.word) != Some(Verb::Cas) {
            return Ok(None);
        }
        let (old, _) = change::pair(call)?;
        Ok(Some(Op::Mismatch(Content::of(call.input.view(old)))))
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        match state {
            State::Absent => Some("absent".to_owned()),
            State::Text(rope) => {
                let mut text = String::new();
                write_quoted(&rope.text(), &mut text);
                Some(text)
            }
            State::Int(number) => Some(i128::from(*number).to_string()),
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
            Op::Cas(change) => {
                let [old, new] = change.as_ref();
                self.reads(state, old).then(|| self.state_of(new))
            }
            Op::Mismatch(content) => (!self.holds(state, content)).then(|| state.clone()),
            Op::Add(op) => self.add(state, op),
        }
    }

    /// A put and a delete may return what the key held.
    fn is_mute(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Append | Verb::Inc | Verb::Dec))
    }

    /// What is not clear is refused.
    fn ignores_output(&self, _: &Call<'_>) -> bool {
        false
    }

    fn start_value(&self, state: &State, values: &mut ValueTable) -> Option<Option<Value>> {
        match state {
            State::Absent if self.absent_is_empty => Some(None),
            State::Absent => Some(Some(Value::NULL)),
            State::Text(rope) => Some(Some(values.text(&rope.text()))),
            State::Int(number) => Some(Some(values.integer(&i128::from(*number).to_string())?)),
            State::Other(value) => Some(Some(*value)),
            State::Seen(_) | State::UnseenText | State::UnseenOther => None,
        }
    }

    fn starts(&self, readings: &[Reading<Op>]) -> Option<Vec<Kv>> {
        let contents = contents(readings).unwrap_or_default();
        let from = |initial| Kv { initial, ..self.clone() };
        Some(contents.into_iter().map(from).collect())
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        if let State::Other(value) = *state {
            hold(value);
        }
        true
    }

    fn operation_values(&self, op: &Op, hold: &mut dyn FnMut(Value)) -> bool {
        let mut content = |content: &Content| {
            if let Content::Other(value) = *content {
                hold(value);
            }
        };
        match op {
            Op::Get(Some(seen)) => content(seen),
            Op::Put(new) => content(new),
            Op::Mismatch(other) => content(other),
            Op::Cas(change) => change.iter().for_each(content),
            Op::Get(None) | Op::Append(_) | Op::Add(_) => {}
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
            Op::Cas(change) => self.facts_of_change(&change[0], &change[1]),
            Op::Mismatch(content) => Facts {
                pure: true,
                forbids: Some(self.token_of(content)),
                establishes: Establishes::Same,
                ..Facts::default()
            },
            Op::Add(op) => self.facts_of_sum(op),
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

    /// An absent key and the empty string differ only for what saw null, or that the value was
    /// another than one of them, and for sums. Two strings that are no beginning of anything that
    /// was seen, as they are or after more appends, will be told apart by nothing until a put
    /// replaces them; so do values that are no strings and that were not seen, which take no
    /// append, and sums only if they are integers.
    fn focus(&mut self, operations: &[Op]) {
        let mut seen = Seen {
            texts: Trie::default(),
            ints: Set::default(),
            others: Set::default(),
            absent_is_empty: self.absent_is_empty,
            adds: false,
        };
        let mut known = Set::default();
        for op in operations {
            let content = match op {
                Op::Get(Some(content)) | Op::Mismatch(content) => content,
                Op::Cas(change) => &change[0],
                Op::Add(_) => {
                    (seen.adds, seen.absent_is_empty) = (true, false);
                    continue;
                }
                Op::Get(None) | Op::Put(_) | Op::Append(_) => continue,
            };
            seen.absent_is_empty &= *content != Content::Absent;
            match content {
                Content::Absent => {}
                Content::Text(text) => {
                    let is_empty = text.as_str().is_empty();
                    seen.absent_is_empty &= !(is_empty && matches!(op, Op::Mismatch(_)));
                    if known.insert(text) {
                        seen.texts.insert(text.as_str().bytes());
                    }
                }
                Content::Int(number) => {
                    seen.ints.insert(*number);
                }
                Content::Other(value) => {
                    seen.others.insert(*value);
                }
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
        State::Int(number) => int_token((*number).into()),
    }
}

/// Exact within 61 bits. Two others share a token by a chance of 1 in 2^61 that no input can raise.
fn int_token(number: i128) -> Token {
    const REST: u64 = (1 << KIND) - 1;
    match i64::try_from(number) {
        Ok(small) if (-(1 << 60)..1 << 60).contains(&small) => small as u64 & REST | 3 << KIND,
        _ => hash::of(&number) & REST | 5 << KIND,
    }
}
