//! Compressed inputs: gzip and zstd are known by their first bytes and unpacked in memory.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::counted::Counted;
use crate::error::{Code, Error};
use crate::progress::{Phase, Progress};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The largest window of a zstd frame, as `zstd --long` writes it at most without further flags.
const MAX_WINDOW: u64 = 128 << 20;

/// How much may be read of an input, and until when; and who is told how far that is.
///
/// ```
/// use histcheck::ingest::Limits;
/// let limits = Limits { max_bytes: 1 << 30, ..Limits::default() };
/// assert_eq!(limits.deadline, None);
/// ```
#[derive(Clone, Debug)]
pub struct Limits {
    /// Its bytes, and those of its text, may be so many.
    pub max_bytes: usize,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Who is told how far the reading is, if anybody wants to know: also later, when the history
    /// is made of the input.
    pub progress: Option<Arc<Progress>>,
}

impl Default for Limits {
    /// None.
    fn default() -> Limits {
        Limits { max_bytes: usize::MAX, deadline: None, progress: None }
    }
}

impl Limits {
    /// Says that now comes `phase`, with so many bytes to do (0 if that is not known).
    pub(super) fn enter(&self, phase: Phase, bytes: u64) {
        if let Some(progress) = &self.progress {
            progress.enter(phase, bytes);
        }
    }
}

impl From<usize> for Limits {
    /// So many bytes, at any time.
    fn from(max_bytes: usize) -> Limits {
        Limits { max_bytes, ..Limits::default() }
    }
}

/// Why reading ended before the end.
pub(super) enum Ended {
    Failed(io::Error),
    TimeUp,
    Cancelled,
}

/// Between two looks at the clock, so many bytes are read.
const LOOK_EVERY: usize = 16 << 20;

/// How bytes are compressed.
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// The compression of what starts with `bytes`, of which eight are enough.
    pub(super) fn of(bytes: &[u8]) -> Option<Compression> {
        if bytes.starts_with(&GZIP) {
            return Some(Compression::Gzip);
        }
        (bytes.starts_with(&ZSTD) || skippable(bytes).is_some()).then_some(Compression::Zstd)
    }
}

/// The bytes as they were before their compression, or as they are if they are not compressed.
/// More of them than the limit are an error, and are never all in memory.
pub(super) fn decompress(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Error> {
    let bytes = match Compression::of(&bytes) {
        None => bytes,
        Some(compression) => {
            limits.enter(Phase::Unpacking, bytes.len() as u64);
            match compression {
                Compression::Gzip => gunzip(&bytes, limits)?,
                Compression::Zstd => unzstd(&bytes, limits)?,
            }
        }
    };
    if bytes.len() > limits.max_bytes { Err(too_large(limits.max_bytes)) } else { Ok(bytes) }
}

/// The error about a text of more than `max_bytes`.
pub(super) fn too_large(max_bytes: usize) -> Error {
    Error::new(Code::TooLarge, format!("the text is larger than {max_bytes} bytes"))
        .hint("raise --max-memory")
}

/// The error about a deadline that passed.
pub(super) fn time_up() -> Error {
    Error::new(Code::TimeUp, "the time was up before the input was read").hint("raise --timeout")
}

/// The error about somebody who asked to stop.
pub(super) fn cancelled() -> Error {
    Error::new(Code::Cancelled, "it was cancelled before the input was read")
}

/// Reads up to one byte more than the limit into `out`, which tells that there are too many.
pub(super) fn read_within(
    mut reader: impl Read,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<(), Ended> {
    let is_cancelled = || limits.progress.as_ref().is_some_and(|progress| progress.is_cancelled());
    loop {
        if limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Ended::TimeUp);
        }
        let rest = limits.max_bytes.saturating_sub(out.len()).saturating_add(1);
        let wanted = rest.min(LOOK_EVERY).min(room(out, rest)) as u64;
        let read = reader.by_ref().take(wanted).read_to_end(out).map_err(Ended::Failed)? as u64;
        // Somebody may have ended the text because of that.
        if is_cancelled() {
            return Err(Ended::Cancelled);
        }
        if read < wanted || out.len() > limits.max_bytes {
            return Ok(());
        }
    }
}

/// How many more bytes there is room for. Where there is none, makes some: for all of `rest` if it
/// can be had, since what is not used costs nothing but addresses, and else for as many as there
/// are. A vector that grew step by step would leave more behind than it may take.
fn room(out: &mut Vec<u8>, rest: usize) -> usize {
    if out.capacity() == out.len() && out.try_reserve_exact(rest).is_err() {
        // Where there is no memory, reading will say so.
        let _ = out.try_reserve_exact(rest.min(out.len().max(LOOK_EVERY)));
    }
    match out.capacity() - out.len() {
        0 => LOOK_EVERY,
        spare => spare,
    }
}

/// The error about a `format` that cannot be unpacked behind so many bytes of text.
fn stopped(format: &str, unpacked: usize, ended: &Ended) -> Error {
    match ended {
        Ended::Failed(error) => damaged(format, unpacked, error),
        Ended::TimeUp => time_up(),
        Ended::Cancelled => cancelled(),
    }
}

fn gunzip(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let counted = Counted::new(bytes, limits.progress.as_deref());
    match read_within(MultiGzDecoder::new(counted), limits, &mut out) {
        Ok(()) => Ok(out),
        Err(ended) => Err(stopped("gzip", out.len(), &ended)),
    }
}

/// Unpacks every frame; a file that was compressed in pieces has several.
fn unzstd(mut bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        if let Some(len) = skippable(bytes) {
            bytes = bytes
                .get(len..)
                .ok_or_else(|| damaged("zstd", out.len(), &"it ends inside a frame"))?;
            continue;
        }
        let counted = Counted::new(&mut bytes, limits.progress.as_deref());
        let mut frame = zstd_frame(counted).map_err(|error| damaged("zstd", out.len(), &error))?;
        if let Err(ended) = read_within(&mut frame, limits, &mut out) {
            return Err(stopped("zstd", out.len(), &ended));
        }
        if out.len() > limits.max_bytes {
            return Ok(out);
        }
        let decoder = frame.into_frame_decoder();
        let stored = decoder.get_checksum_from_data();
        if stored.is_some() && stored != decoder.get_calculated_checksum() {
            return Err(damaged("zstd", out.len(), &"the checksum differs"));
        }
    }
    Ok(out)
}

/// The frame of zstd that `reader` is at the start of.
pub(super) fn zstd_frame<R: Read>(
    reader: R,
) -> Result<StreamingDecoder<R, FrameDecoder>, impl std::fmt::Display> {
    StreamingDecoder::new_with_max_window_size(reader, MAX_WINDOW)
}

/// The length of the zstd frame at the start of `bytes` if it is one that holds no text.
pub(super) fn skippable(bytes: &[u8]) -> Option<usize> {
    let header: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let [kind @ 0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = header else { return None };
    debug_assert!(kind & 0xf0 == 0x50);
    Some(u32::from_le_bytes([a, b, c, d]) as usize + 8)
}

pub(super) fn damaged(format: &str, unpacked: usize, error: &dyn std::fmt::Display) -> Error {
    Error::new(
        Code::Compression,
        format!("the {format} data is damaged after {unpacked} bytes of text: {error}"),
    )
    .hint("the file was cut or altered; compress or copy it again")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn decompress(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        super::decompress(bytes, &Limits::default())
    }

    fn zstd(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    #[test]
    fn what_has_room_is_not_copied_to_more() {
        let mut out = Vec::with_capacity(1001);
        let bytes = vec![b'a'; 1000];
        assert!(read_within(bytes.as_slice(), &Limits::default(), &mut out).is_ok());
        assert_eq!((out.len(), out.capacity()), (1000, 1001));
    }

    #[test]
    fn pieces_are_joined() {
        for compress in [gzip, zstd] {
            let pieces = [compress("one\n"), compress(""), compress("two\n")].concat();
            assert_eq!(decompress(pieces).unwrap(), b"one\ntwo\n");
        }
        let skipped = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9][..], &zstd("x")].concat();
        assert_eq!(decompress(skipped).unwrap(), b"x");
        assert_eq!(decompress(b"plain".to_vec()).unwrap(), b"plain");
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let text = "{\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}\n".repeat(50);
        for compress in [gzip, zstd] {
            let whole = compress(&text);
            for len in 4..whole.len() {
                let error = decompress(whole[..len].to_vec()).unwrap_err();
                assert_eq!(error.code, Code::Compression, "cut after {len} bytes");
            }
            let trailing = [&whole[..], b"garbage"].concat();
            assert_eq!(decompress(trailing).unwrap_err().code, Code::Compression);
        }
        let mut altered = gzip(&text);
        let middle = altered.len() - 6;
        altered[middle] ^= 1;
        assert_eq!(decompress(altered).unwrap_err().code, Code::Compression);
    }

    #[test]
    fn unpacking_keeps_to_a_deadline() {
        let limits = Limits { deadline: Some(Instant::now()), ..Limits::default() };
        for bytes in [gzip("text"), zstd("text")] {
            assert_eq!(super::decompress(bytes, &limits).unwrap_err().code, Code::TimeUp);
        }
    }

    #[test]
    fn the_size_of_the_text_has_a_limit() {
        let text = "a".repeat(5000);
        let pieces = |compress: fn(&str) -> Vec<u8>| {
            [compress(&text[..2000]), compress(&text[2000..])].concat()
        };
        for bytes in [text.clone().into(), pieces(gzip), pieces(zstd)] {
            for max_bytes in [0, 1, 1999, 2000, 2001, 4999] {
                let error = super::decompress(bytes.clone(), &max_bytes.into()).unwrap_err();
                assert_eq!(error.code, Code::TooLarge, "{max_bytes}");
            }
            for max_bytes in [5000, 5001, usize::MAX] {
                assert_eq!(
                    super::decompress(bytes.clone(), &max_bytes.into()).unwrap(),
                    text.as_bytes()
                );
            }
        }
    }
}
