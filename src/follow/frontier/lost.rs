//! Crashed operations of one object: they may take effect at any later time, or never. Those that
//! are interchangeable are one class with a number.

use hashbrown::HashTable;

use super::config::Config;
use crate::history::hash::{self, Map};
use crate::model::{AnyOp, Establishes, Facts, Token};

/// Interchangeable crashed operations.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) op: AnyOp,
    pub(super) facts: Facts,
    /// Whether tokens do not tell what they need or do.
    is_opaque: bool,
    /// How many of them may not have taken effect yet, in some configuration.
    pub(super) count: u32,
}

/// The crashed operations of one object that may still take effect.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    /// Classes of which none is left are reused.
    classes: Vec<Class>,
    empty: Vec<u32>,
    index: HashTable<u32>,
    /// The classes that establish a token.
    giving: Map<Token, Vec<u32>>,
    /// The classes that establish nothing that is known.
    others: Vec<u32>,
    /// How many classes are opaque.
    opaque: u32,
}

impl Default for Lost {
    fn default() -> Self {
        Lost {
            classes: Vec::new(),
            empty: Vec::new(),
            index: HashTable::new(),
            giving: Map::default(),
            others: Vec::new(),
            opaque: 0,
        }
    }
}

impl Lost {
    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub(super) fn class(&self, class: u32) -> &Class {
        &self.classes[class as usize]
    }

    /// The classes that establish `token`.
    pub(super) fn giving(&self, token: Token) -> &[u32] {
        self.giving.get(&token).map_or(&[], Vec::as_slice)
    }

    /// The classes of which it is not known what they establish.
    pub(super) fn others(&self) -> &[u32] {
        &self.others
    }

    /// Whether tokens do not tell what some of them need or do.
    pub(super) fn are_opaque(&self) -> bool {
        self.opaque > 0
    }

    /// All classes of which any is left.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        (0..self.classes.len() as u32).filter(|&at| self.classes[at as usize].count > 0)
    }

    /// All classes of which any is left, with their operations.
    pub(super) fn operations(&self) -> impl Iterator<Item = &AnyOp> {
        self.classes.iter().filter(|class| class.count > 0).map(|class| &class.op)
    }

    /// Adds an operation, which is opaque or not; returns its class.
    pub(super) fn add(&mut self, op: &AnyOp, facts: Facts, is_opaque: bool) -> u32 {
        let hash = hash::of(op);
        let classes = &mut self.classes;
        if let Some(&at) = self.index.find(hash, |&at| classes[at as usize].op == *op) {
            classes[at as usize].count += 1;
            return at;
        }
        let class = Class { op: op.clone(), facts, is_opaque, count: 1 };
        self.opaque += u32::from(is_opaque);
        let at = match self.empty.pop() {
            Some(at) => {
                classes[at as usize] = class;
                at
            }
            None => {
                classes.push(class);
                classes.len() as u32 - 1
            }
        };
        self.index.insert_unique(hash, at, |&at| hash::of(&classes[at as usize].op));
        self.list_of(&facts).push(at);
        at
    }

    /// Forgets those that took effect in all of `configs`.
    pub(super) fn settle(&mut self, configs: &mut [Config]) {
        let Some(shortest) = configs.iter().map(|config| &config.used).min_by_key(|u| u.len())
        else {
            return;
        };
        let common: Vec<(u32, u32)> = shortest
            .iter()
            .filter_map(|&(class, _)| {
                let least = configs.iter().map(|config| config.used(class)).min();
                least.filter(|&least| least > 0).map(|least| (class, least))
            })
            .collect();
        for (class, count) in common {
            for config in &mut *configs {
                config.used.iter_mut().for_each(|(of, used)| {
                    *used -= if *of == class { count } else { 0 };
                });
                config.used.retain(|&(_, used)| used > 0);
            }
            self.remove(class, count);
        }
    }

    fn remove(&mut self, class: u32, count: u32) {
        let at = class as usize;
        self.classes[at].count -= count;
        if self.classes[at].count > 0 {
            return;
        }
        if let Ok(entry) =
            self.index.find_entry(hash::of(&self.classes[at].op), |&other| other == class)
        {
            entry.remove();
        }
        let Class { facts, is_opaque, .. } = &self.classes[at];
        let (facts, is_opaque) = (*facts, *is_opaque);
        self.opaque -= u32::from(is_opaque);
        self.list_of(&facts).retain(|&other| other != class);
        if let Establishes::Token(token) = facts.establishes
            && self.giving(token).is_empty()
        {
            self.giving.remove(&token);
        }
        self.empty.push(class);
    }

    fn list_of(&mut self, facts: &Facts) -> &mut Vec<u32> {
        match facts.establishes {
            Establishes::Token(token) => self.giving.entry(token).or_default(),
            Establishes::Unknown | Establishes::Same => &mut self.others,
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Lost::default();
    }

    /// Approximate heap memory in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.classes.capacity() * size_of::<Class>() + self.giving.capacity() * 64
    }
}

/// Whether tokens do not tell what an operation needs, or what it does.
pub(super) fn is_opaque(facts: &Facts, tokens_suffice: bool) -> bool {
    if facts.overwrites || facts.commutes {
        return false;
    }
    let needs = facts.requires.is_some() && facts.forbids.is_none() && tokens_suffice;
    !needs || !facts.pure && facts.establishes == Establishes::Unknown
}
