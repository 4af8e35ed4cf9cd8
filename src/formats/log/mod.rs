//! The text columns of Jepsen: `history.txt`, where every line is an operation, and `jepsen.log`,
//! where operations stand among all that a test run logs.

mod read;
mod write;

use memchr::memrchr;

use super::row::{Evidence, Likeness, Piece, Reader, Row, complete_lines};
use super::sink::Sink;
use crate::error::Error;
use crate::history::History;

/// Jepsen's logs.
pub(super) static FORMAT: Row = Row {
    name: "log",
    about: "Jepsen's `history.txt`, or the lines that it logs while a test runs",
    extensions: &["log", "txt"],
    sniff,
    reader: || Box::new(Log::default()),
    write: write::write,
    losses,
};

/// How many lines may come before the first operation.
const LEADING_LINES: usize = 200;

fn sniff(text: &str) -> Option<Likeness> {
    let may_be = match text.as_bytes().first()? {
        b'{' | b'(' | b';' | b'^' | b'#' => false,
        // A line may have a date or a thread first.
        b'[' => text[1..].trim_start().starts_with(|c: char| c.is_ascii_alphanumeric()),
        _ => true,
    };
    let is_log = |text: &str| text.lines().take(LEADING_LINES).any(read::is_line);
    (may_be && is_log(text)).then(|| Evidence::Likely.settled(is_log(complete_lines(text))))?
}

/// Reads a history, which may come in pieces that are whole lines.
#[derive(Default)]
struct Log {
    /// What the lines are, once that is known.
    lines: Option<read::Lines>,
}

impl Reader for Log {
    fn cut(&mut self, text: &[u8], from: usize) -> Option<usize> {
        memrchr(b'\n', &text[from..]).map(|at| from + at + 1)
    }

    fn read(&mut self, piece: &Piece<'_>, sink: &mut Sink<'_>) -> Result<usize, Error> {
        read::read(piece.text, &mut self.lines, sink).map(|()| piece.text.len())
    }
}

fn losses(history: &History) -> Vec<String> {
    let has_times = history.indices().any(|at| history.times(at)[0].is_some());
    let has_extras = history
        .all_extras()
        .iter()
        .any(|extra| history.values().as_name(extra.name) != Some("error"));
    let lost = [
        ("times", has_times),
        ("metadata", history.metadata().is_some()),
        ("fields other than error", has_extras),
    ];
    let lost = lost.iter().filter(|lost| lost.1);
    let mut losses: Vec<String> =
        lost.map(|(what, _)| format!("a log has no room for {what}; they are left out")).collect();
    if history.is_ordered_by_time() {
        losses.push(
            "a log has no times, so that its operations are ordered by their lines".to_owned(),
        );
    }
    losses
}
