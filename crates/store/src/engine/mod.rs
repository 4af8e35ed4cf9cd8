//! The protocols by which nodes keep copies: one a file or folder, each a state machine that gets
//! requests, messages and alarms, and acts on the world through the [`Hub`](super::hub::Hub).

pub(super) mod leaderless;
pub(super) mod primary;
pub(super) mod raft;
