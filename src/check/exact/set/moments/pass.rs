//! Over one event, and which elements are looked at.

use std::mem;

use super::super::act::Act;
use super::belief::Open;
use super::expand::Target;
use super::problem::{Does, Item};
use super::state::{ABSENT, Beliefs, State, each};
use super::walk::{Layer, Walk};
use super::{COMPARISONS, NONE};
use crate::check::exact::work::Work;
use crate::history::hash::Map;

impl Walk<'_> {
    /// Goes over one event; `false` if that is too much work.
    pub(super) fn pass(&mut self, layer: &mut Layer, work: &mut Work<'_>) -> bool {
        self.now = layer.event;
        layer.event += 1;
        let (at, is_return) = self.problem.events[self.now as usize];
        let item = self.problem.items[at as usize];
        let states = mem::take(&mut layer.states);
        let read = u32::from(item.slot);
        let mut next = match (item.does, is_return) {
            (Does::Nothing, _) => states,
            (Does::On { element, .. }, false) => self.call(element, at, states),
            (Does::On { element, .. }, true) => {
                let place = self.place_of[element as usize] as usize;
                self.prepare(element as usize, at);
                let target = Target::Finish { place, bit: item.bit() };
                let next = self.expand_all(states, target, layer, work);
                mem::swap(&mut self.next, &mut self.stages[element as usize]);
                next
            }
            (Does::Whole(number), false) => self.call_read(read, number, states),
            (Does::Whole(_), true) => {
                let mut next = self.expand_all(states, Target::Read(read), layer, work);
                self.open &= !item.bit();
                next.iter_mut().for_each(|state| state.done &= !item.bit());
                next
            }
        };
        for state in &mut next {
            self.absorb(state, layer.event);
        }
        self.rest(&mut next);
        layer.states = distinct(next);
        layer.is_whole &= !mem::take(&mut self.scratch.is_cut);
        work.spend(mem::take(&mut self.scratch.compared) / COMPARISONS);
        work.goes_on()
    }

    fn expand_all(
        &mut self,
        states: Vec<State>,
        target: Target,
        layer: &mut Layer,
        work: &mut Work<'_>,
    ) -> Vec<State> {
        let mut next = Vec::new();
        for state in states {
            if !self.expand(state, target, &mut next, work) {
                layer.is_whole = false;
            }
            work.spend(mem::take(&mut self.scratch.compared) / COMPARISONS);
            if !work.goes_on() {
                break;
            }
        }
        next
    }

    /// Calls the operation `at` on an element.
    fn call(&mut self, element: u32, at: u32, mut states: Vec<State>) -> Vec<State> {
        self.enter(element, &mut states);
        let place = self.place_of[element as usize] as usize;
        self.prepare(element as usize, at);
        let item = self.problem.items[at as usize];
        let open = opened(&item, at).filter(|_| item.has_returned());
        for state in &mut states {
            let belief = state.beliefs[place];
            let next = self.passed.get(&belief).copied().unwrap_or_else(|| {
                let configs = self.beliefs.configs(belief).iter();
                let with = configs.map(|it| open.map_or(*it, |open| it.with(&open)));
                self.scratch.out.clear();
                self.scratch.out.extend(with);
                self.next.table.reduce(&mut self.scratch);
                let next = self.beliefs.number(&self.scratch.out);
                self.passed.insert(belief, next);
                next
            });
            state.set(place, next, &self.beliefs);
        }
        mem::swap(&mut self.next, &mut self.stages[element as usize]);
        states
    }

    /// Calls a read of the whole: some states may lead nowhere, now that it is known.
    fn call_read(&mut self, read: u32, number: u32, mut states: Vec<State>) -> Vec<State> {
        for &element in &self.problem.reads[number as usize].elements {
            self.enter(element, &mut states);
        }
        self.open |= 1 << read;
        self.open_read(read, number);
        states.retain(|state| {
            let sights = &self.sights[read as usize];
            let may = state.may[0].iter().zip(&state.may[1]);
            let lacking = sights.iter().zip(may);
            let lacking: Vec<u64> =
                lacking.map(|(bits, (absent, there))| bits & !there | !bits & !absent).collect();
            let places = lacking.into_iter().enumerate();
            let mut places =
                places.flat_map(|(word, bits)| each(bits).map(move |bit| 64 * word + bit as usize));
            places.all(|place| self.doomed(place, state.beliefs[place], !(1 << read), false) == 0)
        });
        states
    }

    /// Prepares what is open on an element behind the event of the operation `at`.
    fn prepare(&mut self, element: usize, at: u32) {
        let item = self.problem.items[at as usize];
        self.next.clear();
        self.next.table.clone_from(&self.stages[element].table);
        self.passed.clear();
        let Some(open) = opened(&item, at) else { return };
        match open.act {
            _ if item.ret == self.now => self.next.table.remove(open.bit),
            Act::Set { to } | Act::Flip { to } if !item.has_returned() => {
                self.next.table.crashed[usize::from(to)].push(at);
            }
            _ => self.next.table.call(open),
        }
    }

    /// Gives an element a place.
    pub(super) fn enter(&mut self, element: u32, states: &mut [State]) {
        if self.place_of[element as usize] != NONE {
            return;
        }
        let free = self.places.iter().position(|&other| other == NONE);
        let place = free.unwrap_or(self.places.len());
        if free.is_none() {
            self.places.push(element);
        }
        self.places[place] = element;
        self.place_of[element as usize] = place as u32;
        let belief = Beliefs::of_start(self.problem.elements[element as usize].is_initial);
        for state in states {
            state.set(place, belief, &self.beliefs);
        }
        for read in each(self.open) {
            self.sight(read, place);
        }
    }

    /// Takes their places from elements that are at rest: absent, and in no read that comes.
    fn rest(&mut self, states: &mut [State]) {
        let first = self.quiet.partition_point(|&(event, _)| event < self.now);
        for at in first..self.quiet.len() {
            let (event, element) = self.quiet[at];
            let place = self.place_of[element as usize] as usize;
            if event != self.now {
                return;
            }
            if place == NONE as usize || states.iter().any(|state| state.may_be_there(place)) {
                continue;
            }
            for state in &mut *states {
                state.set(place, ABSENT, &self.beliefs);
            }
            self.places[place] = NONE;
            self.place_of[element as usize] = NONE;
        }
    }

    /// Enters what an open read saw.
    pub(super) fn open_read(&mut self, read: u32, number: u32) {
        self.read_of[read as usize] = number;
        self.sights[read as usize].clear();
        for place in 0..self.places.len() {
            self.sight(read, place);
        }
    }

    fn sight(&mut self, read: u32, place: usize) {
        let elements = &self.problem.reads[self.read_of[read as usize] as usize].elements;
        let is_seen = elements.binary_search(&self.places[place]).is_ok();
        let sights = &mut self.sights[read as usize];
        sights.resize(self.places.len().div_ceil(64), 0);
        let bit = 1 << (place % 64);
        if is_seen {
            sights[place / 64] |= bit;
        } else {
            sights[place / 64] &= !bit;
        }
    }
}

fn opened(item: &Item, at: u32) -> Option<Open> {
    let Does::On { act, .. } = item.does else { return None };
    Some(Open { act, bit: item.bit(), ret: item.ret, at })
}

/// Leaves out states that are there before.
fn distinct(states: Vec<State>) -> Vec<State> {
    let mut known: Map<u64, Vec<u32>> = Map::default();
    let mut kept: Vec<State> = Vec::with_capacity(states.len());
    for state in states {
        let same = known.entry(state.key()).or_default();
        if !same.iter().any(|&at| kept[at as usize].is_same(&state)) {
            same.push(kept.len() as u32);
            kept.push(state);
        }
    }
    kept
}
