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
    pub(super) most: i128,
}

impl Difference {
    /// Whether `offsets` keep it.
    pub(super) fn holds(&self, offsets: &[i64]) -> bool {
        let offset = |group: u16| i128::from(offsets[usize::from(group)]);
        offset(self.of) - offset(self.over) <= self.most
    }
}

/// No bound at all.
const FREE: i128 = i128::MAX;

/// Bounds on all differences of offsets, tightened until none follows from the others.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    groups: usize,
    /// At `over * groups + of`: how much `x_of - x_over` is at most.
    most: Vec<i128>,
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

    fn at(&self, of: usize, over: usize) -> i128 {
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
        if back != FREE && back + most < 0 {
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
                    *bound = (*bound).min(before + most + behind);
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
    fn fix(&mut self, group: usize, over: usize, by: i128) -> bool {
        let (of, over) = (group as u16, over as u16);
        self.add(Difference { of, over, most: by })
            && self.add(Difference { of: over, over: of, most: -by })
    }

    /// Makes two groups have one offset; false if they cannot.
    pub(super) fn equate(&mut self, one: usize, other: usize) -> bool {
        self.fix(one, other, 0)
    }

    /// The smallest possible largest offset, if the offset of `reference` is 0.
    ///
    /// With `|x_g| <= d` for all g, the edges between the reference and each other group get the
    /// weight d at most. A cycle that repeats no group passes the reference once, so it has at most
    /// two of them: one that leaves the reference for g, one that comes back from h. That no such
    /// cycle is negative is what the three terms say.
    fn least_with(&self, reference: usize) -> i128 {
        let mut least = 0;
        for group in 0..self.groups {
            let (up, down) = (self.at(group, reference), self.at(reference, group));
            least = least.max(if up == FREE { 0 } else { -up });
            least = least.max(if down == FREE { 0 } else { -down });
        }
        least
    }

    /// Half of the largest difference that cannot be avoided, rounded up.
    fn half_spread(&self) -> i128 {
        let tightest = self.most.iter().copied().min().unwrap_or(0);
        (1 - tightest) / 2
    }

    /// Offsets that keep all bounds, one of which at least is 0, and with the smallest possible
    /// largest one; of these, such with few others than 0. With it comes the largest one.
    /// O(groups⁴) at most, O(groups³) for more than eight groups.
    pub(super) fn smallest(&self) -> Option<(i128, Vec<i64>)> {
        let half = self.half_spread();
        let least = |reference: usize| self.least_with(reference).max(half);
        let most = (0..self.groups).map(least).min()?;
        let references = (0..self.groups).filter(|&reference| least(reference) == most);
        let tried = references.take(8).filter_map(|reference| self.solution(reference, most));
        let cost = |offsets: &Vec<i64>| {
            let sum: i128 = offsets.iter().map(|&x| i128::from(x).abs()).sum();
            (offsets.iter().filter(|&&x| x != 0).count(), sum)
        };
        Some((most, tried.min_by_key(cost)?))
    }

    /// Offsets up to `most` in size, 0 for `reference` and wherever else that is still possible.
    fn solution(&self, reference: usize, most: i128) -> Option<Vec<i64>> {
        let mut bounds = self.clone();
        let zero = reference as u16;
        for group in (0..self.groups as u16).filter(|&group| group != zero) {
            let up = Difference { of: group, over: zero, most };
            let down = Difference { of: zero, over: group, most };
            if !bounds.add(up) || !bounds.add(down) {
                return None;
            }
        }
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
            offsets.push(i64::try_from(nearest).ok()?);
        }
        Some(offsets)
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
                let size = |x: &Vec<i64>| x.iter().map(|x| x.abs()).max().unwrap();
                let expected = all.iter().filter(keeps).map(size).min();
                let mut bounds = Bounds::free(groups);
                let smallest = bounds.add_all(&differences).then(|| bounds.smallest().unwrap());
                found[usize::from(smallest.is_some())] += 1;
                // Offsets beyond the reach of brute force are possible, smaller ones are not.
                let Some((most, offsets)) = smallest else {
                    assert_eq!(expected, None, "{differences:?}");
                    continue;
                };
                assert!(keeps(&&offsets), "{differences:?} {offsets:?}");
                assert!(offsets.contains(&0) && i128::from(size(&offsets)) == most);
                match expected {
                    Some(expected) => assert_eq!(i128::from(expected), most, "{differences:?}"),
                    None => assert!(most > 7),
                }
            }
        }
        assert!(found.iter().all(|&count| count > 100), "{found:?}");
    }
}
