//! Permits, and locks that anyone may release: what is taken and given back may go.
//!
//! A linearization is legal as long as between none and all of the permits are taken. Of two
//! operations that take and give as many, the one that precedes the other can be its *partner*; no
//! operation has two.
//!
//! *Too many taken.* Let every operation that gives permits back have a partner that took them; the
//! partner of one left out is left out, and that of one kept is kept. Nothing is kept that found
//! too few permits. Then what is left out holds, at any point of a linearization, no fewer than no
//! permits, so that without it no more are taken than before; and what is kept gives back nothing
//! that it has not taken. (What may have taken permits or not, and never returned, need not
//! happen.)
//!
//! *Too many given.* Let every operation left out that takes permits, or may, have a partner that
//! gave them back before and is left out, too; and let all that is kept take no more than there is.
//! Nothing is kept that may have taken permits or not. Then what is left out holds no more than no
//! permits, so that without it no fewer are taken than before: what is kept gives nothing back that
//! is not taken, and finds too few wherever it did.

use std::collections::BTreeMap;

use super::Ruling;
use crate::history::{Rank, Span};
use crate::model::{Kind, Model, Pos, Reading, mutex, semaphore};

/// What an operation does with permits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    Take(u64),
    Give(u64),
    /// Found too few.
    Busy,
    /// Took some, or not.
    Perhaps(u64),
}

/// The permits of a semaphore, or the one of a lock.
pub(super) struct Permits {
    /// How many there are.
    all: u64,
    moves: Vec<(Move, Span)>,
    /// Takes with the gives that are their partners.
    units: Vec<Vec<Pos>>,
    /// Gives without a partner.
    unpaired: Vec<Pos>,
}

impl Permits {
    /// The permits of `readings`; `None` if it has none.
    pub(super) fn of<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Option<Permits> {
        let (all, moves): (u64, Vec<(Move, Span)>) = match model.kind() {
            Kind::Semaphore { view, permits } => {
                let as_move = |op: &M::Op| match *view(op) {
                    semaphore::Op::Acquire(count) => Move::Take(count),
                    semaphore::Op::Release(count) => Move::Give(count),
                    semaphore::Op::Busy(_) => Move::Busy,
                    semaphore::Op::Try(count) => Move::Perhaps(count),
                };
                let moves = readings.iter().map(|reading| (as_move(&reading.op), reading.span));
                (permits, moves.collect())
            }
            Kind::Mutex { view } => {
                let as_move = |reading: &Reading<M::Op>| match *view(&reading.op) {
                    mutex::Op::Acquire(None) => Some((Move::Take(1), reading.span)),
                    mutex::Op::Release(None) => Some((Move::Give(1), reading.span)),
                    mutex::Op::Busy => Some((Move::Busy, reading.span)),
                    mutex::Op::Try(None) => Some((Move::Perhaps(1), reading.span)),
                    _ => None,
                };
                (1, readings.iter().map(as_move).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        let mut permits = Permits { all, moves, units: Vec::new(), unpaired: Vec::new() };
        permits.pair();
        Some(permits)
    }

    /// Pairs each give, the first called first, with the latest take that precedes it.
    fn pair(&mut self) {
        let mut takes: BTreeMap<u64, Vec<(Rank, Pos)>> = BTreeMap::new();
        let mut partner: Vec<Option<Pos>> = vec![None; self.moves.len()];
        for (&(what, span), at) in self.moves.iter().zip(Pos::below(self.moves.len())) {
            match what {
                Move::Take(count) => takes.entry(count).or_default().push((span.ret, at)),
                Move::Give(count) => {
                    let open = takes.entry(count).or_default();
                    let fits = |&(ret, _): &(Rank, Pos)| ret < span.call;
                    match open.iter().rposition(fits) {
                        Some(found) => partner[open.remove(found).1] = Some(at),
                        None => self.unpaired.push(at),
                    }
                }
                Move::Busy | Move::Perhaps(_) => {}
            }
        }
        for (&(what, _), at) in self.moves.iter().zip(Pos::below(self.moves.len())) {
            if matches!(what, Move::Take(_)) {
                self.units.push([Some(at), partner[at]].into_iter().flatten().collect());
            }
        }
    }

    /// Operations that go together.
    pub(super) fn units(&self) -> &[Vec<Pos>] {
        &self.units
    }

    /// Operations that must stay.
    pub(super) fn unpaired(&self) -> &[Pos] {
        &self.unpaired
    }

    /// The rule where too many permits are taken. O(n log n).
    pub(super) fn taken(&self, kept: &[Pos], is_kept: &[bool]) -> Ruling {
        let is_vague = |&at: &Pos| {
            let (what, span) = self.moves[at];
            matches!(what, Move::Busy | Move::Perhaps(_)) && span.has_returned()
        };
        let vague: Vec<Pos> = kept.iter().copied().filter(is_vague).collect();
        if !vague.is_empty() {
            return Ruling::Without(vague);
        }
        let unmatched = self.unmatched(|at| is_kept[at.index()], Side::Gives);
        if !unmatched.is_empty() {
            return Ruling::Without(unmatched);
        }
        match self.unmatched(|at| !is_kept[at.index()], Side::Gives).first() {
            None => Ruling::Sound,
            // Another take must go with it.
            Some(&give) => self.without_partner(kept, give),
        }
    }

    /// The rule where too many permits are given back, or too few were found. O(n log n), and O(n)
    /// for each take that has to go.
    pub(super) fn given(&self, kept: &[Pos], is_kept: &[bool]) -> Ruling {
        let what = |at: &Pos| self.moves[*at].0;
        let perhaps = |at: &&Pos| matches!(what(at), Move::Perhaps(_));
        let vague: Vec<Pos> = kept.iter().filter(perhaps).copied().collect();
        if !vague.is_empty() {
            return Ruling::Without(vague);
        }
        if let Some(&take) = self.unmatched(|at| !is_kept[at.index()], Side::Takes).first() {
            return self.without_partner(kept, take);
        }
        let counts = kept.iter().map(|at| match what(at) {
            Move::Take(count) => count,
            _ => 0,
        });
        let taken = counts.fold(0, u64::saturating_add);
        if taken <= self.all {
            return Ruling::Sound;
        }
        // Takes must go that come behind gives that went.
        let mut excess = taken - self.all;
        let mut spare: BTreeMap<u64, Spare> = BTreeMap::new();
        let mut gone = Vec::new();
        for &at in kept {
            if excess == 0 {
                break;
            }
            let (what, span) = self.moves[at];
            let Move::Take(count) = what else { continue };
            let spare = spare.entry(count).or_insert_with(|| self.spare(count, is_kept));
            if spare.take(span.call) {
                excess = excess.saturating_sub(count);
                gone.push(at);
            }
        }
        if gone.is_empty() || excess > 0 { Ruling::Unsound } else { Ruling::Without(gone) }
    }

    /// The gives of so many permits that are left out, and not yet partners of takes that are.
    fn spare(&self, count: u64, is_kept: &[bool]) -> Spare {
        let (mut returns, mut calls) = (Vec::new(), Vec::new());
        for (&(what, span), &is_kept) in self.moves.iter().zip(is_kept) {
            match what {
                _ if is_kept => {}
                Move::Give(given) if given == count && span.has_returned() => {
                    returns.push(span.ret);
                }
                Move::Take(taken) | Move::Perhaps(taken) if taken == count => calls.push(span.call),
                _ => {}
            }
        }
        returns.sort_unstable();
        let given = |call: Rank| returns.partition_point(|&ret| ret < call);
        let takes = (1..).zip(calls).map(|(nth, call)| (call, given(call).saturating_sub(nth)));
        Spare { takes: takes.collect(), returns }
    }

    /// What is kept and can be the partner of the operation at `at`, and so has to go.
    fn without_partner(&self, kept: &[Pos], at: Pos) -> Ruling {
        let (what, span) = self.moves[at];
        let fits = |&&at: &&Pos| {
            let (other, before) = self.moves[at];
            let counts = match (what, other) {
                (Move::Give(a), Move::Take(b)) => a == b,
                (Move::Take(a) | Move::Perhaps(a), Move::Give(b)) => a == b,
                _ => false,
            };
            counts && before.ret < span.call
        };
        kept.iter().rfind(fits).map_or(Ruling::Unsound, |&at| Ruling::Without(vec![at]))
    }

    /// The operations on a side, among some operations, for which they lack a partner, ascending:
    /// of equal counts, the *k*-th that is called, without these, must have *k* on the other side
    /// that precede it.
    fn unmatched(&self, is_in: impl Fn(Pos) -> bool, side: Side) -> Vec<Pos> {
        let mut returns: BTreeMap<u64, (Vec<Rank>, usize)> = BTreeMap::new();
        let own =
            || self.moves.iter().zip(Pos::below(self.moves.len())).filter(|&(_, at)| is_in(at));
        for (&(what, span), _) in own() {
            let partner = match (side, what) {
                (Side::Gives, Move::Take(count)) | (Side::Takes, Move::Give(count)) => count,
                _ => continue,
            };
            if span.has_returned() {
                returns.entry(partner).or_default().0.push(span.ret);
            }
        }
        for (rets, _) in returns.values_mut() {
            rets.sort_unstable();
        }
        let lacks = own().filter_map(|(&(what, span), at)| {
            let count = match (side, what) {
                (Side::Gives, Move::Give(count)) => count,
                (Side::Takes, Move::Take(count) | Move::Perhaps(count)) => count,
                _ => return None,
            };
            let (rets, matched) = returns.entry(count).or_default();
            let has_partner = rets.get(*matched).is_some_and(|&ret| ret < span.call);
            *matched += usize::from(has_partner);
            (!has_partner).then_some(at)
        });
        lacks.collect()
    }
}

/// Gives that are left out, of one count, and the takes that are.
struct Spare {
    /// The calls of the takes, ascending; with each how many more gives precede it than takes up to
    /// it need.
    takes: Vec<(Rank, usize)>,
    /// The returns of the gives, ascending.
    returns: Vec<Rank>,
}

impl Spare {
    /// Adds a take that is called at `call`, if it and all others still have partners.
    fn take(&mut self, call: Rank) -> bool {
        let place = self.takes.partition_point(|&(other, _)| other < call);
        let given = self.returns.partition_point(|&ret| ret < call);
        if given <= place || self.takes[place..].iter().any(|&(_, more)| more == 0) {
            return false;
        }
        self.takes[place..].iter_mut().for_each(|(_, more)| *more -= 1);
        self.takes.insert(place, (call, given - place - 1));
        true
    }
}

/// Which operations need partners.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Gives,
    Takes,
}
