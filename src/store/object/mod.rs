//! The objects that a store holds, and what a command does to one copy of one. These are the
//! store's own specifications: the checker's models know nothing of them.

mod lock;
mod queue;
mod register;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::sim::Nanos;
use lock::Lock;
use queue::Queue;
use register::Register;

/// What a client asks of one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// The whole of it: a register's or counter's value, a set's elements, a log's entries.
    Read,
    /// A register's new value.
    Write(i64),
    /// A register's new value, if no greater `token` wrote it before.
    FencedWrite { value: i64, token: i64 },
    /// Forgets a register's value.
    Delete,
    /// A register's new value, if it has the old one.
    Cas { old: i64, new: i64 },
    /// Adds to a counter.
    Add(i64),
    /// Puts an element into a set.
    Insert(i64),
    /// Takes an element out of a set.
    Remove(i64),
    /// Appends to a log.
    Append(i64),
    /// Puts an item into a queue.
    Enqueue(i64),
    /// Takes the oldest item out of a queue. If `visible_after` is positive, the item comes back
    /// after that time, unless it is acknowledged until then.
    Dequeue { visible_after: Nanos },
    /// Says that an item is done with that was taken.
    Acknowledge(i64),
    /// Takes a lock for `owner`, if it is free; for the time of `lease`, if that is positive.
    TryAcquire { owner: u32, lease: Nanos },
    /// Frees a lock that `owner` has.
    Release { owner: u32 },
}

impl Command {
    /// Whether it can change nothing.
    pub(super) fn is_read(&self) -> bool {
        matches!(self, Command::Read)
    }

    /// Whether what it leaves depends on nothing that was there.
    pub(super) fn overwrites(&self) -> bool {
        matches!(self, Command::Write(_) | Command::Delete)
    }
}

/// What an object answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// A value, or that there is none.
    Value(Option<i64>),
    /// Whether it did what it was asked to do.
    Flag(bool),
    /// All elements.
    Many(Arc<[i64]>),
}

impl Answer {
    /// The value in it.
    pub(super) fn value(&self) -> Option<i64> {
        match self {
            Answer::Value(value) => *value,
            Answer::Done | Answer::Flag(_) | Answer::Many(_) => None,
        }
    }

    /// Whether it says that nothing was done.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Answer::Flag(false))
    }
}

/// The kinds of objects; which one the keys hold is up to the workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// One value.
    Register,
    /// A sum.
    Counter,
    /// Elements without an order.
    Set,
    /// Entries, ever more of them.
    Log,
    /// Items, first in, first out.
    Queue,
    /// Something that one owner has at a time.
    Lock,
}

/// One copy of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Register(Register),
    Counter(i64),
    Set(BTreeSet<i64>),
    Log(Vec<i64>),
    Queue(Queue),
    Lock(Lock),
}

impl Object {
    /// A new object with `initial` in it, if it is a register or a counter.
    pub(super) fn new(kind: Kind, initial: Option<i64>) -> Object {
        match kind {
            Kind::Register => Object::Register(Register::new(initial)),
            Kind::Counter => Object::Counter(initial.unwrap_or(0)),
            Kind::Set => Object::Set(BTreeSet::new()),
            Kind::Log => Object::Log(Vec::new()),
            Kind::Queue => Object::Queue(Queue::default()),
            Kind::Lock => Object::Lock(Lock::default()),
        }
    }

    /// What time alone does to it until `now`: leases end, and items come back that nobody
    /// acknowledged. Whether it did anything.
    pub(super) fn pass_time(&mut self, now: Nanos) -> bool {
        match self {
            Object::Queue(queue) => queue.pass_time(now),
            Object::Lock(lock) => lock.pass_time(now),
            Object::Register(_) | Object::Counter(_) | Object::Set(_) | Object::Log(_) => false,
        }
    }

    /// Does what `command` says at time `now`. A command that this kind of object does not know
    /// is refused.
    pub(super) fn apply(&mut self, command: &Command, now: Nanos) -> Answer {
        match (self, command) {
            (Object::Register(register), _) => register.apply(command),
            (Object::Counter(sum), Command::Read) => Answer::Value(Some(*sum)),
            (Object::Counter(sum), Command::Add(by)) => {
                *sum += by;
                Answer::Value(Some(*sum))
            }
            (Object::Set(all), Command::Read) => Answer::Many(all.iter().copied().collect()),
            (Object::Set(all), Command::Insert(new)) => Answer::Flag(all.insert(*new)),
            (Object::Set(all), Command::Remove(old)) => Answer::Flag(all.remove(old)),
            (Object::Log(all), Command::Read) => Answer::Many(all.as_slice().into()),
            (Object::Log(all), Command::Append(new)) => {
                all.push(*new);
                Answer::Value(Some(all.len() as i64 - 1))
            }
            (Object::Queue(queue), _) => queue.apply(command, now),
            (Object::Lock(lock), _) => lock.apply(command, now),
            (Object::Counter(_) | Object::Set(_) | Object::Log(_), _) => Answer::Flag(false),
        }
    }
}
