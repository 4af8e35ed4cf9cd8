//! The order in which things happened, of when they did.

use super::super::problem::{NEVER, Problem};
use super::config::{Config, Deed, put_of};
use crate::history::sort;

/// An item's time on the stack.
#[derive(Clone, Copy)]
struct Stay {
    put: u32,
    take: u32,
    from: u32,
    to: u32,
    /// When it was last seen before it was taken, on top of all others from the same moment.
    seen: u32,
}

/// Orders what happened on the way to `last`.
pub(super) fn order(problem: &Problem, deeds: &[Deed], last: &Config) -> Vec<u32> {
    let mut stays: Vec<Stay> = Vec::new();
    let mut looks: Vec<(u32, u32, u32)> = Vec::new();
    let mut alone: Vec<(u32, u32)> = Vec::new();
    for &deed in deeds {
        match deed {
            Deed::Stay { put, take, from, to } => stays.push(Stay { put, take, from, to, seen: 0 }),
            Deed::Look { peek, put, at } => looks.push((put, at, peek)),
            Deed::Alone { op, at } => alone.push((at, op)),
        }
    }
    let rest = last.items.iter().map(|item| Stay {
        put: item.put,
        take: NEVER,
        from: item.first,
        to: NEVER,
        seen: 0,
    });
    stays.extend(rest);
    sort::by(&mut stays, |stay| stay.put);
    for (put, at, _) in &mut looks {
        let Ok(found) = stays.binary_search_by_key(put, |stay| stay.put) else { continue };
        let stay = &mut stays[found];
        *at = stay.from.max(*at);
        if *at < stay.to {
            stay.seen = stay.seen.max(*at);
        }
    }
    looks.sort_unstable();
    sort::by(&mut alone, |&(at, _)| at);
    // Of those from one moment, what stays longest lies below; what goes at once comes last.
    stays.sort_unstable_by_key(|stay| {
        let is_short = stay.to == stay.from;
        (stay.from, is_short, std::cmp::Reverse(stay.to), stay.seen, stay.put)
    });
    emit(problem, &stays, &looks, &alone)
}

/// Lets all happen, one moment after the other: first what goes, then what finds nothing, then
/// what comes.
fn emit(
    problem: &Problem,
    stays: &[Stay],
    looks: &[(u32, u32, u32)],
    alone: &[(u32, u32)],
) -> Vec<u32> {
    let mut order = Vec::with_capacity(problem.ops.len());
    let look = |put: u32, at: u32, order: &mut Vec<u32>| {
        let from = looks.partition_point(|&(other, moment, _)| (other, moment) < (put, at));
        let found = looks[from..].iter().take_while(|look| (look.0, look.1) == (put, at));
        order.extend(found.map(|&(.., peek)| peek));
    };
    let mut moments: Vec<u32> = stays.iter().flat_map(|stay| [stay.from, stay.to]).collect();
    moments.extend(looks.iter().map(|&(_, at, _)| at));
    moments.extend(alone.iter().map(|&(at, _)| at));
    moments.sort_unstable();
    moments.dedup();
    let (mut stays, mut alone) = (stays.iter().peekable(), alone.iter().peekable());
    let mut held: Vec<&Stay> = Vec::new();
    for moment in moments.into_iter().filter(|&moment| moment != NEVER) {
        while let Some(&top) = held.last() {
            look(top.put, moment, &mut order);
            if top.to != moment {
                break;
            }
            order.push(top.take);
            held.pop();
        }
        while let Some(&(_, op)) = alone.next_if(|&&(at, _)| at == moment) {
            order.push(op);
        }
        while let Some(stay) = stays.next_if(|stay| stay.from == moment) {
            order.extend(Some(put_of(problem, stay.put)).filter(|&put| put != NEVER));
            look(stay.put, moment, &mut order);
            if stay.to == moment {
                order.push(stay.take);
            } else {
                held.push(stay);
            }
        }
    }
    order
}
