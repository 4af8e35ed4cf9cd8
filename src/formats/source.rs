//! The bytes of an input, decompressed as they come: gzip and zstd are known by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, Write};
use std::mem;

use flate2::bufread::GzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::Format;
use super::input::LONG;
use super::jepsen::{Transcript, is_jepsen};
use super::sessions;
use super::stored::{PIECE, Stored};
use crate::budget::Meter;
use crate::error::{Code, Error};
use crate::progress::Progress;

/// How the names of compressed files end, behind the ending of the format.
pub const COMPRESSED: [&str; 2] = ["gz", "zst"];

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How many bytes at the start of an input, or of a frame of zstd, show what it is.
const MAGIC: usize = 8;
/// The largest window of a zstd frame, in bytes: `zstd --long` writes no larger one without further
/// flags.
const MAX_WINDOW: u64 = 128 << 20;
/// How many compressed bytes are read at a time.
const BUFFER: usize = 1 << 16;
/// How many bytes are put into a file at a time.
const BLOCK: usize = 1 << 20;
/// How many bytes are read between two looks at the clock.
const LOOK_EVERY: usize = 16 << 20;

/// Tells whether what starts with `bytes` is compressed.
pub fn is_compressed(bytes: &[u8]) -> bool {
    Compression::of(bytes).is_some()
}

/// Where all the text of a reader is.
pub(super) enum All {
    Text,
    /// It is the transcript of bytes in this format.
    Transcript(Format),
    /// It is long, is in a file, and can be read in pieces, by this format.
    Stored(Stored, Format),
}

/// Makes a file for a text.
pub(super) type Scratch = fn() -> io::Result<File>;

/// Appends all the text that `reader` yields to `text`, which is empty; or puts it into a file of
/// `scratch`, if it is long and `in_pieces` returns the format of its start. Of bytes that are in a
/// binary format, by their look or because that is `given`, the text is a transcript.
pub(super) fn read_all(
    reader: impl Read,
    given: Option<Format>,
    meter: &Meter,
    text: &mut Vec<u8>,
    scratch: Option<Scratch>,
    in_pieces: &dyn Fn(&[u8]) -> Option<Format>,
) -> Result<All, Error> {
    let stored = match meter.progress() {
        // Files fill room that was not cleared before; counted ones do not.
        None => Source::new(reader).read_or_store(meter, text, scratch, in_pieces)?,
        Some(progress) => Source::new(Counted { inner: reader, progress })
            .read_or_store(meter, text, scratch, in_pieces)?,
    };
    if let Some((stored, format)) = stored {
        return Ok(All::Stored(stored, format));
    }
    meter.check_size(text.len() as u64)?;
    if is_jepsen(text) {
        Transcript::new(mem::take(text))?.read_all(meter, text)?;
        meter.check_size(text.len() as u64)?;
        return Ok(All::Transcript(Format::Jepsen));
    }
    let binary = given.filter(|&given| sessions::is_binary(given));
    match binary.or_else(|| sessions::binary_format(text)) {
        None => Ok(All::Text),
        Some(format) => {
            *text = sessions::transcript(format, text, meter)?.into_bytes();
            Ok(All::Transcript(format))
        }
    }
}

/// A reader whose bytes are counted as they are read.
struct Counted<'p, R> {
    inner: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// Where text comes from.
pub(super) struct Source<R: Read> {
    kind: Kind<R>,
    /// How the bytes are compressed, once they were looked at.
    compression: Option<Compression>,
    /// How many bytes of text were unpacked.
    unpacked: usize,
}

enum Kind<R: Read> {
    /// Nothing was read yet.
    New(R),
    Plain(Behind<R>),
    /// Before a member of gzip, of which there may be many, or behind the last.
    Gzip(BufReader<Behind<R>>),
    Member(Box<GzDecoder<BufReader<Behind<R>>>>),
    /// Between two frames.
    Zstd(Behind<BufReader<R>>),
    Frame(Box<StreamingDecoder<Behind<BufReader<R>>, FrameDecoder>>),
    /// What was read is a file of Jepsen's.
    Transcript(Box<Transcript>),
    Ended,
}

impl<R: Read> Source<R> {
    /// Returns the source of what `reader` yields. Nothing is read yet.
    pub(super) fn new(reader: R) -> Self {
        Source { kind: Kind::New(reader), compression: None, unpacked: 0 }
    }

    /// Reads as much text into `room` as is there, as far as `meter` allows. Returns how many bytes
    /// that is, 0 at the end; `None` if the reader says that nothing is there yet.
    pub(super) fn read_some(
        &mut self,
        room: &mut [u8],
        meter: &Meter,
    ) -> Result<Option<usize>, Error> {
        if let Kind::Transcript(transcript) = &mut self.kind {
            return transcript.read(room, meter).map(Some);
        }
        let read = retry(|| self.read(room, meter));
        if !matches!(read, Ok(1..)) {
            // Whoever waits for input ends it when a limit is met.
            meter.check_reading()?;
        }
        match read {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            read => read.map(Some).map_err(|error| self.failure(&error)),
        }
    }

    /// Reads all that is left behind `start`, which is the start of a file of Jepsen's: from here
    /// on, its transcript comes.
    pub(super) fn transcribe(&mut self, start: &[u8], meter: &Meter) -> Result<(), Error> {
        let mut bytes = start.to_vec();
        loop {
            meter.check_reading()?;
            meter.check_size(bytes.len() as u64)?;
            let len = bytes.len();
            bytes.resize(len + BUFFER, 0);
            let read = self.read_some(&mut bytes[len..], meter)?;
            bytes.truncate(len + read.unwrap_or(0));
            if read == Some(0) {
                break;
            }
        }
        self.kind = Kind::Transcript(Box::new(Transcript::new(bytes)?));
        Ok(())
    }

    /// Appends the text to `text`, or puts it into a file.
    fn read_or_store(
        mut self,
        meter: &Meter,
        text: &mut Vec<u8>,
        scratch: Option<Scratch>,
        in_pieces: &dyn Fn(&[u8]) -> Option<Format>,
    ) -> Result<Option<(Stored, Format)>, Error> {
        let most = meter.memory_limit();
        let Some(scratch) = scratch.filter(|_| most > LONG) else {
            return self.read_up_to(most, meter, text).map(|()| None);
        };
        self.read_up_to(LONG, meter, text)?;
        if text.len() <= LONG {
            return Ok(None);
        }
        let format = in_pieces(&text[..PIECE]);
        let Some((format, file)) = format.zip(scratch().ok()) else {
            return self.read_up_to(most, meter, text).map(|()| None);
        };
        let head = text[..PIECE].to_vec();
        let Some(len) = self.store(&file, most, meter, text)? else {
            return self.read_up_to(most, meter, text).map(|()| None);
        };
        Ok(Some((Stored::new(file, 0, len, &head), format)))
    }

    /// Puts `text` and what follows it into `file`, which is empty, and returns how much that is.
    /// None if the file has no room: then all that was read so far is in `text`.
    fn store(
        &mut self,
        mut file: &File,
        most: usize,
        meter: &Meter,
        text: &mut Vec<u8>,
    ) -> Result<Option<usize>, Error> {
        let (mut len, mut goes_on) = (0, true);
        loop {
            if file.write_all(text).is_err() {
                let mut all = Vec::new();
                let back = file.seek(io::SeekFrom::Start(0));
                let read = back.and_then(|_| file.take(len as u64).read_to_end(&mut all));
                if !read.is_ok_and(|read| read == len) {
                    let lost = io::Error::other("the temporary file cannot be read");
                    return Err(unreadable("reading failed", &lost));
                }
                all.append(text);
                *text = all;
                return Ok(None);
            }
            len += text.len();
            meter.check_size(len as u64)?;
            text.clear();
            // Who reads on behind the end of a terminal waits for more.
            if !goes_on {
                return Ok(Some(len));
            }
            let block = BLOCK.min(most - len);
            self.read_up_to(block, meter, text)?;
            goes_on = text.len() > block;
        }
    }

    /// Appends the text to `text`, until that has one byte more than `most`, which shows that it
    /// goes on.
    fn read_up_to(&mut self, most: usize, meter: &Meter, text: &mut Vec<u8>) -> Result<(), Error> {
        meter.check_reading()?;
        self.open().map_err(|error| self.failure(&error))?;
        match &mut self.kind {
            Kind::Plain(raw) => text.extend_from_slice(raw.take_head()),
            // Room for the compressed bytes says nothing about the text.
            _ if self.unpacked == 0 => text.shrink_to_fit(),
            _ => {}
        }
        loop {
            meter.check_reading()?;
            let rest = most.saturating_sub(text.len()).saturating_add(1);
            let wanted = rest.min(LOOK_EVERY).min(room(text, rest)) as u64;
            let read = match &mut self.kind {
                Kind::Plain(raw) => raw.inner.by_ref().take(wanted).read_to_end(text),
                _ => Unpacked { source: self, meter }.take(wanted).read_to_end(text),
            };
            // Whoever asked to stop may have ended the text because of that.
            meter.check_reading()?;
            let read = read.map_err(|error| self.failure(&error))? as u64;
            if read < wanted || text.len() > most {
                return Ok(());
            }
        }
    }

    /// Looks at the first bytes, unless that was done.
    fn open(&mut self) -> io::Result<()> {
        let Kind::New(_) = self.kind else { return Ok(()) };
        let Kind::New(reader) = mem::replace(&mut self.kind, Kind::Ended) else { return Ok(()) };
        let mut raw = Behind::new(reader);
        self.compression = Compression::of(raw.look()?);
        self.kind = match self.compression {
            None => Kind::Plain(raw),
            Some(Compression::Gzip) => Kind::Gzip(BufReader::with_capacity(BUFFER, raw)),
            Some(Compression::Zstd) => Kind::Zstd(Behind {
                inner: BufReader::new(raw.inner),
                head: raw.head,
                len: raw.len,
            }),
        };
        Ok(())
    }

    fn read(&mut self, room: &mut [u8], meter: &Meter) -> io::Result<usize> {
        self.open()?;
        let count = match &mut self.kind {
            Kind::New(_) | Kind::Ended | Kind::Transcript(_) => 0,
            Kind::Plain(reader) => reader.read(room)?,
            Kind::Gzip(_) | Kind::Member(_) => self.read_gzip(room, meter)?,
            Kind::Zstd(_) | Kind::Frame(_) => self.read_zstd(room, meter)?,
        };
        self.unpacked += count;
        Ok(count)
    }

    /// Reads from the members of gzip one after the other; a file that was compressed in pieces has
    /// several. They may be followed by zeros, as blocks of a tape or a disk are.
    fn read_gzip(&mut self, room: &mut [u8], meter: &Meter) -> io::Result<usize> {
        let mut padded = false;
        loop {
            match mem::replace(&mut self.kind, Kind::Ended) {
                Kind::Member(mut member) => {
                    let count = retry(|| member.read(room))?;
                    self.kind = match count {
                        0 => Kind::Gzip(member.into_inner()),
                        _ => Kind::Member(member),
                    };
                    if count > 0 {
                        return Ok(count);
                    }
                }
                Kind::Gzip(mut raw) => {
                    ask(meter)?;
                    let next = retry(|| raw.fill_buf().map(<[u8]>::len)).map(|_| raw.buffer())?;
                    let zeros = next.iter().take_while(|&&byte| byte == 0).count();
                    self.kind = match next.len() {
                        0 => return Ok(0),
                        _ if zeros > 0 => {
                            padded = true;
                            raw.consume(zeros);
                            Kind::Gzip(raw)
                        }
                        _ if padded => {
                            return Err(io::Error::other("something comes behind the padding"));
                        }
                        _ => Kind::Member(Box::new(GzDecoder::new(raw))),
                    };
                }
                _ => return Ok(0),
            }
        }
    }

    /// Reads from the frames of zstd one after the other; a file that was compressed in pieces has
    /// several.
    fn read_zstd(&mut self, room: &mut [u8], meter: &Meter) -> io::Result<usize> {
        loop {
            match mem::replace(&mut self.kind, Kind::Ended) {
                Kind::Frame(mut frame) => {
                    let count = retry(|| frame.read(room))?;
                    if count > 0 {
                        self.kind = Kind::Frame(frame);
                        return Ok(count);
                    }
                    let (raw, decoder) = frame.into_parts();
                    let stored = decoder.get_checksum_from_data();
                    if stored.is_some() && stored != decoder.get_calculated_checksum() {
                        return Err(io::Error::other("the checksum differs"));
                    }
                    self.kind = Kind::Zstd(raw);
                }
                Kind::Zstd(mut raw) => {
                    ask(meter)?;
                    let header = raw.look()?;
                    if header.is_empty() {
                        return Ok(0);
                    }
                    self.kind = match skippable(header) {
                        Some(len) => {
                            let skipped = io::copy(&mut raw.by_ref().take(len), &mut io::sink())?;
                            if skipped < len {
                                return Err(io::Error::other("it ends inside a frame"));
                            }
                            Kind::Zstd(raw)
                        }
                        None => Kind::Frame(Box::new(
                            StreamingDecoder::new_with_max_window_size(raw, MAX_WINDOW)
                                .map_err(|error| io::Error::other(error.to_string()))?,
                        )),
                    };
                }
                _ => return Ok(0),
            }
        }
    }

    /// Returns the error about reading that fails.
    fn failure(&self, error: &io::Error) -> Error {
        let Some(compression) = self.compression else {
            return unreadable("reading failed", error);
        };
        let (name, unpacked) = (compression.name(), self.unpacked);
        Error::new(
            Code::Compression,
            format!("the {name} data is damaged after {unpacked} bytes of text: {error}"),
        )
        .hint("the file was cut or altered; compress or copy it again")
    }
}

/// The text of a source, as far as a meter allows.
struct Unpacked<'a, R: Read> {
    source: &'a mut Source<R>,
    meter: &'a Meter,
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.source.read(room, self.meter)
    }
}

/// Tells whether reading may go on: there may be millions of parts without any text. The caller
/// asks again why not.
fn ask(meter: &Meter) -> io::Result<()> {
    meter.poll().map_err(|reason| io::Error::other(reason.to_string()))
}

/// Returns the error about an input that the system does not let be read.
pub(super) fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("{what}: {error}"))
        .hint("is the path right, and may it be read?")
}

/// How bytes are compressed.
#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Returns the compression of what starts with `bytes`, of which [`MAGIC`] are enough.
    fn of(bytes: &[u8]) -> Option<Compression> {
        if bytes.starts_with(&GZIP) {
            return Some(Compression::Gzip);
        }
        (bytes.starts_with(&ZSTD) || skippable(bytes).is_some()).then_some(Compression::Zstd)
    }

    fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// Returns the length of the zstd frame at the start of `bytes` if it is one that holds no text.
fn skippable(bytes: &[u8]) -> Option<u64> {
    let header: [u8; MAGIC] = bytes.get(..MAGIC)?.try_into().ok()?;
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = header else { return None };
    Some(u64::from(u32::from_le_bytes([a, b, c, d])) + MAGIC as u64)
}

/// Returns how many more bytes `text` has room for. Where there is none, makes some: for all
/// of `rest` if it can be had, since what is not used costs nothing but addresses, and else for as
/// many as there are. A vector that grew step by step would leave more behind than it may take.
fn room(text: &mut Vec<u8>, rest: usize) -> usize {
    if text.capacity() == text.len() && text.try_reserve_exact(rest).is_err() {
        // Where there is no memory, reading will say so.
        let _ = text.try_reserve_exact(rest.min(text.len().max(LOOK_EVERY)));
    }
    match text.capacity() - text.len() {
        0 => LOOK_EVERY,
        spare => spare,
    }
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

    /// Returns the bytes that come before those of `inner`, and passes over them.
    fn take_head(&mut self) -> &[u8] {
        &self.head[MAGIC - mem::take(&mut self.len)..]
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::io::Write;
    use std::sync::Arc;
    use std::time::Duration;

    use flate2::{Compression, write::GzEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;
    use crate::budget::Budget;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn decompress(bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        within(&bytes, Budget::default())
    }

    fn within(bytes: &[u8], budget: Budget) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        read_all(bytes, None, &Meter::start(&budget, 0), &mut text, None, &|_| None).map(|_| text)
    }

    fn zstd(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    #[test]
    fn what_has_room_is_not_copied_to_more() {
        let mut out = Vec::with_capacity(1001);
        let bytes = vec![b'a'; 1000];
        let meter = Meter::start(&Budget::default(), 0);
        assert!(read_all(bytes.as_slice(), None, &meter, &mut out, None, &|_| None).is_ok());
        assert_eq!((out.len(), out.capacity()), (1000, 1001));
    }

    #[test]
    fn pieces_are_joined() {
        for compress in [gzip, zstd] {
            let pieces = [compress("one\n"), compress(""), compress("two\n")].concat();
            assert_eq!(decompress(pieces).unwrap(), b"one\ntwo\n");
        }
        let mut padded = [gzip("one\n"), gzip("two\n"), vec![0; 100_000]].concat();
        assert_eq!(decompress(padded.clone()).unwrap(), b"one\ntwo\n");
        padded.extend(gzip("three\n"));
        assert_eq!(decompress(padded).unwrap_err().code, Code::Compression);
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
        let budget = Budget { timeout: Some(Duration::ZERO), ..Budget::default() };
        for bytes in [gzip("text"), zstd("text")] {
            assert_eq!(within(&bytes, budget).unwrap_err().code, Code::TimeUp);
        }
        // Parts without text do not return to who reads, who cannot look at a clock meanwhile.
        for part in [gzip(""), zstd("")] {
            let bytes = part.repeat(100_000);
            let progress = Arc::new(Progress::default());
            let meter = Meter::start(&Budget::default(), 0).told_to(Some(Arc::clone(&progress)));
            let mut read = 0;
            let reader = Cancelling { bytes: &bytes, read: &mut read, progress: &progress };
            let ended = Source::new(reader).read_some(&mut [0; 100], &meter);
            assert_eq!(ended.unwrap_err().code, Code::Cancelled);
            assert!(read <= 2 * BUFFER, "{read}");
        }
    }

    /// Asks to stop as soon as something is read.
    struct Cancelling<'a> {
        bytes: &'a [u8],
        read: &'a mut usize,
        progress: &'a Progress,
    }

    impl Read for Cancelling<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.progress.cancel();
            let count = self.bytes.read(room)?;
            *self.read += count;
            Ok(count)
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
                let error = within(&bytes, Budget::memory(max_bytes)).unwrap_err();
                assert_eq!(error.code, Code::TooLarge, "{max_bytes}");
            }
            for max_bytes in [5000, 5001, usize::MAX] {
                assert_eq!(within(&bytes, Budget::memory(max_bytes)).unwrap(), text.as_bytes());
            }
        }
    }
}
