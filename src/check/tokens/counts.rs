//! Counts how often each token is left by a cas against how often it was established.
//!
//! A cas that takes effect leaves the token that it requires, and the next cas that requires it
//! needs it established again in between. So of any number of them, each needs a source of its own:
//! as many sources are called before the last of them returns; and after any moment there are at
//! most as many of them as sources that return later, and one more for the token that was there.
//! Two successful cas from one version break the first rule; so does, in a history of
//! compare-and-set alone, every answer that does not fit into a walk from value to value.

use super::problem::{Operation, Problem, TokenId};
use crate::check::exact::Conflict;
use crate::history::{Rank, sort};

/// Checks both rules for every token. O(n log n).
///
/// # Errors
/// A cas that has no source of its own.
pub(super) fn check(problem: &Problem) -> Result<(), Conflict> {
    let consumes = |op: &Operation| {
        op.returns() && op.requires != TokenId::NONE && op.establishes != TokenId::NONE
    };
    let consumers = || (0..).zip(&problem.operations).filter(|(_, op)| consumes(op));
    let sources = || problem.operations.iter().filter(|op| op.establishes != TokenId::NONE);
    let mut found: Option<u32> = None;
    let mut keep = |at: u32| {
        let ret = |at: u32| problem.operations[at as usize].ret;
        found = Some(found.map_or(at, |other| if ret(at) < ret(other) { at } else { other }));
    };

    // The k-th return needs k calls of sources before it.
    let mut returns: Vec<(TokenId, Rank, u32)> =
        consumers().map(|(at, op)| (op.requires, op.ret, at)).collect();
    if returns.is_empty() {
        return Ok(());
    }
    sort::by(&mut returns, |&(token, ret, _)| (token, ret));
    let mut calls: Vec<(TokenId, Rank)> = sources().map(|op| (op.establishes, op.call)).collect();
    sort::by(&mut calls, |&call| call);
    for group in returns.chunk_by(|a, b| a.0 == b.0) {
        let token = group[0].0;
        let first = calls.partition_point(|&(other, _)| other < token);
        let initial = usize::from(token == TokenId::INITIAL);
        for (count, &(_, ret, at)) in group.iter().enumerate().skip(initial) {
            let source = calls.get(first + count - initial);
            if source.is_none_or(|&(other, call)| other != token || call > ret) {
                keep(at);
                break;
            }
        }
    }

    // Behind the call of each consumer there are no more of them than sources that return later,
    // and one.
    let mut calls: Vec<(TokenId, Rank, u32)> =
        consumers().map(|(at, op)| (op.requires, op.call, at)).collect();
    sort::by(&mut calls, |&(token, call, _)| (token, call));
    let mut returns: Vec<(TokenId, Rank)> = sources().map(|op| (op.establishes, op.ret)).collect();
    sort::by(&mut returns, |&ret| ret);
    for group in calls.chunk_by(|a, b| a.0 == b.0) {
        let token = group[0].0;
        let end = returns.partition_point(|&(other, _)| other <= token);
        let start = returns.partition_point(|&(other, _)| other < token);
        let mut latest = group[group.len() - 1].2;
        for (later, &(_, call, at)) in group.iter().rev().enumerate() {
            let ret = |at: u32| problem.operations[at as usize].ret;
            latest = if ret(at) > ret(latest) { at } else { latest };
            let gone = returns[start..end].partition_point(|&(_, ret)| ret < call);
            if later > end - start - gone {
                keep(latest);
                break;
            }
        }
    }
    found.map_or(Ok(()), |stuck| Err(Conflict::at(stuck)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::origins::Origins;
    use crate::check::tokens::problem::ValueId;
    use crate::check::tokens::problem::testing::{INITIAL, NONE, operation};

    fn check_all(operations: &[Operation]) -> Result<(), Conflict> {
        check(&Problem {
            operations: operations.to_vec(),
            values: ValueId::below(4).collect(),
            origins: Origins::default(),
        })
    }

    #[test]
    fn two_cas_from_one_version_are_one_too_many() {
        let history = [
            operation(0, 1, NONE, 1),
            operation(2, 5, 1, 2),
            operation(3, 6, 1, 3),
            operation(4, 7, INITIAL, 2),
        ];
        assert_eq!(check_all(&history), Err(Conflict::at(2)));
        assert_eq!(check_all(&history[..2]), Ok(()));
        assert_eq!(check_all(&history[3..]), Ok(()), "the initial token is there once");
    }

    #[test]
    fn a_source_that_comes_too_late_is_none() {
        let history = [
            operation(0, 1, NONE, 1),
            operation(2, 5, 1, 2),
            operation(3, 6, 1, 3),
            operation(7, 8, NONE, 1),
        ];
        assert_eq!(check_all(&history), Err(Conflict::at(2)));
    }

    #[test]
    fn sources_of_the_past_count_once() {
        let history = [
            operation(0, 1, NONE, 1),
            operation(2, 3, NONE, 1),
            operation(4, 7, 1, 2),
            operation(5, 8, 1, 3),
        ];
        assert_eq!(check_all(&history), Err(Conflict::at(3)));
        let mut overlapping = history;
        overlapping[1].ret = Rank::new(6);
        assert_eq!(check_all(&overlapping), Ok(()));
    }
}
