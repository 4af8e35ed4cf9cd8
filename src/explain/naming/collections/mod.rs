//! Names violations of queues, stacks, bags and priority queues.
//!
//! Items are counted over the whole key, so that each argument stands by itself:
//!
//! - `phantom-read`: an item came out that nobody ever called to put in; `dirty-read`: only
//!   operations that failed put it in; `future-read`: it came out before any call to put it in.
//! - `duplicate-delivery`: by the return of a take, an item had been taken more often than calls
//!   to put it in had been made. `aba`: the same on a stack, where between the two another pop
//!   spans the taking and coming back of the very item that it returned.
//! - `stale-read`: a look found an item of which all copies had been taken before, or the
//!   collection was found empty while it held an item that is taken later.
//! - `lost-message`: an item that must have been there, since it was put in before and taken by
//!   nobody, was not: the collection was found empty, or two looks passed the item over though it
//!   was its turn, and nobody gets it in the whole history.
//! - `reordered-delivery`: an item came out before another whose turn it was; or else, the
//!   operations can be ordered if the collection keeps no order, and not as it is.
//!
//! (Henzinger, Sezgin and Vafeiadis, CONCUR 2013, describe the same conditions for queues.)

mod order;

use rustc_hash::FxHashMap;

use super::evidence::{Event, anomaly, events, failed, is_in_focus, since, times, when, who};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::history::{Span, Value};
use crate::model::{
    AnyOp,
    priority_queue::{self, End},
};
use crate::model::{Kind, KindView, Model, items};
use crate::words::value_phrase;

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
struct Collection<'a, 'c> {
    case: &'a Case<'c>,
    violation: &'a Violation,
    discipline: Discipline,
    /// Its items before the first operation, and their values.
    initial: Vec<Item>,
    values: Vec<Value>,
    events: Vec<Event<Act>>,
    /// The calls of takes of which the answer is not known, in their order.
    open: Vec<u32>,
    /// The operations that failed.
    failed: Vec<Event<Act>>,
}

/// The anomaly that `violation` of a queue, stack, bag or priority queue shows; `None` if the
/// model is none, or nothing fits. O(n log n) in the key's operations.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Option<Anomaly> {
    let of_items = |discipline, initial: &[Value], view: KindView<AnyOp, items::Op>| {
        let values = initial.to_vec();
        let initial = initial.iter().map(|item| Item { handle: item.handle(), priority: 0 });
        let see = |list: Vec<Event<items::Op>>| list.iter().map(|e| e.with(act(e.op))).collect();
        let initial = initial.collect();
        let events = see(events(case, violation, view));
        let failed = see(failed(case, view));
        let open = Vec::new();
        Collection { case, violation, discipline, initial, values, events, open, failed }
    };
    let mut collection = match case.model.kind() {
        Kind::Queue { initial, view } => of_items(Discipline::Oldest, &initial, view),
        Kind::Stack { initial, view } => of_items(Discipline::Youngest, &initial, view),
        Kind::Bag { initial, view } => of_items(Discipline::Any, &initial, view),
        Kind::PriorityQueue { initial, view } => {
            let see = |list: Vec<Event<priority_queue::Op>>| {
                list.iter().map(|e| e.with(prioritized(e.op))).collect()
            };
            Collection {
                case,
                violation,
                discipline: Discipline::Priority,
                initial: initial.into_iter().map(item).collect(),
                values: Vec::new(),
                open: Vec::new(),
                events: see(events(case, violation, view)),
                failed: see(failed(case, view)),
            }
        }
        _ => return None,
    };
    let open = collection.events.iter().filter(|event| event.op == Act::MayTake);
    collection.open = open.map(|event| event.span.call).collect();
    collection.name()
}

fn act(op: items::Op) -> Act {
    let one = |value: Value| Item { handle: value.handle(), priority: 0 };
    let (found, takes) = match op {
        items::Op::Put(value) => return Act::Put(one(value)),
        items::Op::Take(found) => (found, true),
        items::Op::Peek(found) => (found, false),
    };
    let item = match found {
        items::Found::Any if takes => return Act::MayTake,
        items::Found::Any => return Act::Idle,
        items::Found::Empty => None,
        items::Found::Item(value) => Some(one(value)),
    };
    Act::Found { item, takes, end: End::Min }
}

fn item(item: priority_queue::Item) -> Item {
    Item { handle: item.handle(), priority: item.priority() }
}

fn prioritized(op: priority_queue::Op) -> Act {
    use priority_queue::{Found, Op};
    let (end, found, takes) = match op {
        Op::Put(put) => return Act::Put(item(put)),
        Op::Take(end, found) => (end, found, true),
        Op::Peek(end, found) => (end, found, false),
    };
    let item = match found {
        Found::Any if takes => return Act::MayTake,
        Found::Any => return Act::Idle,
        Found::Empty => None,
        Found::Item(found) => Some(item(found)),
    };
    Act::Found { item, takes, end }
}

/// What happened to each item.
type Stories<'a> = FxHashMap<Item, Story<'a>>;

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
    fn put_before(&self, time: u32) -> usize {
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

impl<'a> Collection<'a, '_> {
    fn name(&self) -> Option<Anomaly> {
        let stories = self.stories();
        let focus = self.focus();
        for &item in &focus {
            let Some(story) = stories.get(&item) else { continue };
            let found = self
                .nowhere_from(item, story)
                .or_else(|| self.too_often(item, story))
                .or_else(|| self.long_gone(item, story));
            if found.is_some() {
                return found;
            }
        }
        self.empty_though(&stories)
            .or_else(|| self.passed_over(&focus, &stories))
            .or_else(|| self.by_repair(&stories))
    }

    fn stories(&self) -> Stories<'_> {
        let mut stories: Stories<'_> = FxHashMap::default();
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
        let failing = self.events.iter().find(|e| e.index == self.violation.operation);
        let mut seen = rustc_hash::FxHashSet::default();
        let in_focus = self.events.iter().filter(|e| is_in_focus(self.violation, e.index, e.span));
        let all = failing.into_iter().chain(in_focus);
        all.filter_map(item).filter(|&item| seen.insert(item)).collect()
    }

    /// An item's name, from an operation that put it in or found it.
    fn show(&self, event: &Event<Act>) -> String {
        let operation = self.case.operation(event.index);
        let value = match event.op {
            Act::Put(_) => operation.input,
            _ => operation.output,
        };
        value_phrase(self.case.history, value)
    }

    fn say(&self, kind: AnomalyKind, of: &[&Event<Act>], summary: String) -> Option<Anomaly> {
        let operations = of.iter().map(|event| event.index);
        Some(anomaly(self.case, kind, Certainty::Proved, operations, summary))
    }

    /// An item that came out, and that nobody put in, or only later.
    fn nowhere_from(&self, item: Item, story: &Story<'_>) -> Option<Anomaly> {
        let outs = story.takes.iter().chain(&story.peeks);
        let out = *outs
            .filter(|out| story.put_before(out.span.ret) == 0)
            .min_by_key(|out| out.span.ret)?;
        let case = self.case;
        let what = self.show(out);
        let got = format!("{} got {what} {}", who(case, out.index), when(case, out.index));
        let puts =
            |failed: &&Event<Act>| failed.op == Act::Put(item) && failed.span.call < out.span.ret;
        if let Some(put) = self.failed.iter().find(puts) {
            let how = format!("although {}'s operation to put it in failed", who(case, put.index));
            return self.say(AnomalyKind::DirtyRead, &[out, put], format!("{got} {how}"));
        }
        match story.puts.first() {
            Some(put) => {
                let (by, then) = (who(case, put.index), since(case, put.index));
                let summary = format!("{got}, but {by} put it in only {then}");
                self.say(AnomalyKind::FutureRead, &[out, put], summary)
            }
            None => {
                let summary = format!("{got}, which nobody put in");
                self.say(AnomalyKind::PhantomRead, &[out], summary)
            }
        }
    }

    /// An item that was taken more often than it can have been put in by then.
    fn too_often(&self, item: Item, story: &Story<'_>) -> Option<Anomaly> {
        let mut takes = story.takes.clone();
        takes.sort_by_key(|take| take.span.ret);
        let nth = (0..takes.len()).find(|&nth| story.put_before(takes[nth].span.ret) <= nth)?;
        let (again, before) = (takes[nth], *takes.get(nth.checked_sub(1)?)?);
        let puts = story.puts.iter().filter(|put| put.span.call < again.span.ret);
        let mut shown = vec![again];
        shown.extend(&takes[..nth]);
        shown.extend(puts);
        let case = self.case;
        let what = self.show(again);
        let (mut kind, mut certainty) = (AnomalyKind::DuplicateDelivery, Certainty::Proved);
        let put = times(story.put_before(again.span.ret));
        let mut summary = format!(
            "{} got {what} {} although {} had got it {}, and it was put in {put}",
            who(case, again.index),
            when(case, again.index),
            who(case, before.index),
            when(case, before.index),
        );
        if let Some(changed) = self.changed_and_back(item, before, again) {
            (kind, certainty) = (AnomalyKind::Aba, Certainty::Suggested);
            let top = self.show(changed[0]);
            summary += &format!(
                ": while {} was taking {top}, that was taken and put back with {what} gone",
                who(case, changed[0].index)
            );
            shown.extend(changed);
        }
        Some(anomaly(case, kind, certainty, shown.iter().map(|event| event.index), summary))
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
    fn long_gone(&self, _: Item, story: &Story<'_>) -> Option<Anomaly> {
        let mut returns: Vec<u32> = story.takes.iter().map(|take| take.span.ret).collect();
        returns.sort_unstable();
        let is_gone = |peek: &&&Event<Act>| {
            let taken = returns.partition_point(|&ret| ret < peek.span.call);
            story.put_before(peek.span.ret) <= taken
        };
        let peek = story.peeks.iter().find(is_gone)?;
        let mut shown = vec![*peek];
        let taken: Vec<_> =
            story.takes.iter().filter(|take| take.precedes(peek)).copied().collect();
        let last = *taken.last()?;
        shown.extend(taken);
        shown.extend(story.puts.iter().filter(|put| put.span.call < peek.span.ret));
        let case = self.case;
        let what = self.show(peek);
        let summary = format!(
            "{} saw {what} {} although {} had taken it {}",
            who(case, peek.index),
            when(case, peek.index),
            who(case, last.index),
            when(case, last.index),
        );
        self.say(AnomalyKind::StaleRead, &shown, summary)
    }

    /// How many takes of which the answer is not known may have taken something before `time`.
    fn may_take_before(&self, time: u32) -> usize {
        self.open.partition_point(|&call| call < time)
    }

    /// The collection found empty though something must have been in it.
    fn empty_though(&self, stories: &Stories<'_>) -> Option<Anomaly> {
        let is_empty = |event: &&Event<Act>| {
            matches!(event.op, Act::Found { item: None, .. })
                && (event.index == self.violation.operation
                    || self.violation.core.binary_search(&event.index).is_ok())
        };
        self.events.iter().filter(is_empty).find_map(|look| {
            let there = |story: &&Story<'_>| story.there_during(look.span) > 0;
            let mut left: Vec<&Story<'_>> = stories.values().filter(there).collect();
            let count: usize = left.iter().map(|story| story.there_during(look.span)).sum();
            if count <= self.may_take_before(look.span.ret) {
                return None;
            }
            left.sort_by_key(|story| story.puts.first().map(|put| put.index));
            // One that nobody gets later either is lost; the others came late.
            let later = |story: &&&Story<'_>| story.takes.iter().any(|take| look.precedes(*take));
            let lost = left.iter().find(|story| !later(story) && !story.puts.is_empty());
            let story = lost.or_else(|| left.iter().find(|story| !story.puts.is_empty()))?;
            self.say_missing(look, story, lost.is_some())
        })
    }

    fn say_missing(&self, look: &Event<Act>, story: &Story<'_>, lost: bool) -> Option<Anomaly> {
        let case = self.case;
        let mut shown: Vec<&Event<Act>> = vec![look];
        shown.extend(&story.puts);
        shown.extend(&story.takes);
        let put = story.puts.iter().find(|put| put.precedes(look))?;
        let summary = format!(
            "{} found nothing {} although {} had put {} in {}, {}",
            who(case, look.index),
            when(case, look.index),
            who(case, put.index),
            self.show(put),
            when(case, put.index),
            if lost { "and nobody ever got it" } else { "and nobody had taken it yet" },
        );
        let kind = if lost { AnomalyKind::LostMessage } else { AnomalyKind::StaleRead };
        self.say(kind, &shown, summary)
    }
}
