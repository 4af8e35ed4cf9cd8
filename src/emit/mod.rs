//! A history as bytes, in each of the formats that ingest reads.
//!
//! Records come out in the order of the input: `record` puts invocations, completions,
//! annotations and metadata back into one sequence, and one file per format writes it. Nothing here
//! knows what an operation means.

mod csv;
mod edn;
mod json;
mod log;
mod record;

#[cfg(test)]
mod tests;

use std::io;

use crate::history::History;
use crate::ingest::Format;
use record::{Entry, Record, records};

/// Writes `history` to `out` in `format`.
///
/// Reading it again gives the same history, but for what the format has no room for. JSON and CSV
/// have no keywords for the names of processes, so that those come back as strings. CSV has its
/// metadata first. [`Format::Log`] is Jepsen's `history.txt`: it has no times, no metadata and no
/// extra field but `error`; keys are written as tuples `[key value]`, and whole operations as two
/// events. Times in fractional seconds are written in nanoseconds.
///
/// ```
/// use histcheck::{History, emit, ingest};
/// let mut history = History::builder();
/// history.invoke(0, "write", 1)?;
/// history.ok(0, "write", 1)?;
/// let mut out = Vec::new();
/// emit::write(&history.build()?, ingest::Format::Edn, &mut out)?;
/// assert!(out.starts_with(b"{:process 0, :type :invoke, :f :write, :value 1}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If `out` fails.
pub fn write(
    history: &History,
    format: Format,
    out: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    match format {
        Format::JsonLines => lines(history, ["", "", ""], json::record, out),
        Format::JsonArray => lines(history, ["[\n", ",", "]\n"], json::record, out),
        Format::Edn => lines(history, ["", "", ""], edn::record, out),
        Format::Csv => csv::write(history, out),
        Format::Log => log::write(history, out),
    }
}

/// Writes a line for every record, with what comes before all, after each but the last, and after
/// all.
fn lines(
    history: &History,
    [before, between, after]: [&str; 3],
    write: fn(&Record<'_>, &mut String),
    out: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    let mut line = before.to_owned();
    let mut records = records(history).peekable();
    while let Some(record) = records.next() {
        write(&record, &mut line);
        if records.peek().is_some() {
            line.push_str(between);
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        line.clear();
    }
    line.push_str(after);
    out.write_all(line.as_bytes())
}
