//! Exact deciders: polynomial algorithms, each for one kind of object and under conditions that it
//! checks itself. Where they do not hold it rules nothing, and the general search decides.
//!
//! One file an algorithm; `docs/ALGORITHMS.md` states the conditions and proves them sufficient.
//! None knows what a history or a model is: they see operations, their ends, and a start.

mod acked;
mod bag;
mod counter;
mod cover;
mod ends;
mod guess;
mod ids;
mod items;
mod kv;
mod ladder;
mod lists;
mod log;
mod minima;
mod mutex;
mod permits;
mod priority_queue;
mod queue;
mod retreat;
mod semaphore;
mod set;
mod stack;
#[cfg(test)]
mod testing;
mod trail;
mod transactions;
mod twins;
mod values;
mod versions;
mod walk;
mod work;

use crate::check::origins::Origins;
use crate::error::Error;
use crate::history::{History, OpIndex, Span};
use crate::model::{Kind, KindView, Model, Pos, Reading};
use work::Stop;

/// An operation with its place in real time. Deciders get them in the order of their calls, and
/// name them by their positions in that order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timed<'a, Op> {
    pub(super) op: &'a Op,
    pub(super) span: Span,
}

impl<Op> Timed<'_, Op> {
    /// Whether it completed.
    pub(super) fn has_returned(&self) -> bool {
        self.span.has_returned()
    }
}

/// What an exact decider found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// The operations are linearizable, in this order; empty where no order was asked for.
    Valid(Vec<u32>),
    /// They are not.
    Invalid(Conflict),
}

impl Ruling {
    /// What `rule` makes of what was found; a conflict is a ruling by itself.
    fn on<T>(found: Result<T, Conflict>, rule: impl FnOnce(T) -> Option<Ruling>) -> Option<Ruling> {
        found.map_or_else(|conflict| Some(Ruling::Invalid(conflict)), rule)
    }
}

/// Why operations are not linearizable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Conflict {
    /// A completed operation by whose return no linearization is left; the first such one, or
    /// close to it.
    pub(super) stuck: Pos,
}

impl Conflict {
    /// The conflict by the return of the operation at `position`.
    pub(super) fn at(position: u32) -> Conflict {
        Conflict { stuck: Pos::new(position as usize) }
    }
}

/// What deciders should find out beyond whether there is a linearization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// Nothing: where there is none, any completed operation may be named.
    Whether,
    /// The verdict, and where there is none, an operation at which that shows.
    Verdict,
    /// The verdict, and an order to prove it.
    Order,
}

impl Wanted {
    /// Whether to guess an order where that takes long: an explanation asks about many parts, and
    /// would be wrong about the guess each time.
    fn is_worth_a_guess(self) -> bool {
        self != Wanted::Whether
    }
}

/// What is wanted, and whether to stop, for deciders that may take long.
pub(super) type Asked<'a> = (Wanted, Stop<'a>);

/// Decides `readings`, which are in the order of their calls, by what `model` says of its kind, and
/// names the decider. `None` if no exact decider fits, or it has to `stop`.
pub(super) fn decide<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    wanted: Wanted,
    stop: Stop<'_>,
) -> Option<(Ruling, &'static str)> {
    match model.kind() {
        Kind::Other | Kind::Lock { .. } | Kind::Bank { .. } | Kind::Permits { .. } => None,
        Kind::AckedQueue { initial, view } => {
            let asked = (wanted, stop);
            named("acked-queue", acked::decide(&initial, &timed(readings, view), asked))
        }
        Kind::Counter { initial, view } => {
            let asked = (wanted, stop);
            named("counter", counter::decide(initial, &timed(readings, view), asked))
        }
        Kind::Set { initial, view } => {
            let asked = (wanted, stop);
            named("set", set::decide(&initial, &timed(readings, view), asked))
        }
        Kind::Mutex { view } => named("mutex", mutex::decide(&timed(readings, view), wanted)),
        Kind::Semaphore { permits, view } => {
            named("semaphore", semaphore::decide(permits, &timed(readings, view), wanted))
        }
        Kind::Queue { initial, view } => {
            let asked = (wanted, stop);
            named("fifo-queue", queue::decide(&initial, &timed(readings, view), asked))
        }
        Kind::Stack { initial, view } => {
            let asked = (wanted, stop);
            named("stack", stack::decide(&initial, &timed(readings, view), asked))
        }
        Kind::Bag { initial, view } => {
            let asked = (wanted, stop);
            named("unordered-queue", bag::decide(&initial, &timed(readings, view), asked))
        }
        Kind::PriorityQueue { initial, view } => {
            let operations = timed(readings, view);
            let asked = (wanted, stop);
            named("priority-queue", priority_queue::decide(&initial, &operations, asked))
        }
        Kind::Log { initial, view } => {
            let asked = (wanted, stop);
            named("log", log::decide(&initial, &timed(readings, view), asked))
        }
        Kind::Ids { initial, view } => {
            named("unique-ids", Some(ids::decide(&initial, &timed(readings, view), wanted)))
        }
        Kind::Transactions { registers, view } => {
            let operations = timed(readings, view);
            named("multi-register", transactions::decide(&registers, &operations, (wanted, stop)))
        }
        Kind::Lists { view } => {
            let asked = (wanted, stop);
            named("list-append", lists::decide(&timed(readings, view), asked))
        }
        Kind::Versions { initial, view } => {
            named("versioned-kv", versions::decide(initial, &timed(readings, view), wanted))
        }
        Kind::Kv { initial, absent_is_empty, view } => {
            let operations = timed(readings, view);
            let asked = (wanted, stop);
            named("kv", kv::decide(&initial, absent_is_empty, &operations, asked))
        }
    }
}

/// Decides `operations` of `history` as [`decide`] does, without a list of readings, which takes
/// more memory than what the decider needs: operations are named by their positions among the
/// origins.
/// `None` if the decider for the kind of `model` needs readings.
///
/// # Errors
/// If `model` refuses an operation.
pub(super) fn read<M: Model>(
    model: &M,
    history: &History,
    operations: &[OpIndex],
    wanted: Wanted,
) -> Result<Option<(Ruling, Origins, &'static str)>, Error> {
    let Kind::Counter { initial, view } = model.kind() else { return Ok(None) };
    let ruled = counter::read(model, (initial, view), history, operations, wanted)?;
    Ok(ruled.map(|(ruling, origins)| (ruling, origins, "counter")))
}

fn named(name: &'static str, ruling: Option<Ruling>) -> Option<(Ruling, &'static str)> {
    ruling.map(|ruling| (ruling, name))
}

fn timed<Op, As>(readings: &[Reading<Op>], view: KindView<Op, As>) -> Vec<Timed<'_, As>> {
    readings.iter().map(|reading| Timed { op: view(&reading.op), span: reading.span }).collect()
}
