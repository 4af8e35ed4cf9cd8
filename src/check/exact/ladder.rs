//! Objects that go up one level at a time and never down: counters of one step, the length of a
//! log. Exact for operations that each step up (from a level that is known, or from any) or look
//! at the level; `docs/ALGORITHMS.md` has the proof.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ends::{End, Ends, Placed, by_return, deadline, position};
use super::{Conflict, Ruling, Wanted};
use crate::history::Rank;

/// What an operation does on the ladder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Goes up one level from wherever it is; if it never returned, perhaps.
    Step,
    /// Goes up from this level. The operation is the level's owner in [`Ladder::owners`].
    StepFrom(u32),
    /// Finds the level within these bounds. One that never returned is no matter.
    Look { low: u32, high: u32 },
}

impl Role {
    /// A completed operation that can happen nowhere.
    pub(super) const IMPOSSIBLE: Role = Role::Look { low: u32::MAX, high: 0 };
}

/// Marks a level that no operation owns.
pub(super) const NOBODY: u32 = u32::MAX;

/// A ladder and what is known of its steps.
#[derive(Clone, Copy)]
pub(super) struct Ladder<'a> {
    /// The level before the first operation.
    pub(super) bottom: u32,
    /// For each level, from 0: the operation that is known to step up from it, or [`NOBODY`].
    /// Levels beyond the end have no owner.
    pub(super) owners: &'a [u32],
    /// For each level with an owner, the return (as [`by_return`] has it) by which that is known.
    pub(super) known: &'a [u64],
}

impl Ladder<'_> {
    /// Decides `operations`. O(log of what is open at once) each.
    pub(super) fn decide<T: Placed>(
        &self,
        operations: &[T],
        role: impl Fn(u32) -> Role,
        wanted: Wanted,
    ) -> Ruling {
        let mut climb = Climb {
            ladder: self,
            level: self.bottom,
            called: 0,
            free: BinaryHeap::new(),
            latest: 0,
            steps: (wanted == Wanted::Order).then(Vec::new),
        };
        let mut looks: Vec<(u32, u32)> = Vec::new();
        for end in Ends::of(operations) {
            let (at, reached) = match end {
                End::Call(at) => {
                    let level = climb.level;
                    let (role, ret) = (role(at), operations[at as usize].span().ret);
                    if let (Wanted::Order, Role::Look { low, .. }) = (wanted, role)
                        && ret != Rank::NEVER
                    {
                        looks.push((low.max(level), at));
                    }
                    (at, climb.call(at, role, ret))
                }
                End::Return(at) => {
                    (at, climb.settle(at, role(at), operations[at as usize].span().ret))
                }
            };
            if !reached {
                return Ruling::Invalid(climb.conflict(operations, at));
            }
        }
        let steps = climb.steps.unwrap_or_default();
        Ruling::Valid(interleave(self.bottom, &steps, &looks))
    }
}

/// The ladder in the middle of the sweep.
struct Climb<'a> {
    ladder: &'a Ladder<'a>,
    level: u32,
    /// How many operations were called; those before this position.
    called: u32,
    /// Steps from anywhere that were called and not taken, by their returns.
    free: BinaryHeap<Reverse<u64>>,
    /// The last of the returns by which the owners so far are known.
    latest: u64,
    /// Who took each step, where an order is wanted.
    steps: Option<Vec<u32>>,
}

impl Climb<'_> {
    /// Whether there is still a way.
    fn call(&mut self, at: u32, role: Role, ret: Rank) -> bool {
        self.called = at + 1;
        match role {
            Role::Step => self.free.push(Reverse(by_return(ret, at))),
            Role::Look { high, .. } => return ret == Rank::NEVER || self.level <= high,
            Role::StepFrom(level) => return self.level <= level,
        }
        true
    }

    /// Makes the operation that returns happen, if it did not yet; tells whether it can.
    fn settle(&mut self, at: u32, role: Role, ret: Rank) -> bool {
        match role {
            Role::Step => {
                // Whatever returned before it was taken.
                let taken = self.free.peek() != Some(&Reverse(by_return(ret, at)));
                while !taken && self.owner().is_some() {
                    if !self.climb() {
                        return false;
                    }
                }
                taken || self.climb()
            }
            Role::StepFrom(level) => self.reach(level.saturating_add(1)),
            Role::Look { low, .. } => self.reach(low),
        }
    }

    fn owner(&self) -> Option<u32> {
        self.ladder.owners.get(self.level as usize).copied().filter(|&owner| owner != NOBODY)
    }

    fn reach(&mut self, level: u32) -> bool {
        while self.level < level {
            if !self.climb() {
                return false;
            }
        }
        true
    }

    /// Takes one step; tells whether any operation can.
    fn climb(&mut self) -> bool {
        let taken = match self.owner() {
            Some(owner) => {
                self.latest = self.latest.max(self.ladder.known[self.level as usize]);
                Some(owner).filter(|&owner| owner < self.called)
            }
            None => self.free.pop().map(|Reverse(pair)| position(pair)),
        };
        let Some(taken) = taken else { return false };
        self.level += 1;
        if let Some(steps) = &mut self.steps {
            steps.push(taken);
        }
        true
    }

    /// By whose return there is no way any more, `at` being where the sweep ended. Operations that
    /// own a level count only once that is known; until then they might have taken any step.
    fn conflict<T: Placed>(&self, operations: &[T], at: u32) -> Conflict {
        let mut latest = self.latest.max(by_return(operations[at as usize].span().ret, at));
        let owners = self.ladder.owners.iter().zip(self.ladder.known).skip(self.level as usize);
        for (&owner, &known) in owners {
            if owner < self.called {
                latest = latest.max(known);
            }
        }
        debug_assert_ne!(deadline(latest), Rank::NEVER);
        Conflict::at(position(latest))
    }
}

/// The operations level by level: first those that look at it, in the order of their calls, then
/// the one that steps up from it.
fn interleave(bottom: u32, steps: &[u32], looks: &[(u32, u32)]) -> Vec<u32> {
    let mut next = vec![0_u32; steps.len() + 2];
    for &(level, _) in looks {
        next[(level - bottom) as usize + 1] += 1;
    }
    for level in 1..next.len() {
        // And the step below.
        next[level] += next[level - 1] + 1;
    }
    // What stands before the looks at each level: all looks below, and as many steps as levels.
    let mut order = vec![0; steps.len() + looks.len()];
    for &(level, at) in looks {
        let place = &mut next[(level - bottom) as usize];
        order[*place as usize] = at;
        *place += 1;
    }
    for (&step, &place) in steps.iter().zip(&next) {
        order[place as usize] = step;
    }
    order
}
