//! The walk: depth-first over configurations, with a memo, under a budget.

use super::config::{Config, Memo};
use super::mask::{Mask, difference};
use super::prepare::{Event, Prepared};
use super::states::{States, Step, UNOBSERVED};
use super::trail::Trail;
use super::used::{self, UsedSets};
use super::window::Window;
use super::{Effort, Found};
use crate::check::budget::{Meter, StopReason};
use crate::model::{Model, Reading};

/// What to search.
pub(super) struct Problem<'a, M: Model> {
    pub(super) model: M,
    pub(super) readings: &'a [Reading<M::Op>],
    pub(super) prepared: &'a Prepared,
    pub(super) meter: &'a Meter,
}

/// How a configuration is reached from the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Move {
    /// It is the first.
    Start,
    /// This completed operation is linearized, and what becomes legal by it.
    Item(u32),
    /// So is the next operation of this crashed class.
    Crashed(u32),
    /// The operation that returns counts as hidden by an earlier overwrite.
    Pass,
}

/// A configuration to be visited.
#[derive(Clone)]
pub(super) struct Candidate<K> {
    pub(super) config: Config<K>,
    pub(super) by: Move,
    /// Lower ones are visited first.
    pub(super) priority: u8,
}

/// A configuration being visited: how it was entered, and where its successors start among
/// those pending.
struct Frame<K> {
    entered: Config<K>,
    by: Move,
    base: usize,
}

/// The state of a search.
pub(super) struct Engine<'a, M: Model, K> {
    pub(super) readings: &'a [Reading<M::Op>],
    pub(super) prepared: &'a Prepared,
    pub(super) states: States<M>,
    pub(super) used: UsedSets,
    pub(super) window: Window,
    pub(super) pending: Vec<Candidate<K>>,
    /// For each class, the expansion in which it was last a candidate.
    pub(super) stamps: Vec<u32>,
    pub(super) expansion: u32,
    /// Open operations by deadline, while a configuration is expanded.
    pub(super) deadlines: Vec<(u32, u32)>,
    memo: Memo<K>,
    effort: Effort,
}

/// Searches `problem`, with masks of type `K`.
pub(super) fn run<M: Model, K: Mask>(problem: Problem<'_, M>) -> (Found, Effort) {
    let Problem { model, readings, prepared, meter } = problem;
    let mut engine = Engine::<M, K> {
        readings,
        prepared,
        states: States::new(model, prepared.classes.len(), prepared.token_ids.clone()),
        used: UsedSets::new(prepared.crashed.len()),
        window: Window::new(prepared.width, K::empty(prepared.width).words().len()),
        pending: Vec::new(),
        stamps: vec![0; prepared.classes.len()],
        expansion: 0,
        deadlines: Vec::new(),
        memo: Memo::new(prepared.width),
        effort: Effort::default(),
    };
    let found = engine.explore(meter);
    engine.effort.steps = engine.states.model_steps;
    let effort = engine.effort;
    if matches!(found, Found::Stopped(_)) {
        // Who waits for a verdict under a limit does not wait until millions of states are freed.
        let Engine { states, memo, .. } = engine;
        discard((states, memo));
    }
    (found, effort)
}

/// Drops `garbage` on a thread of its own.
fn discard<T: Send + 'static>(garbage: T) {
    // If there is no thread to be had, it is dropped right here.
    drop(std::thread::Builder::new().spawn(move || drop(garbage)));
}

/// Between two looks at the budget, this many configurations are visited.
const POLL_EVERY: u64 = 128;

/// Likewise for looks at the memory of the process, which cost more.
const LOOK_EVERY: u64 = POLL_EVERY * 32;

impl<M: Model, K: Mask> Engine<'_, M, K> {
    fn explore(&mut self, meter: &Meter) -> Found {
        let mut account = meter.account();
        let mut frames: Vec<Frame<K>> = Vec::new();
        let mut furthest = 0;
        self.pending.push(Candidate { config: self.start(), by: Move::Start, priority: 0 });
        loop {
            if self.pending.len() == frames.last().map_or(0, |frame| frame.base) {
                match frames.pop() {
                    Some(_) => continue,
                    None => return self.nothing(furthest),
                }
            }
            let Some(Candidate { config: entered, by, .. }) = self.pending.pop() else { continue };
            let mut config = entered.clone();
            self.window.rewind(config.event, self.prepared);
            if self.advance(&mut config, None) {
                frames.push(Frame { entered, by, base: 0 });
                return Found::Order(self.retrace(&frames));
            }
            furthest = furthest.max(config.event);
            if self.effort.configurations.is_multiple_of(POLL_EVERY) {
                account.set(self.bytes(frames.capacity() * size_of::<Frame<K>>()));
                if self.effort.configurations.is_multiple_of(LOOK_EVERY) {
                    meter.look_at_memory();
                }
                if let Err(reason) = self.poll(meter) {
                    return Found::Stopped(reason);
                }
            }
            self.effort.configurations += 1;
            self.settle(&mut config);
            if self.is_dead_end(&config) {
                continue;
            }
            if !self.memo.has_room(meter) {
                return Found::Stopped(StopReason::Memory);
            }
            if !self.memo.insert(&config, &self.used) {
                continue;
            }
            let base = self.pending.len();
            self.expand(&config);
            // The last one is visited first; the sort is stable, so reverse before.
            self.pending[base..].reverse();
            self.pending[base..].sort_by_key(|candidate| u8::MAX - candidate.priority);
            frames.push(Frame { entered, by, base });
        }
    }

    fn poll(&self, meter: &Meter) -> Result<(), StopReason> {
        if self.effort.configurations >= meter.configurations() {
            return Err(StopReason::Configurations);
        }
        if self.states.is_full() {
            return Err(StopReason::Memory);
        }
        meter.poll()
    }

    fn start(&self) -> Config<K> {
        Config {
            event: 0,
            state: 0,
            cover: 0,
            used: used::NONE,
            mask: K::empty(self.prepared.width),
            must_be_seen: false,
        }
    }

    fn nothing(&self, furthest: u32) -> Found {
        let stuck = match self.prepared.events.get(furthest as usize) {
            Some(&Event::Return(item)) => self.prepared.items[item as usize].reading,
            _ => 0,
        };
        Found::Nothing { stuck }
    }

    fn bytes(&self, frames: usize) -> usize {
        self.prepared.bytes()
            + self.memo.bytes()
            + self.states.bytes()
            + self.used.bytes()
            + self.pending.capacity() * size_of::<Candidate<K>>()
            + frames
    }

    /// Moves `config` and the window over all events that leave no choice. True at the end of the
    /// history; else the event to come is a return that forces one.
    pub(super) fn advance(
        &mut self,
        config: &mut Config<K>,
        mut trail: Option<&mut Trail>,
    ) -> bool {
        while let Some(&event) = self.prepared.events.get(config.event as usize) {
            match event {
                Event::Crash => {}
                Event::Call(index) => {
                    let item = self.prepared.items[index as usize];
                    let class = self.prepared.classes[item.class as usize];
                    if class.pure && self.is_legal(config.state, item.class) {
                        config.mask.insert(item.slot);
                        if let Some(trail) = trail.as_deref_mut() {
                            trail.push(item.reading, false);
                        }
                    }
                }
                Event::Return(index) => {
                    let item = self.prepared.items[index as usize];
                    if config.mask.has(item.slot) {
                        config.mask.remove(item.slot);
                    } else if self.is_hidden_for_free(config, index) {
                        if let Some(trail) = trail.as_deref_mut() {
                            trail.hide(item.reading);
                        }
                    } else {
                        return false;
                    }
                }
            }
            self.window.forward(self.prepared);
            config.event += 1;
        }
        true
    }

    /// Linearizes every open pure operation that is legal. Returns how many.
    pub(super) fn close(&mut self, config: &mut Config<K>) -> usize {
        let mut absorbed = 0;
        for word in 0..config.mask.words().len() {
            let mut bits = self.window.open()[word] & !config.mask.words()[word];
            while bits != 0 {
                let slot = word as u32 * 64 + bits.trailing_zeros();
                bits &= bits - 1;
                let class = self.prepared.items[self.window.item(slot) as usize].class;
                if self.prepared.classes[class as usize].pure && self.is_legal(config.state, class)
                {
                    config.mask.insert(slot);
                    absorbed += 1;
                }
            }
        }
        absorbed
    }

    fn is_legal(&mut self, state: u32, class: u32) -> bool {
        !matches!(self.step(state, class), Step::Illegal)
    }

    /// Where an operation of `class` leads from `state`.
    pub(super) fn step(&mut self, state: u32, class: u32) -> Step {
        let facts = &self.prepared.classes[class as usize];
        let has_token = facts.requires == super::prepare::NO_TOKEN
            || facts.requires == self.states.token(state);
        if !has_token || (state == UNOBSERVED && !facts.overwrites) {
            return Step::Illegal;
        }
        self.states.step(state, class, &self.readings[facts.example as usize].op)
    }

    /// The linearization that the frames found.
    fn retrace(&mut self, frames: &[Frame<K>]) -> Vec<u32> {
        let mut trail = Trail::default();
        let mut config = self.start();
        self.window.rewind(0, self.prepared);
        for Frame { entered, by, .. } in frames {
            let before = std::mem::replace(&mut config, entered.clone());
            let moved = match *by {
                Move::Start => None,
                Move::Pass => {
                    if let Some(&Event::Return(item)) =
                        self.prepared.events.get(entered.event as usize)
                    {
                        trail.hide(self.prepared.items[item as usize].reading);
                    }
                    None
                }
                Move::Item(index) => {
                    let item = self.prepared.items[index as usize];
                    let class = &self.prepared.classes[item.class as usize];
                    trail.push(item.reading, class.overwrites);
                    Some(Some(item.slot))
                }
                Move::Crashed(group) => {
                    let twins = &self.prepared.crashed[group as usize];
                    let next = self.used.count(before.used, group as usize);
                    let class = &self.prepared.classes[twins.class as usize];
                    trail.push(twins.readings[usize::from(next)], class.overwrites);
                    Some(None)
                }
            };
            if let Some(slot_moved) = moved {
                difference(entered.mask.words(), before.mask.words(), |slot| {
                    if slot_moved != Some(slot) {
                        let item = self.window.item(slot);
                        trail.push(self.prepared.items[item as usize].reading, false);
                    }
                    true
                });
            }
            self.advance(&mut config, Some(&mut trail));
        }
        trail.finish()
    }
}
