//! What hosts send each other and what they wake up for: one file a protocol. The machines that act
//! on it, in `engine` and `cache`, stand above.

pub(crate) mod cache;
pub(crate) mod leaderless;
pub(crate) mod primary;
pub(crate) mod raft;

use crate::call::{Request, Response};

/// What one host sends another.
#[derive(Clone, Debug)]
pub(crate) enum Message {
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

/// Why a host wants to be woken.
#[derive(Clone, Debug)]
pub(crate) enum Alarm {
    /// Within a group of nodes that keep the same keys.
    Primary(u16, primary::Alarm),
    Leaderless(leaderless::Alarm),
    Raft(u16, raft::Alarm),
}
