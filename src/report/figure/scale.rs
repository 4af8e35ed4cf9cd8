//! Where something is in a history, from its start to its end.

use crate::history::{History, OpIndex, Record};

/// Places in a history, from 0 to 1: by time if it has times, else by record.
pub(super) struct Scale<'h> {
    history: &'h History,
    times: Option<(i64, i64)>,
}

impl<'h> Scale<'h> {
    /// That of `history`. O(n).
    pub(super) fn of(history: &'h History) -> Scale<'h> {
        let mut ends = None;
        for index in history.indices() {
            for time in history.times(index).into_iter().flatten() {
                let (least, most) = ends.unwrap_or((time, time));
                ends = Some((time.min(least), time.max(most)));
            }
        }
        Scale { history, times: ends.filter(|ends| ends.0 < ends.1) }
    }

    /// Into how many parts it is cut where numbers are counted: more for more operations.
    pub(super) fn parts(&self) -> usize {
        (self.history.operations().len() / 4).clamp(10, 120)
    }

    /// How long the history is, in nanoseconds, if it has times.
    pub(super) fn nanoseconds(&self) -> Option<u128> {
        self.times.map(|(least, most)| (i128::from(most) - i128::from(least)).unsigned_abs())
    }

    /// The same in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        self.nanoseconds().map(|nanoseconds| nanoseconds as f64 / 1e9)
    }

    /// Where a record is that has this time.
    pub(super) fn part(&self, time: Option<i64>, record: Record) -> f64 {
        let part = match (self.times, time) {
            (Some((least, most)), Some(time)) => {
                let span = i128::from(most) - i128::from(least);
                (i128::from(time) - i128::from(least)) as f64 / span as f64
            }
            _ => record.index() as f64 / (self.history.records().max(2) - 1) as f64,
        };
        part.clamp(0.0, 1.0)
    }

    /// Where operation `index` was called.
    pub(super) fn call(&self, index: OpIndex) -> f64 {
        let record = self.history[index].invoked;
        self.part(self.history.times(index)[0], record)
    }

    /// Where it returned; at the end if it did not.
    pub(super) fn ret(&self, index: OpIndex) -> f64 {
        match self.history[index].completed {
            None => 1.0,
            Some(record) => self.part(self.history.times(index)[1], record),
        }
    }
}
