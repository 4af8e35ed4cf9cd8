//! What may have come between for an operation that changed nothing: crashed and open operations
//! that nobody needed before it was known what this one saw.

use super::config::{Config, Configs, Left};
use super::exact::{Frontier, Knowledge, Slot};
use super::force::Wants;
use super::lost::{Class, is_opaque};
use super::states::StateId;
use crate::check::{Meter, StopReason};
use crate::model::{AnyModel, Facts, Model, Token};

/// A way from a state that a configuration left, so far.
#[derive(Clone)]
struct Detour {
    /// The configuration as of then.
    config: Config,
    /// The states on the way that were left, the first included, and whether by an overwrite.
    left: Vec<(StateId, bool)>,
    /// The state of the configuration now.
    now: StateId,
    /// Whether the operation for which the way is made found what it needs.
    found: bool,
    /// Whether the last step may be an overwrite: those before one would be made in vain, unless
    /// somebody saw what they led to.
    is_new: bool,
}

/// Where a configuration may have gone another way: the state that it left, and the operation that
/// wants to have seen something else before that.
struct Fork<'a> {
    from: Left,
    slot: u32,
    /// Whether a way may start with an overwrite. If others may, and one does, then it is best just
    /// before the last overwrite.
    overwrites: bool,
    config: &'a Config,
}

impl Frontier {
    /// Linearizes the operation in `slot` on ways that configurations may have gone since its call
    /// for it alone, as it was not known then what it would return.
    ///
    /// # Errors
    /// If a limit is met.
    pub(super) fn find_detours(
        &mut self,
        model: &AnyModel,
        slot: u32,
        meter: &Meter,
    ) -> Result<(), StopReason> {
        let Slot { facts, watches, is_told, called, .. } = &self.slots[slot as usize];
        let was_tried = !is_told && !facts.pure && is_opaque(facts, true);
        if !self.looks_back || !watches || was_tried {
            return Ok(());
        }
        let is_pure = facts.pure;
        let anything = facts.requires.is_none() || facts.forbids.is_some();
        let (called, wants) = (*called, self.ways_to(facts.requires, anything));
        let turns = !is_pure || self.may_turn(&wants);
        let may_find = |config: &&Config| {
            !config.done.has(slot) && (!is_pure || self.may_help(config, &wants))
        };
        let configs: Vec<Config> = self.configs().iter().filter(may_find).cloned().collect();
        let mut found = Vec::new();
        for config in &configs {
            let last = self.last_overwrite(config);
            let past = self.past.iter().chain(&config.past);
            let is_fork = |left: &&Left| {
                let is_best = !left.overwritten || Some(left.when) == last;
                left.when >= called && (is_best || turns)
            };
            let forks: Vec<Left> = past.filter(is_fork).copied().collect();
            for from in forks {
                let overwrites = !from.overwritten || Some(from.when) == last;
                let fork = Fork { from, slot, overwrites, config };
                self.follow_fork(model, &fork, &wants, meter, &mut found)?;
            }
        }
        // What is common to all may have to be changed in one of them.
        let shares = found.iter().any(|(detour, from)| starts_otherwise(detour, from));
        let shared = if shares { self.share_past() } else { Vec::new() };
        for (mut detour, from) in found {
            detour.config.past.splice(..0, shared.iter().copied());
            let config = self.after(detour, &from, slot);
            self.configs.insert(config, [&self.pure, &self.covered]);
        }
        Ok(())
    }

    /// What is wanted on the way to a state with this token, or to any.
    fn ways_to(&self, token: Option<Token>, anything: bool) -> Wants {
        let mut wants = Wants { tokens: Vec::from_iter(token), anything };
        self.include_helpers(&mut wants);
        wants
    }

    /// Whether a way may start with an operation that does not overwrite.
    fn may_turn(&self, wants: &Wants) -> bool {
        let turns = |facts: &Facts| !facts.overwrites && wants.include(facts);
        self.open.iter().any(|slot| self.is_step(slot) && turns(&self.slots[slot as usize].facts))
            || self.classes_for(wants).iter().any(|&class| turns(&self.lost.class(class).facts))
    }

    /// Whether there is any operation that could lead to what is wanted.
    fn may_help(&self, config: &Config, wants: &Wants) -> bool {
        let helps =
            |slot: u32| self.is_step(slot) && wants.include(&self.slots[slot as usize].facts);
        self.open.without(&config.done).any(helps)
            || self.classes_for(wants).iter().any(|&class| {
                !self.lost.class(class).is_opaque && self.may_use(config, class, self.now).is_some()
            })
    }

    /// Whether the operation in `slot`, which is open, may be on the way. Those of which tokens do
    /// not tell all are not: while one is open or crashed, everything is tried at once.
    fn is_step(&self, slot: u32) -> bool {
        let Slot { facts, .. } = &self.slots[slot as usize];
        !facts.pure && !is_opaque(facts, true)
    }

    /// Follows all ways from where one may have gone.
    fn follow_fork(
        &mut self,
        model: &AnyModel,
        fork: &Fork<'_>,
        wants: &Wants,
        meter: &Meter,
        found: &mut Vec<(Detour, Left)>,
    ) -> Result<(), StopReason> {
        let Fork { from, config, .. } = fork;
        let config = Config { state: from.state, ..(*config).clone() };
        let (left, now) = (Vec::new(), fork.config.state);
        let first = Detour { config, left, now, found: false, is_new: fork.overwrites };
        let back = model.token(self.states.get(from.state)).filter(|_| !from.overwritten);
        let back = self.ways_to(back, back.is_none());
        let mut tried = [Configs::default(), Configs::default()];
        let mut pending = vec![first];
        while let Some(detour) = pending.pop() {
            self.visited += 1;
            self.effort.made += 1 + (wants.tokens.len() as u64).pow(2) / 64;
            if self.is_enough(meter)? {
                return Ok(());
            }
            let wants = if detour.found { &back } else { wants };
            for next in self.next_steps(model, fork, &detour, wants) {
                let is_over = from.overwritten || next.config.state == from.state;
                if next.found && is_over {
                    found.push((next, *from));
                } else if tried[usize::from(next.found)]
                    .insert(next.config.clone(), [&self.pure, &self.covered])
                {
                    pending.push(next);
                }
            }
        }
        Ok(())
    }

    /// The ways with one more step than `detour`.
    fn next_steps(
        &mut self,
        model: &AnyModel,
        fork: &Fork<'_>,
        detour: &Detour,
        wants: &Wants,
    ) -> Vec<Detour> {
        let (when, config) = (fork.from.when, &detour.config);
        let mut steps: Vec<(Config, bool)> = Vec::new();
        let open: Vec<u32> = self.open.without(&config.done).collect();
        self.effort.made += open.len() as u64 / 8;
        for slot in open {
            let Slot { op, facts, knowledge, called, .. } = &self.slots[slot as usize];
            let is_guess = *knowledge == Knowledge::Nothing;
            let is_wanted =
                (slot == fork.slot || wants.include(facts)) && (detour.is_new || !facts.overwrites);
            let is_step = self.is_step(slot) || slot == fork.slot && !facts.pure;
            if *called > when || !is_wanted || !is_step {
                continue;
            }
            let overwrites = facts.overwrites && !is_guess;
            for state in self.states.step_in(model, config.state, slot, op) {
                let mut next = Config { state, ..config.clone() };
                next.done.insert(slot);
                next.hidden.remove(slot);
                if is_guess {
                    let at = next.guesses.partition_point(|guess| guess.0 < slot);
                    next.guesses.insert(at, (slot, config.state, state));
                }
                steps.push((next, overwrites));
            }
        }
        for class in self.classes_for(wants) {
            let Class { facts: Facts { overwrites, .. }, is_opaque, .. } = *self.lost.class(class);
            let is_step = !is_opaque && (detour.is_new || !overwrites);
            let Some(is_doubtful) = self.may_use(config, class, when).filter(|_| is_step) else {
                continue;
            };
            for state in self.states.step(model, config.state, &self.lost.class(class).op) {
                let mut next = Config { state, ..config.clone() };
                self.use_one(&mut next, (class, is_doubtful), when);
                steps.push((next, overwrites));
            }
        }
        let op = &self.slots[fork.slot as usize].op;
        let steps = steps.into_iter().filter(|(next, _)| next.state != config.state);
        steps
            .map(|(next, overwrites)| {
                let finds = !detour.found
                    && match self.pure.has(fork.slot) {
                        true => self.states.leads(model, next.state, op, next.state),
                        false => next.done.has(fork.slot),
                    };
                let mut left = detour.left.clone();
                left.push((config.state, overwrites));
                let (now, found) = (detour.now, detour.found || finds);
                Detour { config: next, left, now, found, is_new: finds }
            })
            .collect()
    }

    /// The configuration that went that way, with the operation in `slot` linearized on it.
    fn after(&self, detour: Detour, from: &Left, slot: u32) -> Config {
        let starts_otherwise = starts_otherwise(&detour, from);
        let Detour { mut config, left, now, .. } = detour;
        let Left { when, overwritten, .. } = *from;
        if starts_otherwise && let Some(old) = config.past.iter_mut().find(|old| *old == from) {
            old.overwritten = false;
        }
        for &(state, overwritten) in left.iter().skip(1) {
            config.leave(Left { state, when, overwritten });
        }
        if overwritten {
            config.leave(Left { state: config.state, when, overwritten });
        }
        if left.iter().any(|&(_, overwritten)| overwritten) {
            for slot in self.covered.without(&config.done) {
                if self.slots[slot as usize].called <= when {
                    config.hidden.insert(slot);
                }
            }
        }
        config.state = now;
        config.done.insert(slot);
        config
    }

    /// Lets each configuration remember itself what all of them left.
    fn share_past(&mut self) -> Vec<Left> {
        let past = std::mem::take(&mut self.past);
        for config in self.configs.as_mut_slice() {
            config.past.splice(..0, past.iter().copied());
        }
        past
    }
}

/// Whether a way starts with an operation that does not overwrite, where what came next did: then
/// no other one can start there like that, too.
fn starts_otherwise(detour: &Detour, from: &Left) -> bool {
    from.overwritten && detour.left.first().is_some_and(|&(_, overwrites)| !overwrites)
}
