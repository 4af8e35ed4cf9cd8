//! Frontiers that hold less than all configurations, or more, where all would be too many.

use std::collections::VecDeque;

use super::config::{Config, Configs, Side, WIDTH};
use super::exact::Frontier;
use super::states::StateId;
use crate::history::hash::Map;
use crate::history::sort;

impl Frontier {
    /// Whether it holds only some of the configurations.
    pub(super) fn is_cut(&self) -> bool {
        self.side == Side::Below
    }

    /// From now on, holds only some of the configurations.
    pub(super) fn cut(&mut self) {
        self.side = Side::Below;
        self.drop_doubtful();
        self.narrow();
    }

    /// Holds only configurations that are certain.
    pub(super) fn drop_doubtful(&mut self) {
        if self.configs.as_slice().iter().any(|config| config.is_doubtful) {
            for config in self.configs.take().into_iter().filter(|config| !config.is_doubtful) {
                self.configs.insert(config, [&self.pure, &self.covered]);
            }
        }
    }

    /// The same, with all configurations and more: see [`Side::Above`].
    pub(super) fn above(&self) -> Frontier {
        let mut configs = Configs::default();
        for config in self.configs.as_slice() {
            configs.insert(config.without_used(), [&self.pure, &self.covered]);
        }
        Frontier {
            side: Side::Above,
            slots: self.slots.clone(),
            open: self.open.clone(),
            pure: self.pure.clone(),
            covered: self.covered.clone(),
            watching: self.watching,
            looks_back: self.looks_back,
            states: self.states.clone(),
            configs,
            lean: self.lean,
            lost: self.lost.clone(),
            now: self.now,
            past: self.past.clone(),
            visited: 0,
            effort: self.effort,
            reached: Configs::default(),
            tried: Configs::default(),
            pending: VecDeque::new(),
        }
    }

    /// Keeps of each state those configurations that have used the fewest crashed operations, and
    /// not more than [`WIDTH`] in all.
    pub(super) fn narrow(&mut self) {
        if self.configs.len() <= WIDTH {
            return;
        }
        let mut configs = self.configs.take();
        sort::by(&mut configs, |config| config.used.len());
        let mut ranks: Map<StateId, u32> = Map::default();
        let ranked = configs.into_iter().map(|config| {
            let rank = ranks.entry(config.state).or_insert(0);
            *rank += 1;
            (*rank, config)
        });
        let mut ranked: Vec<(u32, Config)> = ranked.collect();
        sort::by(&mut ranked, |&(rank, _)| rank);
        ranked.truncate(WIDTH);
        for (_, config) in ranked {
            self.configs.insert(config, [&self.pure, &self.covered]);
        }
    }
}
