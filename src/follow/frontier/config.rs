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
    /// The crashed operations that are linearized: the class of each, and when; ascending.
    pub(super) used: Vec<(u32, Stamp)>,
    /// Whether it used a crashed operation that may not have been left; see
    /// [`Configs::insert`].
    pub(super) is_doubtful: bool,
    /// Operations that were linearized before it was known what they return: their slot, and the
    /// states before and after; by slot.
    pub(super) guesses: Vec<(u32, StateId, StateId)>,
    /// States that it left, as long as somebody may have seen them; by when.
    pub(super) past: Vec<Left>,
}

/// A state that a configuration left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Left {
    pub(super) state: StateId,
    pub(super) when: Stamp,
    /// Whether an overwrite came next: then others may have come before it that nobody saw.
    pub(super) overwritten: bool,
}

impl Config {
    pub(super) fn new(state: StateId) -> Self {
        Config {
            state,
            done: Bits::default(),
            hidden: Bits::default(),
            used: Vec::new(),
            is_doubtful: false,
            guesses: Vec::new(),
            past: Vec::new(),
        }
    }

    /// The same, where any crashed operation can take effect again and again.
    pub(super) fn without_used(&self) -> Config {
        Config { used: Vec::new(), is_doubtful: false, ..self.clone() }
    }

    /// Passes the numbers of all states that it holds to `visit`.
    pub(super) fn states(&self, mut visit: impl FnMut(StateId)) {
        visit(self.state);
        self.past.iter().for_each(|left| visit(left.state));
        for &(_, before, after) in &self.guesses {
            visit(before);
            visit(after);
        }
    }

    /// The crashed operations of a class that are linearized.
    pub(super) fn used(&self, class: u32) -> &[(u32, Stamp)] {
        // Usually there are few in all.
        let start = self.used.partition_point(|&(other, _)| other < class);
        let count = self.used[start..].partition_point(|&(other, _)| other == class);
        &self.used[start..start + count]
    }

    /// Linearizes one more of a class of crashed operations.
    pub(super) fn use_one(&mut self, class: u32, when: Stamp) {
        let at = self.used.partition_point(|&used| used <= (class, when));
        self.used.insert(at, (class, when));
    }

    /// Remembers a state that it left, perhaps before others that are remembered.
    pub(super) fn leave(&mut self, left: Left) {
        let at = self.past.partition_point(|other| other.when <= left.when);
        self.past.insert(at, left);
    }

    /// The hash of what is the same in all that it may be as good as: the state, what was guessed,
    /// and which operations are linearized but for those that are `free`.
    fn hash(&self, free: &Bits) -> u64 {
        let words = (0..self.done.len()).map(|at| self.done.word(at) & !free.word(at));
        let guesses = self.guesses.iter().flat_map(|&(slot, before, after)| [slot, before, after]);
        let all = words.filter(|&word| word != 0).chain(guesses.map(u64::from));
        all.fold(spread(self.state), |hash, word| spread(hash ^ word))
    }

    /// Whether it can do whatever `other` can, where `pure` are the open operations that change
    /// nothing.
    fn is_as_good(&self, other: &Config, pure: &Bits) -> bool {
        (other.is_doubtful || !self.is_doubtful)
            && self.covers(other, pure)
            && self.uses_no_more(other)
    }

    /// Whether it can do whatever `other` can, as long as no crashed operation is missing.
    fn covers(&self, other: &Config, pure: &Bits) -> bool {
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
        // What was left last comes last, and there they differ most.
        other.past.iter().rev().all(|left| self.held_since(left))
    }

    /// How it compares with another that covers the same: the less, the more crashed operations
    /// are left.
    fn rank(&self) -> (bool, usize) {
        (self.is_doubtful, self.used.len())
    }

    /// Adds the classes of which it used more crashed operations than `other`, or earlier ones.
    fn used_beyond(&self, other: &Config, classes: &mut Vec<u32>) {
        for own in self.used.chunk_by(|one, next| one.0 == next.0) {
            let others = other.used(own[0].0);
            let is_less = own.len() <= others.len();
            if !is_less || own.iter().zip(others).any(|(own, other)| own.1 < other.1) {
                classes.push(own[0].0);
            }
        }
    }

    /// Whether it has used no more of any class of crashed operations, and none earlier.
    fn uses_no_more(&self, other: &Config) -> bool {
        if self.used.len() > other.used.len() {
            return false;
        }
        let mut others = other.used.iter();
        let mut last = None;
        self.used.iter().all(|&(class, when)| {
            // The first of a class is compared with the first, the second with the second.
            let next = match last {
                Some(same) if same == class => others.next(),
                _ => others.find(|&&(other, _)| other >= class),
            };
            last = Some(class);
            next.is_some_and(|&(other, earlier)| other == class && earlier <= when)
        })
    }

    /// Whether whoever saw the other one in that state may have seen this one so, and what may have
    /// come next there, here, too.
    #[inline]
    fn held_since(&self, left: &Left) -> bool {
        if left.state == self.state && !left.overwritten {
            return true;
        }
        let since = self.past.iter().rev().take_while(|own| own.when >= left.when);
        since.into_iter().any(|own| own.state == left.state && own.overwritten >= left.overwritten)
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
    /// Positions by what must be equal for one to be as good as another, once there are many. All
    /// of that are numbers which are given out in turn, so that they need no seed, and without one
    /// the order is the same in every run.
    index: HashTable<(u64, u32)>,
    /// As of when that was made, the open operations in which they may differ nonetheless.
    free: Bits,
    /// How many were looked at to add others.
    compared: u64,
    /// From so many on, of several that cover the same one is held.
    lean: usize,
    /// The classes of which one that was left out may have had more left.
    doubts: Vec<u32>,
}

/// Whether one configuration is held in the place of another that may have more crashed operations
/// left; then adds their classes to `doubts`.
fn replaces(one: &Config, other: &Config, pure: &Bits, doubts: &mut Vec<u32>) -> bool {
    let replaces = one.rank() <= other.rank() && one.covers(other, pure);
    if replaces {
        one.used_beyond(other, doubts);
    }
    replaces
}

/// So many are looked through without an index.
const FEW: usize = 16;

impl Default for Configs {
    fn default() -> Self {
        Configs {
            list: Vec::new(),
            index: HashTable::new(),
            free: Bits::default(),
            compared: 0,
            lean: usize::MAX,
            doubts: Vec::new(),
        }
    }
}

impl Configs {
    /// From `lean` configurations on, one of several that cover the same is held.
    pub(super) fn set_lean(&mut self, lean: usize) {
        self.lean = lean;
    }

    /// Whether there are so many that one of several that cover the same is held.
    pub(super) fn is_lean(&self) -> bool {
        self.list.len() >= self.lean
    }

    /// The classes of which a configuration that was left out since this was last asked may have
    /// had more left than the one that is held in its place.
    pub(super) fn take_doubts(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.doubts)
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[Config] {
        &self.list
    }

    /// To change them, in a way that keeps each as good as it was compared to the others.
    #[inline]
    pub(super) fn as_mut_slice(&mut self) -> &mut [Config] {
        self.index.clear();
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

    /// How many were looked at since that was last asked for, which goes on.
    pub(super) fn compared(&self) -> u64 {
        self.compared
    }

    /// Takes all of them.
    pub(super) fn take(&mut self) -> Vec<Config> {
        self.index.clear();
        std::mem::take(&mut self.list)
    }

    /// Adds a configuration, unless one is as good; what is worse goes. Returns whether it was
    /// added. The open operations are given that change nothing, and those that overwrite.
    ///
    /// Where there are many, another one that covers the same is enough, too, though it used other
    /// crashed operations: their classes become doubts.
    #[expect(clippy::disallowed_methods, reason = "an order without a seed")]
    pub(super) fn insert(&mut self, config: Config, [pure, covered]: [&Bits; 2]) -> bool {
        if self.list.len() < FEW {
            if self.list.iter().any(|old| old.is_as_good(&config, pure)) {
                return false;
            }
            let is_lean = self.is_lean();
            if is_lean && self.list.iter().any(|old| replaces(old, &config, pure, &mut self.doubts))
            {
                return false;
            }
            let Configs { list, doubts, .. } = self;
            list.retain(|old| {
                let goes =
                    config.is_as_good(old, pure) || is_lean && replaces(&config, old, pure, doubts);
                !goes
            });
            self.list.push(config);
            self.index.clear();
            return true;
        }
        let mut free = pure.clone();
        free.insert_all(covered);
        if self.index.is_empty() || free != self.free {
            self.free = free;
            self.build_index();
        }
        let hash = config.hash(&self.free);
        let is_lean = self.is_lean();
        let mut worse = Vec::new();
        for &(other, at) in self.index.iter_hash(hash) {
            if other != hash {
                continue;
            }
            self.compared += 1;
            let old = &self.list[at as usize];
            if old.is_as_good(&config, pure)
                || is_lean && replaces(old, &config, pure, &mut self.doubts)
            {
                return false;
            }
            if config.is_as_good(old, pure)
                || is_lean && replaces(&config, old, pure, &mut self.doubts)
            {
                worse.push(at);
            }
        }
        // The first that goes makes room for the new one.
        worse.sort_unstable();
        if let Some((&at, others)) = worse.split_first() {
            self.list[at as usize] = config;
            others.iter().rev().for_each(|&at| self.remove(at));
        } else {
            self.index.insert_unique(hash, (hash, self.list.len() as u32), |&(hash, _)| hash);
            self.list.push(config);
        }
        true
    }

    fn remove(&mut self, at: u32) {
        let own = self.list[at as usize].hash(&self.free);
        if let Ok(entry) = self.index.find_entry(own, |&(_, other)| other == at) {
            entry.remove();
        }
        let last = self.list.len() as u32 - 1;
        if at != last {
            let moved = self.list[last as usize].hash(&self.free);
            if let Some(entry) = self.index.find_mut(moved, |&(_, other)| other == last) {
                entry.1 = at;
            }
        }
        self.list.swap_remove(at as usize);
    }

    fn build_index(&mut self) {
        self.index.clear();
        for (at, config) in self.list.iter().enumerate() {
            let hash = config.hash(&self.free);
            self.index.insert_unique(hash, (hash, at as u32), |&(hash, _)| hash);
        }
    }
}
