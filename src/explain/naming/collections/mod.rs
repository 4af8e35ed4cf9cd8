//! Names violations of queues, stacks, bags and priority queues.
//!
//! Items are counted over the whole key, so that each argument stands by itself:
//!
//! - An item that came out and that nobody can have put in by then has the name that
//!   [`classify`](super::classify) gives.
//! - `duplicate-delivery`: by the return of a take, an item had been taken more often than calls
//!   to put it in had been made. `aba`: the same on a stack, where between the two another pop
//!   spans the taking and coming back of the very item that it returned.
//! - A look that found an item of which all copies had been taken before, or the collection empty
//!   while it held an item that is taken later, has the name that [`classify`](super::classify)
//!   gives to what missed the take, or the item.
//! - `lost-message`: an item that must have been there, since it was put in before and taken by
//!   nobody, was not: the collection was found empty, or two looks passed the item over though it
//!   was its turn, and nobody gets it in the whole history.
//! - `reordered-delivery`: an item came out before another whose turn it was; or else, the
//!   operations can be ordered if the collection keeps no order, and not as it is.
//!
//! (Henzinger, Sezgin and Vafeiadis, CONCUR 2013, describe the same conditions for queues.)

mod order;

use super::classify::{Missed, Origin, Witnesses};
use super::event::Event;
use super::evidence::{Scope, Verb, times};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::history::hash::{Map, Set};
use crate::history::{Rank, Span, Value, sort};
use crate::model::priority_queue::{self, End};
use crate::model::{AnyOp, Kind, KindView, Model, items};

const PUT_IN: Verb = Verb { to_do: "put it in", did: "put it in", done: "put in" };

/// Which item is the next to come out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Discipline {
    Oldest,
    Youngest,
    Any,
    Priority,
}

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Put(Item),
    /// Found this item, or nothing; whether it took it, and at which end it looked.
    Found {
        item: Option<Item>,
        takes: bool,
        end: End,
    },
    /// May have taken any item.
    MayTake,
    /// May have looked at any.
    Idle,
}

/// An item, with its place among priorities.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Item {
    handle: u32,
    priority: u64,
}

/// A key as a collection.
struct Collection<'a> {
    scope: Scope<'a>,
    discipline: Discipline,
    /// Its items before the first operation.
    initial: Vec<Item>,
    events: Vec<Event<Act>>,
    /// The calls of takes of which the answer is not known, in their order.
    open: Vec<Rank>,
    /// The operations that failed.
    failed: Vec<Event<Act>>,
}

/// The anomaly that a violation of a queue, stack, bag or priority queue shows; `None` if the model
/// is none, or nothing fits. O(n log n) in the key's operations.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let of_items = |discipline, values: &[Value], view: KindView<AnyOp, items::Op>| {
        let initial = values.iter().map(|value| Item { handle: value.handle(), priority: 0 });
        Collection::of(scope, discipline, initial.collect(), view, act)
    };
    let collection = match scope.case.model.kind() {
        Kind::Queue { initial, view } => of_items(Discipline::Oldest, &initial, view),
        Kind::Stack { initial, view } => of_items(Discipline::Youngest, &initial, view),
        Kind::Bag { initial, view } => of_items(Discipline::Any, &initial, view),
        Kind::PriorityQueue { initial, view } => {
            let initial = initial.into_iter().map(item).collect();
            Collection::of(scope, Discipline::Priority, initial, view, prioritized)
        }
        _ => return None,
    };
    collection.name()
}

/// What an operation does that takes an item, and found `found`, if it is known.
fn take(end: End, found: Option<Option<Item>>) -> Act {
    found.map_or(Act::MayTake, |item| Act::Found { item, takes: true, end })
}

/// What an operation does that looks at an item, and found `found`, if it is known.
fn peek(end: End, found: Option<Option<Item>>) -> Act {
    found.map_or(Act::Idle, |item| Act::Found { item, takes: false, end })
}

fn act(op: items::Op) -> Act {
    let one = |value: Value| Item { handle: value.handle(), priority: 0 };
    let known = |found| match found {
        items::Found::Any => None,
        items::Found::Empty => Some(None),
        items::Found::Item(value) => Some(Some(one(value))),
    };
    match op {
        items::Op::Put(value) => Act::Put(one(value)),
        items::Op::Take(found) => take(End::Min, known(found)),
        items::Op::Peek(found) => peek(End::Min, known(found)),
    }
}

fn item(item: priority_queue::Item) -> Item {
    Item { handle: item.handle(), priority: item.priority() }
}

fn prioritized(op: priority_queue::Op) -> Act {
    use priority_queue::{Found, Op};
    let known = |found| match found {
        Found::Any => None,
        Found::Empty => Some(None),
        Found::Item(found) => Some(Some(item(found))),
    };
    match op {
        Op::Put(put) => Act::Put(item(put)),
        Op::Take(end, found) => take(end, known(found)),
        Op::Peek(end, found) => peek(end, known(found)),
    }
}

/// What happened to each item.
type Stories<'a> = Map<Item, Story<'a>>;

/// All that happened to one item.
#[derive(Default)]
struct Story<'a> {
    /// How often it was there from the start.
    initial: usize,
    puts: Vec<&'a Event<Act>>,
    takes: Vec<&'a Event<Act>>,
    peeks: Vec<&'a Event<Act>>,
}

impl Story<'_> {
    /// How many of it can have been put in before `time`.
    fn put_before(&self, time: Rank) -> usize {
        // They are in the order of their calls.
        self.initial + self.puts.partition_point(|put| put.span.call < time)
    }

    /// How many of it must be there all through `span`, if nobody took one whose answer is not
    /// known.
    fn there_during(&self, span: Span) -> usize {
        let put = self.puts.iter().filter(|put| put.span.ret < span.call).count();
        let taken = self.takes.iter().filter(|take| take.span.call < span.ret).count();
        (self.initial + put).saturating_sub(taken)
    }

    /// Whether there was one of it only, so that it is known which.
    fn is_single(&self) -> bool {
        self.initial + self.puts.len() == 1
    }
}

impl<'a> Collection<'a> {
    fn of<Op: Copy>(
        scope: Scope<'a>,
        discipline: Discipline,
        initial: Vec<Item>,
        view: KindView<AnyOp, Op>,
        act: fn(Op) -> Act,
    ) -> Self {
        let see = |list: Vec<Event<Op>>| list.iter().map(|e| e.with(act(e.op))).collect();
        let events: Vec<Event<Act>> = see(scope.events(view));
        let open = events.iter().filter(|event| event.op == Act::MayTake);
        let open = open.map(|event| event.span.call).collect();
        let failed = see(scope.failed(view));
        Collection { scope, discipline, initial, events, open, failed }
    }

    fn name(&self) -> Option<Anomaly> {
        let stories = self.stories();
        let focus = self.focus();
        for &item in &focus {
            let Some(story) = stories.get(&item) else { continue };
            let found = self
                .nowhere_from(item, story)
                .or_else(|| self.too_often(item, story))
                .or_else(|| self.long_gone(story));
            if found.is_some() {
                return found;
            }
        }
        self.empty_though(&stories)
            .or_else(|| self.passed_over(&focus, &stories))
            .or_else(|| self.by_repair(&stories))
    }

    fn stories(&self) -> Stories<'_> {
        let mut stories: Stories<'_> = Map::default();
        for &item in &self.initial {
            stories.entry(item).or_default().initial += 1;
        }
        for event in &self.events {
            match event.op {
                Act::Put(item) => stories.entry(item).or_default().puts.push(event),
                Act::Found { item: Some(item), takes: true, .. } => {
                    stories.entry(item).or_default().takes.push(event);
                }
                Act::Found { item: Some(item), takes: false, .. } => {
                    stories.entry(item).or_default().peeks.push(event);
                }
                _ => {}
            }
        }
        stories
    }

    /// The items that the violation is about, that of the failing operation first.
    fn focus(&self) -> Vec<Item> {
        let item = |event: &Event<Act>| match event.op {
            Act::Put(item) | Act::Found { item: Some(item), .. } => Some(item),
            _ => None,
        };
        let failing = self.events.iter().find(|event| self.scope.is_failing(event));
        let mut seen = Set::default();
        let all = failing.into_iter().chain(self.events.iter().filter(|e| self.scope.contains(e)));
        all.filter_map(item).filter(|&item| seen.insert(item)).collect()
    }

    /// An item's name, from an operation that put it in or found it.
    fn show(&self, event: &Event<Act>) -> String {
        let operation = self.scope.case.operation(event.index);
        self.scope.value(match event.op {
            Act::Put(_) => operation.input,
            _ => operation.output,
        })
    }

    /// An operation on an item, in words: `process 1 got 3 at 1.2 s`.
    fn deed(&self, event: &Event<Act>, did: &str) -> String {
        self.scope.deed(event.index, &format!("{did} {}", self.show(event)))
    }

    /// An item that came out, and that nobody put in, or only later.
    fn nowhere_from(&self, item: Item, story: &Story<'_>) -> Option<Anomaly> {
        let outs = story.takes.iter().chain(&story.peeks);
        let unfounded = outs.filter(|out| story.put_before(out.span.ret) == 0);
        let out = *unfounded.min_by_key(|out| out.span.ret)?;
        let puts =
            |failed: &&Event<Act>| failed.op == Act::Put(item) && failed.span.call < out.span.ret;
        let failed = self.failed.iter().find(puts).map(|event| event.index);
        let origin = Origin::of(failed, story.puts.first().map(|put| put.index));
        self.scope.unfounded(out.index, origin, &self.deed(out, "got"), &PUT_IN)
    }

    /// An item that was taken more often than it can have been put in by then.
    fn too_often(&self, item: Item, story: &Story<'_>) -> Option<Anomaly> {
        let mut takes = story.takes.clone();
        sort::by(&mut takes, |take| take.span.ret);
        let nth = (0..takes.len()).find(|&nth| story.put_before(takes[nth].span.ret) <= nth)?;
        let (again, before) = (takes[nth], *takes.get(nth.checked_sub(1)?)?);
        let puts = story.puts.iter().filter(|put| put.span.call < again.span.ret);
        let mut shown = vec![again];
        shown.extend(&takes[..nth]);
        shown.extend(puts);
        let (mut kind, mut certainty) = (AnomalyKind::DuplicateDelivery, Certainty::Proved);
        let mut summary = format!(
            "{} although {}, and it was put in {}",
            self.deed(again, "got"),
            self.scope.deed(before.index, "had got it"),
            times(story.put_before(again.span.ret)),
        );
        if let Some(changed) = self.changed_and_back(item, before, again) {
            (kind, certainty) = (AnomalyKind::Aba, Certainty::Suggested);
            summary += &format!(
                ": while {} was taking {}, that was taken and put back with {} gone",
                self.scope.who(changed[0].index),
                self.show(changed[0]),
                self.show(again),
            );
            shown.extend(changed);
        }
        let shown = shown.iter().map(|event| event.index);
        Some(self.scope.anomaly(kind, certainty, shown, summary))
    }

    /// On a stack: a pop that spans `once` and also the taking and coming back of the item that it
    /// returned itself, and that returned before `again` was called: the pop, the other pop, the
    /// push.
    fn changed_and_back(
        &self,
        item: Item,
        once: &Event<Act>,
        again: &Event<Act>,
    ) -> Option<[&Event<Act>; 3]> {
        if self.discipline != Discipline::Youngest {
            return None;
        }
        let spans = |outer: &Event<Act>, inner: &Event<Act>| {
            outer.span.call < inner.span.call && inner.span.ret < outer.span.ret
        };
        let around = |pop: &&Event<Act>| spans(pop, once) && pop.span.ret < again.span.call;
        self.events.iter().filter(around).find_map(|pop| {
            let Act::Found { item: Some(top), takes: true, .. } = pop.op else { return None };
            let mut within = self.events.iter().filter(|e| top != item && spans(pop, e));
            let taken = within.find(|e| {
                matches!(e.op, Act::Found { item: Some(other), takes: true, .. } if other == top)
            })?;
            let mut within = self.events.iter().filter(|e| spans(pop, e) && once.precedes(*e));
            let back = within.find(|e| e.op == Act::Put(top))?;
            Some([pop, taken, back])
        })
    }

    /// A look at an item of which all were taken before.
    fn long_gone(&self, story: &Story<'_>) -> Option<Anomaly> {
        let mut returns: Vec<Rank> = story.takes.iter().map(|take| take.span.ret).collect();
        returns.sort_unstable();
        let is_gone = |peek: &&&Event<Act>| {
            let taken = returns.partition_point(|&ret| ret < peek.span.call);
            story.put_before(peek.span.ret) <= taken
        };
        let peek = story.peeks.iter().find(is_gone)?;
        let taken: Vec<&Event<Act>> =
            story.takes.iter().filter(|take| take.precedes(peek)).copied().collect();
        let own = taken.iter().find(|take| take.process == peek.process);
        let take = *own.or(taken.last())?;
        let missed = Missed { gone: None, is_own: own.is_some(), was_seen: false };
        let puts = story.puts.iter().filter(|put| put.span.call < peek.span.ret);
        let summary = format!(
            "{} although {}",
            self.deed(peek, "saw"),
            self.scope.deed(take.index, "had taken it")
        );
        let shown: Vec<&Event<Act>> =
            [*peek].into_iter().chain(taken).chain(puts.copied()).collect();
        self.scope.proved(missed.kind(), &shown, summary)
    }

    /// How many takes of which the answer is not known may have taken something before `time`.
    fn may_take_before(&self, time: Rank) -> usize {
        self.open.partition_point(|&call| call < time)
    }

    /// The collection found empty though something must have been in it.
    fn empty_though(&self, stories: &Stories<'_>) -> Option<Anomaly> {
        let is_empty = |event: &&Event<Act>| {
            matches!(event.op, Act::Found { item: None, .. }) && self.scope.blames(event)
        };
        self.events.iter().filter(is_empty).find_map(|look| {
            let there = |story: &&Story<'_>| story.there_during(look.span) > 0;
            #[expect(clippy::disallowed_methods, reason = "sorted below")]
            let mut left: Vec<&Story<'_>> = stories.values().filter(there).collect();
            let count: usize = left.iter().map(|story| story.there_during(look.span)).sum();
            if count <= self.may_take_before(look.span.ret) {
                return None;
            }
            sort::by(&mut left, |story| story.puts.first().map(|put| put.index));
            left.retain(|story| !story.puts.is_empty());
            // One that nobody gets later either is lost; the others came late.
            let later = |story: &&&Story<'_>| story.takes.iter().any(|take| look.precedes(*take));
            let lost = left.iter().find(|story| !later(story));
            let story = lost.or(left.first())?;
            let put = *story.puts.iter().find(|put| put.precedes(look))?;
            let missed = Missed {
                gone: lost.map(|_| AnomalyKind::LostMessage),
                is_own: put.process == look.process,
                was_seen: Witnesses::of(look, story.peeks.iter().copied(), |_| true)
                    .before
                    .is_some(),
            };
            let ending = match lost {
                Some(_) => "and nobody ever got it",
                None => "and nobody had taken it yet",
            };
            let summary = format!(
                "{} although {}, {ending}",
                self.scope.deed(look.index, "found nothing"),
                self.scope.deed(put.index, &format!("had put {} in", self.show(put))),
            );
            let shown: Vec<&Event<Act>> =
                [look].into_iter().chain(story.puts.iter().chain(&story.takes).copied()).collect();
            self.scope.proved(missed.kind(), &shown, summary)
        })
    }
}
