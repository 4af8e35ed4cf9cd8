//! What a return forces: the operation that returns is linearized in every configuration, behind
//! whatever others have to come before it (just-in-time linearization: Lowe 2017, "Testing for
//! linearizability").

use super::bits::{Bits, Ones};
use super::config::{Config, Left, Pending, Side, Stamp, WIDTH};
use super::exact::{COMPARISONS, Frontier, Halt, Knowledge, Slot};
use super::lost::is_opaque;
use super::states::StateId;
use crate::check::{Meter, StopReason};
use crate::model::{AnyModel, Establishes, Facts, Model, Token};

/// What the open operations of a configuration need before they can be linearized.
pub(super) struct Wants {
    /// One of these tokens, directly or by way of crashed operations that need it.
    pub(super) tokens: Vec<Token>,
    /// One of them needs something that is not known.
    pub(super) anything: bool,
}

impl Wants {
    fn nothing(&self) -> bool {
        self.tokens.is_empty() && !self.anything
    }

    /// Whether somebody may be helped by an operation with these facts.
    pub(super) fn include(&self, facts: &Facts) -> bool {
        self.anything
            || match facts.establishes {
                Establishes::Token(token) => self.tokens.contains(&token),
                Establishes::Same | Establishes::Unknown => !self.tokens.is_empty(),
            }
    }
}

/// Between two looks at the limits, so much effort is made.
const LOOK_EVERY: u64 = 1 << 12;
/// So many looks at the limits go with one at the memory of the process.
const LOOK_AT_MEMORY_EVERY: u64 = 1 << 4;

/// For one return so many configurations may be visited where all are held, before only some of
/// them are; and where more than all are, before there is no such bound any more.
const MOST_VISITS: u64 = 200_000;
const MOST_VISITS_ABOVE: u64 = if cfg!(test) { 2_000 } else { 200_000 };
/// What one return may take in all, in steps that are tried, each of which takes some 100 ns: most
/// of a visit is spent on these where many operations are open or crashed.
const MOST_EFFORT: u64 = 2_000_000;

/// Where only some configurations are held, so many are pended for one return beside those, and so
/// many that are reached are enough.
const MOST_TRIED_BELOW: usize = 8 * WIDTH;
/// Likewise, so much effort is enough if anything is reached.
const MOST_EFFORT_BELOW: u64 = 100_000;
const ENOUGH: usize = 2 * WIDTH;

impl Frontier {
    /// Linearizes the operation in `slot`, of which all is known, in every configuration.
    pub(super) fn force(&mut self, model: &AnyModel, slot: u32, meter: &Meter) -> Result<(), Halt> {
        if self.force_alone(model, slot) {
            return Ok(());
        }
        let before = self.states_of(self.configs());
        self.note_doubts();
        let mut configs = self.take_configs();
        loop {
            let again = if self.lost.is_empty() { Vec::new() } else { configs.clone() };
            for config in configs {
                if config.done.has(slot) {
                    self.reached.insert(config, [&self.pure, &self.covered]);
                } else {
                    self.pending.push_back(Pending { config, idle: false });
                }
            }
            let explored = self.explore(model, slot, meter);
            self.pending.clear();
            self.tried.clear();
            explored.map_err(Halt::Stopped)?;
            // What was denied before the doubts is not denied now.
            if !self.note_doubts() || self.side != Side::All {
                break;
            }
            configs = again;
        }
        self.put_configs(before)
    }

    /// Takes note of which crashed operations more may be left than is known; whether any are new.
    pub(super) fn note_doubts(&mut self) -> bool {
        let mut are_new = false;
        for configs in [&mut self.configs, &mut self.reached, &mut self.tried] {
            for class in configs.take_doubts() {
                are_new |= self.lost.doubt(class);
            }
        }
        are_new
    }

    /// The same where it is quick, which is usual: there is one configuration, the operation is
    /// legal in every state, and nobody waits for anything that could come before it. False if it
    /// is not so.
    fn force_alone(&mut self, model: &AnyModel, slot: u32) -> bool {
        let Slot { op, facts, .. } = &self.slots[slot as usize];
        let waits = |other: u32| {
            let Slot { facts, watches, .. } = &self.slots[other as usize];
            let waits = !(facts.overwrites || facts.commutes) || *watches;
            waits && !self.may_look_back(other)
        };
        let [config] = self.configs() else { return false };
        if config.done.has(slot) {
            return true;
        }
        if !(facts.overwrites || facts.commutes)
            || config.hidden.has(slot)
            || self.lost.are_opaque()
            || self.open.without(&config.done).any(waits)
        {
            return false;
        }
        let (overwrites, mut config) = (facts.overwrites, config.clone());
        let mut nexts = self.states.step_in(model, config.state, slot, op);
        let (Some(state), None) = (nexts.next(), nexts.next()) else { return false };
        config.done.insert(slot);
        self.turn(model, &mut config, state, overwrites);
        self.put_config(config);
        true
    }

    /// Tries all that is pending until the operation in `slot` is linearized everywhere.
    fn explore(&mut self, model: &AnyModel, slot: u32, meter: &Meter) -> Result<(), StopReason> {
        let facts = self.slots[slot as usize].facts;
        while let Some(Pending { config, idle }) = self.next_pending() {
            self.visited += 1;
            self.effort.made += 1;
            if self.is_enough(meter)? {
                return Ok(());
            }
            let mut legal = false;
            // What can come after the operation as well need not come before it.
            if !(idle && facts.commutes) {
                legal = self.linearize(model, &config, slot);
            }
            if config.hidden.has(slot) {
                let passed = self.pass(model, &config, slot);
                self.reached.insert(passed, [&self.pure, &self.covered]);
            }
            if legal && facts.pure {
                continue;
            }
            self.try_others(model, &config, slot);
        }
        Ok(())
    }

    /// The configuration with the operation in `slot`, which is hidden in it, linearized just
    /// before the last one that overwrote.
    fn pass(&mut self, model: &AnyModel, config: &Config, slot: u32) -> Config {
        let mut passed = config.clone();
        passed.hidden.remove(slot);
        passed.done.insert(slot);
        if self.looks_back
            && let Some(when) = self.last_overwrite(config)
        {
            // Nobody has to have seen it, but somebody may have.
            let op = &self.slots[slot as usize].op;
            let nexts = self.states.step_in(model, config.state, slot, op);
            nexts.for_each(|state| passed.leave(Left { state, when, overwritten: true }));
        }
        passed
    }

    /// When the last overwrite was linearized, if those who look back can tell.
    pub(super) fn last_overwrite(&self, config: &Config) -> Option<Stamp> {
        let last = |past: &[Left]| past.iter().rev().find(|left| left.overwritten).map(|l| l.when);
        last(&config.past).max(last(&self.past))
    }

    /// What is to be tried next. Where only some configurations are held, those come first that use
    /// few crashed operations, and nothing comes any more once there are enough.
    fn next_pending(&mut self) -> Option<Pending> {
        match self.side {
            // The fewest crashed operations first, where that decides what is held.
            Side::All if self.tried.is_lean() => self.pending.pop_front(),
            Side::All | Side::Above => self.pending.pop_back(),
            Side::Below if self.reached.len() >= ENOUGH => None,
            Side::Below => self.pending.pop_front(),
        }
    }

    /// Looks at the limits from time to time: whether enough was visited.
    pub(super) fn is_enough(&mut self, meter: &Meter) -> Result<bool, StopReason> {
        let effort =
            self.effort.made + (self.tried.compared() + self.reached.compared()) / COMPARISONS;
        if effort < self.effort.next_look {
            return Ok(false);
        }
        self.effort.next_look = effort + LOOK_EVERY;
        self.look(meter)?;
        self.leaves_off(effort, meter)
    }

    fn look(&mut self, meter: &Meter) -> Result<(), StopReason> {
        self.effort.looks += 1;
        if self.effort.looks.is_multiple_of(LOOK_AT_MEMORY_EVERY) {
            meter.look_at_memory();
        }
        meter.poll()?;
        if !meter.has_room(self.heap_bytes()) { Err(StopReason::Memory) } else { Ok(()) }
    }

    /// Whether enough was visited for one return, and what is pending may be left.
    fn leaves_off(&mut self, effort: u64, meter: &Meter) -> Result<bool, StopReason> {
        if self.visited > meter.configurations() {
            return Err(StopReason::Configurations);
        }
        match self.side {
            Side::All if self.visited > MOST_VISITS && !self.reached.is_empty() => {
                self.side = Side::Below;
                Ok(true)
            }
            Side::All if effort > MOST_EFFORT && !self.reached.is_empty() => {
                self.side = Side::Below;
                Ok(true)
            }
            Side::Above if self.visited > MOST_VISITS_ABOVE => Err(StopReason::Bounds),
            Side::All | Side::Above if effort > MOST_EFFORT => Err(StopReason::Bounds),
            Side::Below if effort > MOST_EFFORT_BELOW && !self.reached.is_empty() => Ok(true),
            Side::Below if effort > MOST_EFFORT => Err(StopReason::Bounds),
            Side::All | Side::Above | Side::Below => Ok(false),
        }
    }

    /// Pends what comes of linearizing an operation other than that in `slot` first.
    fn try_others(&mut self, model: &AnyModel, config: &Config, slot: u32) {
        let wants = self.wants(model, config);
        // Comparing each token with the others takes the longest where there are many.
        self.effort.made += (wants.tokens.len() as u64).pow(2) / 64;
        if wants.nothing() {
            return;
        }
        let open: Vec<u32> = self.open.without(&config.done).collect();
        self.effort.made += open.len() as u64 / 8;
        for other in open {
            let Slot { facts, knowledge, .. } = &self.slots[other as usize];
            let only_helps = match knowledge {
                Knowledge::Nothing => self.may_look_back(other),
                Knowledge::All | Knowledge::Effect => facts.overwrites,
            };
            if other == slot || facts.pure || only_helps && !wants.include(facts) {
                continue;
            }
            self.linearize_early(model, config, other);
        }
        if self.lost.is_empty() {
            return;
        }
        let classes = self.classes_for(&wants);
        self.effort.made += classes.len() as u64 / 8;
        let token = model.token(self.states.get(config.state));
        for class in classes {
            // Most are not legal here, which tokens tell at once.
            let requires = self.lost.class(class).facts.requires;
            if requires.is_none() || token.is_none() || requires == token {
                self.linearize_lost(model, config, class);
            }
        }
    }

    /// The classes of crashed operations that may help.
    pub(super) fn classes_for(&self, wants: &Wants) -> Vec<u32> {
        if wants.anything {
            return self.lost.all().collect();
        }
        let giving = wants.tokens.iter().flat_map(|&token| self.lost.giving(token));
        let mut classes: Vec<u32> = giving.chain(self.lost.others()).copied().collect();
        classes.dedup();
        classes
    }

    /// What the open operations that `config` has not linearized need, as far as tokens tell.
    fn wants(&self, model: &AnyModel, config: &Config) -> Wants {
        let tokens_suffice = model.tokens_suffice();
        let mut wants = Wants { tokens: Vec::new(), anything: self.lost.are_opaque() };
        for slot in self.open.without(&config.done) {
            let Slot { facts, watches, is_told, knowledge, .. } = &self.slots[slot as usize];
            if self.may_look_back(slot) {
                continue;
            }
            // What comes before one that overwrites decides what it returns.
            let is_untold = !is_told && *knowledge == Knowledge::Nothing;
            wants.anything |=
                *watches && !self.looks_back || is_untold || is_opaque(facts, tokens_suffice);
            wants.tokens.extend(facts.requires);
        }
        self.include_helpers(&mut wants);
        wants
    }

    /// Whether nothing has to be tried for the operation in `slot`, which is open, before it is
    /// known what it returns: it will look back then.
    fn may_look_back(&self, slot: u32) -> bool {
        let Slot { watches, knowledge, is_told, .. } = &self.slots[slot as usize];
        self.looks_back && *watches && *knowledge == Knowledge::Nothing && *is_told
    }

    /// Operations that could help may need help themselves.
    pub(super) fn include_helpers(&self, wants: &mut Wants) {
        let mut at = 0;
        while at < wants.tokens.len() {
            let token = wants.tokens[at];
            let gives = |facts: &&Facts| facts.establishes == Establishes::Token(token);
            let open = self.open.iter().map(|slot| &self.slots[slot as usize].facts);
            let lost = self.lost.giving(token).iter().map(|&class| &self.lost.class(class).facts);
            for needed in open.filter(gives).chain(lost).filter_map(|facts| facts.requires) {
                if !wants.tokens.contains(&needed) {
                    wants.tokens.push(needed);
                }
            }
            at += 1;
        }
    }

    /// Linearizes the operation in `slot`, which returns; whether that is legal.
    fn linearize(&mut self, model: &AnyModel, config: &Config, slot: u32) -> bool {
        let mut legal = false;
        let op = &self.slots[slot as usize].op;
        for state in self.states.step_in(model, config.state, slot, op) {
            legal = true;
            let mut next = config.clone();
            next.done.insert(slot);
            next.hidden.remove(slot);
            let facts = self.slots[slot as usize].facts;
            self.turn(model, &mut next, state, facts.overwrites);
            self.reached.insert(next, [&self.pure, &self.covered]);
        }
        legal
    }

    /// Pends what comes of linearizing the operation in `slot`, which does not return now.
    fn linearize_early(&mut self, model: &AnyModel, config: &Config, slot: u32) {
        let Slot { facts, knowledge, .. } = &self.slots[slot as usize];
        let (facts, knowledge) = (*facts, *knowledge);
        let is_guess = knowledge == Knowledge::Nothing;
        let op = &self.slots[slot as usize].op;
        for state in self.states.step_in(model, config.state, slot, op) {
            let mut next = config.clone();
            if is_guess {
                if state == config.state {
                    // Should it turn out to have changed nothing, the past will tell.
                    continue;
                }
                let at = next.guesses.partition_point(|guess| guess.0 < slot);
                next.guesses.insert(at, (slot, config.state, state));
            }
            next.done.insert(slot);
            next.hidden.remove(slot);
            let observed = self.turn(model, &mut next, state, facts.overwrites && !is_guess);
            self.pend(next, facts.commutes && !is_guess && !observed);
        }
    }

    fn linearize_lost(&mut self, model: &AnyModel, config: &Config, class: u32) {
        let Some(is_doubtful) = self.may_use(config, class, self.now) else { return };
        let op = &self.lost.class(class).op;
        for state in self.states.step(model, config.state, op) {
            let facts = self.lost.class(class).facts;
            // One that changes and hides nothing might as well not have happened.
            if state != config.state || facts.overwrites && self.can_hide(config) {
                let mut next = config.clone();
                self.use_one(&mut next, (class, is_doubtful), self.now);
                let observed = self.turn(model, &mut next, state, facts.overwrites);
                self.pend(next, facts.commutes && !observed);
            }
        }
    }

    /// Whether one of a class of crashed operations may take effect in `config` now, or `when` that
    /// was; and if so, whether it may be that none is left.
    pub(super) fn may_use(&self, config: &Config, class: u32, when: Stamp) -> Option<bool> {
        if self.lost.is_left(config, class, when, self.side) {
            return Some(false);
        }
        let is_doubtful = self.lost.is_doubtful(class);
        match self.side {
            Side::All if is_doubtful => Some(true),
            // There, nothing is counted.
            Side::Above if is_doubtful => Some(false),
            Side::All | Side::Above | Side::Below => None,
        }
    }

    /// Linearizes one more of a class of crashed operations, of which perhaps none is left.
    pub(super) fn use_one(
        &self,
        config: &mut Config,
        (class, is_doubtful): (u32, bool),
        when: Stamp,
    ) {
        if is_doubtful {
            config.is_doubtful = true;
        } else if self.side != Side::Above {
            // When it was makes a difference only to those who look back.
            let when = if self.looks_back && self.watching > 0 { when } else { 0 };
            config.use_one(class, when);
        }
    }

    /// Whether an overwrite now would hide an open operation that none has hidden before.
    fn can_hide(&self, config: &Config) -> bool {
        self.covered.without(&config.done).any(|slot| !config.hidden.has(slot))
    }

    fn pend(&mut self, config: Config, idle: bool) {
        if self.side == Side::Below && self.tried.len() >= MOST_TRIED_BELOW {
            return;
        }
        // What it holds is copied.
        self.effort.made += 1 + (config.past.len() + config.used.len()) as u64 / 16;
        if self.tried.insert(config.clone(), [&self.pure, &self.covered]) {
            self.pending.push_back(Pending { config, idle });
        }
    }

    /// Brings `config` to `state`, by an operation that overwrites or not, and linearizes what is
    /// legal there and changes nothing. Returns whether there was any such.
    fn turn(
        &mut self,
        model: &AnyModel,
        config: &mut Config,
        state: StateId,
        overwrites: bool,
    ) -> bool {
        if overwrites {
            for slot in self.covered.without(&config.done) {
                config.hidden.insert(slot);
            }
        }
        let old = std::mem::replace(&mut config.state, state);
        let overwritten = overwrites && self.looks_back;
        if let Some(when) = self.watched()
            && (old != config.state || overwritten)
        {
            config.past.push(Left { state: old, when, overwritten });
        }
        if old == config.state {
            return false;
        }
        // Somebody may have seen it of whom it is not known what they saw.
        let mut observed = self.watched().is_some();
        let open: Ones<'_> = self.pure.without(&config.done);
        let mut legal = Bits::default();
        for slot in open {
            let op = &self.slots[slot as usize].op;
            if self.states.is_legal(model, config.state, slot, op) {
                legal.insert(slot);
                observed = true;
            }
        }
        config.done.insert_all(&legal);
        observed
    }
}
