//! A recorder for tests: it writes down what the clients of a system do, while they do it.
//!
//! ```
//! use histcheck::{Options, Recorder, Verdict};
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! let register = AtomicI64::new(0);
//! let recorder = Recorder::builder().metadata("initial", 0).in_memory()?;
//! std::thread::scope(|scope| {
//!     for thread in 0..2 {
//!         let mut client = recorder.process();
//!         let register = &register;
//!         scope.spawn(move || {
//!             for turn in 0..100 {
//!                 let written = 100 * thread + turn;
//!                 let call = client.invoke("write", written);
//!                 register.store(written, Ordering::SeqCst);
//!                 call.ok(());
//!                 let call = client.invoke("read", ());
//!                 let value = register.load(Ordering::SeqCst);
//!                 call.ok(value);
//!             }
//!         });
//!     }
//! });
//! let history = histcheck::read_recording(recorder)?;
//! let report = histcheck::check(&history, &Options::default())?;
//! assert_eq!(report.verdict, Verdict::Valid);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The recorder is also a package of its own, [`histcheck_record`], for programs that record and do
//! not check; its page describes what the order of events means, what recording costs, and what a
//! crash leaves behind.

#[doc(inline)]
pub use histcheck_record::{
    Annotator, Call, Process, Recorder, RecorderBuilder, Recording, Summary, recover,
};

use crate::error::{Code, Error};
use crate::formats::{Format, read_bytes, read_file};
use crate::history::{History, Settings};

/// Ends `recorder` as [`Recorder::finish`], and reads the history that it wrote.
///
/// # Errors
/// If writing or reading failed, if no operation was recorded, or if only some operations have
/// keys. Also if the recorder was made for a writer, which cannot be read.
pub fn read_recording(recorder: Recorder) -> Result<History, Error> {
    let recording = recorder
        .into_recording()
        .map_err(|error| Error::new(Code::Unreadable, format!("the recording failed: {error}")))?;
    match recording {
        Recording::Text(text) => {
            read_bytes(text.into_bytes(), Some(Format::JsonLines), Settings::default())
        }
        Recording::File(path) => read_file(path),
        Recording::Writer => Err(Error::new(Code::Unreadable, "the recording went to a writer")
            .hint("record into a file or into memory")),
    }
}
