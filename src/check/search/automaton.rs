//! The seam between the search and a model: operations are classes, states are numbers.
//!
//! The search is compiled once. It asks an [`Automaton`] for a step only where it does not
//! remember the answer, so that the call through a trait object costs little beside what the model
//! does.

use std::hash::BuildHasher;
use std::mem::needs_drop;

use super::interner::Interner;
use super::sums::Problem;
use crate::history::Span;
use crate::history::hash::Map;
use crate::model::{Facts, Model, OnAmount, Reading, Token};

/// A state's number.
pub(in crate::check) type StateId = u32;

/// There are fewer states than this.
pub(super) const MAX_STATES: u32 = 1 << 29;

/// The states of one object and the steps between them. Threads share it.
pub(in crate::check) trait Automaton: Send + Sync {
    /// Appends the states in which an operation of `class` may leave `state` to `next`: each once,
    /// none if it is illegal there.
    fn step(&self, state: StateId, class: u32, next: &mut Vec<StateId>);

    /// Returns the model's token of `state`.
    fn token(&self, state: StateId) -> Option<Token>;

    /// Tells `add` what an operation of `class` adds to which amounts; see [`Model::adds`].
    fn adds(&self, class: u32, add: &mut dyn FnMut(Token, i128)) -> bool;

    /// Tells `lack` what is missing in `state` for `class` to be legal; see [`Model::lacks`].
    fn lacks(
        &self,
        state: StateId,
        class: u32,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool;

    /// Returns the number of states met so far; their numbers are smaller. The initial state is
    /// number 0.
    fn len(&self) -> u32;

    /// Returns whether the numbers are used up; memory is in practice used up before.
    fn is_full(&self) -> bool {
        self.len() >= MAX_STATES - 4096
    }

    /// Returns the approximate memory in bytes; what states hold on the heap is estimated.
    fn bytes(&self) -> usize;

    /// Returns whether a step costs so much that remembering it always pays.
    fn is_dear(&self) -> bool;
}

/// What is searched: the operations of one object in the order of their calls, by classes of equal
/// ones.
pub(in crate::check) struct Space {
    /// When each operation is called and returns.
    pub(super) spans: Vec<Span>,
    /// The class of each operation.
    pub(super) class_of: Vec<u32>,
    /// The facts of each class.
    pub(super) facts: Vec<Facts>,
    /// Steps by state and class.
    pub(super) automaton: Box<dyn Automaton>,
    /// What each class does to amounts, if the object is made of them.
    pub(super) amounts: Option<Problem>,
}

impl Space {
    /// Returns the space of `readings`, which are in the order of their calls. Focuses the model on
    /// them.
    pub(in crate::check) fn of<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Space {
        let mut model = model.clone();
        let mut ops: Vec<M::Op> = readings.iter().map(|reading| reading.op.clone()).collect();
        model.focus(&ops);
        let returned = readings.iter().filter(|reading| reading.span.has_returned());
        model.foresee(&returned.map(|reading| reading.op.clone()).collect::<Vec<M::Op>>());
        let mut classes: Map<&M::Op, u32> = Map::default();
        let mut is_first = Vec::with_capacity(ops.len());
        let mut class_of = Vec::with_capacity(ops.len());
        for op in &ops {
            let next = classes.len() as u32;
            let class = *classes.entry(op).or_insert(next);
            is_first.push(class == next);
            class_of.push(class);
        }
        drop(classes);
        let mut is_first = is_first.into_iter();
        ops.retain(|_| is_first.next().unwrap_or(false));
        ops.shrink_to_fit();
        let facts = ops.iter().map(|op| model.facts(op)).collect();
        let spans = readings.iter().map(|reading| reading.span).collect();
        let on_amounts = |class: usize, tell: &mut dyn FnMut(Token, OnAmount)| {
            model.on_amounts(&ops[class], tell)
        };
        let amounts = Problem::of(ops.len(), &on_amounts, &|amount| model.amount(amount));
        let automaton = Box::new(Interned::new(model, ops));
        Space { spans, class_of, facts, automaton, amounts }
    }
}

/// A model's states, each stored once.
struct Interned<M: Model> {
    model: M,
    /// The operation of each class.
    ops: Vec<M::Op>,
    states: Interner<M::State>,
}

impl<M: Model> Interned<M> {
    fn new(model: M, ops: Vec<M::Op>) -> Self {
        let automaton = Interned { states: Interner::new(), ops, model };
        automaton.number(automaton.model.initial());
        automaton
    }

    fn number(&self, state: M::State) -> StateId {
        self.states.intern(
            self.states.seed.hash_one(&state),
            |other| *other == state,
            || state.clone(),
        )
    }
}

impl<M: Model> Automaton for Interned<M> {
    fn step(&self, state: StateId, class: u32, next: &mut Vec<StateId>) {
        let Some(from) = self.states.get(state) else { return };
        let first = next.len();
        for state in self.model.step(from, &self.ops[class as usize]) {
            let state = self.number(state);
            if !next[first..].contains(&state) {
                next.push(state);
            }
        }
    }

    fn token(&self, state: StateId) -> Option<Token> {
        self.model.token(self.states.get(state)?)
    }

    fn adds(&self, class: u32, add: &mut dyn FnMut(Token, i128)) -> bool {
        self.model.adds(&self.ops[class as usize], add)
    }

    fn lacks(
        &self,
        state: StateId,
        class: u32,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        let state = self.states.get(state);
        state.is_some_and(|state| self.model.lacks(state, &self.ops[class as usize], way, lack))
    }

    fn len(&self) -> u32 {
        self.states.len()
    }

    fn bytes(&self) -> usize {
        let heap = if needs_drop::<M::State>() { 64 } else { 0 };
        self.states.bytes() + self.states.len() as usize * heap
    }

    fn is_dear(&self) -> bool {
        needs_drop::<M::State>()
    }
}
