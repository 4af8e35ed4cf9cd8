//! Locks with owners: a hold may go as a whole.
//!
//! *Condition.* Every operation has a known owner, but for those that found the lock held.
//!
//! Only its owner ends a hold. So while an owner does one thing after the other, and takes the lock
//! and then gives it back, nothing else happens in between, in any linearization, but operations
//! that find the lock held; without the two, the lock is free there. A hold that nobody ends is
//! the last thing that happens, but for such operations. Where an owner goes on after something
//! else than a hold or a release of nothing (of which there is no linearization), such as an
//! operation that never returned, all that it does from there on goes together. Whoever found the
//! lock held is kept only if no hold that it can have met is left out.

use std::collections::BTreeMap;

use super::Ruling;
use crate::history::{Rank, Span, Value};
use crate::model::mutex::Op;
use crate::model::{Kind, Model, Pos, Reading};

/// The holds of a lock with owners.
pub(super) struct Holds {
    /// Operations that are left out or kept together.
    units: Vec<Vec<Pos>>,
    /// From the call of its first operation to the return of its last.
    spans: Vec<Span>,
    /// Whether each reading is in a unit; not if it found the lock held.
    has_unit: Vec<bool>,
    calls: Vec<Span>,
}

impl Holds {
    /// The holds of `readings`; `None` if it is no lock with owners.
    pub(super) fn of<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Option<Holds> {
        let Kind::Mutex { view } = model.kind() else { return None };
        let mut owners: BTreeMap<Value, Vec<Pos>> = BTreeMap::new();
        for (reading, at) in readings.iter().zip(Pos::below(readings.len())) {
            match view(&reading.op) {
                Op::Acquire(Some(who)) | Op::Release(Some(who)) | Op::Try(Some(who)) => {
                    owners.entry(*who).or_default().push(at);
                }
                Op::Busy => {}
                Op::Acquire(None) | Op::Release(None) | Op::Try(None) => return None,
            }
        }
        let mut holds = Holds {
            units: Vec::new(),
            spans: Vec::new(),
            has_unit: vec![false; readings.len()],
            calls: readings.iter().map(|reading| reading.span).collect(),
        };
        for own in owners.values() {
            let mut rest = own.as_slice();
            while let Some(&first) = rest.first() {
                let span = |at: usize| readings[rest[at]].span;
                let follows = |at: usize| at >= rest.len() || span(at - 1).ret < span(at).call;
                let takes = matches!(view(&readings[first].op), Op::Acquire(_));
                let gives = |&at: &Pos| matches!(view(&readings[at].op), Op::Release(_));
                let len = match rest.get(1) {
                    None => 1,
                    Some(second) if takes && gives(second) && follows(1) && follows(2) => 2,
                    // Given back before it was taken: impossible, whatever else there is.
                    Some(_) if gives(&first) && follows(1) => 1,
                    Some(_) => rest.len(),
                };
                holds.add(&rest[..len], takes && len == 2);
                rest = &rest[len..];
            }
        }
        Some(holds)
    }

    fn add(&mut self, unit: &[Pos], is_pair: bool) {
        let spans = || unit.iter().map(|&at| self.calls[at]);
        let call = spans().map(|span| span.call).min().unwrap_or_default();
        // One that is never ended goes on for ever.
        let ret = spans().map(|span| span.ret).max().filter(|_| is_pair).unwrap_or(Rank::NEVER);
        for &at in unit {
            self.has_unit[at] = true;
        }
        self.spans.push(Span { call, ret });
        self.units.push(unit.to_vec());
    }

    /// Operations that go together.
    pub(super) fn units(&self) -> &[Vec<Pos>] {
        &self.units
    }

    /// O(n), and as much for each operation kept that found the lock held as holds are left out.
    pub(super) fn rule(&self, kept: &[Pos], is_kept: &[bool]) -> Ruling {
        let mut gone = Vec::new();
        let mut left_out = Vec::new();
        for (unit, span) in self.units.iter().zip(&self.spans) {
            if !unit.iter().all(|&at| is_kept[at]) {
                left_out.push(span);
                gone.extend(unit.iter().copied().filter(|&at| is_kept[at]));
            }
        }
        for &at in kept.iter().filter(|&&at| !self.has_unit[at]) {
            let own = self.calls[at];
            let meets = |span: &&Span| span.call < own.ret && own.call < span.ret;
            if own.has_returned() && left_out.iter().any(meets) {
                gone.push(at);
            }
        }
        if gone.is_empty() {
            return Ruling::Sound;
        }
        gone.sort_unstable();
        Ruling::Without(gone)
    }
}
