//! Names violations of counters, by sums over the whole key.
//!
//! A counter that only ever grows (or only ever shrinks, which is the same) bounds what an
//! operation can see: no less than all that had returned before its call, and no more than all
//! that was called before its return. On these bounds, and on monotony, the names rest:
//!
//! - Less than it must have seen: what [`classify`](super::classify) calls that. It is gone if all
//!   that looks later can be explained with so much missing.
//! - `lost-update`: two updates that change the counter found the same number.
//! - `duplicate-apply`: it saw more than all additions of the history make, whenever called. Where
//!   additions that failed would make up for it, it is suggested to be a `dirty-read`; where those
//!   would that were called only later, and something that looks later does not see as much too
//!   much, a `future-read`.
//! - `phantom-read`: within the bounds, but no sum of the additions in question gives the number;
//!   or an update is known to have stepped over it.
//!
//! Counters that go both ways are named by [`levels`].

mod levels;

use super::classify::{Missed, Witnesses};
use super::event::Event;
use super::evidence::Scope;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::history::{Rank, sort};
use crate::model::{Kind, Model, counter};

/// An operation: what it adds, and what it found.
#[derive(Clone, Copy, Debug)]
struct Step {
    delta: i128,
    before: Option<i128>,
}

impl Step {
    fn after(self) -> Option<i128> {
        self.before.map(|before| before.saturating_add(self.delta))
    }
}

/// A key as a counter that does not only shrink.
struct Counter<'a> {
    scope: Scope<'a>,
    initial: i128,
    events: Vec<Event<Step>>,
    failed: Vec<Event<Step>>,
    /// Whether nothing is ever subtracted.
    grows: bool,
    called: Sums,
    returned: Sums,
}

/// The additions in the order of some time of theirs.
struct Sums {
    times: Vec<Rank>,
    /// Of all up to each; positive and negative ones apart.
    sums: Vec<[i128; 2]>,
}

impl Sums {
    fn of(events: &[Event<Step>], time: fn(&Event<Step>) -> Rank) -> Self {
        let adds = |event: &&Event<Step>| event.op.delta != 0 && time(event) != Rank::NEVER;
        let mut adding: Vec<&Event<Step>> = events.iter().filter(adds).collect();
        sort::by(&mut adding, |event| time(event));
        let up_to = |sum: &mut [i128; 2], event: &&Event<Step>| {
            *sum = [sum[0] + event.op.delta.max(0), sum[1] + event.op.delta.min(0)];
            Some(*sum)
        };
        Sums {
            times: adding.iter().map(|event| time(event)).collect(),
            sums: adding.iter().scan([0; 2], up_to).collect(),
        }
    }

    fn before(&self, time: Rank) -> [i128; 2] {
        match self.times.partition_point(|&other| other < time).checked_sub(1) {
            Some(last) => self.sums[last],
            None => [0; 2],
        }
    }
}

/// The anomaly that a violation of a counter shows; `None` if the model is none, or nothing fits.
/// O(n log n).
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::Counter { initial, view } = scope.case.model.kind() else { return None };
    let list = scope.events(view);
    let shrinks = list.iter().all(|event| event.op.delta <= 0);
    let sign = if shrinks { -1 } else { 1 };
    let see = |event: Event<counter::Op>| {
        let before = event.op.found().filter(|_| event.is_done());
        let before = before.map(|before| before.saturating_mul(sign));
        event.with(Step { delta: sign * i128::from(event.op.delta), before })
    };
    let events: Vec<Event<Step>> = list.into_iter().map(see).collect();
    let failed = scope.failed(view).into_iter().map(see).collect();
    let grows = events.iter().all(|event| event.op.delta >= 0);
    let called = Sums::of(&events, |event| event.span.call);
    let returned = Sums::of(&events, |event| event.span.ret);
    let initial = initial.saturating_mul(sign);
    Counter { scope, initial, events, failed, grows, called, returned }.name()
}

impl Counter<'_> {
    fn name(&self) -> Option<Anomaly> {
        /// So many operations are compared with all others.
        const COMPARED: usize = 32;
        let looks = self.scope.looks(&self.events, |event| event.op.before.is_some());
        let few = || looks.iter().take(COMPARED);
        if !self.grows {
            return levels::name(self).or_else(|| looks.iter().find_map(|look| self.no_sum(look)));
        }
        looks
            .iter()
            .find_map(|look| self.out_of_bounds(look))
            .or_else(|| few().find_map(|look| self.against_others(look)))
            .or_else(|| self.out_of_bounds_later())
            .or_else(|| few().find_map(|look| self.no_sum(look)))
    }

    /// The least and the most that an operation can have found.
    fn bounds(&self, look: &Event<Step>) -> (i128, i128) {
        let sure = self.returned.before(look.span.call);
        let called = self.called.before(look.span.ret);
        let known = self.initial.saturating_add(sure[0]).saturating_add(sure[1]);
        // What may or may not have been added; not its own, which comes after it looked.
        let more = called[0] - sure[0] - look.op.delta.max(0);
        let less = called[1] - sure[1] - look.op.delta.min(0);
        (known.saturating_add(less), known.saturating_add(more))
    }

    fn phrase(&self, look: &Event<Step>) -> String {
        self.scope.call(look.index)
    }

    fn out_of_bounds(&self, look: &Event<Step>) -> Option<Anomaly> {
        let (least, most) = self.bounds(look);
        let seen = look.op.before?;
        if (least..=most).contains(&seen) {
            return None;
        }
        if seen < least {
            self.too_little(look, seen, least)
        } else {
            self.too_much(look, seen, most)
        }
    }

    /// The first operation behind the violation that is out of bounds: where a number fits its
    /// bounds and yet no sum, this tells whether there is too much or too little.
    fn out_of_bounds_later(&self) -> Option<Anomaly> {
        let mut all = self.events.iter();
        let broken = all.find(|event| self.scope.is_failing(event))?;
        self.events.iter().filter(|event| broken.precedes(event)).find_map(|look| {
            let anomaly = self.out_of_bounds(look)?;
            (anomaly.certainty == Certainty::Proved).then_some(anomaly)
        })
    }

    /// What had returned before an operation, the latest first.
    fn before<'s>(&'s self, look: &'s Event<Step>) -> impl Iterator<Item = &'s Event<Step>> {
        self.events.iter().rev().filter(|event| event.op.delta != 0 && event.precedes(look))
    }

    fn too_little(&self, look: &Event<Step>, seen: i128, least: i128) -> Option<Anomaly> {
        let missing = least.saturating_sub(seen);
        // What cannot be explained with so much missing.
        let later = |other: &&Event<Step>| {
            let most = self.bounds(other).1;
            look.precedes(other)
                && other.op.before.is_some_and(|before| before > most.saturating_sub(missing))
        };
        let later = self.events.iter().find(later);
        let own = self.before(look).filter(|event| event.process == look.process);
        let own: i128 = own.map(|event| event.op.delta).sum();
        let shows = |other: &Event<Step>| other.op.after().is_some_and(|after| after > seen);
        let seen_before = Witnesses::of(look, &self.events, shows).before;
        let missed = Missed {
            gone: later.is_none().then_some(AnomalyKind::LostUpdate),
            is_own: seen < self.initial.saturating_add(own),
            was_seen: seen_before.is_some(),
        };
        let kind = missed.kind();
        let ending = match later {
            None => "and nobody sees it later",
            Some(_) => "which is seen later",
        };
        let count = self.before(look).count();
        let summary = format!(
            "{} misses {missing} of what {count} acknowledged operations had made of it, {ending}",
            self.phrase(look),
        );
        let mut shown = vec![look];
        shown.extend(seen_before.filter(|_| kind == AnomalyKind::NonMonotonicRead));
        shown.extend(later);
        shown.extend(self.before(look));
        self.scope.proved(kind, &shown, summary)
    }

    fn too_much(&self, look: &Event<Step>, seen: i128, most: i128) -> Option<Anomaly> {
        let excess = seen.saturating_sub(most);
        let failed = self
            .failed
            .iter()
            .filter(|event| event.op.delta > 0 && event.span.call < look.span.ret);
        let failed: Vec<&Event<Step>> = failed.collect();
        let undone: i128 = failed.iter().map(|event| event.op.delta).sum();
        let later = self.events.iter().filter(|event| look.precedes(event) && event.op.delta > 0);
        let later: Vec<&Event<Step>> = later.collect();
        let to_come: i128 = later.iter().map(|event| event.op.delta).sum();
        let phrase =
            format!("{} shows {excess} more than all that was called by then", self.phrase(look));
        let mut shown = vec![look];
        if excess <= undone {
            shown.extend(&failed);
            let summary = format!("{phrase}, as if an operation that failed had taken effect");
            return self.scope.suggested(AnomalyKind::DirtyRead, &shown, summary);
        }
        // What was added twice stays; what was seen too early is made up for.
        let is_back = |other: &Event<Step>| {
            let least = self.bounds(other).0;
            look.precedes(other)
                && other.op.before.is_some_and(|before| before < least.saturating_add(excess))
        };
        if excess <= to_come && self.events.iter().any(is_back) {
            shown.extend(&later);
            let summary = format!("{phrase}, as if it saw what was added only later");
            return self.scope.suggested(AnomalyKind::FutureRead, &shown, summary);
        }
        // It counts that no addition is left that could make up for it.
        let called = self.events.iter().rev().filter(|event| {
            event.op.delta != 0 && event.span.call < look.span.ret && event.index != look.index
        });
        shown.extend(called);
        let summary = format!("{phrase}: something was added twice");
        if excess > undone.saturating_add(to_come) {
            self.scope.proved(AnomalyKind::DuplicateApply, &shown, summary)
        } else {
            self.scope.suggested(AnomalyKind::DuplicateApply, &shown, summary)
        }
    }

    /// What only a growing counter cannot do: come back to a number, or show one that an update
    /// stepped over.
    fn against_others(&self, look: &Event<Step>) -> Option<Anomaly> {
        let (before, after) = look.op.before.zip(look.op.after())?;
        let others = || self.events.iter().filter(|other| other.index != look.index);
        let told = |other: &Event<Step>| other.op.before.zip(other.op.after());
        let is_twin = |other: &&Event<Step>| {
            told(other).is_some_and(|(b, a)| b == before && a > b && after > before)
        };
        if let Some(twin) = others().find(is_twin) {
            let summary = format!(
                "{} and {} both found the same number: one of them did not see the other",
                self.phrase(twin),
                self.phrase(look),
            );
            return self.scope.proved(AnomalyKind::LostUpdate, &[twin, look], summary);
        }
        let steps_over =
            |other: &&Event<Step>| told(other).is_some_and(|(b, a)| b < before && before < a);
        if let Some(other) = others().find(steps_over) {
            let summary = format!(
                "{} found a number that {} stepped over",
                self.phrase(look),
                self.phrase(other),
            );
            return self.scope.proved(AnomalyKind::PhantomRead, &[other, look], summary);
        }
        // Numbers that were there before it was called.
        let newer = |other: &&Event<Step>| {
            other.precedes(look) && told(other).is_some_and(|(_, a)| a > before)
        };
        if let Some(newer) = others().find(newer) {
            return self.backwards(look, newer);
        }
        let older = |other: &&Event<Step>| {
            look.precedes(*other) && told(other).is_some_and(|(b, _)| b < after)
        };
        let older = others().find(older)?;
        self.backwards(older, look)
    }

    /// `look` found less than `newer` had left before.
    fn backwards(&self, look: &Event<Step>, newer: &Event<Step>) -> Option<Anomaly> {
        let summary = format!("{} came after {}", self.phrase(look), self.phrase(newer));
        let kind = Missed::as_known_by(look, newer, newer.op.delta != 0).kind();
        self.scope.proved(kind, &[newer, look], summary)
    }

    /// A number within its bounds that no sum gives: all that may have been added are multiples
    /// of something that the number is not.
    fn no_sum(&self, look: &Event<Step>) -> Option<Anomaly> {
        let seen = look.op.before?;
        let (least, _) = self.bounds(look);
        let open = self.events.iter().filter(|event| {
            event.index != look.index
                && event.span.call < look.span.ret
                && !event.precedes(look)
                && event.op.delta != 0
        });
        let mut shown = vec![look];
        shown.extend(open);
        let divisor = shown[1..].iter().fold(0, |divisor, event| gcd(divisor, event.op.delta));
        let rest = seen.checked_sub(least)?.checked_rem(divisor)?;
        let summary = format!("{} shows a number that no additions make", self.phrase(look));
        (rest != 0).then(|| self.scope.proved(AnomalyKind::PhantomRead, &shown, summary))?
    }
}

/// The greatest common divisor (Euclid).
fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}
