//! States of a model, interned: each distinct state is stored once and stands for itself as a
//! small number, and the steps between them are remembered where stepping is dear.

use std::hash::{Hash, Hasher};
use std::mem::needs_drop;

use rustc_hash::{FxHashMap, FxHasher};

use super::interner::Interner;
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
    /// Several states: an index for [`Steps::several`].
    Several(u32),
}

const SEVERAL: u32 = 1 << 30;
const UNKNOWN: u32 = u32::MAX - 1;

/// No token's number: that of this state was not asked for.
const UNLEARNED: TokenId = u32::MAX - 1;

/// Steps of the first states are remembered in a dense table of up to this many entries.
const ROW_ENTRIES: usize = 1 << 18;

/// The states met so far. Threads share them.
pub(super) struct States<M: Model> {
    model: M,
    states: Interner<(M::State, TokenId)>,
    token_ids: FxHashMap<Token, TokenId>,
    classes: usize,
}

impl<M: Model> States<M> {
    /// The table with the model's initial state as number 0.
    pub(super) fn new(model: M, classes: usize, token_ids: FxHashMap<Token, TokenId>) -> Self {
        let states = States { states: Interner::new(), token_ids, classes, model };
        states.intern(states.model.initial());
        states
    }

    /// Whether the table is full; it never is in practice before memory is.
    pub(super) fn is_full(&self) -> bool {
        self.states.len() >= MAX_STATES - 4096
    }

    /// Approximate memory in bytes; what states hold on the heap is estimated.
    pub(super) fn bytes(&self) -> usize {
        let heap = if needs_drop::<M::State>() { 64 } else { 0 };
        self.states.bytes() + self.states.len() as usize * heap
    }

    fn token(&self, state: StateId) -> TokenId {
        self.states.get(state).map_or(NO_TOKEN, |state| state.1)
    }

    fn intern(&self, state: M::State) -> StateId {
        let token = || {
            let token = self.model.token(&state);
            token.and_then(|token| self.token_ids.get(&token).copied()).unwrap_or(NO_TOKEN)
        };
        self.states.intern(hash_of(&state), |other| other.0 == state, || (state.clone(), token()))
    }
}

/// One thread's memory of the steps between states, and of their tokens.
#[derive(Default)]
pub(super) struct Steps {
    rows: Vec<u32>,
    tokens: Vec<TokenId>,
    /// Steps beyond the rows, for states that are dear to make.
    cache: FxHashMap<(StateId, u32), u32>,
    lists: Vec<Box<[StateId]>>,
    /// Steps that asked the model.
    pub(super) asked: u64,
}

impl Steps {
    /// The token of a state; [`NO_TOKEN`] if it has none that an operation mentions.
    pub(super) fn token(&self, state: StateId) -> TokenId {
        self.tokens.get(state as usize).copied().unwrap_or(NO_TOKEN)
    }

    /// Makes the token of a state known that another thread may have met first.
    pub(super) fn learn<M: Model>(&mut self, state: StateId, states: &States<M>) {
        if state < MAX_STATES {
            if self.tokens.len() <= state as usize {
                self.tokens.resize(state as usize + 1, UNLEARNED);
            }
            let token = &mut self.tokens[state as usize];
            if *token == UNLEARNED {
                *token = states.token(state);
            }
        }
    }

    /// The states of a [`Step::Several`].
    pub(super) fn several(&self, list: u32) -> &[StateId] {
        &self.lists[list as usize]
    }

    /// Approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * 4 + self.tokens.capacity() * 4 + self.cache.capacity() * 17
    }

    /// Where `op`, of class `class`, leads from `state`.
    pub(super) fn step<M: Model>(
        &mut self,
        states: &States<M>,
        state: StateId,
        class: u32,
        op: &M::Op,
    ) -> Step {
        let from = if state == UNOBSERVED { 0 } else { state };
        let row = from as usize * states.classes + class as usize;
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
        let code = self.ask(states, from, op);
        if in_rows {
            if self.rows.len() <= row {
                self.rows.resize((from as usize + 1) * states.classes, UNKNOWN);
            }
            self.rows[row] = code;
        } else if needs_drop::<M::State>() {
            self.cache.insert((from, class), code);
        }
        decode(code)
    }

    fn ask<M: Model>(&mut self, states: &States<M>, state: StateId, op: &M::Op) -> u32 {
        self.asked += 1;
        let Some((from, _)) = states.states.get(state) else { return NO_STATE };
        let mut nexts = states.model.step(from, op).into_iter();
        let Some(first) = nexts.next() else { return NO_STATE };
        let first = self.enter(states, first);
        let Some(second) = nexts.next() else { return first };
        let mut list = vec![first];
        for next in std::iter::once(second).chain(nexts) {
            let next = self.enter(states, next);
            if !list.contains(&next) {
                list.push(next);
            }
        }
        if list.len() == 1 {
            return first;
        }
        self.lists.push(list.into_boxed_slice());
        SEVERAL | (self.lists.len() as u32 - 1)
    }

    fn enter<M: Model>(&mut self, states: &States<M>, state: M::State) -> StateId {
        let id = states.intern(state);
        self.learn(id, states);
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
