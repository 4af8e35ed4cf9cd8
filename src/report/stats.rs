//! The statistics of a history, for people and for programs.

use serde::Serialize;
use serde_json::value::RawValue;

use super::json::{SCHEMA_VERSION, line, raw};
use super::style::Palette;
use super::table::Table;
use crate::history::{History, OutcomeCounts, Statistics};
use crate::words::{counted, printable, shortened, with_thousands};
use histcheck_history::putln;

/// The statistics as tables.
pub fn statistics_text(
    file: Option<&str>,
    history: &History,
    statistics: &Statistics,
    palette: &Palette,
) -> String {
    let mut out = String::new();
    let file = file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    putln!(
        out,
        "{file}{} of {} in {}",
        counted(statistics.operations, "operation"),
        counted(statistics.processes, "process"),
        counted(statistics.records, "record"),
    );
    let mut fact = |label: &str, text: String| {
        putln!(out, "  {}{label:<12}{} {text}", palette.label, palette.reset);
    };
    let OutcomeCounts { ok, fail, info, open } = statistics.outcomes;
    let [ok, fail, info, open] = [ok, fail, info, open].map(with_thousands);
    fact("outcomes", format!("{ok} ok, {fail} fail, {info} info, {open} open"));
    fact("crashed", with_thousands(statistics.outcomes.crashed()));
    if statistics.annotations > 0 {
        fact("no client's", counted(statistics.annotations, "record"));
    }
    let concurrency = statistics.concurrency;
    fact(
        "concurrency",
        format!("at most {}, {:.2} on average", with_thousands(concurrency.max), concurrency.mean),
    );
    fact("keys", keys(history, statistics));
    let top: Vec<String> = statistics
        .top_processes
        .iter()
        .map(|&(process, count)| format!("{} ({})", shown(history, process), with_thousands(count)))
        .collect();
    fact("processes", format!("most by {}", top.join(", ")));
    if let Some(duration) = statistics.duration {
        fact("duration", signed(duration));
    }
    out.push('\n');
    functions(statistics, palette).write("  ", &mut out);
    if statistics.duration.is_some() {
        out.push_str("  times are in the history's unit; fractional seconds in nanoseconds\n");
    }
    out
}

fn keys(history: &History, statistics: &Statistics) -> String {
    match statistics.largest_key {
        Some((key, count)) => format!(
            "{}; the largest is {} with {}",
            with_thousands(statistics.keys),
            shown(history, key),
            counted(count, "operation")
        ),
        None => "none".to_owned(),
    }
}

fn shown(history: &History, value: crate::history::Value) -> String {
    shortened(&history.values().to_text(value), 40)
}

/// A time with its thousands grouped.
fn signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let magnitude = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    format!("{sign}{}", with_thousands(magnitude))
}

fn functions(statistics: &Statistics, palette: &Palette) -> Table {
    let has_times = statistics.functions.iter().any(|function| function.latency.is_some());
    let mut titles = vec!["f", ">operations", ">ok", ">fail", ">info", ">open"];
    if has_times {
        titles.extend([">min", ">p50", ">p90", ">p99", ">max"]);
    }
    let mut table = Table::new(&titles, (palette.label, palette.reset));
    for function in &statistics.functions {
        let OutcomeCounts { ok, fail, info, open } = function.outcomes;
        let mut cells = vec![shortened(&function.name, 40)];
        cells.extend([function.outcomes.total(), ok, fail, info, open].map(with_thousands));
        if let Some(latency) = function.latency {
            let percentiles = [latency.min, latency.p50, latency.p90, latency.p99, latency.max];
            cells.extend(percentiles.map(signed));
        } else if has_times {
            cells.extend([const { String::new() }; 5]);
        }
        table.row(cells, ("", ""));
    }
    table
}

#[derive(Serialize)]
struct JsonStatistics<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    operations: usize,
    records: usize,
    annotations: usize,
    outcomes: JsonOutcomes,
    functions: Vec<JsonFunction<'a>>,
    processes: JsonProcesses,
    keys: JsonKeys,
    concurrency: JsonConcurrency,
    duration: Option<i64>,
}

#[derive(Serialize)]
struct JsonOutcomes {
    ok: usize,
    fail: usize,
    info: usize,
    open: usize,
}

#[derive(Serialize)]
struct JsonFunction<'a> {
    f: &'a str,
    operations: usize,
    outcomes: JsonOutcomes,
    latency: Option<JsonLatency>,
}

#[derive(Serialize)]
struct JsonLatency {
    min: i64,
    p50: i64,
    p90: i64,
    p99: i64,
    max: i64,
}

#[derive(Serialize)]
struct JsonProcesses {
    count: usize,
    most: Vec<JsonCount>,
}

#[derive(Serialize)]
struct JsonKeys {
    count: usize,
    largest: Option<JsonCount>,
}

#[derive(Serialize)]
struct JsonCount {
    value: Option<Box<RawValue>>,
    operations: usize,
}

#[derive(Serialize)]
struct JsonConcurrency {
    max: usize,
    mean: f64,
}

impl From<OutcomeCounts> for JsonOutcomes {
    fn from(OutcomeCounts { ok, fail, info, open }: OutcomeCounts) -> Self {
        JsonOutcomes { ok, fail, info, open }
    }
}

/// The statistics as one line of JSON.
pub fn statistics_json(file: Option<&str>, history: &History, statistics: &Statistics) -> String {
    let count = |&(value, operations): &(crate::history::Value, usize)| JsonCount {
        value: raw(history, value),
        operations,
    };
    let functions = statistics.functions.iter().map(|function| JsonFunction {
        f: &function.name,
        operations: function.outcomes.total(),
        outcomes: function.outcomes.into(),
        latency: function.latency.map(|latency| JsonLatency {
            min: latency.min,
            p50: latency.p50,
            p90: latency.p90,
            p99: latency.p99,
            max: latency.max,
        }),
    });
    line(&JsonStatistics {
        schema_version: SCHEMA_VERSION,
        file,
        operations: statistics.operations,
        records: statistics.records,
        annotations: statistics.annotations,
        outcomes: statistics.outcomes.into(),
        functions: functions.collect(),
        processes: JsonProcesses {
            count: statistics.processes,
            most: statistics.top_processes.iter().map(count).collect(),
        },
        keys: JsonKeys {
            count: statistics.keys,
            largest: statistics.largest_key.as_ref().map(count),
        },
        concurrency: JsonConcurrency {
            max: statistics.concurrency.max,
            mean: statistics.concurrency.mean,
        },
        duration: statistics.duration,
    })
}
