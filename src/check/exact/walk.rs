//! Walks over configurations, layer by layer, that keep only the best of each layer: for deciders
//! that have to choose which of several equal operations an answer speaks of.
//!
//! Where a walk gets stuck, the last part is walked once more, and more are kept. Only if nothing
//! was left out up to there, there is no way.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use crate::history::hash::Seeded;

/// So many configurations of one layer are kept where all goes well, and so many at most.
const WIDTH: usize = 4;
const WIDEST: usize = 1 << 12;

/// Between two places to which the walk can go back, so many layers are passed.
const STRIDE: usize = 16;

/// Between two looks at the limits, so many configurations are visited.
const LOOK_EVERY: u64 = 256;

/// No node.
const NONE: u32 = u32::MAX;

/// Where a walk is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The number of the layer, from 0.
    pub(super) length: usize,
    /// So many configurations of the next one are kept.
    pub(super) width: usize,
}

/// What is walked over.
pub(super) trait Board {
    /// What was chosen so far, as far as it matters for what can be chosen next.
    type Config: Clone + Eq + Hash;
    /// What leads from one configuration to another.
    type Choice: Clone;

    /// Returns whether nothing is left to choose.
    fn is_over(&self, config: &Self::Config) -> bool;

    /// Returns what speaks against a configuration, other things being equal.
    fn cost(&self, config: &Self::Config) -> u64;

    /// Finds the configurations of the next layer that follow `config`, which is at `place`; one
    /// that visits others on the way takes that from the `work`. Returns whether these are all.
    fn expand(
        &mut self,
        config: &Self::Config,
        place: Place,
        work: &mut Work<'_>,
        found: &mut Vec<(Self::Config, Self::Choice)>,
    ) -> bool;
}

/// How much may be visited still.
pub(super) struct Work<'a> {
    left: u64,
    looked: u64,
    is_stopped: &'a dyn Fn() -> bool,
}

impl<'a> Work<'a> {
    /// So many configurations, unless it `is_stopped` before.
    pub(super) fn new(most: u64, is_stopped: &'a dyn Fn() -> bool) -> Work<'a> {
        Work { left: most, looked: most, is_stopped }
    }

    /// Takes so many; returns whether they were left.
    pub(super) fn allows(&mut self, visits: u64) -> bool {
        let Some(left) = self.left.checked_sub(visits) else {
            self.left = 0;
            return false;
        };
        if self.looked >= left + LOOK_EVERY {
            self.looked = left;
            if (self.is_stopped)() {
                self.left = 0;
                return false;
            }
        }
        self.left = left;
        true
    }
}

/// What a walk came to.
pub(super) enum Outcome<Choice> {
    /// These lead from the start to the end.
    Way(Vec<Choice>),
    /// There is no way.
    Nothing,
    /// The work was up.
    Unknown,
}

/// A configuration that is kept.
#[derive(Clone)]
struct Entry<Config> {
    config: Config,
    node: u32,
}

/// Configurations of so many choices.
#[derive(Clone)]
struct Layer<Config> {
    length: usize,
    entries: Vec<Entry<Config>>,
    /// Whether they are all that there are.
    is_whole: bool,
}

/// How wide the walk is, and where it can go back to.
struct Walk<Config> {
    width: usize,
    /// Where it got stuck last; behind it, few are kept again.
    obstacle: usize,
    /// How often it got stuck there.
    tries: u32,
    marks: Vec<Layer<Config>>,
}

impl<Config: Clone> Walk<Config> {
    /// Remembers where the walk is, now and then.
    fn pass(&mut self, layer: &Layer<Config>) {
        if layer.length > self.obstacle {
            self.width = WIDTH;
        }
        if self.marks.last().is_none_or(|mark| layer.length >= mark.length + STRIDE) {
            self.marks.push(layer.clone());
        }
    }

    /// Goes back from where it is stuck, further each time, and keeps more.
    fn go_back(&mut self, length: usize) -> Option<Layer<Config>> {
        if length > self.obstacle {
            (self.obstacle, self.tries) = (length, 0);
        }
        self.tries += 1;
        self.width = WIDTH << (2 * self.tries);
        if self.width > WIDEST {
            return None;
        }
        let until = self.obstacle.saturating_sub(STRIDE << (2 * self.tries));
        while self.marks.len() > 1 && self.marks.last().is_some_and(|mark| mark.length > until) {
            self.marks.pop();
        }
        self.marks.last().cloned()
    }
}

/// How a configuration came about.
struct Node<Choice> {
    parent: u32,
    choice: Choice,
}

/// Walks from `start` until nothing is left to choose, or no configuration, within `work`.
pub(super) fn search<B: Board>(
    board: &mut B,
    start: B::Config,
    work: &mut Work<'_>,
) -> Outcome<B::Choice> {
    let entries = vec![Entry { config: start, node: NONE }];
    let mut layer = Layer { length: 0, entries, is_whole: true };
    let mut nodes: Vec<Node<B::Choice>> = Vec::new();
    let mut walk = Walk { width: WIDTH, obstacle: 0, tries: 0, marks: vec![layer.clone()] };
    loop {
        if let Some(entry) = layer.entries.iter().find(|entry| board.is_over(&entry.config)) {
            return Outcome::Way(retrace(&nodes, entry.node));
        }
        if !work.allows(layer.entries.len() as u64) {
            return Outcome::Unknown;
        }
        layer = longer(board, &layer, walk.width, &mut nodes, work);
        if !layer.entries.is_empty() {
            walk.pass(&layer);
        } else if layer.is_whole {
            return Outcome::Nothing;
        } else if let Some(mark) = walk.go_back(layer.length) {
            layer = mark;
        } else {
            return Outcome::Unknown;
        }
    }
}

/// The best `width` configurations of the next layer.
fn longer<B: Board>(
    board: &mut B,
    layer: &Layer<B::Config>,
    width: usize,
    nodes: &mut Vec<Node<B::Choice>>,
    work: &mut Work<'_>,
) -> Layer<B::Config> {
    let (seed, mut known) = (Seeded::default(), HashTable::new());
    let mut found = Vec::new();
    let mut next: Vec<(B::Config, B::Choice, u32)> = Vec::new();
    let mut is_whole = layer.is_whole;
    for Entry { config, node } in &layer.entries {
        let place = Place { length: layer.length, width };
        is_whole &= board.expand(config, place, work, &mut found);
        for (config, choice) in found.drain(..) {
            let is_known = |&at: &u32| next[at as usize].0 == config;
            let hash = seed.hash_one(&config);
            if known.find(hash, is_known).is_none() {
                let hash_of = |&at: &u32| seed.hash_one(&next[at as usize].0);
                known.insert_unique(hash, next.len() as u32, hash_of);
                next.push((config, choice, *node));
            }
        }
    }
    if next.len() > width {
        is_whole = false;
        next.sort_by_cached_key(|(config, ..)| board.cost(config));
        next.truncate(width);
    }
    let enter = |(config, choice, parent)| {
        nodes.push(Node { parent, choice });
        Entry { config, node: nodes.len() as u32 - 1 }
    };
    let entries = next.into_iter().map(enter).collect();
    Layer { length: layer.length + 1, entries, is_whole }
}

/// The choices that end with the one of the node `last`.
fn retrace<Choice: Clone>(nodes: &[Node<Choice>], last: u32) -> Vec<Choice> {
    let mut choices = Vec::new();
    let mut at = last;
    while let Some(node) = nodes.get(at as usize) {
        choices.push(node.choice.clone());
        at = node.parent;
    }
    choices.reverse();
    choices
}
