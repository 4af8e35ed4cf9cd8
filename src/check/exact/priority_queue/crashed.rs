//! Priority queues where takes crashed: which values did they take?
//!
//! If the history is impossible even if the first crashed take could take everything, it is
//! impossible; if it is possible with some assignment of takes to values, it is possible. The
//! assignments that are tried begin with what must be taken.

use super::super::cover::{Removal, assign, remove};
use super::super::minima::SuffixMinima;
use super::super::values::{NEVER, NONE, Values};
use super::super::{Ruling, Wanted};
use super::Groups;
use super::greedy::{self, Failed};

/// So many assignments are tried.
const ATTEMPTS: usize = 16;

/// Decides a history with crashed takes.
pub(super) fn decide(mut values: Values, groups: &Groups, wanted: Wanted) -> Option<Ruling> {
    let known: Vec<_> = values.lives.clone();
    let first = values.spans[*values.unknown.first()? as usize].call;
    for life in values.lives.iter_mut().filter(|life| life.take == NONE) {
        life.until = life.until.max(first);
    }
    if let Err(failed) = greedy::place(&values, groups, Wanted::Verdict) {
        return Some(Ruling::Invalid(values.conflict_at(failed.by)));
    }
    values.lives.clone_from(&known);
    let mut removals = needed(&values, groups);
    if let Err(rank) = assign(&values, &mut removals) {
        return Some(Ruling::Invalid(values.conflict_at(rank + 1)));
    }
    for _ in 0..ATTEMPTS {
        values.lives.clone_from(&known);
        remove(&mut values, &removals);
        match greedy::place(&values, groups, wanted) {
            Ok(order) => return Some(Ruling::Valid(order)),
            Err(failed) => {
                let more = in_the_way(&values, groups, failed);
                if more.is_empty() {
                    return None;
                }
                removals.extend(more);
                assign(&values, &mut removals).ok()?;
            }
        }
    }
    None
}

/// What must be taken before an operation returns that saw something of a lower priority, since it
/// was there all the time.
fn needed(values: &Values, groups: &Groups) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut seen = SuffixMinima::new(values.horizon);
    for &at in &values.empties {
        let span = values.spans[at as usize];
        seen.insert(span.call, span.ret);
    }
    for group in groups.iter().rev() {
        for &(_, at) in group {
            let life = &values.lives[at as usize];
            let by = seen.after(life.in_by - 1);
            if life.take == NONE && by != NEVER {
                removals.push(Removal { by: by - 1, life: at });
            }
        }
        for &(_, at) in group {
            let life = &values.lives[at as usize];
            let take = (life.take != NONE).then_some(life.take);
            for &by in take.iter().chain(values.peeks(at)) {
                let span = values.spans[by as usize];
                seen.insert(span.call.max(life.call), span.ret);
            }
        }
    }
    removals
}

/// What nobody took and was there when something failed.
fn in_the_way(values: &Values, groups: &Groups, failed: Failed) -> Vec<Removal> {
    let is_higher = |priority: u64| failed.priority.is_none_or(|other| priority < other);
    let higher = groups.sorted.iter().filter(|&&(priority, _)| is_higher(priority));
    let blocks = higher.filter(|&&(_, at)| {
        let life = &values.lives[at as usize];
        life.take == NONE && life.in_by < failed.by
    });
    blocks.map(|&(_, life)| Removal { by: failed.by - 1, life }).collect()
}
