//! What remains of a stack's values, by the order in which they are in.

use super::super::minima::Free;
use super::super::values::{Life, Values};

/// One value, or the best of several.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The least call of a put, and the greatest return of a take.
    call: u32,
    out_by: u32,
    /// How many values cover the point right before one of these values is in, at least; without
    /// what was added to a node above.
    covers: i32,
    /// What was added to all of them.
    added: i32,
}

const REMOVED: i32 = 1 << 29;
const NOTHING: Node = Node { call: u32::MAX, out_by: 0, covers: REMOVED, added: 0 };

/// The values that last, by positions: in the order in which they are in.
pub(super) struct Table {
    pub(super) lives: Vec<u32>,
    /// When each is in, ascending; and all calls that end them, ascending.
    pub(super) in_by: Vec<u32>,
    untils: Vec<u32>,
    /// Where in `untils` each is.
    end: Vec<u32>,
    /// A binary tree over the positions.
    nodes: Vec<Node>,
    leaves: usize,
    /// The positions and ends that remain; ends counted from the last.
    rest: Free,
    ends: Free,
}

impl Table {
    pub(super) fn new(values: &Values) -> Table {
        let lasts = |at: &u32| {
            let life = &values.lives[*at as usize];
            life.in_by < life.until
        };
        let mut lives = values.sorted_by(|life| life.in_by);
        lives.retain(lasts);
        let life = |at: u32| -> &Life { &values.lives[at as usize] };
        let in_by: Vec<u32> = lives.iter().map(|&at| life(at).in_by).collect();
        let mut by_until = values.sorted_by(|life| life.until);
        by_until.retain(lasts);
        let untils: Vec<u32> = by_until.iter().map(|&at| life(at).until).collect();
        let mut end_of = vec![0; values.lives.len()];
        for (end, &at) in by_until.iter().enumerate() {
            end_of[at as usize] = end as u32;
        }
        let count = lives.len() as u32;
        let leaves = lives.len().next_power_of_two();
        let mut table = Table {
            end: lives.iter().map(|&at| end_of[at as usize]).collect(),
            in_by,
            untils,
            nodes: vec![NOTHING; 2 * leaves],
            leaves,
            rest: Free::new(count),
            ends: Free::new(count),
            lives,
        };
        table.fill(values);
        table
    }

    fn fill(&mut self, values: &Values) {
        let mut change = vec![0_i32; self.lives.len() + 1];
        for at in 0..self.lives.len() {
            let (from, to) = self.covered(at);
            change[from] += 1;
            change[to] -= 1;
        }
        let mut covers = 0;
        for (at, &life) in self.lives.iter().enumerate() {
            covers += change[at];
            let life = &values.lives[life as usize];
            let (call, out_by) = (life.call, life.out_by);
            self.nodes[self.leaves + at] = Node { call, out_by, covers, added: 0 };
        }
        for at in (1..self.leaves).rev() {
            self.pull(at);
        }
    }

    /// How many values are in before `rank`.
    pub(super) fn before(&self, rank: u32) -> usize {
        self.in_by.partition_point(|&in_by| in_by < rank)
    }

    /// The positions of values that are in while this one certainly is.
    fn covered(&self, at: usize) -> (usize, usize) {
        (at + 1, self.before(self.untils[self.end[at] as usize]))
    }

    fn pull(&mut self, at: usize) {
        let (a, b) = (self.nodes[2 * at], self.nodes[2 * at + 1]);
        let node = &mut self.nodes[at];
        node.call = a.call.min(b.call);
        node.out_by = a.out_by.max(b.out_by);
        node.covers = a.covers.min(b.covers) + node.added;
    }

    /// Adds `change` to the cover of the positions from `from` to before `to`.
    fn add(&mut self, from: usize, to: usize, change: i32) {
        if from >= to {
            return;
        }
        let (mut low, mut high) = (from + self.leaves, to + self.leaves);
        while low < high {
            if low & 1 == 1 {
                self.add_at(low, change);
                low += 1;
            }
            if high & 1 == 1 {
                high -= 1;
                self.add_at(high, change);
            }
            low /= 2;
            high /= 2;
        }
        self.pull_above(from + self.leaves);
        self.pull_above(to - 1 + self.leaves);
    }

    fn add_at(&mut self, at: usize, change: i32) {
        self.nodes[at].covers += change;
        self.nodes[at].added += change;
    }

    fn pull_above(&mut self, leaf: usize) {
        let mut at = leaf / 2;
        while at > 0 {
            self.pull(at);
            at /= 2;
        }
    }

    /// Lets a value cover nothing.
    pub(super) fn uncover(&mut self, at: usize) {
        self.change_cover(at, -1);
    }

    /// Lets a value cover again what it covered.
    pub(super) fn cover_again(&mut self, at: usize) {
        self.change_cover(at, 1);
    }

    fn change_cover(&mut self, at: usize, change: i32) {
        let (from, to) = self.covered(at);
        self.add_at(self.leaves + at, -change * REMOVED);
        self.pull_above(self.leaves + at);
        self.add(from, to, change);
    }

    /// Forgets a value that covers nothing any more.
    pub(super) fn remove(&mut self, at: usize) {
        let leaf = &mut self.nodes[self.leaves + at];
        (leaf.call, leaf.out_by) = (NOTHING.call, NOTHING.out_by);
        self.pull_above(self.leaves + at);
        self.rest.occupy(at as u32, at as u32 + 1);
        let end = self.lives.len() as u32 - 1 - self.end[at];
        self.ends.occupy(end, end + 1);
    }

    /// The first position at or after `at` that remains.
    pub(super) fn next(&mut self, at: usize) -> usize {
        self.rest.from(at as u32) as usize
    }

    /// The greatest call that ends a value which remains, is in before the position `to`, where
    /// nothing is covered, and is not at `except`. Nothing if there is none.
    pub(super) fn last_until(&mut self, to: usize, except: Option<usize>) -> Option<u32> {
        let count = self.lives.len();
        let ends = match self.in_by.get(to) {
            Some(&in_by) => self.untils.partition_point(|&until| until < in_by),
            None => count,
        };
        let mut back = self.ends.from((count - ends) as u32);
        if let Some(except) = except
            && count - 1 - self.end[except] as usize == back as usize
        {
            back = self.ends.from(back + 1);
        }
        count.checked_sub(back as usize + 1).map(|end| self.untils[end])
    }

    /// The first position from `from` to before `to` where nothing is covered; `to` if none.
    pub(super) fn uncovered(&self, from: usize, to: usize) -> usize {
        let is_it = |node: &Node, above: i32| node.covers + above == 0;
        self.first(from, to, is_it).unwrap_or(to)
    }

    /// The first position from `from` to before `to` of a value that can lie below all values
    /// that are in at `in_by` or later and end by `until`.
    pub(super) fn bottom(&self, from: usize, to: usize, in_by: u32, until: u32) -> Option<usize> {
        self.first(from, to, |node, _| node.call < in_by && node.out_by >= until)
    }

    /// The first position in a range for which `is_it` holds, given what was added above it; if it
    /// does not hold for a node, it holds for none below.
    fn first(&self, from: usize, to: usize, is_it: impl Fn(&Node, i32) -> bool) -> Option<usize> {
        // Of each node on the way down, the right child waits: no more than the tree is high.
        let mut waiting = [(0_usize, 0_usize, 0_usize, 0_i32); 40];
        waiting[0] = (1, 0, self.leaves, 0);
        let mut count = 1;
        while count > 0 {
            count -= 1;
            let (at, start, len, above) = waiting[count];
            let node = &self.nodes[at];
            if start >= to || start + len <= from || !is_it(node, above) {
                continue;
            }
            if len == 1 {
                return Some(start);
            }
            let (half, above) = (len / 2, above + node.added);
            waiting[count] = (2 * at + 1, start + half, half, above);
            waiting[count + 1] = (2 * at, start, half, above);
            count += 2;
        }
        None
    }
}
