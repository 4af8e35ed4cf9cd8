//! Calls of clients, and their answers.

use super::object::{Answer, Command};
use super::origin::{Host, Origin};
use super::sim::Nanos;

/// A client's call.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) client: u32,
    /// The number of the call among those of its client; all attempts of a call share it.
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

/// The answer to a request; or that the call was refused, and nothing was done.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) client: u32,
    pub(super) number: u32,
    pub(super) answer: Option<Answer>,
    pub(super) origin: Origin,
}
