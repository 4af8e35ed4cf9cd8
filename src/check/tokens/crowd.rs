//! A guess for many operations at once: an order in which each operation comes as late as it can,
//! and one that nobody needs just before a later one hides it.
//!
//! Where thousands are open together, the search looks at all of them for each configuration. This
//! looks at each operation once; that it finds no order says nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::{Operation, Problem, TokenId};
use crate::history::{Rank, sort};

/// Fewer at once are no crowd.
const CROWD: usize = 64;

/// No operation.
const NONE: u32 = u32::MAX;

/// The order of the operations of `problem`, as positions in it; `None` if there are never many at
/// once, or none is found. O(n log n).
pub(super) fn order(problem: &Problem) -> Option<Vec<u32>> {
    let ends = ends(problem);
    if problem.operations.iter().any(Operation::is_negative) || most_open(&ends) < CROWD {
        return None;
    }
    guessed(problem, ends)
}

/// The order that is found; `ends` are the calls and returns.
fn guessed(problem: &Problem, ends: Vec<(u32, bool)>) -> Option<Vec<u32>> {
    let mut guess = Guess::new(problem);
    for (at, is_return) in ends {
        if is_return {
            guess.come_back(at)?;
        } else {
            guess.call(at);
        }
    }
    let order = guess.finish();
    problem.is_linearization(&order).then_some(order)
}

/// The calls and returns of operations, by their ranks: which operation, and whether it returns.
fn ends(problem: &Problem) -> Vec<(u32, bool)> {
    let mut ends: Vec<(Rank, u32, bool)> = Vec::with_capacity(2 * problem.operations.len());
    for (at, operation) in (0..).zip(&problem.operations) {
        ends.push((operation.call, at, false));
        if operation.returns() {
            ends.push((operation.ret, at, true));
        }
    }
    sort::by(&mut ends, |&(rank, ..)| rank);
    ends.into_iter().map(|(_, at, is_return)| (at, is_return)).collect()
}

fn most_open(ends: &[(u32, bool)]) -> usize {
    let count = |open: &mut usize, &(_, is_return): &(u32, bool)| {
        *open = if is_return { open.saturating_sub(1) } else { *open + 1 };
        Some(*open)
    };
    ends.iter().scan(0, count).max().unwrap_or(0)
}

/// Operations by their returns, the first on top.
type ByReturn = BinaryHeap<Reverse<(Rank, u32)>>;

/// What was ordered so far, and who waits.
struct Guess<'a> {
    problem: &'a Problem,
    token: TokenId,
    is_done: Vec<bool>,
    /// Those open that only require each token.
    readers: Vec<Vec<u32>>,
    /// Those open that establish each token and require none, and those that replace each.
    givers: Vec<ByReturn>,
    changers: Vec<ByReturn>,
    /// How many are not ordered yet that require each token, and that establish it.
    needs: Vec<u32>,
    gives: Vec<u32>,
    order: Vec<u32>,
    /// The last that requires nothing, and up to which call others may be hidden by it.
    last: u32,
    cover: Rank,
    /// The latest end so far.
    now: Rank,
    /// What each operation hides, as the last of a list, and the one before it in that list.
    hides: Vec<u32>,
    before: Vec<u32>,
}

impl<'a> Guess<'a> {
    fn new(problem: &'a Problem) -> Guess<'a> {
        let (tokens, count) = (problem.values.len(), problem.operations.len());
        let (mut needs, mut gives) = (vec![0; tokens], vec![0; tokens]);
        for operation in &problem.operations {
            if operation.requires != TokenId::NONE && operation.returns() {
                needs[operation.requires.index()] += 1;
            }
            if operation.establishes != TokenId::NONE {
                gives[operation.establishes.index()] += 1;
            }
        }
        Guess {
            problem,
            token: TokenId::INITIAL,
            is_done: vec![false; count],
            readers: vec![Vec::new(); tokens],
            givers: vec![ByReturn::new(); tokens],
            changers: vec![ByReturn::new(); tokens],
            needs,
            gives,
            order: Vec::with_capacity(count),
            last: NONE,
            cover: Rank::FIRST,
            now: Rank::FIRST,
            hides: vec![NONE; count],
            before: vec![NONE; count],
        }
    }

    fn operation(&self, at: u32) -> &'a Operation {
        &self.problem.operations[at as usize]
    }

    fn call(&mut self, at: u32) {
        let &Operation { call, ret, requires, establishes, .. } = self.operation(at);
        self.now = call;
        match (requires, establishes) {
            (TokenId::NONE, given) => self.givers[given.index()].push(Reverse((ret, at))),
            (required, TokenId::NONE) if required == self.token => self.put(at),
            (required, TokenId::NONE) => self.readers[required.index()].push(at),
            (required, _) => self.changers[required.index()].push(Reverse((ret, at))),
        }
    }

    /// Orders an operation that returns; `None` if that does not go.
    fn come_back(&mut self, at: u32) -> Option<()> {
        let &Operation { call, ret, requires, establishes, .. } = self.operation(at);
        self.now = ret;
        if self.is_done[at as usize] {
            return Some(());
        }
        if requires == TokenId::NONE {
            let is_wanted = self.readers[establishes.index()]
                .iter()
                .any(|&reader| !self.is_done[reader as usize]);
            if self.last != NONE && call < self.cover && !(is_wanted && self.can_leave()) {
                self.hide(at);
                return Some(());
            }
        } else if requires != self.token {
            self.establish(requires)?;
        }
        if !self.is_done[at as usize] {
            self.put(at);
        }
        Some(())
    }

    /// Whether what is there is not needed any more, or can come back.
    fn can_leave(&self) -> bool {
        let at = self.token.index();
        self.needs[at] == 0 || self.gives[at] > 0
    }

    /// Has a token established by one that is open: one that requires nothing, or what is there, or
    /// what can be established.
    fn establish(&mut self, token: TokenId) -> Option<()> {
        if let Some(giver) = self.next_giver(token) {
            self.put(giver);
            return Some(());
        }
        let changers = self.changers[self.token.index()].iter();
        let gives = |at: u32| !self.is_done[at as usize] && self.operation(at).establishes == token;
        let changer = changers.map(|&Reverse(entry)| entry).filter(|&(_, at)| gives(at)).min()?;
        self.put(changer.1);
        Some(())
    }

    fn next_giver(&mut self, token: TokenId) -> Option<u32> {
        let givers = &mut self.givers[token.index()];
        while let Some(&Reverse((_, at))) = givers.peek() {
            if !self.is_done[at as usize] {
                return Some(at);
            }
            givers.pop();
        }
        None
    }

    /// An operation comes next, and then all that wait for what it establishes.
    fn put(&mut self, at: u32) {
        let &Operation { requires, establishes, .. } = self.operation(at);
        self.finish_one(at);
        self.order.push(at);
        if establishes == TokenId::NONE {
            return;
        }
        self.token = establishes;
        if requires == TokenId::NONE {
            (self.last, self.cover) = (at, self.now);
        }
        for reader in std::mem::take(&mut self.readers[establishes.index()]) {
            if !self.is_done[reader as usize] {
                self.finish_one(reader);
                self.order.push(reader);
            }
        }
    }

    /// An operation comes just before the last one that requires nothing.
    fn hide(&mut self, at: u32) {
        self.finish_one(at);
        let first = &mut self.hides[self.last as usize];
        self.before[at as usize] = std::mem::replace(first, at);
    }

    fn finish_one(&mut self, at: u32) {
        let operation = self.operation(at);
        self.is_done[at as usize] = true;
        if operation.requires != TokenId::NONE && operation.returns() {
            self.needs[operation.requires.index()] -= 1;
        }
        if operation.establishes != TokenId::NONE {
            self.gives[operation.establishes.index()] -= 1;
        }
    }

    /// The order, with what was hidden in its places.
    fn finish(self) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.problem.operations.len());
        for at in self.order {
            let mut hidden = self.hides[at as usize];
            while hidden != NONE {
                all.push(hidden);
                hidden = self.before[hidden as usize];
            }
            all.push(at);
        }
        all
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::problem::ValueId;
    use super::super::problem::testing::{INITIAL, NONE, operation};
    use super::*;
    use crate::check::origins::Origins;
    use crate::history::testing::NEVER;

    /// What is found for so many tokens, wherever there is no crowd, too.
    fn guess(operations: &[Operation], tokens: usize) -> Option<Vec<u32>> {
        let problem = Problem {
            operations: operations.to_vec(),
            values: ValueId::below(tokens).collect(),
            origins: Origins::default(),
        };
        guessed(&problem, ends(&problem))
    }

    #[test]
    fn writes_that_nobody_needs_are_hidden() {
        let operations = [
            operation(0, 5, NONE, 1),
            operation(1, 9, NONE, 2),
            operation(2, 3, 2, NONE),
            operation(6, 7, 2, NONE),
        ];
        assert_eq!(guess(&operations, 3), Some(vec![0, 1, 2, 3]));
    }

    #[test]
    fn what_is_needed_still_is_not_left() {
        // The write of 1 comes while 2 is there, which is read later and written no more.
        let operations = [
            operation(0, 2, NONE, 2),
            operation(1, 5, NONE, 1),
            operation(3, 4, 1, NONE),
            operation(6, 7, 2, NONE),
        ];
        assert_eq!(guess(&operations, 3), None);
        let again = [&operations[..3], &[operation(6, 9, NONE, 2), operation(7, 8, 2, NONE)]];
        assert_eq!(guess(&again.concat(), 3), Some(vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn updates_find_what_they_replace() {
        let operations = [
            operation(0, NEVER, INITIAL, 1),
            operation(1, 3, 1, 2),
            operation(2, 6, NONE, 1),
            operation(4, 5, 2, NONE),
        ];
        assert_eq!(guess(&operations, 3), Some(vec![2, 1, 3]));
        assert_eq!(guess(&operations[..2], 3), Some(vec![0, 1]));
    }

    #[test]
    fn only_a_crowd_is_guessed() {
        let crowd = |count: u32| {
            let writes = (0..count).map(|at| operation(at, 2 * count + at, NONE, at % 2));
            let read = operation(count, 3 * count, 1, NONE);
            let values = ValueId::below(2).collect();
            order(&Problem {
                operations: writes.chain([read]).collect(),
                values,
                origins: Origins::default(),
            })
        };
        assert_eq!(crowd(20), None);
        assert_eq!(crowd(200).unwrap().len(), 201);
    }
}
