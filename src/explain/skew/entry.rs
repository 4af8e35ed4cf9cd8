//! The operations of a key as their clocks saw them.

use super::orders::Timed;
use crate::history::OpIndex;
use crate::model::Facts;

/// One operation.
pub(super) struct Entry<Op> {
    /// Its index in the history.
    pub(super) index: OpIndex,
    pub(super) timed: Timed<Op>,
    pub(super) facts: Facts,
}

/// The overwriting operations of one group, to be looked up by time.
#[derive(Clone, Default, Debug)]
pub(super) struct Writes {
    /// The times of their calls, ascending.
    calls: Vec<i64>,
    /// For each, the latest return among those up to it; `i64::MAX` if one never returned.
    latest: Vec<i64>,
}

impl Writes {
    /// Operations with these times of call and return.
    pub(super) fn new(mut times: Vec<[i64; 2]>) -> Writes {
        times.sort_unstable();
        let mut writes = Writes::default();
        let mut latest = i64::MIN;
        for [call, ret] in times {
            latest = latest.max(ret);
            writes.calls.push(call);
            writes.latest.push(latest);
        }
        writes
    }

    /// The earliest moment, not before `time`, at which one of them may be taking effect.
    pub(super) fn from(&self, time: i64) -> Option<i64> {
        let before = self.calls.partition_point(|&call| call < time);
        if before > 0 && self.latest[before - 1] >= time {
            return Some(time);
        }
        self.calls.get(before).copied()
    }

    /// The latest moment, not behind `time`, at which one of them may be taking effect.
    pub(super) fn until(&self, time: i64) -> Option<i64> {
        let before = self.calls.partition_point(|&call| call <= time);
        Some(self.latest[before.checked_sub(1)?].min(time))
    }
}
