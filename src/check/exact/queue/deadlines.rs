//! By when crashed takes must have removed values that nobody else took.

use super::super::cover::Removal;
use super::super::minima::SuffixMinima;
use super::super::values::{NEVER, NONE, Values};

/// The values that must be gone because one behind them is seen at the front. `sequence` is an
/// order in which values can go through. O(n log n).
pub(super) fn removals(values: &Values, sequence: &[u32]) -> Vec<Removal> {
    let mut removals = Vec::new();
    if values.lives.iter().all(|life| life.take != NONE) {
        return removals;
    }
    let mut by_call = SuffixMinima::new(values.horizon);
    let mut by_until = SuffixMinima::new(values.horizon);
    // All that must come behind a value is behind it in the sequence.
    for &at in sequence.iter().rev() {
        let life = &values.lives[at as usize];
        let deadline = by_call.after(life.in_by).min(by_until.after(life.seen_by));
        if life.take == NONE && deadline != NEVER {
            removals.push(Removal { by: deadline - 1, life: at });
        }
        let seen = deadline.min(life.seen_by);
        by_call.insert(life.call, seen);
        by_until.insert(life.until, seen);
    }
    removals
}

/// Removals of the values that were peeked at and that nobody is known to have taken: all but one
/// must be gone before the next is seen. The order by when they are seen is the natural one, but
/// not the only one. `None` if there are no such values.
pub(super) fn removals_of_peeked(values: &Values) -> Option<Vec<Removal>> {
    let mut peeked: Vec<(u32, u32)> = values
        .needed()
        .filter(|(_, life)| life.take == NONE && life.seen_by != NEVER)
        .map(|(at, life)| (life.seen_by, at))
        .collect();
    peeked.sort_unstable();
    let chain = peeked.windows(2).map(|pair| Removal { by: pair[1].0 - 1, life: pair[0].1 });
    (!peeked.is_empty()).then(|| chain.collect())
}
