//! Beliefs about items, by numbers, and what is believed of all of them.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::NONE;
use super::config::Config;
use crate::history::hash::{Seeded, spread};

/// Beliefs: sets of configurations, each once.
pub(super) struct Beliefs {
    seed: Seeded,
    numbers: HashTable<u32>,
    list: Vec<Belief>,
}

/// What is believed of one item.
pub(super) struct Belief {
    /// Ascending.
    pub(super) configs: Box<[Config]>,
    /// So many crashed operations are needed at least, and so many dequeues of these.
    pub(super) cost: u32,
    pub(super) crashed_takes: u32,
    /// Whether a copy may wait.
    pub(super) may_wait: bool,
}

/// That nothing is left of an item, and nothing is open.
pub(super) const REST: u32 = 0;

impl Beliefs {
    pub(super) fn new() -> Beliefs {
        let seed = Seeded::default();
        let mut beliefs = Beliefs { seed, numbers: HashTable::new(), list: Vec::new() };
        beliefs.number(&[Config::new(0)]);
        beliefs
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn get(&self, belief: u32) -> &Belief {
        &self.list[belief as usize]
    }

    /// Returns the number of a belief, which is of at least one configuration.
    pub(super) fn number(&mut self, configs: &[Config]) -> u32 {
        let list = &mut self.list;
        let hash = self.seed.hash_one(configs);
        let is_it = |&number: &u32| *list[number as usize].configs == *configs;
        if let Some(&number) = self.numbers.find(hash, is_it) {
            return number;
        }
        let number = list.len() as u32;
        let hash_of = |&number: &u32| self.seed.hash_one(&*list[number as usize].configs);
        self.numbers.insert_unique(hash, number, hash_of);
        list.push(Belief {
            configs: configs.into(),
            cost: configs.iter().map(Config::cost).min().unwrap_or(0),
            crashed_takes: configs.iter().map(Config::crashed_takes).min().unwrap_or(0),
            may_wait: configs.iter().any(|config| config.ready > 0),
        });
        number
    }
}

/// What is believed of all items, where the moments so far are chosen.
#[derive(Clone)]
pub(super) struct State {
    /// So many of the open dequeues that found nothing had no moment yet: those called last.
    pub(super) undone: u32,
    /// By places.
    pub(super) beliefs: Vec<u32>,
    /// By places, as bits: where a copy may wait.
    pub(super) may_wait: Vec<u64>,
    /// So many crashed operations are needed, and so many dequeues of these.
    pub(super) cost: i64,
    pub(super) crashed_takes: i64,
    /// The last moment at which nothing waited.
    pub(super) node: u32,
    hash: u64,
}

fn hash_of(place: usize, belief: u32) -> u64 {
    let number = spread((place as u64) << 32 | u64::from(belief));
    if belief == REST { 0 } else { spread(number ^ number >> 32) }
}

impl State {
    pub(super) fn new() -> State {
        State {
            undone: 0,
            beliefs: Vec::new(),
            may_wait: Vec::new(),
            cost: 0,
            crashed_takes: 0,
            node: NONE,
            hash: 0,
        }
    }

    /// Puts what is believed of the item at `place`.
    pub(super) fn set(&mut self, place: usize, belief: u32, beliefs: &Beliefs) {
        if place >= self.beliefs.len() {
            self.beliefs.resize(place + 1, REST);
            self.may_wait.resize(place / 64 + 1, 0);
        }
        let old = std::mem::replace(&mut self.beliefs[place], belief);
        self.hash = self.hash.wrapping_sub(hash_of(place, old));
        self.hash = self.hash.wrapping_add(hash_of(place, belief));
        let (old, new) = (beliefs.get(old), beliefs.get(belief));
        self.cost += i64::from(new.cost) - i64::from(old.cost);
        self.crashed_takes += i64::from(new.crashed_takes) - i64::from(old.crashed_takes);
        let bit = 1 << (place % 64);
        let word = &mut self.may_wait[place / 64];
        *word = if new.may_wait { *word | bit } else { *word & !bit };
    }

    /// Believes nothing more of the item at `place`, if no copy need wait: nothing happens to it
    /// any more. Returns whether it did so.
    pub(super) fn settle(&mut self, place: usize, beliefs: &Beliefs) -> bool {
        let number = self.beliefs.get(place).copied().unwrap_or(REST);
        let belief = beliefs.get(number);
        let is_spent = |config: &Config| config.ready == 0 && config.cost() == belief.cost;
        let is_at_rest = number == REST || belief.configs.iter().any(is_spent);
        if number != REST && is_at_rest {
            self.set(place, REST, beliefs);
            self.cost += i64::from(belief.cost);
            self.crashed_takes += i64::from(belief.crashed_takes);
        }
        is_at_rest
    }

    /// The beliefs by places, without those at the end of which nothing is left.
    fn trimmed(&self) -> &[u32] {
        let last = self.beliefs.iter().rposition(|&belief| belief != REST);
        &self.beliefs[..last.map_or(0, |last| last + 1)]
    }

    /// Whether the same can follow.
    pub(super) fn is_same(&self, other: &State) -> bool {
        self.key() == other.key() && self.trimmed() == other.trimmed()
    }

    /// What is equal where [`is_same`](Self::is_same) says so.
    pub(super) fn key(&self) -> (u64, u32) {
        (self.hash, self.undone)
    }
}
