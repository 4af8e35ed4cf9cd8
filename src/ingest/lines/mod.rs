//! JSON at speed: the text is read in parts, by several threads, with a scanner for records of
//! the usual shape; the reader for all JSON takes the rest, at the place where it comes. The
//! history, and every error, is the one that this reader alone would give.

mod batch;
mod crew;
mod merge;
mod names;
mod others;
mod scan;
#[cfg(test)]
mod tests;
mod value;
mod word;

use std::num::NonZero;
use std::thread;

use batch::{Batch, Layout};
use merge::Merger;

use super::Sink;
use super::json::Objects;
use crate::error::Error;

/// The size of a part: it and its records fit the caches of one core.
const PART: usize = 1 << 18;

/// Reads objects that follow each other, on `threads` threads (0: one a processor).
pub(super) fn read(text: &str, threads: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
    read_in_parts(text, Layout::Lines, PART, threads_of(threads), sink)
}

/// Reads an array of objects, on `threads` threads (0: one a processor).
pub(super) fn read_array(text: &str, threads: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
    read_in_parts(text, Layout::Array, PART, threads_of(threads), sink)
}

fn threads_of(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    }
}

fn read_in_parts(
    text: &str,
    layout: Layout,
    part: usize,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let objects = match layout {
        Layout::Lines => Objects::new(text),
        Layout::Array => Objects::of_array(text)?,
    };
    let mut merger = Merger::new(objects, sink);
    let mut ended = false;
    crew::in_order(
        threads,
        text.len().div_ceil(part),
        |at, batch: &mut Batch<'_>| {
            batch.read(text, at * part, text.len().min((at + 1) * part), layout);
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if ended { Ok(()) } else { merger.finish() }
}
