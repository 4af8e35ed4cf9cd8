//! What the members of a group of Raft say to each other.

use std::sync::Arc;

use crate::call::Request;
use crate::copy::Copy;
use crate::sim::Nanos;

/// A place in a log, and the term of the entry there. Of two logs that with the greater last
/// position is the more up-to-date one (section 5.4.1 of the paper): the later term decides, then
/// the length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub(crate) struct Position {
    pub(crate) term: u32,
    /// Counted from 1.
    pub(crate) index: u64,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) term: u32,
    /// When the leader appended it: the time at which every copy applies it.
    pub(crate) time: Nanos,
    /// What is to be done; nothing at the start of a term.
    pub(crate) request: Option<Request>,
}

/// What members say to each other.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A candidate, whose log ends at `last`, asks for a vote.
    Ask { term: u32, last: Position },
    /// Whether it has the vote.
    Vote { term: u32, is_granted: bool },
    /// The leader's entries behind a position, and how many it knows to be committed. `sent` is
    /// when it says so, by its own clock. Without entries: a heartbeat.
    Append { term: u32, before: Position, entries: Vec<Entry>, commit: u64, sent: Nanos },
    /// The leader's copy with all entries up to `last`, for a member that lacks entries which the
    /// leader does not keep any more.
    Whole { term: u32, last: Position, copy: Arc<Copy>, sent: Nanos },
    /// The answer to the last two, with the `sent` of what it answers.
    Reply { term: u32, sent: Nanos, got: Got },
}

impl Message {
    pub(crate) fn term(&self) -> u32 {
        match *self {
            Message::Ask { term, .. }
            | Message::Vote { term, .. }
            | Message::Append { term, .. }
            | Message::Whole { term, .. }
            | Message::Reply { term, .. } => term,
        }
    }
}

/// How far a member's log agrees with its leader's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Got {
    /// Up to this index.
    Upto(u64),
    /// Not at index `before`; it may up to `hint`, which is less.
    Lacks { before: u64, hint: u64 },
}

/// What members wake up for.
#[derive(Clone, Debug)]
pub(crate) enum Alarm {
    /// To look whether there is still a leader.
    Election,
    /// The leader of this term is to be heard from.
    Beat { term: u32 },
}
