//! Sets that only grow, with operations that read the whole.
//!
//! What was read must form a chain. Each element is added between the last reading without it and
//! the first with it: an order of all additions and readings, up to those of one step, that real
//! time must allow.

use super::super::{Conflict, Timed};
use super::act::{Act, act};
use super::conflict_at;
use super::element::Window;
use super::events::{Elements, Phase, Times};
use crate::history::Value;
use crate::history::{Rank, sort};
use crate::model::set::{Contents, Listing, Op};

/// Decides operations of which some read the whole. `None` if something may be removed.
pub(super) fn decide(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
) -> Option<Result<Times, Conflict>> {
    let shrinks = |timed: &Timed<'_, Op>| {
        let act = act(timed.op).map(|(_, act)| act);
        matches!(act, Some(Act::Flip { to: false } | Act::Set { to: false }))
    };
    let is_unknown =
        |timed: &Timed<'_, Op>| matches!(timed.op, Op::Read(None)) && timed.has_returned();
    if operations.iter().any(|timed| shrinks(timed) || is_unknown(timed)) {
        return None;
    }
    Some(Growing::new(operations).and_then(|growing| growing.sweep(&initial.into())))
}

/// Completed operations that read the same.
struct Class<'a> {
    contents: &'a Listing,
    /// In the order of their calls.
    reads: Vec<u32>,
    /// The least return of them.
    by: Rank,
}

struct Growing<'a> {
    operations: &'a [Timed<'a, Op>],
    elements: Elements,
    classes: Vec<Class<'a>>,
}

impl<'a> Growing<'a> {
    /// Sorts what was read; a conflict if it is no chain.
    fn new(operations: &'a [Timed<'a, Op>]) -> Result<Self, Conflict> {
        let mut reads: Vec<(usize, u32, &Listing)> = Vec::new();
        for (at, timed) in operations.iter().enumerate() {
            if let (Op::Read(Some(contents)), true) = (timed.op, timed.has_returned()) {
                reads.push((contents.len(), at as u32, contents));
            }
        }
        sort::by(&mut reads, |&(len, ..)| len);
        let mut classes: Vec<Class<'_>> = Vec::new();
        for (_, at, contents) in reads {
            let ret = operations[at as usize].span.ret;
            match classes.last_mut() {
                Some(class) if class.contents == contents => {
                    class.reads.push(at);
                    class.by = class.by.min(ret);
                }
                Some(class) if !holds(contents, class.contents) => {
                    return Err(conflict_at(operations, class.by.max(ret)));
                }
                _ => classes.push(Class { contents, reads: vec![at], by: ret }),
            }
        }
        Ok(Growing { operations, elements: Elements::new(operations), classes })
    }

    /// Places additions and readings step by step, each as early as possible.
    fn sweep(&self, initial: &Listing) -> Result<Times, Conflict> {
        if let Some(class) = self.classes.first().filter(|class| !holds(class.contents, initial)) {
            return Err(conflict_at(self.operations, class.by));
        }
        let mut clock = Clock {
            times: Times::with_capacity(self.operations.len()),
            now: Rank::FIRST,
            by: Rank::FIRST,
        };
        let mut is_placed = vec![false; self.elements.handles.len()];
        let mut before = initial;
        for (number, &handle) in self.elements.handles.iter().enumerate() {
            if initial.holds(Value::of_handle(handle)) {
                is_placed[number] = true;
                self.add(number, Window::of_initial(), &mut clock)?;
            }
        }
        for class in &self.classes {
            let start = clock.now;
            for handle in new_in(class.contents, before) {
                let Some(number) = self.elements.number(handle) else {
                    return Err(conflict_at(self.operations, class.by));
                };
                is_placed[number] = true;
                let mut window = Window::of_added();
                window.by = class.by;
                self.add_from(start, number, window, class.by, &mut clock)?;
            }
            self.read(class, &mut clock)?;
            before = class.contents;
        }
        let start = clock.now;
        for number in (0..is_placed.len()).filter(|&number| !is_placed[number]) {
            self.add_from(start, number, Window::of_added(), Rank::NEVER, &mut clock)?;
        }
        Ok(clock.times)
    }

    fn add(&self, number: usize, window: Window, clock: &mut Clock) -> Result<(), Conflict> {
        self.add_from(clock.now, number, window, clock.by, clock)
    }

    /// Lets an element be added not before `start`. By `known` it is known that it has to be.
    fn add_from(
        &self,
        start: Rank,
        number: usize,
        mut window: Window,
        known: Rank,
        clock: &mut Clock,
    ) -> Result<(), Conflict> {
        let steps = self.elements.steps(number);
        let conflict = |rank| conflict_at(self.operations, rank);
        for (nth, step) in steps.iter().enumerate() {
            window.add(nth as u32, step).map_err(conflict)?;
        }
        window.settle(steps).map_err(conflict)?;
        let time = start.max(window.from);
        if window.by_whom.is_some() {
            if time >= window.by {
                return Err(conflict(window.by.max(time).max(clock.by)));
            }
            if time > clock.now {
                (clock.now, clock.by) = (time, known);
            }
        }
        window.place(time, steps, &mut clock.times);
        Ok(())
    }

    fn read(&self, class: &Class<'_>, clock: &mut Clock) -> Result<(), Conflict> {
        let start = clock.now;
        for &at in &class.reads {
            let span = self.operations[at as usize].span;
            let time = start.max(span.call);
            if time >= span.ret {
                return Err(conflict_at(self.operations, time.max(clock.by)));
            }
            clock.times.push(time, Phase::Change, at);
            if time > clock.now {
                (clock.now, clock.by) = (time, span.ret);
            }
        }
        Ok(())
    }
}

/// Where the sweep stands.
struct Clock {
    times: Times,
    /// What was placed last happens then,
    now: Rank,
    /// for a reason that is known by then.
    by: Rank,
}

/// Whether `whole` holds all of `part`.
fn holds(whole: &Listing, part: &Listing) -> bool {
    whole.len() >= part.len() && new_in(part, whole).next().is_none()
}

/// The handles of the elements of `contents` that are not in `before`. O(n).
fn new_in<'a>(contents: &'a Listing, before: &'a Listing) -> impl Iterator<Item = u32> + 'a {
    let mut before = before.iter().map(Value::handle).peekable();
    contents.iter().map(Value::handle).filter(move |&handle| {
        while before.next_if(|&other| other < handle).is_some() {}
        before.peek() != Some(&handle)
    })
}
