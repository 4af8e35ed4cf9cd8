//! What was done so far.

use std::collections::hash_map::Entry;
use std::rc::Rc;

use super::problem::NONE;
use crate::history::hash::{Map, Set, spread};

/// A configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) value: i64,
    /// The number of the value; [`NONE`] if it has none.
    pub(super) number: u32,
    /// The open operations that took effect.
    pub(super) done: u128,
    /// Those that need not be seen: a put came after their calls, which may have hidden them.
    pub(super) hidden: u128,
    pub(super) used: Rc<Used>,
    pub(super) step: u32,
}

/// Which crashed operations took effect.
#[derive(Clone, Default, Debug)]
pub(super) struct Used {
    /// How many, by classes.
    counts: Rc<[u32]>,
    /// A hash of these.
    key: u64,
    /// What they cost.
    pub(super) cost: i64,
}

impl Used {
    /// None, of so many classes.
    pub(super) fn none(classes: usize) -> Used {
        Used { counts: vec![0; classes].into(), key: 0, cost: 0 }
    }

    pub(super) fn count(&self, class: u32) -> u32 {
        self.counts[class as usize]
    }

    /// One more of a class.
    pub(super) fn with(&self, class: u32, cost: i64) -> Used {
        let one = |(at, &count): (u32, &u32)| count + u32::from(at == class);
        Used {
            counts: (0..).zip(self.counts.iter()).map(one).collect(),
            key: self.key.wrapping_add(spread(spread(class + 1) >> 7)),
            cost: self.cost + cost,
        }
    }
}

/// How something took effect.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    /// The operation at this position did.
    Op(u32),
    /// A crashed one of this class did.
    Crashed(u32),
    /// The operation at this position did, unseen, before the last put.
    Hidden(u32),
}

/// A step of the trail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    parent: u32,
    by: By,
}

/// The steps of all configurations.
#[derive(Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
}

impl Steps {
    /// A step behind that of `parent`.
    pub(super) fn push(&mut self, parent: u32, by: By) -> u32 {
        self.steps.push(Step { parent, by });
        self.steps.len() as u32 - 1
    }

    /// The steps that lead to `last`.
    pub(super) fn to(&self, last: u32) -> Vec<By> {
        let mut taken = Vec::new();
        let mut at = last;
        while at != NONE {
            let Step { parent, by } = self.steps[at as usize];
            taken.push(by);
            at = parent;
        }
        taken.reverse();
        taken
    }
}

/// A configuration with what speaks against it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) config: Config,
    /// What its values lack, so that it need not be counted anew.
    pub(super) lack: i64,
    pub(super) cost: i64,
}

/// What makes two configurations the same, but for who crashed.
type Key = (i64, u128, u128);

/// The configurations that were met, of which only some are told apart by the crashed operations
/// alone.
pub(super) struct Met {
    known: Set<(Key, u64)>,
    variants: Map<Key, (i64, u32)>,
    most: u32,
}

impl Met {
    pub(super) fn new(most: u32) -> Met {
        Met { known: Set::default(), variants: Map::default(), most }
    }

    /// Whether a configuration is new, and not too much like others, or better than these.
    pub(super) fn is_new(&mut self, config: &Config) -> bool {
        let key = (config.value, config.done, config.hidden);
        if !self.known.insert((key, config.used.key)) {
            return false;
        }
        match self.variants.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((config.used.cost, 1));
                true
            }
            Entry::Occupied(mut entry) => {
                let (least, count) = entry.get_mut();
                *count += 1;
                let is_better = config.used.cost < *least;
                *least = config.used.cost.min(*least);
                is_better || *count <= self.most
            }
        }
    }
}
