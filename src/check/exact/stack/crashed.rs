//! Stacks where takes crashed: which values did they take?
//!
//! If the history is impossible even if the first crashed take could take everything, it is
//! impossible; if it is possible with some assignment of takes to values, it is possible. Those
//! that are tried take what must be taken, and then what turns out to be in the way.

use super::super::cover::{Removal, assign, remove};
use super::super::minima::{PrefixCounts, SuffixMinima};
use super::super::values::{NEVER, NONE, Values};
use super::super::{Ruling, Wanted};
use super::{conflict, nesting};

/// So many assignments are tried.
const ATTEMPTS: usize = 32;

/// Decides a history with crashed takes.
pub(super) fn decide(mut values: Values, wanted: Wanted) -> Option<Ruling> {
    let known = values.lives.clone();
    let first = values.spans[*values.unknown.first()? as usize].call;
    for life in values.lives.iter_mut().filter(|life| life.take == NONE) {
        life.until = life.until.max(first);
    }
    if let Err(failed) = nesting::nest(&values, Wanted::Verdict) {
        return Some(Ruling::Invalid(conflict(&values, failed)));
    }
    values.lives.clone_from(&known);
    let mut removals = needed(&values);
    if let Err(rank) = assign(&values, &mut removals) {
        return Some(Ruling::Invalid(values.conflict_at(rank + 1)));
    }
    if let Some(rank) = too_many(&values) {
        return Some(Ruling::Invalid(values.conflict_at(rank)));
    }
    for _ in 0..ATTEMPTS {
        values.lives.clone_from(&known);
        remove(&mut values, &removals);
        match nesting::nest(&values, wanted) {
            Ok(order) => return Some(Ruling::Valid(order)),
            Err(failed) if failed.in_the_way.is_empty() => return None,
            Err(failed) => removals.extend(failed.in_the_way),
        }
        assign(&values, &mut removals).ok()?;
    }
    None
}

/// What must be taken before an operation returns that saw what lies below it, or nothing, since it
/// was there all the time.
fn needed(values: &Values) -> Vec<Removal> {
    let mut removals = Vec::new();
    let mut seen = SuffixMinima::new(values.horizon);
    for &at in &values.empties {
        let span = values.spans[at as usize];
        seen.insert(span.call, span.ret);
    }
    // What is in before the put of a value is called lies below it.
    let by_in = values.sorted_by(|life| life.in_by);
    let mut below = by_in.iter().map(|&at| (at, &values.lives[at as usize])).peekable();
    for at in values.sorted_by(|life| life.call) {
        let life = &values.lives[at as usize];
        while let Some((other, lower)) = below.next_if(|(_, lower)| lower.in_by < life.call) {
            let take = (lower.take != NONE).then_some(lower.take);
            for &by in take.iter().chain(values.peeks(other)) {
                let span = values.spans[by as usize];
                seen.insert(span.call, span.ret);
            }
        }
        let by = seen.after(life.in_by - 1);
        if life.take == NONE && by != NEVER {
            removals.push(Removal { by: by - 1, life: at });
        }
    }
    removals
}

/// The return of an operation that saw a value below more than crashed takes can have removed, at
/// whatever point it happened.
fn too_many(values: &Values) -> Option<u32> {
    let calls: Vec<u32> = values.unknown.iter().map(|&at| values.spans[at as usize].call).collect();
    let mut above = PrefixCounts::new(values.horizon);
    let is_stuck = |above: &PrefixCounts, at: u32| {
        let span = values.spans[at as usize];
        let mut called = calls.partition_point(|&call| call <= span.call);
        if above.up_to(span.call) as usize <= called {
            return None;
        }
        // Waiting helps only until the next crashed take is called.
        while let Some(&call) = calls.get(called).filter(|&&call| call < span.ret) {
            called += 1;
            if above.up_to(call) as usize <= called {
                return None;
            }
        }
        Some(span.ret)
    };
    let by_call = values.sorted_by(|life| life.call);
    let mut later = by_call.iter().rev().map(|&at| &values.lives[at as usize]).peekable();
    for at in values.sorted_by(|life| life.in_by).into_iter().rev() {
        let life = &values.lives[at as usize];
        while let Some(upper) = later.next_if(|upper| upper.call > life.in_by) {
            if upper.take == NONE && upper.in_by != NEVER {
                above.insert(upper.in_by);
            }
        }
        let take = (life.take != NONE).then_some(life.take);
        let stuck = take.iter().chain(values.peeks(at)).find_map(|&at| is_stuck(&above, at));
        if stuck.is_some() {
            return stuck;
        }
    }
    None
}
