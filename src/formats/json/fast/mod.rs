//! JSON at speed: the text is read in parts, by several threads, with a scanner for records of
//! the usual shape, and by plans where many others are of one layout; the reader for all JSON takes
//! the rest, at the place where it comes. The history, and every error, is the one that this reader
//! alone would give.

mod batch;
mod crew;
mod entry;
mod learn;
mod merge;
mod names;
mod order;
mod others;
mod plan;
mod recent;
mod scan;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_lists;
#[cfg(test)]
mod tests_of_plans;
mod value;
mod word;

use batch::Rules;

use super::objects::Objects;
use crate::error::Error;
use crate::formats::row::Piece;
use crate::formats::sink::Sink;
use crate::threads::count_of;

pub(in crate::formats) use batch::{Batch, Layout};
pub(in crate::formats) use crew::in_order;
pub(in crate::formats) use entry::{Entry, Form, NO_INDEX, Other, Pending, seen};
pub(in crate::formats) use merge::{General, Merger};
pub(in crate::formats) use scan::Scanner;
pub(in crate::formats) use word::{Literal, low_bytes, word};

/// The size of a part in bytes: it and its records fit the caches of one core.
pub(in crate::formats) const PART: usize = 1 << 18;

/// Reads the records of `piece`, which `objects` is at the start of.
pub(super) fn read<'t>(
    piece: &Piece<'t>,
    objects: Objects<'t>,
    layout: Layout,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    if sink.survey.is_some() || objects.have_fronts() {
        // What the fields mean does not count, or hangs on more than the fields.
        let mut objects = objects;
        return objects.read_until(usize::MAX, sink).map(|_| ());
    }
    read_in_parts(piece.text, objects, layout, PART, count_of(piece.threads), sink)
}

fn read_in_parts<'t>(
    text: &'t str,
    objects: Objects<'t>,
    layout: Layout,
    part: usize,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let rules = Rules { layout, mapping: sink.mapping };
    let mut merger = Merger::new(objects, sink);
    let mut ended = false;
    in_order(
        threads,
        text.len().div_ceil(part),
        |at, batch: &mut Batch<'t>| {
            batch.read(text, at * part, text.len().min((at + 1) * part), rules);
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if ended { Ok(()) } else { merger.finish() }
}
