//! Permits, and locks that anyone may release: what is taken and given back may go.
//!
//! *Condition.* Nothing that found too few permits is kept, nor what may have taken some or not.
//!
//! A linearization is legal as long as between none and all of the permits are taken. Let every
//! operation that gives permits back have a partner that took as many and precedes it, no two the
//! same one; the partner of one left out is left out, and that of one kept is kept. Then what is
//! left out holds, at any point of a linearization, no fewer than no permits, so that without it no
//! more are taken than before; and what is kept gives back nothing that it has not taken.

use std::collections::BTreeMap;

use super::Ruling;
use crate::history::{NEVER, Span};
use crate::model::{Kind, Model, Reading, mutex, semaphore};

/// What an operation does with permits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    Take(u64),
    Give(u64),
    /// Found too few.
    Busy,
    /// Took some, or not.
    Perhaps,
}

/// The permits of a semaphore, or the one of a lock.
pub(super) struct Permits {
    moves: Vec<(Move, Span)>,
    /// Takes with the gives that are their partners.
    units: Vec<Vec<u32>>,
    /// Gives without a partner.
    unpaired: Vec<u32>,
}

impl Permits {
    /// The permits of `readings`; `None` if it has none.
    pub(super) fn of<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Option<Permits> {
        let moves: Vec<(Move, Span)> = match model.kind() {
            Kind::Semaphore { view, .. } => {
                let as_move = |op: &M::Op| match *view(op) {
                    semaphore::Op::Acquire(count) => Move::Take(count),
                    semaphore::Op::Release(count) => Move::Give(count),
                    semaphore::Op::Busy(_) => Move::Busy,
                    semaphore::Op::Try(_) => Move::Perhaps,
                };
                readings.iter().map(|reading| (as_move(&reading.op), reading.span)).collect()
            }
            Kind::Mutex { view } => {
                let as_move = |reading: &Reading<M::Op>| match *view(&reading.op) {
                    mutex::Op::Acquire(None) => Some((Move::Take(1), reading.span)),
                    mutex::Op::Release(None) => Some((Move::Give(1), reading.span)),
                    mutex::Op::Busy => Some((Move::Busy, reading.span)),
                    mutex::Op::Try(None) => Some((Move::Perhaps, reading.span)),
                    _ => None,
                };
                readings.iter().map(as_move).collect::<Option<_>>()?
            }
            _ => return None,
        };
        let mut permits = Permits { moves, units: Vec::new(), unpaired: Vec::new() };
        permits.pair();
        Some(permits)
    }

    /// Pairs each give, the first called first, with the latest take that precedes it.
    fn pair(&mut self) {
        let mut takes: BTreeMap<u64, Vec<(u32, u32)>> = BTreeMap::new();
        let mut partner: Vec<Option<u32>> = vec![None; self.moves.len()];
        for (&(what, span), at) in self.moves.iter().zip(0..) {
            match what {
                Move::Take(count) => takes.entry(count).or_default().push((span.ret, at)),
                Move::Give(count) => {
                    let open = takes.entry(count).or_default();
                    let fits = |&(ret, _): &(u32, u32)| ret < span.call;
                    match open.iter().rposition(fits) {
                        Some(found) => partner[open.remove(found).1 as usize] = Some(at),
                        None => self.unpaired.push(at),
                    }
                }
                Move::Busy | Move::Perhaps => {}
            }
        }
        for (&(what, _), at) in self.moves.iter().zip(0..) {
            if matches!(what, Move::Take(_)) {
                self.units.push([Some(at), partner[at as usize]].into_iter().flatten().collect());
            }
        }
    }

    /// Operations that go together.
    pub(super) fn units(&self) -> &[Vec<u32>] {
        &self.units
    }

    /// Operations that must stay.
    pub(super) fn unpaired(&self) -> &[u32] {
        &self.unpaired
    }

    pub(super) fn rule(&self, kept: &[u32]) -> Ruling {
        let is_kept = |at: u32| kept.binary_search(&at).is_ok();
        let is_vague = |&&at: &&u32| {
            let (what, span) = self.moves[at as usize];
            what == Move::Perhaps || what == Move::Busy && span.ret != NEVER
        };
        if let Some(&at) = kept.iter().find(is_vague) {
            return Ruling::Without(at);
        }
        if let Some(at) = self.unmatched(&is_kept) {
            return Ruling::Without(at);
        }
        match self.unmatched(&|at| !is_kept(at)) {
            None => Ruling::Sound,
            // Another take must go with it.
            Some(give) => {
                let (what, span) = self.moves[give as usize];
                let fits = |&&at: &&u32| {
                    let (other, before) = self.moves[at as usize];
                    let same = matches!((what, other), (Move::Give(a), Move::Take(b)) if a == b);
                    same && before.ret < span.call
                };
                kept.iter().rfind(fits).map_or(Ruling::Unsound, |&at| Ruling::Without(at))
            }
        }
    }

    /// The first give among some operations for which they lack a partner: of equal counts, the
    /// *k*-th give must have *k* takes that precede it.
    fn unmatched(&self, is_in: &dyn Fn(u32) -> bool) -> Option<u32> {
        let mut returns: BTreeMap<u64, (Vec<u32>, usize)> = BTreeMap::new();
        let own = || self.moves.iter().zip(0..).filter(|&(_, at)| is_in(at));
        for (&(what, span), _) in own() {
            if let (Move::Take(count), true) = (what, span.ret != NEVER) {
                returns.entry(count).or_default().0.push(span.ret);
            }
        }
        for (rets, _) in returns.values_mut() {
            rets.sort_unstable();
        }
        own().find_map(|(&(what, span), at)| {
            let Move::Give(count) = what else { return None };
            let (rets, gives) = returns.entry(count).or_default();
            *gives += 1;
            (rets.partition_point(|&ret| ret < span.call) < *gives).then_some(at)
        })
    }
}
