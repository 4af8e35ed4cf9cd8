//! The order in which values go through a queue.

use super::super::values::{Life, NEVER, Values};

/// Two values that no order can begin with: the one that is in first, and the one that is seen
/// first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stuck {
    pub(super) first: u32,
    pub(super) last: u32,
}

/// An order of all values in which a value is not before another
/// - that was put in before it was,
/// - that was seen at the front before it could go,
/// - that was in before a point of `cuts` (ascending) which it reaches or outlives.
///
/// Linear time.
pub(super) fn sequence(values: &Values, cuts: &[u32]) -> Result<Vec<u32>, Stuck> {
    let lives = &values.lives;
    let by_call = values.sorted_by(|life| life.call);
    let by_until = values.sorted_by(|life| life.until);
    let mut remaining = Remaining {
        lives,
        cuts,
        by_in: values.sorted_by(|life| life.in_by),
        by_seen: values.sorted_by(|life| life.seen_by),
        marks: vec![0; lives.len()],
        first: 0,
        seen: 0,
        second: 1,
        cut: 0,
    };
    let mut sequence = Vec::with_capacity(by_call.len());
    let mut ready: Vec<u32> = Vec::new();
    let (mut put, mut gone) = (0, 0);
    while sequence.len() < by_call.len() {
        let bounds = remaining.bounds();
        while put < by_call.len() && lives[by_call[put] as usize].call < bounds.call {
            remaining.mark(by_call[put], PUT, &mut ready);
            put += 1;
        }
        while gone < by_until.len() && lives[by_until[gone] as usize].until <= bounds.until {
            remaining.mark(by_until[gone], GONE, &mut ready);
            gone += 1;
        }
        let next = match ready.pop() {
            Some(next) => next,
            // A value that stays at the front is not in its own way.
            None if remaining.may_be_front(bounds.seen, bounds.cut) => bounds.seen,
            None => return Err(Stuck { first: bounds.first, last: bounds.seen }),
        };
        remaining.marks[next as usize] |= REMOVED;
        sequence.push(next);
    }
    Ok(sequence)
}

/// It is put in before none that remains must be.
const PUT: u8 = 1;
/// It can go before any that remains must be at the front.
const GONE: u8 = 2;
const REMOVED: u8 = 4;

/// What is not yet in the sequence.
struct Remaining<'a> {
    lives: &'a [Life],
    cuts: &'a [u32],
    /// Values by when they must be in, and by when they are seen.
    by_in: Vec<u32>,
    by_seen: Vec<u32>,
    marks: Vec<u8>,
    /// The first that remains of `by_in`, the first two of `by_seen`.
    first: usize,
    seen: usize,
    second: usize,
    /// The first cut after the first value.
    cut: usize,
}

/// What the next value of the sequence must keep to.
struct Bounds {
    first: u32,
    seen: u32,
    call: u32,
    until: u32,
    cut: u32,
}

impl Remaining<'_> {
    fn skip(&self, list: &[u32], mut from: usize) -> usize {
        let is_removed = |&at: &u32| self.marks[at as usize] & REMOVED != 0;
        while list.get(from).is_some_and(is_removed) {
            from += 1;
        }
        from
    }

    /// There must be a value left.
    fn bounds(&mut self) -> Bounds {
        self.first = self.skip(&self.by_in, self.first);
        self.seen = self.skip(&self.by_seen, self.seen);
        let (first, seen) = (self.by_in[self.first], self.by_seen[self.seen]);
        let call = self.lives[first as usize].in_by;
        while self.cuts.get(self.cut).is_some_and(|&cut| cut < call) {
            self.cut += 1;
        }
        let cut = self.cuts.get(self.cut).copied().unwrap_or(NEVER);
        Bounds { first, seen, call, until: cut.min(self.lives[seen as usize].seen_by), cut }
    }

    fn mark(&mut self, at: u32, mark: u8, ready: &mut Vec<u32>) {
        let marks = &mut self.marks[at as usize];
        *marks |= mark;
        if *marks == PUT | GONE {
            ready.push(at);
        }
    }

    /// Whether the value that is seen first can be next: all others can be seen later.
    fn may_be_front(&mut self, seen: u32, cut: u32) -> bool {
        self.second = self.skip(&self.by_seen, self.second.max(self.seen + 1));
        let others = self.by_seen.get(self.second).map(|&at| self.lives[at as usize].seen_by);
        let is_put = self.marks[seen as usize] & PUT != 0;
        is_put && self.lives[seen as usize].until <= cut.min(others.unwrap_or(NEVER))
    }
}
