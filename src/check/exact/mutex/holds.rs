//! Mutexes whose owners do one thing after the other.

use crate::check::exact::ends::{by_return, position};
use crate::check::exact::{Conflict, Ruling, Timed, Wanted};
use crate::history::hash::Map;
use crate::history::{Rank, Value, sort};
use crate::model::mutex::Op;

/// A time from which on the lock is held, and one until which it is; for certain, or at most.
#[derive(Clone, Copy)]
struct Hold {
    acquire: u32,
    release: Option<u32>,
    /// Held for certain from the return of the one to the call of the other, [`Rank::NEVER`] for
    /// none.
    certain: (Rank, Rank),
    /// Held at most from the call of the one to the return of the other.
    possible: (Rank, Rank),
}

/// Who held a mutex, in the order in which they did.
pub(super) struct Holds {
    holds: Vec<Hold>,
    /// Whether the last of them never acquired for certain.
    last_is_loose: bool,
}

/// What an owner did last.
#[derive(Default)]
struct Owner {
    holds: Option<u32>,
    busy_until: Option<Rank>,
}

impl Holds {
    /// The holds of `operations`; `None` if an owner does two things at once, or goes on after an
    /// operation that never returned; a conflict if one acquires what it holds or releases what
    /// it does not, or two hold at once.
    pub(super) fn of(operations: &[Timed<'_, Op>]) -> Option<Result<Holds, Conflict>> {
        let mut owners: Map<Value, Owner> = Map::default();
        let mut holds: Vec<Hold> = Vec::new();
        let mut loose: Option<u32> = None;
        let mut wrong: Option<u64> = None;
        for (at, Timed { op, span }) in operations.iter().enumerate() {
            let (Op::Acquire(Some(who)) | Op::Release(Some(who)) | Op::Try(Some(who))) = op else {
                continue;
            };
            let at = at as u32;
            let owner = owners.entry(*who).or_default();
            if owner.busy_until.replace(span.ret).is_some_and(|ret| ret > span.call) {
                return None;
            }
            match (op, owner.holds) {
                (Op::Release(_), Some(acquire)) => {
                    holds.push(Hold::new(operations, acquire, Some(at)));
                    owner.holds = None;
                }
                (Op::Acquire(_), None) if span.has_returned() => owner.holds = Some(at),
                // It never releases, so only the last hold can be it; the earliest is best.
                (Op::Acquire(_) | Op::Try(_), None) => loose = loose.or(Some(at)),
                (_, _) if !span.has_returned() => {}
                (_, _) => {
                    let by = by_return(span.ret, at);
                    wrong = Some(wrong.map_or(by, |first| first.min(by)));
                }
            }
        }
        #[expect(clippy::disallowed_methods, reason = "sorted below")]
        let mut unreleased: Vec<u32> = owners.values().filter_map(|owner| owner.holds).collect();
        unreleased.sort_unstable();
        holds.extend(unreleased.into_iter().map(|acquire| Hold::new(operations, acquire, None)));
        sort::by(&mut holds, |hold| hold.certain.0);
        let overlap = holds.windows(2).find(|pair| pair[0].certain.1 > pair[1].certain.0);
        let overlap = overlap.map(|pair| by_return(pair[1].certain.0, pair[1].acquire));
        if let Some(by) = wrong.into_iter().chain(overlap).min() {
            let stuck = position(by);
            let releases = matches!(operations[stuck as usize].op, Op::Release(_));
            let conflict = if releases { known(operations, stuck) } else { Conflict::at(stuck) };
            return Some(Err(conflict));
        }
        let ends = holds.last().is_none_or(|last| last.release.is_some());
        let loose = loose.filter(|_| ends);
        holds.extend(loose.map(|acquire| Hold::new(operations, acquire, None)));
        Some(Ok(Holds { holds, last_is_loose: loose.is_some() }))
    }

    /// Whether each operation that found the lock held has a holder, holds being as long as they
    /// can be.
    pub(super) fn decide(mut self, operations: &[Timed<'_, Op>], wanted: Wanted) -> Ruling {
        self.stretch();
        // Times, each with what happens then: releases before acquires before others.
        let mut order: Vec<(Rank, u8, u32)> = Vec::new();
        let mut uses_loose = false;
        let mut homeless: Option<u64> = None;
        for (at, Timed { op, span }) in operations.iter().enumerate() {
            if **op != Op::Busy || !span.has_returned() {
                continue;
            }
            let first = self.holds.partition_point(|hold| hold.possible.1 < span.call);
            match self.holds.get(first).filter(|hold| hold.possible.0 < span.ret) {
                Some(hold) => {
                    uses_loose |= self.last_is_loose && first + 1 == self.holds.len();
                    if wanted == Wanted::Order {
                        order.push((hold.possible.0.max(span.call), 2, at as u32));
                    }
                }
                None => {
                    let by = by_return(span.ret, at as u32);
                    homeless = Some(homeless.map_or(by, |first| first.min(by)));
                }
            }
        }
        if let Some(by) = homeless {
            return Ruling::Invalid(known(operations, position(by)));
        }
        if wanted != Wanted::Order {
            return Ruling::Valid(Vec::new());
        }
        if self.last_is_loose && !uses_loose {
            self.holds.pop();
        }
        for hold in &self.holds {
            order.push((hold.possible.0, 1, hold.acquire));
            if let Some(release) = hold.release.filter(|_| hold.possible.1 != Rank::NEVER) {
                order.push((hold.possible.1, 0, release));
            }
        }
        sort::by(&mut order, |&event| event);
        Ruling::Valid(order.into_iter().map(|(_, _, at)| at).collect())
    }

    /// Makes holds as long as they can be beside each other: where two can meet, the later one
    /// begins as early as it can.
    fn stretch(&mut self) {
        for at in 1..self.holds.len() {
            let (before, after) = self.holds.split_at_mut(at);
            let (Some(before), Some(after)) = (before.last_mut(), after.first_mut()) else {
                return;
            };
            after.possible.0 = after.possible.0.max(before.certain.1);
            before.possible.1 = before.possible.1.min(after.possible.0);
        }
    }
}

impl Hold {
    fn new(operations: &[Timed<'_, Op>], acquire: u32, release: Option<u32>) -> Hold {
        let taken = operations[acquire as usize].span;
        let (call, ret) = release.map_or((Rank::NEVER, Rank::NEVER), |release| {
            let given = operations[release as usize].span;
            (given.call, given.ret)
        });
        Hold { acquire, release, certain: (taken.ret, call), possible: (taken.call, ret) }
    }
}

/// By whose return it is known that nobody can have held what `at` found held, or released: what
/// was under way then may have acquired it, as far as was known.
fn known(operations: &[Timed<'_, Op>], at: u32) -> Conflict {
    let end = operations[at as usize].span.ret;
    let under_way = operations.iter().enumerate().filter(|(_, Timed { span, .. })| {
        span.call < end && end <= span.ret && span.has_returned()
    });
    let latest = under_way.map(|(at, timed)| by_return(timed.span.ret, at as u32)).max();
    Conflict::at(latest.map_or(at, position))
}
