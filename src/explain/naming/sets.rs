//! Names violations of sets, element by element.
//!
//! What an operation tells of an element: that it was there (a read that lists it, `contains` →
//! true, `add` → false, `remove` → true), or that it was not. An element was *missed* if it was
//! not there although an add of it had returned and no removal was called in time; it was *found*
//! wrongly if a removal had returned and no add was called in between that could have come after.
//!
//! The names are those that [`classify`](super::classify) gives to what was found or missed, with
//! `resurrected-value` for an element that everybody finds after its removal. Besides:
//!
//! - `lost-update`: two adds found an element absent, or two removals found it there, without the
//!   opposite between.
//! - `duplicate-apply`: a read lists an element twice.
//! - `long-fork`: of two reads each lists an element that the other one lacks, and neither was
//!   ever removed. If one of the two was acknowledged and nobody finds it later, it is a
//!   `lost-update`.

use super::classify::{Missed, Origin, Witnesses};
use super::event::Event;
use super::evidence::{Scope, Verb, answered_by_one_primary};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::hash::{self, Map};
use crate::history::{OpIndex, Rank, Shape, Span, Value, sort};
use crate::model::set::{Listing, Op};
use crate::model::{Kind, Model};

/// Elements that are tried; each costs a walk over the key.
const TRIED: usize = 64;

const ADD: Verb = Verb { to_do: "add it", did: "added it", done: "added" };

/// What an operation tells of one element, and does to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sighting {
    /// Whether it found the element, if it tells.
    found: Option<bool>,
    /// Whether the element is there afterwards, if it changes that.
    leaves: Option<bool>,
}

/// The anomaly that a violation of a set shows; `None` if the model is none, or nothing fits.
/// O(n) for each element in question.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::Set { initial, view } = scope.case.model.kind() else { return None };
    let initial = Listing::from(&initial);
    let mut events = scope.events(view);
    tighten(&mut events, &scope, &initial);
    let lists_twice = |event: &&Event<Op>| matches!(event.op, Op::ReadTwice);
    if let Some(twice) = events.iter().filter(|e| scope.contains(e)).find(lists_twice) {
        let summary =
            format!("{} that lists an element twice", scope.deed(twice.index, "read a set"));
        return scope.proved(AnomalyKind::DuplicateApply, &[twice], summary);
    }
    let set = Set { scope, initial, events };
    let named = set.elements().into_iter().find_map(|handle| {
        set.element(handle).name(&|look| {
            let failed = scope.failed(view);
            let adds = |failed: &&Event<Op>| {
                matches!(failed.op, Op::Add(value, _) if value.handle() == handle)
            };
            let add = failed.iter().find(adds)?;
            (add.span.call < look.span.ret).then_some(add.index)
        })
    });
    named.or_else(|| set.fork())
}

/// A key as a set.
struct Set<'a> {
    scope: Scope<'a>,
    initial: Listing,
    events: Vec<Event<Op>>,
}

/// Lets reads start only when all that they list can have been added: they saw it. O(n).
fn tighten(events: &mut [Event<Op>], scope: &Scope<'_>, initial: &Listing) {
    /// Reads that are looked at.
    const READS: usize = 16;
    let mut earliest: Map<u32, Rank> = Map::default();
    for event in events.iter() {
        if let Op::Add(value, _) = event.op {
            earliest.entry(value.handle()).or_insert(event.span.call);
        }
    }
    let reads = events.iter_mut().filter(|event| matches!(event.op, Op::Read(Some(_))));
    for event in reads.filter(|event| scope.blames(event)).take(READS) {
        let Op::Read(Some(contents)) = &event.op else { continue };
        let new = contents.iter().map(Value::handle).filter(|&key| !holds(initial, key));
        let since = new.filter_map(|key| earliest.get(&key)).max().copied();
        let since = since.filter(|&since| since < event.span.ret);
        event.span.call = event.span.call.max(since.unwrap_or_default());
    }
}

fn holds(contents: &Listing, element: u32) -> bool {
    contents.holds(Value::of_handle(element))
}

impl Set<'_> {
    /// Returns the elements, by handle, that the violation may be about; those of the failing
    /// operation first.
    fn elements(&self) -> Vec<u32> {
        let Set { scope, initial, events } = self;
        let mut order: Vec<u32> = Vec::new();
        let mut seen = hash::Set::default();
        let failing = events.iter().find(|event| scope.is_failing(event));
        let named = |op: &Op| match *op {
            Op::Add(value, _) | Op::Remove(value, _) | Op::Contains(value, _) => {
                Some(value.handle())
            }
            _ => None,
        };
        if let Some(Op::Read(Some(read))) = failing.map(|event| &event.op) {
            // What it misses or has too much stands out in few steps; anything else comes after.
            let mut sure: Map<u32, bool> = Map::default();
            let span =
                failing.map_or(Span { call: Rank::FIRST, ret: Rank::FIRST }, |event| event.span);
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
            #[expect(clippy::disallowed_methods, reason = "sorted below")]
            let missed = sure.iter().filter(|&(&key, &sure)| sure && !holds(read, key));
            let start = initial.iter().map(Value::handle).filter(|&key| !holds(read, key));
            let mut missed: Vec<u32> = missed.map(|(&key, _)| key).chain(start).collect();
            missed.sort_unstable();
            order.extend(missed);
        }
        let core = || events.iter().filter(|event| scope.contains(event));
        order.extend(failing.into_iter().chain(core()).filter_map(|event| named(&event.op)));
        for event in core() {
            if order.len() > 4 * TRIED || scope.case.meter.poll().is_err() {
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

    /// What the operations do to one element, in the order of their calls. O(n).
    fn element(&self, element: u32) -> Element<'_> {
        let sighting = |event: &Event<Op>| {
            let (found, leaves) = match &event.op {
                Op::Add(value, new) if value.handle() == element => {
                    (new.map(|new| !new), Some(true))
                }
                Op::Remove(value, there) if value.handle() == element => (*there, Some(false)),
                Op::Contains(value, there) if value.handle() == element => (*there, None),
                Op::Read(Some(contents)) => (Some(holds(contents, element)), None),
                _ => return None,
            };
            let found = found.filter(|_| event.is_done());
            // Who adds what is there, or removes what is not, changes nothing.
            let leaves = leaves.filter(|_| found != leaves);
            (found.is_some() || leaves.is_some()).then(|| event.with(Sighting { found, leaves }))
        };
        let sightings = self.events.iter().filter_map(sighting).collect();
        Element {
            scope: self.scope,
            handle: element,
            initial: holds(&self.initial, element),
            sightings,
        }
    }

    /// Two reads each of which lists an element that the other one lacks, neither ever removed; or
    /// the loss of one of the two, if it was acknowledged and nobody finds it later.
    fn fork(&self) -> Option<Anomaly> {
        /// Reads that are compared, each with each.
        const READS: usize = 8;
        let Set { scope, events, .. } = self;
        let removed = events.iter().filter_map(|event| match event.op {
            Op::Remove(value, _) => Some(value.handle()),
            _ => None,
        });
        let removed: hash::Set<u32> = removed.collect();
        let read = |event: &Event<Op>| match &event.op {
            Op::Read(Some(contents)) if scope.contains(event) => Some(event.with(contents.clone())),
            _ => None,
        };
        let mut reads: Vec<Event<Listing>> = events.iter().filter_map(read).collect();
        sort::by(&mut reads, |read| !scope.is_failing(read));
        reads.truncate(READS);
        let lacks = |one: &Event<Listing>, two: &Event<Listing>| {
            let items = two.op.iter().map(Value::handle);
            let lacking = items.filter(|&key| !holds(&one.op, key) && !removed.contains(&key));
            lacking.take(TRIED).collect::<Vec<u32>>()
        };
        let pairs = (0..reads.len()).flat_map(|one| (0..one).map(move |two| (one, two)));
        let mut pairs = pairs.map(|(one, two)| (&reads[one], &reads[two]));
        let (one, two) =
            pairs.find(|(one, two)| !lacks(one, two).is_empty() && !lacks(two, one).is_empty())?;
        let mut lost = [(one, two), (two, one)].into_iter().flat_map(|(read, other)| {
            lacks(read, other).into_iter().filter_map(|key| self.lost_since(read, key))
        });
        lost.next().or_else(|| {
            let [first, second] = [two, one]
                .map(|read| format!("{} {}", scope.who(read.index), scope.when(read.index)));
            let summary = format!(
                "{first} and {second} each read a set that lacks an element of the other's: they \
                 disagree about which was added first"
            );
            scope.proved(AnomalyKind::LongFork, &[one, two], summary)
        })
    }

    /// The loss of an element that was acknowledged, as `read` or a later operation shows it. O(n).
    fn lost_since(&self, read: &Event<Listing>, element: u32) -> Option<Anomaly> {
        let element = self.element(element);
        let is_due = |look: &&Event<Sighting>| {
            (look.index == read.index || read.precedes(*look))
                && element.adds().any(|add| add.precedes(*look))
        };
        let look = element.misses().find(is_due)?;
        element.missed(look).filter(|anomaly| anomaly.kind == AnomalyKind::LostUpdate)
    }
}

/// One element of the set.
struct Element<'a> {
    scope: Scope<'a>,
    handle: u32,
    initial: bool,
    sightings: Vec<Event<Sighting>>,
}

/// A look for an operation that failed and would have added the element before another returned.
type Failed<'a> = &'a dyn Fn(&Event<Sighting>) -> Option<OpIndex>;

impl Element<'_> {
    /// Returns the updates that leave the element there, or not.
    fn leaving(&self, there: bool) -> impl Iterator<Item = &Event<Sighting>> {
        self.sightings.iter().filter(move |event| event.op.leaves == Some(there))
    }

    fn adds(&self) -> impl Iterator<Item = &Event<Sighting>> {
        self.leaving(true)
    }

    fn removals(&self) -> impl Iterator<Item = &Event<Sighting>> {
        self.leaving(false)
    }

    /// Returns the operations that found the element.
    fn finds(&self) -> impl Iterator<Item = &Event<Sighting>> {
        self.sightings.iter().filter(|event| event.op.found == Some(true))
    }

    /// Returns the operations that did not find the element.
    fn misses(&self) -> impl Iterator<Item = &Event<Sighting>> {
        self.sightings.iter().filter(|event| event.op.found == Some(false))
    }

    fn name(&self, failed: Failed<'_>) -> Option<Anomaly> {
        let is_in = |event: &&Event<Sighting>| self.scope.contains(event);
        self.finds()
            .filter(is_in)
            .find_map(|look| self.nowhere_from(look, failed).or_else(|| self.undead(look)))
            .or_else(|| self.misses().filter(is_in).find_map(|look| self.missed(look)))
            .or_else(|| self.twice(true))
            .or_else(|| self.twice(false))
    }

    /// The element in words.
    fn show(&self) -> String {
        let of = |value: Value| (value.handle() == self.handle).then(|| self.scope.value(value));
        let named = |event: &Event<Sighting>| {
            let operation = self.scope.case.operation(event.index);
            of(operation.input).or_else(|| {
                match self.scope.case.history.values().shape(operation.output) {
                    Shape::List(items) | Shape::Set(items) => items.iter().find_map(|&v| of(v)),
                    _ => None,
                }
            })
        };
        self.sightings.iter().find_map(named).unwrap_or_else(|| "an element".to_owned())
    }

    /// Found, though nobody can have added it by then.
    fn nowhere_from(&self, look: &Event<Sighting>, failed: Failed<'_>) -> Option<Anomaly> {
        let mut adds = self.adds().filter(|add| add.index != look.index);
        let add = adds.next();
        if self.initial || add.is_some_and(|add| add.span.call < look.span.ret) {
            return None;
        }
        let origin = Origin::of(failed(look), add.map(|add| add.index));
        let found = self.scope.deed(look.index, &format!("found {}", self.show()));
        self.scope.unfounded(look.index, origin, &found, &ADD)
    }

    /// Whether `update` may have been undone, by an operation of `others`, by when `look` saw the
    /// element.
    fn may_be_undone<'e>(
        update: &Event<Sighting>,
        mut others: impl Iterator<Item = &'e Event<Sighting>>,
        look: &Event<Sighting>,
    ) -> bool {
        others.any(|undoing| {
            undoing.index != look.index
                && undoing.span.call < look.span.ret
                && undoing.span.ret > update.span.call
        })
    }

    /// Found, though it was removed before and cannot have been added again.
    fn undead(&self, look: &Event<Sighting>) -> Option<Anomaly> {
        let removals = self.removals().filter(|removal| removal.precedes(look));
        // The last to be called is the hardest to come back from.
        let removal = removals.max_by_key(|removal| removal.span.call)?;
        if Self::may_be_undone(removal, self.adds(), look) {
            return None;
        }
        let scope = self.scope;
        let misses = |event: &Event<Sighting>| look.precedes(event) || removal.precedes(event);
        let mut witnesses = Witnesses::of(look, self.misses(), misses);
        if answered_by_one_primary(scope.case, look.index, removal.index) {
            // Nothing lags, whatever is found later.
            witnesses.later = None;
        }
        let is_own = removal.process == look.process;
        let missed = witnesses.missed(is_own, AnomalyKind::ResurrectedValue);
        let summary = format!(
            "{} although {}",
            scope.deed(look.index, &format!("found {}", self.show())),
            scope.deed(removal.index, "had removed it"),
        );
        let mut shown = vec![look, removal];
        shown.extend(self.adds().filter(|add| add.span.call < look.span.ret));
        shown.extend(witnesses.later);
        scope.proved(missed.kind(), &shown, summary)
    }

    /// Not found, though it must have been there.
    fn missed(&self, look: &Event<Sighting>) -> Option<Anomaly> {
        // What shows that it was there before: an add, or somebody who found it.
        let shows = |event: &&Event<Sighting>| {
            let Sighting { found, leaves } = event.op;
            event.precedes(look)
                && (leaves == Some(true) || leaves.is_none() && found == Some(true))
                && !Self::may_be_undone(event, self.removals(), look)
        };
        let known: Vec<&Event<Sighting>> = self.sightings.iter().filter(shows).collect();
        let from_start = self.initial
            && !self
                .removals()
                .any(|removal| removal.index != look.index && removal.span.call < look.span.ret);
        if known.is_empty() && !from_start {
            return None;
        }
        let add = known.iter().copied().find(|event| event.op.leaves.is_some());
        let own = |is_add: bool| {
            let is_own = |event: &&&Event<Sighting>| {
                event.process == look.process && event.op.leaves.is_some() == is_add
            };
            known.iter().find(is_own).copied()
        };
        let later = self.finds().find(|other| look.precedes(other));
        let witness = match (later, add) {
            (None, Some(add)) => Some(add),
            _ => own(true).or_else(|| own(false)).or(known.first().copied()),
        };
        let scope = self.scope;
        let is_one =
            witness.is_some_and(|w| answered_by_one_primary(scope.case, look.index, w.index));
        let is_gone = is_one || later.is_none() && (add.is_some() || from_start);
        let missed = Missed {
            gone: is_gone.then_some(AnomalyKind::LostUpdate),
            is_own: own(true).is_some(),
            was_seen: own(false).is_some(),
        };
        let known = match witness {
            Some(witness) if witness.op.leaves.is_some() => {
                scope.deed(witness.index, "had added it")
            }
            Some(witness) => scope.deed(witness.index, "had found it"),
            None => "it was there from the start".to_owned(),
        };
        let ending = if is_gone && later.is_none() { ", and nobody finds it later" } else { "" };
        let look_phrase = scope.deed(look.index, &format!("did not find {}", self.show()));
        let mut shown = vec![look];
        shown.extend(witness);
        shown.extend(later);
        let summary = format!("{look_phrase} although {known}{ending}");
        scope.proved(missed.kind(), &shown, summary)
    }

    /// Two adds that both found the element absent, or two removals that both found it there,
    /// though nothing came between that could have undone the first.
    fn twice(&self, there: bool) -> Option<Anomaly> {
        let both: Vec<&Event<Sighting>> =
            self.leaving(there).filter(|event| event.op.found == Some(!there)).collect();
        let may_undo = self.leaving(!there).count();
        // Between two such updates there must be one to the contrary.
        if both.len() <= may_undo + 1 {
            return None;
        }
        let [one, two] = [both[0], both[1]].map(|event| self.scope.call(event.index));
        let mut shown = both;
        shown.extend(self.leaving(!there));
        let summary = format!("{one} and {two} cannot both have changed the set");
        self.scope.proved(AnomalyKind::LostUpdate, &shown, summary)
    }
}
