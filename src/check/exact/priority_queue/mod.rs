//! Priority queues of which one end is taken from: a value that comes out was put in at most once.
//!
//! From the highest priority down, each value is put in as late and taken out as early as those of
//! higher priority allow; `docs/ALGORITHMS.md` proves that nothing else is better. O(n log n).

mod crashed;
mod greedy;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use super::values::{Act, NONE, Values};
use super::{Ruling, Timed, Wanted};
use crate::model::priority_queue::{End, Found, Item, Op};

/// Decides `operations`; `None` if both ends are taken from, if a value that comes out was put in
/// more than once, or if crashed takes can remove values in more ways than are tried.
pub(super) fn decide(
    initial: &[Item],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let end = only_end(operations)?;
    let handles: Vec<u32> = initial.iter().map(|item| item.handle()).collect();
    Ruling::on(Values::read(&handles, operations, act)?, |mut values| {
        let groups = Groups::new(&values, initial, operations, end);
        if !values.unknown.is_empty() {
            return crashed::decide(values, &groups, wanted);
        }
        values.keep_untaken();
        Some(match greedy::place(&values, &groups, wanted) {
            Ok(order) => Ruling::Valid(order),
            Err(failed) => Ruling::Invalid(values.conflict_at(failed.by)),
        })
    })
}

/// The end that all operations are about which may have found an item; `None` if there are two.
fn only_end(operations: &[Timed<'_, Op>]) -> Option<End> {
    let mut ends = operations.iter().filter_map(|timed| match *timed.op {
        Op::Take(end, Found::Any | Found::Item(_)) | Op::Peek(end, Found::Item(_)) => Some(end),
        _ => None,
    });
    let first = ends.next().unwrap_or(End::Min);
    ends.all(|end| end == first).then_some(first)
}

fn act(op: &Op) -> Act {
    match *op {
        Op::Put(item) => Act::Put(item.handle()),
        Op::Take(_, Found::Item(item)) => Act::Take(item.handle()),
        Op::Peek(_, Found::Item(item)) => Act::Peek(item.handle()),
        Op::Take(_, Found::Empty) | Op::Peek(_, Found::Empty) => Act::Empty,
        Op::Take(_, Found::Any) => Act::TakeAny,
        Op::Peek(_, Found::Any) => Act::PeekAny,
    }
}

/// The lives that matter, those of the highest priority first.
struct Groups {
    sorted: Vec<(u64, u32)>,
}

impl Groups {
    fn new(values: &Values, initial: &[Item], operations: &[Timed<'_, Op>], end: End) -> Groups {
        let priority = |put: u32, call: u32| {
            let item = if put == NONE {
                initial.get(call as usize / 2).copied()
            } else {
                match *operations[put as usize].op {
                    Op::Put(item) => Some(item),
                    _ => None,
                }
            };
            let priority = item.map_or(0, Item::priority);
            if end == End::Min { priority } else { !priority }
        };
        let lives = values.needed().map(|(at, life)| (priority(life.put, life.call), at));
        let mut sorted: Vec<(u64, u32)> = lives.collect();
        sorted.sort_unstable();
        Groups { sorted }
    }

    /// The lives of each priority, the highest first, with how many come before.
    fn iter(&self) -> impl DoubleEndedIterator<Item = &[(u64, u32)]> {
        self.sorted.chunk_by(|a, b| a.0 == b.0)
    }
}
