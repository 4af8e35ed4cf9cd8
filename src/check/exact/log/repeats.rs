//! Logs in which values repeat: which of several equal appends put an entry where it was seen, and
//! which entries nobody saw.
//!
//! Places are filled one after the other, each as late as it can be: when an append returns that
//! has no place yet, or a read that saw more. Of the appends of one value, the one that returns
//! first comes first, and crashed ones last. So only a place that nobody saw leaves a choice, that
//! of the value: a [walk](super::super::walk) chooses, and prefers what needs few crashed appends.

use super::super::ends::{End, Ends};
use super::super::walk::{Board, Place as At};
use super::super::work::Work;
use super::Timed;
use crate::history::Value;
use crate::history::hash::Map;
use crate::model::log::Op;

/// No operation, no event.
const NONE: u32 = u32::MAX;

/// The number of all values that no place is known to hold.
const FREE: u32 = 0;

/// So many returns ahead it is seen whether appends find places by then.
const AHEAD: usize = 20;

/// So many values of crashed appends are tried at most where any value may stand.
const MANY: usize = 64;

/// What a place in the log holds.
#[derive(Clone, Copy)]
enum Place {
    /// What this operation appended.
    Owned(u32),
    /// What some append of this value put there; values are numbers.
    Of(u32),
    /// Anything.
    Any,
}

/// What an operation does, with its events.
#[derive(Clone, Copy)]
struct Act {
    what: What,
    call: u32,
    /// [`NONE`] if it crashed.
    ret: u32,
}

#[derive(Clone, Copy)]
enum What {
    /// Appends this value at some place that is not known.
    Append(u32),
    /// Appends at this place.
    Own(u32),
    /// Needs a log of at least `low` entries, and at most `high`.
    Look { low: u32, high: u32 },
}

/// The appends of one value that may be at several places, by their calls, and its places.
#[derive(Default)]
struct Same {
    calls: Vec<u32>,
    completed: Vec<u32>,
    crashed: Vec<u32>,
    places: Vec<u32>,
    /// So many of these appends may be at places that nobody saw, seen from each of `places` and
    /// from behind them, if those that are known from there on are to be filled in time.
    spare: Vec<u32>,
}

impl Same {
    /// How many of its places come before one.
    fn before(&self, place: u32) -> u32 {
        self.places.partition_point(|&known| known < place) as u32
    }
}

/// A log that is filled.
pub(super) struct Repeats {
    bottom: u32,
    places: Vec<Place>,
    acts: Vec<Act>,
    /// Which operation is called or returns.
    events: Vec<End>,
    /// By values.
    same: Vec<Same>,
    /// The values with crashed appends.
    crashing: Vec<u32>,
    /// The longest that the log may be before each event.
    highest: Vec<u32>,
    /// How many crashed appends may have happened before each event, at most.
    most: Vec<i64>,
    /// The returns of appends.
    returns: Vec<(u32, u32)>,
    /// What is counted of values while it is seen ahead, and for which.
    counts: Vec<Count>,
    counted: Vec<u32>,
}

/// How many appends of a value have to be placed, how many places it has, and how many of these
/// appends come before.
#[derive(Clone, Copy, Default)]
struct Count {
    needed: u32,
    places: u32,
    before: u32,
}

/// What was placed so far.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Config {
    /// The event that does not happen before something is placed.
    event: u32,
    /// Appends that were called, are not placed, and return, by their returns.
    open: Vec<u32>,
    /// How many appends of a value are at places that may hold anything, by values.
    taken: Vec<(u32, u32)>,
    /// How many crashed appends happened.
    crashed: u32,
}

impl Config {
    fn taken(&self, value: u32) -> u32 {
        let found = self.taken.binary_search_by_key(&value, |&(value, _)| value);
        found.map_or(0, |at| self.taken[at].1)
    }

    fn take(&mut self, value: u32) {
        match self.taken.binary_search_by_key(&value, |&(value, _)| value) {
            Ok(at) => self.taken[at].1 += 1,
            Err(at) => self.taken.insert(at, (value, 1)),
        }
    }
}

impl Repeats {
    /// A log that holds `entries`, null where anything may stand; the first `bottom` from the
    /// start on. Of some places the owners are known, and of some appends the places. `role` tells
    /// what a read asks for.
    pub(super) fn new(
        bottom: u32,
        entries: &[Value],
        (owners, levels): (&[u32], &[u32]),
        operations: &[Timed<'_, Op>],
        look: impl Fn(&Op) -> (u32, u32),
    ) -> Repeats {
        let mut same = vec![Same::default()];
        let mut numbers: Map<Value, u32> = Map::default();
        let mut places = vec![Place::Any; bottom as usize];
        for (place, (&entry, &owner)) in entries.iter().zip(owners).enumerate().skip(places.len()) {
            places.push(if owner != NONE {
                Place::Owned(owner)
            } else if entry.is_null() {
                Place::Any
            } else {
                let number = *numbers.entry(entry).or_insert(same.len() as u32);
                same.resize_with(same.len().max(number as usize + 1), Same::default);
                same[number as usize].places.push(place as u32);
                Place::Of(number)
            });
        }
        let act = |at: usize| {
            let what = match operations[at].op {
                Op::Append(..) if levels[at] != NONE => What::Own(levels[at]),
                Op::Append(value, _) => What::Append(numbers.get(value).copied().unwrap_or(FREE)),
                _ if !operations[at].has_returned() => What::Look { low: 0, high: NONE },
                op => {
                    let (low, high) = look(op);
                    What::Look { low, high }
                }
            };
            Act { what, call: NONE, ret: NONE }
        };
        let mut log = Repeats {
            bottom,
            places,
            acts: (0..operations.len()).map(act).collect(),
            events: Ends::of(operations).collect(),
            counts: vec![Count::default(); same.len()],
            same,
            crashing: Vec::new(),
            highest: Vec::new(),
            most: Vec::new(),
            returns: Vec::new(),
            counted: Vec::new(),
        };
        log.read_events();
        log.bound_lengths();
        log.count_spare();
        log
    }

    /// Notes when operations are called and return.
    fn read_events(&mut self) {
        for (event, end) in (0..).zip(&self.events) {
            match *end {
                End::Call(at) => self.acts[at as usize].call = event,
                End::Return(at) => {
                    self.acts[at as usize].ret = event;
                    if !matches!(self.acts[at as usize].what, What::Look { .. }) {
                        self.returns.push((event, at));
                    }
                }
            }
        }
        for (at, act) in (0..).zip(&self.acts) {
            let What::Append(value) = act.what else { continue };
            let same = &mut self.same[value as usize];
            same.calls.push(act.call);
            if act.ret == NONE { same.crashed.push(at) } else { same.completed.push(act.call) }
        }
        let has_crashed = |&value: &u32| !self.same[value as usize].crashed.is_empty();
        self.crashing = (0..self.same.len() as u32).filter(has_crashed).collect();
    }

    /// Finds how long the log may be before each event, and how many crashed appends it may hold.
    fn bound_lengths(&mut self) {
        let events = self.events.len();
        self.highest = vec![u32::MAX; events + 1];
        self.most = vec![i64::MAX; events + 1];
        let mut returned = self.returns.len() as i64;
        for (event, end) in self.events.iter().enumerate().rev() {
            let highest = self.highest[event + 1];
            self.highest[event] = match *end {
                End::Call(at) => match self.acts[at as usize].what {
                    What::Look { high, .. } => highest.min(high),
                    _ => highest,
                },
                End::Return(at) => {
                    returned -= i64::from(self.is_append(at));
                    highest
                }
            };
            let room = i64::from(self.highest[event]) - i64::from(self.bottom);
            self.most[event] = self.most[event + 1].min(room - returned);
        }
    }

    fn is_append(&self, at: u32) -> bool {
        !matches!(self.acts[at as usize].what, What::Look { .. })
    }

    /// Finds by which event each place is filled, and from that, how many appends of each value
    /// are not needed at places known to hold it.
    fn count_spare(&mut self) {
        let mut filled = vec![NONE; self.places.len() + 1];
        // So many appends had returned, more were called, and some crashed ones must have happened.
        let (mut returned, mut called, mut crashed) = (0, 0, 0);
        let mut level = self.bottom as usize;
        for (event, end) in (0..).zip(&self.events) {
            match *end {
                End::Call(at) => {
                    let Act { ret, .. } = self.acts[at as usize];
                    called += u32::from(self.is_append(at) && ret != NONE);
                }
                End::Return(at) => match self.acts[at as usize].what {
                    What::Look { low, .. } => {
                        crashed = low.saturating_sub(self.bottom + called).max(crashed);
                        if let Some(last) = low.checked_sub(1)
                            && let Some(filled) = filled.get_mut(last as usize)
                        {
                            *filled = event.min(*filled);
                        }
                    }
                    _ => returned += 1,
                },
            }
            while level < self.places.len() && level < (self.bottom + returned + crashed) as usize {
                filled[level] = event.min(filled[level]);
                level += 1;
            }
        }
        for place in (0..self.places.len()).rev() {
            filled[place] = filled[place].min(filled[place + 1]);
        }
        for same in &mut self.same {
            same.spare = vec![u32::MAX; same.places.len() + 1];
            for (nth, &place) in same.places.iter().enumerate().rev() {
                let by = filled[place as usize];
                let called = same.calls.partition_point(|&call| call < by) as u32;
                let spare = called.saturating_sub(nth as u32 + 1);
                same.spare[nth] = same.spare[nth + 1].min(spare);
            }
        }
    }

    /// Where the walk starts, if there is a way.
    pub(super) fn start(&self) -> Option<Config> {
        let mut config = Config::default();
        self.settle(&mut config, self.bottom).then_some(config)
    }

    /// Goes on to the next event before which something has to be placed; whether there may be a
    /// way from there.
    fn settle(&self, config: &mut Config, level: u32) -> bool {
        if level > self.highest[config.event as usize] {
            return false;
        }
        while let Some(&end) = self.events.get(config.event as usize) {
            match end {
                End::Call(at) => {
                    let Act { what, ret, .. } = self.acts[at as usize];
                    if matches!(what, What::Append(_)) && ret != NONE {
                        let after = |&open: &u32| self.acts[open as usize].ret < ret;
                        let place = config.open.partition_point(after);
                        config.open.insert(place, at);
                    }
                }
                End::Return(at) => {
                    let waits = match self.acts[at as usize].what {
                        What::Append(_) => config.open.first() == Some(&at),
                        What::Own(own) => level <= own,
                        What::Look { low, .. } => level < low,
                    };
                    if waits {
                        break;
                    }
                }
            }
            config.event += 1;
        }
        i64::from(config.crashed) <= self.most[config.event as usize]
    }

    fn value_of(&self, append: u32) -> u32 {
        match self.acts[append as usize].what {
            What::Append(value) => value,
            _ => NONE,
        }
    }

    /// The next append of a value, and what becomes of `config` by it.
    fn next(&self, config: &Config, value: u32, level: u32) -> Option<(Config, u32)> {
        let is_of = |&open: &u32| self.value_of(open) == value;
        if let Some(at) = config.open.iter().position(is_of) {
            let mut config = config.clone();
            let append = config.open.remove(at);
            return Some((config, append));
        }
        let same = &self.same[value as usize];
        let completed = same.completed.partition_point(|&call| call < config.event) as u32;
        // All completed ones are placed.
        let crashed = same.before(level) + config.taken(value) - completed;
        let &append = same.crashed.get(crashed as usize)?;
        let is_called = self.acts[append as usize].call < config.event;
        is_called.then(|| (Config { crashed: config.crashed + 1, ..config.clone() }, append))
    }

    /// Whether the appends that return next find places by then.
    fn is_open(&mut self, config: &Config, level: u32) -> bool {
        let Repeats { counts, counted, .. } = self;
        counted.drain(..).for_each(|value| counts[value as usize] = Count::default());
        let mut ahead = Ahead { level, reach: level, holes: 0, excess: 0 };
        let mut open = config.open.iter().peekable();
        let first = self.returns.partition_point(|&(event, _)| event < config.event);
        let mut left = AHEAD;
        for nth in first..self.returns.len() {
            let (event, at) = self.returns[nth];
            let is_new = self.acts[at as usize].call >= config.event;
            let What::Append(value) = self.acts[at as usize].what else { continue };
            if !is_new && open.next_if_eq(&&at).is_none() {
                continue;
            }
            let count = self.count(value, level, config);
            count.needed += 1;
            ahead.excess += u32::from(count.needed > count.places);
            while ahead.excess > ahead.holes {
                if !self.reach(&mut ahead, event, config) {
                    return false;
                }
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
        true
    }

    /// What is counted of a value.
    fn count(&mut self, value: u32, level: u32, config: &Config) -> &mut Count {
        let count = &mut self.counts[value as usize];
        if count.needed == 0 && count.places == 0 {
            self.counted.push(value);
            count.before = self.same[value as usize].before(level) + config.taken(value);
        }
        count
    }

    /// Goes one place further, if it can be filled before `event`.
    fn reach(&mut self, ahead: &mut Ahead, event: u32, config: &Config) -> bool {
        if ahead.reach >= self.highest[event as usize] {
            return false;
        }
        match self.places.get(ahead.reach as usize) {
            None => return false,
            Some(Place::Any) => ahead.holes += 1,
            Some(&Place::Owned(owner)) => {
                if self.acts[owner as usize].call > event {
                    return false;
                }
            }
            Some(&Place::Of(value)) => {
                let count = *self.count(value, ahead.level, config);
                let nth = (count.before + count.places) as usize;
                if self.same[value as usize].calls.get(nth).is_none_or(|&call| call > event) {
                    return false;
                }
                ahead.excess -= u32::from(count.needed > count.places);
                self.counts[value as usize].places += 1;
            }
        }
        ahead.reach += 1;
        true
    }
}

/// What is seen ahead of a configuration.
struct Ahead {
    level: u32,
    /// Up to here, places can be filled.
    reach: u32,
    /// So many of these may hold anything.
    holes: u32,
    /// So many appends find no place known to hold their value.
    excess: u32,
}

/// A layer is that of so many places.
impl Board for Repeats {
    type Config = Config;
    type Choice = u32;

    fn is_over(&self, config: &Config) -> bool {
        config.event as usize == self.events.len()
    }

    fn cost(&self, config: &Config) -> u64 {
        config.crashed.into()
    }

    fn expand(
        &mut self,
        config: &Config,
        At { length, .. }: At,
        _: &mut Work<'_>,
        found: &mut Vec<(Config, u32)>,
    ) -> bool {
        let level = self.bottom + length as u32;
        let mut is_whole = true;
        match self.places.get(level as usize) {
            None => {}
            Some(&Place::Owned(owner)) => {
                let Act { call, ret, .. } = self.acts[owner as usize];
                if call < config.event {
                    let crashed = config.crashed + u32::from(ret == NONE);
                    found.push((Config { crashed, ..config.clone() }, owner));
                }
            }
            Some(&Place::Of(value)) => found.extend(self.next(config, value, level)),
            Some(Place::Any) => {
                is_whole = self.crashing.len() <= MANY;
                let crashing = self.crashing.iter().take(MANY).copied();
                let mut tried: Vec<u32> = Vec::new();
                for value in config.open.iter().map(|&at| self.value_of(at)).chain(crashing) {
                    let same = &self.same[value as usize];
                    let spare = same.spare[same.before(level) as usize];
                    if tried.contains(&value) || config.taken(value) >= spare {
                        continue;
                    }
                    tried.push(value);
                    let next = self.next(config, value, level);
                    found.extend(next.map(|(mut config, append)| {
                        config.take(value);
                        (config, append)
                    }));
                }
            }
        }
        found.retain_mut(|(config, _)| {
            self.settle(config, level + 1)
                && (self.is_over(config) || self.is_open(config, level + 1))
        });
        is_whole
    }
}
