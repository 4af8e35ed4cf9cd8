//! What kind of object a model is, for deciders that are exact for one kind.

use std::any::Any;
use std::sync::Arc;

use super::{
    acked_queue, bank, counter, items, kv, list_append, lock, log, multi_register, mutex,
    owned_semaphore, priority_queue, semaphore, set, unique_ids, versioned_kv,
};
use crate::history::Value;

/// The kind of object that a model is: what it starts from, and its operations in that kind's own
/// terms. A false claim makes verdicts wrong.
///
/// The default, [`Kind::Other`], claims nothing: what can be decided from
/// [facts](super::Facts) alone, or else by the general search, needs no more.
#[non_exhaustive]
pub enum Kind<Op> {
    /// None of these.
    Other,
    /// Adds integers and tells the sum, as [`Counter`](super::Counter) does.
    Counter {
        /// The sum before the first operation.
        initial: i128,
        /// An operation as the counter's.
        view: View<Op, counter::Op>,
    },
    /// Holds each element or not, as [`Set`](super::Set) does.
    Set {
        /// What it holds before the first operation.
        initial: set::Contents,
        /// An operation as the set's.
        view: View<Op, set::Op>,
    },
    /// Held by one at a time, as [`Mutex`](super::Mutex) is; free before the first operation.
    Mutex {
        /// An operation as the mutex's.
        view: View<Op, mutex::Op>,
    },
    /// Held by one at a time, who may be told, or take it again, as [`Lock`](super::Lock) is.
    Lock {
        /// What holds of it.
        lock: super::Lock,
        /// An operation as the lock's.
        view: View<Op, Arc<lock::Ask>>,
    },
    /// Permits that are taken and given back, as [`Semaphore`](super::Semaphore) has them.
    Semaphore {
        /// How many there are, all free before the first operation.
        permits: u64,
        /// An operation as the semaphore's.
        view: View<Op, semaphore::Op>,
    },
    /// Permits that only their owners give back, as [`OwnedSemaphore`](super::OwnedSemaphore) has
    /// them.
    Permits {
        /// How many there are, and whether their owners count.
        semaphore: super::OwnedSemaphore,
        /// An operation as the semaphore's.
        view: View<Op, Arc<owned_semaphore::Ask>>,
    },
    /// Gives out the item that it has held longest, as [`FifoQueue`](super::FifoQueue) does.
    Queue {
        /// What it holds before the first operation, the next to come out first.
        initial: Vec<Value>,
        /// An operation as the queue's.
        view: View<Op, items::Op>,
    },
    /// Gives out the item that it has held shortest, as [`Stack`](super::Stack) does.
    Stack {
        /// What it holds before the first operation, the next to come out last.
        initial: Vec<Value>,
        /// An operation as the stack's.
        view: View<Op, items::Op>,
    },
    /// Gives out any item, as [`UnorderedQueue`](super::UnorderedQueue) does.
    Bag {
        /// What it holds before the first operation.
        initial: Vec<Value>,
        /// An operation as the queue's.
        view: View<Op, items::Op>,
    },
    /// Hands items out until they are acknowledged, as [`AckedQueue`](super::AckedQueue) does.
    AckedQueue {
        /// What it holds before the first operation.
        initial: Vec<Value>,
        /// An operation as the queue's.
        view: View<Op, acked_queue::Op>,
    },
    /// Gives out an item of the highest or the lowest priority, as
    /// [`PriorityQueue`](super::PriorityQueue) does.
    PriorityQueue {
        /// What it holds before the first operation.
        initial: Vec<priority_queue::Item>,
        /// An operation as the queue's.
        view: View<Op, priority_queue::Op>,
    },
    /// Grows at its end, as [`Log`](super::Log) does.
    Log {
        /// What it holds before the first operation.
        initial: Vec<Value>,
        /// An operation as the log's.
        view: View<Op, log::Op>,
    },
    /// A value that is replaced, or a string that grows, as [`Kv`](super::Kv) holds it.
    Kv {
        /// What it holds before the first operation.
        initial: kv::Content,
        /// Whether a get of an absent key may also return the empty string.
        absent_is_empty: bool,
        /// An operation as the store's.
        view: View<Op, kv::Op>,
    },
    /// A value with a version, as [`VersionedKv`](super::VersionedKv) holds it.
    Versions {
        /// What it holds before the first operation.
        initial: Option<Value>,
        /// An operation as the store's.
        view: View<Op, Arc<versioned_kv::Op>>,
    },
    /// Registers that transactions read and write together, as
    /// [`MultiRegister`](super::MultiRegister) has them.
    Transactions {
        /// What they hold before the first operation.
        registers: super::MultiRegister,
        /// An operation as a transaction.
        view: View<Op, multi_register::Op>,
    },
    /// Gives out ids, as [`UniqueIds`](super::UniqueIds) does.
    Ids {
        /// Those that had been given out before the first operation.
        initial: unique_ids::Ids,
        /// An operation as the generator's.
        view: View<Op, unique_ids::Op>,
    },
    /// Lists that transactions read and append to together, as
    /// [`ListAppend`](super::ListAppend) has them; empty before the first operation.
    Lists {
        /// An operation as a transaction.
        view: View<Op, Arc<list_append::Op>>,
    },
    /// Accounts with balances, as [`Bank`](super::Bank) has them.
    Bank {
        /// What they start from.
        bank: super::Bank,
        /// An operation as the bank's.
        view: View<Op, bank::Op>,
    },
}

/// An operation of one model as that of another.
pub type View<Op, As> = fn(&Op) -> &As;

/// An operation behind which there is one of a kind.
pub(super) trait Viewed {
    /// Returns the operation as its kind's own.
    fn viewed(&self) -> &dyn Any;
}

/// Returns the operation behind `op`. Only asked for the type that its kind has.
fn view<Op: Viewed, As: 'static>(op: &Op) -> &As {
    op.viewed().downcast_ref().unwrap_or_else(|| stranger())
}

impl<Op: 'static> Kind<Op> {
    /// Returns `op` as the kind's own operation.
    pub(super) fn view<'o>(&self, op: &'o Op) -> &'o dyn Any {
        match self {
            Kind::Other => op,
            Kind::Counter { view, .. } => view(op),
            Kind::Set { view, .. } => view(op),
            Kind::Mutex { view, .. } => view(op),
            Kind::Lock { view, .. } => view(op),
            Kind::Semaphore { view, .. } => view(op),
            Kind::Queue { view, .. } => view(op),
            Kind::Stack { view, .. } => view(op),
            Kind::Bag { view, .. } => view(op),
            Kind::PriorityQueue { view, .. } => view(op),
            Kind::Log { view, .. } => view(op),
            Kind::Kv { view, .. } => view(op),
            Kind::Transactions { view, .. } => view(op),
            Kind::AckedQueue { view, .. } => view(op),
            Kind::Versions { view, .. } => view(op),
            Kind::Permits { view, .. } => view(op),
            Kind::Ids { view, .. } => view(op),
            Kind::Lists { view } => view(op),
            Kind::Bank { view, .. } => view(op),
        }
    }

    /// Returns the same kind for operations behind which there are these.
    pub(super) fn through<Outer: Viewed>(self) -> Kind<Outer> {
        match self {
            Kind::Other => Kind::Other,
            Kind::Counter { initial, .. } => Kind::Counter { initial, view },
            Kind::Set { initial, .. } => Kind::Set { initial, view },
            Kind::Mutex { .. } => Kind::Mutex { view },
            Kind::Lock { lock, .. } => Kind::Lock { lock, view },
            Kind::Semaphore { permits, .. } => Kind::Semaphore { permits, view },
            Kind::Queue { initial, .. } => Kind::Queue { initial, view },
            Kind::Stack { initial, .. } => Kind::Stack { initial, view },
            Kind::Bag { initial, .. } => Kind::Bag { initial, view },
            Kind::PriorityQueue { initial, .. } => Kind::PriorityQueue { initial, view },
            Kind::Log { initial, .. } => Kind::Log { initial, view },
            Kind::Kv { initial, absent_is_empty, .. } => {
                Kind::Kv { initial, absent_is_empty, view }
            }
            Kind::Transactions { registers, .. } => Kind::Transactions { registers, view },
            Kind::AckedQueue { initial, .. } => Kind::AckedQueue { initial, view },
            Kind::Versions { initial, .. } => Kind::Versions { initial, view },
            Kind::Permits { semaphore, .. } => Kind::Permits { semaphore, view },
            Kind::Ids { initial, .. } => Kind::Ids { initial, view },
            Kind::Lists { .. } => Kind::Lists { view },
            Kind::Bank { bank, .. } => Kind::Bank { bank, view },
        }
    }
}

/// Ends what cannot happen: a model is only ever given its own states and operations.
pub(super) fn stranger() -> ! {
    unreachable!("a state or an operation of another model")
}
