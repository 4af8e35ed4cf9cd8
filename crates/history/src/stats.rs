//! What a history consists of, in numbers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Function, History, Outcome, Rank, Value, sort};
use crate::hash::{Map, Set};

/// The processes with the most operations: so many are listed.
const TOP_PROCESSES: usize = 10;

/// Counts and distributions over the operations of a history.
#[derive(Clone, PartialEq, Debug)]
pub struct Statistics {
    /// The operations of clients.
    pub operations: usize,
    /// All records: events, annotations and metadata.
    pub records: usize,
    /// Records that are no client's.
    pub annotations: usize,
    /// The operations by how they ended.
    pub outcomes: OutcomeCounts,
    /// The operations by name, in the order in which the names appear.
    pub functions: Vec<FunctionStatistics>,
    /// How many processes there are.
    pub processes: usize,
    /// The processes with the most operations, with their number; most first.
    pub top_processes: Vec<(Value, usize)>,
    /// How many keys there are; 0 in a history without keys.
    pub keys: usize,
    /// The key with the most operations, and their number.
    pub largest_key: Option<(Value, usize)>,
    /// Operations that are open at once.
    pub concurrency: Concurrency,
    /// From the first time to the last, where the history has times.
    pub duration: Option<i64>,
}

/// How many operations ended in each way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OutcomeCounts {
    /// They happened.
    pub ok: usize,
    /// They did not happen.
    pub fail: usize,
    /// Not known, by an `info` completion.
    pub info: usize,
    /// Not known, since the history ends before.
    pub open: usize,
}

impl OutcomeCounts {
    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Fail => &mut self.fail,
            Outcome::Info => &mut self.info,
            Outcome::Open => &mut self.open,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.ok + self.fail + self.crashed()
    }

    /// Those of which it is not known whether they happened.
    pub fn crashed(&self) -> usize {
        self.info + self.open
    }
}

/// The operations of one name.
#[derive(Clone, PartialEq, Debug)]
pub struct FunctionStatistics {
    /// The name.
    pub name: String,
    /// How they ended.
    pub outcomes: OutcomeCounts,
    /// How long those took that completed with `ok` or `fail`, where there are times.
    pub latency: Option<Latency>,
}

/// Percentiles (nearest rank) in the history's unit of time, which is usually nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latency {
    /// The shortest.
    pub min: i64,
    /// The median.
    pub p50: i64,
    /// 90 % take no longer.
    pub p90: i64,
    /// 99 % take no longer.
    pub p99: i64,
    /// The longest.
    pub max: i64,
}

impl Latency {
    fn of(mut latencies: Vec<i64>) -> Option<Latency> {
        latencies.sort_unstable();
        let (&min, &max) = (latencies.first()?, latencies.last()?);
        let rank = |percent: usize| latencies[(latencies.len() * percent).div_ceil(100).max(1) - 1];
        Some(Latency { min, p50: rank(50), p90: rank(90), p99: rank(99), max })
    }
}

/// How many operations are open at once, just after an invocation. Crashed operations do not
/// count, since they stay open for ever.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Concurrency {
    /// The most.
    pub max: usize,
    /// The mean over all invocations.
    pub mean: f64,
}

impl Statistics {
    /// Counts the operations of `history`.
    ///
    /// ```
    /// use histcheck_history::{History, Statistics};
    /// let mut history = History::builder();
    /// history.invoke(0, "write", 1)?;
    /// history.invoke(1, "read", ())?;
    /// history.ok(1, "read", 1)?;
    /// let statistics = Statistics::of(&history.build()?);
    /// assert_eq!(statistics.outcomes.ok, 1);
    /// assert_eq!(statistics.outcomes.crashed(), 1);
    /// # Ok::<(), histcheck_history::error::Error>(())
    /// ```
    pub fn of(history: &History) -> Statistics {
        let mut outcomes = OutcomeCounts::default();
        for operation in history.operations() {
            outcomes.count(operation.outcome);
        }
        let (processes, top_processes) =
            counted(history.operations().iter().map(|op| op.process), TOP_PROCESSES);
        let (keys, largest) = counted(history.operations().iter().filter_map(|op| op.key), 1);
        Statistics {
            operations: history.operations().len(),
            records: history.records(),
            annotations: history.annotations().len(),
            outcomes,
            functions: functions(history),
            processes,
            top_processes,
            keys,
            largest_key: largest.first().copied(),
            concurrency: concurrency(history),
            duration: duration(history),
        }
    }
}

/// How many different values there are, and the `top` most frequent; of equally frequent ones the
/// first.
fn counted(values: impl Iterator<Item = Value>, top: usize) -> (usize, Vec<(Value, usize)>) {
    let mut places: Map<Value, usize> = Map::default();
    let mut counts: Vec<(Value, usize)> = Vec::new();
    for value in values {
        let at = *places.entry(value).or_insert_with(|| {
            counts.push((value, 0));
            counts.len() - 1
        });
        counts[at].1 += 1;
    }
    let all = counts.len();
    sort::by(&mut counts, |&(_, count)| Reverse(count));
    counts.truncate(top);
    (all, counts)
}

fn functions(history: &History) -> Vec<FunctionStatistics> {
    let mut places: Map<Function, usize> = Map::default();
    let mut found: Vec<(Function, OutcomeCounts, Vec<i64>)> = Vec::new();
    for (index, operation) in history.indexed() {
        let at = *places.entry(operation.function).or_insert_with(|| {
            found.push((operation.function, OutcomeCounts::default(), Vec::new()));
            found.len() - 1
        });
        found[at].1.count(operation.outcome);
        if let [Some(call), Some(ret)] = history.times(index)
            && !operation.outcome.is_indeterminate()
        {
            found[at].2.push(ret.saturating_sub(call));
        }
    }
    let statistics = |(function, outcomes, latencies)| FunctionStatistics {
        name: history.function(function).to_owned(),
        outcomes,
        latency: Latency::of(latencies),
    };
    found.into_iter().map(statistics).collect()
}

fn concurrency(history: &History) -> Concurrency {
    // The operations are in the order of their calls, in the order of records and of times.
    let spans = history.indices().map(|index| history.span(index));
    // The returns of those that are open, the next one first.
    let mut open: BinaryHeap<Reverse<Rank>> = BinaryHeap::new();
    let (mut calls, mut sum, mut max) = (0_usize, 0_usize, 0_usize);
    for span in spans.filter(|span| span.has_returned()) {
        // A whole operation in one record may have both ends at one rank; the call comes first.
        while open.peek().is_some_and(|ret| ret.0 < span.call) {
            open.pop();
        }
        open.push(Reverse(span.ret));
        calls += 1;
        sum += open.len();
        max = max.max(open.len());
    }
    Concurrency { max, mean: if calls == 0 { 0.0 } else { sum as f64 / calls as f64 } }
}

fn duration(history: &History) -> Option<i64> {
    let times = || history.indices().flat_map(|i| history.times(i)).flatten();
    Some(times().max()?.saturating_sub(times().min()?))
}

/// How many processes a history has.
pub fn count_processes(history: &History) -> usize {
    if let Some(excerpt) = history.excerpt() {
        return excerpt.processes;
    }
    let processes: Set<Value> = history.operations().iter().map(|op| op.process).collect();
    processes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let latency = Latency::of((1..=200).rev().collect());
        assert_eq!(latency, Some(Latency { min: 1, p50: 100, p90: 180, p99: 198, max: 200 }));
        assert_eq!(Latency::of(vec![7]).map(|l| (l.min, l.p50, l.p99)), Some((7, 7, 7)));
        assert_eq!(Latency::of(Vec::new()), None);
    }

    #[test]
    fn the_most_frequent_come_first() {
        let values = [Value::TRUE, Value::FALSE, Value::FALSE, Value::NULL];
        let counted = counted(values.into_iter(), 2);
        assert_eq!(counted, (3, vec![(Value::FALSE, 2), (Value::TRUE, 1)]));
    }

    #[test]
    fn crashed_operations_do_not_count_as_concurrent() -> Result<(), crate::Error> {
        let mut history = History::builder();
        for process in 0..3 {
            history.invoke(process, "read", ())?;
        }
        history.ok(0, "read", ())?;
        history.ok(1, "read", ())?;
        history.info(2, "read")?;
        history.invoke(0, "read", ())?;
        history.ok(0, "read", ())?;
        let concurrency = Statistics::of(&history.build()?).concurrency;
        assert_eq!(concurrency.max, 2);
        assert!((concurrency.mean - 4.0 / 3.0).abs() < 1e-9);
        Ok(())
    }
}
