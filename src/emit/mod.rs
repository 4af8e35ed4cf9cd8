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
use record::{Entry, Record, records};

/// The formats that a history can be written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EmitFormat {
    /// One JSON object a line.
    JsonLines,
    /// One JSON array of objects.
    Json,
    /// One EDN map a line, as Jepsen's `history.edn`.
    Edn,
    /// Comma-separated values with a header.
    Csv,
    /// Text columns, as Jepsen's `history.txt`: process, type, `f`, value, error.
    ///
    /// It has no room for times, metadata and the other extra fields; keys are written as tuples
    /// `[key value]`, and whole operations as two events.
    Log,
}

/// Writes `history` to `out` in `format`.
///
/// Reading it again gives the same history, but for what the format has no room for: see
/// [`EmitFormat::Log`]; and JSON and CSV have no keywords for the names of processes, so that those
/// come back as strings. Times in fractional seconds are written in nanoseconds.
///
/// ```
/// use histcheck::{History, emit};
/// let mut history = History::builder();
/// history.invoke(0, "write", 1)?;
/// history.ok(0, "write", 1)?;
/// let mut out = Vec::new();
/// emit::write(&history.build()?, emit::EmitFormat::Edn, &mut out)?;
/// assert!(out.starts_with(b"{:process 0, :type :invoke, :f :write, :value 1}\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If `out` fails.
pub fn write(
    history: &History,
    format: EmitFormat,
    out: &mut (impl io::Write + ?Sized),
) -> io::Result<()> {
    match format {
        EmitFormat::JsonLines => lines(history, ["", "", ""], json::record, out),
        EmitFormat::Json => lines(history, ["[\n", ",", "]\n"], json::record, out),
        EmitFormat::Edn => lines(history, ["", "", ""], edn::record, out),
        EmitFormat::Csv => csv::write(history, out),
        EmitFormat::Log => log::write(history, out),
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
