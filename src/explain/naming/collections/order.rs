//! What of a collection is about the order of its items, and what no count tells.

use super::super::event::Event;
use super::{Act, Collection, Discipline, Item, Stories, Story};
use crate::check::is_linearizable;
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::Value;
use crate::model::{AnyOp, priority_queue::End};
use crate::model::{Reading, UnorderedQueue, items};

impl Collection<'_> {
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
        let put = *story.puts.iter().find(|put| put.precedes(out))?;
        let later = story.takes.iter().chain(&story.peeks).find(|look| !look.precedes(out));
        let again = |event: &&Event<Act>| out.precedes(event) && self.passes(due, event, stories);
        let passed = format!(
            "{} although it was the turn of {}, which {}",
            self.deed(out, "got"),
            self.show(put),
            self.scope.deed(put.index, "had put in"),
        );
        let mut shown = vec![out, put];
        shown.extend(&other.puts);
        if later.is_none()
            && let Some(again) = self.events.iter().find(again)
        {
            shown.push(again);
            let summary = format!("{passed} and nobody ever got");
            return self.scope.proved(AnomalyKind::LostMessage, &shown, summary);
        }
        shown.extend(later);
        self.scope.proved(AnomalyKind::ReorderedDelivery, &shown, passed)
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
        let core = &self.scope.violation.core;
        let failing = self.events.iter().find(|event| self.scope.is_failing(event))?;
        if core.is_empty() {
            return None;
        }
        let kept = |event: &&Event<Act>| core.binary_search(&event.index).is_ok();
        let kept: Vec<&Event<Act>> = self.events.iter().filter(kept).collect();
        let got = format!("{} {}", self.scope.who(failing.index), self.scope.when(failing.index));
        if self.is_bag(&kept) && self.discipline != Discipline::Any {
            let summary = format!(
                "the items that came out until {got} do so in no possible order, though each was \
                 there"
            );
            return self.scope.proved(AnomalyKind::ReorderedDelivery, &kept, summary);
        }
        if matches!(failing.op, Act::Found { takes: false, .. }) && self.fits_without_peeks() {
            let summary = format!("{got} saw {}, which was not the next item", self.show(failing));
            return self.scope.proved(AnomalyKind::StaleRead, &kept, summary);
        }
        let is_nothing = |event: &&Event<Act>| matches!(event.op, Act::Found { item: None, .. });
        let without: Vec<&Event<Act>> = kept.iter().filter(|e| !is_nothing(e)).copied().collect();
        if without.len() == kept.len() || !self.is_bag(&without) {
            return None;
        }
        let look = *kept.iter().find(|event| is_nothing(event))?;
        let is_lost = |event: &&Event<Act>| {
            let Act::Put(item) = event.op else { return false };
            let story = stories.get(&item);
            event.is_done() && story.is_some_and(|s| s.initial + s.puts.len() > s.takes.len())
        };
        let summary = format!(
            "{} although something was in it all the time",
            self.scope.deed(look.index, "found nothing")
        );
        if kept.iter().any(is_lost) {
            self.scope.suggested(AnomalyKind::LostMessage, &kept, summary)
        } else {
            self.scope.proved(AnomalyKind::StaleRead, &kept, summary)
        }
    }

    /// Whether the core can be ordered without those operations that only look.
    fn fits_without_peeks(&self) -> bool {
        let case = self.scope.case;
        let takes = self.scope.violation.core.iter().filter_map(|&index| {
            let at = self.events.binary_search_by_key(&index, |event| event.index).ok()?;
            let looks = matches!(self.events[at].op, Act::Idle | Act::Found { takes: false, .. });
            case.reading(index).filter(|_| !looks).cloned()
        });
        let takes: Vec<Reading<AnyOp>> = takes.collect();
        is_linearizable(case.model, &takes, case.meter).0 == Some(true)
    }

    /// Whether these operations can be ordered where the collection keeps no order.
    fn is_bag(&self, events: &[&Event<Act>]) -> bool {
        let case = self.scope.case;
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
        let initial = self.initial.iter().map(|item| Value::of_handle(item.handle));
        let bag = UnorderedQueue::new(&initial.collect::<Vec<Value>>());
        is_linearizable(&bag, &readings, case.meter).0 == Some(true)
    }
}
