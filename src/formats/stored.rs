//! Text that stays in its file: a long one is read in pieces, as often as it is needed, instead of
//! being held. Where a piece cannot be read by itself, or is wrong, the whole text tells more: then
//! it is held after all.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::SystemTime;

use super::Format;
use super::jepsen::is_jepsen;
use super::mapping::Mapping;
use super::row::Reader;
use super::sessions;
use super::sniff::settled;
use super::source::{is_compressed, unreadable};
use super::text::{MARK, body, decode};
use crate::budget::Meter;
use crate::error::Error;

/// The size of a piece in bytes: a few of them fit the caches that processors share, and starting
/// threads for each costs nothing to speak of.
pub(super) const PIECE: usize = if cfg!(test) { 1 << 12 } else { 4 << 20 };
/// A piece without a place to end at may become so many times as long; then only the whole text
/// is one.
const GROWTH: usize = 8;

/// The text in a part of a file.
#[derive(Debug)]
pub(super) struct Stored {
    file: Mutex<File>,
    /// Where it starts in the file.
    start: u64,
    len: usize,
    /// The length of its byte order mark.
    mark: usize,
    /// When the file was written last. Where it was written again, places are not those that were
    /// read.
    modified: Option<SystemTime>,
    /// All of it, once it was needed.
    whole: OnceLock<String>,
}

/// Why a text was not read to its end: the error that ended it, or none if the whole text has to
/// say what is wrong with it, if anything is.
pub(super) type Stop = Option<Error>;

/// Takes a piece, and whether it is the last; returns how much of it was read, or none if no more
/// is wanted.
pub(super) type Take<'f> = dyn FnMut(&str, bool) -> Result<Option<usize>, Stop> + 'f;

/// Returns the format of a text that starts with `start` and has at least as many bytes again, if
/// it can be read in pieces, with the same result as at once.
pub(super) fn in_pieces(
    start: &[u8],
    format: Option<Format>,
    mapping: Option<&Mapping>,
) -> Option<Format> {
    let is_binary = is_jepsen(start) || sessions::binary_format(start).is_some();
    if is_compressed(start) || is_binary || format == Some(Format::Jepsen) {
        return None;
    }
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_some() => return None,
        Err(error) => str::from_utf8(&start[..error.valid_up_to()]).ok()?,
    };
    let text = body(text);
    if text.trim_start().is_empty() {
        return None;
    }
    let format = format.or_else(|| settled(text))?;
    (format.row().reader)().takes_pieces(text, mapping).then_some(format)
}

impl Stored {
    /// The `len` bytes of `file` from `start` on, the first of which are `head`. There is no other
    /// use of the file's cursor.
    pub(super) fn new(file: File, start: u64, len: usize, head: &[u8]) -> Stored {
        let modified = modified(&file);
        let mark = if head.starts_with(MARK) { MARK.len() } else { 0 };
        Stored { file: Mutex::new(file), start, len, mark, modified, whole: OnceLock::new() }
    }

    /// How many bytes it has, its byte order mark included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The length of its byte order mark.
    pub(super) fn mark(&self) -> usize {
        self.mark
    }

    /// Whether the file is still as it was when it was opened, as far as the system tells.
    pub(super) fn is_unchanged(&self) -> bool {
        modified(&self.lock()) == self.modified
    }

    /// All of it, which is held from now on.
    ///
    /// # Errors
    /// If reading fails, or the bytes are no text.
    pub(super) fn whole(&self, meter: Option<&Meter>) -> Result<&str, Error> {
        if let Some(text) = self.whole.get() {
            return Ok(text);
        }
        let text = decode(self.bytes(meter)?)?;
        Ok(self.whole.get_or_init(|| text))
    }

    /// All of it, if it is held by now.
    pub(super) fn held(&self) -> Option<&str> {
        self.whole.get().map(String::as_str)
    }

    fn bytes(&self, meter: Option<&Meter>) -> Result<Vec<u8>, Error> {
        let failed = |error: io::Error| unreadable("reading failed", &error);
        let mut bytes = Vec::new();
        let reserved = bytes.try_reserve_exact(self.len);
        reserved.map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
        let mut file = self.at_start().map_err(failed)?;
        while bytes.len() < self.len {
            meter.map_or(Ok(()), Meter::check_reading)?;
            let most = (self.len - bytes.len()).min(PIECE);
            if file.by_ref().take(most as u64).read_to_end(&mut bytes).map_err(failed)? == 0 {
                return Err(failed(io::Error::other("the file became shorter")));
            }
        }
        Ok(bytes)
    }

    fn lock(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at_start(&self) -> io::Result<MutexGuard<'_, File>> {
        let mut file = self.lock();
        file.seek(SeekFrom::Start(self.start))?;
        Ok(file)
    }

    /// Hands the text behind its mark, piece by piece, to `take`, which is told whether a piece is
    /// the last, and returns how much of it was read: what is left comes again with the next piece.
    /// It ends where `take` returns none. A thread reads ahead if that `is_ahead`.
    ///
    /// # Errors
    /// Those of `take`. None if the text is not what it was, or cannot be divided.
    pub(super) fn each_piece(
        &self,
        splitter: Box<dyn Reader>,
        is_ahead: bool,
        take: &mut Take<'_>,
    ) -> Result<(), Stop> {
        let mut divider = Divider { left: self.len, rest: Vec::new(), mark: self.mark, splitter };
        let mut joiner = Joiner { rest: String::new(), take };
        if !is_ahead {
            let mut file = self.at_start().map_err(|_| None)?;
            let mut room = Vec::new();
            while let Some(piece) = divider.next(&mut file, room)? {
                let is_last = piece.is_last;
                if !joiner.take(&piece)? || is_last {
                    break;
                }
                room = piece.text.into_bytes();
            }
            return Ok(());
        }
        let (sender, pieces) = mpsc::sync_channel(1);
        let (giver, rooms) = mpsc::channel();
        thread::scope(|scope| {
            let ahead = move || self.read_ahead(&mut divider, &sender, &rooms);
            thread::Builder::new().spawn_scoped(scope, ahead).map_err(|_| None)?;
            let taken = joiner.take_all(&pieces, &giver);
            // Nobody waits for a piece to be taken then.
            drop(pieces);
            taken
        })
    }

    fn read_ahead(
        &self,
        divider: &mut Divider,
        sender: &SyncSender<Result<Divided, Stop>>,
        rooms: &Receiver<Vec<u8>>,
    ) {
        let Ok(mut file) = self.at_start() else { return };
        loop {
            let piece = divider.next(&mut file, rooms.try_recv().unwrap_or_default());
            let Some(piece) = piece.transpose() else { return };
            let goes_on = piece.is_ok();
            if sender.send(piece).is_err() || !goes_on {
                return;
            }
        }
    }
}

/// A piece of a text.
struct Divided {
    text: String,
    is_last: bool,
}

/// Divides a text.
struct Divider {
    /// How many bytes of the file are left.
    left: usize,
    /// What was read and is part of the next piece.
    rest: Vec<u8>,
    /// So many of the next bytes are no text.
    mark: usize,
    splitter: Box<dyn Reader>,
}

impl Divider {
    /// The next piece, in `room`, which is not used otherwise; none behind the last.
    fn next(&mut self, file: &mut File, room: Vec<u8>) -> Result<Option<Divided>, Stop> {
        if self.left == 0 && self.rest.is_empty() {
            return Ok(None);
        }
        let mut bytes = room;
        bytes.clear();
        bytes.extend_from_slice(&self.rest);
        self.rest.clear();
        let mut size = PIECE;
        loop {
            let wanted = self.left.min(size.saturating_sub(bytes.len()));
            bytes.reserve(wanted);
            let read = file.by_ref().take(wanted as u64).read_to_end(&mut bytes);
            if !read.is_ok_and(|read| read == wanted) {
                return Err(None);
            }
            self.left -= wanted;
            bytes.drain(..std::mem::take(&mut self.mark));
            if self.left == 0 {
                break;
            }
            if let Some(end) = self.splitter.split(&bytes).filter(|&end| end > 0) {
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                break;
            }
            size *= 2;
            if size > GROWTH * PIECE {
                return Err(None);
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| None)?;
        Ok(Some(Divided { text, is_last: self.left == 0 && self.rest.is_empty() }))
    }
}

/// Puts what one piece left in front of the next.
struct Joiner<'t, 'f> {
    rest: String,
    take: &'t mut Take<'f>,
}

impl Joiner<'_, '_> {
    fn take_all(
        &mut self,
        pieces: &Receiver<Result<Divided, Stop>>,
        rooms: &Sender<Vec<u8>>,
    ) -> Result<(), Stop> {
        loop {
            // Who read ahead had no piece to hand over, or not the last.
            let piece = pieces.recv().map_err(|_| None)??;
            let is_last = piece.is_last;
            if !self.take(&piece)? || is_last {
                return Ok(());
            }
            let _ = rooms.send(piece.text.into_bytes());
        }
    }

    /// False if no more is wanted.
    fn take(&mut self, piece: &Divided) -> Result<bool, Stop> {
        let is_joined = !self.rest.is_empty();
        if is_joined {
            self.rest.push_str(&piece.text);
        }
        let text = if is_joined { &self.rest } else { &piece.text };
        let Some(done) = (self.take)(text, piece.is_last)? else { return Ok(false) };
        let left = text.get(done..).ok_or(None)?;
        if left.len() > GROWTH * PIECE || done == 0 && !piece.is_last {
            return Err(None);
        }
        self.rest = left.to_owned();
        Ok(true)
    }
}

fn modified(file: &File) -> Option<SystemTime> {
    file.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests;
