//! Tells equal items apart, for a queue into which a value is put more than once.
//!
//! Of two puts of one value, the one that is both called and returns first may come first:
//! exchanging them in a linearization changes nothing. The same holds for two takes. What is put in
//! first comes out first, so that the k-th take of a value finds what its k-th put put in, and each
//! pair may have a value of its own. Where one of two lies inside the other in time, either order
//! is possible and the pairing is a guess: then only a linearization proves anything.

use super::values::Act;
use super::{Conflict, Timed};
use crate::history::hash::Map;
use crate::history::sort;

/// A queue and its operations, with values that are put in once.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) initial: Vec<u32>,
    pub(super) acts: Vec<Act>,
    /// Whether these are linearizable exactly if the original ones are. If not, only that they are
    /// says something.
    pub(super) is_certain: bool,
}

/// What is known of one value.
#[derive(Default)]
struct Twins {
    /// How many of it are there from the start.
    initial: u32,
    /// The positions of its puts and takes, in the order of their calls.
    puts: Vec<u32>,
    takes: Vec<u32>,
    is_peeked: bool,
    /// The first of its numbers, one for each time that it is put in.
    first: u32,
}

impl Twins {
    fn count(&self) -> u32 {
        self.initial + self.puts.len() as u32
    }
}

/// Numbers the values of `operations`, which `act` understands; an error if more of one came out
/// than was put in. `None` if one that is put in repeatedly is peeked at: it may have been any of
/// them. O(n log n).
pub(super) fn number<Op>(
    initial: &[u32],
    operations: &[Timed<'_, Op>],
    act: impl Fn(&Op) -> Act,
) -> Option<Result<Numbered, Conflict>> {
    let mut acts: Vec<Act> = operations.iter().map(|timed| act(timed.op)).collect();
    let mut initial = initial.to_vec();
    let mut all = gather(&mut initial, &mut acts);
    // A take that nobody knows the result of may have taken any of them, and later takes others.
    let mut is_certain = !acts.contains(&Act::TakeAny);
    let ret = |at: u32| operations[at as usize].span.ret;
    let is_ordered = |list: &[u32]| list.is_sorted_by_key(|&at| ret(at));
    let mut next = 0;
    let mut overdrawn: Option<u32> = None;
    for twins in &mut all {
        let count = twins.count();
        if count > 1 && twins.is_peeked {
            return None;
        }
        is_certain &= count <= 1
            || twins.takes.is_empty()
            || is_ordered(&twins.puts) && is_ordered(&twins.takes);
        sort::by(&mut twins.takes, |&at| ret(at));
        let extra = twins.takes.get(count as usize).copied();
        overdrawn = [overdrawn, extra].into_iter().flatten().min_by_key(|&at| ret(at));
        twins.first = next;
        // What is only taken or peeked at has a number, too.
        next += count.max(1);
    }
    if let Some(stuck) = overdrawn {
        return Some(Err(Conflict::at(stuck)));
    }
    for twins in &all {
        for (number, &at) in (twins.first + twins.initial..).zip(&twins.puts) {
            acts[at as usize] = Act::Put(number);
        }
        for (number, &at) in (twins.first..).zip(&twins.takes) {
            acts[at as usize] = Act::Take(number);
        }
    }
    for act in &mut acts {
        if let Act::Peek(value) = act {
            *value = all[*value as usize].first;
        }
    }
    for value in &mut initial {
        let twins = &mut all[*value as usize];
        *value = twins.first;
        twins.first += 1;
    }
    Some(Ok(Numbered { initial, acts, is_certain }))
}

/// What there is of each value, in the order of their appearance; values become places in that.
fn gather(initial: &mut [u32], acts: &mut [Act]) -> Vec<Twins> {
    let mut all: Vec<Twins> = Vec::new();
    let mut places: Map<u32, u32> = Map::default();
    let mut place = |all: &mut Vec<Twins>, value: &mut u32| {
        *value = *places.entry(*value).or_insert_with(|| {
            all.push(Twins::default());
            all.len() as u32 - 1
        });
        *value as usize
    };
    for value in initial {
        let at = place(&mut all, value);
        all[at].initial += 1;
    }
    for (at, act) in (0..).zip(acts) {
        match act {
            Act::Put(value) => {
                let place = place(&mut all, value);
                all[place].puts.push(at);
            }
            Act::Take(value) => {
                let place = place(&mut all, value);
                all[place].takes.push(at);
            }
            Act::Peek(value) => {
                let place = place(&mut all, value);
                all[place].is_peeked = true;
            }
            Act::Empty | Act::TakeAny | Act::PeekAny => {}
        }
    }
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::history::testing::{NEVER, span};

    fn numbers(acts: &[(Act, u32, u32)]) -> (Vec<Act>, bool) {
        let operations: Vec<Timed<'_, Act>> =
            acts.iter().map(|(op, call, ret)| Timed { op, span: span(*call, *ret) }).collect();
        let numbered = number(&[], &operations, |act| *act).unwrap().unwrap();
        (numbered.acts, numbered.is_certain)
    }

    #[test]
    fn pairs_follow_each_other() {
        let (acts, is_certain) = numbers(&[
            (Act::Put(7), 0, 2),
            (Act::Put(7), 1, 3),
            (Act::Take(7), 4, 5),
            (Act::Take(7), 6, 7),
        ]);
        assert_eq!(acts, [Act::Put(0), Act::Put(1), Act::Take(0), Act::Take(1)]);
        assert!(is_certain);
    }

    #[test]
    fn one_inside_the_other_is_a_guess() {
        let take = (Act::Take(7), 4, 5);
        assert!(!numbers(&[(Act::Put(7), 0, 3), (Act::Put(7), 1, 2), take]).1);
        assert!(!numbers(&[(Act::Put(7), 0, NEVER), (Act::Put(7), 1, 2), take]).1);
        assert!(numbers(&[(Act::Put(7), 0, 2), (Act::Put(7), 1, NEVER), take]).1);
    }

    #[test]
    fn more_cannot_come_out_than_went_in() {
        let acts = [Act::Put(7), Act::Take(7), Act::Take(7)];
        let ends = [(0, 1), (2, 5), (3, 4)];
        let operations: Vec<Timed<'_, Act>> = acts
            .iter()
            .zip(ends)
            .map(|(op, (call, ret))| Timed { op, span: span(call, ret) })
            .collect();
        let numbered = number(&[], &operations, |act| *act).unwrap();
        assert_eq!(numbered.unwrap_err(), Conflict::at(1));
    }
}
