//! The walk along the events, which keeps few configurations and goes back where none is left.

use super::config::Config;
use super::moves::{Draft, Moves};
use super::outlook::Outlook;
use super::problem::{Act, Event, NONE, Problem};
use crate::check::exact::walk::Work;
use crate::history::hash::{Map, Set, spread};

/// So many configurations are kept where all goes well.
const WIDTH: usize = 4;

/// One in so many of those kept may have the same string and open gets as others.
const ALIKE: usize = 4;

/// So often the walk goes back from one place, and keeps twice as many each time.
const TRIES: u32 = 8;

/// Between two places to which it can go back, so many events pass, and so many are gone back the
/// first time, twice.
const STRIDE: u32 = 16;
const BACK: u32 = 32;

/// Each time, costs change by chance, up to so much more.
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
    width: usize,
    /// Where it got stuck last; behind it, few are kept again.
    obstacle: u32,
    /// How often it got stuck there, and at all.
    tries: u32,
    stuck: u64,
    marks: Vec<(u32, Vec<Entry>)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(problem: &'a Problem) -> Walk<'a> {
        let layer = vec![Entry { config: Config::new(problem.start), step: NONE }];
        Walk {
            problem,
            outlook: Outlook::new(problem),
            marks: vec![(0, layer.clone())],
            layer,
            steps: Vec::new(),
            event: 0,
            width: WIDTH,
            obstacle: 0,
            tries: 0,
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
                self.go_back()?;
            } else if matches!(event, Event::Return(_)) {
                self.arrive();
            }
        }
        Some(self.retrace())
    }

    fn arrive(&mut self) {
        if self.event > self.obstacle {
            (self.width, self.tries) = (WIDTH, 0);
        }
        if self.marks.last().is_none_or(|&(mark, _)| self.event >= mark + STRIDE) {
            self.marks.push((self.event, self.layer.clone()));
        }
    }

    /// Goes back from where it is stuck; `None` if it did so often enough.
    fn go_back(&mut self) -> Option<()> {
        self.obstacle = self.event.max(self.obstacle);
        self.tries += 1;
        self.stuck += 1;
        if self.tries > TRIES {
            return None;
        }
        self.width = WIDTH << self.tries;
        let until = self.obstacle.saturating_sub(BACK << self.tries);
        while self.marks.len() > 1 && self.marks.last().is_some_and(|&(mark, _)| mark > until) {
            self.marks.pop();
        }
        (self.event, self.layer) = self.marks.last()?.clone();
        Some(())
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
            front = next.best(EXTRA_WIDTH * self.width, usize::MAX);
        }
        let best = done.best(self.width, (self.width / ALIKE).max(1));
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
            let chance = if self.tries == 0 {
                0
            } else {
                spread(hash ^ self.stuck) % (CHANCE * u64::from(self.tries) + 1)
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
