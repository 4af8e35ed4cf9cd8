//! Lists by key, and transactions that append to them and read them whole: Elle's list-append.
//!
//! A list only grows, so what a read returned tells how long its list was, and in which order all
//! that it shows was appended.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::items::{describe, few};
use super::persistent::{Sequence, Tree};
use super::turn::{PROCESSES, Turn};
use super::{Call, Establishes, Facts, Kind, Model, NOTHING, Rejection, Token, View};
use crate::history::hash::Map;
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words, micro_operation};

/// Lists by key, all empty before the first operation.
#[derive(Clone, Debug, Default)]
pub struct ListAppend {
    /// The longest that each list is seen to be.
    foreseen: Option<Arc<Map<Value, Arc<[Value]>>>>,
}

/// What the lists hold, by the handles of their keys; empty ones are left out.
pub type Lists = Tree<Sequence>;

/// Keys with items, sorted by key.
pub type Items = Arc<[(Value, Arc<[Value]>)]>;

/// A transaction on a [`ListAppend`], in normal form.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Op {
    /// Whether its own reads contradict each other or its own appends, so that it is never legal.
    pub contradictory: bool,
    /// The lists that it must have found.
    pub expects: Items,
    /// What it adds to the ends of lists, at least one item to each.
    pub appends: Items,
    /// Its place among those of its process, if only that is known of when it was.
    pub turn: Option<Turn>,
}

/// Lists as the catalogue has them.
pub(super) const ENTRY: Entry = Entry {
    name: "list-append",
    elsewhere: &["append-txn", "elle"],
    summary: "several lists, read and appended to together",
    functions: &[FunctionEntry::of(
        Verb::Txn,
        "takes a list of [\"r\" key null] and [\"append\" key value], fills reads in",
    )],
    initial: "empty lists",
    options: &[],
    cost: "\
           O(n log n) and the size of what reads returned, if no value was appended twice to one \
           list, or an order is found all the same. Else the search, exponential in the number of \
           clients at worst.",
};

const WORDS: Words = ENTRY.words();

impl BuiltIn for ListAppend {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<ListAppend> {
        let is_empty = |view: View<'_>| match view.shape() {
            Shape::Map(pairs) => pairs.is_empty(),
            _ => view.is_null(),
        };
        setup.initial.is_none_or(is_empty).then(ListAppend::default)
    }
}

impl Model for ListAppend {
    type State = Lists;
    /// Behind a pointer, since an operation of any model takes as much room as the largest.
    type Op = Arc<Op>;
    type Next = Option<Lists>;

    fn initial(&self) -> Lists {
        Lists::default()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Arc<Op>, Rejection> {
        match WORDS.verb_of(call.word) {
            Some(Verb::Txn) => transaction(call).map(Arc::new),
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn step(&self, state: &Lists, op: &Arc<Op>) -> Option<Lists> {
        let is_found = |(list, items): &(Value, Arc<[Value]>)| match state.get(key(*list)) {
            Some(held) => held.len() == items.len() && held.has_at(0, items),
            None => items.is_empty(),
        };
        if op.contradictory || !op.expects.iter().all(is_found) {
            return None;
        }
        let append = |state: Lists, (list, items): &(Value, Arc<[Value]>)| {
            let held = state.get(key(*list)).unwrap_or_default();
            if !self.is_foreseen(*list, held.len(), items) {
                return None;
            }
            let longer = items.iter().fold(held, |held, &item| held.push(item));
            Some(state.insert(key(*list), longer))
        };
        let left = op.appends.iter().try_fold(state.clone(), append)?;
        let Some(turn) = op.turn else { return Some(left) };
        let last = state.get(turn.key()).and_then(|last| last.last());
        Some(left.insert(turn.key(), Sequence::default().push(turn.after(last)?)))
    }

    fn facts(&self, op: &Arc<Op>) -> Facts {
        let pure = op.contradictory || op.appends.is_empty() && op.turn.is_none();
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }

    fn describe(&self, state: &Lists, values: &ValueTable) -> Option<String> {
        let list = |(key, items): (u128, Sequence)| {
            let key = Value::of_handle(key as u32);
            format!("{}: {}", values.to_text(key), describe(&items, values))
        };
        let count = lists(state).count();
        Some(if count == 0 {
            "every list: []".to_owned()
        } else {
            few(lists(state).map(list), count)
        })
    }

    fn start_value(&self, state: &Lists, _: &mut ValueTable) -> Option<Option<Value>> {
        state.is_empty().then_some(None)
    }

    fn state_values(&self, state: &Lists, hold: &mut dyn FnMut(Value)) -> bool {
        for (key, items) in lists(state) {
            hold(Value::of_handle(key as u32));
            items.backwards().for_each(&mut *hold);
        }
        true
    }

    fn operation_values(&self, op: &Arc<Op>, hold: &mut dyn FnMut(Value)) -> bool {
        for (list, items) in op.expects.iter().chain(op.appends.iter()) {
            hold(*list);
            items.iter().copied().for_each(&mut *hold);
        }
        true
    }

    fn adds(&self, op: &Arc<Op>, add: &mut dyn FnMut(Token, i128)) -> bool {
        for (list, items) in op.appends.iter() {
            items.iter().for_each(|&item| add(entry(*list, item), 1));
        }
        true
    }

    /// Lists have to go on as it found them.
    fn lacks(
        &self,
        state: &Lists,
        op: &Arc<Op>,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        for (list, items) in op.expects.iter() {
            let held = state.get(key(*list)).unwrap_or_default();
            match items.split_at_checked(held.len()) {
                Some((start, rest)) if held.has_at(0, start) => {
                    rest.iter().for_each(|&item| lack(entry(*list, item), 1));
                }
                _ => lack(NOTHING, 1),
            }
        }
        if op.contradictory {
            lack(NOTHING, 1);
        }
        way == 0
    }

    /// Where two reads contradict each other, it is as if nothing was read.
    fn foresee(&mut self, operations: &[Arc<Op>]) {
        let mut longest: Map<Value, Arc<[Value]>> = Map::default();
        for (list, items) in operations.iter().flat_map(|op| op.expects.iter()) {
            let known = longest.entry(*list).or_insert_with(|| items.clone());
            if !items.iter().zip(known.iter()).all(|(one, other)| one == other) {
                self.foreseen = None;
                return;
            }
            if items.len() > known.len() {
                *known = items.clone();
            }
        }
        self.foreseen = Some(Arc::new(longest));
    }

    fn kind(&self) -> Kind<Arc<Op>> {
        Kind::Lists { view: |op| op }
    }

    fn touches(&self, op: &Arc<Op>, touch: &mut dyn FnMut(Token)) -> bool {
        for (list, _) in op.expects.iter().chain(op.appends.iter()) {
            touch(list.handle().into());
        }
        if let Some(turn) = op.turn {
            touch(turn.token());
        }
        true
    }
}

impl ListAppend {
    /// Whether `items` may be appended to a list of that length. What is once there stays there.
    fn is_foreseen(&self, list: Value, len: usize, items: &[Value]) -> bool {
        let known = self.foreseen.as_ref().and_then(|known| known.get(&list)?.get(len..));
        known.is_none_or(|known| known.iter().zip(items).all(|(known, item)| known == item))
    }
}

/// Returns the lists of a state, without the turns of processes.
fn lists(state: &Lists) -> impl Iterator<Item = (u128, Sequence)> {
    state.iter().filter(|(key, _)| *key < PROCESSES)
}

/// An item in a list.
fn entry(list: Value, item: Value) -> Token {
    Token::from(list.handle()) << 32 | Token::from(item.handle())
}

fn key(list: Value) -> u128 {
    list.handle().into()
}

/// Whether `list`, what a transaction takes or returns, has a micro-operation of one of `names`.
pub(super) fn has_micro(list: View<'_>, is_wanted: impl Fn(&str) -> bool) -> bool {
    let is_named = |&micro: &Value| {
        let first = list.view(micro).as_list().and_then(|micro| micro.first());
        let name = first.and_then(|&name| list.view(name).as_name());
        name.is_some_and(&is_wanted)
    };
    list.as_list().is_some_and(|micros| micros.iter().any(is_named))
}

/// Whether what a transaction returned shows a list that one of its reads saw.
pub(super) fn shows_list(output: View<'_>) -> bool {
    let is_list = |&micro: &Value| match output.view(micro).as_list() {
        Some(&[name, _, seen]) => {
            let name = output.view(name).as_name();
            name.and_then(micro_operation) == Some(Verb::Read)
                && output.view(seen).as_list().is_some()
        }
        _ => false,
    };
    output.as_list().is_some_and(|micros| micros.iter().any(is_list))
}

/// What a transaction does to lists, as it is read, micro-operation by micro-operation.
#[derive(Default)]
struct Draft {
    turn: Option<Turn>,
    contradictory: bool,
    expects: BTreeMap<Value, Vec<Value>>,
    appends: BTreeMap<Value, Vec<Value>>,
}

impl Draft {
    /// Reads a list, which its own appends are the end of.
    fn read(&mut self, list: Value, seen: &[Value]) {
        let own = self.appends.get(&list).map_or(&[][..], Vec::as_slice);
        let Some(found) = seen.strip_suffix(own) else {
            self.contradictory = true;
            return;
        };
        match self.expects.get(&list) {
            Some(known) => self.contradictory |= known != found,
            None => _ = self.expects.insert(list, found.to_vec()),
        }
    }

    fn finish(self) -> Op {
        let items = |lists: BTreeMap<Value, Vec<Value>>| {
            lists.into_iter().map(|(list, items)| (list, items.into())).collect()
        };
        let is_idle = self.expects.is_empty() && self.appends.is_empty();
        Op {
            contradictory: self.contradictory,
            expects: items(self.expects),
            appends: items(self.appends),
            // What nobody saw and leaves nothing may come at any time.
            turn: self.turn.filter(|turn| !(turn.is_open && is_idle)),
        }
    }
}

/// Reads a list of micro-operations `[f key value]`.
fn transaction(call: &Call<'_>) -> Result<Op, Rejection> {
    let asked = micro_operations(call.input)?;
    let appends_only = asked.iter().all(|micro| micro.appends);
    let answered = match call.output {
        Some(output) if !(output.is_null() && appends_only) => Some(micro_operations(output)?),
        _ => None,
    };
    if let Some(answered) = &answered {
        let fits = |(a, b): (&Micro, &Micro)| {
            a.appends == b.appends && a.key == b.key && (!a.appends || a.value == b.value)
        };
        if answered.len() != asked.len() || !asked.iter().zip(answered).all(fits) {
            return Err(Rejection::bad(
                "a txn completes with the micro-operations that it was invoked with, its reads \
                 filled in",
            ));
        }
    }
    let mut steps = Draft { turn: Turn::of(call), ..Draft::default() };
    for (at, micro) in asked.iter().enumerate() {
        if micro.appends {
            steps.appends.entry(micro.key).or_default().push(micro.value);
        } else if let Some(answered) = &answered {
            let seen = call.input.view(answered[at].value);
            let seen = match seen.as_list() {
                Some(items) => items,
                None if seen.is_null() => &[],
                None => return Err(Rejection::bad("a read of a list returns a list, or null")),
            };
            steps.read(micro.key, seen);
        }
    }
    Ok(steps.finish())
}

struct Micro {
    appends: bool,
    key: Value,
    value: Value,
}

fn micro_operations(list: View<'_>) -> Result<Vec<Micro>, Rejection> {
    let needed = || {
        Rejection::bad(
            "a txn on lists is a list of micro-operations [\"r\" key list] and \
             [\"append\" key value]",
        )
    };
    let items = list.as_list().ok_or_else(needed)?;
    let micro = |&item: &Value| {
        let &[name, key, value] = list.view(item).as_list().ok_or_else(needed)? else {
            return Err(needed());
        };
        match list.view(name).as_name().and_then(micro_operation) {
            Some(Verb::Read) => Ok(Micro { appends: false, key, value }),
            Some(Verb::Append) => Ok(Micro { appends: true, key, value }),
            Some(Verb::Write) => Err(Rejection::bad(
                "a txn either appends to lists or writes registers: this one has \"w\", others \
                 \"append\"",
            )),
            _ => Err(needed()),
        }
    };
    items.iter().map(micro).collect()
}
