//! Tells apart the tokens that several operations establish.
//!
//! An operation that requires a token finds it established by one that was called before its own
//! return, and whose effect was not overwritten for certain before its own call: no operation that
//! shows another token lies in real time between the two. Where nothing can have established it,
//! the history is refuted. Else the establishing operations of one token fall into groups so that
//! every observer finds its own within one group, and each group becomes a token. That changes no
//! verdict: in every linearization each observer follows an operation of its group.

use super::problem::{Operation, Problem, TokenId, ValueId};
use crate::check::exact::Conflict;
use crate::check::origins::Origins;
use crate::history::{Rank, position, sort};
use crate::model::Pos;

/// So often the tokens are split again, since finer tokens show more.
const ROUNDS: usize = 8;

/// So many establishing operations are looked at one by one.
const NEAR: usize = 16;

/// Splits the tokens of `problem` as far as it goes, and drops crashed operations that can never
/// take effect. O(n log n) a round.
///
/// # Errors
/// The operation that finds its token nowhere.
pub(super) fn split(problem: &mut Problem) -> Result<(), Conflict> {
    let mut returns: Vec<(Rank, u32)> = Vec::with_capacity(problem.operations.len());
    for _ in 0..ROUNDS {
        returns.clear();
        for (at, operation) in problem.operations.iter().enumerate().filter(|(_, op)| op.returns())
        {
            returns.push((operation.ret, at as u32));
        }
        sort::by(&mut returns, |&(ret, _)| ret);
        let before = problem.values.len();
        let mut round = Round::new(problem);
        round.link(&returns)?;
        round.apply();
        if problem.values.len() == before {
            break;
        }
    }
    Ok(())
}

position! {
    /// The position of a source among all.
    struct SourceId;
}

impl SourceId {
    /// No source.
    const NONE: SourceId = SourceId::MAX;
}

/// One establishing of a token.
#[derive(Clone, Copy, Default, Debug)]
struct Source {
    call: Rank,
    ret: Rank,
    /// The latest return among this source and those of its token before it.
    latest_ret: Rank,
    /// How many groups of observers start here, less those that end here.
    links: i32,
}

struct Round<'a> {
    problem: &'a mut Problem,
    /// The sources of each token in the order of their calls; that of the initial token first has
    /// the initial state.
    sources: Vec<Source>,
    /// Where those of each token start.
    starts: Vec<u32>,
    /// The source that each operation is; [`SourceId::NONE`] if it is none.
    source_of: Vec<SourceId>,
    /// A source that each operation may follow; [`SourceId::NONE`] if it requires nothing.
    follows: Vec<SourceId>,
}

impl<'a> Round<'a> {
    fn new(problem: &'a mut Problem) -> Round<'a> {
        let mut starts = vec![0_u32; problem.values.len() + 1];
        starts[TokenId::INITIAL.index() + 1] = 1;
        for operation in problem.operations.iter().filter(|op| op.establishes != TokenId::NONE) {
            starts[operation.establishes.index() + 1] += 1;
        }
        for token in 1..starts.len() {
            starts[token] += starts[token - 1];
        }
        let count = starts.last().copied().unwrap_or(0) as usize;
        let mut next = starts.clone();
        let mut sources = vec![Source::default(); count];
        next[TokenId::INITIAL] += 1;
        let mut source_of = vec![SourceId::NONE; problem.operations.len()];
        for (at, operation) in problem.operations.iter().enumerate() {
            if operation.establishes == TokenId::NONE {
                continue;
            }
            let place = &mut next[operation.establishes];
            let first = *place == starts[operation.establishes];
            let earlier = if first { Rank::FIRST } else { sources[*place as usize - 1].latest_ret };
            let (call, ret) = (operation.call, operation.ret);
            sources[*place as usize] = Source { call, ret, latest_ret: earlier.max(ret), links: 0 };
            source_of[at] = SourceId::new(*place as usize);
            *place += 1;
        }
        let follows = vec![SourceId::NONE; problem.operations.len()];
        Round { problem, sources, starts, source_of, follows }
    }

    /// Walks the events in their order; `returns` are those of completed operations.
    fn link(&mut self, returns: &[(Rank, u32)]) -> Result<(), Conflict> {
        let mut shown = Shown::default();
        let mut next = 0;
        let mut conflict: Option<u32> = None;
        for at in 0..self.problem.operations.len() {
            let operation = self.problem.operations[at];
            while let Some(&(ret, earlier)) = returns.get(next)
                && ret < operation.call
            {
                shown.add(&self.problem.operations[earlier as usize]);
                next += 1;
            }
            if operation.requires == TokenId::NONE {
                continue;
            }
            let since = shown.other_than(operation.requires);
            match self.feasible(operation.requires, since, operation.ret) {
                Some((first, last)) => {
                    self.sources[first].links += 1;
                    self.sources[last].links -= 1;
                    self.follows[at] = SourceId::new(first);
                }
                None if operation.returns() => {
                    let ret = |at: u32| self.problem.operations[at as usize].ret;
                    if conflict.is_none_or(|found| operation.ret < ret(found)) {
                        conflict = Some(at as u32);
                    }
                }
                // It never returned, and cannot have happened.
                None => {}
            }
        }
        conflict.map_or(Ok(()), |stuck| Err(Conflict::at(stuck)))
    }

    /// The first and the last source of `token` that an operation can follow that returns at
    /// `ret`, if another token was shown by an operation called `since` (one more than its rank).
    fn feasible(&self, token: TokenId, since: Rank, ret: Rank) -> Option<(usize, usize)> {
        let start = self.starts[token] as usize;
        let sources = &self.sources[start..self.starts[token.index() + 1] as usize];
        let first = sources.partition_point(|source| source.latest_ret < since);
        let end = sources.partition_point(|source| source.call < ret);
        if first >= end {
            return None;
        }
        let gone = |source: &&Source| source.ret < since;
        let skipped = sources[first..end].iter().rev().take(NEAR).take_while(gone).count();
        // The first one is feasible: it has the latest return up to there.
        Some((start + first, start + (end - 1 - skipped).max(first)))
    }

    /// Gives every group of sources a token of its own.
    fn apply(self) {
        let Round { problem, sources, starts, source_of, follows } = self;
        let mut token_of: Vec<TokenId> = Vec::with_capacity(sources.len());
        let mut values: Vec<ValueId> = Vec::new();
        for (token, &value) in problem.values.iter().enumerate() {
            let mut open = 0;
            for source in &sources[starts[token] as usize..starts[token + 1] as usize] {
                // A link from the source before to this one keeps the token.
                if open == 0 {
                    values.push(value);
                }
                open += source.links;
                token_of.push(TokenId::new(values.len() - 1));
            }
        }
        problem.values = values;
        let can_be = |at: usize| {
            problem.operations[at].requires == TokenId::NONE || follows[at] != SourceId::NONE
        };
        let count = problem.operations.len();
        if !(0..count).all(can_be) {
            let origins = (0..count)
                .filter(|&at| can_be(at))
                .map(|at| problem.origins.of(Pos::new(at)))
                .collect();
            problem.origins = Origins::among_all(origins);
        }
        let mut at = 0;
        problem.operations.retain_mut(|operation| {
            let (source, followed) = (source_of[at], follows[at]);
            at += 1;
            if operation.requires != TokenId::NONE {
                if followed == SourceId::NONE {
                    return false;
                }
                operation.requires = token_of[followed];
            }
            if source != SourceId::NONE {
                operation.establishes = token_of[source];
            }
            true
        });
    }
}

/// The latest calls among the operations that have returned, by the tokens that they showed to be
/// there; each one more than its rank, and 0 if there is none.
#[derive(Clone, Copy, Default, Debug)]
struct Shown {
    /// Of operations that showed two tokens, of which one is always another.
    both: Rank,
    latest: Rank,
    token: TokenId,
    /// The latest of those that showed another than `token`.
    second: Rank,
}

impl Shown {
    fn add(&mut self, operation: &Operation) {
        if operation.is_negative() {
            return;
        }
        let call = operation.call.next();
        let (requires, establishes) = (operation.requires, operation.establishes);
        if requires != TokenId::NONE && establishes != TokenId::NONE {
            self.both = self.both.max(call);
            return;
        }
        let token = if requires == TokenId::NONE { establishes } else { requires };
        if token == self.token {
            self.latest = self.latest.max(call);
        } else if call > self.latest {
            (self.second, self.latest, self.token) = (self.latest, call, token);
        } else {
            self.second = self.second.max(call);
        }
    }

    fn other_than(&self, token: TokenId) -> Rank {
        let latest = if token == self.token { self.second } else { self.latest };
        latest.max(self.both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::check::tokens::problem::testing::{INITIAL, NONE, operation};
    use crate::history::testing::NEVER;

    fn split_of(operations: &[Operation], tokens: u32) -> Result<Vec<[u32; 2]>, Conflict> {
        let mut problem = Problem {
            operations: operations.to_vec(),
            values: ValueId::below(tokens as usize).collect(),
            origins: Origins::default(),
        };
        split(&mut problem)?;
        let numbers = |op: &Operation| [op.requires, op.establishes].map(|id| id.index() as u32);
        Ok(problem.operations.iter().map(numbers).collect())
    }

    #[test]
    fn a_value_written_again_after_another_is_another_token() {
        let history = [
            operation(0, 1, NONE, 1),
            operation(2, 3, 1, NONE),
            operation(4, 5, NONE, 2),
            operation(6, 7, NONE, 1),
            operation(8, 9, 1, NONE),
        ];
        let tokens = split_of(&history, 3);
        assert_eq!(tokens, Ok(vec![[NONE, 1], [1, NONE], [NONE, 3], [NONE, 2], [2, NONE]]));
    }

    #[test]
    fn overlapping_writes_of_a_value_stay_one_token() {
        let history =
            [operation(0, 5, NONE, 1), operation(1, 6, NONE, 1), operation(2, 7, 1, NONE)];
        assert_eq!(split_of(&history, 2), Ok(vec![[NONE, 1], [NONE, 1], [1, NONE]]));
    }

    #[test]
    fn a_read_of_what_is_surely_overwritten_is_refuted() {
        let mut history = vec![
            operation(0, 1, NONE, 1),
            operation(2, 3, NONE, 2),
            operation(4, NEVER, NONE, 2),
            operation(5, 6, 1, NONE),
        ];
        assert_eq!(split_of(&history, 3), Err(Conflict::at(3)));
        history[0].ret = Rank::NEVER;
        assert!(split_of(&history, 3).is_ok(), "a crashed write may take effect late");
    }

    #[test]
    fn the_initial_token_comes_from_the_start_or_from_a_write() {
        let read = operation(4, 5, INITIAL, NONE);
        let history = [operation(0, 1, NONE, 1), read];
        assert_eq!(split_of(&history, 2), Err(Conflict::at(1)));
        let history = [operation(0, 1, NONE, 1), operation(2, 3, NONE, INITIAL), read];
        assert_eq!(split_of(&history, 2), Ok(vec![[NONE, 2], [NONE, 1], [1, NONE]]));
        assert_eq!(split_of(&[operation(0, 1, INITIAL, NONE)], 1), Ok(vec![[INITIAL, NONE]]));
    }

    #[test]
    fn a_crashed_cas_that_cannot_have_happened_is_dropped() {
        let history =
            [operation(0, 1, NONE, 1), operation(2, NEVER, 3, 2), operation(3, 4, 1, NONE)];
        assert_eq!(split_of(&history, 4).map(|tokens| tokens.len()), Ok(2));
    }
}
