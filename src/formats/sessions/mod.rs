//! Sessions of whole transactions on registers, as the checkers of isolation levels record them:
//! which session ran which transactions in which order, and what each of them read and wrote, but
//! not when.
//!
//! `plume`, `awdit` and `dbcop` are text, which is read and written. `bincode`, `cobra` and `viper`
//! are read as what [`transcript`] makes of them: JSON lines, one for each transaction. All of them
//! become whole transactions without times; [`draft`] knows which zeros are initial values.

mod awdit;
mod bincode;
mod blocks;
mod cobra;
mod dbcop;
mod draft;
mod logs;
mod plume;
mod scan;
#[cfg(test)]
mod tests;
mod transcript;
mod viper;
mod write;

use super::Format;
use super::text::is_empty;
use crate::budget::Meter;
use crate::error::{Code, Error};

pub(super) use logs::session_of;
pub use logs::{SessionLogs, session_logs};
pub(super) use transcript::transcript_of_logs;

/// The text of Plume and PolySI.
pub(super) static PLUME: super::row::Row = plume::FORMAT;
/// The text of AWDIT's tests.
pub(super) static AWDIT: super::row::Row = awdit::FORMAT;
/// The JSON of dbcop.
pub(super) static DBCOP: super::row::Row = dbcop::FORMAT;
/// The binary file of dbcop.
pub(super) static BINCODE: super::row::Row = bincode::FORMAT;
/// The binary logs of Cobra.
pub(super) static COBRA: super::row::Row = cobra::FORMAT;
/// The logs of Viper.
pub(super) static VIPER: super::row::Row = viper::FORMAT;

/// Returns the binary format that `bytes` are in, by their structure.
pub(super) fn binary_format(bytes: &[u8]) -> Option<Format> {
    if bincode::is_bincode(bytes) {
        Some(Format::Bincode)
    } else if cobra::is_cobra(bytes) {
        Some(Format::Cobra)
    } else {
        None
    }
}

/// Tells whether inputs in `format` are bytes of which a transcript is made.
pub(super) fn is_binary(format: Format) -> bool {
    matches!(format, Format::Bincode | Format::Cobra)
}

/// Returns the text to read instead of `bytes`, which are in a [binary](is_binary) `format`.
pub(super) fn transcript(format: Format, bytes: &[u8], meter: &Meter) -> Result<String, Error> {
    if bytes.is_empty() {
        // In a folder, it would be the log of a client that did nothing.
        return Err(is_empty());
    }
    match format {
        Format::Bincode => bincode::transcript(bytes, meter),
        _ => cobra::transcript(bytes, 0, meter),
    }
}

/// Returns the text to read instead of `text`, the log of one session in Viper's format.
pub(super) fn transcript_of_text(text: &str, meter: &Meter) -> Result<String, Error> {
    let mut texts = viper::transcripts(&[(0, text)], meter).map_err(|(_, error)| error)?;
    Ok(texts.pop().unwrap_or_default())
}

/// Refuses to follow an input in `format` while it is being written, if that holds whole sessions.
pub(super) fn check_followed(format: Format) -> Result<(), Error> {
    let is_of_sessions =
        Format::SESSIONS.contains(&format) || is_binary(format) || format == Format::Viper;
    if !is_of_sessions {
        return Ok(());
    }
    let message = format!("{} lists whole sessions, which are read to their end", format.name());
    Err(Error::new(Code::NoInvocation, message)
        .hint("nothing tells which transactions returned by then: check it without --follow"))
}
