//! The walk over the events.

use super::super::retreat::{Manner, Retreat};
use super::super::work::Work;
use super::NONE;
use super::belief::{Beliefs, State};
use super::config::Config;
use super::problem::{Does, Problem};
use super::table::{Again, Open, Scratch, Table};
use crate::history::hash::Map;

/// How the walk goes back.
const MANNER: Manner =
    Manner { width: 8, widest: 1 << 9, wider: 2, stride: 16, back: 16, further: 2 };

/// So many items are looked at at once.
const MOST_PLACES: usize = 1 << 12;

/// Beliefs that nobody has any more are forgotten where there are so many.
const MOST_BELIEFS: usize = 1 << 15;

/// A moment at which nothing waited, before an event, and the one before it.
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) moment: u32,
}

/// What is left behind some events.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) event: u32,
    pub(super) states: Vec<State>,
    /// By places: the items that are there.
    places: Vec<u32>,
}

/// What is open on an item.
#[derive(Default)]
pub(super) struct Stage {
    pub(super) table: Table,
    /// What a belief becomes if nothing waits, as was found out since the last event of the item,
    /// and while so many dequeues had crashed.
    pub(super) none_waits: Map<u32, u32>,
    pub(super) crashed_takes: u32,
    /// So many events are left.
    pub(super) left: usize,
}

/// A walk over the events of a history.
pub(super) struct Walk<'a> {
    pub(super) problem: &'a Problem,
    pub(super) beliefs: Beliefs,
    pub(super) stages: Vec<Stage>,
    /// By places: the items on which something was called and that are not at rest.
    pub(super) places: Vec<u32>,
    pub(super) place_of: Vec<u32>,
    /// The open dequeues that found nothing, by their calls.
    pub(super) open: Vec<u32>,
    pub(super) nodes: Vec<Node>,
    pub(super) scratch: Scratch,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem, again: Again) -> Walk<'a> {
        let items = problem.items.iter();
        Walk {
            problem,
            beliefs: Beliefs::new(),
            stages: items.map(|it| Stage { left: it.events.len(), ..Stage::default() }).collect(),
            places: Vec::new(),
            place_of: vec![NONE; problem.items.len()],
            open: Vec::new(),
            nodes: Vec::new(),
            scratch: Scratch { again, ..Scratch::default() },
        }
    }

    /// Walks until no event is left, within `work`; returns the events before which nothing
    /// waited, ascending. `None` if none are found.
    pub(super) fn search(&mut self, work: &mut Work<'_>) -> Option<Vec<u32>> {
        let mut layer = self.start();
        let mut retreat = Retreat::new(MANNER, layer.clone());
        while (layer.event as usize) < self.problem.events.len() {
            let places = layer.states.len() * (1 + self.places.len() / 64);
            self.pass(&mut layer);
            let looked = std::mem::take(&mut self.scratch.looked);
            if !work.allows(places as u64 + looked) || self.places.len() > MOST_PLACES {
                return None;
            }
            narrow(&mut layer.states, retreat.width());
            layer.places.clone_from(&self.places);
            if !layer.states.is_empty() {
                retreat.pass(layer.event, || layer.clone());
                if self.beliefs.len() > MOST_BELIEFS {
                    self.forget(retreat.keep_last().chain([&mut layer]));
                }
                continue;
            }
            let passed = layer.event;
            layer = retreat.go_back(passed)?;
            self.go_back(passed, &layer);
        }
        layer.states.first().map(|state| self.retrace(state.node))
    }

    fn start(&mut self) -> Layer {
        let mut states = vec![State::new()];
        for (number, item) in self.problem.items.iter().enumerate() {
            if item.initial > 0 {
                self.enter(number as u32, &mut states);
            }
        }
        Layer { event: 0, states, places: self.places.clone() }
    }

    fn retrace(&self, last: u32) -> Vec<u32> {
        let mut moments = Vec::new();
        let mut at = last;
        while let Some(node) = self.nodes.get(at as usize) {
            moments.push(node.moment);
            at = node.parent;
        }
        moments.reverse();
        moments
    }

    /// Gives an item a place, if it has none.
    pub(super) fn enter(&mut self, item: u32, states: &mut [State]) -> usize {
        let place = self.place_of[item as usize];
        if place != NONE {
            return place as usize;
        }
        let free = self.places.iter().position(|&other| other == NONE);
        let place = free.unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(NONE);
        }
        self.places[place] = item;
        self.place_of[item as usize] = place as u32;
        let config = Config::new(self.problem.items[item as usize].initial);
        let belief = self.beliefs.number(&[config]);
        for state in states {
            state.set(place, belief, &self.beliefs);
        }
        place
    }

    /// Forgets beliefs that no state has.
    fn forget<'l>(&mut self, layers: impl Iterator<Item = &'l mut Layer>) {
        let old = std::mem::replace(&mut self.beliefs, Beliefs::new());
        for layer in layers {
            for state in &mut layer.states {
                let mut next = State::new();
                (next.undone, next.node) = (state.undone, state.node);
                for (place, &belief) in state.beliefs.iter().enumerate() {
                    let number = self.beliefs.number(&old.get(belief).configs);
                    next.set(place, number, &self.beliefs);
                }
                (next.cost, next.crashed_takes) = (state.cost, state.crashed_takes);
                *state = next;
            }
        }
        self.stages.iter_mut().for_each(|stage| stage.none_waits.clear());
    }

    /// Takes `passed` events back, up to those of `layer`.
    fn go_back(&mut self, passed: u32, layer: &Layer) {
        for event in (layer.event..passed).rev() {
            let (at, is_return) = self.problem.events[event as usize];
            let op = self.problem.ops[at as usize];
            match op.does {
                Does::Nothing => {}
                Does::Any => self.scratch.crashed_takes -= 1,
                Does::Empty if is_return => {
                    let place = self.open.partition_point(|&other| other < at);
                    self.open.insert(place, at);
                }
                Does::Empty => self.open.retain(|&other| other != at),
                Does::On(item, act) => {
                    let stage = &mut self.stages[item as usize];
                    stage.none_waits.clear();
                    stage.left += 1;
                    if is_return {
                        stage.table.call(Open { act, bit: op.bit(), ret: op.ret, at });
                    } else if op.has_returned() {
                        stage.table.remove(op.bit());
                    } else {
                        stage.table.crashed[act as usize].pop();
                    }
                }
            }
        }
        for &item in self.places.iter().filter(|&&item| item != NONE) {
            self.place_of[item as usize] = NONE;
        }
        self.places.clone_from(&layer.places);
        for (place, &item) in self.places.iter().enumerate().filter(|(_, item)| **item != NONE) {
            self.place_of[item as usize] = place as u32;
        }
    }
}

/// Keeps the states that needed the fewest crashed operations.
fn narrow(states: &mut Vec<State>, width: usize) {
    if states.len() > width {
        states.sort_by_key(|state| state.cost + i64::from(state.undone));
        states.truncate(width);
    }
}
