//! Hosts, versions of objects, and where an answer comes from.

/// A host: one of the nodes, from 0, or behind them one of the helpers.
pub(super) type Host = u16;

/// A node as a member of the nodes that keep the same keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) me: Host,
    /// The number of these nodes' group.
    pub(super) group: u16,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_time_and_then_by_their_makers() {
        let stamp = |time, by| Stamp { time, by };
        assert!(Stamp::NONE < stamp(i64::MIN + 1, 0));
        assert!(stamp(1, 9) < stamp(2, 0));
        assert!(stamp(2, 0) < stamp(2, 1));
    }
}
