//! Where lines go: to a file, a writer of the caller's own, or into memory.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};

/// Where lines go.
pub(super) enum Sink {
    File(File),
    Writer(Box<dyn Write + Send>),
    Memory(String),
}

impl Sink {
    /// Writes whole lines, in one call if the system accepts them in one.
    ///
    /// # Errors
    /// If not all could be written. A file then ends with the last line that fits.
    pub(super) fn put(&mut self, lines: &str) -> io::Result<()> {
        match self {
            Sink::File(file) => put_whole(file, lines.as_bytes()),
            Sink::Writer(writer) => {
                writer.write_all(lines.as_bytes()).and_then(|()| writer.flush())
            }
            Sink::Memory(text) => {
                text.push_str(lines);
                Ok(())
            }
        }
    }
}

/// Writes `lines` at the end of `file`; cuts off what is not a whole line after an error.
fn put_whole(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let (count, result) = put_most(file, lines);
    let whole = lines[..count].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    if whole < count && file.metadata().is_ok_and(|data| data.is_file()) {
        // The first error is the one to report: `recover` cuts the line off if this fails, too.
        let _ = file.stream_position().and_then(|end| file.set_len(end - (count - whole) as u64));
    }
    result
}

/// Writes `bytes` to `file`. Returns how many the system accepted, and the error that stopped it.
fn put_most(file: &mut File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut count = 0;
    while count < bytes.len() {
        match file.write(&bytes[count..]) {
            Ok(0) => return (count, Err(ErrorKind::WriteZero.into())),
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (count, Err(error)),
        }
    }
    (count, Ok(()))
}
