//! Fits operations that only tell which value was not there into a linearization of the others.
//!
//! Each is placed as early as real time and the value allow, those that return first first. That
//! finds a place wherever this linearization has one; where it has none, another linearization
//! might, so that nothing is decided.

use super::problem::{Operation, Problem, TokenId, ValueId};
use crate::history::{Rank, sort};

/// The linearization `order` of the other operations with the negative ones in it, if they fit.
/// O(n log n).
pub(super) fn fit(problem: &Problem, order: &[u32]) -> Option<Vec<u32>> {
    let line = Line::of(problem, order);
    let mut negatives: Vec<u32> = (0..problem.operations.len() as u32)
        .filter(|&at| problem.operations[at as usize].is_negative())
        .collect();
    sort::by(&mut negatives, |&at| problem.operations[at as usize].ret);
    // The return of each negative operation placed so far, and the latest place among them.
    let mut placed: Vec<(Rank, usize)> = Vec::with_capacity(negatives.len());
    let mut places: Vec<(usize, u32)> = Vec::with_capacity(negatives.len());
    for &at in &negatives {
        let operation = &problem.operations[at as usize];
        let before = placed.partition_point(|&(ret, _)| ret < operation.call);
        let behind = before.checked_sub(1).map_or(0, |last| placed[last].1);
        let place = line.place(operation, behind)?;
        let latest = placed.last().map_or(0, |&(_, latest)| latest);
        placed.push((operation.ret, latest.max(place)));
        places.push((place, at));
    }
    // Stable: those at one place stay in the order of their returns.
    sort::by(&mut places, |&(place, _)| place);
    let mut fitted = Vec::with_capacity(order.len() + places.len());
    let mut next = places.into_iter().peekable();
    for place in 0..=order.len() {
        while let Some((_, at)) = next.next_if(|&(other, _)| other == place) {
            fitted.push(at);
        }
        fitted.extend(order.get(place));
    }
    Some(fitted)
}

/// A linearization, with what decides where something can be put in; place p is before its p-th
/// operation.
struct Line {
    /// The value at each place.
    values: Vec<ValueId>,
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
        let mut values = vec![problem.values[TokenId::INITIAL]];
        let (mut returns, mut calls) = (Vec::new(), Vec::new());
        for (place, &at) in order.iter().enumerate() {
            let Operation { call, ret, establishes, .. } = *operation(at);
            returns.push((ret, place + 1));
            calls.push((call, place));
            values.push(if establishes == TokenId::NONE {
                values[place]
            } else {
                problem.values[establishes]
            });
        }
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
        Line { values, changes, returns, calls }
    }

    /// The earliest place for a negative operation, not before place `behind`.
    fn place(&self, operation: &Operation, behind: usize) -> Option<usize> {
        let returned = self.returns.partition_point(|&(ret, _)| ret < operation.call);
        let first = returned.checked_sub(1).map_or(0, |last| self.returns[last].1);
        let uncalled = self.calls.partition_point(|&(call, _)| call < operation.ret);
        let last = self.calls.get(uncalled).map_or(self.values.len() - 1, |&(_, place)| place);
        let first = first.max(behind);
        let is_there = *self.values.get(first)? == operation.forbids;
        let place = if is_there { self.changes[first] } else { first };
        (place <= last).then_some(place)
    }
}
