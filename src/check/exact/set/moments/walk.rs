//! The walk over the events.

use super::super::act::Act;
use super::NONE;
use super::belief::{Config, Open, Scratch, Table};
use super::problem::{Does, Problem};
use super::state::{Beliefs, State, each};
use crate::check::exact::retreat::{Manner, Retreat};
use crate::check::exact::work::Work;
use crate::history::hash::Map;
use crate::history::sort;

/// So many states are kept at most as long as all are.
const MOST_OF_ALL: usize = 64;

/// How the walk goes back, where not all are kept.
const MANNER: Manner =
    Manner { width: 8, widest: 1 << 12, wider: 2, stride: 16, back: 16, further: 2 };

/// A state is compared with so many better ones.
const COMPARED: usize = 64;

/// What a state costs: for each crashed operation that was needed, each open one that was, each
/// open read that is not done, and each element that would have to be otherwise for it. A
/// configuration that is left to an element is worth something, up to some.
const CRASHED: i64 = 30;
const USED: i64 = 3;
const WAITING: i64 = 1;
const CHOICE: i64 = 3;
const CHOICES: usize = 8;

/// How many reads are tried first although nothing forces them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    All,
    UpTo(u32),
}

/// A read that was done, before an event, and the one before it.
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) read: u32,
    pub(super) moment: u32,
}

/// What is left behind some events.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) event: u32,
    pub(super) states: Vec<State>,
    /// By places: the elements that are there.
    places: Vec<u32>,
    /// Whether these are all states that are needed.
    pub(super) is_whole: bool,
}

/// What is open on an element, and what was found out of beliefs in it since its last event.
#[derive(Default)]
pub(super) struct Stage {
    pub(super) table: Table,
    /// What a belief becomes if the element is seen.
    pub(super) seen: Map<(u32, bool), u32>,
    /// Whether a belief is as good as another one.
    better: Map<(u32, u32), bool>,
}

impl Stage {
    /// Forgets what was found out: the table changes.
    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.better.clear();
    }
}

/// What the walk came to.
pub(super) enum Outcome {
    /// The reads in an order, each with the event before which it is done.
    Reads(Vec<(u32, u32)>),
    /// No state is left behind so many events, with those that they rest on.
    Nothing(u32),
    Unknown,
}

/// A walk over the events of a history.
pub(super) struct Walk<'a> {
    pub(super) problem: &'a Problem,
    pub(super) beliefs: Beliefs,
    pub(super) stages: Vec<Stage>,
    /// That of the element of this event, behind the event.
    pub(super) next: Stage,
    /// What beliefs in it become by the event.
    pub(super) passed: Map<u32, u32>,
    pub(super) now: u32,
    /// By places: the elements on which something was called and that are not at rest.
    pub(super) places: Vec<u32>,
    pub(super) place_of: Vec<u32>,
    /// The reads that are open, by their bits; their numbers; and the elements that they saw, as
    /// bits by places.
    pub(super) open: u64,
    pub(super) read_of: [u32; 64],
    pub(super) sights: Vec<Vec<u64>>,
    pub(super) nodes: Vec<Node>,
    pub(super) choice: Choice,
    pub(super) scratch: Scratch,
    /// The last event on which it rests that states were left out.
    pub(super) horizon: u32,
    /// Elements by the events behind which they are quiet.
    pub(super) quiet: Vec<(u32, u32)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem, choice: Choice) -> Walk<'a> {
        let count = problem.elements.len();
        let elements = problem.elements.iter().enumerate();
        let mut quiet: Vec<(u32, u32)> =
            elements.map(|(number, element)| (element.quiet, number as u32)).collect();
        sort::by(&mut quiet, |&it| it);
        Walk {
            problem,
            beliefs: Beliefs::new(),
            stages: std::iter::repeat_with(Stage::default).take(count).collect(),
            next: Stage::default(),
            passed: Map::default(),
            now: 0,
            places: Vec::new(),
            place_of: vec![NONE; count],
            open: 0,
            read_of: [NONE; 64],
            sights: vec![Vec::new(); 64],
            nodes: Vec::new(),
            choice,
            scratch: Scratch::default(),
            horizon: 0,
            quiet,
        }
    }

    /// Walks until no event is left, or no state, within `work`.
    pub(super) fn search(&mut self, work: &mut Work<'_>) -> Outcome {
        let mut layer = self.start();
        let mut retreat = Retreat::new(MANNER, layer.clone());
        while (layer.event as usize) < self.problem.events.len() {
            if !self.pass(&mut layer, work) {
                return Outcome::Unknown;
            }
            self.choose(&mut layer, retreat.width(), work);
            if !layer.states.is_empty() {
                retreat.pass(layer.event, || layer.clone());
            } else if layer.is_whole {
                return Outcome::Nothing(self.horizon.max(layer.event - 1));
            } else {
                let Some(mark) = retreat.go_back(layer.event) else { return Outcome::Unknown };
                layer = mark;
                self.go_back(&layer);
            }
            if self.choice != Choice::All {
                self.choice = Choice::UpTo(1 + retreat.tries());
            }
        }
        layer.states.first().map_or(Outcome::Unknown, |state| self.retrace(state.node))
    }

    fn start(&mut self) -> Layer {
        let mut state = State::new(NONE);
        for (number, element) in self.problem.elements.iter().enumerate() {
            if element.is_initial {
                self.enter(number as u32, std::slice::from_mut(&mut state));
            }
        }
        Layer { event: 0, states: vec![state], places: self.places.clone(), is_whole: true }
    }

    fn retrace(&self, last: u32) -> Outcome {
        let mut reads = Vec::new();
        let mut at = last;
        while let Some(node) = self.nodes.get(at as usize) {
            reads.push((node.read, node.moment));
            at = node.parent;
        }
        reads.reverse();
        Outcome::Reads(reads)
    }

    /// Keeps all states as long as they are few, and the best `width` from then on.
    fn choose(&mut self, layer: &mut Layer, width: usize, work: &mut Work<'_>) {
        if self.choice == Choice::All {
            self.narrow(layer, MOST_OF_ALL + 1, work);
            if layer.is_whole && layer.states.len() <= MOST_OF_ALL {
                layer.places.clone_from(&self.places);
                return;
            }
            self.choice = Choice::UpTo(1);
        }
        self.narrow(layer, width, work);
        layer.places.clone_from(&self.places);
    }

    /// Keeps the best `width` states, of those to which no other is as good.
    fn narrow(&mut self, layer: &mut Layer, width: usize, work: &mut Work<'_>) {
        if layer.states.len() < 2 {
            return;
        }
        let states = layer.states.iter().enumerate();
        let mut order: Vec<(i64, usize)> =
            states.map(|(at, state)| (self.cost(state), at)).collect();
        order.sort_unstable();
        let mut kept: Vec<usize> = Vec::new();
        for (_, at) in order {
            if kept.len() >= width {
                layer.is_whole = false;
                break;
            }
            let mut better = kept.iter().rev().take(COMPARED);
            if !better.any(|&other| self.is_as_good(&layer.states[other], &layer.states[at], work))
            {
                kept.push(at);
            }
        }
        kept.sort_unstable();
        let mut kept = kept.into_iter().peekable();
        let mut at = 0;
        layer.states.retain(|_| {
            at += 1;
            kept.next_if_eq(&(at - 1)).is_some()
        });
    }

    fn cost(&self, state: &State) -> i64 {
        let waiting = each(self.open & !state.done).map(|read| {
            let otherwise = state.otherwise(&self.sights[read as usize]);
            WAITING * (1 + otherwise.map(|word| i64::from(word.count_ones())).sum::<i64>())
        });
        let places =
            self.places.iter().zip(&state.beliefs).filter(|(element, _)| **element != NONE);
        let elements = places.map(|(&element, &belief)| {
            let open = &self.stages[element as usize].table.open;
            let sets = open.iter().filter(|open| matches!(open.act, Act::Set { .. }));
            let sets = sets.fold(0, |bits, open| bits | open.bit);
            let cost = |it: &Config| {
                CRASHED * i64::from(it.crashed[0] + it.crashed[1])
                    + USED * i64::from((it.used & sets).count_ones())
            };
            let configs = self.beliefs.configs(belief);
            let least = configs.iter().map(cost).min().unwrap_or(0);
            least - CHOICE * configs.len().min(CHOICES) as i64
        });
        waiting.sum::<i64>() + elements.sum::<i64>()
    }

    /// Whether all that can follow `b` can follow `a`.
    fn is_as_good(&mut self, a: &State, b: &State, work: &mut Work<'_>) -> bool {
        b.done & !a.done == 0
            && a.beliefs.iter().zip(&b.beliefs).enumerate().all(|(place, (&a, &b))| {
                let element = self.places[place];
                a == b || element != NONE && self.is_better(element as usize, (a, b), work)
            })
    }

    /// Whether each configuration of the second belief is one that the first one can become, or
    /// not as good.
    fn is_better(&mut self, element: usize, (a, b): (u32, u32), work: &mut Work<'_>) -> bool {
        let stage = &mut self.stages[element];
        if let Some(&known) = stage.better.get(&(a, b)) {
            return known;
        }
        work.spend(1);
        let mut all = Vec::new();
        for config in self.beliefs.configs(a) {
            stage.table.close(config, &mut self.scratch);
            all.extend(self.scratch.closed.iter().map(|it| it.config));
        }
        let is_better = |b: &Config| all.iter().any(|a| stage.table.is_as_good(a, b));
        let is_better = self.beliefs.configs(b).iter().all(is_better);
        stage.better.insert((a, b), is_better);
        is_better
    }

    /// Takes events back, up to those of `layer`.
    fn go_back(&mut self, layer: &Layer) {
        for event in (layer.event..=self.now).rev() {
            let (at, is_return) = self.problem.events[event as usize];
            let item = self.problem.items[at as usize];
            match item.does {
                Does::Nothing => {}
                Does::On { element, act } => {
                    let stage = &mut self.stages[element as usize];
                    stage.clear();
                    match act {
                        _ if is_return => {
                            let (bit, ret) = (item.bit(), item.ret);
                            stage.table.call(Open { act, bit, ret, at });
                        }
                        Act::Set { to } | Act::Flip { to } if !item.has_returned() => {
                            stage.table.crashed[usize::from(to)].pop();
                        }
                        _ => stage.table.remove(item.bit()),
                    }
                }
                Does::Whole(number) if is_return => {
                    self.open |= item.bit();
                    self.read_of[usize::from(item.slot)] = number;
                }
                Does::Whole(_) => self.open &= !item.bit(),
            }
        }
        for &element in self.places.iter().filter(|&&element| element != NONE) {
            self.place_of[element as usize] = NONE;
        }
        self.places.clone_from(&layer.places);
        for (place, &element) in self.places.iter().enumerate() {
            if element != NONE {
                self.place_of[element as usize] = place as u32;
            }
        }
        for read in each(self.open) {
            self.open_read(read, self.read_of[read as usize]);
        }
    }
}
