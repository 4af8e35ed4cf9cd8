//! The order that goes with moments: item by item, and all merged.

use std::mem;

use super::super::work::Work;
use super::NONE;
use super::config::Config;
use super::problem::{Act, Does, Problem};
use super::table::{Again, By, Goal, Open, Scratch, Table};
use crate::history::hash::{Map, Set};
use crate::history::sort;

/// An operation of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: u32,
    /// The handle of the item that it is about, if any.
    pub(super) item: u32,
    /// Whether it changes something.
    pub(super) changes: bool,
}

/// What happens before an event: for the moment at which nothing waits, this moment, and the rest.
#[derive(Clone, Copy)]
enum Phase {
    Before,
    Moment,
    After,
}

/// When something happens: before which event, and the phase.
fn time(event: u32, phase: Phase) -> u64 {
    4 * u64::from(event) + phase as u64
}

/// A change of an item, and the one before it.
struct Node {
    parent: u32,
    change: Change,
}

/// A change of an item.
#[derive(Clone, Copy)]
struct Change {
    time: u64,
    act: Act,
    by: By,
}

/// An operation with its time.
struct Placed {
    time: u64,
    by: By,
    item: u32,
    changes: bool,
}

/// What is believed of one item, with how it came about.
struct Track<'a> {
    problem: &'a Problem,
    table: Table,
    scratch: Scratch,
    nodes: Vec<Node>,
    belief: Vec<(Config, u32)>,
}

/// Returns an order in which nothing waits right before each of the events `moments`, which are
/// ascending; `None` if none is found within `work`.
pub(super) fn order(
    problem: &Problem,
    (moments, again): (&[u32], Again),
    work: &mut Work<'_>,
) -> Option<Vec<Step>> {
    let mut placed: Vec<Placed> = Vec::new();
    for number in 0..problem.items.len() as u32 {
        let changes = Track::new(problem, number, again).changes(number, moments, work)?;
        place(problem, number, &changes, &mut placed)?;
    }
    for (at, op) in problem.ops.iter().enumerate().filter(|(_, op)| op.does == Does::Empty) {
        let later = moments.partition_point(|&moment| moment <= op.call);
        let moment = moments.get(later).filter(|&&moment| moment <= op.ret)?;
        let time = time(*moment, Phase::Moment);
        placed.push(Placed { time, by: By::One(at as u32), item: NONE, changes: false });
    }
    sort::by(&mut placed, |placed| placed.time);
    let mut crashed = problem.crashed.iter();
    let named = placed.into_iter().map(|Placed { time, by, item, changes }| {
        let at = match by {
            By::One(at) => at,
            By::CrashedTake => *crashed
                .next()
                .filter(|&&at| u64::from(problem.ops[at as usize].call) < time / 4)?,
        };
        Some(Step { at, item, changes })
    });
    named.collect()
}

impl Track<'_> {
    fn new(problem: &Problem, number: u32, again: Again) -> Track<'_> {
        let config = Config::new(problem.items[number as usize].initial);
        Track {
            problem,
            table: Table::default(),
            scratch: Scratch { again, ..Scratch::default() },
            nodes: Vec::new(),
            belief: vec![(config, NONE)],
        }
    }

    /// The changes of an item, in order.
    fn changes(mut self, number: u32, moments: &[u32], work: &mut Work<'_>) -> Option<Vec<Change>> {
        let item = &self.problem.items[number as usize];
        let first = item.events.first().filter(|_| item.initial == 0);
        let behind = first.map_or(0, |&first| moments.partition_point(|&it| it <= first));
        let mut moments = moments[behind..].iter().peekable();
        for &event in &item.events {
            while let Some(&moment) = moments.next_if(|&&moment| moment <= event) {
                self.reach(moment, Goal::NoneWaits);
            }
            self.pass(event);
            if self.belief.is_empty() || !work.allows(mem::take(&mut self.scratch.looked)) {
                return None;
            }
        }
        if let Some(&moment) = moments.next() {
            self.reach(moment, Goal::NoneWaits);
        }
        let best = self.belief.iter().min_by_key(|(config, _)| config.cost());
        let mut at = best?.1;
        let mut changes = Vec::new();
        while let Some(node) = self.nodes.get(at as usize) {
            changes.push(node.change);
            at = node.parent;
        }
        changes.reverse();
        Some(changes)
    }

    /// Goes over one event of the item.
    fn pass(&mut self, event: u32) {
        let (at, is_return) = self.problem.events[event as usize];
        let op = self.problem.ops[at as usize];
        let (Does::On(_, act), bit) = (op.does, op.bit()) else { return };
        if is_return {
            self.reach(event, Goal::Finish { bit, act, at });
            self.table.remove(bit);
        } else if op.has_returned() {
            self.table.call(Open { act, bit, ret: op.ret, at });
            for (config, _) in &mut self.belief {
                *config = self.table.see(*config);
            }
        } else {
            self.table.crashed[act as usize].push(at);
        }
    }

    /// Finds what is believed before an event once the goal is reached.
    fn reach(&mut self, event: u32, goal: Goal) {
        self.scratch.crashed_takes = self.problem.crashed_before(event);
        let phase = if goal == Goal::NoneWaits { Phase::Before } else { Phase::After };
        let mut known: Map<Config, u32> = Map::default();
        let mut next = Vec::new();
        for (config, node) in mem::take(&mut self.belief) {
            self.table.close(&config, goal, &mut self.scratch);
            for &at in &self.scratch.goals {
                let mut config = self.scratch.closed[at as usize].config;
                if let Goal::Finish { bit, .. } = goal {
                    config = config.without(bit);
                }
                if known.contains_key(&config) {
                    continue;
                }
                let path = self.scratch.path(at);
                let mut parent = node;
                for (act, by) in path {
                    let change = Change { time: time(event, phase), act, by };
                    self.nodes.push(Node { parent, change });
                    parent = self.nodes.len() as u32 - 1;
                }
                known.insert(config, parent);
                next.push(config);
            }
        }
        Table::reduce(&mut next, self.scratch.again);
        self.belief = next.into_iter().map(|config| (config, known[&config])).collect();
    }
}

/// Adds the operations on an item: those that change something, and the others that returned, as
/// soon as they may change nothing.
fn place(
    problem: &Problem,
    number: u32,
    changes: &[Change],
    placed: &mut Vec<Placed>,
) -> Option<()> {
    let item = &problem.items[number as usize];
    let by_one = |change: &Change| if let By::One(at) = change.by { Some(at) } else { None };
    let used: Set<u32> = changes.iter().filter_map(by_one).collect();
    let mut config = Config::new(item.initial);
    let mut idle: Vec<(u32, Act)> = Vec::new();
    let mut changes = changes.iter().peekable();
    let mut events = item.events.iter().peekable();
    loop {
        let event = events.peek().map_or(NONE, |&&event| event);
        let is_next = |change: &&Change| change.time <= time(event, Phase::After);
        let now = if let Some(change) = changes.next_if(is_next) {
            config = config.after(change.act)?;
            let Change { time, by, .. } = *change;
            placed.push(Placed { time, by, item: item.handle, changes: true });
            change.time
        } else if events.next().is_some() {
            let (at, is_return) = problem.events[event as usize];
            let op = problem.ops[at as usize];
            let Does::On(_, act) = op.does else { continue };
            if !is_return && op.has_returned() && !used.contains(&at) {
                idle.push((at, act));
            }
            time(event + 1, Phase::Before)
        } else {
            return idle.is_empty().then_some(());
        };
        idle.retain(|&(at, act)| {
            let is_possible = config.may_idle(act);
            if is_possible {
                let by = By::One(at);
                placed.push(Placed { time: now, by, item: item.handle, changes: false });
            }
            !is_possible
        });
    }
}
