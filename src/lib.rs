//! histcheck decides whether a history of operations is linearizable.

mod analysis;
pub mod check;
pub mod emit;
pub mod error;
pub mod explain;
pub mod history;
pub mod ingest;
pub mod model;
pub mod progress;
pub mod proof;
pub mod record;
pub mod report;
pub mod store;

pub use analysis::{check, check_with};
pub use check::{Budget, Options, Report, StopReason, Verdict};
pub use error::{Code, Error, Place};
pub use history::{History, HistoryBuilder};
pub use progress::Progress;
pub use record::Recorder;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Those of the page about recording, too.
#[cfg(doctest)]
#[doc = include_str!("../docs/RECORDING.md")]
struct Recording;

/// And of the page about the reference store.
#[cfg(doctest)]
#[doc = include_str!("../docs/STORE.md")]
struct Store;
