//! Histories: tables of operations, read by [`formats`](crate::formats) or built in code.

pub(crate) use histcheck_history::internal::{
    ClientEvent, Excerpt, Marks, NO_TIME, Row, Rows, ValueMap, Window, confirms_tuples,
    function_text, has_tuple, mixed_keys, no_tuple, resident_bytes, take_key,
};
#[doc(inline)]
pub use histcheck_history::{
    Annotation, Concurrency, Event, EventType, Extra, Function, FunctionStatistics, History,
    HistoryBuilder, Independent, Interval, IntoValue, Latency, MAX_DEPTH, NEVER, Operation, Order,
    Outcome, OutcomeCounts, Partition, Partitions, Record, Settings, Shape, Span, Statistics, Ties,
    Time, Value, ValueTable, count_processes, write_quoted,
};
