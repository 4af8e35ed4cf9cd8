//! Compressed inputs: gzip and zstd are known by their first bytes and unpacked in memory.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use crate::error::{Code, Error};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The largest window of a zstd frame, as `zstd --long` writes it at most without further flags.
const MAX_WINDOW: u64 = 128 << 20;

/// The bytes as they were before their compression, or as they are if they are not compressed.
/// More than `max_bytes` of them are an error, and are never all in memory.
pub(super) fn decompress(bytes: Vec<u8>, max_bytes: usize) -> Result<Vec<u8>, Error> {
    let bytes = if bytes.starts_with(&GZIP) {
        gunzip(&bytes, max_bytes)?
    } else if bytes.starts_with(&ZSTD) || skippable(&bytes).is_some() {
        unzstd(&bytes, max_bytes)?
    } else {
        bytes
    };
    if bytes.len() > max_bytes { Err(too_large(max_bytes)) } else { Ok(bytes) }
}

/// The error about a text of more than `max_bytes`.
pub(super) fn too_large(max_bytes: usize) -> Error {
    Error::new(Code::TooLarge, format!("the text is larger than {max_bytes} bytes"))
        .hint("raise --max-memory")
}

/// Reads up to one byte more than `max_bytes` into `out`, which tells that there are too many.
pub(super) fn read_within(
    reader: impl Read,
    max_bytes: usize,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    let rest = max_bytes.saturating_sub(out.len()) as u64;
    reader.take(rest.saturating_add(1)).read_to_end(out).map(|_| ())
}

fn gunzip(bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    match read_within(MultiGzDecoder::new(bytes), max_bytes, &mut out) {
        Ok(()) => Ok(out),
        Err(error) => Err(damaged("gzip", out.len(), &error)),
    }
}

/// Unpacks every frame; a file that was compressed in pieces has several.
fn unzstd(mut bytes: &[u8], max_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        if let Some(len) = skippable(bytes) {
            bytes = bytes
                .get(len..)
                .ok_or_else(|| damaged("zstd", out.len(), &"it ends inside a frame"))?;
            continue;
        }
        let mut frame = StreamingDecoder::new_with_max_window_size(&mut bytes, MAX_WINDOW)
            .map_err(|error| damaged("zstd", out.len(), &error))?;
        read_within(&mut frame, max_bytes, &mut out)
            .map_err(|error| damaged("zstd", out.len(), &error))?;
        if out.len() > max_bytes {
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

/// The length of the zstd frame at the start of `bytes` if it is one that holds no text.
fn skippable(bytes: &[u8]) -> Option<usize> {
    let header: [u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let [kind @ 0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = header else { return None };
    debug_assert!(kind & 0xf0 == 0x50);
    Some(u32::from_le_bytes([a, b, c, d]) as usize + 8)
}

fn damaged(format: &str, unpacked: usize, error: &dyn std::fmt::Display) -> Error {
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
        super::decompress(bytes, usize::MAX)
    }

    fn zstd(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
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
    fn the_size_of_the_text_has_a_limit() {
        let text = "a".repeat(5000);
        let pieces = |compress: fn(&str) -> Vec<u8>| {
            [compress(&text[..2000]), compress(&text[2000..])].concat()
        };
        for bytes in [text.clone().into(), pieces(gzip), pieces(zstd)] {
            for max_bytes in [0, 1, 1999, 2000, 2001, 4999] {
                let error = super::decompress(bytes.clone(), max_bytes).unwrap_err();
                assert_eq!(error.code, Code::TooLarge, "{max_bytes}");
            }
            for max_bytes in [5000, 5001, usize::MAX] {
                assert_eq!(super::decompress(bytes.clone(), max_bytes).unwrap(), text.as_bytes());
            }
        }
    }
}
