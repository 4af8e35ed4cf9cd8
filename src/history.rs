//! Histories: tables of operations, read by [`formats`](crate::formats) or built in code.

pub(crate) use histcheck_history::internal::{
    ClientEvent, End as WindowEnd, Excerpt, Marks, NO_TIME, Refused, Row, Rows, Translation,
    Unwrapping, ValueMap, Window, confirms_tuples, function_text, has_tuple, is_micro_operation,
    is_transaction, mixed_keys, no_tuple, resident_bytes, take_key,
};
#[doc(inline)]
pub use histcheck_history::{
    Annotation, Clients, Concurrency, Event, EventType, Extra, Function, FunctionStatistics,
    History, HistoryBuilder, Independent, Interval, IntoValue, Lacking, Latency, MAX_DEPTH,
    OpIndex, Operation, Order, Outcome, OutcomeCounts, PairedLoosely, Pairing, Partition,
    Partitions, Rank, Record, Selected, Settings, Shape, Span, Statistics, Tally, Ties, Time,
    Value, ValueTable, count_processes, write_quoted,
};
pub(crate) use histcheck_history::{hash, position, sort};

/// Ends and operations in numbers.
#[cfg(test)]
pub(crate) mod testing {
    use super::{OpIndex, Rank, Span};

    /// The return of an operation that never returned.
    pub(crate) const NEVER: u32 = u32::MAX;

    pub(crate) fn span(call: u32, ret: u32) -> Span {
        let [call, ret] = [call, ret].map(|rank| Rank::new(rank as usize));
        Span { call, ret }
    }

    pub(crate) fn ops(indices: &[u32]) -> Vec<OpIndex> {
        indices.iter().map(|&index| OpIndex::new(index as usize)).collect()
    }
}
