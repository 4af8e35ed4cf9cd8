//! What a transaction must not miss, at the levels that are no matter of cycles alone: a choice
//! without a cycle is looked at as a whole, and what is wrong with it is learned.

use std::cell::Cell;

use crate::edges::{Orders, is_other};
use crate::facts::{Facts, Groups, LOST, Read};
use crate::level::{Base, Level, Ordering};
use crate::numbers::NONE;
use crate::solver::{Literal, Order};
use crate::table::Access;

/// What a transaction must not miss at the levels that are no matter of cycles alone.
pub(crate) struct Views<'v, 't, 'h> {
    pub(crate) facts: &'v Facts<'t, 'h>,
    pub(crate) orders: &'v Orders,
    pub(crate) level: Level,
    /// The writers whose order is open, by variable.
    pub(crate) writers: &'v [[u32; 2]],
    /// The transaction to look at first: what was missed last is often missed again.
    pub(crate) next: Cell<u32>,
}

impl Views<'_, '_, '_> {
    /// Returns the literal that `one` wrote before `other`, if that is open.
    fn literal(&self, one: u32, other: u32) -> Option<Literal> {
        let pair = [one.min(other), one.max(other)];
        let at = self.writers.binary_search(&pair).ok()?;
        Some(2 * at as u32 + u32::from(other < one))
    }

    /// Returns true literals by which a transaction misses a version that it has to see.
    pub(crate) fn missed(&self, order: &Order, commits: &[u32]) -> Option<Vec<Literal>> {
        let n = self.facts.len() as u32;
        let writers = self.writers_by_commit(commits);
        let mut walk = Walk { came: vec![(NONE, NONE); order.into.len()], queue: Vec::new() };
        for t in (self.next.get()..n).chain(0..self.next.get()) {
            for read in self.facts.reads.of(t) {
                if read.source == LOST || self.facts.aside[read.key as usize] {
                    continue;
                }
                let others = self.may_be_missed(t, read, commits, writers.of(read.key));
                if others.is_empty() {
                    continue;
                }
                let choice = Choice { order, commits, writers: &writers };
                let why = self.missed_by(t, read, choice, &mut walk);
                walk.clear();
                if why.is_some() {
                    self.next.set(t);
                    return why;
                }
            }
        }
        None
    }

    /// Returns the writers of each key, by their commits.
    fn writers_by_commit(&self, commits: &[u32]) -> Groups<u32> {
        let facts = self.facts;
        let mut writers = Groups::new(facts.tails.len());
        let mut own: Vec<u32> = Vec::new();
        for key in 0..facts.tails.len() as u32 {
            own.extend(facts.chains.of(key).iter().chain(facts.tails.of(key)));
            own.sort_unstable_by_key(|&t| commits[t as usize]);
            own.dedup();
            writers.extend(own.drain(..));
            writers.end();
        }
        writers
    }

    /// Returns those of the `writers` of a key that committed after the version that a read of it
    /// returned, and before its transaction, if that is in the order: most reads have none, and
    /// miss nothing.
    fn may_be_missed<'w>(
        &self,
        t: u32,
        read: &Read,
        commits: &[u32],
        writers: &'w [u32],
    ) -> &'w [u32] {
        let commit = |t: u32| commits[t as usize];
        let start = match read.source {
            NONE => 0,
            source => writers.partition_point(|&other| commit(other) <= commit(source)),
        };
        let end = match self.level.base() {
            // Those that only read are not in the order.
            Base::UpdateSerializable => writers.len(),
            _ => writers.partition_point(|&other| commit(other) < commit(t)),
        };
        writers.get(start..end).unwrap_or(&[])
    }

    /// Returns the literals by which a read misses a version.
    fn missed_by(
        &self,
        t: u32,
        read: &Read,
        choice: Choice<'_>,
        walk: &mut Walk,
    ) -> Option<Vec<Literal>> {
        let Choice { order, commits, .. } = choice;
        let is_later = |other: u32| {
            read.source == NONE || commits[other as usize] > commits[read.source as usize]
        };
        let misses = |other: u32| {
            other != t
                && other != read.source
                && is_later(other)
                && self.facts.writes.of(other).contains(&read.key)
        };
        // Whom the read has to see, with the literals by which it does.
        let starts = self.seen(t, read, choice);
        let is_transitive = self.level.base() != Base::UpdateAtomic;
        for &(other, by) in &starts {
            walk.start(other, by);
        }
        let mut at = 0;
        while at < walk.queue.len() {
            let vertex = walk.queue[at];
            at += 1;
            if vertex < self.facts.len() as u32 && misses(vertex) {
                let mut why = walk.literals(vertex, &starts);
                if read.source != NONE {
                    why.extend(self.literal(read.source, vertex));
                }
                why.sort_unstable();
                why.dedup();
                return Some(why);
            }
            if is_transitive {
                let floor = if read.source == NONE { 0 } else { commits[read.source as usize] };
                for &(before, by) in &order.into[vertex as usize] {
                    if order.positions[before as usize] > floor || read.source == NONE {
                        walk.reach(before, vertex, by);
                    }
                }
            }
        }
        None
    }

    /// Returns whom a read has to see at once, each with the literal by which it does.
    fn seen(&self, t: u32, read: &Read, choice: Choice<'_>) -> Vec<(u32, Literal)> {
        let facts = self.facts;
        let reads = facts.reads.of(t).iter();
        let sources = |reads: &mut dyn Iterator<Item = &Read>| -> Vec<(u32, Literal)> {
            let sources = reads.map(|read| read.source).filter(|&source| is_other(source, t));
            sources.map(|source| (source, NONE)).collect()
        };
        let commits = choice.commits;
        let overwritten = |keys: &[u32]| -> Vec<(u32, Literal)> {
            let mut all = Vec::new();
            for &key in keys {
                let writers = choice.writers.of(key);
                let is_before = |&other: &u32| commits[other as usize] < commits[t as usize];
                let end = writers.partition_point(is_before);
                let by = |&other: &u32| (other, self.literal(other, t).unwrap_or(NONE));
                all.extend(writers[..end].iter().map(by));
            }
            all
        };
        match self.level.base() {
            Base::MonotonicView => {
                let written = facts.table.micros(t)[..read.micro as usize].iter();
                let written = written.filter(|micro| micro.access != Access::Read);
                let keys: Vec<u32> = written.map(|micro| micro.key).collect();
                let mut seen = sources(&mut reads.filter(|other| other.micro < read.micro));
                seen.extend(overwritten(&keys));
                seen
            }
            Base::UpdateSerializable if !facts.writes.of(t).is_empty() => Vec::new(),
            Base::UpdateSerializable => sources(&mut { reads }),
            _ => {
                let mut seen = sources(&mut { reads });
                seen.extend(overwritten(facts.writes.of(t)));
                if self.level.ordering() != Ordering::None {
                    seen.extend(self.orders.previous(t).map(|previous| (previous, NONE)));
                }
                seen
            }
        }
    }
}

/// An order that has no cycle.
#[derive(Clone, Copy)]
struct Choice<'c> {
    order: &'c Order,
    commits: &'c [u32],
    /// The writers of each key, by their commits.
    writers: &'c Groups<u32>,
}

/// A walk against the edges.
struct Walk {
    /// Of each vertex that was reached, the one after it and the literal of the edge there; a start
    /// is its own.
    came: Vec<(u32, Literal)>,
    queue: Vec<u32>,
}

impl Walk {
    fn start(&mut self, vertex: u32, by: Literal) {
        if self.came[vertex as usize].0 == NONE {
            self.came[vertex as usize] = (vertex, by);
            self.queue.push(vertex);
        }
    }

    fn reach(&mut self, vertex: u32, after: u32, by: Literal) {
        if self.came[vertex as usize].0 == NONE {
            self.came[vertex as usize] = (after, by);
            self.queue.push(vertex);
        }
    }

    /// Returns the literals on the way from a vertex to the read.
    fn literals(&self, mut vertex: u32, starts: &[(u32, Literal)]) -> Vec<Literal> {
        let mut why = Vec::new();
        loop {
            let (after, by) = self.came[vertex as usize];
            why.extend(Some(by).filter(|&by| by != NONE));
            if after == vertex {
                debug_assert!(starts.iter().any(|start| start.0 == vertex));
                return why;
            }
            vertex = after;
        }
    }

    fn clear(&mut self) {
        for vertex in self.queue.drain(..) {
            self.came[vertex as usize] = (NONE, NONE);
        }
    }
}
