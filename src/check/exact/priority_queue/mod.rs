//! Priority queues.
//!
//! If one end is taken from and a value that comes out was put in at most once, each value is put
//! in as late and taken out as early as those of higher priority allow, from the highest priority
//! down; `docs/ALGORITHMS.md` proves that nothing else is better. O(n log n). Else, and where
//! operations crashed in more ways than are tried, a [guess](super::guess).

mod crashed;
mod greedy;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use super::guess;
use super::values::{Act, NONE, Values};
use super::{Asked, Ruling, Timed, Wanted};
use crate::model::priority_queue::{End, Found, Item, Op};

/// Decides `operations`; `None` if both ends are taken from, a value that comes out was put in more
/// than once, or crashed takes can remove values in more ways than are tried, and no linearization
/// is found.
pub(super) fn decide(
    initial: &[Item],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    by_priority(initial, operations, wanted).or_else(|| {
        let initial: Vec<u128> = initial.iter().copied().map(key).collect();
        guess::decide(&initial, operations, known, (wanted, stop))
    })
}

/// Decides operations at one end on values that are put in once.
fn by_priority(initial: &[Item], operations: &[Timed<'_, Op>], wanted: Wanted) -> Option<Ruling> {
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

/// An operation as the guess has it.
fn known(op: &Op) -> guess::Act<u128> {
    let at = |end: End| match end {
        End::Min => guess::End::Low,
        End::Max => guess::End::High,
    };
    match *op {
        Op::Put(item) => guess::Act::Put(key(item)),
        Op::Take(end, Found::Item(item)) => guess::Act::Take(at(end), key(item)),
        Op::Peek(end, Found::Item(item)) => guess::Act::Peek(at(end), key(item)),
        Op::Take(_, Found::Empty) | Op::Peek(_, Found::Empty) => guess::Act::Empty,
        Op::Take(end, Found::Any) => guess::Act::TakeAny(at(end)),
        Op::Peek(_, Found::Any) => guess::Act::PeekAny,
    }
}

/// The number of an item, with its priority above that of its value.
fn key(item: Item) -> u128 {
    u128::from(item.priority()) << 32 | u128::from(item.handle())
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
