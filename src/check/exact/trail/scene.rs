//! What is open at a return and will be called soon, value by value, and what that tells of
//! configurations.

use super::config::Config;
use super::problem::{NONE, Op, Problem};
use super::{ABSENT, Act};
use crate::check::exact::ends::End;

/// What returns after more events than this is not looked at yet.
const HORIZON: u32 = 100;

/// What it costs that a value has to be reached once more than operations lead to it, and that it
/// has to be left once more.
const LACK: i64 = 8;
const SURPLUS: i64 = 4;

/// What it costs that values which have to be reached do not hang together with the present one.
const APART: i64 = 8;

/// What it costs to be as far from a value as there are events until it must have been there, up
/// to so far.
const FAR: u64 = 2;
const FURTHEST: u64 = 1 << 10;

/// Costs of distances are counted in parts.
const PARTS: u32 = 16;

/// So many more events are taken to be left, so that what is near costs nothing.
const SLACK: u64 = 4;

/// A value and the operations that lead from and to it soon.
#[derive(Clone, Default, Debug)]
struct Local {
    value: i64,
    number: u32,
    /// The open ones.
    leave: u128,
    reach: u128,
    look: u128,
    /// The same with their returns, by these; without puts, which may be hidden.
    leave_by: Vec<(u32, u128)>,
    reach_by: Vec<(u32, u128)>,
    look_by: Vec<(u32, u128)>,
    /// The returns of those to be called, and the calls.
    next_leave_by: Vec<u32>,
    next_reach_by: Vec<u32>,
    next_leave: Vec<u32>,
    next_reach: Vec<u32>,
}

/// An open operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) at: u32,
    pub(super) bit: u128,
    pub(super) act: Act,
    ret: u32,
    /// Its values' places; [`NONE`] if it has none.
    from: u32,
    to: u32,
    /// The places as bits, of which some may stand for several.
    ends: u128,
    /// What it costs to be away from its value by one, in parts of [`PARTS`].
    far: u64,
}

/// The operations at a return.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) event: u32,
    /// By their returns.
    pub(super) open: Vec<Open>,
    /// Those that may be hidden by puts, and the looks.
    pub(super) blind: u128,
    looks: u128,
    locals: Vec<Local>,
    /// The places of values by their numbers.
    places: Vec<u32>,
    /// How many values open operations have.
    touched: usize,
    /// The calls to come, and which values they join.
    joins: Vec<(u32, u32, u32)>,
    groups: Vec<u32>,
    apart: Vec<u32>,
}

impl Scene {
    pub(super) fn new(problem: &Problem) -> Scene {
        Scene { places: vec![NONE; problem.values.len()], ..Scene::default() }
    }

    /// Goes to the return at `event`, at which these are `open`.
    pub(super) fn set(&mut self, problem: &Problem, event: u32, open: &[u32]) {
        for local in self.locals.drain(..) {
            self.places[local.number as usize] = NONE;
        }
        self.open.clear();
        self.joins.clear();
        (self.event, self.blind, self.looks) = (event, 0, 0);
        let mut open: Vec<(u32, u32)> =
            open.iter().map(|&at| (problem.ops[at as usize].ret, at)).collect();
        open.sort_unstable();
        for &(_, at) in &open {
            self.enter(problem, at);
        }
        self.touched = self.locals.len();
        let last = open.last().map_or(0, |&(ret, _)| ret).min(event + HORIZON);
        for call in event..last {
            let End::Call(at) = problem.events[call as usize] else { continue };
            let Op { from, to, .. } = problem.ops[at as usize];
            if to != NONE {
                let from = if from == NONE { NONE } else { self.place(problem, from) };
                let to = self.place(problem, to);
                self.joins.push((call, from, to));
            }
        }
    }

    /// Enters an open operation.
    fn enter(&mut self, problem: &Problem, at: u32) {
        let op = problem.ops[at as usize];
        let Op { act, ret, bit, .. } = op;
        let mut place = |number| if number == NONE { NONE } else { self.place(problem, number) };
        let (from, to) = (place(op.from), place(op.to));
        if op.is_look() {
            self.looks |= bit;
            let local = &mut self.locals[from as usize];
            local.look |= bit;
            local.look_by.push((ret, bit));
        } else if from != NONE {
            let local = &mut self.locals[from as usize];
            local.leave |= bit;
            local.leave_by.push((ret, bit));
            self.locals[to as usize].reach_by.push((ret, bit));
        } else {
            self.blind |= bit;
        }
        if to != NONE {
            self.locals[to as usize].reach |= bit;
        }
        let far = (FAR << PARTS) / (u64::from(ret - self.event) + SLACK);
        self.open.push(Open { at, bit, act, ret, from, to, ends: end(from) | end(to), far });
    }

    /// The place of a value, which is made if there is none.
    fn place(&mut self, problem: &Problem, number: u32) -> u32 {
        let place = self.places[number as usize];
        if place != NONE {
            return place;
        }
        let value = &problem.values[number as usize];
        let (now, last) = (self.event, self.event + HORIZON);
        let returns = |ends: &[(u32, u32)]| {
            let next = ends.partition_point(|&(ret, _)| ret < now);
            let soon = ends[next..].iter().take_while(|&&(ret, _)| ret <= last);
            soon.filter(|&&(_, call)| call > now).map(|&(ret, _)| ret).collect()
        };
        let calls = |calls: &[u32]| {
            let next = calls.partition_point(|&call| call < now);
            calls[next..].iter().copied().take_while(|&call| call <= last).collect()
        };
        let place = self.locals.len() as u32;
        self.locals.push(Local {
            value: value.value,
            number,
            next_leave_by: returns(&value.leave),
            next_reach_by: returns(&value.reach),
            next_leave: calls(&value.leaves),
            next_reach: calls(&value.reaches),
            ..Local::default()
        });
        self.places[number as usize] = place;
        place
    }

    /// The place of a value that may have no number.
    fn place_of(&mut self, problem: &Problem, number: u32) -> u32 {
        if number == NONE { NONE } else { self.place(problem, number) }
    }

    /// How many values are here.
    pub(super) fn count(&self) -> usize {
        self.locals.len()
    }

    /// The number of the value at a place, and the value.
    pub(super) fn value(&self, place: u32) -> Option<(u32, i64)> {
        self.locals.get(place as usize).map(|local| (local.number, local.value))
    }

    /// The place of the value of a number; [`NONE`] if nobody speaks of it soon.
    pub(super) fn known(&self, number: u32) -> u32 {
        self.places.get(number as usize).copied().unwrap_or(NONE)
    }

    /// Whether somebody waits for the value at a place, or leaves it soon.
    pub(super) fn is_wanted(&self, place: u32, done: u128) -> bool {
        let local = &self.locals[place as usize];
        (local.leave | local.look) & !done != 0 || !local.next_leave.is_empty()
    }

    /// The open looks that find the value of a number.
    pub(super) fn looks_at(&self, number: u32) -> u128 {
        self.locals.get(self.known(number) as usize).map_or(0, |local| local.look)
    }

    /// At least how often the value at a place has to be reached by operations that may lead
    /// anywhere; `is_there` if it is the present one.
    pub(super) fn lack(&self, place: u32, is_there: bool, done: u128) -> i64 {
        let local = &self.locals[place as usize];
        let reach = i64::from((local.reach & !done).count_ones());
        let base = i64::from(is_there) + reach;
        let next = (&local.next_leave_by[..], &local.next_reach[..]);
        let lack = worst(&local.leave_by, done, next, base);
        if lack > 0 || base > 0 || local.look & !done == 0 {
            return lack;
        }
        let first = local.look_by.iter().find(|&&(_, bit)| bit & done == 0);
        let until = first.map_or(0, |&(ret, _)| ret);
        i64::from(local.next_reach.first().is_none_or(|&call| call > until))
    }

    /// What the value at a place costs.
    fn cost_of(&self, place: u32, is_there: bool, done: u128) -> i64 {
        let local = &self.locals[place as usize];
        let leave = i64::from((local.leave & !done).count_ones());
        let next = (&local.next_reach_by[..], &local.next_leave[..]);
        let surplus = worst(&local.reach_by, done, next, 1 - i64::from(is_there) + leave);
        self.lack(place, is_there, done) * LACK + surplus * SURPLUS
    }

    /// What the values cost together.
    pub(super) fn lack_of(&mut self, problem: &Problem, config: &Config) -> i64 {
        let there = self.place_of(problem, config.number);
        let cost = |place| self.cost_of(place, place == there, config.done);
        let sum: i64 = (0..self.touched as u32).map(cost).sum();
        if there == NONE || there < self.touched as u32 {
            return sum;
        }
        sum + cost(there) - self.cost_of(there, false, config.done)
    }

    /// By how much that changes from one configuration to one that follows at once.
    pub(super) fn change(&mut self, problem: &Problem, before: &Config, after: &Config) -> i64 {
        if before.number == after.number {
            return 0;
        }
        let mut change = 0;
        for (number, was_there) in [(before.number, true), (after.number, false)] {
            if number != NONE {
                let place = self.place(problem, number);
                change += self.cost_of(place, !was_there, after.done)
                    - self.cost_of(place, was_there, before.done);
            }
        }
        change
    }

    /// What speaks against a configuration beyond what its values lack: what it did early, how far
    /// it is from values that have to be reached, and what does not hang together with it.
    pub(super) fn cost(&mut self, problem: &Problem, config: &Config) -> i64 {
        let early = (config.done ^ self.looks).count_ones();
        let mut far = 0;
        for open in self.open.iter().filter(|open| config.done & open.bit == 0) {
            if let Act::Move(from, _) | Act::Look(from) = open.act
                && from != ABSENT
                && config.value != ABSENT
            {
                let distance = from.abs_diff(config.value).min(FURTHEST);
                far += (distance * open.far) >> PARTS;
            }
        }
        i64::from(early) + far as i64 + APART * self.apart(problem, config)
    }

    /// Whether open operations alone join all values that have to be reached with that at a place.
    fn is_joined(&self, place: u32, done: u128) -> bool {
        let is_left = |open: &&Open| done & open.bit == 0;
        let mut joined = end(place);
        loop {
            let (before, mut all) = (joined, true);
            for open in self.open.iter().filter(is_left) {
                if open.ends & joined != 0 || open.from == NONE {
                    joined |= open.ends;
                } else {
                    all = false;
                }
            }
            if all || joined == before {
                return all;
            }
        }
    }

    /// How many groups of values have to be reached soon, and are joined with the present one
    /// neither by open operations nor by those called before.
    fn apart(&mut self, problem: &Problem, config: &Config) -> i64 {
        let place = self.place_of(problem, config.number);
        if self.is_joined(place, config.done) {
            return 0;
        }
        let Scene { open, joins, groups, apart, locals, .. } = self;
        // One more stands for a value that has no place.
        let there = place.min(locals.len() as u32);
        groups.clear();
        groups.extend(0..=locals.len() as u32);
        apart.clear();
        let is_left = |open: &&Open| config.done & open.bit == 0;
        for open in open.iter().filter(is_left).filter(|open| open.to != NONE) {
            join(groups, if open.from == NONE { there } else { open.from }, open.to);
        }
        let mut next = 0;
        for open in open.iter().filter(is_left).filter(|open| open.from != NONE) {
            while let Some(&(_, from, to)) = joins.get(next).filter(|&&(call, ..)| call < open.ret)
            {
                join(groups, if from == NONE { there } else { from }, to);
                next += 1;
            }
            let group = find(groups, open.from);
            if group != find(groups, there) && !apart.iter().any(|&at| find(groups, at) == group) {
                apart.push(open.from);
            }
        }
        apart.len() as i64
    }
}

/// By how many more operations have to happen by some moment than others allow: each of those that
/// are open, and not `done`, or come `next`, by its return, needs one of those that were called by
/// then, beyond so many.
fn worst(open: &[(u32, u128)], done: u128, next: (&[u32], &[u32]), base: i64) -> i64 {
    let (returns, calls) = next;
    let mut open = open.iter().filter(|&&(_, bit)| bit & done == 0).map(|&(ret, _)| ret).peekable();
    let mut returns = returns.iter().copied().peekable();
    let (mut called, mut count, mut worst) = (0, 0, 0);
    loop {
        let until = match (open.peek(), returns.peek()) {
            (Some(&first), Some(&second)) if second < first => returns.next(),
            (Some(_), _) => open.next(),
            (None, _) => returns.next(),
        };
        let Some(until) = until else { return worst };
        count += 1;
        while calls.get(called).is_some_and(|&call| call < until) {
            called += 1;
        }
        worst = worst.max(count - base - called as i64);
    }
}

/// A place as a bit.
fn end(place: u32) -> u128 {
    if place == NONE { 0 } else { 1 << (place % u128::BITS) }
}

/// The group of a place.
fn find(groups: &mut [u32], mut place: u32) -> u32 {
    while groups[place as usize] != place {
        groups[place as usize] = groups[groups[place as usize] as usize];
        place = groups[place as usize];
    }
    place
}

fn join(groups: &mut [u32], one: u32, other: u32) {
    let (one, other) = (find(groups, one), find(groups, other));
    groups[one as usize] = other;
}
