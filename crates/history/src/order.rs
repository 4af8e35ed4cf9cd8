//! The order of events: that of the records, or by time, with its two readings of equal times.

use std::collections::VecDeque;

use super::times::Times;
use super::{History, NO_TIME, OpIndex, Operation, Rank, Record, Value};
use crate::error::{Code, Error};
use crate::hash::Map;

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

    /// When an operation took place, by its records.
    #[doc(hidden)]
    #[inline]
    pub fn of_records(operation: &Operation) -> Span {
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
    let times = history.times.take().map(|mut times| std::mem::take(times.wide()));
    let operations = &history.operations;
    let times = times.unwrap_or_else(|| vec![[NO_TIME; 2]; operations.len()]);
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
    sort(&mut ends);
    if ties == Ties::Concurrent {
        keep_own_order(&mut ends, history, &times);
    }
    history.ties = has_mixed_ties(&ends, operations).then_some(ties);
    let mut spans = vec![Span { call: Rank::NEVER, ret: Rank::NEVER }; operations.len()];
    for (rank, &(_, _, _, is_return, index)) in ends.iter().enumerate() {
        let span = &mut spans[index];
        *(if is_return { &mut span.ret } else { &mut span.call }) = Rank::new(rank);
    }
    let calls = ends.iter().filter(|&&(_, _, _, is_return, _)| !is_return);
    let permutation: Vec<OpIndex> = calls.map(|&(.., index)| index).collect();
    // They take more memory than anything else.
    drop(ends);
    history.operations = permutation.iter().map(|&index| operations[index]).collect();
    let times = permutation.iter().map(|&index| times[index]).collect();
    history.times = Some(Times::of_wide(times));
    history.spans = Some(permutation.iter().map(|&index| spans[index]).collect());
    Ok(())
}

impl History {
    /// Whether an operation, by its times, ended before another was called that overlaps it by the
    /// order of the records. O(1) where times are known to ascend, O(n) where few operations
    /// overlap.
    pub fn is_overtaken(&self) -> bool {
        if self.times.is_none() {
            return false;
        }
        // Who is overtaken has the time of a later record before that of an earlier one.
        if self.ascends || self.is_ordered_by_time() || self.has_whole_operations() {
            return false;
        }
        let (mut ends, mut calls) = (Open::default(), Open::default());
        for (index, operation) in self.indexed() {
            let [call, ret] = self.ends_at(index);
            let now = operation.invoked.index();
            let ended = ends.least(now).filter(|_| call != NO_TIME);
            let called = calls.least(now).filter(|_| ret != NO_TIME);
            if ended.is_some_and(|ended| ended < call) || called.is_some_and(|it| !it > ret) {
                return true;
            }
            let end = operation.completed.map_or(usize::MAX, Record::index);
            if ret != NO_TIME {
                ends.add(end, ret);
            }
            if call != NO_TIME {
                // The latest is the least of these.
                calls.add(end, !call);
            }
        }
        false
    }

    /// The history in the order of its times, as if it had been read so; `None` if its records are
    /// in that order, its times cannot order it, or they may pair other events. O(n log n).
    pub fn ordered_by_time(&self) -> Option<History> {
        let is_as_read = self.excerpt.is_none() && self.split_clients().is_empty();
        if self.is_ordered_by_time() || self.times.is_none() || !is_as_read {
            return None;
        }
        // The order of the records pairs the same events if the times of each process agree.
        let mut last: Map<Value, i64> = Map::default();
        for (index, operation) in self.indexed() {
            let [call, ret] = self.ends_at(index);
            let last = last.entry(operation.process).or_insert(NO_TIME);
            let returns = ret != NO_TIME;
            if call == NO_TIME || call < *last || returns && ret < call {
                return None;
            }
            if operation.completed.is_some() && !returns {
                return None;
            }
            *last = if returns { ret } else { call };
        }
        let mut ends: Vec<(Record, i64)> = Vec::new();
        for (index, operation) in self.indexed() {
            let [call, ret] = self.ends_at(index);
            ends.push((operation.invoked, call));
            ends.extend(operation.completed.map(|completed| (completed, ret)));
        }
        super::sort::by(&mut ends, |&end| (end.0, end.1 as u64));
        if ends.is_sorted_by_key(|end| end.1) {
            return None;
        }
        let mut history = self.clone();
        by_time(&mut history, Ties::Concurrent).ok()?;
        Some(history)
    }
}

/// Operations that are open by the records, each with the record that ends it and a time: the later
/// they end, the later is that. Others end no later than one of these, and have no lesser time.
#[derive(Default)]
struct Open(VecDeque<(usize, i64)>);

impl Open {
    /// The least time of those that are open at the record `now`. Those that ended are forgotten.
    fn least(&mut self, now: usize) -> Option<i64> {
        while self.0.pop_front_if(|(end, _)| *end < now).is_some() {}
        self.0.front().map(|&(_, time)| time)
    }

    fn add(&mut self, end: usize, time: i64) {
        let at = self.0.partition_point(|&(other, _)| other < end);
        if self.0.get(at).is_some_and(|&(_, other)| other <= time) {
            return;
        }
        let from = self.0.partition_point(|&(other, least)| other < end && least < time);
        self.0.drain(from..at);
        self.0.insert(from, (end, time));
    }
}

/// So many ends at most come between where one is in the records and where it belongs, if records
/// are nearly in order.
const NEAR: usize = 1 << 9;

/// Sorts the ends. Who writes records of whole operations does so when they return, mostly, so that
/// only calls are out of place, and not by far: O(n), and O(n log n) otherwise.
fn sort(ends: &mut [End]) {
    for at in 1..ends.len() {
        let end = ends[at];
        if ends[at - 1] < end {
            continue;
        }
        let first = at.saturating_sub(NEAR);
        let near = &ends[first..at];
        let place = first + near.partition_point(|other| *other < end);
        if place == first && first > 0 {
            return ends.sort_unstable();
        }
        ends.copy_within(place..at, place + 1);
        ends[place] = end;
    }
}

/// Whether a call and a return of different processes share a time; only then do the two readings
/// of ties differ.
fn has_mixed_ties(ends: &[End], operations: &[Operation]) -> bool {
    ends.chunk_by(|a, b| a.0 == b.0).any(|tied| {
        let process = |end: &End| operations[end.4.index()].process;
        let first = |is_return| tied.iter().find(|end| end.3 == is_return).map(process);
        let (Some(call), Some(ret)) = (first(false), first(true)) else { return false };
        call != ret || tied.iter().any(|end| process(end) != call)
    })
}

/// Puts the ends of a process that share a time into its own order, since it does one thing at a
/// time: between the calls of the others, which are concurrent with what it did before, and their
/// returns.
///
/// Where several processes end one operation and call another at one time, no order of ends tells
/// that each keeps its own order and yet is concurrent with the others (intervals have no 2+2 among
/// them: Fishburn 1970). Their ends stay as they are, which is no false alarm at least.
fn keep_own_order(ends: &mut [End], history: &History, times: &[[i64; 2]]) {
    let operations = &history.operations;
    let mut own: Vec<(Value, u8, Record, End)> = Vec::new();
    for tied in ends.chunk_by_mut(|a, b| a.0 == b.0).filter(|tied| tied.len() > 1) {
        own.clear();
        own.extend(tied.iter().map(|&end| {
            let (.., is_return, index) = end;
            let (operation, [call, ret]) = (&operations[index.index()], times[index.index()]);
            let is_instant = call == ret && !operation.outcome.is_indeterminate();
            // What was called before comes first, what goes on comes last.
            let phase = if is_instant { 1 } else { 2 * u8::from(!is_return) };
            (operation.process, phase, operation.invoked, end)
        }));
        own.sort_unstable();
        // The parts of a client that was divided have no order of their own.
        let turns = |own: &&[(Value, u8, Record, End)]| {
            own.windows(2).any(|pair| pair[0].3.3 && !pair[1].3.3) && !history.is_split(own[0].0)
        };
        let mut turning = own.chunk_by(|a, b| a.0 == b.0).filter(turns);
        let (Some(turning), None) = (turning.next(), turning.next()) else { continue };
        let process = turning[0].0;
        let others = |is_return| {
            let ends = own.iter().filter(move |end| end.0 != process && end.3.3 == is_return);
            ends.map(|end| end.3)
        };
        let in_order = others(false).chain(turning.iter().map(|end| end.3)).chain(others(true));
        tied.iter_mut().zip(in_order).for_each(|(place, end)| *place = end);
    }
}

fn check_times(operation: &Operation, call: i64, ret: i64, returns: bool) -> Result<(), Error> {
    let missing = if call == NO_TIME {
        Some(operation.invoked)
    } else {
        operation.completed.filter(|_| returns && ret == NO_TIME)
    };
    if let Some(record) = missing {
        return Err(Error::new(Code::BadTime, "this record has no time to be ordered by")
            .hint("an order by time (--order time, or --merge) needs a time on every record")
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::{Event, EventType, HistoryBuilder, Settings, Time};

    /// Operations of a few processes one after the other, by how much time each call and return
    /// comes after what the process did before.
    fn timed(steps: &[(usize, i64, i64)]) -> (History, Vec<(usize, i64, i64)>) {
        let mut builder = HistoryBuilder::default();
        let mut now = [0; 4];
        let mut operations = Vec::new();
        for &(process, wait, take) in steps {
            let call = now[process] + wait;
            now[process] = call + take;
            operations.push((process, call, now[process]));
            for (kind, time) in [(EventType::Invoke, call), (EventType::Ok, call + take)] {
                let process = builder.values().int(process as i64);
                let time = Some(Time::Whole(time));
                let value = Value::NULL;
                let event = Event { process, kind, function: "f", value, key: None, time };
                builder.event(&event).unwrap();
            }
        }
        let settings = Settings { order: Order::Time, ..Settings::default() };
        (builder.finish(settings).unwrap(), operations)
    }

    proptest! {
        #[test]
        fn ends_are_sorted_however_far_they_are_from_their_places(
            times in prop::collection::vec(0..4_i64, 0..4 * NEAR),
            spread in prop::sample::select(vec![0, 1, 20, NEAR as i64, 4 * NEAR as i64, 1 << 40]),
        ) {
            let end = |(at, &time): (usize, &i64)| {
                let time = at as i64 + time * spread;
                (time, (at % 3) as u8, Record::new(at / 2), at % 2 == 1, OpIndex::new(at / 2))
            };
            let mut ends: Vec<End> = times.iter().enumerate().map(end).collect();
            let mut expected = ends.clone();
            expected.sort_unstable();
            sort(&mut ends);
            prop_assert_eq!(ends, expected);
        }

        #[test]
        fn equal_times_are_concurrent_but_for_one_process(
            steps in prop::collection::vec((0..4_usize, 0..2_i64, 0..2_i64), 1..12),
        ) {
            let (history, operations) = timed(&steps);
            // How many processes end one operation and call another at each time.
            let turns = |time: i64| {
                let turns = |process: usize| {
                    let own = || operations.iter().filter(move |op| op.0 == process);
                    own().zip(own().skip(1)).any(|(a, b)| a.2 == time && b.1 == time)
                };
                (0..4).filter(|&process| turns(process)).count()
            };
            let at = |index: OpIndex| history[index].invoked.index() / 2;
            for one in history.indices() {
                for other in history.indices().filter(|&other| other != one) {
                    let (a, b) = (operations[at(one)], operations[at(other)]);
                    let is_own = a.0 == b.0 && at(one) < at(other);
                    let precedes = a.2 < b.1 || is_own && turns(a.2) == 1;
                    let found = history.span(one).precedes(history.span(other));
                    prop_assert_eq!(found, precedes, "{:?} {:?}", a, b);
                }
            }
        }
    }
}
