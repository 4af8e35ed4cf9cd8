//! histcheck decides whether a history of operations is linearizable.

pub mod check;
pub mod error;
pub mod history;
pub mod ingest;
pub mod model;
pub mod proof;

pub use check::{Budget, Options, Report, StopReason, Verdict, check_with};
pub use error::{Code, Error, Place};
pub use history::{History, HistoryBuilder};
