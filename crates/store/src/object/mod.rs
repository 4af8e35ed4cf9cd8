//! The objects that a store holds, and what a command does to one copy of one. These are the
//! store's own specifications: the checker's models know nothing of them.

mod bank;
mod lock;
mod permits;
mod queue;
mod register;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::origin::Stamp;
use super::sim::Nanos;
use bank::Bank;
use lock::Lock;
use permits::Permits;
use queue::Queue;
use register::Register;

/// What a client asks of one object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// The whole of it: a register's or counter's value, a set's elements, a log's entries.
    Read,
    /// A register's new value.
    Write(i64),
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
    /// The entry of a log at an offset.
    ReadAt(i64),
    /// The entries of a log from an offset on.
    ReadFrom(i64),
    /// All that a set or a log has from now on.
    Replace(Arc<[i64]>),
    /// Puts an item into a queue.
    Enqueue(i64),
    /// Takes the oldest item out of a queue. If `visible_after` is positive, the item comes back
    /// after that time, unless it is acknowledged until then; and while other items may still come
    /// back, the queue does not say that it is empty, but refuses.
    Dequeue { visible_after: Nanos },
    /// Says that an item is done with that was taken.
    Acknowledge(i64),
    /// Takes a lock for `owner`, if it is free; for the time of `lease`, if that is positive.
    TryAcquire { owner: u32, lease: Nanos },
    /// Frees a lock that `owner` has.
    Release { owner: u32 },
    /// Moves money between accounts of a bank, if the first one has that much.
    Transfer { from: u32, to: u32, amount: i64 },
    /// Takes a permit, if one is free.
    Take,
    /// Gives a permit back.
    GiveBack,
    /// From now on, what carries a smaller token is refused.
    Fence { token: i64 },
    /// The same, and a command.
    Fenced { token: i64, then: Arc<Command> },
    /// A command, if the object still has this version.
    IfVersion { version: Stamp, then: Arc<Command> },
    /// The values and versions of several registers, all at one time.
    ReadMany(Arc<[u32]>),
    /// Writes several registers at once, if all that is expected holds.
    Commit { checks: Arc<[(u32, Expected)]>, writes: Arc<[(u32, i64)]> },
}

/// What is expected of a register.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    /// That it has this version.
    Version(Stamp),
    /// That it has this value, be it of that version or another.
    Value(Option<i64>),
}

impl Command {
    /// Whether it can change nothing.
    pub(super) fn is_read(&self) -> bool {
        use Command::{Read, ReadAt, ReadFrom, ReadMany};
        matches!(self, Read | ReadAt(_) | ReadFrom(_) | ReadMany(_))
    }

    /// Whether what it leaves depends on nothing that was there.
    pub(super) fn overwrites(&self) -> bool {
        match self {
            Command::Write(_) | Command::Delete | Command::Replace(_) => true,
            Command::Fenced { then, .. } => then.overwrites(),
            _ => false,
        }
    }

    /// Whether clients learn what is there if it is refused, other than that they are to try again.
    pub(super) fn tells_by_refusal(&self) -> bool {
        use Command::{Insert, Remove, Take, Transfer, TryAcquire};
        matches!(self, Insert(_) | Remove(_) | Take | Transfer { .. } | TryAcquire { .. })
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
    /// The values and versions of registers.
    Cells(Arc<[(Option<i64>, Stamp)]>),
}

impl Answer {
    /// The value in it.
    pub(super) fn value(&self) -> Option<i64> {
        match self {
            Answer::Value(value) => *value,
            _ => None,
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
    /// So many accounts.
    Bank(u32),
    /// Something of which there are a few.
    Permits,
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
    Bank(Bank),
    Permits(Permits),
}

impl Object {
    /// A new object with `initial` in it, if it is a register or a counter, or in
    /// each account, or of so many permits.
    pub(super) fn new(kind: Kind, initial: Option<i64>) -> Object {
        match kind {
            Kind::Register => Object::Register(Register::new(initial)),
            Kind::Counter => Object::Counter(initial.unwrap_or(0)),
            Kind::Set => Object::Set(BTreeSet::new()),
            Kind::Log => Object::Log(Vec::new()),
            Kind::Queue => Object::Queue(Queue::default()),
            Kind::Lock => Object::Lock(Lock::default()),
            Kind::Bank(accounts) => Object::Bank(Bank::new(accounts, initial.unwrap_or(0))),
            Kind::Permits => Object::Permits(Permits::new(initial.unwrap_or(1))),
        }
    }

    /// What time alone does to it until `now`: leases end, and items come back that nobody
    /// acknowledged. Whether it did anything.
    pub(super) fn pass_time(&mut self, now: Nanos) -> bool {
        match self {
            Object::Queue(queue) => queue.pass_time(now),
            Object::Lock(lock) => lock.pass_time(now),
            _ => false,
        }
    }

    /// Who has a lock.
    pub(super) fn owner(&self) -> Option<u32> {
        match self {
            Object::Lock(lock) => lock.owner(),
            _ => None,
        }
    }

    /// The value of a register.
    pub(super) fn value(&self) -> Option<i64> {
        match self {
            Object::Register(register) => register.value(),
            _ => None,
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
            (Object::Set(all), Command::Replace(new)) => {
                *all = new.iter().copied().collect();
                Answer::Done
            }
            (Object::Log(all), Command::Read) => Answer::Many(all.as_slice().into()),
            (Object::Log(all), Command::Append(new)) => {
                all.push(*new);
                Answer::Value(Some(all.len() as i64 - 1))
            }
            (Object::Log(all), Command::Replace(new)) => {
                *all = new.to_vec();
                Answer::Done
            }
            (Object::Log(all), Command::ReadAt(offset)) => {
                Answer::Value(usize::try_from(*offset).ok().and_then(|at| all.get(at)).copied())
            }
            (Object::Log(all), Command::ReadFrom(offset)) => {
                let at = usize::try_from(*offset).unwrap_or(usize::MAX);
                Answer::Many(all.get(at..).unwrap_or_default().into())
            }
            (Object::Bank(bank), _) => bank.apply(command),
            (Object::Permits(permits), _) => permits.apply(command),
            (Object::Queue(queue), _) => queue.apply(command, now),
            (Object::Lock(lock), _) => lock.apply(command, now),
            (Object::Counter(_) | Object::Set(_) | Object::Log(_), _) => Answer::Flag(false),
        }
    }
}
