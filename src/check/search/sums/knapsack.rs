//! The cheapest operations that add a number to a single amount: a knapsack.

/// So many sums are told apart at most.
const MOST_SUMS: i128 = 1 << 12;

/// What can be put in: something that adds `by` at a `cost`, so many times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) by: i128,
    pub(super) cost: u32,
    pub(super) count: u32,
}

/// Several of one kind, all or none of which are taken.
struct Bundle {
    kind: usize,
    times: u32,
    /// For each sum, whether the cheapest way there takes them.
    taken: Vec<bool>,
}

/// Finds how many of each of `kinds` add up to `sum` at the least cost; `None` if they cannot, or
/// the sums are too many. On the way there, sums beyond 0 and `sum` by twice the largest number are
/// looked at. O(n log m s) for n kinds of at most m and s sums.
pub(super) fn cheapest(kinds: &[Kind], sum: i128) -> Option<Vec<u32>> {
    let beyond = kinds.iter().map(|kind| kind.by.saturating_abs()).max()?.checked_mul(2)?;
    let (least, most) = (sum.min(0).checked_sub(beyond)?, sum.max(0).checked_add(beyond)?);
    let sums = most.checked_sub(least).filter(|&sums| sums < MOST_SUMS)? as usize + 1;
    let place = |sum: i128| (sum - least) as usize;
    let mut costs = vec![u32::MAX; sums];
    costs[place(0)] = 0;
    let mut bundles: Vec<Bundle> = Vec::new();
    for (kind, &Kind { by, cost, count }) in kinds.iter().enumerate() {
        let mut left = count;
        let mut times = 1;
        while left > 0 {
            times = times.min(left);
            left -= times;
            let mut taken = vec![false; sums];
            let step = by.saturating_mul(times.into());
            if step.unsigned_abs() < sums as u128 {
                let before = costs.clone();
                for (to, taken) in taken.iter_mut().enumerate() {
                    let from = usize::try_from(to as i128 - step).ok();
                    let Some(&way) = from.and_then(|from| before.get(from)) else { continue };
                    let way = way.saturating_add(cost.saturating_mul(times));
                    if way < costs[to] {
                        (costs[to], *taken) = (way, true);
                    }
                }
            }
            bundles.push(Bundle { kind, times, taken });
            times = times.saturating_mul(2);
        }
    }
    if costs[place(sum)] == u32::MAX {
        return None;
    }
    let mut counts = vec![0; kinds.len()];
    let mut at = sum;
    for Bundle { kind, times, taken } in bundles.iter().rev() {
        if taken[place(at)] {
            counts[*kind] += times;
            at -= kinds[*kind].by * i128::from(*times);
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least cost of adding up to `sum`, by all ways.
    fn least(kinds: &[Kind], sum: i128) -> Option<u32> {
        let Some((first, rest)) = kinds.split_first() else { return (sum == 0).then_some(0) };
        let ways = (0..=first.count).filter_map(|times| {
            let cost = least(rest, sum - first.by * i128::from(times))?;
            Some(cost + first.cost * times)
        });
        ways.min()
    }

    #[test]
    fn the_cheapest_is_found() {
        let kind = |by, cost, count| Kind { by, cost, count };
        let kinds = [kind(5, 3, 1), kind(3, 1, 2), kind(-2, 4, 3), kind(1, 9, 5), kind(4, 2, 1)];
        for kinds in [&kinds[..], &kinds[..3], &kinds[1..2], &kinds[2..]] {
            for sum in -8..20 {
                let found = cheapest(kinds, sum);
                let cost = found.as_ref().map(|counts| {
                    let all = || kinds.iter().zip(counts);
                    let added: i128 = all().map(|(kind, &n)| kind.by * i128::from(n)).sum();
                    assert_eq!(added, sum);
                    assert!(all().all(|(kind, &n)| n <= kind.count));
                    all().map(|(kind, &n)| kind.cost * n).sum::<u32>()
                });
                assert_eq!(cost, least(kinds, sum), "{kinds:?} {sum}");
            }
        }
    }
}
