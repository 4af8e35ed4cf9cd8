//! What a primary, its backups and their monitor say to each other.

use crate::call::Request;
use crate::copy::Copy;
use crate::origin::{Host, Stamp};
use crate::sim::Nanos;

/// Who does what, from a certain point on.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct View {
    pub(crate) number: u32,
    pub(crate) primary: Host,
    pub(crate) backups: Vec<Host>,
}

impl View {
    /// The first one.
    pub(crate) fn first(members: &[Host]) -> View {
        View { number: 1, primary: members[0], backups: members[1..].to_vec() }
    }
}

/// What nodes, and the monitor, say to each other.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// An update, its number among all updates, and when the primary applied it.
    Update { view: u32, number: u64, request: Request, stamp: Stamp, time: Nanos },
    /// A backup has all updates up to this.
    Has { view: u32, number: u64 },
    /// A whole copy, with all updates up to `number`.
    Whole { view: u32, number: u64, copy: Box<Copy> },
    /// A node lives; `sent` is when it said so, by its own reckoning.
    Alive { view: u32, number: u64, sent: Nanos },
    /// The monitor's answer.
    Now { view: View, sent: Nanos },
}

/// What nodes, and the monitor, wake up for.
#[derive(Clone, Debug)]
pub(crate) enum Alarm {
    /// To send again what was not confirmed.
    Again,
    /// To tell the monitor that it lives.
    Beat,
    /// The monitor looks who is silent.
    Watch,
}
