//! States of a model, interned: each distinct state is stored once and stands for itself as a
//! small number, and the steps between them are remembered where stepping is dear.

use std::hash::{Hash, Hasher};
use std::mem::needs_drop;

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use super::prepare::{NO_TOKEN, TokenId};
use crate::model::{Model, Token};

/// A state's number.
pub(super) type StateId = u32;

/// Beyond every state's number: see [`Step`].
pub(super) const NO_STATE: StateId = u32::MAX;

/// A state of which only one thing is known: nothing that may still happen can tell it from any
/// other, save operations that overwrite it.
pub(super) const UNOBSERVED: StateId = MAX_STATES;

/// There are fewer states than this.
const MAX_STATES: u32 = 1 << 29;

/// Where an operation leads from a state.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Illegal,
    One(StateId),
    /// Several states: an index for [`States::several`].
    Several(u32),
}

const SEVERAL: u32 = 1 << 30;
const UNKNOWN: u32 = u32::MAX - 1;

/// Steps of the first states are remembered in a dense table of up to this many entries.
const ROW_ENTRIES: usize = 1 << 18;

/// The states met so far, and the steps between them.
pub(super) struct States<M: Model> {
    model: M,
    states: Vec<M::State>,
    tokens: Vec<TokenId>,
    token_ids: FxHashMap<Token, TokenId>,
    index: HashTable<StateId>,
    rows: Vec<u32>,
    classes: usize,
    /// Steps beyond the rows, for states that are dear to make.
    cache: FxHashMap<(StateId, u32), u32>,
    lists: Vec<Box<[StateId]>>,
    /// Steps that asked the model.
    pub(super) model_steps: u64,
}

impl<M: Model> States<M> {
    /// The table with the model's initial state as number 0.
    pub(super) fn new(model: M, classes: usize, token_ids: FxHashMap<Token, TokenId>) -> Self {
        let mut states = States {
            states: Vec::new(),
            tokens: Vec::new(),
            token_ids,
            index: HashTable::new(),
            rows: Vec::new(),
            classes,
            cache: FxHashMap::default(),
            lists: Vec::new(),
            model_steps: 0,
            model,
        };
        states.intern(states.model.initial());
        states
    }

    /// The token of a state; [`NO_TOKEN`] if it has none that an operation mentions.
    pub(super) fn token(&self, state: StateId) -> TokenId {
        self.tokens.get(state as usize).copied().unwrap_or(NO_TOKEN)
    }

    /// The states of a [`Step::Several`].
    pub(super) fn several(&self, list: u32) -> &[StateId] {
        &self.lists[list as usize]
    }

    /// Whether the table is full; it never is in practice before memory is.
    pub(super) fn is_full(&self) -> bool {
        self.states.len() as u32 >= MAX_STATES - 64
    }

    /// Approximate memory in bytes; what states hold on the heap is estimated.
    pub(super) fn bytes(&self) -> usize {
        let each = size_of::<M::State>() + size_of::<TokenId>() + 5;
        let heap = if needs_drop::<M::State>() { 64 } else { 0 };
        self.states.capacity() * each
            + self.states.len() * heap
            + self.rows.capacity() * 4
            + self.cache.capacity() * 17
    }

    /// Where `op`, of class `class`, leads from `state`.
    pub(super) fn step(&mut self, state: StateId, class: u32, op: &M::Op) -> Step {
        let from = if state == UNOBSERVED { 0 } else { state };
        let row = from as usize * self.classes + class as usize;
        let in_rows = row < ROW_ENTRIES;
        if in_rows {
            if let Some(&known) = self.rows.get(row).filter(|&&known| known != UNKNOWN) {
                return decode(known);
            }
        } else if needs_drop::<M::State>()
            && let Some(&known) = self.cache.get(&(from, class))
        {
            return decode(known);
        }
        let code = self.ask(from, op);
        if in_rows {
            if self.rows.len() <= row {
                self.rows.resize((from as usize + 1) * self.classes, UNKNOWN);
            }
            self.rows[row] = code;
        } else if needs_drop::<M::State>() {
            self.cache.insert((from, class), code);
        }
        decode(code)
    }

    fn ask(&mut self, state: StateId, op: &M::Op) -> u32 {
        self.model_steps += 1;
        let mut nexts = self.model.step(&self.states[state as usize], op).into_iter();
        let Some(first) = nexts.next() else { return NO_STATE };
        let first = self.intern(first);
        let Some(second) = nexts.next() else { return first };
        let mut list = vec![first, self.intern(second)];
        for next in nexts {
            list.push(self.intern(next));
        }
        list.sort_unstable();
        list.dedup();
        if list.len() == 1 {
            return first;
        }
        self.lists.push(list.into_boxed_slice());
        SEVERAL | (self.lists.len() as u32 - 1)
    }

    fn intern(&mut self, state: M::State) -> StateId {
        let hash = hash_of(&state);
        if let Some(&id) = self.index.find(hash, |&id| self.states[id as usize] == state) {
            return id;
        }
        let id = self.states.len() as StateId;
        let token = self.model.token(&state);
        let token = token.and_then(|token| self.token_ids.get(&token).copied());
        self.tokens.push(token.unwrap_or(NO_TOKEN));
        self.states.push(state);
        let states = &self.states;
        self.index.insert_unique(hash, id, |&id| hash_of(&states[id as usize]));
        id
    }
}

fn decode(code: u32) -> Step {
    match code {
        NO_STATE => Step::Illegal,
        code if code & SEVERAL != 0 => Step::Several(code & !SEVERAL),
        state => Step::One(state),
    }
}

fn hash_of(state: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    state.hash(&mut hasher);
    hasher.finish()
}
