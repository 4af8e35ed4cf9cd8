//! Looks for the smallest offsets under which a history is linearizable: best-first branch and
//! bound, led by counterexamples. Offsets are small if the largest and the smallest differ by
//! little.
//!
//! A node is a set of bounds on the differences of offsets. Its offsets are the smallest that keep
//! them; how large these are is a lower bound for all that keep them. The node with the smallest is
//! taken next. If the history is linearizable under its offsets, these are the smallest of all:
//! whatever was not looked at has none smaller. If not, there is a core, and whoever makes the
//! history linearizable keeps one of the sets of bounds that give the core an order; each makes a
//! node below this one, without what those before it cover. The offsets at hand keep none of these
//! sets, so there is progress; since all bounds are differences of two times of the history, there
//! is an end.

use super::bounds::Bounds;
use super::lesson::Lesson;
use super::rules::Rule;
use super::timeline::Timeline;
use super::walk::Walk;
use crate::check::Meter;
use crate::history::{OpIndex, sort};

/// Times further apart than this are not added up.
const REACH: i64 = 1 << 61;

/// After so many cores of a key that were too large, no more are looked for in it.
const LARGE_CORES: u32 = 2;

/// From so many failing keys something is learnt at once.
const LESSONS: usize = 4;

/// A node costs as much as a configuration for every so many lessons that are asked.
const LESSONS_ASKED: usize = 16;

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// The smallest offsets, one a group.
    Offsets(Vec<i64>),
    /// There are none.
    Impossible,
    /// It took too long.
    Stopped,
}

/// The search, with what it has learnt.
pub(super) struct Search<'a> {
    pub(super) timeline: &'a Timeline<'a>,
    pub(super) rule: Rule,
    pub(super) meter: &'a Meter,
    pub(super) learnt: Vec<Lesson>,
    /// The keys, those first that failed last.
    keys: Vec<usize>,
    /// How many operations and configurations may still be decided, or as much other work done.
    left: usize,
    /// In so many stretches of a key something is looked for at most.
    pub(super) stretches: usize,
    /// For each key, how many of its cores were too large for their orders to be enumerated.
    large: Vec<u32>,
}

impl<'a> Search<'a> {
    /// A search for the offsets of `timeline`'s groups by `rule`; the keys for which `failed` are
    /// asked first. It has nothing to spend yet.
    pub(super) fn new(
        timeline: &'a Timeline<'a>,
        rule: Rule,
        failed: impl Fn(usize) -> bool,
        meter: &'a Meter,
    ) -> Self {
        let mut keys: Vec<usize> = (0..timeline.keys.len()).collect();
        sort::by(&mut keys, |&key| !failed(key));
        let large = vec![0; keys.len()];
        Search { timeline, rule, meter, learnt: Vec::new(), keys, left: 0, stretches: 1, large }
    }

    /// The bounds that all offsets must keep, as far as they follow from single operations; `None`
    /// if there are no offsets.
    pub(super) fn root(&self) -> Option<Bounds> {
        let mut bounds = Bounds::free(self.timeline.groups);
        self.timeline.restrict(self.rule, &mut bounds).then_some(bounds)
    }

    /// How many operations the history has.
    pub(super) fn operations(&self) -> usize {
        self.timeline.keys.iter().map(|key| key.entries.len()).sum()
    }

    /// How many operations the key has that is asked first.
    pub(super) fn first_key(&self) -> usize {
        self.keys.first().map_or(0, |&key| self.timeline.keys[key].entries.len())
    }

    /// Allows for so much work from here on: operations and configurations decided. It ends a
    /// search after the same steps whatever the machine.
    pub(super) fn allow(&mut self, work: usize) {
        self.left = work;
    }

    /// How much of that is left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Pays for asking all lessons so many times.
    pub(super) fn spend_on_lessons(&mut self, times: usize) -> Option<()> {
        let cost = times * (1 + self.learnt.len() / LESSONS_ASKED);
        self.meter.poll().ok()?;
        self.meter.work(cost);
        self.spend(cost)
    }

    fn spend(&mut self, work: usize) -> Option<()> {
        let left = self.left.checked_sub(work);
        self.left = left.unwrap_or(0);
        left.map(|_| ())
    }

    /// Whether the keys that only one clock has timed are linearizable; offsets change nothing
    /// about them. `None` if that was not decided in time.
    pub(super) fn is_rest_linearizable(&mut self) -> Option<bool> {
        let offsets = vec![0; self.timeline.groups];
        for (key, content) in self.timeline.keys.iter().enumerate() {
            if !content.is_mixed {
                self.spend(content.entries.len())?;
                if self.timeline.stuck(key, self.rule, &offsets, self.meter).0?.is_some() {
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// Goes on with `walk`, to the smallest offsets that it has.
    pub(super) fn go(&mut self, walk: &mut Walk) -> Found {
        while let Some((mut bounds, depth)) = walk.pop() {
            if !bounds.limit(walk.most()) {
                continue;
            }
            let Some(offsets) = bounds.smallest() else { continue };
            if offsets.iter().any(|x| !(-REACH..=REACH).contains(x)) {
                walk.push(bounds, depth);
                return Found::Stopped;
            }
            let core = match self.broken(&bounds, &offsets) {
                Some(core) => Some(core),
                None => match self.explains(&offsets) {
                    Some(true) => return Found::Offsets(offsets),
                    Some(false) => self.broken(&bounds, &offsets),
                    None => None,
                },
            };
            let is_over = self.spend_on_lessons(1).is_none();
            let Some(core) = core.filter(|_| !is_over && walk.has_room()) else {
                walk.push(bounds, depth);
                return Found::Stopped;
            };
            let mut choices: Vec<_> = self.learnt[core].choices(&bounds).collect();
            sort::by(&mut choices, |&(spread, _)| spread);
            for (_, choice) in choices {
                let mut chosen = bounds.clone();
                if chosen.add_all(choice) {
                    walk.push(chosen, depth + 1);
                }
                // What is behind it has to do without it, so that nothing is looked at twice.
                if let [only] = choice
                    && !bounds.add(only.opposite())
                {
                    break;
                }
            }
        }
        Found::Impossible
    }

    /// Of the lessons that `offsets` do not keep, that with the fewest choices that `bounds` leave.
    fn broken(&mut self, bounds: &Bounds, offsets: &[i64]) -> Option<usize> {
        let mut best = None;
        for (at, lesson) in self.learnt.iter_mut().enumerate() {
            if lesson.is_kept(offsets) {
                continue;
            }
            let count = lesson.count(bounds);
            if best.is_none_or(|(least, _)| count < least) {
                best = Some((count, at));
                if count == 0 {
                    break;
                }
            }
        }
        best.map(|(_, at)| at)
    }

    /// Whether every key that several clocks have timed is linearizable under `offsets`; if not,
    /// something is learnt from that, unless no core was found. `None` if it was not decided in
    /// time.
    pub(super) fn explains(&mut self, offsets: &[i64]) -> Option<bool> {
        let mut lessons = 0;
        for at in 0..self.keys.len() {
            let key = self.keys[at];
            if !self.timeline.keys[key].is_mixed {
                continue;
            }
            self.spend(self.timeline.keys[key].entries.len())?;
            let (stuck, spent) = self.timeline.stuck(key, self.rule, offsets, self.meter);
            self.spend(spent as usize)?;
            if let Some(near) = stuck? {
                self.keys[..=at].rotate_right(1);
                self.learn(key, offsets, near);
                lessons += 1;
            }
            if lessons == LESSONS {
                break;
            }
        }
        Some(lessons == 0)
    }

    /// Learns from `key`, which has no order under `offsets`, near its entry `near`: by the orders
    /// of a core; or by what a window rests on, where cores are too large.
    fn learn(&mut self, key: usize, offsets: &[i64], near: OpIndex) {
        if self.large[key] < LARGE_CORES {
            let core = self.timeline.core(key, self.rule, offsets, near, self.meter);
            let orders = (!core.is_empty()).then(|| self.timeline.orders(key, self.rule, &core));
            if let Some(orders) = orders.flatten() {
                self.learnt.push(Lesson::new(orders));
                return;
            }
            self.large[key] += 1;
        }
        let (rule, stretches) = (self.rule, (self.stretches, self.left as u64));
        let exchanges = self.timeline.exchanges(key, rule, offsets, near, stretches, self.meter);
        let (found, spent) = exchanges;
        self.left = self.left.saturating_sub(spent as usize);
        self.learnt.extend(found.into_iter().map(Lesson::new));
    }
}
