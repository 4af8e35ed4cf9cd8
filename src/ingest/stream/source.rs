//! The bytes of an input as they come, decompressed on the way.

use std::io::{self, BufReader, ErrorKind, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::error::Error;
use crate::ingest::{decompress, input};

/// So many bytes at the start of an input, or of a frame of zstd, tell what it is.
const MAGIC: usize = 8;

/// Where text comes from.
pub(super) struct Source<R: Read> {
    kind: Kind<R>,
    /// How many bytes of text came.
    unpacked: usize,
}

enum Kind<R: Read> {
    /// Nothing was read yet.
    New(R),
    Plain(Behind<R>),
    Gzip(Box<MultiGzDecoder<Behind<R>>>),
    /// Between two frames.
    Zstd(Behind<BufReader<R>>),
    Frame(Box<StreamingDecoder<Behind<BufReader<R>>, FrameDecoder>>),
    Ended,
}

impl<R: Read> Source<R> {
    /// What `reader` yields.
    pub(super) fn new(reader: R) -> Self {
        Source { kind: Kind::New(reader), unpacked: 0 }
    }

    /// Reads text into `room`, as much as is there; how much. 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, Error> {
        if matches!(self.kind, Kind::New(_))
            && let Kind::New(reader) = std::mem::replace(&mut self.kind, Kind::Ended)
        {
            self.kind = open(reader)?;
        }
        let count = match &mut self.kind {
            Kind::New(_) | Kind::Ended => 0,
            Kind::Plain(reader) => {
                retry(|| reader.read(room)).map_err(|error| input::reading_failed(&error))?
            }
            Kind::Gzip(decoder) => retry(|| decoder.read(room))
                .map_err(|error| decompress::damaged("gzip", self.unpacked, &error))?,
            Kind::Zstd(_) | Kind::Frame(_) => self.read_zstd(room)?,
        };
        self.unpacked += count;
        Ok(count)
    }

    fn read_zstd(&mut self, room: &mut [u8]) -> Result<usize, Error> {
        let unpacked = self.unpacked;
        let damaged = |error: &dyn std::fmt::Display| decompress::damaged("zstd", unpacked, error);
        loop {
            match std::mem::replace(&mut self.kind, Kind::Ended) {
                Kind::Frame(mut frame) => {
                    let count = retry(|| frame.read(room)).map_err(|error| damaged(&error))?;
                    if count > 0 {
                        self.kind = Kind::Frame(frame);
                        return Ok(count);
                    }
                    let (raw, decoder) = frame.into_parts();
                    let stored = decoder.get_checksum_from_data();
                    if stored.is_some() && stored != decoder.get_calculated_checksum() {
                        return Err(damaged(&"the checksum differs"));
                    }
                    self.kind = Kind::Zstd(raw);
                }
                Kind::Zstd(mut raw) => {
                    let header = raw.look().map_err(|error| damaged(&error))?;
                    if header.is_empty() {
                        return Ok(0);
                    }
                    self.kind = match decompress::skippable(header) {
                        Some(len) => {
                            let skipped =
                                io::copy(&mut (&mut raw).take(len as u64), &mut io::sink());
                            if skipped.map_err(|error| damaged(&error))? < len as u64 {
                                return Err(damaged(&"it ends inside a frame"));
                            }
                            Kind::Zstd(raw)
                        }
                        None => Kind::Frame(Box::new(
                            decompress::zstd_frame(raw).map_err(|error| damaged(&error))?,
                        )),
                    };
                }
                _ => return Ok(0),
            }
        }
    }
}

/// Looks at the first bytes of an input.
fn open<R: Read>(reader: R) -> Result<Kind<R>, Error> {
    let mut raw = Behind::new(reader);
    let magic = raw.look().map_err(|error| input::reading_failed(&error))?;
    Ok(match decompress::Compression::of(magic) {
        None => Kind::Plain(raw),
        Some(decompress::Compression::Gzip) => Kind::Gzip(Box::new(MultiGzDecoder::new(raw))),
        Some(decompress::Compression::Zstd) => {
            Kind::Zstd(Behind { inner: BufReader::new(raw.inner), head: raw.head, len: raw.len })
        }
    })
}

fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// A reader whose next bytes may be looked at.
struct Behind<R> {
    inner: R,
    /// Bytes that come before those of `inner`: the last `len`.
    head: [u8; MAGIC],
    len: usize,
}

impl<R: Read> Behind<R> {
    fn new(inner: R) -> Self {
        Behind { inner, head: [0; MAGIC], len: 0 }
    }

    /// The next bytes, up to `MAGIC` if there are so many.
    fn look(&mut self) -> io::Result<&[u8]> {
        self.head.copy_within(MAGIC - self.len.., 0);
        while self.len < MAGIC {
            let read = retry(|| self.inner.read(&mut self.head[self.len..]))?;
            if read == 0 {
                break;
            }
            self.len += read;
        }
        self.head.copy_within(..self.len, MAGIC - self.len);
        Ok(&self.head[MAGIC - self.len..])
    }
}

impl<R: Read> Read for Behind<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.len == 0 {
            return self.inner.read(room);
        }
        let count = room.len().min(self.len);
        let start = MAGIC - self.len;
        room[..count].copy_from_slice(&self.head[start..start + count]);
        self.len -= count;
        Ok(count)
    }
}
