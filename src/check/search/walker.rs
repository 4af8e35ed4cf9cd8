//! One thread's view of the search: its place in the history, and how configurations move on.

use super::automaton::{Automaton, StateId};
use super::config::{Config, Order};
use super::depth::POLL_EVERY;
use super::items::{Event, TokenId};
use super::mask::{Mask, difference};
use super::prepare::Prepared;
use super::steps::{Step, Steps, UNOBSERVED};
use super::sums::Problem;
use super::trail::Trail;
use super::used::{self, UsedSets};
use super::window::Window;
use crate::budget::{Budget, Meter};
use crate::error::StopReason;
use crate::model::Pos;

/// What is searched, and what all threads share.
pub(super) struct Shared<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) automaton: &'a dyn Automaton,
    /// What classes do to amounts, if the object is made of them.
    pub(super) amounts: Option<&'a Problem>,
    pub(super) used: UsedSets,
}

impl Shared<'_> {
    /// Approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.prepared.bytes() + self.automaton.bytes() + self.used.bytes()
    }
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

/// A configuration on the way to another: how it was entered.
pub(super) struct Entered<K> {
    pub(super) config: Config<K>,
    pub(super) by: Move,
}

/// What became of a configuration that was moved to the next choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// It reached the end of the history.
    End,
    /// No linearization continues it.
    Dead,
    /// It has moves.
    Open,
}

/// One thread's view of the search.
pub(super) struct Walker<'a, K> {
    pub(super) prepared: &'a Prepared,
    pub(super) used: &'a UsedSets,
    pub(super) steps: Steps<'a>,
    pub(super) window: Window,
    /// Where the search began. Operations open there may have been linearized before.
    pub(super) begin: u32,
    pub(super) pending: Vec<Candidate<K>>,
    /// For each class, the expansion in which it was last a candidate; for operations that must be
    /// linearized, then for those that need not.
    pub(super) stamps: Vec<[u32; 2]>,
    pub(super) expansion: u32,
    /// Open operations by deadline, while a configuration is expanded.
    pub(super) deadlines: Vec<(u32, u32)>,
    /// Room to count crashed operations.
    pub(super) counts: Vec<u64>,
    /// Between two looks at the limits, so many configurations are visited. A visit looks at all
    /// operations that are open at once.
    pub(super) poll_every: u64,
    /// Who is asked in between; `None` where what was found is told in any case.
    pub(super) meter: Option<&'a Meter>,
    /// Why it stopped, for good: what it says since then means nothing.
    pub(super) stopped: Option<StopReason>,
}

/// So many slots for operations that are open are few.
const FEW_SLOTS: usize = 1024;

impl<'a, K: Mask> Walker<'a, K> {
    /// A view of what is shared, for a search that begins at the event `begin`.
    pub(super) fn new(shared: &'a Shared<'a>, begin: u32, meter: &'a Meter) -> Self {
        let Shared { prepared, automaton, used, .. } = shared;
        let classes = prepared.classes.len();
        let words = K::empty(prepared.width).words().len();
        let mut walker = Walker {
            prepared,
            used,
            steps: Steps::new(*automaton, &prepared.token_ids, classes),
            window: Window::new(prepared.width, words, begin),
            begin,
            pending: Vec::new(),
            stamps: vec![[0; 2]; classes],
            expansion: 0,
            deadlines: Vec::new(),
            counts: Vec::new(),
            poll_every: (POLL_EVERY / (prepared.width / FEW_SLOTS + 1).next_power_of_two() as u64)
                .max(1),
            meter: Some(meter),
            stopped: None,
        };
        walker.steps.learn(0);
        walker
    }

    /// The configuration in `state` where the search begins.
    pub(super) fn start(&mut self, state: u32) -> Config<K> {
        let mut mask = K::empty(self.prepared.width);
        self.window.seek(self.begin, self.prepared);
        // Whoever is open and pure may as well have been linearized before.
        mask.words_mut().copy_from_slice(self.window.more());
        Config { event: self.begin, state, cover: 0, used: used::NONE, mask, must_be_seen: false }
    }

    /// Moves a configuration from the event where it was entered to its next choice, unless it is
    /// [stopped](Walker::stopped) on the way.
    pub(super) fn arrive(&mut self, config: &mut Config<K>) -> Arrival {
        self.steps.learn(config.state);
        self.window.seek(config.event, self.prepared);
        if self.advance(config, None) {
            return Arrival::End;
        }
        self.settle(config);
        if self.is_dead_end(config) { Arrival::Dead } else { Arrival::Open }
    }

    /// The order among configurations at the event where the window is.
    pub(super) fn order(&self) -> Order<'_> {
        let Walker { window, prepared, used, begin, .. } = self;
        Order { window, prepared, used, begin: *begin }
    }

    /// Whether an operation need not be linearized any more, since it may have been before the
    /// search began.
    pub(super) fn is_optional(&self, item: u32) -> bool {
        self.prepared.items[item as usize].call < self.begin
    }

    /// Approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.steps.bytes() + self.pending.capacity() * size_of::<Candidate<K>>()
    }

    /// What the configurations that are pending take, in bytes.
    pub(super) fn pending_bytes(&self) -> usize {
        self.pending.len() * size_of::<Candidate<K>>()
    }

    /// Moves `config` and the window over all events that leave no choice. True at the end of the
    /// history; else the event to come is a return that forces one.
    pub(super) fn advance(
        &mut self,
        config: &mut Config<K>,
        mut trail: Option<&mut Trail>,
    ) -> bool {
        let begin = config.event;
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
                        match trail.as_deref_mut() {
                            Some(trail) => trail.hide(item.reading),
                            // This looked at all that is open.
                            None if self.is_stopped(u64::from(config.event - begin)) => {
                                return false;
                            }
                            None => {}
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

    /// Whether to stop; asks at some of the counts, depending on how much is open at once.
    fn is_stopped(&mut self, count: u64) -> bool {
        if count > 0
            && count & (self.poll_every - 1) == 0
            && let Some(Err(reason)) = self.meter.map(Meter::poll)
        {
            self.stopped = Some(reason);
        }
        self.stopped.is_some()
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
        let has_token =
            facts.requires == TokenId::NONE || facts.requires == self.steps.token(state);
        if !has_token || (state == UNOBSERVED && !facts.overwrites) {
            return Step::Illegal;
        }
        self.steps.step(state, class)
    }

    /// The linearization to which these `moves` from the start led, each with the state after it.
    pub(super) fn follow(&mut self, moves: &[(Move, StateId)]) -> Vec<Pos> {
        let mut config = self.start(0);
        let mut path = vec![Entered { config: config.clone(), by: Move::Start }];
        // What was found is told in any case.
        self.meter = None;
        let unlimited = Meter::start(&Budget::default(), 0);
        for &(by, state) in moves.iter().skip(1) {
            self.arrive(&mut config);
            self.pending.clear();
            let expanded = self.expand(&config, &unlimited);
            debug_assert!(expanded.is_ok());
            let mut next = self.pending.iter();
            let next = next.find(|next| next.by == by && next.config.state == state);
            config = next.map_or(config, |next| next.config.clone());
            path.push(Entered { config: config.clone(), by });
        }
        self.retrace(path.iter())
    }

    /// The linearization to which the configurations in `path` led, from the start to the end.
    pub(super) fn retrace<'p>(&mut self, path: impl Iterator<Item = &'p Entered<K>>) -> Vec<Pos>
    where
        K: 'p,
    {
        let mut trail = Trail::default();
        let mut config = self.start(0);
        for Entered { config: entered, by } in path {
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
