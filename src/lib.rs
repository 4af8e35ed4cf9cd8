//! histcheck decides whether a history of operations is linearizable.

pub mod emit;
pub mod error;
pub mod history;
pub mod ingest;
pub mod model;

pub use error::{Code, Error, Place};
pub use history::{History, HistoryBuilder};
