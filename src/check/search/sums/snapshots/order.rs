//! The order of the few operations between two snapshots: one in which all of them are legal, and
//! as many as possible of those that change nothing find on the way what they found.

use std::cmp::Reverse;
use std::collections::hash_map::Entry as Slot;

use crate::check::search::sums::problem::AmountId;
use crate::check::search::sums::states::weighed;
use crate::history::hash::Map;

/// So many orders of as many operations are followed where some must be looked for, and where
/// none must.
const MOST_PATHS: [usize; 2] = [96, 12];

/// What adds to amounts.
pub(super) struct Mover<'a> {
    pub(super) adds: &'a [(AmountId, i128)],
    /// The movers and the looks that have to come before it.
    pub(super) movers: u64,
    pub(super) looks: u64,
}

/// What changes nothing.
pub(super) struct Look<'a> {
    pub(super) finds: Finds<'a>,
    /// The movers and the looks that have to come before it.
    pub(super) movers: u64,
    pub(super) looks: u64,
}

/// What a look found.
pub(super) enum Finds<'a> {
    /// All amounts, with this sum.
    All(u64),
    /// Some of them less than this.
    Less(&'a [(AmountId, i128)]),
}

/// What is to be brought into an order.
pub(super) struct Orders<'a> {
    pub(super) movers: Vec<Mover<'a>>,
    pub(super) looks: Vec<Look<'a>>,
    /// The looks that must be done on the way.
    pub(super) needed: u64,
    /// The least that each amount may be.
    pub(super) least: &'a [i128],
}

/// Some movers in an order.
#[derive(Clone, Copy)]
struct Path {
    movers: u64,
    looks: u64,
    sum: u64,
    /// The path before the last of them.
    from: usize,
    by: usize,
}

/// The paths that are followed.
struct Paths {
    paths: Vec<Path>,
    /// The amounts that each of them leads to.
    values: Vec<i128>,
}

impl Orders<'_> {
    /// An order of the movers from these amounts, as their numbers; `None` if none was found.
    pub(super) fn best(&self, values: &[i128]) -> Option<Vec<usize>> {
        let sum = (0..)
            .zip(values)
            .fold(0, |sum: u64, (amount, &value)| sum.wrapping_add(weighed(amount, value)));
        let first = Path { movers: 0, looks: self.looked(0, 0, sum, values), sum, from: 0, by: 0 };
        let mut paths = Paths { paths: vec![first], values: values.to_vec() };
        let most = MOST_PATHS[usize::from(self.needed == 0)];
        let mut layer = 0..1;
        for _ in &self.movers {
            let begin = paths.paths.len();
            let mut known: Map<u64, usize> = Map::default();
            for from in layer {
                self.extend(&mut paths, from, &mut known);
            }
            self.prune(&mut paths, begin, most);
            layer = begin..paths.paths.len();
        }
        let best = paths.paths[layer].iter().max_by_key(|path| self.worth(path))?;
        (best.looks & self.needed == self.needed).then(|| paths.order_of(*best))
    }

    fn worth(&self, path: &Path) -> (u32, u32) {
        ((path.looks & self.needed).count_ones(), path.looks.count_ones())
    }

    /// Adds the paths with one mover more.
    fn extend(&self, paths: &mut Paths, from: usize, known: &mut Map<u64, usize>) {
        let Path { movers, looks, sum, .. } = paths.paths[from];
        for (at, mover) in self.movers.iter().enumerate() {
            let is_next =
                movers >> at & 1 == 0 && mover.movers & !movers == 0 && mover.looks & !looks == 0;
            if !is_next {
                continue;
            }
            let mut values = paths.of(from, self.least.len()).to_vec();
            let (mut sum, mut is_legal) = (sum, true);
            for &(amount, by) in mover.adds {
                let value = &mut values[amount as usize];
                *value = value.saturating_add(by);
                is_legal &= by > 0 || *value >= self.least[amount as usize];
                sum = sum.wrapping_add(weighed(amount, by));
            }
            if !is_legal {
                continue;
            }
            let movers = movers | 1 << at;
            let looks = self.looked(movers, looks, sum, &values);
            let path = Path { movers, looks, sum, from, by: at };
            match known.entry(movers) {
                Slot::Vacant(slot) => {
                    slot.insert(paths.paths.len());
                    paths.paths.push(path);
                    paths.values.extend_from_slice(&values);
                }
                Slot::Occupied(slot) => {
                    let other = &mut paths.paths[*slot.get()];
                    if self.worth(&path) > self.worth(other) {
                        *other = path;
                    }
                }
            }
        }
    }

    /// Which looks are done where these are, and the amounts are so.
    fn looked(&self, movers: u64, mut looks: u64, sum: u64, values: &[i128]) -> u64 {
        for (at, look) in self.looks.iter().enumerate() {
            let is_next =
                looks >> at & 1 == 0 && look.movers & !movers == 0 && look.looks & !looks == 0;
            let finds = || match look.finds {
                Finds::All(found) => found == sum,
                Finds::Less(limits) => {
                    limits.iter().all(|&(amount, limit)| values[amount as usize] < limit)
                }
            };
            if is_next && finds() {
                looks |= 1 << at;
            }
        }
        looks
    }

    /// Keeps the best paths behind `begin`: those with the most looks, and then those that are
    /// nearest to what is needed.
    fn prune(&self, paths: &mut Paths, begin: usize, most: usize) {
        let row = self.least.len();
        if paths.paths.len() <= begin + most {
            return;
        }
        let over = |at: usize| {
            let left = self.needed & !paths.paths[at].looks;
            let looks = self.looks.iter().enumerate().filter(|&(at, _)| left >> at & 1 == 1);
            let values = paths.of(at, row);
            looks.fold(0_i128, |over, (_, look)| match look.finds {
                Finds::All(_) => over,
                Finds::Less(limits) => limits.iter().fold(over, |over, &(amount, limit)| {
                    over.saturating_add(values[amount as usize].saturating_sub(limit).max(0))
                }),
            })
        };
        let mut ranks: Vec<usize> = (begin..paths.paths.len()).collect();
        ranks.sort_by_cached_key(|&at| (Reverse(self.worth(&paths.paths[at])), over(at)));
        ranks.truncate(most);
        let kept: Vec<(Path, Vec<i128>)> =
            ranks.into_iter().map(|at| (paths.paths[at], paths.of(at, row).to_vec())).collect();
        paths.truncate(begin, row);
        for (path, values) in kept {
            paths.paths.push(path);
            paths.values.extend(values);
        }
    }
}

impl Paths {
    /// The amounts that a path leads to.
    fn of(&self, path: usize, row: usize) -> &[i128] {
        &self.values[path * row..(path + 1) * row]
    }

    fn truncate(&mut self, count: usize, row: usize) {
        self.paths.truncate(count);
        self.values.truncate(count * row);
    }

    fn order_of(&self, mut path: Path) -> Vec<usize> {
        let mut order = Vec::new();
        while path.movers > 0 {
            order.push(path.by);
            path = self.paths[path.from];
        }
        order.reverse();
        order
    }
}

/// The set of those of the first `count` for which something holds.
pub(super) fn set_of(count: usize, holds: impl Fn(usize) -> bool) -> u64 {
    (0..count).filter(|&at| holds(at)).fold(0, |set, at| set | 1 << at)
}
