//! Levels that forbid one anti-dependency in a cycle, decided where the order of all versions is
//! known: consistent view, parallel snapshot isolation, monotonic view, update serializability and
//! update atomicity; and monotonic snapshot reads.

use crate::edges::{Kinds, Orders, Shape, Vertices, graph, is_other};
use crate::facts::Facts;
use crate::graph::Graph;
use crate::level::Ordering;
use crate::numbers::NONE;
use crate::reach::{Answer, Question, first_reached, positions};

/// Whether a level holds; `None` if that takes too much work.
pub(crate) type Holds = Option<bool>;

fn holds(answer: Answer) -> Holds {
    match answer {
        Answer::None => Some(true),
        Answer::Reached(_) => Some(false),
        Answer::TooMuch => None,
    }
}

/// Returns who wrote the version after the one that a read returned.
fn replaced_by<'f>(
    facts: &'f Facts<'_, '_>,
    t: u32,
    read: &crate::facts::Read,
) -> impl Iterator<Item = u32> + 'f {
    let (place, key) = (read.place, read.key);
    let is_used = place != NONE && !facts.aside[key as usize];
    let chain = facts.chains.of(key);
    let next = chain.get(place as usize).copied().filter(|_| is_used);
    let is_last = is_used && place as usize == chain.len();
    let tail: &[u32] = if is_last { facts.tails.of(key) } else { &[] };
    next.into_iter().chain(tail.iter().copied()).filter(move |&next| next != t)
}

/// Decides whether no transaction misses something that it depends on: no cycle has exactly one
/// anti-dependency.
pub(crate) fn consistent_view(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    ordering: Ordering,
    work: &mut u64,
) -> Holds {
    let vertices = Vertices::new(Shape::Whole, facts);
    let graph = graph(facts, orders, vertices, Kinds { ww: true, wr: true, rw: false, ordering });
    let Some(order) = graph.topological(|v| v) else { return Some(false) };
    let positions = positions(&order);
    let question = |t: u32| {
        let next = facts.reads.of(t).iter().flat_map(|read| replaced_by(facts, t, read));
        let starts: Vec<u32> = next.map(|next| positions[next as usize]).collect();
        Question { id: t, starts, goals: vec![positions[t as usize]] }
    };
    let questions = (0..facts.len() as u32).map(question).collect();
    holds(first_reached(&graph, &order, &positions, questions, work))
}

/// Decides whether each read sees all that its transaction depended on before it.
pub(crate) fn monotonic_view(facts: &Facts<'_, '_>, orders: &Orders, work: &mut u64) -> Holds {
    let vertices = Vertices::new(Shape::Whole, facts);
    let kinds = Kinds { ww: true, wr: true, rw: false, ordering: Ordering::None };
    let graph = graph(facts, orders, vertices, kinds);
    let Some(order) = graph.topological(|v| v) else { return Some(false) };
    let positions = positions(&order);
    let before = predecessors(facts);
    let mut questions = Vec::new();
    for t in 0..facts.len() as u32 {
        for read in facts.reads.of(t) {
            let next = replaced_by(facts, t, read);
            let starts: Vec<u32> = next.map(|next| positions[next as usize]).collect();
            if starts.is_empty() {
                continue;
            }
            let earlier = facts.reads.of(t).iter().filter(|other| other.micro < read.micro);
            let sources = earlier.map(|other| other.source).filter(|&s| is_other(s, t));
            let written = facts.table.micros(t)[..read.micro as usize].iter();
            let written = written.filter(|micro| micro.access != crate::table::Access::Read);
            let overwritten = written.filter_map(|micro| {
                let of = &before[t as usize];
                of.iter().find(|&&(key, _)| key == micro.key).map(|&(_, other)| other)
            });
            let goals = sources.chain(overwritten).map(|other| positions[other as usize]);
            questions.push(Question { id: t, starts, goals: goals.collect() });
        }
    }
    holds(first_reached(&graph, &order, &positions, questions, work))
}

/// Returns by transaction whose version each of its writes replaced, by key.
fn predecessors(facts: &Facts<'_, '_>) -> Vec<Vec<(u32, u32)>> {
    let mut before = vec![Vec::new(); facts.len()];
    for key in (0..facts.chains.len() as u32).filter(|&key| !facts.aside[key as usize]) {
        let chain = facts.chains.of(key);
        for pair in chain.windows(2).filter(|pair| pair[0] != pair[1]) {
            before[pair[1] as usize].push((key, pair[0]));
        }
        if let Some(&last) = chain.last() {
            for &t in facts.tails.of(key).iter().filter(|&&t| t != last) {
                before[t as usize].push((key, last));
            }
        }
    }
    before
}

/// Decides whether the transactions that write are serializable, and each of the others with them.
pub(crate) fn update_serializable(facts: &Facts<'_, '_>, orders: &Orders, work: &mut u64) -> Holds {
    let vertices = Vertices::new(Shape::Whole, facts);
    let writes =
        |vertex: u32| vertices.transaction(vertex).is_none_or(|t| !facts.writes.of(t).is_empty());
    let kinds = Kinds::all(Ordering::None);
    let all = graph(facts, orders, vertices, kinds);
    let updates = Graph::new(all.len(), |edge| {
        for from in (0..all.len() as u32).filter(|&from| writes(from)) {
            all.successors(from).iter().filter(|&&to| writes(to)).for_each(|&to| edge(from, to));
        }
    });
    let Some(order) = updates.topological(|v| v) else { return Some(false) };
    let positions = positions(&order);
    let question = |t: u32| {
        let reads = facts.reads.of(t);
        let next = reads.iter().flat_map(|read| replaced_by(facts, t, read));
        let starts = next.map(|next| positions[next as usize]).collect();
        let sources = reads.iter().map(|read| read.source).filter(|&source| is_other(source, t));
        let goals = sources.map(|source| positions[source as usize]).collect();
        Question { id: t, starts, goals }
    };
    let readers = (0..facts.len() as u32).filter(|&t| !writes(t));
    holds(first_reached(&updates, &order, &positions, readers.map(question).collect(), work))
}

/// Decides whether a transaction sees all of each other one that it sees, those included that wrote
/// a key before it does. `order` has all that were installed; versions follow it.
pub(crate) fn update_atomic(facts: &Facts<'_, '_>, order: &[u32], work: &mut u64) -> Holds {
    let mut commits = vec![0; facts.len()];
    for (&t, at) in order.iter().zip(0u32..) {
        commits[t as usize] = at;
    }
    // The place of each transaction among the versions of the keys that it writes.
    let mut places: Vec<Vec<(u32, u32)>> = vec![Vec::new(); facts.len()];
    for key in (0..facts.chains.len() as u32).filter(|&key| !facts.aside[key as usize]) {
        let chain = facts.chains.of(key);
        for (&t, place) in chain.iter().zip(0..) {
            places[t as usize].push((key, place));
        }
        // Which of these comes first is not known.
        for &t in facts.tails.of(key) {
            places[t as usize].push((key, chain.len() as u32));
        }
    }
    let is_before = |one: u32, other: u32| {
        places[one as usize].iter().any(|&(key, place)| {
            places[other as usize].iter().any(|&(k, later)| k == key && place < later)
        })
    };
    for t in (0..facts.len() as u32).filter(|&t| !places[t as usize].is_empty()) {
        for read in facts.reads.of(t) {
            if read.place == NONE || facts.aside[read.key as usize] {
                continue;
            }
            let chain = facts.chains.of(read.key);
            let is_earlier = |other: &&u32| commits[**other as usize] < commits[t as usize];
            let later = chain[read.place as usize..].iter().take_while(is_earlier);
            let tail = facts.tails.of(read.key).iter().filter(is_earlier);
            for &other in later.chain(tail).filter(|&&other| other != t) {
                *work = work.saturating_sub(1 + places[other as usize].len() as u64);
                if is_before(other, t) {
                    return Some(false);
                }
            }
            if *work == 0 {
                return None;
            }
        }
    }
    Some(true)
}

/// Returns the graph in which each read of a transaction is a vertex, and its commit another: each
/// read sees a prefix of the commits.
pub(crate) fn snapshot_reads(facts: &Facts<'_, '_>) -> Graph {
    let n = facts.len() as u32;
    let mut first = Vec::with_capacity(facts.len());
    let mut count = n;
    for t in 0..n {
        first.push(count);
        count += facts.reads.of(t).len() as u32;
    }
    Graph::new(count as usize, |edge| {
        for key in (0..facts.chains.len() as u32).filter(|&key| !facts.aside[key as usize]) {
            let chain = facts.chains.of(key);
            for pair in chain.windows(2).filter(|pair| pair[0] != pair[1]) {
                edge(pair[0], pair[1]);
            }
            if let Some(&last) = chain.last() {
                let tail = facts.tails.of(key).iter().filter(|&&t| t != last);
                tail.for_each(|&t| edge(last, t));
            }
        }
        for t in 0..n {
            let reads = facts.reads.of(t);
            for (read, vertex) in reads.iter().zip(first[t as usize]..) {
                let is_last = vertex + 1 == first[t as usize] + reads.len() as u32;
                edge(vertex, if is_last { t } else { vertex + 1 });
                if is_other(read.source, t) && !facts.aside[read.key as usize] {
                    edge(read.source, vertex);
                }
                replaced_by(facts, t, read).for_each(|next| edge(vertex, next));
            }
        }
    })
}
