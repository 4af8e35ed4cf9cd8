//! What nodes and caches say to each other.

use crate::call::Request;
use crate::object::Answer;
use crate::origin::Origin;

/// What nodes and caches say to each other.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// A read, for the cache to answer.
    Look { request: Request },
    /// The cache has nothing. With a token it may be filled.
    Miss { request: Request, token: Option<u64> },
    /// The store's answer, for the cache to keep.
    Fill { key: u32, token: u64, answer: Answer, origin: Origin },
    /// A write was done.
    Drop { key: u32 },
    /// A write is going to be done; `task` is the node's number for it.
    Stop { key: u32, task: u64 },
    /// The cache does not serve the key any more.
    Stopped { task: u64 },
    /// The write was done.
    Go { key: u32 },
}
