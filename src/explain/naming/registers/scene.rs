//! The core of a violation as operations on a register, and what would repair it.
//!
//! A repair changes one thing about one operation, so that the core can be ordered after all. Which
//! repairs there are tells what is wrong.

use crate::check::is_linearizable;
use crate::explain::access::Access;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::history::{OpIndex, Rank, Span, sort};
use crate::model::{AnyModel, AnyOp, Kind, Model, Reading, Token};

/// Cores larger than this have no name: few operations cause what takes so many to show.
const LARGE: usize = 256;

/// One operation of a core.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    /// The operation, as it was known when the violation showed.
    pub(super) access: Access,
    /// Whether it changes the value, perhaps to one that depends on what was there before.
    pub(super) updates: bool,
}

impl Act {
    /// Whether it shows another value than `token`: by writing it, or by seeing it.
    pub(super) fn shows_other_than(&self, token: Token) -> bool {
        let Access { reads, writes, .. } = self.access;
        if self.updates { writes != Some(token) } else { reads.is_some_and(|read| read != token) }
    }

    /// Whether it returned, as far as was known.
    pub(super) fn is_done(&self) -> bool {
        self.access.span.has_returned()
    }
}

/// One change to one operation of a core, by its position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Repair {
    /// It was called before everything else.
    Earlier(usize),
    /// It never returned, and perhaps had no effect.
    Open(usize),
    /// It may have taken effect once more, at any later time.
    Again(usize),
    /// The same, before it returned.
    AgainWithin(usize),
}

/// A core as operations on a register.
pub(super) struct Scene<'a> {
    /// The key.
    pub(super) case: &'a Case<'a>,
    /// The violation.
    pub(super) violation: &'a Violation,
    /// The operations of the core, in the order of their calls.
    pub(super) acts: Vec<Act>,
    /// The value before the first operation.
    pub(super) initial: Token,
    readings: Vec<Reading<AnyOp>>,
}

impl<'a> Scene<'a> {
    /// The core of `violation`; `None` if the object is no register, or the core is none. Takes one
    /// decision about the core.
    pub(super) fn of(case: &'a Case<'a>, violation: &'a Violation) -> Option<Scene<'a>> {
        if violation.core.is_empty() || violation.core.len() > LARGE || !is_register(case.model) {
            return None;
        }
        let initial = case.model.token(&case.model.initial())?;
        let readings = violation.readings(case.model, case.history, &violation.core).ok()?;
        let act = |reading: &Reading<AnyOp>| {
            let facts = case.model.facts(&reading.op);
            Act { access: Access::of(case.history, reading, &facts), updates: !facts.pure }
        };
        let acts = readings.iter().map(act).collect();
        let scene = Scene { case, violation, acts, initial, readings };
        (scene.is_orderable(&scene.readings) == Some(false)).then_some(scene)
    }

    /// Whether the core could be ordered after the repair.
    pub(super) fn is_repaired_by(&self, repair: Repair) -> bool {
        let mut readings = self.readings.clone();
        self.spread(&mut readings);
        match repair {
            Repair::Earlier(at) => readings[at].span.call = Rank::FIRST,
            Repair::Open(at) => readings[at].span.ret = Rank::NEVER,
            Repair::Again(at) | Repair::AgainWithin(at) => {
                let mut copy = readings[at].clone();
                let is_within = matches!(repair, Repair::AgainWithin(_));
                let ret = if is_within { copy.span.ret } else { Rank::NEVER };
                copy.span = Span { call: copy.span.call.next(), ret };
                readings.push(copy);
            }
        }
        sort::by(&mut readings, |reading| reading.span.call);
        self.is_orderable(&readings) == Some(true)
    }

    /// Whether the core could still not be ordered if of `others` only this one had returned.
    pub(super) fn is_shown_by(&self, at: usize, others: &[usize]) -> bool {
        let mut readings = self.readings.clone();
        for &other in others {
            if other != at {
                readings[other].span.ret = Rank::NEVER;
            }
        }
        self.is_orderable(&readings) == Some(false)
    }

    fn is_orderable(&self, readings: &[Reading<AnyOp>]) -> Option<bool> {
        is_linearizable(self.case.model, readings, self.case.meter).0
    }

    /// Renumbers all ends from 2 on in steps of two, so that there is room before and between.
    fn spread(&self, readings: &mut [Reading<AnyOp>]) {
        let ends = |reading: &Reading<AnyOp>| [reading.span.call, reading.span.ret];
        let mut ranks: Vec<Rank> = readings.iter().flat_map(ends).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let place = |rank: Rank| Rank::new(2 + 2 * ranks.partition_point(|&other| other < rank));
        for reading in readings {
            let Span { call, ret } = reading.span;
            let ret = if ret == Rank::NEVER { Rank::NEVER } else { place(ret) };
            reading.span = Span { call: place(call), ret };
        }
    }

    /// Operations that saw something and returned, the one that gave the violation away first, then
    /// those that returned last; at most `limit`.
    pub(super) fn observers(&self, limit: usize) -> Vec<usize> {
        let sees =
            |act: &Act| !act.updates || act.access.reads.is_some() || act.access.forbids.is_some();
        let mut list: Vec<usize> = (0..self.acts.len())
            .filter(|&at| self.acts[at].is_done() && sees(&self.acts[at]))
            .collect();
        sort::by(&mut list, |&at| {
            let Access { index, span, .. } = self.acts[at].access;
            (index != self.violation.operation, std::cmp::Reverse(span.ret))
        });
        list.truncate(limit);
        list
    }

    /// The positions of the operations that leave `token`.
    pub(super) fn writers(&self, token: Token) -> impl Iterator<Item = usize> + '_ {
        (0..self.acts.len()).filter(move |&at| self.acts[at].access.writes == Some(token))
    }

    /// An anomaly that the core shows, together with `more` operations outside of it.
    pub(super) fn anomaly(&self, kind: AnomalyKind, more: &[OpIndex], summary: String) -> Anomaly {
        let mut operations = self.violation.core.clone();
        operations.extend_from_slice(more);
        operations.sort_unstable();
        operations.dedup();
        Anomaly {
            kind,
            key_at: Some(self.case.key_at),
            operations,
            certainty: Certainty::Proved,
            summary,
            count: 1,
        }
    }
}

/// Whether the model is a register: an object that tokens describe, and of no other kind.
fn is_register(model: &AnyModel) -> bool {
    model.tokens_suffice() && matches!(model.kind(), Kind::Other | Kind::Kv { .. })
}
