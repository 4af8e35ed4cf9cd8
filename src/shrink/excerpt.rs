//! Some operations of a history as a history of their own.

use crate::error::Error;
use crate::history::{
    Event, EventType, History, HistoryBuilder, Independent, Interval, OpIndex, Operation, Outcome,
    Rank, Record, Settings, Shape, Time, Value, ValueTable, sort,
};

/// Operations to keep.
pub(super) struct Chosen {
    /// Their indices, ascending.
    pub(super) operations: Vec<OpIndex>,
    /// The one that gives the violation away.
    pub(super) operation: OpIndex,
    /// What returns after this rank has not returned.
    pub(super) horizon: Rank,
}

/// What the metadata of an excerpt says.
pub(super) struct Header<'a> {
    pub(super) model: &'a str,
    /// Whether the model follows from the operations.
    pub(super) is_inferred: bool,
    pub(super) initial: Option<Value>,
    /// Whether it is not known what it starts from.
    pub(super) is_unknown: bool,
    /// Flags of the command line under which it fails.
    pub(super) flags: Vec<String>,
    /// The file that it comes from.
    pub(super) file: Option<&'a str>,
    /// The records there of the operations' invocations.
    pub(super) sources: &'a [Record],
    /// How many operations there are.
    pub(super) of: usize,
    /// Whether nothing can be left out.
    pub(super) is_minimal: bool,
    /// The anomaly that it shows and what happened, in a sentence.
    pub(super) shows: Option<(&'static str, String)>,
}

/// A record of an excerpt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// Its process goes on without knowing what became of it.
    GivenUp,
    Invocation,
    Completion,
}

/// The history of the operations `chosen` of `history`, described by `header` if there is one.
/// Events stand in the order of their ranks, so that the order of records is that of `history`.
///
/// # Errors
/// None, for operations of a history.
pub(super) fn excerpt(
    history: &History,
    chosen: &Chosen,
    header: Option<&Header<'_>>,
) -> Result<History, Error> {
    let mut builder = HistoryBuilder::default();
    *builder.values() = history.values().clone();
    let is_whole = history.has_whole_operations();
    let records = if is_whole { Vec::new() } else { records(history, chosen) };
    if let Some(header) = header {
        let position = if is_whole {
            chosen.operations.binary_search(&chosen.operation).ok()
        } else {
            records.iter().position(|&(_, _, index)| index == chosen.operation)
        };
        let description = describe(builder.values(), header, position.map(|at| at + 1));
        builder.metadata(description)?;
    }
    for &(_, end, index) in &records {
        event(&mut builder, history, index, end)?;
    }
    for &index in chosen.operations.iter().filter(|_| is_whole) {
        interval(&mut builder, history, index, chosen.horizon)?;
    }
    let ties = history.ties().unwrap_or_default();
    builder.finish(Settings { ties, independent: Independent::No, ..Settings::default() })
}

/// The events to write, by rank: calls, returns up to the horizon, and the end of operations whose
/// process goes on, though they never returned.
fn records(history: &History, chosen: &Chosen) -> Vec<(Rank, End, OpIndex)> {
    let mut records = Vec::new();
    for (at, &index) in chosen.operations.iter().enumerate() {
        let span = history.span(index);
        if !history.has_real_time() {
            let is_known = span.ret <= chosen.horizon;
            let end = if is_known { End::Completion } else { End::GivenUp };
            records.push((span.call, end, index));
            continue;
        }
        records.push((span.call, End::Invocation, index));
        if span.ret <= chosen.horizon {
            records.push((span.ret, End::Completion, index));
            continue;
        }
        let process = history[index].process;
        let goes_on = |&&other: &&OpIndex| history[other].process == process;
        if let Some(&next) = chosen.operations[at + 1..].iter().find(goes_on) {
            records.push((history.span(next).call, End::GivenUp, index));
        }
    }
    sort::by(&mut records, |&(rank, end, index)| (rank, end as u8, index));
    records
}

fn event(
    builder: &mut HistoryBuilder,
    history: &History,
    index: OpIndex,
    end: End,
) -> Result<(), Error> {
    let operation = &history[index];
    let times = history.times(index);
    let (kind, value, time) = match end {
        End::Invocation => (EventType::Invoke, operation.input, times[0]),
        End::GivenUp => (EventType::Info, operation.input, None),
        End::Completion if operation.outcome == Outcome::Fail => {
            (EventType::Fail, operation.output, times[1])
        }
        End::Completion => (EventType::Ok, operation.output, times[1]),
    };
    match end {
        End::Invocation => extras(builder, history, operation.invoked),
        End::Completion => {
            operation.completed.iter().for_each(|&record| extras(builder, history, record));
        }
        End::GivenUp => {}
    }
    builder.event(&Event {
        process: operation.process,
        kind,
        function: history.function(operation.function),
        value,
        key: operation.key,
        time: time.map(Time::Whole),
    })
}

fn interval(
    builder: &mut HistoryBuilder,
    history: &History,
    index: OpIndex,
    horizon: Rank,
) -> Result<(), Error> {
    let Operation { process, key, input, output, invoked, function, outcome, .. } = history[index];
    let [call, ret] = history.times(index);
    let ret = ret.filter(|_| history.span(index).ret <= horizon);
    let returned = ret.is_some();
    let own = matches!(history.values().shape(process), Shape::Symbol(_));
    extras(builder, history, invoked);
    builder.interval(&Interval {
        process: (!own).then_some(process),
        outcome: if returned { outcome } else { Outcome::Info },
        function: history.function(function),
        input,
        output: if returned { output } else { Value::NULL },
        key,
        call: Time::Whole(call.unwrap_or_default()),
        ret: ret.map(Time::Whole),
    })
}

fn extras(builder: &mut HistoryBuilder, history: &History, record: Record) {
    for extra in history.extras(record) {
        if let Some(name) = history.values().as_name(extra.name) {
            builder.extra(name, extra.value);
        }
    }
}

/// The metadata.
fn describe(values: &mut ValueTable, header: &Header<'_>, operation: Option<usize>) -> Value {
    let text = |values: &mut ValueTable, text: &str| values.text(text);
    let mut pairs = vec![("model", text(values, header.model))];
    if !header.is_inferred {
        pairs.push(("inferred", Value::bool(false)));
    }
    pairs.extend(header.initial.map(|initial| ("initial", initial)));
    if header.is_unknown {
        pairs.push(("unknown_initial", Value::bool(true)));
    }
    pairs.push(("verdict", text(values, "invalid")));
    if let Some((anomaly, _)) = &header.shows {
        pairs.push(("anomaly", text(values, anomaly)));
    }
    pairs.extend(operation.map(|at| ("operation", values.int(at as i64))));
    if let Some((_, story)) = &header.shows {
        pairs.push(("story", text(values, story)));
    }
    pairs.push(("minimal", Value::bool(header.is_minimal)));
    if !header.flags.is_empty() {
        let flags: Vec<Value> = header.flags.iter().map(|flag| values.text(flag)).collect();
        pairs.push(("flags", values.list(&flags)));
    }
    let records: Vec<Value> =
        header.sources.iter().map(|&record| values.int(record.index() as i64)).collect();
    let mut source = Vec::new();
    source.extend(header.file.map(|file| ("file", values.text(file))));
    source.push(("operations", values.list(&records)));
    source.push(("of", values.int(header.of as i64)));
    pairs.push(("source", map(values, &source)));
    map(values, &pairs)
}

fn map(values: &mut ValueTable, pairs: &[(&str, Value)]) -> Value {
    let pairs: Vec<(Value, Value)> =
        pairs.iter().map(|&(name, value)| (values.text(name), value)).collect();
    values.map(&pairs)
}
