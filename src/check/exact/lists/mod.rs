//! Lists that transactions append to and read: where no value is appended twice to one list, what
//! reads show orders the appends of each list, and with real time that is an order of transactions
//! or a cycle.
//!
//! The longest list that a read shows says who appended each item of it. Of two neighbours the
//! first came before the second, a read came behind whoever appended its last item, and before
//! whoever appended the next one. Appends that no read shows come behind all that are shown, and
//! are free among themselves; where they never returned, they can be left out. These are all the
//! conditions that the object makes, so that any order of them and of real time is a proof. Where
//! no real time is known, the order of each process takes its place.

mod repeats;

use std::sync::Arc;

use super::ends::{End, Ends};
use super::walk::{self, Outcome};
use super::work::Work;
use super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::history::hash::{Map, Set};
use crate::history::{Rank, Value, sort};
use crate::model::list_append::Op;
use repeats::Repeats;

/// No operation, or no edge.
const NONE: u32 = u32::MAX;

/// So many operations at most may have appended one item, where it is to be found out which did.
const TWINS: usize = 64;

/// So many configurations are visited at most where values repeat, and so many for each operation.
const MOST: u64 = 20_000;
const MOST_FOR_EACH: u64 = 20;

/// Decides `operations`; `None` if a value is appended twice to one list and it is not found out
/// by which of them. O(n log n) and the size of what reads returned; as often again as the
/// logarithm of n where they are not linearizable.
pub(super) fn decide(
    operations: &[Timed<'_, Arc<Op>>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let writers = Writers::of(operations);
    let order_until = |horizon| Prefix { operations, writers: &writers, horizon }.order();
    let valid = |order| Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() });
    if let Some(order) = order_until(Rank::LAST) {
        return Some(valid(order));
    }
    if !writers.are_distinct {
        let most = MOST + MOST_FOR_EACH * operations.len() as u64;
        return chosen(operations, &mut Work::new(most, stop)).map(valid);
    }
    if wanted == Wanted::Whether {
        let named = operations.iter().position(Timed::has_returned)?;
        return Some(Ruling::Invalid(Conflict::at(named as u32)));
    }
    let returned = (0..operations.len()).filter(|&at| operations[at].has_returned());
    let mut returns: Vec<(Rank, u32)> =
        returned.map(|at| (operations[at].span.ret, at as u32)).collect();
    sort::by(&mut returns, |&end| end);
    let stuck = returns.partition_point(|&(ret, _)| order_until(ret).is_some());
    let last = returns.len().checked_sub(1)?;
    Some(Ruling::Invalid(Conflict::at(returns[stuck.min(last)].1)))
}

/// An order for which it is chosen who appended what; `None` if none is found.
fn chosen(operations: &[Timed<'_, Arc<Op>>], work: &mut Work<'_>) -> Option<Vec<u32>> {
    let mut lists = Repeats::new(operations)?;
    let Outcome::Way(steps) = walk::search(&mut lists, repeats::Config::default(), work) else {
        return None;
    };
    let order = steps.concat();
    repeats::is_order(operations, &order).then_some(order)
}

/// Who appended what.
struct Writers {
    /// The operations whose items of a list start with one, by list and item.
    starters: Map<(Value, Value), Vec<u32>>,
    /// Whether no value is appended twice to one list.
    are_distinct: bool,
}

impl Writers {
    fn of(operations: &[Timed<'_, Arc<Op>>]) -> Writers {
        let mut starters: Map<(Value, Value), Vec<u32>> = Map::default();
        let mut appended: Set<(Value, Value)> = Set::default();
        let mut are_distinct = true;
        for (at, timed) in operations.iter().enumerate() {
            for (list, items) in timed.op.appends.iter() {
                let mut items = items.iter().map(|&item| (*list, item)).peekable();
                if let Some(&first) = items.peek() {
                    starters.entry(first).or_default().push(at as u32);
                }
                are_distinct &= items.all(|item| appended.insert(item));
            }
        }
        Writers { starters, are_distinct }
    }
}

/// What is known of operations by the time `horizon`: those that return later may still return
/// anything.
struct Prefix<'a> {
    operations: &'a [Timed<'a, Arc<Op>>],
    writers: &'a Writers,
    horizon: Rank,
}

/// A list as far as reads show it.
#[derive(Default)]
struct List<'a> {
    /// The longest that a read shows.
    items: &'a [Value],
    /// Who appended the item at each place.
    owners: Vec<u32>,
    /// The place of the first item of each of these.
    starts: Map<u32, usize>,
    /// Who appended behind these, having read just these; the next operation, if there is one.
    next: Option<u32>,
    /// Everyone else who appended behind these.
    others: Vec<u32>,
    /// Reads with their lengths.
    reads: Vec<(usize, u32)>,
}

impl<'a> Prefix<'a> {
    fn has_returned(&self, at: u32) -> bool {
        let ret = self.operations[at as usize].span.ret;
        ret != Rank::NEVER && ret <= self.horizon
    }

    fn op(&self, at: u32) -> &'a Op {
        self.operations[at as usize].op
    }

    /// An order of the operations that happened, or `None`.
    fn order(&self) -> Option<Vec<u32>> {
        let called =
            self.operations.partition_point(|timed| timed.span.call <= self.horizon) as u32;
        let mut lists: Map<Value, List<'a>> = Map::default();
        // Lists in the order of their first read or append.
        let mut keys: Vec<Value> = Vec::new();
        for at in 0..called {
            for (list, items) in self.expected(at) {
                let known = listed(&mut lists, &mut keys, *list);
                let (mut short, mut long) = (&**items, known.items);
                if short.len() > long.len() {
                    (short, long) = (long, short);
                }
                if !long.starts_with(short) {
                    return None;
                }
                known.items = long;
                known.reads.push((items.len(), at));
            }
        }
        let mut has_happened: Vec<bool> = (0..called).map(|at| self.has_returned(at)).collect();
        for &key in &keys {
            if let Some(list) = lists.get_mut(&key) {
                self.find_owners(key, list, called, &mut has_happened)?;
            }
        }
        for at in 0..called {
            if has_happened[at as usize] {
                self.place_behind(at, &mut lists, &mut keys)?;
            }
        }
        let mut graph = Graph::new(called as usize);
        for key in &keys {
            if lists.get(key).is_some_and(|list| !graph.add(list)) {
                return None;
            }
        }
        self.add_turns(&mut graph, &has_happened);
        self.sorted(graph, &has_happened)
    }

    /// Adds the order of each process, where no real time is known.
    fn add_turns(&self, graph: &mut Graph, has_happened: &[bool]) {
        let mut last: Map<Value, u32> = Map::default();
        for at in 0..has_happened.len() as u32 {
            let Some(turn) = self.op(at).turn.filter(|_| has_happened[at as usize]) else {
                continue;
            };
            if let Some(&before) = last.get(&turn.process()) {
                graph.edge(before, at);
            }
            if self.has_returned(at) {
                last.insert(turn.process(), at);
            }
        }
    }

    /// What an operation must have found, as far as that is known.
    fn expected(&self, at: u32) -> impl Iterator<Item = &'a (Value, Arc<[Value]>)> {
        let expects = if self.has_returned(at) { &self.op(at).expects[..] } else { &[] };
        expects.iter()
    }

    /// Finds who appended what the list shows; `None` if nobody can have done so. They happened.
    fn find_owners(
        &self,
        key: Value,
        list: &mut List<'a>,
        called: u32,
        has_happened: &mut [bool],
    ) -> Option<()> {
        let seen_by = self.seen_by(list);
        let mut at = 0;
        while let Some(&item) = list.items.get(at) {
            // All that it appended is there, side by side.
            let fits = |&writer: &u32| {
                writer < called
                    && !list.starts.contains_key(&writer)
                    && list.items[at..].starts_with(appended(self.op(writer), key))
            };
            // Where several may have done it: who was not too late, and returned first.
            let span = |writer: u32| self.operations[writer as usize].span;
            let rank = |&writer: &u32| (span(writer).call > seen_by[at], span(writer).ret);
            let writers = self.writers.starters.get(&(key, item))?;
            let few = writers.iter().take(TWINS).copied();
            let writer = few.filter(fits).min_by_key(rank)?;
            let own = appended(self.op(writer), key);
            has_happened[writer as usize] = true;
            list.starts.insert(writer, at);
            list.owners.extend(own.iter().map(|_| writer));
            at += own.len();
        }
        Some(())
    }

    /// When the first read returned that shows the item at each place.
    fn seen_by(&self, list: &List<'_>) -> Vec<Rank> {
        let mut seen = vec![Rank::NEVER; list.items.len() + 1];
        for &(len, reader) in &list.reads {
            seen[len] = seen[len].min(self.operations[reader as usize].span.ret);
        }
        for at in (1..seen.len()).rev() {
            seen[at - 1] = seen[at - 1].min(seen[at]);
        }
        seen.remove(0);
        seen
    }

    /// Places what an operation appended behind what reads show, unless they show it; `None` if
    /// its own reads, or those of others, contradict that.
    fn place_behind(
        &self,
        at: u32,
        lists: &mut Map<Value, List<'a>>,
        keys: &mut Vec<Value>,
    ) -> Option<()> {
        let op = self.op(at);
        if op.contradictory && self.has_returned(at) {
            return None;
        }
        for (key, _) in op.appends.iter() {
            let list = listed(lists, keys, *key);
            let read = self.expected(at).find(|(read, _)| read == key).map(|(_, seen)| seen.len());
            if let Some(&start) = list.starts.get(&at) {
                // What it read ends where its own items start.
                if read.is_some_and(|read| read != start) {
                    return None;
                }
                continue;
            }
            match read {
                Some(read) if read == list.items.len() => {
                    if list.next.replace(at).is_some() {
                        return None;
                    }
                }
                // Others appended between what it read and what it appended.
                Some(_) => return None,
                None => list.others.push(at),
            }
        }
        Some(())
    }

    /// The operations that happened, in an order of `graph` and of real time.
    fn sorted(&self, mut graph: Graph, has_happened: &[bool]) -> Option<Vec<u32>> {
        let operations = has_happened.len();
        let mut order = Vec::with_capacity(operations);
        let mut is_called = vec![false; operations];
        let mut is_placed = vec![false; operations];
        // Nodes that are no operations have no place in time.
        let mut ready: Vec<u32> = graph.free_behind(operations);
        let mut ends = Ends::of(self.operations).peekable();
        loop {
            while let Some(node) = ready.pop() {
                if let Some(placed) = is_placed.get_mut(node as usize) {
                    *placed = true;
                    order.push(node);
                }
                graph.release(node, |next| {
                    if is_called.get(next as usize).is_none_or(|&is_called| is_called) {
                        ready.push(next);
                    }
                });
            }
            match ends.peek() {
                Some(&End::Call(at)) if (at as usize) < operations => {
                    is_called[at as usize] = true;
                    if has_happened[at as usize] && graph.before[at as usize] == 0 {
                        ready.push(at);
                    }
                }
                Some(&End::Return(at)) if self.has_returned(at) => {
                    if !is_placed[at as usize] {
                        return None;
                    }
                }
                _ => break,
            }
            ends.next();
        }
        let happened = has_happened.iter().filter(|&&happened| happened).count();
        (order.len() == happened).then_some(order)
    }
}

fn listed<'m, 'a>(
    lists: &'m mut Map<Value, List<'a>>,
    keys: &mut Vec<Value>,
    key: Value,
) -> &'m mut List<'a> {
    lists.entry(key).or_insert_with(|| {
        keys.push(key);
        List::default()
    })
}

/// What an operation appended to a list.
fn appended(op: &Op, key: Value) -> &[Value] {
    let at = op.appends.binary_search_by(|(list, _)| list.cmp(&key));
    at.map_or(&[], |at| &op.appends[at].1)
}

/// Which node comes before which: operations by their positions, and joints behind them.
struct Graph {
    /// How many nodes there are before each.
    before: Vec<u32>,
    /// The first edge out of each node.
    first: Vec<u32>,
    /// Where edges lead, and the next edge out of the same node.
    edges: Vec<(u32, u32)>,
}

impl Graph {
    fn new(operations: usize) -> Graph {
        Graph { before: vec![0; operations], first: vec![NONE; operations], edges: Vec::new() }
    }

    fn joint(&mut self) -> u32 {
        self.before.push(0);
        self.first.push(NONE);
        self.before.len() as u32 - 1
    }

    fn edge(&mut self, from: u32, to: u32) {
        let next = std::mem::replace(&mut self.first[from as usize], self.edges.len() as u32);
        self.edges.push((to, next));
        self.before[to as usize] += 1;
    }

    /// Adds what a list says; false if that contradicts itself.
    fn add(&mut self, list: &List<'_>) -> bool {
        let owners = &list.owners;
        for pair in owners.windows(2).filter(|pair| pair[0] != pair[1]) {
            self.edge(pair[0], pair[1]);
        }
        let last = owners.last().copied();
        let end = if list.others.is_empty() { None } else { Some(self.joint()) };
        // Whoever appended next, and then everyone else.
        if let (Some(last), Some(next)) = (last, list.next) {
            self.edge(last, next);
        }
        if let (Some(last), Some(end)) = (list.next.or(last), end) {
            self.edge(last, end);
        }
        for &(len, reader) in &list.reads {
            // No part of what one operation appended is seen without the rest.
            let seen = len.checked_sub(1).map(|last| owners[last]);
            let next = owners.get(len).copied();
            if seen.is_some() && (seen == next || seen == Some(reader)) {
                return false;
            }
            if let Some(seen) = seen {
                self.edge(seen, reader);
            }
            match next.or(list.next) {
                Some(next) if next != reader => self.edge(reader, next),
                Some(_) => {}
                None => {
                    if let Some(end) = end {
                        self.edge(reader, end);
                    }
                }
            }
        }
        if let Some(end) = end {
            list.others.iter().for_each(|&other| self.edge(end, other));
        }
        true
    }

    /// Nodes from `operations` on before which nothing comes.
    fn free_behind(&self, operations: usize) -> Vec<u32> {
        let joints = operations..self.before.len();
        joints.filter(|&joint| self.before[joint] == 0).map(|joint| joint as u32).collect()
    }

    /// Passes the nodes before which nothing comes any more, once `node` has its place.
    fn release(&mut self, node: u32, mut free: impl FnMut(u32)) {
        let mut edge = self.first[node as usize];
        while let Some(&(next, following)) = self.edges.get(edge as usize) {
            let before = &mut self.before[next as usize];
            *before -= 1;
            if *before == 0 {
                free(next);
            }
            edge = following;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
