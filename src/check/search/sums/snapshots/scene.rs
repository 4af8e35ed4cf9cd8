//! What a configuration may choose from to get to a snapshot, and which of it adds up to what is
//! lacking.

use super::Snapshots;
use crate::check::search::walker::Move;
use crate::history::hash::Map;

/// What a step costs that chooses so many open operations.
pub(super) const CHOICE: [u32; 9] = [0, 4, 7, 10, 12, 14, 16, 18, 20];

/// What a crashed operation costs.
pub(super) const CRASH: u32 = 12;

/// So many sets of units are looked at on each side.
const MOST_SETS: usize = 1 << 13;

/// How far to look, one after the other; each finds what those before it do not.
pub(super) const LEVELS: [Level; 6] = [
    Level { cost: 0, work: 1, effort: 0, targets: usize::MAX, find: Find::Few },
    Level { cost: CRASH, work: 1, effort: 0, targets: usize::MAX, find: Find::Crashed },
    Level { cost: CHOICE[3], work: 4, effort: 0, targets: usize::MAX, find: Find::Many },
    Level { cost: CRASH + CHOICE[2], work: 8, effort: 0, targets: 4, find: Find::ManyCrashed },
    Level { cost: 2 * CRASH, work: 4, effort: 0, targets: 4, find: Find::TwoCrashed },
    Level { cost: 2 * CRASH + CHOICE[1], work: 32, effort: 2, targets: 4, find: Find::OneByTwo },
];

/// What is looked for at once.
pub(super) struct Level {
    /// The least that it costs.
    pub(super) cost: u32,
    /// How many configurations it counts for.
    pub(super) work: usize,
    /// It is looked for with so much effort.
    pub(super) effort: u32,
    /// Ways to so many snapshots are looked for.
    pub(super) targets: usize,
    pub(super) find: Find,
}

/// Which sums are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Find {
    /// Up to two open operations.
    Few,
    /// One that crashed, by itself or with an open one.
    Crashed,
    /// Three or more of the open ones and of those that crashed lately.
    Many,
    /// Two of them or more, with one that crashed at any time.
    ManyCrashed,
    /// Two that crashed.
    TwoCrashed,
    /// Two that crashed, with another.
    OneByTwo,
}

impl Find {
    /// Whether there is nothing to find where nothing crashed.
    pub(super) fn needs_crashes(self) -> bool {
        !matches!(self, Find::Few | Find::Many)
    }
}

/// Open operations and some that crashed lately, and sums of them.
pub(super) struct Scene {
    pub(super) units: Vec<Move>,
    /// What each adds.
    sums: Vec<u64>,
    /// The one before each that adds the same: that is chosen first.
    twins: Vec<Option<usize>>,
    /// Sets of them.
    sets: Vec<Units>,
    /// Other sets, which are disjoint from those, by their sum.
    others: Map<u64, Vec<Units>>,
}

/// A set of units, with their sum.
#[derive(Clone, Copy)]
struct Units {
    sum: u64,
    set: u64,
}

/// The numbers of the units in a set.
fn members(set: u64) -> Vec<usize> {
    (0..64).filter(|at| set >> at & 1 == 1).collect()
}

impl Scene {
    /// What may be chosen from: at most 64 units.
    pub(super) fn new(units: Vec<Move>, sum_of: &dyn Fn(Move) -> u64, find: Find) -> Scene {
        let sums: Vec<u64> = units.iter().map(|&by| sum_of(by)).collect();
        let twins = (0..sums.len()).map(|at| (0..at).rev().find(|&twin| sums[twin] == sums[at]));
        let twins = twins.collect();
        let mut scene = Scene { units, sums, twins, sets: Vec::new(), others: Map::default() };
        let all: Vec<usize> = (0..scene.units.len()).collect();
        match find {
            Find::Few => {
                scene.sets.push(Units { sum: 0, set: 0 });
                for units in scene.sets_of(&all, 2) {
                    scene.others.entry(units.sum).or_default().push(units);
                }
            }
            Find::Many => {
                // Those that add the same stay together.
                let mut order = all;
                order.sort_unstable_by_key(|&at| (scene.sums[at], at));
                let mut half = order.len() / 2;
                while half > 0 && half < order.len() && scene.twins[order[half]].is_some() {
                    half += 1;
                }
                scene.sets = scene.sets_of(&order[..half], usize::MAX);
                for units in scene.sets_of(&order[half..], usize::MAX) {
                    scene.others.entry(units.sum).or_default().push(units);
                }
            }
            Find::Crashed | Find::OneByTwo => scene.sets = scene.sets_of(&all, 1),
            Find::ManyCrashed => scene.sets = scene.sets_of(&all, usize::MAX),
            Find::TwoCrashed => scene.sets.push(Units { sum: 0, set: 0 }),
        }
        scene
    }

    /// Sets of these units, of so many each, the smallest sets first, until there are many.
    fn sets_of(&self, units: &[usize], largest: usize) -> Vec<Units> {
        let mut sets = vec![(Units { sum: 0, set: 0 }, 0)];
        let mut first = 0;
        for _ in 0..largest.min(units.len()) {
            let last = sets.len();
            for at in first..last {
                let (Units { sum, set }, from) = sets[at];
                for (nth, &unit) in units.iter().enumerate().skip(from) {
                    if self.twins[unit].is_none_or(|twin| set >> twin & 1 == 1) {
                        let (sum, set) = (sum.wrapping_add(self.sums[unit]), set | 1 << unit);
                        sets.push((Units { sum, set }, nth + 1));
                    }
                }
                if sets.len() > MOST_SETS {
                    break;
                }
            }
            if sets.len() > MOST_SETS {
                break;
            }
            first = last;
        }
        sets.into_iter().map(|(units, _)| units).collect()
    }
}

impl Snapshots<'_> {
    /// Finds what adds up to what is lacking: units by their numbers, and crashed classes.
    pub(super) fn sums_to(
        &self,
        lack: u64,
        scene: &Scene,
        (find, used): (Find, &[u16]),
        take: &mut dyn FnMut(&[usize], &[u32]),
    ) {
        let is_left = |group: u32, count: usize| self.is_left(used, group, count);
        let groups = |sum: u64| self.by_sum.get(&sum).into_iter().flatten().copied();
        for &Units { sum, set } in &scene.sets {
            let rest = lack.wrapping_sub(sum);
            match find {
                Find::Few | Find::Many => {
                    for other in scene.others.get(&rest).into_iter().flatten() {
                        let set = set | other.set;
                        if find == Find::Few || set.count_ones() > 2 {
                            take(&members(set), &[]);
                        }
                    }
                }
                Find::Crashed | Find::ManyCrashed => {
                    if find == Find::Crashed || set.count_ones() > 1 {
                        for group in groups(rest).filter(|&group| is_left(group, 1)) {
                            take(&members(set), &[group]);
                        }
                    }
                }
                Find::TwoCrashed | Find::OneByTwo => {
                    if find == Find::OneByTwo && set == 0 {
                        continue;
                    }
                    for first in (0..self.course.crashed.len() as u32).filter(|&g| is_left(g, 1)) {
                        let class = self.course.crashed[first as usize].class;
                        for second in groups(rest.wrapping_sub(self.sums[class as usize])) {
                            let is_same = usize::from(first == second);
                            if second >= first && is_left(second, 1 + is_same) {
                                take(&members(set), &[first, second]);
                            }
                        }
                    }
                }
            }
        }
    }
}
