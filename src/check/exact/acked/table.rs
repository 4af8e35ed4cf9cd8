//! What is open on an item, and what its copies can become.

use super::config::Config;
use super::problem::Act;

/// An open operation on an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) act: Act,
    pub(super) bit: u64,
    /// The event of its return.
    pub(super) ret: u32,
    pub(super) at: u32,
}

/// The open operations on an item in the order of their returns, and those that crashed in the
/// order of their calls, by what they do; no dequeues, which belong to all items.
#[derive(Clone, Default, Debug)]
pub(super) struct Table {
    pub(super) open: Vec<Open>,
    pub(super) crashed: [Vec<u32>; 4],
    /// The bits of the dequeues, and of those that acknowledge or put back.
    takes: u64,
    settles: u64,
}

/// Who changed something.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    One(u32),
    /// One of the dequeues that crashed.
    CrashedTake,
}

/// A configuration that was reached: from which one, by what, and in how many steps, of which so
/// many by operations that crashed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) config: Config,
    pub(super) from: u32,
    pub(super) by: Option<(Act, By)>,
    steps: u32,
    crashed: u32,
}

/// What is wanted of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goal {
    /// That an operation can return.
    Finish { bit: u64, act: Act, at: u32 },
    /// That no copy waits.
    NoneWaits,
}

/// Room to work in.
#[derive(Default)]
pub(super) struct Scratch {
    /// What one configuration can become, itself first.
    pub(super) closed: Vec<Reached>,
    /// Those of them in which the goal is reached.
    pub(super) goals: Vec<u32>,
    /// How many dequeues crashed so far.
    pub(super) crashed_takes: u32,
    /// How many configurations were looked at.
    pub(super) looked: u64,
    pub(super) again: Again,
}

/// When copies are handed out again.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Again {
    /// Only if none of them waits, so that a dequeue that can take a copy that waits does so.
    #[default]
    Last,
    /// At any time.
    Anytime,
}

/// So many configurations are reached from one at most.
const MOST: usize = 96;

/// Before an operation that returns, so many others are done at most, and so many that crashed.
const MOST_STEPS: u32 = 3;
const MOST_CRASHED: u32 = 2;

/// So many configurations of an item are believed at most.
const BELIEVED: usize = 16;

impl Table {
    pub(super) fn call(&mut self, open: Open) {
        let place = self.open.partition_point(|other| other.ret < open.ret);
        self.open.insert(place, open);
        self.count();
    }

    pub(super) fn remove(&mut self, bit: u64) {
        self.open.retain(|open| open.bit != bit);
        self.count();
    }

    fn count(&mut self) {
        let bits = |is: fn(Act) -> bool| {
            let which = self.open.iter().filter(|open| is(open.act));
            which.fold(0, |bits, open| bits | open.bit)
        };
        let takes = bits(|act| act == Act::Take);
        let settles = bits(|act| matches!(act, Act::Ack | Act::Nack));
        (self.takes, self.settles) = (takes, settles);
    }

    /// Notes which open operations have a moment here at which they change nothing.
    pub(super) fn see(&self, config: Config) -> Config {
        let takes = if config.may_idle(Act::Take) { self.takes } else { 0 };
        let settles = if config.may_idle(Act::Ack) { self.settles } else { 0 };
        Config { seen: config.seen | takes | settles, ..config }
    }

    /// Whether all that can follow `b` can follow `a`, or nearly all: the same operations have to
    /// change something still, and no fewer can; and the same copies are left, or as many, of which
    /// fewer wait.
    fn is_as_good(a: &Config, b: &Config, again: Again) -> bool {
        let is_left = a.used & !b.used == 0 && b.used & !a.used & !a.seen == 0;
        let fewer_crashed = a.crashed.iter().zip(&b.crashed).all(|(a, b)| a <= b);
        let is_handed_out = again == Again::Last && b.taken > 0 && a.ready < b.ready;
        is_left
            && fewer_crashed
            && b.seen & !a.seen == 0
            && (a.is_settled || !b.is_settled)
            && a.ready + a.taken == b.ready + b.taken
            && (a.ready == b.ready || is_handed_out)
    }

    /// Leaves out configurations to which others are as good, and those that are one too many.
    pub(super) fn reduce(configs: &mut Vec<Config>, again: Again) {
        configs.sort_unstable_by_key(|config| (config.cost(), *config));
        configs.dedup();
        let mut kept: Vec<Config> = Vec::with_capacity(configs.len());
        for config in configs.drain(..) {
            if !kept.iter().any(|other| Self::is_as_good(other, &config, again)) {
                kept.retain(|other| !Self::is_as_good(&config, other, again));
                kept.push(config);
            }
        }
        kept.truncate(BELIEVED);
        kept.sort_unstable();
        *configs = kept;
    }

    /// Tells what `config` becomes by one change, and whether by what crashed. Of those that had a
    /// moment to change nothing, and of those that had none, the one that returns first does it; if
    /// none is open, one that crashed.
    fn change(
        &self,
        config: &Config,
        act: Act,
        crashed_takes: u32,
        mut reach: impl FnMut(Config, By, bool),
    ) {
        let Some(mut next) = config.after(act) else { return };
        let mut is_any = false;
        for bits in [config.seen, !config.seen] {
            let fits = |open: &&Open| open.act == act && open.bit & bits & !config.used != 0;
            if let Some(open) = self.open.iter().find(fits) {
                is_any = true;
                let used = next.used | open.bit;
                reach(self.see(Config { used, ..next }), By::One(open.at), false);
            }
        }
        if is_any {
            return;
        }
        let used = &mut next.crashed[act as usize];
        let by = if act == Act::Take {
            (*used < crashed_takes).then_some(By::CrashedTake)
        } else {
            self.crashed[act as usize].get(*used as usize).copied().map(By::One)
        };
        if let Some(by) = by {
            *used += 1;
            reach(self.see(next), by, true);
        }
    }

    /// Finds what `config` can become in which the goal is reached, with little else done.
    pub(super) fn close(&self, config: &Config, goal: Goal, scratch: &mut Scratch) {
        scratch.closed.clear();
        scratch.goals.clear();
        let first = Reached { config: *config, from: 0, by: None, steps: 0, crashed: 0 };
        scratch.closed.push(first);
        let mut at = 0;
        while at < scratch.closed.len().min(MOST) {
            let reached = scratch.closed[at];
            match goal {
                Goal::NoneWaits => self.hand_out(&reached, at as u32, scratch),
                Goal::Finish { bit, act, at: op } => {
                    self.finish(&reached, at as u32, (bit, act, op), scratch);
                }
            }
            at += 1;
        }
        scratch.looked += scratch.closed.len() as u64;
    }

    fn hand_out(&self, reached: &Reached, at: u32, scratch: &mut Scratch) {
        if reached.config.ready == 0 {
            scratch.goals.push(at);
            return;
        }
        // With more than one handed out, what is acknowledged does not wait.
        let late = (reached.config.taken <= 1).then_some(Act::Ack);
        for act in [Act::Take].into_iter().chain(late) {
            self.change(&reached.config, act, scratch.crashed_takes, |config, by, _| {
                let by = Some((act, by));
                scratch.push(Reached { config, from: at, by, steps: 0, crashed: 0 });
            });
        }
    }

    fn finish(
        &self,
        reached: &Reached,
        at: u32,
        (bit, act, op): (u64, Act, u32),
        scratch: &mut Scratch,
    ) {
        let Reached { config, steps, crashed, .. } = *reached;
        if config.used & bit != 0 {
            scratch.goals.push(at);
            return;
        }
        // Others can do something later, too, unless its moment comes by what they do.
        let is_new = at == 0 || scratch.closed[0].config.seen & bit == 0;
        if config.seen & bit != 0 && is_new {
            scratch.goals.push(at);
        }
        let changed = config.after(act);
        if let Some(next) = changed {
            let config = self.see(Config { used: next.used | bit, ..next });
            let by = Some((act, By::One(op)));
            scratch.push(Reached { config, from: at, by, steps, crashed });
        }
        if steps >= MOST_STEPS {
            return;
        }
        for other in [Act::Put, Act::Take, Act::Ack, Act::Nack] {
            if changed.is_some() && config.commutes(other, act) {
                continue;
            }
            self.change(&config, other, scratch.crashed_takes, |config, by, has_crashed| {
                let crashed = crashed + u32::from(has_crashed);
                if config.used & bit == 0 && crashed <= MOST_CRASHED {
                    let by = Some((other, by));
                    scratch.push(Reached { config, from: at, by, steps: steps + 1, crashed });
                }
            });
        }
    }
}

impl Scratch {
    /// The changes by which one of the configurations was reached.
    pub(super) fn path(&self, mut at: u32) -> Vec<(Act, By)> {
        let mut path = Vec::new();
        while let Some(change) = self.closed[at as usize].by {
            path.push(change);
            at = self.closed[at as usize].from;
        }
        path.reverse();
        path
    }

    fn push(&mut self, reached: Reached) {
        if !self.closed.iter().any(|other| other.config == reached.config) {
            self.closed.push(reached);
        }
    }
}
