//! Over one event.

use super::NONE;
use super::belief::State;
use super::config::Config;
use super::problem::{Act, Does};
use super::table::{Goal, Open, Table};
use super::walk::{Layer, Node, Walk};
use crate::history::hash::Map;

/// So many comparisons of configurations are work for one of these.
const COMPARISONS: u64 = 16;

impl Walk<'_> {
    /// Goes over one event.
    pub(super) fn pass(&mut self, layer: &mut Layer) {
        let now = layer.event;
        layer.event += 1;
        let (at, is_return) = self.problem.events[now as usize];
        match (self.problem.ops[at as usize].does, is_return) {
            (Does::Nothing, _) => {}
            (Does::Any, _) => self.scratch.crashed_takes += 1,
            (Does::Empty, false) => {
                self.open.push(at);
                layer.states.iter_mut().for_each(|state| state.undone += 1);
            }
            (Does::Empty, true) => self.finish_empty(at, now, layer),
            (Does::On(item, act), false) => self.call((item, act), at, layer),
            (Does::On(item, act), true) => self.finish((item, act), (at, now), layer),
        }
        let most = i64::from(self.scratch.crashed_takes);
        layer.states.retain(|state| state.crashed_takes <= most);
        distinct(&mut layer.states);
    }

    /// Lets a dequeue return that found nothing: at one moment since its call nothing waited.
    fn finish_empty(&mut self, at: u32, now: u32, layer: &mut Layer) {
        let place = self.open.iter().position(|&other| other == at).unwrap_or(0);
        let behind = (self.open.len() - place) as u32;
        self.open.remove(place);
        for state in std::mem::take(&mut layer.states) {
            if state.undone < behind {
                layer.states.push(state);
            } else {
                layer.states.extend(self.none_waits(&state, now));
            }
        }
        (0..self.places.len()).for_each(|place| self.rest(place, layer));
    }

    fn call(&mut self, (item, act): (u32, Act), at: u32, layer: &mut Layer) {
        let place = self.enter(item, &mut layer.states);
        let op = self.problem.ops[at as usize];
        let stage = &mut self.stages[item as usize];
        stage.none_waits.clear();
        stage.left -= 1;
        if !op.has_returned() {
            stage.table.crashed[act as usize].push(at);
            self.rest(place, layer);
            return;
        }
        stage.table.call(Open { act, bit: op.bit(), ret: op.ret, at });
        let (table, again) = (&stage.table, self.scratch.again);
        let mut known: Map<u32, u32> = Map::default();
        for state in &mut layer.states {
            let belief = state.beliefs[place];
            let next = *known.entry(belief).or_insert_with(|| {
                let configs = self.beliefs.get(belief).configs.iter();
                let mut seen: Vec<Config> = configs.map(|&config| table.see(config)).collect();
                Table::reduce(&mut seen, again);
                self.beliefs.number(&seen)
            });
            state.set(place, next, &self.beliefs);
        }
    }

    /// Lets an operation on an item return. Nothing may have waited right before that.
    fn finish(&mut self, (item, act): (u32, Act), (at, now): (u32, u32), layer: &mut Layer) {
        let place = self.place_of[item as usize] as usize;
        let bit = self.problem.ops[at as usize].bit();
        let mut states = Vec::with_capacity(layer.states.len());
        for state in layer.states.drain(..) {
            let emptied = (state.undone > 0).then(|| self.none_waits(&state, now)).flatten();
            states.push(state);
            states.extend(emptied);
        }
        let mut known: Map<u32, u32> = Map::default();
        for mut state in states {
            let belief = state.beliefs[place];
            let next = match known.get(&belief) {
                Some(&next) => next,
                None => self.become_goal(item, belief, Goal::Finish { bit, act, at }),
            };
            known.insert(belief, next);
            if next != NONE {
                state.set(place, next, &self.beliefs);
                layer.states.push(state);
            }
        }
        let stage = &mut self.stages[item as usize];
        stage.table.remove(bit);
        stage.none_waits.clear();
        stage.left -= 1;
        self.rest(place, layer);
    }

    /// What a belief in an item becomes if a goal is reached; no belief if it cannot be.
    fn become_goal(&mut self, item: u32, belief: u32, goal: Goal) -> u32 {
        let table = &self.stages[item as usize].table;
        let scratch = &mut self.scratch;
        let mut next = Vec::new();
        for config in &self.beliefs.get(belief).configs {
            table.close(config, goal, scratch);
            let goals = scratch.goals.iter().map(|&at| scratch.closed[at as usize].config);
            next.extend(goals.map(|config| match goal {
                Goal::Finish { bit, .. } => config.without(bit),
                Goal::NoneWaits => config,
            }));
        }
        if next.is_empty() {
            return NONE;
        }
        self.scratch.looked += (next.len() * next.len()) as u64 / COMPARISONS;
        Table::reduce(&mut next, self.scratch.again);
        self.beliefs.number(&next)
    }

    /// The state in which nothing waits, if it can be so.
    fn none_waits(&mut self, state: &State, now: u32) -> Option<State> {
        let mut next = state.clone();
        next.undone = 0;
        for (word, &bits) in state.may_wait.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let place = 64 * word + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let belief = self.without_waiting(self.places[place], state.beliefs[place])?;
                next.set(place, belief, &self.beliefs);
            }
        }
        self.nodes.push(Node { parent: state.node, moment: now });
        next.node = self.nodes.len() as u32 - 1;
        Some(next)
    }

    /// What a belief in an item becomes if no copy waits.
    fn without_waiting(&mut self, item: u32, belief: u32) -> Option<u32> {
        let stage = &mut self.stages[item as usize];
        if stage.crashed_takes != self.scratch.crashed_takes {
            stage.crashed_takes = self.scratch.crashed_takes;
            stage.none_waits.clear();
        }
        let next = match stage.none_waits.get(&belief) {
            Some(&next) => next,
            None => self.become_goal(item, belief, Goal::NoneWaits),
        };
        self.stages[item as usize].none_waits.insert(belief, next);
        Some(next).filter(|&next| next != NONE)
    }

    /// Takes the place of an item to which nothing happens any more, where no copy need wait.
    fn rest(&mut self, place: usize, layer: &mut Layer) {
        let item = self.places[place];
        if item == NONE || self.stages[item as usize].left > 0 {
            return;
        }
        let mut is_free = true;
        for state in &mut layer.states {
            is_free &= state.settle(place, &self.beliefs);
        }
        if is_free {
            self.places[place] = NONE;
            self.place_of[item as usize] = NONE;
        }
    }
}

/// Keeps one of each, the one that needed the fewest crashed operations.
fn distinct(states: &mut Vec<State>) {
    if states.len() < 2 {
        return;
    }
    let mut known: Map<(u64, u32), Vec<usize>> = Map::default();
    let mut kept: Vec<State> = Vec::with_capacity(states.len());
    for state in states.drain(..) {
        let list = known.entry(state.key()).or_default();
        match list.iter().find(|&&at| kept[at].is_same(&state)) {
            Some(&at) if state.cost < kept[at].cost => kept[at] = state,
            Some(_) => {}
            None => {
                list.push(kept.len());
                kept.push(state);
            }
        }
    }
    *states = kept;
}
