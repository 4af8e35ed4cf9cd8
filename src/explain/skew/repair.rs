//! Some offsets, by repairing others step by step, and smaller ones from there.
//!
//! A local search: as long as a lesson is not kept, clocks are moved so that it is, in the way that
//! breaks fewest of the others. A lesson that stays broken counts more from step to step, so that
//! there is a way out of every dead end (Morris, "The breakout method for escaping from local
//! minima", 1993). Where all lessons are kept, the history is asked for another.

use super::bounds::{Bounds, Difference};
use super::lesson::Lesson;
use super::rules::Rule;
use super::search::Search;
use super::settle::spread;

/// Of a set of bounds that can be kept in more ways than this, no way is tried.
const WAYS: usize = 8;

/// The first step down is the spread divided by this; a step that fails is followed by a quarter of
/// it, until it is less than the spread divided by the other.
const STEPS: [i64; 2] = [16, 4_000];

/// So many lessons are taken at once from a key, if it is long, so that they tell which way leads
/// on.
const STRETCHES: usize = 8;

impl Search<'_> {
    /// Offsets within `root` that differ by `most` at most and explain the history, looked for
    /// around `offsets`, or the smallest within `root` if those are outside; `None` if none were
    /// found with the work that is allowed.
    pub(super) fn repair(
        &mut self,
        root: &Bounds,
        most: i64,
        offsets: Vec<i64>,
    ) -> Option<Vec<i64>> {
        let offsets = if root.holds(&offsets) { offsets } else { root.smallest()? };
        if spread(&offsets) > most {
            return None;
        }
        self.stretches = STRETCHES;
        let found = self.repaired(root, most, offsets);
        self.stretches = 1;
        found.map(around_zero)
    }

    fn repaired(&mut self, root: &Bounds, most: i64, mut offsets: Vec<i64>) -> Option<Vec<i64>> {
        let mut weights: Vec<u32> = Vec::new();
        loop {
            weights.resize(self.learnt.len(), 1);
            let lessons = (0..).zip(&mut self.learnt);
            let broken =
                lessons.filter_map(|(at, lesson)| (!lesson.is_kept(&offsets)).then_some(at));
            let broken: Vec<usize> = broken.collect();
            let heaviest = broken.iter().copied().max_by_key(|&at| (weights[at], at));
            let Some(heaviest) = heaviest else {
                if self.explains(&offsets)? {
                    return Some(offsets);
                }
                continue;
            };
            let ways = self.learnt[heaviest].alternatives().flat_map(|set| ways(set, &offsets));
            let is_wanted = |way: &Vec<i64>| spread(way) <= most && root.holds(way);
            let ways: Vec<Vec<i64>> = ways.filter(is_wanted).collect();
            self.spend_on_lessons(ways.len() + 1)?;
            offsets = ways.into_iter().min_by_key(|way| self.cost(way, &weights))?;
            for at in broken {
                weights[at] = weights[at].saturating_add(1);
            }
        }
    }

    /// What the lessons weigh that `offsets` do not keep.
    fn cost(&mut self, offsets: &[i64], weights: &[u32]) -> u64 {
        let lessons = self.learnt.iter_mut().zip(weights);
        let of = |(lesson, &weight): (&mut Lesson, &u32)| {
            if lesson.is_kept(offsets) { 0 } else { u64::from(weight) }
        };
        lessons.map(of).sum()
    }

    /// Smaller offsets than `offsets`, which explain the history, as far as a few repairs lead,
    /// with so much work for each.
    pub(super) fn descend(&mut self, root: &Bounds, offsets: Vec<i64>, work: usize) -> Vec<i64> {
        let mut offsets = self.shrink(root, offsets);
        let [first, last] = STEPS;
        let mut step = spread(&offsets) / first;
        while step > spread(&offsets) / last {
            self.allow(work);
            let most = spread(&offsets) - step;
            let part = most as f64 / spread(&offsets) as f64;
            let start = offsets.iter().map(|&offset| (offset as f64 * part) as i64).collect();
            match self.repair(root, most, start) {
                Some(smaller) => offsets = self.shrink(root, smaller),
                None => step /= 4,
            }
        }
        offsets
    }

    /// Smaller offsets than `offsets`, which explain a recording: the smallest that leave it the
    /// order it has with them, and again with the order it has then, as long as that helps.
    fn shrink(&mut self, root: &Bounds, mut offsets: Vec<i64>) -> Vec<i64> {
        while let Some(smaller) = self.in_same_order(root, &offsets)
            && spread(&smaller) < spread(&offsets)
        {
            offsets = smaller;
        }
        offsets
    }

    fn in_same_order(&mut self, root: &Bounds, offsets: &[i64]) -> Option<Vec<i64>> {
        if self.rule != Rule::Recording {
            return None;
        }
        let mut bounds = root.clone();
        for key in 0..self.timeline.keys.len() {
            if self.timeline.keys[key].is_mixed {
                self.timeline.keep_order(key, offsets, self.meter, &mut bounds)?;
            }
        }
        bounds.smallest()
    }
}

/// The same differences, with a median of 0.
fn around_zero(mut offsets: Vec<i64>) -> Vec<i64> {
    let mut sorted = offsets.clone();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    offsets.iter_mut().for_each(|offset| *offset = offset.saturating_sub(median));
    offsets
}

/// The ways of keeping `set` by moving one clock for each bound that `offsets` break.
fn ways(set: &[Difference], offsets: &[i64]) -> Vec<Vec<i64>> {
    let mut ways = vec![offsets.to_vec()];
    for bound in set {
        let (of, over) = (usize::from(bound.of), usize::from(bound.over));
        let mut longer = Vec::new();
        for way in ways {
            let excess = way[of].saturating_sub(way[over]).saturating_sub(bound.most);
            if excess <= 0 {
                longer.push(way);
                continue;
            }
            let mut back = way.clone();
            back[of] = back[of].saturating_sub(excess);
            let mut ahead = way;
            ahead[over] = ahead[over].saturating_add(excess);
            longer.extend([back, ahead]);
        }
        ways = longer;
        if ways.len() > WAYS {
            return Vec::new();
        }
    }
    ways
}
