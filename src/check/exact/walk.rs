//! Walks over configurations, layer by layer, that keep only the best of each layer: for deciders
//! that have to choose which of several equal operations an answer speaks of.
//!
//! Where a walk gets stuck, the last part is walked once more, and more are kept. Only if nothing
//! was left out up to there, there is no way.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use super::retreat::{Manner, Retreat};
use super::work::Work;
use crate::history::hash::Seeded;

/// How a walk over layers goes back.
const MANNER: Manner =
    Manner { width: 4, widest: 1 << 12, wider: 2, stride: 16, back: 16, further: 2 };

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
    let mut retreat = Retreat::new(MANNER, layer.clone());
    loop {
        if let Some(entry) = layer.entries.iter().find(|entry| board.is_over(&entry.config)) {
            return Outcome::Way(retrace(&nodes, entry.node));
        }
        if !work.allows(layer.entries.len() as u64) {
            return Outcome::Unknown;
        }
        layer = longer(board, &layer, retreat.width(), &mut nodes, work);
        if !layer.entries.is_empty() {
            retreat.pass(layer.length as u32, || layer.clone());
        } else if layer.is_whole {
            return Outcome::Nothing;
        } else if let Some(mark) = retreat.go_back(layer.length as u32) {
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
