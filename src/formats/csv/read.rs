//! Reads a table: its header, and then its records in parts, by several threads, with a scanner for
//! those of the usual shape; the library takes the rest, at the place where it comes. The history,
//! and every error, is the one that the library alone would give.

use super::header::Header;
use super::rows::{Rows, cell_offsets, syntax, to_offset};
use super::scan::Table;
use crate::error::Error;
use crate::formats::json;
use crate::formats::json::fast::{Batch, General, Merger, PART, in_order};
use crate::formats::row::Piece;
use crate::formats::sink::Sink;
use crate::threads::count_of;

/// How a comment line starts that holds metadata.
const METADATA: &str = "histcheck:";

/// Reads a piece of a table that is whole lines; its header, unless that was read before.
pub(super) fn read(
    piece: &Piece<'_>,
    separator: u8,
    header: &mut Option<Header>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let text = piece.text;
    let mut start = 0;
    if header.is_none() {
        let Some(above) = read_comments(text, sink)? else { return Ok(()) };
        let Some((found, end)) = read_header(text, above, separator, sink)? else { return Ok(()) };
        *header = Some(found);
        start = end;
    }
    let Some(header) = header else { return Ok(()) };
    read_rows(text, start, separator, header, PART, count_of(piece.threads), sink)
}

/// Reads the records of `text`, which start at byte `start`.
pub(super) fn read_rows(
    text: &str,
    start: usize,
    separator: u8,
    header: &Header,
    part: usize,
    threads: usize,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut rows = Rows::new(text, start, separator, header);
    let table = Table::of(header, separator);
    let (Some(table), None, None) = (table, &sink.survey, sink.mapping) else {
        // What the fields mean does not count, or hangs on more than their names.
        return rows.read_until(usize::MAX, sink).map(|_| ());
    };
    let mut merger = Merger::new(rows, sink);
    let mut ended = false;
    let count = (text.len() - start).div_ceil(part);
    in_order(
        threads,
        count,
        |at, batch: &mut Batch<'_>| {
            let from = start + at * part;
            table.read(text, start, from..text.len().min(from + part), batch);
        },
        |batch| {
            ended = !merger.add(batch)?;
            Ok(!ended)
        },
    )?;
    if ended { Ok(()) } else { merger.finish() }
}

/// Reads the header, which is the first record at byte `start` or behind it, and where it ends;
/// `None` if there is none.
pub(super) fn read_header(
    text: &str,
    start: usize,
    separator: u8,
    sink: &Sink<'_>,
) -> Result<Option<(Header, usize)>, Error> {
    let mut settings = csv::ReaderBuilder::new();
    settings.has_headers(false).flexible(true).delimiter(separator);
    let rest = text.get(start..).unwrap_or_default();
    let at = start + rest.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut reader = settings.from_reader(rest.as_bytes());
    let mut record = csv::StringRecord::new();
    if !reader.read_record(&mut record).map_err(|error| syntax(error.to_string(), at))? {
        return Ok(None);
    }
    let mut offsets = Vec::new();
    cell_offsets(text, at, record.len(), separator, &mut offsets)?;
    let header = Header::of(&record, &offsets, sink.mapping)?;
    Ok(Some((header, start + to_offset(reader.position()))))
}

/// Reads what comes before the header; returns where that starts, or `None` if the sink wants no
/// more.
fn read_comments(text: &str, sink: &mut Sink<'_>) -> Result<Option<usize>, Error> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        let Some(comment) = trimmed.strip_prefix('#') else {
            if trimmed.is_empty() {
                start += line.len();
                continue;
            }
            break;
        };
        if let Some(metadata) = comment.trim_start().strip_prefix(METADATA) {
            if !sink.begin(start) {
                return Ok(None);
            }
            let offset = start + (metadata.as_ptr().addr() - line.as_ptr().addr());
            let value = json::value(metadata, sink.values()).map_err(|mut error| {
                if let Some(place) = &mut error.place {
                    place.offset += offset;
                }
                error
            })?;
            sink.metadata(value)?;
        }
        start += line.len();
    }
    Ok(Some(start))
}
