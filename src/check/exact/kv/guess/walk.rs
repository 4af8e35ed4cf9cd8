//! The walk along the events, which keeps few configurations and goes back where none is left.

use super::config::Config;
use super::moves::{Draft, Moves};
use super::outlook::Outlook;
use super::problem::{Act, Event, NONE, Problem};
use crate::check::exact::retreat::{Manner, Retreat};
use crate::check::exact::work::Work;
use crate::history::hash::{Map, Set, spread};

/// How the walk goes back.
const MANNER: Manner =
    Manner { width: 4, widest: 1 << 10, wider: 1, stride: 16, back: 32, further: 1 };

/// One in so many of those kept may have the same string and open gets as others.
const ALIKE: usize = 4;

/// Each time that the walk goes back, costs change by chance, up to so much more.
const CHANCE: u64 = 12;

/// So many strings are shown to open gets in a row before a return, at most; and so many times as
/// many configurations are kept meanwhile.
const EXTRA: usize = 1;
const EXTRA_WIDTH: usize = 4;

/// How a configuration came about: the updates that took effect before an event.
struct Step {
    parent: u32,
    event: u32,
    taken: Box<[u32]>,
}

/// A configuration that is kept, with the step that led to it.
#[derive(Clone)]
struct Entry {
    config: Config,
    step: u32,
}

/// The walk.
pub(super) struct Walk<'a> {
    problem: &'a Problem,
    outlook: Outlook,
    layer: Vec<Entry>,
    steps: Vec<Step>,
    event: u32,
    retreat: Retreat<(u32, Vec<Entry>)>,
    /// How often it got stuck.
    stuck: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem) -> Walk<'a> {
        let layer = vec![Entry { config: Config::new(problem.start), step: NONE }];
        Walk {
            problem,
            outlook: Outlook::new(problem),
            retreat: Retreat::new(MANNER, (0, layer.clone())),
            layer,
            steps: Vec::new(),
            event: 0,
            stuck: 0,
        }
    }

    /// The updates that took effect and could be seen, each with the event before which it did.
    pub(super) fn search(mut self, work: &mut Work<'_>) -> Option<Vec<(u32, u32)>> {
        let problem = self.problem;
        while let Some(&event) = problem.events.get(self.event as usize) {
            match event {
                Event::Call(at) if at >= problem.completed => {}
                Event::Call(at) => {
                    self.layer.iter_mut().for_each(|entry| entry.config.call(problem, at));
                }
                Event::Return(at) => self.pass(at, work)?,
            }
            self.event += 1;
            if self.layer.is_empty() {
                self.stuck += 1;
                (self.event, self.layer) = self.retreat.go_back(self.event)?;
            } else if matches!(event, Event::Return(_)) {
                self.retreat.pass(self.event, || (self.event, self.layer.clone()));
            }
        }
        Some(self.retrace())
    }

    /// The operation at `at` returns: it takes effect in all configurations, if it did not.
    fn pass(&mut self, at: u32, work: &mut Work<'_>) -> Option<()> {
        let moves = Moves::new(self.problem, self.event);
        let mut done: Ranked = Ranked::default();
        let draft = |Entry { config, step }| Draft { config, taken: Vec::new(), parent: step };
        let mut front: Vec<Draft> = self.layer.drain(..).map(draft).collect();
        let mut found: Vec<Draft> = Vec::new();
        for round in 0..=EXTRA {
            let mut next = Ranked::default();
            for draft in front {
                if draft.config.is_done(at) {
                    self.rank(draft, self.event + 1, &mut done, work)?;
                    continue;
                }
                moves.finish(&draft, at, &mut found);
                for draft in found.drain(..) {
                    self.rank(draft, self.event + 1, &mut done, work)?;
                }
                if round == EXTRA {
                    continue;
                }
                for &get in draft.config.gets.iter().filter(|&&get| get != at) {
                    if let Act::Get(node) = self.problem.op(get).act {
                        moves.see(&draft, node, &mut found);
                    }
                }
                for draft in found.drain(..) {
                    self.rank(draft, self.event, &mut next, work)?;
                }
            }
            front = next.best(EXTRA_WIDTH * self.retreat.width(), usize::MAX);
        }
        let best = done.best(self.retreat.width(), (self.retreat.width() / ALIKE).max(1));
        self.layer.extend(best.into_iter().map(|Draft { config, taken, parent }| {
            if taken.is_empty() {
                return Entry { config, step: parent };
            }
            self.steps.push(Step { parent, event: self.event, taken: taken.into() });
            Entry { config, step: self.steps.len() as u32 - 1 }
        }));
        Some(())
    }

    /// Adds a draft to those that were ranked before, unless it is there or leads nowhere; `None`
    /// if the work is up.
    fn rank(
        &mut self,
        draft: Draft,
        event: u32,
        ranked: &mut Ranked,
        work: &mut Work<'_>,
    ) -> Option<()> {
        if !work.allows(1) {
            return None;
        }
        let hash = draft.config.hash();
        if !ranked.is_better(hash, draft.config.spent_in_all()) {
            return Some(());
        }
        if let Some(cost) = self.outlook.cost(self.problem, &draft.config, event) {
            let tries = self.retreat.tries();
            let chance = if tries == 0 {
                0
            } else {
                spread(hash ^ self.stuck) % (CHANCE * u64::from(tries) + 1)
            };
            ranked.drafts.push((cost + chance as i64, hash, draft));
        }
        Some(())
    }

    /// The steps that led to the first configuration that is left.
    fn retrace(&self) -> Vec<(u32, u32)> {
        let mut taken = Vec::new();
        let mut at = self.layer.first().map_or(NONE, |entry| entry.step);
        while let Some(step) = self.steps.get(at as usize) {
            taken.extend(step.taken.iter().rev().map(|&at| (at, step.event)));
            at = step.parent;
        }
        taken.reverse();
        taken
    }
}

/// Drafts with their costs and hashes.
#[derive(Default)]
struct Ranked {
    drafts: Vec<(i64, u64, Draft)>,
    /// Of each hash, the least number of updates that crashed.
    spent: Map<u64, u32>,
}

impl Ranked {
    /// Whether a draft of this hash, with so many updates that crashed, is new or better.
    fn is_better(&mut self, hash: u64, spent: u32) -> bool {
        let least = self.spent.entry(hash).or_insert(u32::MAX);
        let is_better = spent < *least;
        *least = spent.min(*least);
        is_better
    }

    /// The best `width` of the drafts, of those that only differ in what crashed one; at first at
    /// most so many that are `alike`, with the same string and open gets.
    fn best(mut self, width: usize, alike: usize) -> Vec<Draft> {
        self.drafts.sort_by_key(|&(cost, ..)| cost);
        let mut known: Set<u64> = Set::default();
        let mut counts: Map<u64, usize> = Map::default();
        let (mut best, mut rest) = (Vec::new(), Vec::new());
        for (_, hash, draft) in self.drafts {
            if !known.insert(hash) {
                continue;
            }
            let count = counts.entry(draft.config.view()).or_default();
            *count += 1;
            if *count <= alike {
                best.push(draft);
            } else {
                rest.push(draft);
            }
            if best.len() == width {
                break;
            }
        }
        rest.truncate(width - best.len());
        best.extend(rest);
        best
    }
}
