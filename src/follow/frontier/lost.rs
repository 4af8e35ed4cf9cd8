//! Crashed operations of one object: they may take effect at any later time, or never. Those that
//! are interchangeable are one class with a number.

use hashbrown::HashTable;

use super::config::{Config, Side, Stamp};
use crate::history::hash::{self, Map};
use crate::model::{AnyOp, Establishes, Facts, Token};

/// Interchangeable crashed operations.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) op: AnyOp,
    pub(super) facts: Facts,
    /// Whether tokens do not tell what they need or do.
    pub(super) is_opaque: bool,
    /// When they were called, ascending.
    calls: Vec<Stamp>,
    /// When those took effect that have done so in every configuration, ascending.
    spent: Vec<Stamp>,
    /// Whether more may be left in a configuration than in the one that is held in its place.
    is_doubtful: bool,
}

impl Class {
    /// Whether one more of them may take effect `when` or later, where those `used` did.
    fn is_left(&self, used: &[(u32, Stamp)], when: Stamp) -> bool {
        let Class { calls, spent, .. } = self;
        if spent.len() + used.len() >= calls.len() {
            return false;
        }
        // As each takes effect after its call, at no time may more have done so than were called.
        let until = |time: Stamp| {
            let called = calls.partition_point(|&call| call <= time);
            let used = used.partition_point(|&(_, used)| used <= time);
            called > used + spent.partition_point(|&used| used <= time)
        };
        let later = spent.iter().chain(used.iter().map(|(_, used)| used));
        until(when) && later.filter(|&&used| used > when).all(|&used| until(used))
    }
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
    /// The classes of which some are spent.
    spent: Vec<u32>,
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
            spent: Vec::new(),
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

    /// All classes of which any may be left.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        let is_left = |class: &Class| class.is_doubtful || class.spent.len() < class.calls.len();
        (0..self.classes.len() as u32).filter(move |&at| is_left(self.class(at)))
    }

    /// The operations of all classes.
    pub(super) fn operations(&self) -> impl Iterator<Item = &AnyOp> {
        let is_there = |class: &&Class| class.is_doubtful || !class.calls.is_empty();
        self.classes.iter().filter(is_there).map(|class| &class.op)
    }

    /// Whether one of `class` may take effect in `config` now, or `when` that was, as of `side`.
    pub(super) fn is_left(&self, config: &Config, class: u32, when: Stamp, side: Side) -> bool {
        let own = self.class(class);
        match side {
            Side::Above => own.calls.first().is_some_and(|&call| call <= when),
            Side::All | Side::Below => own.is_left(config.used(class), when),
        }
    }

    /// Whether more of `class` may be left than is known.
    pub(super) fn is_doubtful(&self, class: u32) -> bool {
        self.class(class).is_doubtful
    }

    /// Takes note that more of `class` may be left than is known; whether that is new.
    pub(super) fn doubt(&mut self, class: u32) -> bool {
        !std::mem::replace(&mut self.classes[class as usize].is_doubtful, true)
    }

    /// Adds an operation, which is opaque or not; returns its class.
    pub(super) fn add(&mut self, op: &AnyOp, facts: Facts, is_opaque: bool, called: Stamp) -> u32 {
        let hash = hash::of(op);
        let classes = &mut self.classes;
        if let Some(&at) = self.index.find(hash, |&at| classes[at as usize].op == *op) {
            let calls = &mut classes[at as usize].calls;
            calls.insert(calls.partition_point(|&other| other <= called), called);
            return at;
        }
        let (calls, spent) = (vec![called], Vec::new());
        let class = Class { op: op.clone(), facts, is_opaque, calls, spent, is_doubtful: false };
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

    /// Takes those from `configs` that took effect in all of them, and forgets what makes no
    /// difference to whoever looks back to what was `oldest` or later.
    pub(super) fn settle(&mut self, configs: &mut [Config], oldest: Stamp) {
        for config in &mut *configs {
            // Those of one class stay in order.
            let early = config.used.iter_mut().filter(|(_, when)| *when < oldest);
            early.for_each(|(_, when)| *when = 0);
        }
        let common = common(configs);
        for config in configs.iter_mut().filter(|_| !common.is_empty()) {
            let mut common = common.iter().peekable();
            config.used.retain(|used| common.next_if_eq(&used).is_none());
        }
        for (class, when) in common {
            let spent = &mut self.classes[class as usize].spent;
            if spent.is_empty() {
                self.spent.push(class);
            }
            spent.insert(spent.partition_point(|&other| other <= when), when);
        }
        for class in std::mem::take(&mut self.spent) {
            let Class { calls, spent, is_doubtful, .. } = &mut self.classes[class as usize];
            let is_early = |when: &Stamp| *when < oldest;
            let count = calls.partition_point(is_early).min(spent.partition_point(is_early));
            calls.drain(..count);
            spent.drain(..count);
            if !spent.is_empty() {
                self.spent.push(class);
            }
            if calls.is_empty() && !*is_doubtful {
                self.remove(class);
            }
        }
    }

    fn remove(&mut self, class: u32) {
        let at = class as usize;
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

/// The crashed operations that took effect in all of `configs`, at the same time.
fn common(configs: &[Config]) -> Vec<(u32, Stamp)> {
    let shortest = configs.iter().map(|config| &config.used).min_by_key(|used| used.len());
    let mut common = shortest.cloned().unwrap_or_default();
    for config in configs {
        if common.is_empty() {
            break;
        }
        let mut used = config.used.iter().peekable();
        common.retain(|one| {
            while used.next_if(|other| *other < one).is_some() {}
            used.next_if_eq(&one).is_some()
        });
    }
    common
}

/// Whether tokens do not tell what an operation needs, or what it does.
pub(super) fn is_opaque(facts: &Facts, tokens_suffice: bool) -> bool {
    if facts.overwrites || facts.commutes {
        return false;
    }
    let needs = facts.requires.is_some() && facts.forbids.is_none() && tokens_suffice;
    !needs || !facts.pure && facts.establishes == Establishes::Unknown
}
