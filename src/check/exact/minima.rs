//! Tables by rank that the deciders share.

use super::values::NEVER;

/// The least of the values at ranks from one on (a tree of Fenwick's).
pub(super) struct SuffixMinima {
    minima: Vec<u32>,
}

impl SuffixMinima {
    pub(super) fn new(horizon: u32) -> Self {
        SuffixMinima { minima: vec![NEVER; horizon as usize + 1] }
    }

    pub(super) fn insert(&mut self, rank: u32, value: u32) {
        let mut at = rank as usize + 1;
        while at > 0 && at < self.minima.len() {
            self.minima[at] = self.minima[at].min(value);
            at &= at - 1;
        }
    }

    /// The least value at ranks above `rank`.
    pub(super) fn after(&self, rank: u32) -> u32 {
        let mut least = NEVER;
        let mut at = (rank as usize).saturating_add(2);
        while at < self.minima.len() {
            least = least.min(self.minima[at]);
            at += at & at.wrapping_neg();
        }
        least
    }
}

/// How many things there are up to a rank (a tree of Fenwick's).
pub(super) struct PrefixCounts {
    counts: Vec<u32>,
}

impl PrefixCounts {
    pub(super) fn new(horizon: u32) -> Self {
        PrefixCounts { counts: vec![0; horizon as usize + 1] }
    }

    pub(super) fn insert(&mut self, rank: u32) {
        let mut at = rank as usize + 1;
        while at < self.counts.len() {
            self.counts[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many there are at ranks up to `rank`.
    pub(super) fn up_to(&self, rank: u32) -> u32 {
        let mut count = 0;
        let mut at = (rank as usize + 1).min(self.counts.len() - 1);
        while at > 0 {
            count += self.counts[at];
            at &= at - 1;
        }
        count
    }
}

/// Points in time that are free or not, so that the next or the last free one is found at once (a
/// union-find structure over intervals). Points are never freed again.
pub(super) struct Free {
    /// For each point, one that is not after the next free point.
    next: Vec<u32>,
}

impl Free {
    /// All points below `horizon` are free.
    pub(super) fn new(horizon: u32) -> Self {
        Free { next: (0..=horizon).collect() }
    }

    /// The first free point at or after `point`; the horizon if there is none.
    pub(super) fn from(&mut self, point: u32) -> u32 {
        let last = self.next.len() as u32 - 1;
        let mut at = point.min(last);
        while self.next[at as usize] != at {
            let beyond = self.next[self.next[at as usize] as usize];
            self.next[at as usize] = beyond;
            at = beyond;
        }
        at
    }

    /// Occupies the points from `start` to before `end`.
    pub(super) fn occupy(&mut self, start: u32, end: u32) {
        let end = end.min(self.next.len() as u32 - 1);
        let mut at = self.from(start);
        while at < end {
            self.next[at as usize] = at + 1;
            at = self.from(at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn minima_and_counts_are_those_of_a_list() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for horizon in 1..40_u32 {
            let mut minima = SuffixMinima::new(horizon);
            let mut counts = PrefixCounts::new(horizon);
            let mut all: Vec<(u32, u32)> = Vec::new();
            for _ in 0..horizon {
                let (rank, value) = (rng.random_range(0..horizon), rng.random_range(0..100));
                minima.insert(rank, value);
                counts.insert(rank);
                all.push((rank, value));
                for asked in 0..horizon + 2 {
                    let after = all.iter().filter(|(rank, _)| *rank > asked).map(|&(_, v)| v);
                    assert_eq!(minima.after(asked), after.min().unwrap_or(NEVER));
                    let up_to = all.iter().filter(|(rank, _)| *rank <= asked).count();
                    assert_eq!(counts.up_to(asked), up_to as u32);
                }
            }
        }
    }

    #[test]
    fn free_points_are_those_that_nobody_occupied() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for horizon in 1..40_u32 {
            let mut free = Free::new(horizon);
            let mut occupied = vec![false; horizon as usize];
            for _ in 0..6 {
                let start = rng.random_range(0..horizon);
                let end = rng.random_range(start..horizon + 3);
                free.occupy(start, end);
                occupied[start as usize..end.min(horizon) as usize].fill(true);
                for point in 0..horizon + 3 {
                    let next = (point..horizon).find(|&at| !occupied[at as usize]);
                    assert_eq!(free.from(point), next.unwrap_or(horizon), "from {point}");
                }
            }
        }
    }
}
