//! The clients, what they ask for, and the object that answers.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::catalogue::Object;

/// How many permits the semaphore has.
pub const PERMITS: u64 = 5;

/// What an operation asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    Read,
    Write(u64),
    /// Replace, and with what; the last number is what the record claims instead.
    Cas(u64, u64, u64),
    ReadOf(u64),
    WriteOf(u64, u64),
    Add,
    AddAndGet(u64),
    Get,
    Put(u64),
    Append(u64),
    /// Puts an item into a collection.
    Insert(u64),
    /// Takes an item out of a collection.
    Take,
    SetAdd(u64),
    SetRemove(u64),
    Contains(u64),
    Acquire(u64),
    TryAcquire(u64),
    Release(u64),
    LogAppend(u64),
    LogRead(u64),
}

/// What an operation returns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Seen(Option<u64>),
    Done,
    /// It did not happen.
    Refused,
    Is(bool),
    /// The pieces of a string.
    Text(Vec<u64>),
}

/// An operation under way.
#[derive(Clone)]
pub struct Client {
    pub process: u64,
    pub key: u64,
    pub request: Request,
    /// What it returns, once it took effect.
    pub answer: Option<Answer>,
    /// When it was called.
    pub called: u64,
    /// What the ledger noted then.
    pub mark: u64,
}

/// What one key holds.
#[derive(Clone, Debug)]
pub enum State {
    Register(Option<u64>),
    Registers(Vec<Option<u64>>),
    Counter(u64),
    Text(Vec<u64>),
    Fifo(VecDeque<u64>),
    Stack(Vec<u64>),
    Priority(BTreeSet<u64>),
    Bag(Vec<u64>),
    Set(HashSet<u64>),
    Free(u64),
    Log(Vec<u64>),
}

impl State {
    /// What is there at first. There are `values` registers, if it is several.
    pub fn new(object: Object, values: u64) -> State {
        match object {
            Object::Register | Object::CasRegister | Object::Chain => State::Register(None),
            Object::MultiRegister => State::Registers(vec![None; values as usize]),
            Object::Counter | Object::AddAndGet => State::Counter(0),
            Object::Kv => State::Text(Vec::new()),
            Object::Fifo => State::Fifo(VecDeque::new()),
            Object::Stack => State::Stack(Vec::new()),
            Object::Priority => State::Priority(BTreeSet::new()),
            Object::Bag => State::Bag(Vec::new()),
            Object::Set => State::Set(HashSet::new()),
            Object::Mutex => State::Free(1),
            Object::Semaphore => State::Free(PERMITS),
            Object::Log => State::Log(Vec::new()),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> u64 {
        let length = match self {
            State::Fifo(items) => items.len(),
            State::Stack(items) | State::Bag(items) | State::Log(items) => items.len(),
            State::Priority(items) => items.len(),
            _ => 0,
        };
        length as u64
    }

    /// Does what is asked; `None` if that has to wait.
    pub fn apply(&mut self, request: Request) -> Option<Answer> {
        match (self, request) {
            (State::Register(value), Request::Read) => Some(Answer::Seen(*value)),
            (State::Register(value), Request::Write(new)) => {
                *value = Some(new);
                Some(Answer::Done)
            }
            (State::Register(value), Request::Cas(old, new, _)) => {
                if *value != Some(old) {
                    return Some(Answer::Refused);
                }
                *value = Some(new);
                Some(Answer::Done)
            }
            (State::Registers(values), Request::ReadOf(at)) => {
                Some(Answer::Seen(values[at as usize]))
            }
            (State::Registers(values), Request::WriteOf(at, new)) => {
                values[at as usize] = Some(new);
                Some(Answer::Done)
            }
            (State::Counter(sum), request) => Some(counter(sum, request)),
            (State::Text(pieces), request) => Some(text(pieces, request)),
            (State::Set(items), request) => Some(set(items, request)),
            (State::Free(free), request) => permits(free, request),
            (State::Log(entries), Request::LogAppend(entry)) => {
                entries.push(entry);
                Some(Answer::Seen(Some(entries.len() as u64 - 1)))
            }
            (State::Log(entries), Request::LogRead(offset)) => {
                Some(Answer::Seen(entries.get(offset as usize).copied()))
            }
            (state, Request::Insert(item)) => {
                state.insert(item);
                Some(Answer::Done)
            }
            (state, _) => Some(Answer::Seen(state.take(0))),
        }
    }

    fn insert(&mut self, item: u64) {
        match self {
            State::Fifo(items) => items.push_back(item),
            State::Stack(items) | State::Bag(items) => items.push(item),
            State::Priority(items) => {
                items.insert(item);
            }
            _ => {}
        }
    }

    /// The item whose turn comes after `skipped` others.
    pub fn item(&self, skipped: usize) -> Option<u64> {
        match self {
            State::Fifo(items) => items.get(skipped).copied(),
            State::Stack(items) => items.iter().rev().nth(skipped).copied(),
            State::Priority(items) => items.iter().nth(skipped).copied(),
            // Any order will do: sometimes an old one, sometimes a new one.
            State::Bag(items) if items.is_empty() => None,
            State::Bag(items) => Some(items[(items[items.len() / 2] as usize) % items.len()]),
            _ => None,
        }
    }

    /// Takes that item out.
    pub fn take(&mut self, skipped: usize) -> Option<u64> {
        let item = self.item(skipped)?;
        match self {
            State::Fifo(items) => {
                items.remove(skipped);
            }
            State::Stack(items) => {
                items.remove(items.len() - 1 - skipped);
            }
            State::Priority(items) => {
                items.remove(&item);
            }
            State::Bag(items) => items.retain(|&other| other != item),
            _ => {}
        }
        Some(item)
    }
}

fn counter(sum: &mut u64, request: Request) -> Answer {
    match request {
        Request::Add => {
            *sum += 1;
            Answer::Done
        }
        Request::AddAndGet(amount) => {
            *sum += amount;
            Answer::Seen(Some(*sum))
        }
        _ => Answer::Seen(Some(*sum)),
    }
}

fn text(pieces: &mut Vec<u64>, request: Request) -> Answer {
    match request {
        Request::Put(piece) => *pieces = vec![piece],
        Request::Append(piece) => pieces.push(piece),
        _ => return Answer::Text(pieces.clone()),
    }
    Answer::Done
}

fn set(items: &mut HashSet<u64>, request: Request) -> Answer {
    Answer::Is(match request {
        Request::SetAdd(item) => items.insert(item),
        Request::SetRemove(item) => items.remove(&item),
        Request::Contains(item) => items.contains(&item),
        _ => false,
    })
}

fn permits(free: &mut u64, request: Request) -> Option<Answer> {
    match request {
        Request::Acquire(wanted) if wanted > *free => return None,
        Request::TryAcquire(wanted) if wanted > *free => return Some(Answer::Is(false)),
        Request::Acquire(wanted) | Request::TryAcquire(wanted) => *free -= wanted,
        Request::Release(given) => *free += given,
        _ => {}
    }
    Some(match request {
        Request::TryAcquire(_) => Answer::Is(true),
        _ => Answer::Done,
    })
}
