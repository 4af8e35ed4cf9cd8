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

    /// The rule where too many permits are taken.
    pub(super) fn taken(&self, kept: &[Pos]) -> Ruling {
        let is_kept = |at: Pos| kept.binary_search(&at).is_ok();
        let is_vague = |&&at: &&Pos| {
            let (what, span) = self.moves[at];
            matches!(what, Move::Busy | Move::Perhaps(_)) && span.has_returned()
        };
        if let Some(&at) = kept.iter().find(is_vague) {
            return Ruling::Without(vec![at]);
        }
        if let Some(at) = self.unmatched(&is_kept, Side::Gives) {
            return Ruling::Without(vec![at]);
        }
        match self.unmatched(&|at| !is_kept(at), Side::Gives) {
            None => Ruling::Sound,
            // Another take must go with it.
            Some(give) => self.without_partner(kept, give),
        }
    }

    /// The rule where too many permits are given back, or too few were found.
    pub(super) fn given(&self, kept: &[Pos]) -> Ruling {
        let is_kept = |at: Pos| kept.binary_search(&at).is_ok();
        let what = |at: &Pos| self.moves[*at].0;
        if let Some(&at) = kept.iter().find(|at| matches!(what(at), Move::Perhaps(_))) {
            return Ruling::Without(vec![at]);
        }
        if let Some(take) = self.unmatched(&|at| !is_kept(at), Side::Takes) {
            return self.without_partner(kept, take);
        }
        let counts = kept.iter().map(|at| match what(at) {
            Move::Take(count) => count,
            _ => 0,
        });
        if counts.fold(0, u64::saturating_add) <= self.all {
            return Ruling::Sound;
        }
        // A take must go that comes behind a give that went.
        let may_go = |&&at: &&Pos| {
            let without = |other: Pos| other == at || !is_kept(other);
            matches!(what(&at), Move::Take(_)) && self.unmatched(&without, Side::Takes).is_none()
        };
        kept.iter().find(may_go).map_or(Ruling::Unsound, |&at| Ruling::Without(vec![at]))
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

    /// The first operation on a side, among some operations, for which they lack a partner: of
    /// equal counts, the *k*-th that is called must have *k* on the other side that precede it.
    fn unmatched(&self, is_in: &dyn Fn(Pos) -> bool, side: Side) -> Option<Pos> {
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
        own().find_map(|(&(what, span), at)| {
            let count = match (side, what) {
                (Side::Gives, Move::Give(count)) => count,
                (Side::Takes, Move::Take(count) | Move::Perhaps(count)) => count,
                _ => return None,
            };
            let (rets, needed) = returns.entry(count).or_default();
            *needed += 1;
            (rets.partition_point(|&ret| ret < span.call) < *needed).then_some(at)
        })
    }
}

/// Which operations need partners.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Gives,
    Takes,
}
