//! All configurations of one object after the events so far.

use std::collections::VecDeque;

use super::bits::Bits;
use super::config::{Config, Configs, Left, Pending, Side, Stamp};
use super::lost::{Lost, is_opaque};
use super::states::{StateId, States};
use crate::check::{Meter, StopReason};
use crate::history::sort;
use crate::model::{AnyModel, AnyOp, AnyState, Facts, Model};

/// How much is known of an operation that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Knowledge {
    /// It will return, and what.
    All,
    /// Not whether it takes effect, but what it returns makes no difference.
    Effect,
    /// Neither whether it takes effect nor what it returns.
    Nothing,
}

/// An open operation.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) op: AnyOp,
    pub(super) facts: Facts,
    pub(super) knowledge: Knowledge,
    /// Whether it has to be known later which states there were since its call.
    pub(super) watches: bool,
    /// Whether tokens told all of it when it was called: of what it returns they may not. They do
    /// not of one that overwrites, and may return what it found.
    pub(super) is_told: bool,
    pub(super) called: Stamp,
}

/// What an operation came to.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// What was known when it was called.
    AsKnown,
    /// It took effect, and this is all that is known of it.
    Ok(AnyOp),
    /// It did not; but it may have observed something.
    Failed(Option<AnyOp>),
    /// It may take effect at any later time, or never.
    Lost,
}

/// What a frontier holds.
pub(crate) enum Held<'a> {
    State(&'a AnyState),
    Operation(&'a AnyOp),
}

/// Why nothing more is followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
    /// No configuration is left. These states the object could have before the event.
    Violation(Vec<AnyState>),
    /// A limit ended it.
    Stopped(StopReason),
}

/// What the end of an operation takes.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Effort {
    /// Steps that were tried, and what takes as long.
    pub(super) made: u64,
    /// When to look at the limits.
    pub(super) next_look: u64,
    /// How often that was done.
    pub(super) looks: u64,
}

/// The configurations of one object after the events so far: all of them, unless it says so.
#[derive(Debug)]
pub(crate) struct Frontier {
    pub(super) side: Side,
    pub(super) slots: Vec<Slot>,
    /// The slots that are taken.
    pub(super) open: Bits,
    /// Those of operations that change nothing, and of which all is known.
    pub(super) pure: Bits,
    /// Those of operations that overwrite, as far as that is known.
    pub(super) covered: Bits,
    /// How many open operations watch.
    pub(super) watching: u32,
    /// Whether crashed operations are not tried for those that watch before it is known what these
    /// saw: [detours](super::detour) find them, as tokens tell all.
    pub(super) looks_back: bool,
    /// The states that configurations name.
    pub(super) states: States,
    pub(super) configs: Configs,
    pub(super) lost: Lost,
    pub(super) now: Stamp,
    /// States that every configuration left, and when, as long as somebody may have seen them.
    pub(super) past: Vec<Left>,
    /// Configurations visited for the end of the operation that ends.
    pub(super) visited: u64,
    /// What that end took so far.
    pub(super) effort: Effort,
    /// From how many configurations on one of several is held, if tokens tell all.
    pub(super) lean: usize,
    /// What one event led to, kept for its memory.
    pub(super) reached: Configs,
    pub(super) tried: Configs,
    pub(super) pending: VecDeque<Pending>,
}

impl Frontier {
    /// The frontier of an object that holds `state`, and is not in use.
    pub(crate) fn new(state: AnyState) -> Self {
        let mut frontier = Frontier {
            side: Side::All,
            slots: Vec::new(),
            open: Bits::default(),
            pure: Bits::default(),
            covered: Bits::default(),
            watching: 0,
            looks_back: false,
            states: States::default(),
            configs: Configs::default(),
            lean: LEAN,
            lost: Lost::default(),
            now: 0,
            past: Vec::new(),
            visited: 0,
            effort: Effort::default(),
            reached: Configs::default(),
            tried: Configs::default(),
            pending: VecDeque::new(),
        };
        frontier.restart(state);
        frontier
    }

    /// Holds one of several configurations that cover the same from `lean` configurations on.
    #[cfg(test)]
    pub(super) fn leaner(self, lean: usize) -> Self {
        Frontier { lean, ..self }
    }

    /// Whether it is certain that what happened so far is linearizable.
    pub(crate) fn is_certain(&self) -> bool {
        self.configs.as_slice().iter().any(|config| !config.is_doubtful)
    }

    /// Forgets everything, and goes on with an object that holds `state`.
    pub(crate) fn restart(&mut self, state: AnyState) {
        self.side = Side::All;
        self.open.clear();
        self.pure.clear();
        self.covered.clear();
        self.slots.clear();
        self.watching = 0;
        self.configs.clear();
        self.lost.clear();
        self.past.clear();
        self.states.restart(state);
        self.configs.insert(Config::new(0), [&Bits::default(); 2]);
        self.now = 0;
        self.visited = 0;
    }

    /// The state, if there is only one, nothing is open, and nothing crashed that may still come.
    pub(crate) fn settled(&self) -> Option<&AnyState> {
        self.at_rest().filter(|_| self.lost.is_empty())
    }

    /// The state, if there is only one and nothing is open; what crashed may still come.
    pub(crate) fn at_rest(&self) -> Option<&AnyState> {
        let [config] = self.configs.as_slice() else { return None };
        self.open.is_empty().then(|| self.states.get(config.state))
    }

    /// The states that the object may have now, each once, or the first few.
    pub(crate) fn states(&self) -> Vec<AnyState> {
        self.named(&self.states_of(self.configs.as_slice()))
    }

    /// The work of the last event: configurations visited, and so many comparisons of two.
    pub(super) fn take_work(&mut self) -> u64 {
        let sets = [&mut self.configs, &mut self.reached, &mut self.tried];
        let compared: u64 = sets.into_iter().map(Configs::take_compared).sum();
        std::mem::take(&mut self.visited) + compared / COMPARISONS
    }

    /// An operation is called of which it is known that it will come to `op`. Returns its slot.
    pub(crate) fn call(&mut self, model: &AnyModel, op: AnyOp) -> u32 {
        self.open(model, op, Knowledge::All, false)
    }

    /// An operation is called of which it is not known what it will come to. `op` may return
    /// anything; if it `tells` nothing, that makes no difference, unless it `fails` and that does.
    pub(crate) fn call_unknown(
        &mut self,
        model: &AnyModel,
        op: AnyOp,
        tells: bool,
        fails: bool,
    ) -> u32 {
        let knowledge = if tells { Knowledge::Nothing } else { Knowledge::Effect };
        self.open(model, op, knowledge, tells || fails)
    }

    fn open(&mut self, model: &AnyModel, op: AnyOp, knowledge: Knowledge, watches: bool) -> u32 {
        self.now += 1;
        self.looks_back = model.tokens_suffice();
        // Other objects have so many states that this would only put off what is to come.
        let lean = if self.looks_back || cfg!(test) { self.lean } else { usize::MAX };
        for configs in [&mut self.configs, &mut self.reached, &mut self.tried] {
            configs.set_lean(lean);
        }
        let facts = model.facts(&op);
        let at = self.open.first_free();
        self.states.renew(at);
        let is_guess = knowledge == Knowledge::Nothing;
        let is_told = facts.pure || !(is_opaque(&facts, true) || is_guess && facts.overwrites);
        let slot = Slot { op, facts, knowledge, watches, is_told, called: self.now };
        self.watching += u32::from(watches);
        self.open.insert(at);
        if facts.pure && knowledge == Knowledge::All {
            self.pure.insert(at);
            for config in self.configs.as_mut_slice() {
                if self.states.is_legal(model, config.state, at, &slot.op) {
                    config.done.insert(at);
                }
            }
        }
        if facts.overwrites && knowledge != Knowledge::Nothing {
            self.covered.insert(at);
        }
        match self.slots.get_mut(at as usize) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
        at
    }

    /// An operation crashes as it is called.
    pub(crate) fn lose(&mut self, model: &AnyModel, op: &AnyOp) {
        self.now += 1;
        let facts = model.facts(op);
        if !facts.pure {
            self.lost.add(op, facts, is_opaque(&facts, model.tokens_suffice()), self.now);
        }
    }

    /// The operation in `slot` ends.
    ///
    /// # Errors
    /// If there is no configuration left, or a limit is met.
    pub(crate) fn end(
        &mut self,
        model: &AnyModel,
        slot: u32,
        end: End,
        meter: &Meter,
    ) -> Result<(), Halt> {
        self.now += 1;
        (self.visited, self.effort) = (0, Effort::default());
        let ended = match end {
            End::Lost => {
                self.crash(model, slot);
                Ok(())
            }
            End::AsKnown => self.returned(model, slot, meter),
            End::Ok(op) => self.ok(model, slot, op, meter),
            End::Failed(op) => self.failed(model, slot, op, meter),
        };
        // To compare more than these with each other would take too long.
        let ended = match self.side {
            Side::All if self.configs.len() > MOST_CONFIGS => {
                self.cut();
                ended
            }
            Side::Above if self.configs.len() > MOST_CONFIGS => {
                self.configs.clear();
                Err(Halt::Stopped(StopReason::Bounds))
            }
            Side::All | Side::Above | Side::Below => ended,
        };
        self.close_slot(slot);
        // Before any class is forgotten.
        self.note_doubts();
        self.settle();
        self.note_doubts();
        if self.side == Side::Below {
            self.drop_doubtful();
            self.narrow();
        }
        ended
    }

    fn returned(&mut self, model: &AnyModel, slot: u32, meter: &Meter) -> Result<(), Halt> {
        if self.configs.as_slice().iter().all(|config| config.done.has(slot)) {
            // Usual, and quick: nothing is to be chosen.
            return Ok(());
        }
        self.force(model, slot, meter)
    }

    fn ok(&mut self, model: &AnyModel, slot: u32, op: AnyOp, meter: &Meter) -> Result<(), Halt> {
        let at = slot as usize;
        let facts = model.facts(&op);
        self.cover(slot, facts.overwrites);
        let guessed = self.slots[at].knowledge == Knowledge::Nothing;
        self.slots[at] = Slot { op, facts, knowledge: Knowledge::All, ..self.slots[at].clone() };
        self.states.renew(slot);
        if guessed {
            self.check_guesses(model, slot);
        }
        if facts.pure {
            self.pure.insert(slot);
        }
        self.look_back(model, slot);
        self.find_detours(model, slot, meter).map_err(Halt::Stopped)?;
        self.force(model, slot, meter)
    }

    /// Says whether the operation in `slot` overwrites, now that this is known.
    fn cover(&mut self, slot: u32, overwrites: bool) {
        if overwrites {
            self.covered.insert(slot);
        } else {
            self.covered.remove(slot);
            for config in self.configs.as_mut_slice() {
                config.hidden.remove(slot);
            }
        }
    }

    /// Drops the configurations in which the operation in `slot` did something else than it did.
    fn check_guesses(&mut self, model: &AnyModel, slot: u32) {
        let op = &self.slots[slot as usize].op;
        for mut config in self.configs.take() {
            if let Ok(at) = config.guesses.binary_search_by_key(&slot, |guess| guess.0) {
                let (_, before, after) = config.guesses.remove(at);
                if !self.states.leads(model, before, op, after) {
                    continue;
                }
            }
            self.reached.insert(config, [&self.pure, &self.covered]);
        }
        std::mem::swap(&mut self.configs, &mut self.reached);
    }

    /// Linearizes the operation in `slot` where it was legal since its call and changed nothing.
    fn look_back(&mut self, model: &AnyModel, slot: u32) {
        let Slot { op, called, watches, .. } = &self.slots[slot as usize];
        if !watches {
            return;
        }
        let idle = |state: StateId| self.states.leads(model, state, op, state);
        let seen = |past: &[Left]| {
            let since = past.iter().rev().take_while(|left| left.when >= *called);
            since.into_iter().any(|left| idle(left.state))
        };
        let always = seen(&self.past);
        let is_pure = self.pure.has(slot);
        let mut others = Vec::new();
        for config in self.configs.as_mut_slice() {
            if config.done.has(slot) || !(always || idle(config.state) || seen(&config.past)) {
                continue;
            }
            if !is_pure {
                // It may as well do something now.
                others.push(config.clone());
            }
            config.done.insert(slot);
            config.hidden.remove(slot);
        }
        for config in others {
            self.configs.insert(config, [&self.pure, &self.covered]);
        }
    }

    fn failed(
        &mut self,
        model: &AnyModel,
        slot: u32,
        op: Option<AnyOp>,
        meter: &Meter,
    ) -> Result<(), Halt> {
        let before = self.states();
        for config in self.configs.take() {
            // It was linearized, and yet it did not happen.
            if !config.done.has(slot) || self.pure.has(slot) {
                self.reached.insert(config, [&self.pure, &self.covered]);
            }
        }
        std::mem::swap(&mut self.configs, &mut self.reached);
        if self.configs.is_empty() {
            return Err(Halt::Violation(before));
        }
        let Some(op) = op else { return Ok(()) };
        let place = &mut self.slots[slot as usize];
        place.facts = model.facts(&op);
        place.op = op;
        self.states.renew(slot);
        place.knowledge = Knowledge::All;
        let overwrites = place.facts.overwrites;
        self.cover(slot, overwrites);
        if self.slots[slot as usize].facts.pure {
            self.pure.insert(slot);
        }
        self.look_back(model, slot);
        self.find_detours(model, slot, meter).map_err(Halt::Stopped)?;
        self.force(model, slot, meter)
    }

    /// The operation in `slot` crashes.
    fn crash(&mut self, model: &AnyModel, slot: u32) {
        let Slot { op, facts, called, .. } = &self.slots[slot as usize];
        if facts.pure {
            return;
        }
        let is_opaque = is_opaque(facts, model.tokens_suffice());
        let class = self.lost.add(op, *facts, is_opaque, *called);
        for config in self.configs.as_mut_slice() {
            if config.done.has(slot) && self.side != Side::Above {
                // As if at its call: another one of its class is not to come in its place later,
                // as there is a configuration in which that was linearized instead.
                config.use_one(class, *called);
            }
        }
    }

    /// Every configuration is done with `slot`.
    fn close_slot(&mut self, slot: u32) {
        self.open.remove(slot);
        self.pure.remove(slot);
        self.covered.remove(slot);
        if self.slots[slot as usize].watches {
            self.watching -= 1;
        }
        let mut changed = false;
        for config in self.configs.as_mut_slice() {
            changed |= !config.done.has(slot) || config.hidden.has(slot);
            config.done.remove(slot);
            config.hidden.remove(slot);
            if let Ok(at) = config.guesses.binary_search_by_key(&slot, |guess| guess.0) {
                config.guesses.remove(at);
                changed = true;
            }
        }
        // Some may have become as good as others.
        if changed && self.configs.len() > 1 {
            for config in self.configs.take() {
                self.reached.insert(config, [&self.pure, &self.covered]);
            }
            std::mem::swap(&mut self.configs, &mut self.reached);
        }
    }

    /// Forgets what no longer tells configurations apart.
    fn settle(&mut self) {
        let watching = |slot: &u32| self.slots[*slot as usize].watches;
        let oldest = match self.watching {
            0 => Stamp::MAX,
            _ => {
                let calls = self.open.iter().filter(watching);
                calls.map(|slot| self.slots[slot as usize].called).min().unwrap_or(Stamp::MAX)
            }
        };
        if !self.lost.is_empty() {
            let oldest = if self.looks_back { oldest } else { Stamp::MAX };
            self.lost.settle(self.configs.as_mut_slice(), oldest);
        }
        // What was left before all who watch were called, nobody of them can have seen.
        forget_before(&mut self.past, oldest);
        let mut fewer = false;
        for config in self.configs.as_mut_slice() {
            fewer |= forget_before(&mut config.past, oldest);
        }
        if fewer && self.configs.len() > 1 {
            for config in self.configs.take() {
                self.reached.insert(config, [&self.pure, &self.covered]);
            }
            std::mem::swap(&mut self.configs, &mut self.reached);
        }
        if let [config] = self.configs.as_mut_slice() {
            let last = self.past.last().map_or(0, |left| left.when);
            let is_later = config.past.first().is_none_or(|left| left.when >= last);
            self.past.append(&mut config.past);
            if !is_later {
                sort::by(&mut self.past, |left| left.when);
            }
        }
        if self.states.are_many() {
            let mut held: Vec<StateId> = self.past.iter().map(|left| left.state).collect();
            self.configs.as_slice().iter().for_each(|config| config.states(|id| held.push(id)));
            self.states.keep(held.into_iter());
        }
    }

    /// Whether the states that are left have to be remembered, and as of when.
    pub(super) fn watched(&self) -> Option<Stamp> {
        (self.watching > 0).then_some(self.now)
    }

    pub(super) fn configs(&self) -> &[Config] {
        self.configs.as_slice()
    }

    /// Puts a configuration in the place of the only one.
    pub(super) fn put_config(&mut self, config: Config) {
        self.configs.as_mut_slice()[0] = config;
    }

    /// Takes the configurations, to put those that follow in their place.
    pub(super) fn take_configs(&mut self) -> Vec<Config> {
        self.configs.take()
    }

    /// Puts what was reached in the place of the configurations; those were in the states `before`.
    pub(super) fn put_configs(&mut self, before: [StateId; MOST_STATES]) -> Result<(), Halt> {
        std::mem::swap(&mut self.configs, &mut self.reached);
        if self.configs.is_empty() {
            return Err(Halt::Violation(self.named(&before)));
        }
        Ok(())
    }

    /// The states of `configs`, each once, or the first few.
    pub(super) fn states_of(&self, configs: &[Config]) -> [StateId; MOST_STATES] {
        let mut ids = [StateId::MAX; MOST_STATES];
        let mut count = 0;
        for config in configs {
            if count < MOST_STATES && !ids[..count].contains(&config.state) {
                ids[count] = config.state;
                count += 1;
            }
        }
        ids
    }

    /// The states with these numbers, up to the first that stands for none.
    fn named(&self, ids: &[StateId]) -> Vec<AnyState> {
        let ids = ids.iter().take_while(|&&id| id != StateId::MAX);
        ids.map(|&id| self.states.get(id).clone()).collect()
    }

    /// Whether it was known when the operation in `slot` was called what it would come to.
    pub(crate) fn knows(&self, slot: u32) -> bool {
        self.slots[slot as usize].knowledge == Knowledge::All
    }

    /// Calls `visit` for all states and operations that the frontier holds.
    pub(crate) fn states_and_operations(&self, mut visit: impl FnMut(Held<'_>)) {
        let mut visit_state = |id: StateId| visit(Held::State(self.states.get(id)));
        self.past.iter().for_each(|left| visit_state(left.state));
        self.configs.as_slice().iter().for_each(|config| config.states(&mut visit_state));
        for slot in self.open.iter() {
            visit(Held::Operation(&self.slots[slot as usize].op));
        }
        self.lost.operations().for_each(|op| visit(Held::Operation(op)));
    }

    /// Approximate heap memory in bytes, that of states not counted.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.configs.len() + self.tried.len()) * size_of::<Config>()
            + self.past.capacity() * size_of::<Left>()
            + self.states.bytes()
            + self.lost.heap_bytes()
    }
}

/// Forgets the states that were left before `oldest`, which come first; whether there were any.
fn forget_before(past: &mut Vec<Left>, oldest: Stamp) -> bool {
    let count = past.partition_point(|left| left.when < oldest);
    past.drain(..count);
    count > 0
}

/// So many comparisons of configurations take about as long as a visit to one.
pub(super) const COMPARISONS: u64 = 16;

/// So many configurations are held after an end at most.
const MOST_CONFIGS: usize = 1 << 14;

/// From so many configurations on, of those one is held that differ in the crashed operations which
/// they used, and in nothing else.
const LEAN: usize = if cfg!(test) { usize::MAX } else { 32 };

/// So many states are told apart before a violation.
pub(super) const MOST_STATES: usize = 8;
