//! What the hosts of a store say to each other, and how an answer tells where it comes from.

use super::cache;
use super::engine::{leaderless, primary, raft};
use super::object::{Answer, Command};
use super::sim::Nanos;

/// A host: one of the nodes, from 0, or behind them one of the helpers.
pub(super) type Host = u16;

/// A version of an object, in the order in which the store means its updates to have happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Stamp {
    /// A version, or a time, or the position in a log.
    pub(super) time: i64,
    /// Decides between equal ones.
    pub(super) by: u32,
}

impl Stamp {
    /// That of an object which nobody updated yet.
    pub(super) const NONE: Stamp = Stamp { time: i64::MIN, by: 0 };
}

/// A client's call.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client: u32,
    /// The how manieth call of its client it is; the attempts of one call have one number.
    pub(super) number: u32,
    /// The operation that it is a part of.
    pub(super) operation: u32,
    pub(super) key: u32,
    pub(super) command: Command,
    /// What the client's clock showed.
    pub(super) clock: Nanos,
    /// The node that took it, which sends the answer back to the client.
    pub(super) entry: Host,
}

/// Who answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The node that decides.
    Primary,
    /// A copy that does not.
    Replica,
    /// A node that asked a quorum.
    Coordinator,
    /// A cache.
    Cache,
}

/// Where an answer comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Origin {
    pub(super) role: Role,
    pub(super) host: Host,
    /// The version that the answer shows: of a read, what it saw; of an update, what it left.
    pub(super) stamp: Stamp,
    /// The same as the store itself counts it, if it does.
    pub(super) version: Option<i64>,
}

/// The answer to a request; or that the call was refused, and nothing was done.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) client: u32,
    pub(super) number: u32,
    pub(super) answer: Option<Answer>,
    pub(super) origin: Origin,
}

/// What one host sends another.
#[derive(Clone, Debug)]
pub(super) enum Message {
    /// A call, sent on to the host that answers it.
    Forward(Request),
    /// An answer, on its way back.
    Back(Response),
    /// Within a group of nodes that keep the same keys.
    Primary(u16, primary::Message),
    Leaderless(leaderless::Message),
    Cache(cache::Message),
    Raft(u16, raft::Message),
}
