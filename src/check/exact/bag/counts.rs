//! Queues without an order that were never found empty: how often is each value there?

use super::super::items::act;
use super::super::values::{Act, Ids, NEVER, NONE, dense_spans};
use super::super::{Conflict, Ruling, Timed, Wanted};
use crate::history::sort;
use crate::model::items::Op;

/// A value that is there as often as puts were called and takes did not yet return.
#[derive(Clone, Copy, Default)]
struct Count {
    there: u32,
    /// One more than the last point at which it was there.
    last: u32,
}

/// What happens at one point, in this order.
#[derive(Clone, Copy)]
enum Phase {
    Put,
    Peek,
    Take,
}

/// Decides `operations`, of which none found nothing; `None` if a completed one does not tell what
/// it found. The conflict is the first there is.
pub(super) fn decide(
    initial: &[u32],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let (spans, horizon) = dense_spans(operations, 0)?;
    let mut counting = Counting::new(initial, operations);
    let mut at_rank = vec![NONE; horizon as usize];
    for (at, span) in spans.iter().enumerate() {
        match act(operations[at].op) {
            Act::Put(_) => at_rank[span.call as usize] = at as u32,
            Act::Take(_) | Act::Peek(_) if span.ret != NEVER => {
                at_rank[span.ret as usize] = at as u32;
            }
            Act::TakeAny | Act::PeekAny if span.ret == NEVER => {}
            _ => return None,
        }
    }
    let mut events: Vec<(u64, u32)> = Vec::new();
    for (rank, &at) in at_rank.iter().enumerate().filter(|&(_, &at)| at != NONE) {
        let call = spans[at as usize].call;
        let placed = counting.place(act(operations[at as usize].op), call, rank as u32);
        let Some((point, phase)) = placed else {
            return Some(Ruling::Invalid(Conflict::at(at)));
        };
        if wanted == Wanted::Order {
            events.push((4 * u64::from(point) + phase as u64, at));
        }
    }
    sort::by(&mut events, |&(time, _)| time);
    Some(Ruling::Valid(events.into_iter().map(|(_, at)| at).collect()))
}

struct Counting {
    ids: Ids,
    counts: Vec<Count>,
}

impl Counting {
    fn new(initial: &[u32], operations: &[Timed<'_, Op>]) -> Counting {
        let put = operations.iter().filter_map(|timed| match act(timed.op) {
            Act::Put(value) => Some(value),
            _ => None,
        });
        let values = initial.iter().copied().chain(put);
        let mut counting = Counting { ids: Ids::new(values.clone()), counts: Vec::new() };
        for value in values {
            if counting.ids.get(value).is_none() {
                counting.ids.set(value, counting.counts.len() as u32);
                counting.counts.push(Count::default());
            }
        }
        for &value in initial {
            if let Some(id) = counting.ids.get(value) {
                counting.counts[id as usize].there += 1;
            }
        }
        counting
    }

    /// When an operation happens: a put when it is called, a take before it returns, a peek the
    /// last time that the value is there. Nothing if it cannot.
    fn place(&mut self, act: Act, call: u32, rank: u32) -> Option<(u32, Phase)> {
        let (Act::Put(value) | Act::Take(value) | Act::Peek(value)) = act else { return None };
        let id = self.ids.get(value)?;
        let count = &mut self.counts[id as usize];
        match act {
            Act::Put(_) => {
                count.there += 1;
                Some((rank, Phase::Put))
            }
            Act::Take(_) => {
                count.there = count.there.checked_sub(1)?;
                count.last = rank;
                Some((rank - 1, Phase::Take))
            }
            _ if count.there > 0 => Some((rank - 1, Phase::Peek)),
            _ => (count.last > call).then(|| (count.last - 1, Phase::Peek)),
        }
    }
}
