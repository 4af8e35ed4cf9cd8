//! histcheck decides whether a history of operations is linearizable.

mod analysis;
pub mod check;
pub mod emit;
pub mod error;
mod explain;
pub mod history;
pub mod ingest;
pub mod model;
pub mod proof;

pub use analysis::check_with;
pub use check::{Budget, Options, Report, StopReason, Verdict};
pub use error::{Code, Error, Place};
pub use history::{History, HistoryBuilder};
