//! Replays an order.

use std::mem;

use super::super::Timed;
use super::order::Step;
use crate::history::hash::Map;
use crate::history::{Rank, Value};
use crate::model::acked_queue::Op;
use crate::model::items::Found;

/// The copies of an item: those that wait, those that are handed out, and whether one was
/// acknowledged or put back.
type Copies = (u64, u64, bool);

/// Returns whether `order` is a linearization of `operations` on a queue that holds `initial` at
/// first: each completed operation is there once, crashed ones at most once, none behind one that
/// was called after its return, and each does what the model allows.
pub(super) fn is_linearization(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    order: &[Step],
) -> bool {
    let mut items: Map<u32, Copies> = Map::default();
    for item in initial {
        items.entry(item.handle()).or_default().0 += 1;
    }
    let mut waiting = initial.len() as u64;
    let mut is_done = vec![false; operations.len()];
    let mut latest = Rank::FIRST;
    for step in order {
        let timed = &operations[step.at as usize];
        latest = latest.max(timed.span.call);
        if mem::replace(&mut is_done[step.at as usize], true) || timed.span.ret < latest {
            return false;
        }
        let item = match timed.op {
            Op::Put(item) | Op::Ack(item) | Op::Nack(item) | Op::Take(Found::Item(item)) => {
                item.handle()
            }
            Op::Take(Found::Any) => step.item,
            Op::Take(Found::Empty) if waiting == 0 => continue,
            Op::Take(Found::Empty) => return false,
        };
        let copies = items.entry(item).or_default();
        let Some(next) = after(timed.op, *copies, step.changes) else { return false };
        waiting = waiting - copies.0 + next.0;
        *copies = next;
    }
    operations.iter().zip(is_done).all(|(timed, is_done)| is_done || !timed.has_returned())
}

/// What an operation makes of the copies of its item; `None` if it is not allowed.
fn after(op: &Op, (ready, taken, is_settled): Copies, changes: bool) -> Option<Copies> {
    let is_late = is_settled && taken == 0;
    match op {
        Op::Put(_) if changes => Some((ready + 1, taken, is_settled)),
        Op::Take(_) if changes => Some((ready.checked_sub(1)?, taken + 1, is_settled)),
        Op::Take(Found::Item(_)) if taken > 0 => Some((ready, taken, is_settled)),
        Op::Ack(_) if changes && is_late => Some((ready.checked_sub(1)?, 0, true)),
        Op::Ack(_) if changes => Some((ready, taken.checked_sub(1)?, true)),
        Op::Nack(_) if changes => Some((ready + 1, taken.checked_sub(1)?, true)),
        Op::Ack(_) | Op::Nack(_) if is_late => Some((ready, 0, true)),
        _ => None,
    }
}
