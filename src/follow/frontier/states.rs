//! The states of one object, each stored once and named by a number: configurations are copied and
//! compared far more often than states are made.

use hashbrown::HashTable;

use crate::history::hash;
use crate::model::{AnyModel, AnyOp, AnyState, Model, Successors};

/// The number of a state in the table of its frontier.
pub(super) type StateId = u32;

/// The states that the configurations of a frontier hold, or held until lately.
#[derive(Clone, Debug, Default)]
pub(super) struct States {
    states: Vec<AnyState>,
    /// The hash of each state, once there are more than [`FEW`].
    hashes: Vec<u64>,
    /// Numbers by hash, likewise.
    index: HashTable<StateId>,
    /// Numbers that stand for nothing.
    free: Vec<StateId>,
    /// With so many states it is time to look which of them are still held.
    enough: usize,
    /// Where the operation in each slot leads from each state: [`UNKNOWN`], [`ILLEGAL`], or two
    /// more than the number of the only state.
    rows: Vec<Vec<u32>>,
}

const UNKNOWN: u32 = 0;
const ILLEGAL: u32 = 1;

/// Up to so many states are looked through without an index; usually there are no more.
const FEW: usize = 8;

/// A table of fewer states is not worth sweeping.
const MANY: usize = 64;

/// Where there are more states than this, most are met once, and it is not worth remembering where
/// they lead.
const REMEMBERED: StateId = 1 << 12;

impl States {
    /// Forgets everything; `state` gets the number 0.
    pub(super) fn restart(&mut self, state: AnyState) {
        self.states.clear();
        self.hashes.clear();
        self.index.clear();
        self.free.clear();
        self.rows.iter_mut().for_each(Vec::clear);
        self.enough = MANY;
        self.number(state);
    }

    /// Returns the state of a number.
    pub(super) fn get(&self, id: StateId) -> &AnyState {
        &self.states[id as usize]
    }

    /// Forgets where the operation in `slot` leads: there is another one.
    pub(super) fn renew(&mut self, slot: u32) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.clear();
        }
    }

    /// As [`States::step`] for `op`, the operation in `slot`; the model is asked once about each of
    /// the first [`REMEMBERED`] states.
    pub(super) fn step_in(
        &mut self,
        model: &AnyModel,
        state: StateId,
        slot: u32,
        op: &AnyOp,
    ) -> Successors<StateId> {
        let known = self.rows.get(slot as usize).and_then(|row| row.get(state as usize));
        match known.copied().unwrap_or(UNKNOWN) {
            UNKNOWN => {}
            ILLEGAL => return Successors::One(None),
            next => return Successors::One(Some(next - 2)),
        }
        let next = self.step(model, state, op);
        if let Successors::One(next) = next
            && state < REMEMBERED
        {
            if self.rows.len() <= slot as usize {
                self.rows.resize_with(slot as usize + 1, Vec::new);
            }
            let row = &mut self.rows[slot as usize];
            if row.len() <= state as usize {
                row.resize(state as usize + 1, UNKNOWN);
            }
            row[state as usize] = next.map_or(ILLEGAL, |next| next + 2);
        }
        next
    }

    /// Returns the numbers of the states in which `op` may leave `state`.
    pub(super) fn step(
        &mut self,
        model: &AnyModel,
        state: StateId,
        op: &AnyOp,
    ) -> Successors<StateId> {
        match model.step(self.get(state), op) {
            Successors::One(next) => Successors::One(next.map(|next| self.number(next))),
            Successors::Many(nexts) => {
                nexts.map(|next| self.number(next)).collect::<Vec<_>>().into()
            }
        }
    }

    /// Returns whether `op`, the operation in `slot`, is legal in `state`.
    pub(super) fn is_legal(
        &mut self,
        model: &AnyModel,
        state: StateId,
        slot: u32,
        op: &AnyOp,
    ) -> bool {
        self.step_in(model, state, slot, op).next().is_some()
    }

    /// Returns whether `op` may lead from `before` to `after`.
    pub(super) fn leads(
        &self,
        model: &AnyModel,
        before: StateId,
        op: &AnyOp,
        after: StateId,
    ) -> bool {
        model.step(self.get(before), op).any(|next| next == *self.get(after))
    }

    fn number(&mut self, state: AnyState) -> StateId {
        if self.states.len() < FEW {
            let known = self.states.iter().position(|other| *other == state);
            return known.unwrap_or_else(|| {
                self.states.push(state);
                self.states.len() - 1
            }) as StateId;
        }
        if self.hashes.is_empty() {
            self.build_index();
        }
        let hash = hash::of(&state);
        let States { states, hashes, index, free, .. } = self;
        let is_same = |&id: &StateId| hashes[id as usize] == hash && states[id as usize] == state;
        if let Some(&id) = index.find(hash, is_same) {
            return id;
        }
        let id = match free.pop() {
            Some(id) => {
                (states[id as usize], hashes[id as usize]) = (state, hash);
                id
            }
            None => {
                states.push(state);
                hashes.push(hash);
                states.len() as StateId - 1
            }
        };
        index.insert_unique(hash, id, |&id| hashes[id as usize]);
        id
    }

    fn build_index(&mut self) {
        self.hashes = self.states.iter().map(hash::of).collect();
        let hashes = &self.hashes;
        for (&hash, id) in hashes.iter().zip(0..) {
            self.index.insert_unique(hash, id, |&id| hashes[id as usize]);
        }
    }

    /// Returns whether there are so many states that those which nobody holds should go.
    pub(super) fn are_many(&self) -> bool {
        self.index.len() >= self.enough
    }

    /// Forgets all states but those that are `held`.
    #[expect(clippy::disallowed_methods, reason = "each goes or stays by itself")]
    pub(super) fn keep(&mut self, held: impl Iterator<Item = StateId>) {
        let mut is_held = vec![false; self.states.len()];
        held.for_each(|id| is_held[id as usize] = true);
        self.index.retain(|&mut id| is_held[id as usize]);
        // Not in the order of the index, which is another in each run.
        self.free.clear();
        self.free.extend((0..).zip(&is_held).filter(|&(_, held)| !held).map(|(id, _)| id));
        self.rows.iter_mut().for_each(Vec::clear);
        self.enough = (2 * self.index.len()).max(MANY);
    }

    /// Returns the approximate memory in bytes, without what states hold on the heap.
    pub(super) fn bytes(&self) -> usize {
        let rows: usize = self.rows.iter().map(Vec::capacity).sum();
        self.states.capacity() * (size_of::<AnyState>() + size_of::<u64>() + size_of::<StateId>())
            + rows * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Counter;
    use crate::model::counter::Op;

    fn add(delta: i64) -> AnyOp {
        AnyOp::Counter(Op { delta, before: None })
    }

    #[test]
    fn equal_states_have_one_number_until_they_are_forgotten() {
        let model = AnyModel::Counter(Counter { initial: 0 });
        let mut states = States::default();
        states.restart(model.initial());
        let mut reached = |from, delta| states.step(&model, from, &add(delta)).next();
        let (one, two) = (reached(0, 1), reached(0, 2));
        assert_eq!((one, two), (Some(1), Some(2)));
        assert_eq!(reached(1, 1), two, "1 + 1 is 2 however it is reached");
        assert!(states.leads(&model, 1, &add(1), 2) && !states.leads(&model, 1, &add(2), 2));
        let many: Vec<_> =
            (1..20).map(|delta| states.step(&model, 0, &add(delta)).next()).collect();
        assert_eq!(many, (1..20).map(Some).collect::<Vec<_>>(), "with an index, too");
        states.keep([2].into_iter());
        let again = states.step(&model, 2, &add(-2)).next().unwrap_or(2);
        assert!(again != 2 && again < 20, "a free number is used");
        assert_eq!(*states.get(again), model.initial());
        assert_eq!(states.step(&model, 2, &add(0)).next(), Some(2));
    }

    #[test]
    fn a_long_history_holds_few_states() {
        let model = AnyModel::Counter(Counter { initial: 0 });
        let mut states = States::default();
        states.restart(model.initial());
        let mut now = 0;
        for _ in 0..10_000 {
            now = states.step(&model, now, &add(1)).next().unwrap_or(0);
            if states.are_many() {
                states.keep([now].into_iter());
            }
        }
        assert!(states.states.len() <= MANY + 1, "{} states", states.states.len());
    }
}
