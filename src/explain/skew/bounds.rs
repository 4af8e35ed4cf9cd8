//! Bounds on the differences of clock offsets, and the smallest offsets that keep them.
//!
//! A system of difference constraints is a graph: `x_g - x_h <= w` is an edge from h to g of weight
//! w. It can be met if and only if no cycle is negative; then the weights of shortest paths are the
//! tightest bounds (Bellman 1958; Cormen, Leiserson, Rivest and Stein, "Difference constraints and
//! shortest paths"). Whole numbers as bounds have whole numbers as solutions.

/// The offset of one group may exceed that of another by so much at most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Difference {
    /// The group whose offset is limited.
    pub(super) of: u16,
    /// The group that it is compared with.
    pub(super) over: u16,
    /// `x_of - x_over <= most`.
    pub(super) most: i64,
}

impl Difference {
    /// Whether `offsets` keep it.
    pub(super) fn holds(&self, offsets: &[i64]) -> bool {
        let offset = |group: u16| offsets[usize::from(group)];
        offset(self.of).saturating_sub(offset(self.over)) <= self.most
    }

    /// What holds where this does not.
    pub(super) fn opposite(&self) -> Difference {
        let Difference { of, over, most } = *self;
        Difference { of: over, over: of, most: most.saturating_neg().saturating_sub(1) }
    }
}

/// No bound at all.
const FREE: i64 = i64::MAX;

/// Bounds on all differences of offsets, tightened until none follows from the others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Bounds {
    groups: usize,
    /// At `over * groups + of`: how much `x_of - x_over` is at most.
    most: Vec<i64>,
}

impl Bounds {
    /// No bounds on the offsets of so many groups.
    pub(super) fn free(groups: usize) -> Bounds {
        let mut most = vec![FREE; groups * groups];
        for group in 0..groups {
            most[group * groups + group] = 0;
        }
        Bounds { groups, most }
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// Whether `offsets` keep all bounds.
    pub(super) fn holds(&self, offsets: &[i64]) -> bool {
        (0..self.groups as u16).all(|of| {
            (0..self.groups as u16).all(|over| {
                let most = self.at(usize::from(of), usize::from(over));
                Difference { of, over, most }.holds(offsets)
            })
        })
    }

    fn at(&self, of: usize, over: usize) -> i64 {
        self.most[over * self.groups + of]
    }

    /// Adds a bound and all that follows from it; false if no offsets are left. O(groups²).
    pub(super) fn add(&mut self, difference: Difference) -> bool {
        let Difference { of, over, most } = difference;
        let (of, over) = (usize::from(of), usize::from(over));
        if self.at(of, over) <= most {
            return true;
        }
        // Around and back must not be negative.
        let back = self.at(over, of);
        if back != FREE && back.saturating_add(most) < 0 {
            return false;
        }
        for from in 0..self.groups {
            let before = self.at(over, from);
            if before == FREE {
                continue;
            }
            for to in 0..self.groups {
                let behind = self.at(to, of);
                if behind != FREE {
                    let bound = &mut self.most[from * self.groups + to];
                    *bound = (*bound).min(before.saturating_add(most).saturating_add(behind));
                }
            }
        }
        true
    }

    /// Adds all of `differences`; false if no offsets are left.
    pub(super) fn add_all(&mut self, differences: &[Difference]) -> bool {
        differences.iter().all(|&difference| self.add(difference))
    }

    /// Makes the offset of `group` exceed that of `over` by exactly `by`, if it may.
    fn fix(&mut self, group: usize, over: usize, by: i64) -> bool {
        let (of, over) = (group as u16, over as u16);
        self.add(Difference { of, over, most: by })
            && self.add(Difference { of: over, over: of, most: by.saturating_neg() })
    }

    /// Makes two groups have one offset; false if they cannot.
    pub(super) fn equate(&mut self, one: usize, other: usize) -> bool {
        self.fix(one, other, 0)
    }

    /// Offsets that keep all bounds, between the largest and the smallest of which is as little as
    /// possible. One of them at least is 0; of several such, few others are not, and these small.
    /// O(groups⁴) at most, O(groups³) for more than eight groups.
    ///
    /// With `x_g - x_h <= s` for all pairs, each is linked both ways by an edge of weight s at
    /// most. That no cycle with one of them is negative means that s is no less than any `-most`;
    /// then no cycle with several is, being no less than a sum of such cycles.
    pub(super) fn smallest(&self) -> Option<Vec<i64>> {
        let mut limited = self.clone();
        if !limited.limit(self.spread()) {
            return None;
        }
        let tried = (0..self.groups).take(8).map(|zero| limited.solution(zero));
        let cost = |offsets: &Vec<i64>| {
            let others = offsets.iter().filter(|&&x| x != 0).count();
            (others, offsets.iter().map(|x| x.unsigned_abs()).max())
        };
        tried.min_by_key(cost)
    }

    /// By how much offsets that keep all bounds differ at least.
    pub(super) fn spread(&self) -> i64 {
        self.most.iter().copied().min().map_or(0, |least| least.saturating_neg())
    }

    /// Lets no two offsets differ by more than `spread`; false if there are none. O(groups⁴).
    pub(super) fn limit(&mut self, spread: i64) -> bool {
        let groups = 0..self.groups as u16;
        spread == i64::MAX
            || groups.clone().all(|of| {
                groups.clone().all(|over| self.add(Difference { of, over, most: spread }))
            })
    }

    /// Whether some offsets that keep all bounds keep this one, too.
    pub(super) fn permits(&self, difference: &Difference) -> bool {
        let Difference { of, over, most } = *difference;
        let back = self.at(usize::from(over), usize::from(of));
        back == FREE || back.saturating_add(most) >= 0
    }

    /// Offsets, 0 for `reference` and wherever else that is possible.
    fn solution(&self, reference: usize) -> Vec<i64> {
        let mut bounds = self.clone();
        for group in 0..self.groups {
            if bounds.at(group, reference) >= 0 && bounds.at(reference, group) >= 0 {
                bounds.fix(group, reference, 0);
            }
        }
        let mut offsets = Vec::with_capacity(self.groups);
        for group in 0..self.groups {
            let (up, down) = (bounds.at(group, reference), -bounds.at(reference, group));
            let nearest = if up < 0 { up } else { down.max(0) };
            bounds.fix(group, reference, nearest);
            offsets.push(nearest);
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// All offsets of `groups` groups within `reach`, one of which at least is 0.
    fn all_offsets(groups: usize, reach: i64) -> Vec<Vec<i64>> {
        let mut all = vec![Vec::new()];
        for _ in 0..groups {
            let longer = |offsets: Vec<i64>| {
                (-reach..=reach).map(move |x| offsets.iter().copied().chain([x]).collect())
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        all.retain(|offsets: &Vec<i64>| offsets.contains(&0));
        all
    }

    #[test]
    fn the_smallest_offsets_agree_with_brute_force() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut found = [0, 0];
        for groups in 2..=4 {
            let all = all_offsets(groups, 7);
            for _ in 0..400 {
                let differences: Vec<Difference> = (0..rng.random_range(1..6))
                    .map(|_| Difference {
                        of: rng.random_range(0..groups) as u16,
                        over: rng.random_range(0..groups) as u16,
                        most: rng.random_range(-3..=2),
                    })
                    .collect();
                let keeps = |x: &&Vec<i64>| differences.iter().all(|d| d.holds(x));
                let size = |x: &Vec<i64>| x.iter().max().unwrap() - x.iter().min().unwrap();
                let expected = all.iter().filter(keeps).map(size).min();
                let mut bounds = Bounds::free(groups);
                let smallest = bounds
                    .add_all(&differences)
                    .then(|| (bounds.spread(), bounds.smallest().unwrap()));
                found[usize::from(smallest.is_some())] += 1;
                // Offsets beyond the reach of brute force are possible, smaller ones are not.
                let Some((most, offsets)) = smallest else {
                    assert_eq!(expected, None, "{differences:?}");
                    continue;
                };
                assert!(keeps(&&offsets), "{differences:?} {offsets:?}");
                assert!(offsets.contains(&0) && size(&offsets) == most);
                match expected {
                    Some(expected) if most <= 7 => assert_eq!(expected, most),
                    _ => assert!(most > 7, "{differences:?}"),
                }
            }
        }
        assert!(found.iter().all(|&count| count > 100), "{found:?}");
    }
}
