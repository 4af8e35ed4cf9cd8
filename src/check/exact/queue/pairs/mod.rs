//! Queues in which values repeat: which put each take found is chosen pair by pair.
//!
//! The n-th take finds what the n-th put put in, so that the order of puts and the order of takes
//! tell the same values. Both are built in step, although takes may come much later than the puts
//! that they find: a step chooses the next put and the take of it, of those of one value always
//! the ones that return first. A configuration is what is left of both; all of one length are
//! visited before longer ones, as a [walk](super::super::walk).
mod queue;
mod sides;

use super::super::values::Act;
use super::super::walk::{self, Outcome};
use super::super::work::Work;
use super::super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::history::{Rank, sort};
use crate::model::Pos;
use queue::{Choice, Config, Queue};

/// So many configurations are visited at most, and so many for each operation.
const MOST: u64 = 400_000;
const MOST_FOR_EACH: u64 = 64;

/// No operation.
const NONE: u32 = u32::MAX;

/// Decides a queue of `initial`, as the numbers of its values; `None` if that takes too long, or
/// if it is open whether a take that returned found anything.
pub(super) fn decide<O>(
    initial: &[u32],
    operations: &[Timed<'_, O>],
    act: impl Fn(&O) -> Act,
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let acts: Vec<(Act, u32, u32)> = operations
        .iter()
        .map(|timed| (act(timed.op), rank(timed.span.call), rank(timed.span.ret)))
        .collect();
    let mut work = Work::new(MOST + MOST_FOR_EACH * acts.len() as u64, stop);
    let mut until = |horizon: u32| Some(Queue::until(initial, &acts, horizon)?.search(&mut work));
    match until(NONE)? {
        Outcome::Way(order) => {
            let order = if wanted == Wanted::Order { order } else { Vec::new() };
            return Some(Ruling::Valid(order));
        }
        Outcome::Unknown => return None,
        Outcome::Nothing => {}
    }
    let returned = (0..acts.len() as u32).filter(|&at| acts[at as usize].2 != NONE);
    let mut returns: Vec<(u32, u32)> = returned.map(|at| (acts[at as usize].2, at)).collect();
    sort::by(&mut returns, |&end| end);
    // By the last return there is none; where it is open earlier, there may be.
    let is_open = |&(ret, _): &(u32, u32)| !matches!(until(ret + 1), Some(Outcome::Nothing));
    let stuck = returns.partition_point(is_open);
    let last = returns.len().checked_sub(1)?;
    Some(Ruling::Invalid(Conflict { stuck: Pos::new(returns[stuck.min(last)].1 as usize) }))
}

fn rank(rank: Rank) -> u32 {
    if rank == Rank::NEVER { NONE } else { rank.index() as u32 }
}

impl Queue {
    /// Walks until no take is left, or no configuration, within `work`; an order.
    fn search(&mut self, work: &mut Work<'_>) -> Outcome<u32> {
        let mut config = Config::default();
        self.settle(&mut config, 0, &mut |_, _| {});
        match walk::search(self, config, work) {
            Outcome::Way(choices) => Outcome::Way(self.retrace(choices)),
            Outcome::Nothing => Outcome::Nothing,
            Outcome::Unknown => Outcome::Unknown,
        }
    }

    /// The order to which the choices led.
    fn retrace(&self, choices: Vec<Choice>) -> Vec<u32> {
        let mut points: Vec<(u32, u32)> = Vec::new();
        let mut tell = |at: u32, point: u32| points.push((point, at));
        let mut config = Config::default();
        self.settle(&mut config, 0, &mut tell);
        for (length, Choice { value, put, take, peeks }) in choices.into_iter().enumerate() {
            self.put(&mut config, value, put, &mut tell);
            for _ in 0..peeks {
                if let Some(peek) = self.next_peek(&config, value) {
                    self.peek(&mut config, peek, &mut tell);
                }
            }
            self.take(&mut config, take, &mut tell);
            self.settle(&mut config, length + 1, &mut tell);
        }
        // What is never taken came last.
        let Config { puts, put_by, .. } = &config;
        let mut rest: Vec<u32> = puts.open.clone();
        rest.extend(puts.next..self.puts.list.len() as u32);
        for put in rest {
            let op = self.puts.list[put as usize];
            points.push((op.call.max(*put_by), op.at));
        }
        points.extend(self.idle.iter().map(|op| (op.call, op.at)));
        // Those with one point stay as they are.
        sort::by(&mut points, |&(point, _)| point);
        points.into_iter().map(|(_, at)| at).collect()
    }
}
