//! histcheck decides whether a history of operations is linearizable, and explains what went wrong
//! if it is not.
//!
//! A [`History`] comes from a file ([`read_file`]), from the threads of a test
//! ([`Recorder`]), or from code that knows the events ([`History::builder`]). [`check()`] holds it
//! against a built-in [`model`], and [`check_with`] against one of the caller's own. The
//! [`Report`] carries the verdict with a certificate; [`explain`] names what went wrong, and
//! [`report`] says all of it to people and to programs:
//!
//! ```
//! use histcheck::report::{Detail, Palette, Subject, text};
//! use histcheck::{History, Options, Session, Verdict};
//!
//! let mut history = History::builder();
//! history.invoke(0, "write", 1)?;
//! history.ok(0, "write", ())?;
//! history.invoke(0, "write", 2)?;
//! history.ok(0, "write", ())?;
//! history.invoke(1, "read", ())?;
//! history.ok(1, "read", 1)?;
//! let history = history.build()?;
//!
//! let options = Options::default();
//! let session = Session::new(&history, &options)?;
//! let report = session.check()?;
//! assert_eq!(report.verdict, Verdict::Invalid);
//!
//! let mut subject = Subject::new(&history, &report);
//! subject.explanation = session.explain(&report, 5)?;
//! let text = text(&subject, Detail::Usual, &Palette::PLAIN);
//! assert!(text.contains("stale-read: process 1 read 1"));
//! # Ok::<(), histcheck::Error>(())
//! ```
//!
//! [`Verdict::Unknown`] is no success: a [`Budget`] ended the work first. The library prints
//! nothing, and needs none of the command line's dependencies: `default-features = false` leaves
//! them out.
//!
//! Two features add to the library without the command line: `figures` draws [pictures, plots and
//! pages](report), and `store` is the [simulated store](https://docs.rs/histcheck-store) that
//! generates histories.

mod amounts;
mod aside;
mod budget;
pub mod caveats;
pub mod check;
mod conditions;
mod contradicted;
pub mod explain;
pub mod follow;
pub mod formats;
pub mod hints;
pub mod history;
pub mod model;
pub mod proof;
pub mod record;
pub mod report;
pub mod select;
mod session;
pub mod shrink;
pub mod spill;
pub mod suggest;
mod threads;
#[cfg(test)]
mod tries;
mod unread;
mod words;
mod wrapped;

pub use budget::Budget;
pub use check::{Options, Report, StopReason, Verdict};
pub use error::{Code, Error, Place};
pub use formats::{read_file, read_text};
#[doc(inline)]
pub use histcheck_history::{error, progress, vocabulary};
#[doc(inline)]
pub use histcheck_isolation as isolation;
#[cfg(feature = "store")]
#[doc(inline)]
pub use histcheck_store as store;
#[doc(inline)]
pub use histcheck_workloads as workloads;
pub use history::{History, HistoryBuilder};
pub use progress::Progress;
pub use record::{Recorder, read_recording};
pub use session::{Session, check, check_with};

/// Refuses a history of which something was not read that may matter.
///
/// # Errors
/// If there is such a field.
#[doc(hidden)]
pub fn check_read(history: &History, threads: usize) -> Result<(), Error> {
    unread::check_read(history, threads)
}

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Tests the examples of the page about recording, some of which use the store.
#[cfg(all(doctest, feature = "store"))]
#[doc = include_str!("../docs/RECORDING.md")]
struct Recording;

/// Tests the examples of the page about the library.
#[cfg(doctest)]
#[doc = include_str!("../docs/LIBRARY.md")]
struct Library;

/// Tests the examples of the page about the reference store.
#[cfg(all(doctest, feature = "store"))]
#[doc = include_str!("../docs/STORE.md")]
struct Store;
