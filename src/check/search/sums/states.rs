//! The states that amounts can be in, each stored once.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::problem::{AmountId, Effect};
use crate::check::search::automaton::StateId;
use crate::history::hash::Seeded;
use crate::model::Amount;

/// A set of amounts: a bit for each.
pub(super) type AmountSet = u128;

/// The amounts of each state; of those that are not known, by how much they changed, and behind all
/// amounts the least of these changes, and behind these the most that they started from.
pub(super) struct States {
    least: Vec<i128>,
    /// So many numbers are stored for each state.
    row: usize,
    values: Vec<i128>,
    unknown: Vec<AmountSet>,
    table: HashTable<StateId>,
    seed: Seeded,
    scratch: Vec<i128>,
}

/// An amount's factor in sums over several amounts: that of what two operations add is the sum of
/// theirs.
pub(super) fn factor(amount: AmountId) -> u64 {
    // SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014):
    // plain multiples of one number would give amounts at equal distances equal differences. Odd
    // numbers can be told from each other by their products.
    let mut mixed = u64::from(amount + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ mixed >> 31) | 1
}

/// What `by`, added to an amount, adds to a sum over several.
pub(super) fn weighed(amount: AmountId, by: i128) -> u64 {
    factor(amount).wrapping_mul(by as u64)
}

impl States {
    /// The state that an object starts from, with number 0.
    pub(super) fn new(amounts: &[Amount]) -> States {
        let is_known = amounts.iter().all(|amount| amount.start.is_some());
        let row = if is_known { amounts.len() } else { 3 * amounts.len() };
        let mut scratch: Vec<i128> =
            amounts.iter().map(|amount| amount.start.unwrap_or(0)).collect();
        if !is_known {
            scratch.resize(2 * amounts.len(), 0);
            scratch.resize(row, i128::MAX);
        }
        let mut states = States {
            row,
            least: amounts.iter().map(|amount| amount.least).collect(),
            values: Vec::new(),
            unknown: Vec::new(),
            table: HashTable::new(),
            seed: Seeded::default(),
            scratch,
        };
        let unknown = amounts.iter().enumerate().filter(|(_, amount)| amount.start.is_none());
        let unknown = unknown.fold(0, |set, (at, _)| set | 1 << at);
        states.number(unknown);
        states
    }

    /// The number of the state in `scratch`.
    fn number(&mut self, unknown: AmountSet) -> StateId {
        let States { row, values, unknown: sets, table, seed, scratch, .. } = self;
        let range = |state: StateId| state as usize * *row..(state as usize + 1) * *row;
        let hash = seed.hash_one((unknown, scratch.as_slice()));
        let is_same =
            |&state: &StateId| sets[state as usize] == unknown && values[range(state)] == **scratch;
        if let Some(&state) = table.find(hash, is_same) {
            return state;
        }
        let state = sets.len() as StateId;
        values.extend_from_slice(scratch);
        sets.push(unknown);
        table.insert_unique(hash, state, |&state| {
            seed.hash_one((sets[state as usize], &values[range(state)]))
        });
        state
    }

    /// The amounts of a state.
    pub(super) fn of(&self, state: StateId) -> &[i128] {
        &self.values[state as usize * self.row..][..self.least.len()]
    }

    /// All that is stored of a state.
    fn row(&self, state: StateId) -> &[i128] {
        &self.values[state as usize * self.row..][..self.row]
    }

    /// Those that are not known.
    pub(super) fn unknown(&self, state: StateId) -> AmountSet {
        self.unknown[state as usize]
    }

    /// Whether an operation may find in a state what it found.
    pub(super) fn fits(&self, state: StateId, effect: &Effect) -> bool {
        let (values, unknown) = (self.of(state), self.unknown(state));
        let is_known = |amount: AmountId| unknown >> amount & 1 == 0;
        let is_so = |&(amount, found): &(AmountId, i128)| {
            !is_known(amount) || values[amount as usize] == found
        };
        let is_less = |&(amount, limit): &(AmountId, i128)| {
            !is_known(amount) || values[amount as usize] < limit
        };
        effect.finds.iter().all(is_so) && effect.finds_less.iter().all(is_less)
    }

    /// The state after an operation; `None` if it is not legal.
    pub(super) fn step(&mut self, state: StateId, effect: &Effect) -> Option<StateId> {
        if !self.fits(state, effect) {
            return None;
        }
        let mut unknown = self.unknown(state);
        let mut found = effect.finds.iter().chain(&effect.finds_less);
        let is_learnt = found.any(|&(amount, _)| unknown >> amount & 1 == 1);
        if effect.is_pure() && !is_learnt {
            return Some(state);
        }
        let mut values = std::mem::take(&mut self.scratch);
        values.clear();
        values.extend_from_slice(self.row(state));
        let mut is_legal = true;
        let (lowest, highest) = (self.least.len(), 2 * self.least.len());
        for &(amount, found) in &effect.finds {
            let at = amount as usize;
            if unknown >> amount & 1 == 1 {
                unknown &= !(1 << amount);
                let start = found.saturating_sub(values[at]);
                let least = start.saturating_add(std::mem::take(&mut values[lowest + at]));
                is_legal &= least.min(start) >= self.least[at];
                is_legal &= start <= std::mem::replace(&mut values[highest + at], i128::MAX);
            }
            values[at] = found;
        }
        for &(amount, limit) in &effect.finds_less {
            let at = amount as usize;
            if unknown >> amount & 1 == 1 {
                let start = limit.saturating_sub(1).saturating_sub(values[at]);
                values[highest + at] = values[highest + at].min(start);
            }
        }
        for &(amount, by) in &effect.adds {
            let at = amount as usize;
            values[at] = values[at].saturating_add(by);
            if unknown >> amount & 1 == 1 {
                values[lowest + at] = values[lowest + at].min(values[at]);
            } else {
                is_legal &= by > 0 || values[at] >= self.least[at];
            }
        }
        if unknown != 0 {
            is_legal &= (0..self.least.len()).all(|at| {
                unknown >> at & 1 == 0
                    || values[highest + at].saturating_add(values[lowest + at]) >= self.least[at]
            });
        }
        self.scratch = values;
        is_legal.then(|| self.number(unknown))
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        (self.values.capacity() + self.unknown.capacity()) * size_of::<i128>()
            + self.table.capacity() * (size_of::<StateId>() + 1)
    }
}
