//! A recorder for tests: it writes down what the clients of a system do, while they do it.
//!
//! ```
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! use histcheck_record::{Recorder, Recording};
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
//! let Recording::Text(text) = recorder.into_recording()? else { unreachable!("it is in memory") };
//! // The metadata, and both ends of 400 operations.
//! assert_eq!(text.lines().count(), 1 + 2 * 400);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [histcheck](https://docs.rs/histcheck) checks the recording: as `histcheck FILE`, or in the test
//! itself by `histcheck::read_recording(recorder)`. It contains this crate as `histcheck::record`.
//!
//! # What the order means
//!
//! Every event draws a ticket, a number from one counter: an invocation right before the call, a
//! completion right after the return. The events stand in the file in the order of their tickets.
//! That order is sound, in both directions:
//!
//! - *Nothing is missing.* If an operation returned before another was called, and anything could
//!   tell (one happened before the other, in the memory model's words), then it stands before it: a
//!   counter never counts backwards.
//! - *Nothing is made up.* If one operation's completion stands before the other's invocation, then
//!   the one happened before the other, in the memory model's words: drawing a ticket both releases
//!   and acquires, and every one continues the release sequence of those before it. So no
//!   reordering by a compiler or a processor, whose loads and stores of the call would slip out of
//!   it, can make a correct object look wrong.
//!
//! Clocks would give no such order by themselves: a store may still wait in a processor's buffer
//! when the clock is read that says it is done. Times are recorded for people, in nanoseconds since
//! the recorder was made; they come from one monotonic clock, and a completion's is taken before
//! its ticket, an invocation's behind it, so that `--order time` makes no mistake either.
//!
//! The price is that all threads write one cache line, which synchronises them: a race that only
//! shows up without any fence between two operations is not found in this way.
//!
//! # What it costs
//!
//! A thread converts the value, draws the ticket, reads the clock and puts 64 bytes into a ring of
//! its own. It takes no lock, and allocates nothing for null, booleans, integers of 64 bits and
//! strings of up to 14 bytes; other values are turned into text at once. If the ring is full, the
//! thread goes on with one twice as large. A second thread empties the rings every few
//! milliseconds, puts the events into order and writes them. If it cannot keep up, threads wait for
//! it, with a completion: see [`RecorderBuilder::max_pending`]. Nothing is dropped.
//!
//! # When the process crashes
//!
//! Whole lines are handed to the system, every few milliseconds. A panic that unwinds loses
//! nothing; an abort or a kill loses what was not handed over yet, at most 16,384 events unless set
//! otherwise. What is in the file is always the start of the recording, without gaps, since an
//! event waits for all those before it. Only if the process is killed while the system copies a
//! line can this line be torn: [`recover`] cuts it off. If the machine itself crashes, the file is
//! what its system had saved.
//!
//! If the disk is full, the file ends with the last line that fits, nothing is written any more,
//! and [`Recorder::flush`] and [`Recorder::finish`] return the error. Threads go on: what they
//! record is dropped.

mod clock;
mod drain;
mod event;
mod line;
mod process;
mod progress;
mod recorder;
mod recover;
mod sink;
mod track;
mod window;

#[cfg(test)]
mod tests;

pub use drain::Summary;
pub use histcheck_history::{IntoValue, Value, ValueTable};
pub use process::{Annotator, Call, Process};
pub use recorder::{Recorder, RecorderBuilder, Recording};
pub use recover::recover;
