//! Decides whether a history is linearizable, key by key, within a budget; every verdict comes
//! with a certificate that [`crate::proof`] can verify.
//!
//! Nothing here reads files, explains, or prints.

mod budget;
mod decide;
mod report;
mod search;

pub use budget::{Budget, Meter, StopReason};
pub use decide::{Options, check_with};
pub use report::{Certificate, Decision, Failure, KeyCounts, KeyReport, Report, Verdict};
pub use search::Effort;
