//! A configuration of one object after the events so far, and sets of them of which none can do
//! all that another can.

use hashbrown::HashTable;

use super::bits::Bits;
use super::states::StateId;
use crate::history::hash::spread;

/// When something was, counted in events.
pub(super) type Stamp = u32;

/// What was linearized so far, as far as the rest of the history can tell.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// What the object holds.
    pub(super) state: StateId,
    /// The open operations that are linearized.
    pub(super) done: Bits,
    /// Open operations that overwrite, and may count as linearized just before another one that
    /// overwrote them: nobody saw them.
    pub(super) hidden: Bits,
    /// The crashed operations that are linearized: a class, and how many of it; ascending.
    pub(super) used: Vec<(u32, u32)>,
    /// Operations that were linearized before it was known what they return: their slot, and the
    /// states before and after; by slot.
    pub(super) guesses: Vec<(u32, StateId, StateId)>,
    /// States that it left, and when, as long as somebody may have seen them.
    pub(super) past: Vec<(StateId, Stamp)>,
}

impl Config {
    pub(super) fn new(state: StateId) -> Self {
        Config {
            state,
            done: Bits::default(),
            hidden: Bits::default(),
            used: Vec::new(),
            guesses: Vec::new(),
            past: Vec::new(),
        }
    }

    /// Passes the numbers of all states that it holds to `visit`.
    pub(super) fn states(&self, mut visit: impl FnMut(StateId)) {
        visit(self.state);
        self.past.iter().for_each(|&(past, _)| visit(past));
        for &(_, before, after) in &self.guesses {
            visit(before);
            visit(after);
        }
    }

    /// How many of a class of crashed operations are linearized.
    pub(super) fn used(&self, class: u32) -> u32 {
        match self.used.binary_search_by_key(&class, |&(class, _)| class) {
            Ok(at) => self.used[at].1,
            Err(_) => 0,
        }
    }

    /// Linearizes one more of a class of crashed operations.
    pub(super) fn use_one(&mut self, class: u32) {
        match self.used.binary_search_by_key(&class, |&(class, _)| class) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (class, 1)),
        }
    }

    /// Whether it can do whatever `other` can, where `pure` are the open operations that change
    /// nothing.
    fn is_as_good(&self, other: &Config, pure: &Bits) -> bool {
        let fits = |at: usize| {
            let hidden = self.hidden.word(at);
            let differ = self.done.word(at) ^ other.done.word(at);
            let free = hidden | pure.word(at) & self.done.word(at);
            differ & !free == 0 && other.hidden.word(at) & !hidden == 0
        };
        // Most differ in the state or in the first word.
        if self.state != other.state || !fits(0) {
            return false;
        }
        let words = self.done.len().max(other.done.len()).max(other.hidden.len());
        if !(1..words).all(fits) || self.guesses != other.guesses {
            return false;
        }
        if !self.used.iter().all(|&(class, count)| count <= other.used(class)) {
            return false;
        }
        // What was left last comes last, and there they differ most.
        for &(state, left) in other.past.iter().rev() {
            if !self.held_since(state, left) {
                return false;
            }
        }
        true
    }

    /// Whether it is in `state`, or left it then or later.
    #[inline]
    fn held_since(&self, state: StateId, left: Stamp) -> bool {
        if state == self.state {
            return true;
        }
        for &(past, when) in self.past.iter().rev() {
            if when < left {
                return false;
            }
            if past == state {
                return true;
            }
        }
        false
    }
}

/// A configuration whose successors are to be tried.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) config: Config,
    /// Whether the latest operations linearized for this return were all ones that may as well
    /// come after it.
    pub(super) idle: bool,
}

/// Which configurations a frontier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// All that there are.
    All,
    /// Some of them.
    Below,
    /// Those that there would be if any crashed operation could take effect again and again: all
    /// that there are are among them.
    Above,
}

/// Where only some configurations are kept, so many; in tests so few that some get lost.
pub(super) const WIDTH: usize = if cfg!(test) { 3 } else { 64 };

/// Configurations of which none is as good as another.
#[derive(Debug)]
pub(super) struct Configs {
    list: Vec<Config>,
    /// Positions by the number of the state, once there are many. Numbers are given out in turn, so
    /// that they need no seed, and without one those of a state have the same order in every run.
    index: HashTable<(u64, u32)>,
    /// How many were looked at to add others.
    compared: u64,
}

/// So many are looked through without an index.
const FEW: usize = 16;

impl Default for Configs {
    fn default() -> Self {
        Configs { list: Vec::new(), index: HashTable::new(), compared: 0 }
    }
}

impl Configs {
    #[inline]
    pub(super) fn as_slice(&self) -> &[Config] {
        &self.list
    }

    /// To change them, in a way that keeps each as good as it was compared to the others.
    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [Config] {
        &mut self.list
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.index.clear();
    }

    /// How many were looked at, to add others, since this was last asked.
    pub(super) fn take_compared(&mut self) -> u64 {
        std::mem::take(&mut self.compared)
    }

    /// Takes all of them.
    pub(super) fn take(&mut self) -> Vec<Config> {
        self.index.clear();
        std::mem::take(&mut self.list)
    }

    /// Gives back the memory of what was taken.
    pub(super) fn reuse(&mut self, mut list: Vec<Config>) {
        if self.list.capacity() == 0 {
            list.clear();
            self.list = list;
        }
    }

    /// Adds a configuration, unless one is as good; what is worse goes. Returns whether it was
    /// added.
    #[expect(clippy::disallowed_methods, reason = "an order without a seed")]
    pub(super) fn insert(&mut self, config: Config, pure: &Bits) -> bool {
        if self.list.len() < FEW {
            if self.list.iter().any(|old| old.is_as_good(&config, pure)) {
                return false;
            }
            self.list.retain(|old| !config.is_as_good(old, pure));
            self.list.push(config);
            if self.list.len() == FEW {
                self.build_index();
            }
            return true;
        }
        let hash = spread(config.state);
        let mut worse = Vec::new();
        for &(_, at) in self.index.iter_hash(hash) {
            self.compared += 1;
            let old = &self.list[at as usize];
            if old.is_as_good(&config, pure) {
                return false;
            }
            if config.is_as_good(old, pure) {
                worse.push(at);
            }
        }
        // The first that goes makes room for the new one.
        if let Some((&at, others)) = worse.split_first() {
            self.list[at as usize] = config;
            let mut others = others.to_vec();
            others.sort_unstable();
            others.into_iter().rev().for_each(|at| self.remove(at));
        } else {
            self.index.insert_unique(hash, (hash, self.list.len() as u32), |&(hash, _)| hash);
            self.list.push(config);
        }
        true
    }

    fn remove(&mut self, at: u32) {
        let own = spread(self.list[at as usize].state);
        if let Ok(entry) = self.index.find_entry(own, |&(_, other)| other == at) {
            entry.remove();
        }
        let last = self.list.len() as u32 - 1;
        if at != last {
            let moved = spread(self.list[last as usize].state);
            if let Some(entry) = self.index.find_mut(moved, |&(_, other)| other == last) {
                entry.1 = at;
            }
        }
        self.list.swap_remove(at as usize);
        if self.list.len() < FEW {
            self.index.clear();
        }
    }

    fn build_index(&mut self) {
        self.index.clear();
        for (at, config) in self.list.iter().enumerate() {
            let hash = spread(config.state);
            self.index.insert_unique(hash, (hash, at as u32), |&(hash, _)| hash);
        }
    }
}
