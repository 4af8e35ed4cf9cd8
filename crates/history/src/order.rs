//! The order of events: that of the records, or by time, with its two readings of equal times.

use super::{History, NO_TIME, OpIndex, Operation, Rank, Record};
use crate::error::{Code, Error};

/// What orders the events of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// Their order in the input. Operations with both ends in one record have only their times.
    #[default]
    File,
    /// Their times.
    Time,
}

/// What equal times mean in an order by time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ties {
    /// Concurrent: invocations come before completions.
    #[default]
    Concurrent,
    /// Ordered: as the input lists events, and a return before a call of the same time.
    Ordered,
}

impl Ties {
    /// The other reading.
    #[must_use]
    pub fn other(self) -> Ties {
        match self {
            Ties::Concurrent => Ties::Ordered,
            Ties::Ordered => Ties::Concurrent,
        }
    }
}

/// Where the ends of an operation stand among those of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The rank of the invocation.
    pub call: Rank,
    /// The rank of the completion; [`Rank::NEVER`] for an operation that may still take effect.
    pub ret: Rank,
}

impl Span {
    /// Returns whether an operation with these ends returned before one with the ends `other` was
    /// called: then it took effect before it.
    #[inline]
    pub fn precedes(self, other: Span) -> bool {
        self.ret < other.call
    }

    /// Returns whether the operation returned, so that it took effect.
    #[inline]
    pub fn has_returned(self) -> bool {
        self.ret != Rank::NEVER
    }

    #[inline]
    pub(super) fn of_records(operation: &Operation) -> Span {
        let rank = |record: Record| Rank::new(record.index());
        let ret = operation.completed.filter(|_| !operation.outcome.is_indeterminate());
        Span { call: rank(operation.invoked), ret: ret.map_or(Rank::NEVER, rank) }
    }
}

/// One end of an operation, by which ends are sorted: the time, then a rank among equal times,
/// then the record, then call before return.
type End = (i64, u8, Record, bool, OpIndex);

/// Orders the ends of all operations by time, and the operations by their calls.
pub(super) fn by_time(history: &mut History, ties: Ties) -> Result<(), Error> {
    let operations = &history.operations;
    let times = history.times.take().unwrap_or_else(|| vec![[NO_TIME; 2]; operations.len()]);
    let mut ends: Vec<End> = Vec::with_capacity(operations.len() * 2);
    for ((index, operation), &[call, ret]) in history.indexed().zip(&times) {
        let returns = !operation.outcome.is_indeterminate();
        check_times(operation, call, ret, returns)?;
        let instant = history.whole_operations && returns && call == ret;
        let rank = |is_return: bool| match (ties, history.whole_operations) {
            (Ties::Concurrent, _) => u8::from(is_return),
            (Ties::Ordered, false) => 0,
            (Ties::Ordered, true) if instant => 1,
            (Ties::Ordered, true) => {
                if is_return {
                    0
                } else {
                    2
                }
            }
        };
        ends.push((call, rank(false), operation.invoked, false, index));
        if let Some(completed) = operation.completed.filter(|_| returns) {
            ends.push((ret, rank(true), completed, true, index));
        }
    }
    ends.sort_unstable();
    history.ties = has_mixed_ties(&ends).then_some(ties);
    let mut spans = vec![Span { call: Rank::NEVER, ret: Rank::NEVER }; operations.len()];
    for (rank, &(_, _, _, is_return, index)) in ends.iter().enumerate() {
        let span = &mut spans[index];
        *(if is_return { &mut span.ret } else { &mut span.call }) = Rank::new(rank);
    }
    let calls = ends.iter().filter(|&&(_, _, _, is_return, _)| !is_return);
    let permutation: Vec<OpIndex> = calls.map(|&(.., index)| index).collect();
    history.operations = permutation.iter().map(|&index| operations[index]).collect();
    history.times = Some(permutation.iter().map(|&index| times[index]).collect());
    history.spans = Some(permutation.iter().map(|&index| spans[index]).collect());
    Ok(())
}

/// Whether a call and a return of different operations share a time; only then do the two
/// readings of ties differ.
fn has_mixed_ties(ends: &[End]) -> bool {
    ends.chunk_by(|a, b| a.0 == b.0).any(|tied| {
        let call = tied.iter().find(|end| !end.3);
        let ret = tied.iter().find(|end| end.3);
        match (call, ret) {
            (Some(call), Some(ret)) => call.4 != ret.4 || tied.len() > 2,
            _ => false,
        }
    })
}

fn check_times(operation: &Operation, call: i64, ret: i64, returns: bool) -> Result<(), Error> {
    let missing = if call == NO_TIME {
        Some(operation.invoked)
    } else {
        operation.completed.filter(|_| returns && ret == NO_TIME)
    };
    if let Some(record) = missing {
        return Err(Error::new(Code::BadTime, "this record has no time to be ordered by")
            .hint("without --order time, the order of the records counts")
            .record(record));
    }
    if let Some(completed) = operation.completed.filter(|_| returns && ret < call) {
        return Err(Error::new(
            Code::BadTime,
            format!("the operation returns at {ret}, before its call at {call}"),
        )
        .hint(if completed == operation.invoked {
            "the clocks of its two ends differ, or the times were exchanged"
        } else {
            "the clocks of its two ends differ; without --order time, the order of records counts"
        })
        .record(completed));
    }
    Ok(())
}
