//! A minimal core: few operations of a failing key that cannot be ordered by themselves.
//!
//! An operation may be left out only if every legal sequence stays legal without it, for else the
//! rest could fail where the whole does not. [`crate::proof::is_sound_projection`] states the rule
//! and checks what is found here: pure operations may go, and so may an operation of which no
//! operation kept can see the effect, and all operations of one part.
//!
//! More operations never make a failing set linearizable, so the smallest failing prefix of a list
//! ends in an operation that is needed, and repeating that with what is before it ends in a minimal
//! set (the idea of QuickXplain: Junker 2004). With galloping, the cost follows the size of the
//! core and of the history between its operations, not that of the whole history.

use rustc_hash::FxHashMap;

use crate::check::{Meter, is_linearizable};
use crate::history::NEVER;
use crate::model::{Establishes, Facts, Model, Part, Reading, Token};

/// With more operations than this that can never be left out, no core is worth the time.
const LARGE: usize = 1_000;

/// Finds a minimal core of `readings`, which are not linearizable, and returns their indices into
/// the history, ascending. `near` is the operation around which it is likely. When the budget of
/// `meter` ends, or more than `allowance` configurations were visited, the smallest core found so
/// far is returned. It is empty where a core would have to be large.
pub(crate) fn minimal_core<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    near: u32,
    meter: &Meter,
    allowance: u64,
) -> Vec<u32> {
    let facts: Vec<Facts> = readings.iter().map(|reading| model.facts(&reading.op)).collect();
    let mut reducer = Reducer::new(model, readings, facts, meter, allowance);
    if reducer.base.len() > LARGE {
        return Vec::new();
    }
    let mut kept: Vec<u32> = Vec::new();
    let mut rest = reducer.elements(near);
    while let Some(fails) = reducer.fails(&kept, &[]) {
        if fails {
            rest.clear();
            break;
        }
        match reducer.smallest_failing_prefix(&kept, &rest) {
            Some(0) | None => break,
            Some(len) => {
                rest.truncate(len);
                kept.extend(rest.pop());
            }
        }
    }
    let chosen = reducer.closure(&kept, &rest);
    chosen.into_iter().map(|at| readings[at as usize].index).collect()
}

struct Reducer<'a, M: Model> {
    model: &'a M,
    readings: &'a [Reading<M::Op>],
    facts: Vec<Facts>,
    /// Readings that must be kept with one that requires a token, or is about a part: those that
    /// establish the token, or change the part.
    followers: FxHashMap<Token, Vec<u32>>,
    /// What of a reading decides who must be kept with it.
    leads: fn(&Facts) -> Option<Token>,
    /// Readings that can never be left out, since it is not known who sees their effect.
    base: Vec<u32>,
    meter: &'a Meter,
    /// Configurations visited, and how many may be.
    spent: u64,
    allowance: u64,
    /// For each reading, the closure in which it was last chosen.
    stamps: Vec<u32>,
    closures: u32,
}

impl<'a, M: Model> Reducer<'a, M> {
    fn new(
        model: &'a M,
        readings: &'a [Reading<M::Op>],
        facts: Vec<Facts>,
        meter: &'a Meter,
        allowance: u64,
    ) -> Self {
        let tokens_tell_all = crate::proof::tokens_tell_all(model, readings, &facts);
        let has_parts = facts.iter().all(|facts| facts.part != Part::Whole);
        let follows: fn(&Facts) -> Option<Token> = match (tokens_tell_all, has_parts) {
            (true, _) => |facts| match facts.establishes {
                Establishes::Token(token) => Some(token),
                _ => None,
            },
            (false, true) => part,
            (false, false) => |_| None,
        };
        let mut followers: FxHashMap<Token, Vec<u32>> = FxHashMap::default();
        let mut base = Vec::new();
        for (at, facts) in facts.iter().enumerate().filter(|(_, facts)| !facts.pure) {
            match follows(facts) {
                Some(token) => followers.entry(token).or_default().push(at as u32),
                None => base.push(at as u32),
            }
        }
        let stamps = vec![0; readings.len()];
        Reducer {
            model,
            readings,
            facts,
            followers,
            leads: if tokens_tell_all { |facts| facts.requires } else { part },
            base,
            meter,
            spent: 0,
            allowance,
            stamps,
            closures: 0,
        }
    }

    /// What may be left out or kept, those close to the reading `near` first.
    fn elements(&self, near: u32) -> Vec<u32> {
        let Some(center) = self.readings.iter().find(|reading| reading.index == near) else {
            return Vec::new();
        };
        let (call, ret) = (center.span.call, center.span.ret);
        let distance = |at: u32| {
            let span = self.readings[at as usize].span;
            let before = call.saturating_sub(if span.ret == NEVER { span.call } else { span.ret });
            before.max(span.call.saturating_sub(ret))
        };
        // What never returned and changes nothing is of no use in a core.
        let is_idle =
            |at: u32| self.facts[at as usize].pure && self.readings[at as usize].span.ret == NEVER;
        let is_base = |at: u32| self.base.binary_search(&at).is_ok();
        let mut elements: Vec<u32> =
            (0..self.readings.len() as u32).filter(|&at| !is_base(at) && !is_idle(at)).collect();
        elements.sort_by_key(|&at| (self.readings[at as usize].index != near, distance(at), at));
        elements
    }

    /// The length of the smallest prefix of `rest` that fails together with `kept`; `None` if the
    /// budget ended.
    fn smallest_failing_prefix(&mut self, kept: &[u32], rest: &[u32]) -> Option<usize> {
        let (mut low, mut high) = (0, rest.len());
        let mut step = 1;
        // Without it, the prefix of length `low` is linearizable; that of length `high` fails.
        loop {
            let probe = low + step;
            if probe >= high {
                break;
            }
            if self.fails(kept, &rest[..probe])? {
                high = probe;
                break;
            }
            low = probe;
            step *= 2;
        }
        while low + 1 < high {
            let probe = low + (high - low) / 2;
            if self.fails(kept, &rest[..probe])? {
                high = probe;
            } else {
                low = probe;
            }
        }
        Some(high)
    }

    /// Whether these readings, with all that must be kept with them, are not linearizable.
    fn fails(&mut self, kept: &[u32], more: &[u32]) -> Option<bool> {
        let chosen = self.closure(kept, more);
        let readings: Vec<Reading<M::Op>> =
            chosen.iter().map(|&at| self.readings[at as usize].clone()).collect();
        let (linearizable, effort) = is_linearizable(self.model, &readings, self.meter);
        self.spent += effort.configurations;
        linearizable.filter(|_| self.spent < self.allowance).map(|linearizable| !linearizable)
    }

    /// These readings with all that must be kept with them, ascending.
    fn closure(&mut self, kept: &[u32], more: &[u32]) -> Vec<u32> {
        self.closures += 1;
        let mut chosen: Vec<u32> = Vec::new();
        for &at in self.base.iter().chain(kept).chain(more) {
            if std::mem::replace(&mut self.stamps[at as usize], self.closures) != self.closures {
                chosen.push(at);
            }
        }
        let mut next = 0;
        while let Some(&at) = chosen.get(next) {
            next += 1;
            let Some(token) = (self.leads)(&self.facts[at as usize]) else { continue };
            for &follower in self.followers.get(&token).into_iter().flatten() {
                let stamp = &mut self.stamps[follower as usize];
                if std::mem::replace(stamp, self.closures) != self.closures {
                    chosen.push(follower);
                }
            }
        }
        chosen.sort_unstable();
        chosen
    }
}

/// The part that an operation is about, if it is one.
fn part(facts: &Facts) -> Option<Token> {
    match facts.part {
        Part::One(part) => Some(part),
        Part::Whole | Part::Any => None,
    }
}
