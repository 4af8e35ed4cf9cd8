//! The order of versions of which it is only known that one writer had seen the other: then the
//! other came first, at every level from read committed on.

use crate::clocks::Clocks;
use crate::edges::{Edge, Kinds, Orders, Shape, Vertices, graph, is_other};
use crate::facts::{Facts, Read};
use crate::level::Ordering;
use crate::numbers::NONE;
use crate::table::KeyKind;

/// Pairs of writers, at most.
const MOST_PAIRS: usize = 1_000_000;

/// Pairs of transactions that wrote the same key, of which the second had seen the first.
#[derive(Default)]
pub(crate) struct Derived {
    pairs: Vec<(u32, u32)>,
}

impl Derived {
    /// Finds the pairs whose order the facts do not have. None where there are too many.
    pub(crate) fn new(facts: &Facts<'_, '_>, orders: &Orders, ordering: Ordering) -> Derived {
        let mut derived = Derived::default();
        let count = |key: u32| facts.tails.of(key).len() * facts.tails.of(key).len();
        let keys = || (0..facts.tails.len() as u32).filter(|&key| !facts.aside[key as usize]);
        let vertices = Vertices::new(Shape::Whole, facts);
        let kinds = Kinds { ww: false, wr: true, rw: false, ordering };
        if facts.is_ordered() || keys().map(count).sum::<usize>() > MOST_PAIRS {
            return derived;
        }
        let graph = graph(facts, orders, vertices, kinds);
        let Some(order) = graph.order() else { return derived };
        let mut is_marked = vec![false; graph.len()];
        for key in keys() {
            facts.tails.of(key).iter().for_each(|&t| is_marked[t as usize] = true);
        }
        let clocks = Clocks::new(&graph, &order, &|vertex| is_marked[vertex as usize]);
        let Some(clocks) = clocks else { return derived };
        for key in keys() {
            for &one in facts.tails.of(key) {
                for &other in facts.tails.of(key) {
                    if one != other && clocks.comes_before(one, other) {
                        derived.pairs.push((one, other));
                    }
                }
            }
        }
        derived.pairs.sort_unstable();
        derived.pairs.dedup();
        derived
    }

    /// Returns whether nothing is derived.
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Returns whether it is derived that `one` wrote before `other`.
    pub(crate) fn has(&self, one: u32, other: u32) -> bool {
        self.pairs.binary_search(&(one, other)).is_ok()
    }

    /// Passes on the overwrites and anti-dependencies that follow.
    pub(crate) fn edges(&self, facts: &Facts<'_, '_>, take: &mut dyn FnMut(u32, u32, Edge)) {
        for &(one, other) in &self.pairs {
            take(one, other, Edge::Ww);
        }
        if self.pairs.is_empty() {
            return;
        }
        for t in 0..facts.len() as u32 {
            for read in facts.reads.of(t) {
                let is_open = is_other(read.source, t) && read.place == NONE;
                if !is_open || facts.aside[read.key as usize] {
                    continue;
                }
                let from = self.pairs.partition_point(|pair| pair.0 < read.source);
                let after = self.pairs[from..].iter().take_while(|pair| pair.0 == read.source);
                for &(_, other) in after {
                    if other != t && facts.misses((t, read), other) {
                        take(t, other, Edge::Rw);
                    }
                }
            }
        }
    }
}

impl Facts<'_, '_> {
    /// Returns whether a read of `t` does not show what `other` wrote to its key, if it did.
    pub(crate) fn misses(&self, (t, read): (u32, &Read), other: u32) -> bool {
        if !self.writes.of(other).contains(&read.key) {
            return false;
        }
        // Lists that contradict each other may show an element before another one that it follows.
        let value = self.table.micros(t)[read.micro as usize].value;
        let items = match self.table.kinds[read.key as usize] {
            KeyKind::List => self.table.history.values().as_list(value).unwrap_or(&[]),
            KeyKind::Register => &[],
        };
        let mut own = self.table.micros(other).iter().filter(|micro| micro.key == read.key);
        items.is_empty() || !own.any(|micro| items.contains(&micro.value))
    }
}
