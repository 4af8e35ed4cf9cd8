//! Ingest: bytes in, a history out.
//!
//! One file per format behind one seam: a reader walks the text, tells the [`Sink`] where each
//! record starts, and hands it events or whole operations with their values interned. What
//! orders, pairs and validates them is the history's business; what they mean is the model's.

mod edn;
mod log;
mod sink;

pub(crate) use edn::is_keyword_name;
#[cfg(test)]
pub(crate) use edn::{parse_value as parse_edn, read as read_edn};
#[cfg(test)]
pub(crate) use log::read as read_log;
pub(crate) use sink::Sink;
