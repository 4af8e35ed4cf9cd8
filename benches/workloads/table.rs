//! Tables in Markdown.

use std::time::Duration;

use super::catalogue::{Expected, Workload};
use super::measure::Measured;

/// Prints what the workloads are.
pub fn list(workloads: &[Workload]) {
    println!("| name | object | operations | processes | values | keys | crashed | verdict |");
    println!("|---|---|---:|---:|---:|---:|---:|---|");
    for workload in workloads {
        let Workload { name, object, operations, processes, keys, .. } = workload;
        let values = match workload.values {
            0 => "distinct".to_owned(),
            values => values.to_string(),
        };
        let crashed = workload.crashed as f64 / 10.0;
        let expected = match workload.expected {
            Expected::Valid => "valid",
            Expected::Invalid(_) => "invalid",
            Expected::Open => "open",
        };
        println!(
            "| `{name}` | {object:?} | {operations} | {processes} | {values} | {keys} \
             | {crashed}% | {expected} |"
        );
    }
}

/// Prints the head of the table of measurements.
pub fn head() {
    println!(
        "| {:<26} | {:>10} | {:<13} | {:>8} | {:>8} | {:>9} | {:>8} | {:>12} | {:>16} |",
        "workload",
        "operations",
        "verdict",
        "fastest",
        "median",
        "processor",
        "memory",
        "instructions",
        "aim"
    );
    println!(
        "|{:-<28}|{:->11}:|{:-<15}|{:->9}:|{:->9}:|{:->10}:|{:->9}:|{:->13}:|{:->17}:|",
        "", "", "", "", "", "", "", "", ""
    );
}

/// Prints the row of one workload.
pub fn row(workload: &Workload, measured: &Measured) {
    let target = workload.target.map(Duration::from_millis);
    let aim = match target {
        None => String::new(),
        Some(aim) if measured.verdict == "unknown" => format!("{}, missed", time(aim)),
        Some(aim) if measured.median() > aim => {
            let ratio = measured.median().as_secs_f64() / aim.as_secs_f64();
            format!("{}, {ratio:.1} x", time(aim))
        }
        Some(aim) => format!("{}, met", time(aim)),
    };
    let wrong = if measured.is_wrong(workload) { " WRONG" } else { "" };
    println!(
        "| {:<26} | {:>10} | {:<13} | {:>8} | {:>8} | {:>9} | {:>8} | {:>12} | {aim:>16} |",
        format!("`{}`", workload.name),
        workload.operations,
        format!("{}{wrong}", measured.verdict),
        time(measured.times[0]),
        time(measured.median()),
        seconds(measured.processor),
        memory(measured.memory),
        instructions(measured.instructions),
    );
}

/// Prints the head of the table of costs.
pub fn growth_head() {
    println!(
        "| {:<8} | {:>10} | {:<13} | {:>8} | {:>14} | {:>8} | {:>15} |",
        "workload", "operations", "verdict", "fastest", "per operation", "memory", "per operation"
    );
    println!(
        "|{:-<10}|{:->11}:|{:-<15}|{:->9}:|{:->15}:|{:->9}:|{:->16}:|",
        "", "", "", "", "", "", ""
    );
}

/// Prints what an operation of one workload costs.
pub fn growth_row(workload: &Workload, measured: &Measured) {
    let operations = workload.operations as f64;
    let bytes = measured.memory.map(|bytes| format!("{:.0} bytes", bytes as f64 / operations));
    println!(
        "| {:<8} | {:>10} | {:<13} | {:>8} | {:>14} | {:>8} | {:>15} |",
        format!("`{}`", workload.name),
        workload.operations,
        measured.verdict,
        time(measured.times[0]),
        format!("{:.0} ns", measured.times[0].as_nanos() as f64 / operations),
        memory(measured.memory),
        bytes.unwrap_or_else(|| "-".to_owned()),
    );
}

fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        0.0..9.95 => format!("{milliseconds:.1} ms"),
        0.0..999.5 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.2} s", milliseconds / 1e3),
    }
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.2} s", time.as_secs_f64()))
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{} MB", bytes.div_ceil(1_000_000)))
}

fn instructions(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| format!("{:.3e}", count as f64))
}
