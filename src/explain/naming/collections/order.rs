//! What of a collection is about the order of its items, and what no count tells.

use super::super::evidence::{Event, anomaly, when, who};
use super::{Act, Collection, Discipline, Item, Stories, Story};
use crate::check::is_linearizable;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::model::{AnyOp, priority_queue::End};
use crate::model::{Reading, UnorderedQueue, items};

impl Collection<'_, '_> {
    /// An item that came out before another whose turn it was.
    pub(super) fn passed_over(&self, focus: &[Item], stories: &Stories<'_>) -> Option<Anomaly> {
        /// With more items, only pairs with the failing operation's are tried.
        const ALL_PAIRS: usize = 32;
        let lead = if focus.len() <= ALL_PAIRS { focus.len() } else { 1 };
        let pairs = focus[..lead].iter().flat_map(|&one| focus.iter().map(move |&two| (one, two)));
        let both = pairs.flat_map(|(one, two)| [(one, two), (two, one)]).filter(|(a, b)| a != b);
        both.filter_map(|(due, other)| self.overtaken(due, other, stories)).next()
    }

    /// `other` came out although it was the turn of `due`.
    fn overtaken(&self, due: Item, other: Item, stories: &Stories<'_>) -> Option<Anomaly> {
        let (story, other) = (stories.get(&due)?, stories.get(&other)?);
        let outs = other.takes.iter().chain(&other.peeks);
        let out = *outs.min_by_key(|out| out.span.ret)?;
        if !self.passes(due, out, stories) {
            return None;
        }
        let case = self.case;
        let put = *story.puts.iter().find(|put| put.precedes(out))?;
        let later = story.takes.iter().chain(&story.peeks).find(|look| !look.precedes(out));
        let again = |event: &&Event<Act>| out.precedes(event) && self.passes(due, event, stories);
        let again = self.events.iter().find(again);
        let passed = format!(
            "{} got {} {} although it was the turn of {}, which {} had put in {}",
            who(case, out.index),
            self.show(out),
            when(case, out.index),
            self.show(put),
            who(case, put.index),
            when(case, put.index),
        );
        let mut shown = vec![out, put];
        shown.extend(&other.puts);
        match (later, again) {
            (None, Some(again)) => {
                shown.push(again);
                let summary = format!("{passed} and nobody ever got");
                self.say(AnomalyKind::LostMessage, &shown, summary)
            }
            (later, _) => {
                shown.extend(later);
                self.say(AnomalyKind::ReorderedDelivery, &shown, passed)
            }
        }
    }

    /// Whether `look` found nothing, or something else, although it was the turn of `due`.
    fn passes(&self, due: Item, look: &Event<Act>, stories: &Stories<'_>) -> bool {
        let Act::Found { item: found, .. } = look.op else { return false };
        let Some(story) = stories.get(&due) else { return false };
        let other = found.map(|found| stories.get(&found));
        let is_turn = match other {
            None => true,
            Some(None) => false,
            Some(Some(other)) => self.is_turn(due, story, other, look),
        };
        is_turn && story.there_during(look.span) > self.may_take_before(look.span.ret)
    }

    /// Whether `due`, which is there, had to come out before what `out` found.
    fn is_turn(&self, due: Item, story: &Story<'_>, other: &Story<'_>, out: &Event<Act>) -> bool {
        let Act::Found { item: Some(found), end, .. } = out.op else { return false };
        let single = story.is_single() && other.is_single();
        let puts = story.puts.first().zip(other.puts.first());
        match self.discipline {
            Discipline::Any => false,
            Discipline::Priority if end == End::Min => due.priority < found.priority,
            Discipline::Priority => due.priority > found.priority,
            Discipline::Oldest => single && puts.is_some_and(|(due, other)| due.precedes(other)),
            Discipline::Youngest => single && puts.is_some_and(|(due, other)| other.precedes(due)),
        }
    }

    /// What is said where no count tells: whether the order of the items is all that is wrong, or
    /// else the finding of nothing.
    pub(super) fn by_repair(&self, stories: &Stories<'_>) -> Option<Anomaly> {
        let core = &self.violation.core;
        let failing = self.events.iter().find(|e| e.index == self.violation.operation)?;
        if core.is_empty() {
            return None;
        }
        let kept = |event: &&Event<Act>| core.binary_search(&event.index).is_ok();
        let kept: Vec<&Event<Act>> = self.events.iter().filter(kept).collect();
        let shown: Vec<&Event<Act>> = kept.clone();
        let case = self.case;
        let got = format!("{} {}", who(case, failing.index), when(case, failing.index));
        if self.is_bag(&kept) && self.discipline != Discipline::Any {
            let summary = format!(
                "the items that came out until {got} do so in no possible order, though each was \
                 there"
            );
            return self.say(AnomalyKind::ReorderedDelivery, &shown, summary);
        }
        if matches!(failing.op, Act::Found { takes: false, .. }) && self.fits_without_peeks() {
            let summary = format!("{got} saw {}, which was not the next item", self.show(failing));
            return self.say(AnomalyKind::StaleRead, &shown, summary);
        }
        let is_nothing = |event: &&Event<Act>| matches!(event.op, Act::Found { item: None, .. });
        let without: Vec<&Event<Act>> = kept.iter().filter(|e| !is_nothing(e)).copied().collect();
        if without.len() == kept.len() || !self.is_bag(&without) {
            return None;
        }
        let look = *kept.iter().find(|event| is_nothing(event))?;
        let in_core = |event: &&Event<Act>| matches!(event.op, Act::Put(_)) && event.is_done();
        let lost = kept.iter().find(|event| {
            let Act::Put(item) = event.op else { return false };
            let story = stories.get(&item);
            in_core(event) && story.is_some_and(|s| s.initial + s.puts.len() > s.takes.len())
        });
        let summary = format!(
            "{} found nothing {} although something was in it all the time",
            who(case, look.index),
            when(case, look.index)
        );
        let (kind, certainty) = match lost {
            Some(_) => (AnomalyKind::LostMessage, Certainty::Suggested),
            None => (AnomalyKind::StaleRead, Certainty::Proved),
        };
        Some(anomaly(case, kind, certainty, shown.iter().map(|event| event.index), summary))
    }

    /// Whether the core can be ordered without those operations that only look.
    fn fits_without_peeks(&self) -> bool {
        let case = self.case;
        let takes = self.violation.core.iter().filter_map(|&index| {
            let at = self.events.binary_search_by_key(&index, |event| event.index).ok()?;
            let looks = matches!(self.events[at].op, Act::Idle | Act::Found { takes: false, .. });
            case.reading(index).filter(|_| !looks).cloned()
        });
        let takes: Vec<Reading<AnyOp>> = takes.collect();
        is_linearizable(case.model, &takes, case.meter).0 == Some(true)
    }

    /// Whether these operations can be ordered where the collection keeps no order.
    fn is_bag(&self, events: &[&Event<Act>]) -> bool {
        let case = self.case;
        let read = |event: &&Event<Act>| {
            let operation = case.operation(event.index);
            let op = match event.op {
                Act::Put(_) => items::Op::Put(operation.input),
                Act::MayTake => items::Op::Take(items::Found::Any),
                Act::Idle => items::Op::Peek(items::Found::Any),
                Act::Found { item, takes, .. } => {
                    let found = match item {
                        None => items::Found::Empty,
                        Some(_) => items::Found::Item(operation.output),
                    };
                    if takes { items::Op::Take(found) } else { items::Op::Peek(found) }
                }
            };
            Reading { index: event.index, op, span: event.span }
        };
        let readings: Vec<Reading<items::Op>> = events.iter().map(read).collect();
        // Where the values of the items from the start are not known, nothing is claimed.
        self.initial.len() == self.values.len()
            && is_linearizable(&UnorderedQueue::new(&self.values), &readings, case.meter).0
                == Some(true)
    }
}
