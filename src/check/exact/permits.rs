//! Permits that are taken and given back by nobody in particular: semaphores, and mutexes that
//! anyone may release.
//!
//! Operations happen as late as they can, the most urgent first. `docs/ALGORITHMS.md` says when
//! that decides, and proves it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ends::{End, Ends, by_return, position};
use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::Rank;

/// What an operation does to the permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Takes so many; if it never returned, perhaps.
    Take(u64),
    /// Gives back so many; if it never returned, perhaps.
    Give(u64),
    /// Finds fewer than so many.
    Short(u64),
}

/// Decides `operations` on `permits`; `None` if neither an order nor a refutation is found.
pub(super) fn decide<Op>(
    permits: u64,
    operations: &[Timed<'_, Op>],
    role: impl Fn(&Op) -> Role,
    wanted: Wanted,
) -> Option<Ruling> {
    let exact = is_exact(permits, operations, &role);
    let mut sweep = Sweep::new(permits, wanted);
    for end in Ends::of(operations) {
        let (at, goes_on) = match end {
            End::Call(at) => {
                let timed = &operations[at as usize];
                sweep.call(at, role(timed.op), timed.span.ret);
                continue;
            }
            End::Return(at) => {
                let timed = &operations[at as usize];
                (at, sweep.settle(at, role(timed.op), timed.span.ret))
            }
        };
        if goes_on {
            continue;
        }
        return if exact {
            Some(Ruling::Invalid(conflict(operations, &role, at)))
        } else {
            too_many_or_too_few(permits, operations, &role)
                .map(|stuck| Ruling::Invalid(Conflict::at(stuck)))
        };
    }
    Some(Ruling::Valid(sweep.order.unwrap_or_default()))
}

/// Whether the sweep finds an order if there is one: all take and give the same number, and none
/// found too few, or there is room for one only.
fn is_exact<Op>(permits: u64, operations: &[Timed<'_, Op>], role: &impl Fn(&Op) -> Role) -> bool {
    let mut number = None;
    let mut short = false;
    for timed in operations {
        match role(timed.op) {
            Role::Take(count) | Role::Give(count) => {
                if count == 0 || *number.get_or_insert(count) != count {
                    return false;
                }
            }
            Role::Short(_) => short = true,
        }
    }
    !short || number.is_none_or(|number| permits / number <= 1)
}

/// The sweep over time.
struct Sweep {
    permits: u64,
    /// How many are taken.
    taken: u64,
    /// Operations that were called and did not happen, by their returns, with their numbers.
    takes: BinaryHeap<Reverse<(u64, u64)>>,
    gives: BinaryHeap<Reverse<(u64, u64)>>,
    /// Those that wait until so many are taken.
    shorts: Vec<(u64, u32)>,
    /// What happened so far, where an order is wanted.
    order: Option<Vec<u32>>,
}

impl Sweep {
    fn new(permits: u64, wanted: Wanted) -> Self {
        Sweep {
            permits,
            taken: 0,
            takes: BinaryHeap::new(),
            gives: BinaryHeap::new(),
            shorts: Vec::new(),
            order: (wanted == Wanted::Order).then(Vec::new),
        }
    }

    fn call(&mut self, at: u32, role: Role, ret: Rank) {
        let urgency = by_return(ret, at);
        match role {
            Role::Take(count) => self.takes.push(Reverse((urgency, count))),
            Role::Give(count) => self.gives.push(Reverse((urgency, count))),
            Role::Short(_) if ret == Rank::NEVER => {}
            Role::Short(count) => {
                // More than all are never free; none are never too few.
                let needed = self.permits.saturating_add(1).saturating_sub(count);
                self.shorts.push((needed, at));
                self.notice();
            }
        }
    }

    /// Makes the operation that returns happen, if it did not yet; tells whether it can.
    fn settle(&mut self, at: u32, role: Role, ret: Rank) -> bool {
        let this = by_return(ret, at);
        let is_first = |heap: &BinaryHeap<Reverse<(u64, u64)>>| {
            heap.peek().is_some_and(|&Reverse((first, _))| first == this)
        };
        match role {
            // Whatever returned before it happened.
            Role::Take(_) => !is_first(&self.takes) || self.take(),
            Role::Give(_) => !is_first(&self.gives) || self.give(),
            Role::Short(_) => match self.shorts.iter().find(|short| short.1 == at) {
                Some(&(needed, _)) => self.take_until(needed),
                None => true,
            },
        }
    }

    /// The most urgent operation takes, after as many gave back as it needs.
    fn take(&mut self) -> bool {
        let Some(&Reverse((this, count))) = self.takes.peek() else { return false };
        if count > self.permits {
            return false;
        }
        while self.taken > self.permits - count {
            // Of those that give back, one that has taken what it gives.
            match self.gives.peek() {
                Some(&Reverse((_, given))) if given <= self.taken => self.give(),
                _ => return false,
            };
        }
        self.takes.pop();
        self.taken += count;
        self.happens(position(this));
        self.notice();
        true
    }

    /// The most urgent operation gives back, after as many took as it needs, and as those want
    /// who found too few.
    fn give(&mut self) -> bool {
        let Some(&Reverse((this, count))) = self.gives.peek() else { return false };
        while self.taken < count {
            if !self.take_if_free() {
                return false;
            }
        }
        while !self.shorts.is_empty() && self.take_if_free() {}
        self.gives.pop();
        self.taken -= count;
        self.happens(position(this));
        true
    }

    fn take_until(&mut self, needed: u64) -> bool {
        while self.taken < needed {
            if !self.take_if_free() {
                return false;
            }
        }
        true
    }

    fn take_if_free(&mut self) -> bool {
        let fits = |&Reverse((_, count)): &Reverse<(u64, u64)>| {
            self.taken.checked_add(count).is_some_and(|taken| taken <= self.permits)
        };
        self.takes.peek().is_some_and(fits) && self.take()
    }

    /// Lets all happen that find too few now.
    fn notice(&mut self) {
        let Sweep { shorts, order, taken, .. } = self;
        shorts.retain(|&(needed, at)| {
            let waits = needed > *taken;
            if let (false, Some(order)) = (waits, order.as_mut()) {
                order.push(at);
            }
            waits
        });
    }

    fn happens(&mut self, at: u32) {
        if let Some(order) = &mut self.order {
            order.push(at);
        }
    }
}

/// By whose return there is no order, where the sweep ended at the return of `at`. Whoever found
/// too few might, until that is known, have taken some.
fn conflict<Op>(operations: &[Timed<'_, Op>], role: &impl Fn(&Op) -> Role, at: u32) -> Conflict {
    let end = operations[at as usize].span.ret;
    let open = operations.iter().enumerate().filter(|(_, timed)| {
        let Timed { op, span } = timed;
        span.call < end && end < span.ret && span.has_returned() && is_short(role(op))
    });
    let latest = open.map(|(at, timed)| by_return(timed.span.ret, at as u32)).max();
    Conflict::at(latest.map_or(at, position))
}

fn is_short(role: Role) -> bool {
    matches!(role, Role::Short(_))
}

/// An operation by whose return more are taken for certain than there are, or fewer than are
/// given back, or that cannot have found so few.
fn too_many_or_too_few<Op>(
    permits: u64,
    operations: &[Timed<'_, Op>],
    role: &impl Fn(&Op) -> Role,
) -> Option<u32> {
    let permits = i128::from(permits);
    // At least and at most so many are taken.
    let (mut least, mut most) = (0_i128, 0_i128);
    // Who found too few, and the most that may have been taken since.
    let mut shorts: Vec<(u32, i128)> = Vec::new();
    for end in Ends::of(operations) {
        let (End::Call(at) | End::Return(at)) = end;
        let Timed { op, span } = &operations[at as usize];
        match (end, role(op)) {
            (_, Role::Short(_)) if !span.has_returned() => {}
            (End::Call(_), Role::Take(count)) => most += i128::from(count),
            (End::Return(_), Role::Take(count)) => least += i128::from(count),
            (End::Call(_), Role::Give(count)) => least -= i128::from(count),
            (End::Return(_), Role::Give(count)) => most -= i128::from(count),
            // Until it returns, it might have taken them.
            (End::Call(_), Role::Short(count)) => {
                most += i128::from(count);
                shorts.push((at, most));
            }
            (End::Return(_), Role::Short(count)) => {
                let seen = shorts.iter().position(|short| short.0 == at)?;
                let (_, seen) = shorts.swap_remove(seen);
                // Without its own, fewer than it takes to leave too few.
                if seen <= permits {
                    return Some(at);
                }
                most -= i128::from(count);
            }
        }
        if let (End::Call(_), true) = (end, most > 0) {
            for (_, seen) in &mut shorts {
                *seen = (*seen).max(most);
            }
        }
        if matches!(end, End::Return(_)) && (least > permits || most < 0) {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::ends::timed;
    use super::*;
    use crate::history::testing::NEVER;

    fn rule(permits: u64, operations: &[(Role, u32, u32)]) -> Option<Ruling> {
        decide(permits, &timed(operations), |&role| role, Wanted::Order)
    }

    fn stuck(at: u32) -> Option<Ruling> {
        Some(Ruling::Invalid(Conflict::at(at)))
    }

    #[test]
    fn no_more_are_taken_than_there_are() {
        let take = |count, call, ret| (Role::Take(count), call, ret);
        assert_eq!(rule(2, &[take(1, 0, 1), take(1, 2, 3)]), Some(Ruling::Valid(vec![0, 1])));
        assert_eq!(rule(2, &[take(1, 0, 1), take(1, 2, 3), take(1, 4, 5)]), stuck(2));
        assert_eq!(rule(2, &[take(2, 0, 1), take(1, 2, 3)]), stuck(1));
        assert_eq!(rule(2, &[(Role::Give(1), 0, 1)]), stuck(0));
        let give = (Role::Give(1), 2, NEVER);
        let made_room = [take(2, 0, 1), give, take(1, 3, 4)];
        assert_eq!(rule(2, &made_room), Some(Ruling::Valid(vec![0, 1, 2])));
    }

    #[test]
    fn too_few_are_free_when_enough_are_taken() {
        let take = |ret| (Role::Take(1), 0, ret);
        let short = |call, ret| (Role::Short(1), call, ret);
        assert_eq!(rule(1, &[take(3), short(1, 2)]), Some(Ruling::Valid(vec![0, 1])));
        assert_eq!(rule(1, &[short(0, 1)]), stuck(0));
        assert_eq!(rule(2, &[take(3), short(1, 2)]), stuck(1));
        assert_eq!(rule(1, &[(Role::Short(2), 0, 1)]), Some(Ruling::Valid(vec![0])));
    }
}
