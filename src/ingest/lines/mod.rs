//! JSON Lines at speed: the text is read in parts, by several threads, with a scanner for lines of
//! the usual shape; the reader for all JSON takes the rest, at the place where it comes. The
//! history, and every error, is the one that this reader alone would give.

mod batch;
mod crew;
mod functions;
mod scan;
#[cfg(test)]
mod tests;
mod word;

use std::num::NonZero;
use std::thread;

use batch::{Batch, Merger};

use super::Sink;
use crate::error::Error;

/// The size of a part: it and its records fit the caches of one core.
const PART: usize = 1 << 18;

/// Reads objects that follow each other, on `threads` threads (0: one a processor).
pub(super) fn read(text: &str, threads: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    };
    read_in_parts(text, PART, threads, sink)
}

fn read_in_parts(
    text: &str,
    part: usize,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut merger = Merger::new(text, sink);
    let mut ended = false;
    crew::in_order(
        threads,
        text.len().div_ceil(part),
        |at, batch: &mut Batch<'_>| {
            batch.read(text, at * part, text.len().min((at + 1) * part));
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if ended { Ok(()) } else { merger.finish() }
}
