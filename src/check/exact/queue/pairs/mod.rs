//! Queues in which values repeat: which put each take found is chosen pair by pair.
//!
//! The n-th take finds what the n-th put put in, so that the order of puts and the order of takes
//! tell the same values. Both are built in step, although takes may come much later than the puts
//! that they find: a step chooses the next put and the take of it, of those of one value always
//! the ones that return first. A configuration is what is left of both; all of one length are
//! visited before longer ones, and of these only the best are kept. Where that leads nowhere, the
//! last part is walked once more, and more are kept: only if that were all, up to the start, there
//! is no linearization.
mod queue;
mod sides;

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::super::values::Act;
use super::super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::history::hash::Seeded;
use crate::history::{Rank, sort};
use crate::model::Pos;
use queue::{Choice, Config, Queue};

/// So many configurations of one length are kept where all goes well, and so many at most.
const WIDTH: usize = 4;
const WIDEST: usize = 1 << 12;

/// Between two places to which the walk can go back, so many pairs are chosen.
const STRIDE: usize = 16;

/// So many configurations are visited at most, and so many for each operation.
const MOST: u64 = 400_000;
const MOST_FOR_EACH: u64 = 64;

/// Between two looks at the limits, so many are visited.
const LOOK_EVERY: u64 = 256;

/// No operation.
const NONE: u32 = u32::MAX;

/// A configuration that is kept.
#[derive(Clone)]
struct Entry {
    config: Config,
    node: u32,
}

/// Configurations of so many pairs.
#[derive(Clone)]
struct Layer {
    length: usize,
    entries: Vec<Entry>,
    /// Whether they are all that there are.
    is_whole: bool,
}

/// How wide the walk is, and where it can go back to.
struct Walk {
    width: usize,
    /// Where it got stuck last; behind it, few are kept again.
    obstacle: usize,
    /// How often it got stuck there.
    tries: u32,
    marks: Vec<Layer>,
}

impl Walk {
    /// Remembers where the walk is, now and then.
    fn pass(&mut self, layer: &Layer) {
        if layer.length > self.obstacle {
            self.width = WIDTH;
        }
        if self.marks.last().is_none_or(|mark| layer.length >= mark.length + STRIDE) {
            self.marks.push(layer.clone());
        }
    }

    /// Goes back from where it is stuck, further each time, and keeps more.
    fn go_back(&mut self, length: usize) -> Option<Layer> {
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

/// How much may be visited still.
struct Work<'a> {
    left: u64,
    looked: u64,
    is_stopped: &'a dyn Fn() -> bool,
}

impl Work<'_> {
    fn allows(&mut self, visits: u64) -> bool {
        let Some(left) = self.left.checked_sub(visits) else { return false };
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

struct Node {
    parent: u32,
    choice: Choice,
}

/// What the search came to.
enum Outcome {
    Order(Vec<u32>),
    Nothing,
    Unknown,
}

/// Decides a queue of `initial`, as the numbers of its values; `None` if that takes too long, or
/// if it is open whether a take that returned found anything.
pub(super) fn decide<O>(
    initial: &[u32],
    operations: &[Timed<'_, O>],
    act: impl Fn(&O) -> Act,
    (wanted, is_stopped): Asked<'_>,
) -> Option<Ruling> {
    let acts: Vec<(Act, u32, u32)> = operations
        .iter()
        .map(|timed| (act(timed.op), rank(timed.span.call), rank(timed.span.ret)))
        .collect();
    let left = MOST + MOST_FOR_EACH * acts.len() as u64;
    let mut work = Work { left, looked: left, is_stopped };
    let mut until = |horizon: u32| Some(Queue::until(initial, &acts, horizon)?.search(&mut work));
    match until(NONE)? {
        Outcome::Order(order) => {
            let order = if wanted == Wanted::Order { order } else { Vec::new() };
            return Some(Ruling::Valid(order));
        }
        Outcome::Unknown => return None,
        Outcome::Nothing => {}
    }
    let returned = (0..acts.len() as u32).filter(|&at| acts[at as usize].2 != NONE);
    let mut returns: Vec<(u32, u32)> = returned.map(|at| (acts[at as usize].2, at)).collect();
    sort::by(&mut returns, |&end| end);
    // By the last return there is none; where it is open earlier, there may be.
    let is_open = |&(ret, _): &(u32, u32)| !matches!(until(ret + 1), Some(Outcome::Nothing));
    let stuck = returns.partition_point(is_open);
    let last = returns.len().checked_sub(1)?;
    Some(Ruling::Invalid(Conflict { stuck: Pos::new(returns[stuck.min(last)].1 as usize) }))
}

fn rank(rank: Rank) -> u32 {
    if rank == Rank::NEVER { NONE } else { rank.index() as u32 }
}

impl Queue {
    /// Walks until no take is left, or no configuration, within `work`.
    fn search(&self, work: &mut Work<'_>) -> Outcome {
        let mut config = Config::default();
        self.settle(&mut config, 0, &mut |_, _| {});
        let start = Layer { length: 0, entries: vec![Entry { config, node: 0 }], is_whole: true };
        let mut nodes = vec![Node { parent: NONE, choice: Choice::Start }];
        let mut walk = Walk { width: WIDTH, obstacle: 0, tries: 0, marks: vec![start.clone()] };
        let mut layer = start;
        loop {
            if let Some(entry) = layer.entries.iter().find(|entry| self.is_over(&entry.config)) {
                return Outcome::Order(self.retrace(&nodes, entry.node));
            }
            if !work.allows(layer.entries.len() as u64) {
                return Outcome::Unknown;
            }
            layer = self.longer(&layer, walk.width, &mut nodes);
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

    /// The best `width` configurations of one pair more.
    fn longer(&self, layer: &Layer, width: usize, nodes: &mut Vec<Node>) -> Layer {
        let (seed, mut known) = (Seeded::default(), HashTable::new());
        let mut found: Vec<(Config, Choice)> = Vec::new();
        let mut next: Vec<(Config, Choice, u32)> = Vec::new();
        for Entry { config, node } in &layer.entries {
            self.expand(config, layer.length, &mut found);
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
        let is_whole = layer.is_whole && next.len() <= width;
        if next.len() > width {
            next.sort_by_cached_key(|(config, ..)| self.cost(config));
            next.truncate(width);
        }
        let enter = |(config, choice, parent)| {
            nodes.push(Node { parent, choice });
            Entry { config, node: nodes.len() as u32 - 1 }
        };
        let entries = next.into_iter().map(enter).collect();
        Layer { length: layer.length + 1, entries, is_whole }
    }

    /// The order to which the choices led that end with `last`.
    fn retrace(&self, nodes: &[Node], last: u32) -> Vec<u32> {
        let mut choices: Vec<Choice> = Vec::new();
        let mut at = last;
        while let Some(node) = nodes.get(at as usize) {
            choices.push(node.choice);
            at = node.parent;
        }
        let mut points: Vec<(u32, u32)> = Vec::new();
        let mut tell = |at: u32, point: u32| points.push((point, at));
        let mut config = Config::default();
        self.settle(&mut config, 0, &mut tell);
        // The last is the start.
        for (length, choice) in choices.into_iter().rev().skip(1).enumerate() {
            let Choice::Pair { value, put, take, peeks } = choice else { continue };
            self.put(&mut config, value, put, &mut tell);
            for _ in 0..peeks {
                if let Some(peek) = self.next_peek(&config, value) {
                    self.peek(&mut config, peek, &mut tell);
                }
            }
            self.take(&mut config, take, &mut tell);
            self.settle(&mut config, length + 1, &mut tell);
        }
        // What is never taken came last.
        let Config { puts, put_by, .. } = &config;
        let mut rest: Vec<u32> = puts.open.clone();
        rest.extend(puts.next..self.puts.list.len() as u32);
        for put in rest {
            let op = self.puts.list[put as usize];
            points.push((op.call.max(*put_by), op.at));
        }
        points.extend(self.idle.iter().map(|op| (op.call, op.at)));
        // Those with one point stay as they are.
        sort::by(&mut points, |&(point, _)| point);
        points.into_iter().map(|(_, at)| at).collect()
    }
}
