//! When a collection of single values can be empty: at points that no value certainly covers, and
//! before which crashed takes can have removed what nobody else took.
//!
//! A point is named by the rank of the event right before it.

use super::Conflict;
use super::values::{NEVER, NONE, Values};
use crate::history::sort;

/// Chooses for each operation that found nothing the first point at which that is possible:
/// ascending, together with the operation. A conflict if there is none for one of them.
///
/// Values without a known take must have been [kept](Values::keep_untaken) if no take crashed.
pub(super) fn cuts(values: &Values) -> Result<Vec<(u32, u32)>, Conflict> {
    if values.empties.is_empty() {
        return Ok(Vec::new());
    }
    let horizon = values.horizon as usize;
    // How many values are certainly there, and how many crashed takes are missing to remove what
    // nobody else took, as differences.
    let mut there = vec![0_i32; horizon + 1];
    let mut missing = vec![0_i32; horizon + 1];
    for (_, life) in values.needed() {
        if life.in_by < life.until {
            there[life.in_by as usize] += 1;
            there[(life.until as usize).min(horizon)] -= 1;
        }
        if life.take == NONE && life.until != NEVER {
            missing[life.in_by as usize] += 1;
        }
    }
    for &at in &values.unknown {
        missing[values.spans[at as usize].call as usize] -= 1;
    }
    let (mut covered, mut lacking) = (0, 0);
    let is_free: Vec<bool> = (0..horizon)
        .map(|rank| {
            covered += there[rank];
            lacking += missing[rank];
            covered == 0 && lacking <= 0
        })
        .collect();
    let mut next = NEVER;
    let mut next_free = vec![NEVER; horizon];
    for rank in (0..horizon).rev() {
        next = if is_free[rank] { rank as u32 } else { next };
        next_free[rank] = next;
    }
    let mut cuts = Vec::with_capacity(values.empties.len());
    for &at in &values.empties {
        let span = values.spans[at as usize];
        let cut = next_free[span.call as usize];
        if cut >= span.ret {
            return Err(values.conflict_at(span.ret));
        }
        cuts.push((cut, at));
    }
    cuts.sort_unstable();
    Ok(cuts)
}

/// A value that a crashed take must have removed by a point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Removal {
    /// The last point.
    pub(super) by: u32,
    pub(super) life: u32,
}

/// The removals that cuts ask for: whatever must be in before a cut must be out by then.
pub(super) fn removals(values: &Values, cuts: &[(u32, u32)]) -> Vec<Removal> {
    let mut removals = Vec::new();
    for (at, life) in values.needed().filter(|(_, life)| life.take == NONE) {
        let next = cuts.partition_point(|&(cut, _)| cut < life.in_by);
        removals.extend(cuts.get(next).map(|&(by, _)| Removal { by, life: at }));
    }
    removals
}

/// Assigns crashed takes to removals, earliest deadline first; otherwise the deadline that cannot
/// be met. Sorts the removals.
pub(super) fn assign(values: &Values, removals: &mut [Removal]) -> Result<(), u32> {
    sort::by(removals, |removal| (removal.by, removal.life));
    for (nth, removal) in removals.iter().enumerate() {
        let call = values.unknown.get(nth).map(|&at| values.spans[at as usize].call);
        if call.is_none_or(|call| call > removal.by) {
            return Err(removal.by);
        }
    }
    Ok(())
}

/// Lets crashed takes do the removals that they were [assigned](assign) to; what else is not taken
/// is there for ever.
pub(super) fn remove(values: &mut Values, removals: &[Removal]) {
    for (&Removal { life, .. }, &at) in removals.iter().zip(&values.unknown) {
        let life = &mut values.lives[life as usize];
        life.take = at;
        life.until = life.until.max(values.spans[at as usize].call);
    }
    values.keep_untaken();
}

/// Merges what happens at times (an operation with its time, ascending in each list); at equal
/// times, what is in the earlier list comes first. Initial puts are left out.
pub(super) fn merge(lists: &[Vec<(u64, u32)>]) -> Vec<u32> {
    let mut next = vec![0; lists.len()];
    let mut order = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    loop {
        let heads =
            (0..lists.len()).filter_map(|list| Some((lists[list].get(next[list])?.0, list)));
        let Some((_, list)) = heads.min() else { break };
        let (_, at) = lists[list][next[list]];
        next[list] += 1;
        if at != NONE {
            order.push(at);
        }
    }
    order
}
