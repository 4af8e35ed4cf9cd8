//! An order of all operations, once each read of the whole has its moment: every element goes
//! through its own history, and those are merged.

use std::mem;

use super::super::super::Timed;
use super::super::act::Act;
use super::belief::{Config, Open, Reached, Scratch, Table};
use super::problem::{Does, Problem};
use super::{COMPARISONS, NONE};
use crate::check::exact::work::Work;
use crate::history::Rank;
use crate::history::hash::Set;
use crate::history::sort;
use crate::model::set::{Contents, Op};

/// What comes at a time.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// An end of an operation on the element.
    Event { time: u32, event: u32 },
    /// Reads that all find it there, or all find it absent; the first of them.
    Seen { time: u32, is_there: bool },
}

/// Puts the operations of `problem` in order, where the whole is read in the order of `reads`, each
/// before an event; `None` if some element cannot follow, or that is too much work.
pub(super) fn order(
    problem: &Problem,
    reads: &[(u32, u32)],
    work: &mut Work<'_>,
) -> Option<Vec<u32>> {
    let mut merge = Merge { problem, times: Vec::new(), reads: Vec::new(), points: Vec::new() };
    let mut seen_by: Vec<Vec<u32>> = vec![Vec::new(); problem.elements.len()];
    merge.line_up(reads, &mut seen_by);
    for (at, item) in problem.items.iter().enumerate() {
        if matches!(item.does, Does::Nothing) && item.has_returned() {
            let time = merge.times[item.call as usize];
            merge.put(time, Phase::Behind, at as u32);
        }
    }
    let mut scratch = Scratch::default();
    for (element, seen_by) in seen_by.iter().enumerate() {
        let steps = merge.steps(element, seen_by);
        if !work.goes_on() {
            return None;
        }
        let flips = follow(problem, element, &steps, &mut scratch)?;
        work.spend(mem::take(&mut scratch.compared) / COMPARISONS);
        merge.place(element, &flips)?;
    }
    sort::by(&mut merge.points, |&(point, _)| point);
    Some(merge.points.into_iter().map(|(_, at)| at).collect())
}

/// What comes before what at one time.
#[derive(Clone, Copy)]
enum Phase {
    /// What has to come before it,
    Before,
    /// the read of the whole itself,
    At,
    /// and what may come behind it.
    Behind,
}

struct Merge<'a> {
    problem: &'a Problem,
    /// The times of the events, and of the reads in their order. No two are the same.
    times: Vec<u32>,
    reads: Vec<u32>,
    points: Vec<(u64, u32)>,
}

impl Merge<'_> {
    fn put(&mut self, time: u32, phase: Phase, at: u32) {
        self.points.push((4 * u64::from(time) + phase as u64, at));
    }

    /// Gives events and reads their times, and each element those of the reads that saw it.
    fn line_up(&mut self, reads: &[(u32, u32)], seen_by: &mut [Vec<u32>]) {
        let mut reads = reads.iter().peekable();
        let mut now = 0;
        for event in 0..=self.problem.events.len() as u32 {
            while let Some(&(number, _)) = reads.next_if(|&&(_, moment)| moment <= event) {
                let read = &self.problem.reads[number as usize];
                self.put(now, Phase::At, read.at);
                self.reads.push(now);
                for &element in &read.elements {
                    seen_by[element as usize].push(now);
                }
                now += 1;
            }
            self.times.push(now);
            now += 1;
        }
    }

    /// What an element goes through. Of several reads in a row that find the same, the first is
    /// enough.
    fn steps(&self, element: usize, seen_by: &[u32]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut events = self.problem.elements[element].events.iter().peekable();
        let (mut at, mut seen) = (0, 0);
        loop {
            let event = events.next().map(|&event| (self.times[event as usize], event));
            let until = event.map_or(NONE, |(time, _)| time);
            let end = at + self.reads[at..].partition_point(|&time| time < until);
            while at < end {
                let time = self.reads[at];
                let is_there = seen_by.get(seen) == Some(&time);
                steps.push(Step::Seen { time, is_there });
                while is_there && at < end && seen_by.get(seen) == Some(&self.reads[at]) {
                    (at, seen) = (at + 1, seen + 1);
                }
                if !is_there {
                    let next = seen_by.get(seen).map_or(NONE, |&time| time);
                    at += self.reads[at..end].partition_point(|&time| time < next);
                }
            }
            match event {
                Some((time, event)) => steps.push(Step::Event { time, event }),
                None => return steps,
            }
        }
    }

    /// Places the operations on an element that flips by `flips`, at their times. `None` if an
    /// operation finds no place.
    fn place(&mut self, element: usize, flips: &[(u32, u32)]) -> Option<()> {
        let problem = self.problem;
        let element = &problem.elements[element];
        let mut flip: Vec<u32> = flips.iter().map(|&(_, at)| at).collect();
        flip.sort_unstable();
        let mut is_there = element.is_initial;
        let mut waiting: Vec<(u32, Act)> = Vec::new();
        let mut flips = flips.iter().peekable();
        let last = problem.events.len() as u32;
        for &event in element.events.iter().chain([&last]) {
            let now = self.times[event as usize];
            while let Some(&(time, at)) = flips.next_if(|&&(time, _)| time <= now) {
                is_there = !is_there;
                self.put(time, Phase::Before, at);
                waiting.retain(|&(at, act)| {
                    let waits = !finds(act, is_there);
                    if !waits {
                        self.put(time, Phase::Before, at);
                    }
                    waits
                });
            }
            let Some(&(at, false)) = problem.events.get(event as usize) else { continue };
            let item = problem.items[at as usize];
            match item.does {
                Does::On { act, .. } if item.has_returned() && flip.binary_search(&at).is_err() => {
                    if finds(act, is_there) {
                        self.put(now, Phase::Behind, at);
                    } else {
                        waiting.push((at, act));
                    }
                }
                _ => {}
            }
        }
        waiting.is_empty().then_some(())
    }
}

/// Whether an operation that flips nothing may have its point where the element is so.
fn finds(act: Act, is_there: bool) -> bool {
    act == Act::See(is_there) || act == (Act::Set { to: is_there })
}

/// The flips of an element on its way through `steps`, with their times; `None` if there is no way.
fn follow(
    problem: &Problem,
    element: usize,
    steps: &[Step],
    scratch: &mut Scratch,
) -> Option<Vec<(u32, u32)>> {
    let mut table = Table::default();
    let start = Config::new(problem.elements[element].is_initial);
    let mut beliefs: Vec<Vec<Config>> = vec![vec![start]];
    for &step in steps {
        let configs = beliefs.last()?;
        match step {
            Step::Seen { is_there, .. } => table.see(configs, is_there, scratch),
            Step::Event { event, .. } => {
                let (open, end) = end(problem, event)?;
                match end {
                    End::Return => {
                        table.finish(configs, open.bit, scratch);
                        table.remove(open.bit);
                    }
                    End::Call | End::Crash => {
                        let with =
                            |it: &Config| if end == End::Call { it.with(&open) } else { *it };
                        scratch.out.clear();
                        scratch.out.extend(configs.iter().map(with));
                        enter(&mut table, open, end);
                    }
                }
                table.reduce(scratch);
            }
        }
        beliefs.push(scratch.out.clone());
    }
    let mut config = *beliefs.last()?.first()?;
    let mut flips = Vec::new();
    for (&step, before) in steps.iter().zip(&beliefs).rev() {
        config = match step {
            Step::Seen { time, .. } => {
                lead(&table, before, (time, |it| it == config), scratch, &mut flips)?
            }
            Step::Event { time, event } => {
                let (open, end) = end(problem, event)?;
                if end == End::Return {
                    table.call(open);
                    let leads =
                        |it: Config| it.seen & open.bit != 0 && it.without(open.bit) == config;
                    lead(&table, before, (time, leads), scratch, &mut flips)?
                } else {
                    leave(&mut table, open, end);
                    let with = |it: &Config| if end == End::Call { it.with(&open) } else { *it };
                    *before.iter().find(|it| with(it) == config)?
                }
            }
        };
    }
    flips.reverse();
    Some(flips)
}

/// A configuration of `before` from which one that is right is reached, with the flips that lead
/// there, the last first.
fn lead(
    table: &Table,
    before: &[Config],
    (time, is_right): (u32, impl Fn(Config) -> bool),
    scratch: &mut Scratch,
    flips: &mut Vec<(u32, u32)>,
) -> Option<Config> {
    before.iter().copied().find(|from| {
        table.close(from, scratch);
        let closed = &scratch.closed;
        let Some(mut last) = closed.iter().find(|it| is_right(it.config)) else { return false };
        while let Reached { from, by: Some(at), .. } = *last {
            flips.push((time, at));
            last = &closed[from as usize];
        }
        true
    })
}

/// What happens to an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Call,
    Return,
    /// It is called and will not return.
    Crash,
}

fn end(problem: &Problem, event: u32) -> Option<(Open, End)> {
    let (at, is_return) = problem.events[event as usize];
    let item = problem.items[at as usize];
    let Does::On { act, .. } = item.does else { return None };
    let end = match item.has_returned() {
        _ if is_return => End::Return,
        true => End::Call,
        false => End::Crash,
    };
    Some((Open { act, bit: item.bit(), ret: item.ret, at }, end))
}

fn enter(table: &mut Table, open: Open, end: End) {
    match open.act {
        Act::Set { to } | Act::Flip { to } if end == End::Crash => {
            table.crashed[usize::from(to)].push(open.at);
        }
        _ => table.call(open),
    }
}

fn leave(table: &mut Table, open: Open, end: End) {
    match open.act {
        Act::Set { to } | Act::Flip { to } if end == End::Crash => {
            table.crashed[usize::from(to)].pop();
        }
        _ => table.remove(open.bit),
    }
}

/// Whether `order` is a linearization of `operations`.
pub(super) fn is_linearization(
    initial: &Contents,
    operations: &[Timed<'_, Op>],
    order: &[u32],
) -> bool {
    let mut contents: Set<u32> = initial.iter().map(|(handle, ())| handle as u32).collect();
    let mut is_done = vec![false; operations.len()];
    let mut latest = Rank::FIRST;
    for &at in order {
        let timed = &operations[at as usize];
        latest = latest.max(timed.span.call);
        if mem::replace(&mut is_done[at as usize], true) || timed.span.ret < latest {
            return false;
        }
        let is_legal = match timed.op {
            Op::Add(element, new) => {
                let is_new = contents.insert(element.handle());
                new.is_none_or(|new| new == is_new)
            }
            Op::Remove(element, found) => {
                let was_there = contents.remove(&element.handle());
                found.is_none_or(|found| found == was_there)
            }
            Op::Contains(element, said) => {
                said.is_none_or(|said| said == contents.contains(&element.handle()))
            }
            Op::Read(None) => true,
            Op::Read(Some(seen)) => {
                let mut elements = seen.iter().map(|element| element.handle());
                seen.len() == contents.len() && elements.all(|it| contents.contains(&it))
            }
            Op::ReadTwice => false,
        };
        if !is_legal {
            return false;
        }
    }
    operations.iter().zip(is_done).all(|(timed, is_done)| is_done || !timed.has_returned())
}
