//! Names violations of sets, element by element.
//!
//! What an operation tells of an element: that it was there (a read that lists it, `contains` →
//! true, `add` → false, `remove` → true), or that it was not. An element was *missed* if it was
//! not there although an add of it had returned and no removal was called in time; it was *found*
//! wrongly if a removal had returned and no add was called in between that could have come after.
//!
//! - `phantom-read`, `dirty-read`, `future-read`: found an element that nobody had called to add;
//!   that only operations that failed had added; that was added only later.
//! - `lost-update`: an acknowledged add was missed, and nobody finds the element later; or two
//!   adds found an element absent, or two removals found it there, without the opposite between.
//! - `read-your-writes`, `non-monotonic-read`, `stale-read`: an add was missed by the process that
//!   did it; by one that had seen the element; by another one.
//! - `resurrected-value`: an element was found after its removal, and everybody finds it from then
//!   on; else that is a `stale-read`.
//! - `duplicate-apply`: a read lists an element twice.
//! - `long-fork`: of two reads each lists an element that the other one lacks, and neither was
//!   ever removed.

use rustc_hash::FxHashMap;

use super::evidence::{
    Event, anomaly, answered_by_one_primary, events, failed, is_in_focus, since, when, who,
};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::history::{Span, Value};
use crate::model::set::{Listing, Op};
use crate::model::{Kind, Model};
use crate::words::{operation_phrase, value_phrase};

/// What an operation tells of one element, and does to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Touch {
    /// Whether it found the element, if it tells.
    found: Option<bool>,
    /// Whether the element is there afterwards, if it changes that.
    leaves: Option<bool>,
}

/// The anomaly that `violation` of a set shows; `None` if the model is none, or nothing fits.
/// O(n) for each element in question.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Option<Anomaly> {
    let Kind::Set { initial, view } = case.model.kind() else { return None };
    let initial = Listing::from(&initial);
    let mut events = events(case, violation, view);
    tighten(&mut events, violation, &initial);
    let in_focus = |event: &&Event<Op>| is_in_focus(violation, event.index, event.span);
    if let Some(twice) = events.iter().filter(in_focus).find(|e| matches!(e.op, Op::ReadTwice)) {
        let summary = format!(
            "{} read a set {} that lists an element twice",
            who(case, twice.index),
            when(case, twice.index)
        );
        let proved = Certainty::Proved;
        return Some(anomaly(case, AnomalyKind::DuplicateApply, proved, [twice.index], summary));
    }
    let failed = || failed(case, view);
    for element in elements(case, violation, &events, &initial) {
        let touches = touches(&events, element);
        let element = Element { case, handle: element, initial: holds(&initial, element), touches };
        let found = element.name(violation, &|| {
            let failed = failed();
            let add = failed.iter().find(|event| element.is_add(&event.op));
            add.map(|add| (add.index, add.span))
        });
        if found.is_some() {
            return found;
        }
    }
    fork(case, violation, &events)
}

/// Lets reads start only when all that they list can have been added: they saw it. O(n).
fn tighten(events: &mut [Event<Op>], violation: &Violation, initial: &Listing) {
    /// Reads that are looked at.
    const READS: usize = 16;
    let mut earliest: FxHashMap<u32, u32> = FxHashMap::default();
    for event in events.iter() {
        if let Op::Add(value, _) = event.op {
            earliest.entry(value.handle()).or_insert(event.span.call);
        }
    }
    let focus = |event: &&mut Event<Op>| {
        event.index == violation.operation || violation.core.binary_search(&event.index).is_ok()
    };
    let reads = events.iter_mut().filter(|event| matches!(event.op, Op::Read(Some(_))));
    for event in reads.filter(focus).take(READS) {
        let Op::Read(Some(contents)) = &event.op else { continue };
        let new = contents.iter().map(Value::handle).filter(|&key| !holds(initial, key));
        let since = new.filter_map(|key| earliest.get(&key)).max().copied();
        let since = since.filter(|&since| since < event.span.ret);
        event.span.call = event.span.call.max(since.unwrap_or(0));
    }
}

fn holds(contents: &Listing, element: u32) -> bool {
    contents.holds(Value::of_handle(element))
}

/// The elements, by handle, that the violation may be about; those of the failing operation first.
fn elements(
    case: &Case<'_>,
    violation: &Violation,
    events: &[Event<Op>],
    initial: &Listing,
) -> Vec<u32> {
    /// Elements that are tried; each costs a walk over the key.
    const TRIED: usize = 64;
    let mut order: Vec<u32> = Vec::new();
    let mut seen = rustc_hash::FxHashSet::default();
    let failing = events.iter().find(|event| event.index == violation.operation);
    let named = |op: &Op| match *op {
        Op::Add(value, _) | Op::Remove(value, _) | Op::Contains(value, _) => Some(value.handle()),
        _ => None,
    };
    if let Some(Op::Read(Some(read))) = failing.map(|event| &event.op) {
        // What it misses or has too much stands out in few steps; anything else comes after.
        let mut sure: FxHashMap<u32, bool> = FxHashMap::default();
        let span = failing.map_or(Span { call: 0, ret: 0 }, |event| event.span);
        for event in events.iter().take_while(|event| event.span.call < span.ret) {
            match event.op {
                Op::Add(value, _) if event.span.ret < span.call => {
                    sure.insert(value.handle(), true);
                }
                Op::Add(value, _) => _ = sure.entry(value.handle()).or_insert(false),
                _ => {}
            }
        }
        let strange = read.iter().map(Value::handle);
        order.extend(strange.filter(|&key| !sure.contains_key(&key) && !holds(initial, key)));
        let missed = sure.iter().filter(|&(&key, &sure)| sure && !holds(read, key));
        let start = initial.iter().map(Value::handle).filter(|&key| !holds(read, key));
        let mut missed: Vec<u32> = missed.map(|(&key, _)| key).chain(start).collect();
        missed.sort_unstable();
        order.extend(missed);
    }
    let core = events.iter().filter(|event| is_in_focus(violation, event.index, event.span));
    order.extend(failing.into_iter().chain(core).filter_map(|event| named(&event.op)));
    for event in events.iter().filter(|event| is_in_focus(violation, event.index, event.span)) {
        if order.len() > 4 * TRIED || case.meter.poll().is_err() {
            break;
        }
        if let Op::Read(Some(read)) = &event.op {
            order.extend(read.iter().map(Value::handle));
        }
    }
    order.retain(|&key| seen.insert(key));
    order.truncate(TRIED);
    order
}

/// What the operations do to one element, in the order of their calls.
fn touches(events: &[Event<Op>], element: u32) -> Vec<Event<Touch>> {
    let touch = |event: &Event<Op>| {
        let (found, leaves) = match &event.op {
            Op::Add(value, new) if value.handle() == element => (new.map(|new| !new), Some(true)),
            Op::Remove(value, there) if value.handle() == element => (*there, Some(false)),
            Op::Contains(value, there) if value.handle() == element => (*there, None),
            Op::Read(Some(contents)) => (Some(holds(contents, element)), None),
            _ => return None,
        };
        let found = found.filter(|_| event.is_done());
        // Who adds what is there, or removes what is not, changes nothing.
        let leaves = leaves.filter(|_| found != leaves);
        (found.is_some() || leaves.is_some()).then(|| event.with(Touch { found, leaves }))
    };
    events.iter().filter_map(touch).collect()
}

/// One element of the set.
struct Element<'a, 'c> {
    case: &'a Case<'c>,
    handle: u32,
    initial: bool,
    touches: Vec<Event<Touch>>,
}

/// A look for an operation that failed and would have added the element.
type Failed<'a> = &'a dyn Fn() -> Option<(u32, Span)>;

impl Element<'_, '_> {
    fn is_add(&self, op: &Op) -> bool {
        matches!(op, Op::Add(value, _) if value.handle() == self.handle)
    }

    fn leaving(&self, there: bool) -> impl Iterator<Item = &Event<Touch>> {
        self.touches.iter().filter(move |event| event.op.leaves == Some(there))
    }

    fn finding(&self, there: bool) -> impl Iterator<Item = &Event<Touch>> {
        self.touches.iter().filter(move |event| event.op.found == Some(there))
    }

    fn name(&self, violation: &Violation, failed: Failed<'_>) -> Option<Anomaly> {
        let is_in = |event: &&Event<Touch>| is_in_focus(violation, event.index, event.span);
        self.finding(true)
            .filter(is_in)
            .find_map(|look| self.nowhere_from(look, failed).or_else(|| self.undead(look)))
            .or_else(|| self.finding(false).filter(is_in).find_map(|look| self.missed(look)))
            .or_else(|| self.twice(true))
            .or_else(|| self.twice(false))
    }

    fn say(&self, kind: AnomalyKind, of: &[&Event<Touch>], summary: String) -> Option<Anomaly> {
        let operations = of.iter().map(|event| event.index);
        Some(anomaly(self.case, kind, Certainty::Proved, operations, summary))
    }

    /// The element in words.
    fn show(&self) -> String {
        let history = self.case.history;
        let of =
            |value: Value| (value.handle() == self.handle).then(|| value_phrase(history, value));
        let named = |event: &Event<Touch>| {
            let operation = self.case.operation(event.index);
            of(operation.input).or_else(|| {
                let items = match history.values().shape(operation.output) {
                    crate::history::Shape::List(items) | crate::history::Shape::Set(items) => items,
                    _ => &[],
                };
                items.iter().find_map(|&value| of(value))
            })
        };
        self.touches.iter().find_map(named).unwrap_or_else(|| "an element".to_owned())
    }

    /// Found, though nobody can have added it by then.
    fn nowhere_from(&self, look: &Event<Touch>, failed: Failed<'_>) -> Option<Anomaly> {
        let added =
            |event: &Event<Touch>| event.span.call < look.span.ret && event.index != look.index;
        if self.initial || self.leaving(true).any(added) {
            return None;
        }
        let case = self.case;
        let found =
            format!("{} found {} {}", who(case, look.index), self.show(), when(case, look.index));
        if let Some((add, _)) = failed().filter(|&(_, span)| span.call < look.span.ret) {
            let summary =
                format!("{found}, though {}'s operation to add it failed", who(case, add));
            let proved = Certainty::Proved;
            return Some(anomaly(case, AnomalyKind::DirtyRead, proved, [look.index, add], summary));
        }
        match self.leaving(true).find(|event| event.index != look.index) {
            Some(add) => {
                let (by, then) = (who(case, add.index), since(case, add.index));
                let summary = format!("{found}, but {by} added it only {then}");
                self.say(AnomalyKind::FutureRead, &[look, add], summary)
            }
            None => {
                self.say(AnomalyKind::PhantomRead, &[look], format!("{found}, which nobody added"))
            }
        }
    }

    /// Found, though it was removed before and cannot have been added again.
    fn undead(&self, look: &Event<Touch>) -> Option<Anomaly> {
        let removals = self.leaving(false).filter(|removal| removal.precedes(look));
        // The last to be called is the hardest to come back from.
        let removal = removals.max_by_key(|removal| removal.span.call)?;
        let again = |add: &Event<Touch>| {
            add.index != look.index
                && add.span.call < look.span.ret
                && add.span.ret > removal.span.call
        };
        if self.leaving(true).any(again) {
            return None;
        }
        let gone = self.finding(false).find(|other| look.precedes(other));
        let case = self.case;
        let summary = format!(
            "{} found {} {} although {} had removed it {}",
            who(case, look.index),
            self.show(),
            when(case, look.index),
            who(case, removal.index),
            when(case, removal.index),
        );
        let mut shown = vec![look, removal];
        shown.extend(self.leaving(true).filter(|add| add.span.call < look.span.ret));
        match gone.filter(|_| !answered_by_one_primary(self.case, look.index, removal.index)) {
            Some(other) => {
                shown.push(other);
                let seen = |event: &&Event<Touch>| {
                    event.process == look.process && event.precedes(look) && removal.precedes(event)
                };
                let kind = match self.finding(false).find(seen) {
                    Some(_) => AnomalyKind::NonMonotonicRead,
                    None if removal.process == look.process => AnomalyKind::ReadYourWrites,
                    None => AnomalyKind::StaleRead,
                };
                self.say(kind, &shown, summary)
            }
            None => self.say(AnomalyKind::ResurrectedValue, &shown, summary),
        }
    }

    /// Not found, though it must have been there.
    fn missed(&self, look: &Event<Touch>) -> Option<Anomaly> {
        // What shows that it was there before: an add, or somebody who found it.
        let shows = |event: &&Event<Touch>| {
            event.precedes(look) && (event.op.leaves == Some(true) || event.op.found == Some(true))
        };
        let removed = |witness: &Event<Touch>| {
            self.leaving(false).any(|removal| {
                removal.index != look.index
                    && removal.span.call < look.span.ret
                    && removal.span.ret > witness.span.call
            })
        };
        let witnesses = self.touches.iter().filter(shows).filter(|w| w.op.leaves != Some(false));
        let witnesses: Vec<_> = witnesses.filter(|witness| !removed(witness)).collect();
        let from_start = self.initial
            && !self
                .leaving(false)
                .any(|removal| removal.index != look.index && removal.span.call < look.span.ret);
        if witnesses.is_empty() && !from_start {
            return None;
        }
        let adds = |w: &&&Event<Touch>| w.op.leaves == Some(true);
        let add = witnesses.iter().find(adds).copied();
        let own_add = witnesses.iter().filter(adds).find(|w| w.process == look.process).copied();
        let own_look =
            witnesses.iter().find(|w| w.op.leaves.is_none() && w.process == look.process);
        let later = self.finding(true).find(|other| look.precedes(other));
        let case = self.case;
        let witness = match (later, add) {
            (None, Some(add)) => Some(add),
            _ => own_add.or(own_look.copied()).or(witnesses.first().copied()),
        };
        let is_gone = witness
            .is_some_and(|witness| answered_by_one_primary(self.case, look.index, witness.index));
        let kind = match (later, add) {
            _ if is_gone => AnomalyKind::LostUpdate,
            (None, Some(_)) => AnomalyKind::LostUpdate,
            (None, None) if from_start => AnomalyKind::LostUpdate,
            _ if own_add.is_some() => AnomalyKind::ReadYourWrites,
            _ if own_look.is_some() => AnomalyKind::NonMonotonicRead,
            _ => AnomalyKind::StaleRead,
        };
        let known = match witness {
            Some(witness) => {
                let did = if witness.op.leaves.is_some() { "added" } else { "found" };
                format!("{} had {did} it {}", who(case, witness.index), when(case, witness.index))
            }
            None => "it was there from the start".to_owned(),
        };
        let ending = match kind {
            AnomalyKind::LostUpdate => ", and nobody finds it later",
            _ => "",
        };
        let summary = format!(
            "{} did not find {} {} although {known}{ending}",
            who(case, look.index),
            self.show(),
            when(case, look.index),
        );
        let mut shown = vec![look];
        shown.extend(witness);
        shown.extend(later);
        self.say(kind, &shown, summary)
    }

    /// Two adds that both found the element absent, or two removals that both found it there,
    /// though nothing came between that could have undone the first.
    fn twice(&self, there: bool) -> Option<Anomaly> {
        let both: Vec<&Event<Touch>> =
            self.leaving(there).filter(|event| event.op.found == Some(!there)).collect();
        let may_undo = self.leaving(!there).count();
        // Between two such updates there must be one to the contrary.
        if both.len() <= may_undo + 1 {
            return None;
        }
        let case = self.case;
        let (one, two) = (both[0], both[1]);
        let phrase = |event: &Event<Touch>| {
            let operation = operation_phrase(case.history, case.operation(event.index));
            format!("`{operation}` by {} {}", who(case, event.index), when(case, event.index))
        };
        let summary =
            format!("{} and {} cannot both have changed the set", phrase(one), phrase(two));
        let mut shown = both.clone();
        shown.extend(self.leaving(!there));
        self.say(AnomalyKind::LostUpdate, &shown, summary)
    }
}

/// Two reads each of which lists an element that the other one lacks, neither ever removed.
fn fork(case: &Case<'_>, violation: &Violation, events: &[Event<Op>]) -> Option<Anomaly> {
    /// Pairs of reads that are compared.
    const READS: usize = 8;
    let removed: rustc_hash::FxHashSet<u32> = events
        .iter()
        .filter_map(|event| match event.op {
            Op::Remove(value, _) => Some(value.handle()),
            _ => None,
        })
        .collect();
    let read = |event: &Event<Op>| match &event.op {
        Op::Read(Some(contents)) if is_in_focus(violation, event.index, event.span) => {
            Some(event.with(contents.clone()))
        }
        _ => None,
    };
    let mut reads: Vec<Event<Listing>> = events.iter().filter_map(read).collect();
    reads.sort_by_key(|read| read.index != violation.operation);
    reads.truncate(READS);
    let lacks = |one: &Listing, two: &Listing| {
        one.iter().map(Value::handle).find(|&key| !holds(two, key) && !removed.contains(&key))
    };
    for (nth, one) in reads.iter().enumerate() {
        for two in &reads[..nth] {
            if lacks(&one.op, &two.op).is_some() && lacks(&two.op, &one.op).is_some() {
                let summary = format!(
                    "{} {} and {} {} each read a set that lacks an element of the other's: they \
                     disagree about which was added first",
                    who(case, two.index),
                    when(case, two.index),
                    who(case, one.index),
                    when(case, one.index),
                );
                let operations = [one.index, two.index];
                let proved = Certainty::Proved;
                return Some(anomaly(case, AnomalyKind::LongFork, proved, operations, summary));
            }
        }
    }
    None
}
