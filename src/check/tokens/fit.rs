//! Fits operations that only tell which value was not there into a linearization of the others.
//!
//! Each is placed as early as real time and the value allow, those that return first first. Where
//! this linearization has no place for one, an operation that crashed, and that nobody saw, may
//! have taken the value away just before it was overwritten. Where that does not help, another
//! linearization might, so that nothing is decided.

use std::collections::BTreeMap;

use super::problem::{Operation, Problem, TokenId, ValueId};
use crate::history::hash::Map;
use crate::history::{Rank, sort};

/// The linearization `order` of the other operations with the negative ones in it, if they fit.
/// O(n log n), and for each crashed operation that is put in as long as it takes to find it.
pub(super) fn fit(problem: &Problem, order: &[u32]) -> Option<Vec<u32>> {
    let mut negatives: Vec<u32> = (0..problem.operations.len() as u32)
        .filter(|&at| problem.operations[at as usize].is_negative())
        .collect();
    sort::by(&mut negatives, |&at| problem.operations[at as usize].ret);
    let mut fitting = Fitting::new(problem, order);
    for at in negatives {
        fitting.put(at)?;
    }
    let fitted = fitting.finish(order);
    problem.is_linearization(&fitted).then_some(fitted)
}

/// Where something can be put in: 2p before the operation at place p, and 2p + 1 between that and
/// a crashed operation that was put before it.
type Spot = usize;

/// What was put in so far.
struct Fitting<'a> {
    problem: &'a Problem,
    line: Line,
    /// The return of each negative operation, and the latest spot of those up to it.
    placed: Vec<(Rank, Spot)>,
    spots: Vec<(Spot, u32)>,
    /// The crashed operations that were put in, by place.
    ghosts: BTreeMap<usize, u32>,
    /// Those left that require nothing, in the order of their calls, and those that require a
    /// token.
    writes: Vec<u32>,
    changes: Map<TokenId, Vec<u32>>,
}

impl<'a> Fitting<'a> {
    fn new(problem: &'a Problem, order: &[u32]) -> Self {
        let mut is_there = vec![false; problem.operations.len()];
        order.iter().for_each(|&at| is_there[at as usize] = true);
        let mut fitting = Fitting {
            problem,
            line: Line::of(problem, order),
            placed: Vec::new(),
            spots: Vec::new(),
            ghosts: BTreeMap::new(),
            writes: Vec::new(),
            changes: Map::default(),
        };
        for (at, operation) in (0..).zip(&problem.operations) {
            if operation.returns() || operation.establishes == TokenId::NONE || is_there[at] {
                continue;
            }
            match operation.requires {
                TokenId::NONE => fitting.writes.push(at as u32),
                token => fitting.changes.entry(token).or_default().push(at as u32),
            }
        }
        fitting
    }

    /// The first spot behind the negative operations that returned before `call`.
    fn behind(&self, call: Rank) -> Spot {
        let before = self.placed.partition_point(|&(ret, _)| ret < call);
        before.checked_sub(1).map_or(0, |last| self.placed[last].1)
    }

    /// Puts in a negative operation; `None` if there is no spot.
    fn put(&mut self, at: u32) -> Option<()> {
        let operation = &self.problem.operations[at as usize];
        let first = (2 * self.line.first(operation.call)).max(self.behind(operation.call));
        let last = self.line.last(operation.ret);
        let in_line = self.line.without(operation.forbids, first.div_ceil(2)).map(|at| 2 * at);
        let spot = [in_line, self.behind_ghost(operation, first, last)]
            .into_iter()
            .flatten()
            .min()
            .filter(|spot| spot / 2 <= last);
        let spot = match spot {
            Some(spot) => spot,
            None => self.take_away(operation, first, last)?,
        };
        let latest = self.placed.last().map_or(0, |&(_, latest)| latest);
        self.placed.push((operation.ret, latest.max(spot)));
        self.spots.push((spot, at));
        Some(())
    }

    /// The value that an operation establishes.
    fn value(&self, at: u32) -> ValueId {
        self.problem.values[self.problem.operations[at as usize].establishes]
    }

    /// The first spot behind a crashed operation that was put in.
    fn behind_ghost(&self, operation: &Operation, first: Spot, last: usize) -> Option<Spot> {
        let mut ghosts = self.ghosts.range(first / 2..=last.max(first / 2));
        let ghost = ghosts.find(|&(_, &ghost)| self.value(ghost) != operation.forbids);
        ghost.map(|(place, _)| 2 * place + 1)
    }

    /// Puts in a crashed operation that takes away what a negative one forbids, where the next one
    /// requires nothing. Returns the spot behind it.
    fn take_away(&mut self, operation: &Operation, first: Spot, last: usize) -> Option<Spot> {
        for place in first / 2..=last {
            if self.ghosts.contains_key(&place) || !self.line.is_free[place] {
                continue;
            }
            let fits = |&ghost: &u32| {
                let call = self.problem.operations[ghost as usize].call;
                call < operation.ret
                    && self.line.first(call) <= place
                    && self.behind(call) <= 2 * place
                    && self.value(ghost) != operation.forbids
            };
            let token = self.line.tokens[place];
            let change = self.changes.get(&token).and_then(|all| all.iter().position(fits));
            let ghost = match change {
                Some(nth) => self.changes.get_mut(&token)?.remove(nth),
                None => match self.writes.iter().position(fits) {
                    Some(nth) => self.writes.remove(nth),
                    None => continue,
                },
            };
            self.ghosts.insert(place, ghost);
            return Some(2 * place + 1);
        }
        None
    }

    /// The linearization with all that was put in.
    fn finish(mut self, order: &[u32]) -> Vec<u32> {
        // Stable: those at one spot stay in the order of their returns.
        sort::by(&mut self.spots, |&(spot, _)| spot);
        let mut fitted = Vec::with_capacity(order.len() + self.spots.len() + self.ghosts.len());
        let mut next = self.spots.into_iter().peekable();
        for place in 0..=order.len() {
            while let Some((_, at)) = next.next_if(|&(spot, _)| spot == 2 * place) {
                fitted.push(at);
            }
            fitted.extend(self.ghosts.get(&place));
            while let Some((_, at)) = next.next_if(|&(spot, _)| spot == 2 * place + 1) {
                fitted.push(at);
            }
            fitted.extend(order.get(place));
        }
        fitted
    }
}

/// A linearization, with what decides where something can be put in; place p is before its p-th
/// operation.
struct Line {
    /// The token and the value at each place.
    tokens: Vec<TokenId>,
    values: Vec<ValueId>,
    /// Whether what comes at each place requires nothing.
    is_free: Vec<bool>,
    /// For each place the next one with another value.
    changes: Vec<usize>,
    /// The returns of its operations, ascending, each with the first place behind all operations
    /// that return by then.
    returns: Vec<(Rank, usize)>,
    /// The calls of its operations, ascending, each with the last place before all operations that
    /// are called from then on.
    calls: Vec<(Rank, usize)>,
}

impl Line {
    fn of(problem: &Problem, order: &[u32]) -> Line {
        let operation = |at: u32| &problem.operations[at as usize];
        let mut tokens = vec![TokenId::INITIAL];
        let mut is_free = Vec::with_capacity(order.len() + 1);
        let (mut returns, mut calls) = (Vec::new(), Vec::new());
        for (place, &at) in order.iter().enumerate() {
            let Operation { call, ret, requires, establishes, .. } = *operation(at);
            returns.push((ret, place + 1));
            calls.push((call, place));
            is_free.push(requires == TokenId::NONE);
            tokens.push(if establishes == TokenId::NONE { tokens[place] } else { establishes });
        }
        is_free.push(true);
        let values: Vec<ValueId> = tokens.iter().map(|&token| problem.values[token]).collect();
        sort::by(&mut returns, |&(ret, _)| ret);
        let mut latest = 0;
        for (_, place) in &mut returns {
            latest = latest.max(*place);
            *place = latest;
        }
        sort::by(&mut calls, |&(call, _)| call);
        let mut earliest = order.len();
        for (_, place) in calls.iter_mut().rev() {
            earliest = earliest.min(*place);
            *place = earliest;
        }
        let mut changes = vec![values.len(); values.len()];
        for place in (1..values.len()).rev() {
            let same = values[place] == values[place - 1];
            changes[place - 1] = if same { changes[place] } else { place };
        }
        Line { tokens, values, is_free, changes, returns, calls }
    }

    /// The first place behind all operations that returned before `call`.
    fn first(&self, call: Rank) -> usize {
        let returned = self.returns.partition_point(|&(ret, _)| ret < call);
        returned.checked_sub(1).map_or(0, |last| self.returns[last].1)
    }

    /// The last place before all operations that are called after `ret`.
    fn last(&self, ret: Rank) -> usize {
        let uncalled = self.calls.partition_point(|&(call, _)| call < ret);
        self.calls.get(uncalled).map_or(self.values.len() - 1, |&(_, place)| place)
    }

    /// The first place from `first` on at which something else than a value is.
    fn without(&self, value: ValueId, first: usize) -> Option<usize> {
        let is_there = *self.values.get(first)? == value;
        let place = if is_there { self.changes[first] } else { first };
        (place < self.values.len()).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::testing::{INITIAL, NONE, operation};
    use super::*;
    use crate::check::origins::Origins;
    use crate::history::testing::NEVER;

    /// What comes of operations on so many tokens, of which `order` is one of those not negative.
    fn fitted(operations: &[Operation], tokens: usize, order: &[u32]) -> Option<Vec<u32>> {
        let values = ValueId::below(tokens).collect();
        let origins = Origins::default();
        fit(&Problem { operations: operations.to_vec(), values, origins }, order)
    }

    /// A compare-and-set that did not find a value.
    fn negative(call: u32, ret: u32, value: usize) -> Operation {
        Operation { forbids: ValueId::new(value), ..operation(call, ret, NONE, NONE) }
    }

    #[test]
    fn it_comes_before_the_value_or_behind() {
        let operations = [operation(0, 5, NONE, 1), negative(1, 2, 1), operation(6, 7, 1, NONE)];
        assert_eq!(fitted(&operations, 2, &[0, 2]), Some(vec![1, 0, 2]));
        let operations = [operation(0, 1, NONE, 1), negative(2, 4, 1), operation(3, 5, NONE, 2)];
        assert_eq!(fitted(&operations, 3, &[0, 2]), Some(vec![0, 2, 1]));
    }

    #[test]
    fn what_crashed_takes_the_value_away() {
        let operations = [
            operation(0, 1, NONE, 1),
            operation(2, NEVER, NONE, 2),
            negative(3, 4, 1),
            negative(5, 6, 1),
            operation(7, 8, NONE, 3),
        ];
        assert_eq!(fitted(&operations, 4, &[0, 4]), Some(vec![0, 1, 2, 3, 4]));
        // It is called too late, or what comes next requires the value still.
        let late = [operations[0], operations[2], operation(5, NEVER, NONE, 2)];
        assert_eq!(fitted(&late, 3, &[0]), None);
        let read = [&operations[..3], &[operation(7, 8, 1, NONE)]].concat();
        assert_eq!(fitted(&read, 3, &[0, 3]), None);
    }

    #[test]
    fn a_crashed_update_takes_away_what_it_requires() {
        let operations =
            [operation(0, NEVER, INITIAL, 1), negative(1, 2, 0), operation(3, 4, NONE, 2)];
        assert_eq!(fitted(&operations, 3, &[2]), Some(vec![0, 1, 2]));
        let other = [operation(0, NEVER, 2, 1), operations[1], operations[2]];
        assert_eq!(fitted(&other, 3, &[2]), None);
    }
}
