//! Counters that go both ways: how far what operations found is from what had been acknowledged.
//!
//! No bound of such a counter is a proof of what is missing: a lost addition looks like a
//! subtraction that happened twice. But what is lost or happened twice stays so, and shifts all
//! that is seen from then on by the same number, while a stale read is alone. So the operations
//! that saw the counter are cut into *levels*, as few as possible: runs in which one number, by
//! which the counter is off, explains them all. A level of at most [`STALE`] operations between
//! two that agree is a stale read; any other one is a change for good. It is an operation that
//! happened twice if one fits that took so long that its client may have tried again, and else
//! one that was lost, if one fits to which another one was concurrent.

use super::{Counter, Step};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::classify::{Missed, Witnesses};
use crate::explain::naming::event::Event;
use crate::explain::naming::evidence::took_long;
use crate::history::{Rank, sort};

/// So many operations in a row may be stale, rather than something lost and made up for.
const STALE: usize = 2;

/// So many operations of a level are named at most.
const NAMED: usize = 6;

/// By how much the counter may be off: at least the one number, and at most the other.
#[derive(Clone, Copy)]
struct Range(i128, i128);

impl Range {
    /// Whether one number may be meant by both.
    fn meets(self, other: Range) -> bool {
        self.0 <= other.1 && other.0 <= self.1
    }

    fn plus(self, delta: i128) -> Range {
        Range(self.0.saturating_add(delta), self.1.saturating_add(delta))
    }
}

/// An operation that found a number, and by how much that alone may be off.
type Look<'s> = (&'s Event<Step>, Range);

/// Operations in a row that found the counter off by the same number, as far as can be told.
struct Level<'s> {
    /// By how much.
    off: Range,
    /// The operations, in the order of their returns; none for the start.
    looks: Vec<Look<'s>>,
}

/// The levels of the counter. O(n log n).
fn levels<'s>(counter: &'s Counter<'_>) -> Vec<Level<'s>> {
    let told = counter.events.iter().filter(|event| event.is_done() && event.op.before.is_some());
    let mut looks: Vec<&Event<Step>> = told.collect();
    sort::by(&mut looks, |look| look.span.ret);
    let mut levels = vec![Level { off: Range(0, 0), looks: Vec::new() }];
    for look in looks {
        let (least, most) = counter.bounds(look);
        let seen = look.op.before.unwrap_or_default();
        let off = Range(seen.saturating_sub(most), seen.saturating_sub(least));
        match levels.last_mut().filter(|level| level.off.meets(off)) {
            Some(level) => {
                level.off = Range(level.off.0.max(off.0), level.off.1.min(off.1));
                level.looks.push((look, off));
            }
            None => levels.push(Level { off, looks: vec![(look, off)] }),
        }
    }
    levels
}

/// The anomaly that the counter's levels show: of that in which the violation is, or of the first
/// one. O(n log n).
pub(super) fn name(counter: &Counter<'_>) -> Option<Anomaly> {
    let levels = levels(counter);
    let holds = |level: &&Level<'_>, is_meant: &dyn Fn(&Event<Step>) -> bool| {
        level.looks.iter().any(|look| is_meant(look.0))
    };
    let off = || (1..levels.len()).map(|at| (at, &levels[at]));
    let (at, level) = off()
        .find(|(_, level)| holds(level, &|look| counter.scope.is_failing(look)))
        .or_else(|| off().find(|(_, level)| holds(level, &|look| counter.scope.contains(look))))
        .or_else(|| off().next())?;
    let change = Change { counter, old: &levels[at - 1], new: level };
    let is_momentary = |at: usize| {
        let next = levels.get(at + 1);
        levels[at].looks.len() <= STALE && next.is_some_and(|n| n.off.meets(levels[at - 1].off))
    };
    // Where most changes stay, one that does not is two that cancel each other out.
    let momentary = (1..levels.len()).filter(|&at| is_momentary(at)).count();
    if is_momentary(at) && 2 * momentary >= levels.len() - 1 {
        Some(change.momentary())
    } else {
        Some(change.lasting())
    }
}

/// A step from one level to the next.
struct Change<'s, 'a> {
    counter: &'s Counter<'a>,
    old: &'s Level<'s>,
    new: &'s Level<'s>,
}

impl Change<'_, '_> {
    /// Whether the counter would be off as it is with so much more.
    fn is_explained_by(&self, delta: i128) -> bool {
        self.old.off.plus(delta).meets(self.new.off)
    }

    fn first(&self) -> &Event<Step> {
        self.new.looks[0].0
    }

    fn say(&self, kind: AnomalyKind, culprit: Option<&Event<Step>>, summary: String) -> Anomaly {
        let looks = self.new.looks.iter().take(NAMED).chain(self.old.looks.last());
        let shown = looks.map(|look| look.0).chain(culprit).map(|event| event.index);
        self.counter.scope.anomaly(kind, Certainty::Suggested, shown, summary)
    }

    /// Few operations missed what the next ones see again.
    fn momentary(&self) -> Anomaly {
        let (counter, look) = (self.counter, self.first());
        let missing = counter.before(look).find(|event| self.is_explained_by(-event.op.delta));
        let phrase = counter.phrase(look);
        let summary = match missing {
            Some(missing) => format!("{phrase} seems to miss {}", counter.phrase(missing)),
            None => format!("{phrase} is not what had been acknowledged"),
        };
        let seen = |missing: &Event<Step>| {
            Witnesses::of(look, &counter.events, |other| {
                other.op.before.is_some() && missing.precedes(other)
            })
            .before
            .is_some()
        };
        let how = Missed {
            gone: None,
            is_own: missing.is_some_and(|missing| missing.process == look.process),
            was_seen: missing.is_some_and(seen),
        };
        self.say(how.kind(), missing, format!("{summary}, which is seen later"))
    }

    /// From here on the counter is off by another number.
    fn lasting(&self) -> Anomaly {
        let counter = self.counter;
        // The last one that cannot have been off by as much yet.
        let sure = self.old.looks.iter().rev().find(|look| !look.1.meets(self.new.off));
        let start = sure.map_or(Rank::FIRST, |look| look.0.span.call);
        let end = self.first().span.ret;
        let updates = || counter.events.iter().filter(|event| event.op.delta != 0);
        let is_open = |event: &&Event<Step>| event.span.call < end && start < event.span.ret;
        let is_again = |event: &&Event<Step>| {
            self.is_explained_by(event.op.delta) && took_long(counter.scope.case, event.index)
        };
        let open: Vec<&Event<Step>> = updates().filter(is_open).collect();
        let again = open.iter().copied().rev().find(is_again);
        let is_lost = |event: &&Event<Step>| {
            let meets = |other: &&Event<Step>| {
                other.index != event.index && !other.precedes(event) && !event.precedes(other)
            };
            event.span.has_returned()
                && self.is_explained_by(-event.op.delta)
                && open.iter().any(meets)
        };
        let lost = || updates().rev().filter(|event| event.span.call < end).find(is_lost);
        let twice = || open.iter().copied().find(|event| self.is_explained_by(event.op.delta));
        let (kind, culprit) = match (again, lost()) {
            (Some(event), _) => (AnomalyKind::DuplicateApply, Some(event)),
            (None, Some(event)) => (AnomalyKind::LostUpdate, Some(event)),
            (None, None) if self.are_several(&open) => (AnomalyKind::DuplicateApply, None),
            (None, None) => match twice() {
                Some(event) => (AnomalyKind::DuplicateApply, Some(event)),
                None => (AnomalyKind::LostUpdate, None),
            },
        };
        let what = match kind {
            AnomalyKind::LostUpdate => "had been lost",
            _ => "had happened twice",
        };
        let which = culprit.map(|event| counter.phrase(event));
        let which = which.unwrap_or_else(|| "acknowledged operations".to_owned());
        let as_if = format!("as if {which} {what}");
        let others = match self.new.looks.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more after it, are"),
        };
        let is = if others.is_empty() { " is" } else { "" };
        let phrase = counter.phrase(self.first());
        self.say(kind, culprit, format!("{phrase}{others}{is} {as_if}"))
    }
    /// Whether several of these explain it that may have happened twice.
    fn are_several(&self, open: &[&Event<Step>]) -> bool {
        let long = open.iter().filter(|event| took_long(self.counter.scope.case, event.index));
        let sums = long.fold(Range(0, 0), |sums, event| {
            Range(sums.0 + event.op.delta.min(0), sums.1 + event.op.delta.max(0))
        });
        let all = Range(self.old.off.0 + sums.0, self.old.off.1 + sums.1);
        sums.0 < sums.1 && all.meets(self.new.off)
    }
}
