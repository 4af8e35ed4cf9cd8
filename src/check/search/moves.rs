//! Which moves a configuration has, and which of them can be left out.

use super::config::Config;

use super::items::{CrashedClass, Event, TokenId};
use super::mask::{Mask, difference};
use super::steps::{Step, UNOBSERVED};
use super::walker::{Candidate, Move, Walker};
use crate::budget::Meter;
use crate::error::StopReason;

/// In which order the moves of a configuration are tried.
mod priority {
    pub(super) const SURE: u8 = 0;
    pub(super) const FORCED: u8 = 1;
    pub(super) const HELPFUL: u8 = 2;
    pub(super) const LATER: u8 = 3;
    pub(super) const CRASHED_HELPFUL: u8 = 4;
    pub(super) const CRASHED: u8 = 5;
}

impl<K: Mask> Walker<'_, K> {
    /// Puts the successors of `config`, whose next event is a return that forces a choice, among
    /// those pending.
    ///
    /// # Errors
    /// If `meter` says to stop: then some are missing.
    pub(super) fn expand(&mut self, config: &Config<K>, meter: &Meter) -> Result<(), StopReason> {
        let Event::Return(forced) = self.prepared.events[config.event as usize] else {
            return Ok(());
        };
        self.expansion += 1;
        let needed = self.class_of(forced).requires;
        let mut deadlines = std::mem::take(&mut self.deadlines);
        deadlines.clear();
        difference(self.window.open(), config.mask.words(), |slot| {
            let item = self.window.item(slot);
            if !self.class_of(item).pure {
                deadlines.push((self.prepared.items[item as usize].ret, item));
            }
            true
        });
        deadlines.sort_unstable();
        for (tried, &(_, item)) in deadlines.iter().enumerate() {
            self.poll_between(tried, meter)?;
            self.try_item(config, item, item == forced, needed);
        }
        self.deadlines = deadlines;
        self.try_pass(config, forced);
        // Classes are in the order of their first calls.
        let is_called = |twins: &CrashedClass| twins.calls.first() <= Some(&config.event);
        for group in 0..self.prepared.crashed.partition_point(is_called) as u32 {
            self.poll_between(group as usize, meter)?;
            self.try_crashed(config, group, needed);
        }
        Ok(())
    }

    /// Pends what the operation that `by` names makes of `config`, which waits for `forced`.
    pub(super) fn try_move(&mut self, config: &Config<K>, by: Move, forced: u32) {
        self.expansion += 1;
        let needed = self.class_of(forced).requires;
        match by {
            Move::Item(item) => self.try_item(config, item, item == forced, needed),
            Move::Crashed(group) => self.try_crashed(config, group, needed),
            Move::Pass => self.try_pass(config, forced),
            Move::Start => {}
        }
    }

    /// Looks at the limits, unless what was `tried` since the last look took little time.
    fn poll_between(&self, tried: usize, meter: &Meter) -> Result<(), StopReason> {
        let is_time = tried > 0 && (tried as u64).is_multiple_of(self.poll_every);
        if is_time { meter.poll() } else { Ok(()) }
    }

    fn try_item(&mut self, config: &Config<K>, item: u32, forced: bool, needed: TokenId) {
        let class_id = self.prepared.items[item as usize].class;
        let class = self.prepared.classes[class_id as usize];
        // Of interchangeable operations, the one with the earliest return.
        let optional = usize::from(self.is_optional(item));
        let stamp = &mut self.stamps[class_id as usize][optional];
        if std::mem::replace(stamp, self.expansion) == self.expansion {
            return;
        }
        if class.overwrites
            && (config.must_be_seen || !forced && !self.can_be_seen(config, class.gives))
        {
            return;
        }
        let priority = if forced {
            priority::FORCED
        } else if needed != TokenId::NONE && class.gives == needed {
            priority::HELPFUL
        } else {
            priority::LATER
        };
        let slot = self.prepared.items[item as usize].slot;
        let mut base = config.clone();
        base.mask.insert(slot);
        base.must_be_seen = class.overwrites && !forced;
        self.try_steps(config, base, class_id, Move::Item(item), priority);
    }

    fn try_crashed(&mut self, config: &Config<K>, group: u32, needed: TokenId) {
        let twins = &self.prepared.crashed[group as usize];
        let class_id = twins.class;
        let next = usize::from(self.used.count(config.used, group as usize));
        // All interchangeable operations that are open come before one that crashed.
        if twins.calls.get(next).is_none_or(|&call| call > config.event)
            || self.stamps[class_id as usize].contains(&self.expansion)
        {
            return;
        }
        let class = self.prepared.classes[class_id as usize];
        if class.overwrites && (config.must_be_seen || !self.can_be_seen(config, class.gives)) {
            return;
        }
        if class.requires != TokenId::NONE && class.requires != self.steps.token(config.state) {
            return;
        }
        self.stamps[class_id as usize][0] = self.expansion;
        let helpful = needed != TokenId::NONE && class.gives == needed;
        let mut base = config.clone();
        base.used = self.used.with(config.used, group as usize, &mut self.counts);
        base.must_be_seen = self.prepared.overwrites;
        let priority = if helpful { priority::CRASHED_HELPFUL } else { priority::CRASHED };
        self.try_steps(config, base, class_id, Move::Crashed(group), priority);
    }

    /// Pends what an operation of `class` makes of `base`, for each state that it may lead to.
    fn try_steps(&mut self, from: &Config<K>, base: Config<K>, class: u32, by: Move, priority: u8) {
        match self.step(from.state, class) {
            Step::Illegal => {}
            Step::One(state) => self.try_state(from, base, state, class, by, priority),
            Step::Several(list) => {
                for at in 0..self.steps.several(list).len() {
                    let state = self.steps.several(list)[at];
                    self.try_state(from, base.clone(), state, class, by, priority);
                }
            }
        }
    }

    fn try_state(
        &mut self,
        from: &Config<K>,
        mut config: Config<K>,
        state: u32,
        class: u32,
        by: Move,
        priority: u8,
    ) {
        let overwrites = self.prepared.classes[class as usize].overwrites;
        if matches!(by, Move::Crashed(_))
            && state == from.state
            && !(overwrites && self.can_cover(from))
        {
            // It might as well not have happened.
            return;
        }
        config.state = state;
        if overwrites {
            config.cover = config.event;
        }
        if self.close(&mut config) > 0 {
            config.must_be_seen = false;
        }
        let (old, new) = (self.steps.token(from.state), self.steps.token(state));
        if old == new || self.can_lose(&config, old) {
            self.pending.push(Candidate { config, by, priority });
        }
    }

    /// Whether an overwrite now would hide an open operation that none has hidden before.
    fn can_cover(&self, config: &Config<K>) -> bool {
        !difference(self.window.open(), config.mask.words(), |slot| {
            let item = self.window.item(slot);
            let call = self.prepared.items[item as usize].call;
            call < config.cover || call < self.begin || !self.class_of(item).overwrites
        })
    }

    /// The operation that returns may count as hidden, if an overwrite came after its call; or as
    /// linearized before the search began.
    fn try_pass(&mut self, config: &Config<K>, forced: u32) {
        let item = self.prepared.items[forced as usize];
        let class = *self.class_of(forced);
        if self.is_optional(forced) {
            if !config.must_be_seen {
                let mut config = config.clone();
                config.mask.insert(item.slot);
                self.pending.push(Candidate { config, by: Move::Pass, priority: priority::SURE });
            }
            return;
        }
        if !class.overwrites || item.call >= config.cover || config.must_be_seen {
            return;
        }
        let unobserved = config.state == UNOBSERVED;
        let same = matches!(self.step(config.state, item.class),
            Step::One(state) if state == config.state);
        if unobserved || same {
            // To linearize it now leaves as much open, and hides more.
            return;
        }
        let mut config = config.clone();
        config.mask.insert(item.slot);
        let token = self.steps.token(config.state);
        if token == class.gives || self.can_lose(&config, class.gives) {
            let here = self.next_need(&config, token);
            let there = self.next_need(&config, class.gives);
            let priority = if here < there { priority::SURE } else { priority::HELPFUL };
            self.pending.push(Candidate { config, by: Move::Pass, priority });
        }
    }

    /// Whether the operation that returns, if it overwrites, may count as hidden without any
    /// alternative: an overwrite came after its call, and nobody will ever need what it wrote.
    pub(super) fn is_hidden_for_free(&self, config: &Config<K>, item: u32) -> bool {
        let class = self.class_of(item);
        class.overwrites
            && !self.is_optional(item)
            && self.prepared.items[item as usize].call < config.cover
            && !config.must_be_seen
            && !self.prepared.opaque
            && class.gives != TokenId::NONE
            && !self.is_needed(config, class.gives)
    }

    /// Brings `config` into the form in which equal ones are equal.
    pub(super) fn settle(&self, config: &mut Config<K>) {
        if !self.prepared.opaque && config.state != UNOBSERVED {
            let token = self.steps.token(config.state);
            if !self.is_needed(config, token) {
                config.state = UNOBSERVED;
            }
        }
        if config.cover > 0 {
            let mut cover = 0;
            difference(self.window.open(), config.mask.words(), |slot| {
                let item = self.window.item(slot);
                let call = self.prepared.items[item as usize].call;
                if call < config.cover && call >= self.begin && self.class_of(item).overwrites {
                    cover = cover.max(call + 1);
                }
                true
            });
            config.cover = cover;
        }
    }

    /// Whether an open operation requires what can no longer be established in time.
    pub(super) fn is_dead_end(&self, config: &Config<K>) -> bool {
        if self.prepared.unknown_gives {
            return false;
        }
        let token = self.steps.token(config.state);
        let alive = |slot| {
            let item = self.window.item(slot);
            let requires = self.class_of(item).requires;
            requires == TokenId::NONE
                || requires == token
                || self.is_optional(item)
                || self.can_come_back(config, requires, self.prepared.items[item as usize].ret)
        };
        !difference(self.window.open(), config.mask.words(), alive)
    }

    /// Whether `token` may be left: no completed operation needs it any more, or it can be
    /// established again before the first that does returns.
    fn can_lose(&self, config: &Config<K>, token: TokenId) -> bool {
        match self.next_need(config, token) {
            u32::MAX => true,
            deadline => self.can_come_back(config, token, deadline),
        }
    }

    /// The earliest return of a completed operation to be linearized that requires `token`;
    /// `u32::MAX` if there is none.
    fn next_need(&self, config: &Config<K>, token: TokenId) -> u32 {
        if token == TokenId::NONE {
            return u32::MAX;
        }
        let mut earliest = self.prepared.tokens.next_observation(token, config.event);
        difference(self.window.open(), config.mask.words(), |slot| {
            let item = self.window.item(slot);
            if self.class_of(item).requires == token && !self.is_optional(item) {
                earliest = earliest.min(self.prepared.items[item as usize].ret);
            }
            true
        });
        earliest
    }

    /// Whether any operation to be linearized may require `token`, crashed ones included.
    #[inline]
    fn is_needed(&self, config: &Config<K>, token: TokenId) -> bool {
        token != TokenId::NONE
            && (self.next_need(config, token) != u32::MAX
                || self.may_serve_optional(config, token)
                || self.prepared.tokens.crashed_observers(token).iter().any(|&group| {
                    let twins = &self.prepared.crashed[group as usize];
                    usize::from(self.used.count(config.used, group as usize)) < twins.calls.len()
                }))
    }

    /// Whether an open operation requires `token` that was perhaps linearized before the search
    /// began.
    fn may_serve_optional(&self, config: &Config<K>, token: TokenId) -> bool {
        self.begin > 0
            && !difference(self.window.open(), config.mask.words(), |slot| {
                let item = self.window.item(slot);
                !self.is_optional(item) || self.class_of(item).requires != token
            })
    }

    /// Whether an open operation can observe `token` right after it is established.
    fn can_be_seen(&self, config: &Config<K>, token: TokenId) -> bool {
        if self.prepared.opaque || token == TokenId::NONE {
            return true;
        }
        let unseen = |slot| self.class_of(self.window.item(slot)).requires != token;
        !difference(self.window.open(), config.mask.words(), unseen)
            || self.has_crashed(config, self.prepared.tokens.crashed_observers(token), config.event)
    }

    /// Whether `token` may still be established before `deadline`.
    #[inline]
    fn can_come_back(&self, config: &Config<K>, token: TokenId, deadline: u32) -> bool {
        let barren = |slot| self.class_of(self.window.item(slot)).gives != token;
        self.prepared.unknown_gives
            || self.prepared.tokens.is_produced_between(token, config.event, deadline)
            || !difference(self.window.open(), config.mask.words(), barren)
            || self.has_crashed(config, self.prepared.tokens.crashed_producers(token), deadline)
    }

    /// Whether one of the crashed classes has an unused operation that is called before `event`.
    fn has_crashed(&self, config: &Config<K>, groups: &[u32], event: u32) -> bool {
        groups.iter().any(|&group| {
            let calls = &self.prepared.crashed[group as usize].calls;
            let next = usize::from(self.used.count(config.used, group as usize));
            calls.get(next).is_some_and(|&call| call < event)
        })
    }

    fn class_of(&self, item: u32) -> &super::items::Class {
        &self.prepared.classes[self.prepared.items[item as usize].class as usize]
    }
}
