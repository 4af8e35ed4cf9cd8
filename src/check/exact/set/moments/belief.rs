//! What may be so of one element: its configurations, and what they can become.

use super::super::act::Act;

/// One way for an element to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Config {
    pub(super) there: bool,
    /// Of its open operations, by their bits, those that have their point, or had a moment for it,
    pub(super) seen: u64,
    /// and those that flipped it.
    pub(super) used: u64,
    /// How many crashed operations flipped it, by what they make of it.
    pub(super) crashed: [u32; 2],
}

impl Config {
    /// That of an element on which nothing was called yet.
    pub(super) fn new(there: bool) -> Config {
        Config { there, seen: 0, used: 0, crashed: [0; 2] }
    }

    /// What it is once the operation of `bit` has returned.
    pub(super) fn without(mut self, bit: u64) -> Config {
        self.seen &= !bit;
        self.used &= !bit;
        self
    }

    /// What it is once `open` was called: its moment may be just now.
    pub(super) fn with(mut self, open: &Open) -> Config {
        if open.act == (Act::Set { to: self.there }) || open.act == Act::See(self.there) {
            self.seen |= open.bit;
        }
        self
    }
}

/// An open operation on an element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) act: Act,
    pub(super) bit: u64,
    /// The event of its return.
    pub(super) ret: u32,
    pub(super) at: u32,
}

/// The open operations on an element in the order of their returns, and those that crashed in the
/// order of their calls, by what they make of it.
#[derive(Clone, Default, Debug)]
pub(super) struct Table {
    pub(super) open: Vec<Open>,
    pub(super) crashed: [Vec<u32>; 2],
}

/// A configuration that was reached: from which one, and by which operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) config: Config,
    pub(super) from: u32,
    pub(super) by: Option<u32>,
}

/// Room to work in.
#[derive(Default)]
pub(super) struct Scratch {
    /// The configurations that were asked for.
    pub(super) out: Vec<Config>,
    /// All that one configuration can become, itself first.
    pub(super) closed: Vec<Reached>,
    /// Whether some were left out, since there were too many.
    pub(super) is_cut: bool,
    /// How many configurations were compared.
    pub(super) compared: u64,
}

/// So many configurations are reached from one at most, and so many are believed.
const MOST: usize = 64;

impl Table {
    pub(super) fn call(&mut self, open: Open) {
        let place = self.open.partition_point(|other| other.ret < open.ret);
        self.open.insert(place, open);
    }

    pub(super) fn remove(&mut self, bit: u64) {
        self.open.retain(|open| open.bit != bit);
    }

    /// Whether all that can follow `b` can follow `a`: `a` has no fewer operations behind it, and
    /// for each operation that flipped the element in `a`, another one did in `b` that returns no
    /// earlier.
    pub(super) fn is_as_good(&self, a: &Config, b: &Config) -> bool {
        if a.there != b.there || b.seen & !a.seen != 0 {
            return false;
        }
        let lead = |to: usize| i64::from(b.crashed[to]) - i64::from(a.crashed[to]);
        let mut leads = [lead(0), lead(1)];
        if leads.iter().any(|&lead| lead < 0) {
            return false;
        }
        if a.used == b.used {
            return true;
        }
        self.open.iter().rev().all(|open| {
            let [by_a, by_b] = [a, b].map(|config| config.used & open.bit != 0);
            match open.act {
                Act::Flip { .. } => by_a == by_b,
                Act::Set { to } => {
                    let lead = &mut leads[usize::from(to)];
                    *lead += i64::from(by_b) - i64::from(by_a);
                    *lead >= 0
                }
                Act::See(_) | Act::Any => true,
            }
        })
    }

    /// Tells what `config` becomes by one flip. Of those that can do it alike, the one that returns
    /// first does.
    fn flip(&self, config: &Config, mut reach: impl FnMut(Config, u32)) {
        let to = !config.there;
        let first =
            |act: Act| self.open.iter().find(|open| open.act == act && config.used & open.bit == 0);
        let (set, flip) = (first(Act::Set { to }), first(Act::Flip { to }));
        let mut next = Config { there: to, ..*config };
        for open in &self.open {
            next = next.with(open);
        }
        if let Some(flip) = flip {
            let (seen, used) = (next.seen | flip.bit, next.used | flip.bit);
            reach(Config { seen, used, ..next }, flip.at);
        }
        match (set, flip) {
            (Some(set), Some(flip)) if flip.ret < set.ret => {}
            (Some(set), _) => reach(Config { used: next.used | set.bit, ..next }, set.at),
            // It has to flip the element, and returns before what crashed.
            (None, Some(_)) => {}
            (None, None) => {
                let used = &mut next.crashed[usize::from(to)];
                if let Some(&at) = self.crashed[usize::from(to)].get(*used as usize) {
                    *used += 1;
                    reach(next, at);
                }
            }
        }
    }

    /// Finds all that `config` can become before the next event.
    pub(super) fn close(&self, config: &Config, scratch: &mut Scratch) {
        let closed = &mut scratch.closed;
        closed.clear();
        closed.push(Reached { config: *config, from: 0, by: None });
        let mut at = 0;
        while at < closed.len() {
            if closed.len() > MOST {
                scratch.is_cut = true;
                break;
            }
            let config = closed[at].config;
            self.flip(&config, |next, by| {
                if !closed.iter().any(|other| self.is_as_good(&other.config, &next)) {
                    closed.push(Reached { config: next, from: at as u32, by: Some(by) });
                }
            });
            at += 1;
        }
        scratch.compared += (closed.len() * closed.len()) as u64;
    }

    /// Leaves out what others can become, or are as good as, so that nothing is done before it is
    /// needed.
    pub(super) fn reduce(&self, scratch: &mut Scratch) {
        let mut configs = std::mem::take(&mut scratch.out);
        configs.sort_unstable();
        configs.dedup();
        let mut at = 0;
        while at < configs.len() && configs.len() > 1 {
            let config = configs[at];
            self.close(&config, scratch);
            scratch.compared += (configs.len() * scratch.closed.len()) as u64;
            let (mut place, mut before) = (0, 0);
            configs.retain(|other| {
                let here = place;
                place += 1;
                let is_kept = here == at
                    || !scratch.closed.iter().any(|it| self.is_as_good(&it.config, other));
                before += usize::from(!is_kept && here < at);
                is_kept
            });
            at = at + 1 - before;
        }
        scratch.is_cut |= configs.len() > MOST;
        configs.truncate(MOST);
        scratch.out = configs;
    }

    /// Finds what `configs` become if the element is seen, there or not.
    pub(super) fn see(&self, configs: &[Config], there: bool, scratch: &mut Scratch) {
        scratch.out.clear();
        for config in configs {
            self.close(config, scratch);
            let seen = scratch.closed.iter().filter(|it| it.config.there == there);
            scratch.out.extend(seen.map(|it| it.config));
        }
        self.reduce(scratch);
    }

    /// Finds what `configs` become by the return of the operation of `bit`; not reduced, as that is
    /// up to the table without it.
    pub(super) fn finish(&self, configs: &[Config], bit: u64, scratch: &mut Scratch) {
        scratch.out.clear();
        for config in configs {
            self.close(config, scratch);
            let seen = scratch.closed.iter().filter(|it| it.config.seen & bit != 0);
            scratch.out.extend(seen.map(|it| it.config.without(bit)));
        }
    }
}
