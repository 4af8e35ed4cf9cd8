//! What is open of a polygraph as literals and clauses, in the order in which they are decided.

use super::polygraph::{Adjacent, Edge, Interval, Polygraph, Way};
use super::prune::Pruned;
use super::solver::{Literal, Open};
use crate::history::hash::Map;

/// So many pairs of intervals may be compared for choices, for each node, at least and at most.
const COMPARED: usize = 300;
const LEAST_COMPARED: usize = 100_000;
const MOST_COMPARED: usize = 8_000_000;

/// Returns what is open, and its variables in the order in which they are decided: that in which
/// nodes can be at the earliest; `None` if that is too much.
pub(super) fn encode(graph: &Polygraph, pruned: &Pruned) -> Option<(Open, Vec<u32>)> {
    let most = (graph.from.len() * COMPARED).clamp(LEAST_COMPARED, MOST_COMPARED);
    let mut encoder = Encoder { graph, open: Open::default(), orders: Map::default(), compared: 0 };
    let mut keys = Vec::with_capacity(pruned.pairs.len());
    let from = |node: u32| graph.from[node as usize];
    let until = |node: u32| graph.until[node as usize];
    for &(one, other) in &pruned.pairs {
        if encoder.order(one, other).is_some() {
            continue;
        }
        let [yes, no] = [(one.end, other.head), (other.end, one.head)];
        let literal = encoder.open.variable([Some(yes), None], [Some(no), None]);
        encoder.orders.insert((one, other), literal);
        encoder.orders.insert((other, one), literal ^ 1);
        keys.push(from(one.head).max(from(other.head)));
    }
    let rest = Rest::of(graph);
    for ways in &graph.choices {
        let mut ways = ways.clone();
        let room = |edge: Edge| i64::from(until(edge.1)) - i64::from(from(edge.0));
        ways.sort_by_key(|way| std::cmp::Reverse(way.edges.map(room).into_iter().min()));
        encoder.compared += ways.len() * ways.len();
        if encoder.compared > most {
            return None;
        }
        let mut literals = Vec::with_capacity(ways.len());
        for way in &ways {
            literals.push(encoder.open.variable(way.edges.map(Some), [None, None]));
            keys.push(from(way.edges[0].1));
        }
        encoder.open.clause(literals.iter().copied());
        for (nth, &literal) in literals.iter().enumerate() {
            for &other in &literals[..nth] {
                encoder.open.clause([literal ^ 1, other ^ 1]);
            }
        }
        for (&Way { adjacent, .. }, &literal) in ways.iter().zip(&literals) {
            if let Some(adjacent) = adjacent {
                encoder.bring_together(adjacent, literal, &rest);
            }
        }
    }
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.sort_by_key(|&variable| keys[variable as usize]);
    Some((encoder.open, order))
}

struct Encoder<'a> {
    graph: &'a Polygraph,
    open: Open,
    /// The literals that put one interval before another.
    orders: Map<(Interval, Interval), Literal>,
    /// How many pairs of intervals were compared for choices.
    compared: usize,
}

/// For each interval of each group: the first time at which it or a later one can end.
struct Rest {
    groups: Vec<Vec<u32>>,
}

impl Rest {
    fn of(graph: &Polygraph) -> Rest {
        if graph.choices.is_empty() {
            return Rest { groups: Vec::new() };
        }
        let rest = |intervals: &Vec<Interval>| {
            let mut least = u32::MAX;
            let mut rest: Vec<u32> =
                intervals.iter().map(|it| graph.from[it.end as usize]).collect();
            for time in rest.iter_mut().rev() {
                least = least.min(*time);
                *time = least;
            }
            rest
        };
        Rest { groups: graph.groups.iter().map(rest).collect() }
    }
}

/// Whether one interval comes before another.
#[derive(Clone, Copy)]
enum Before {
    Certain(bool),
    If(Literal),
}

impl Encoder<'_> {
    fn order(&self, one: Interval, other: Interval) -> Option<Literal> {
        self.orders.get(&(one, other)).copied()
    }

    fn before(&self, one: Interval, other: Interval) -> Before {
        let is_late = self.graph.from[other.end as usize] > self.graph.until[one.head as usize];
        let is_certain = is_late || self.graph.is_before(one, other);
        self.order(one, other).map_or(Before::Certain(is_certain), Before::If)
    }

    /// Demands that nothing of the group is between two intervals if `literal` is true.
    fn bring_together(&mut self, adjacent: Adjacent, literal: Literal, rest: &Rest) {
        let Adjacent { group, first, second } = adjacent;
        let intervals = &self.graph.groups[group as usize];
        let until = |node: u32| self.graph.until[node as usize];
        let start = self.graph.from[first.end as usize];
        let from = intervals.partition_point(|it| until(it.head) < start);
        if let Before::If(order) = self.before(first, second) {
            self.open.clause([literal ^ 1, order]);
        }
        for (at, &other) in intervals.iter().enumerate().skip(from) {
            if rest.groups[group as usize][at] > until(second.head) {
                break;
            }
            self.compared += 1;
            if other == first || other == second {
                continue;
            }
            match (self.before(first, other), self.before(second, other)) {
                (Before::Certain(false), _) | (_, Before::Certain(true)) => {}
                (Before::Certain(true), Before::Certain(false)) => self.open.clause([literal ^ 1]),
                (Before::Certain(true), Before::If(then)) => {
                    self.open.clause([literal ^ 1, then]);
                }
                (Before::If(order), Before::Certain(false)) => {
                    self.open.clause([literal ^ 1, order ^ 1]);
                }
                (Before::If(order), Before::If(then)) => {
                    self.open.clause([literal ^ 1, order ^ 1, then]);
                }
            }
        }
    }
}
