//! Ingest: bytes in, a history out.
//!
//! One file per format behind one seam: a reader walks the text, tells the [`Sink`] where each
//! record starts, and hands it events or whole operations with their values interned. What
//! orders, pairs and validates them is the history's business; what they mean is the model's.

mod edn;
mod log;
mod sink;

pub(crate) use sink::Sink;
