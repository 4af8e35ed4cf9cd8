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
    read_in_parts(text, Objects::new(text), Layout::Lines, PART, threads_of(threads), sink)
}

/// Reads an array of objects, on `threads` threads (0: one a processor).
pub(super) fn read_array(text: &str, threads: usize, sink: &mut Sink<'_>) -> Result<(), Error> {
    read_array_piece(text, true, true, threads, sink)
}

/// Reads a piece of an array of objects: its first, or one that begins behind a comma. Unless it is
/// the last, it may end behind one.
pub(super) fn read_array_piece(
    text: &str,
    first: bool,
    last: bool,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let objects = Objects::of_piece(text, first, last)?;
    read_in_parts(text, objects, Layout::Array, PART, threads_of(threads), sink)
}

fn threads_of(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    }
}

fn read_in_parts<'t>(
    text: &'t str,
    objects: Objects<'t>,
    layout: Layout,
    part: usize,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut merger = Merger::new(objects, sink);
    let mut ended = false;
    crew::in_order(
        threads,
        text.len().div_ceil(part),
        |at, batch: &mut Batch<'t>| {
            batch.read(text, at * part, text.len().min((at + 1) * part), layout);
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if ended { Ok(()) } else { merger.finish() }
}
