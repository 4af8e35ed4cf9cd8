//! Real threads at objects in memory, recorded while they run.
//!
//! The same clients as elsewhere in the store, but no simulation: the threads of this process race
//! for counters, locks and registers, some of which are built wrongly, and a
//! [`Recorder`] writes down what they see. What a thread does at each turn
//! follows from the seed; how the threads interleave is up to the machine, so that no two runs are
//! the same. No object here has undefined behaviour: everything that is shared is atomic or locked,
//! and what is wrong is wrong about the order of steps.
//!
//! ```
//! use histcheck_record::Recording;
//! use histcheck_store::threads::{self, Settings};
//!
//! let counter = threads::find("atomic-counter").ok_or("no such object")?;
//! let recorder = counter.run(&Settings { operations: 100, ..Settings::default() })?;
//! let Recording::Text(text) = recorder.into_recording()? else { unreachable!("it is in memory") };
//! // The metadata, and both ends of each operation.
//! assert_eq!(text.lines().count(), 1 + 2 * 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counters;
mod crew;
mod locks;
mod registers;
#[cfg(test)]
mod tests;

use crew::Crew;

use histcheck_history::error::Error;
use histcheck_record::Recorder;

/// An object that threads can be let loose on.
#[derive(Clone, Copy)]
pub struct Object {
    /// Its name, such as `racy-counter`.
    pub name: &'static str,
    /// What it does and what comes of it, in one sentence.
    pub story: &'static str,
    /// The model that it claims to follow; the history's metadata names it.
    pub model: &'static str,
    /// What it starts from, if that is a number.
    pub initial: Option<i64>,
    /// The anomaly that histcheck should name first if a run goes wrong; `None` if none ever does.
    pub fault: Option<&'static str>,
    /// Lets the crew's clients work at a new object.
    drive: fn(&Crew<'_>) -> std::io::Result<()>,
}

/// How much is done, and by how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How many threads there are; at least one and at most [`MOST_THREADS`] are started.
    pub threads: usize,
    /// How many operations they do together. Of a lock, every acquire has its release, so that
    /// there may be one more for each thread.
    pub operations: usize,
    /// What decides which operation a thread does next, and when it lets others go first.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { threads: 4, operations: 1_000, seed: 0 }
    }
}

/// So many threads are started at most.
pub const MOST_THREADS: usize = 256;

/// All objects: each broken one with one that does the same correctly.
pub const OBJECTS: &[Object] = &[
    Object {
        name: "racy-counter",
        story: "Threads read a counter and write back one more in two steps, so that increments \
                which meet are lost.",
        model: "counter",
        initial: Some(0),
        fault: Some("lost-update"),
        drive: counters::racy,
    },
    Object {
        name: "atomic-counter",
        story: "The counter is incremented by one atomic instruction.",
        model: "counter",
        initial: Some(0),
        fault: None,
        drive: counters::atomic,
    },
    Object {
        name: "cas-counter",
        story: "The counter is incremented by compare-and-swap, again and again until nobody came \
                in between.",
        model: "counter",
        initial: Some(0),
        fault: None,
        drive: counters::compare_and_swap,
    },
    Object {
        name: "locked-counter",
        story: "The counter is read and written back in two steps, under a mutex.",
        model: "counter",
        initial: Some(0),
        fault: None,
        drive: counters::locked,
    },
    Object {
        name: "cached-register",
        story: "Every thread keeps a copy of the register and reads it several times before it \
                looks at the register again.",
        model: "register",
        initial: Some(0),
        fault: Some("stale-cache-read"),
        drive: registers::cached,
    },
    Object {
        name: "shared-register",
        story: "Threads read and write one atomic register.",
        model: "register",
        initial: Some(0),
        fault: None,
        drive: registers::shared,
    },
    Object {
        name: "broken-lock",
        story: "A thread looks whether the lock is free and takes it in a second step, so that two \
                can hold it.",
        model: "mutex",
        initial: None,
        fault: Some("double-lock"),
        drive: locks::broken,
    },
    Object {
        name: "spin-lock",
        story: "A thread takes the lock by an atomic swap, again and again until it was free.",
        model: "mutex",
        initial: None,
        fault: None,
        drive: locks::spinning,
    },
];

/// The object called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static Object> {
    OBJECTS.iter().find(|object| object.name == name)
}

impl Object {
    /// Whether it follows its model.
    pub fn is_correct(&self) -> bool {
        self.fault.is_none()
    }

    /// Lets threads work at a new object of this kind. Returns the recorder of what they did, which
    /// is in memory.
    ///
    /// # Errors
    /// If threads cannot be started.
    pub fn run(&self, settings: &Settings) -> Result<Recorder, Error> {
        let recorder = Recorder::builder()
            .metadata("model", self.model)
            .metadata("initial", self.initial)
            .metadata("object", self.name)
            .metadata("seed", settings.seed)
            .in_memory()
            .map_err(|error| crew::not_started(&error))?;
        let crew = Crew::new(&recorder, settings);
        (self.drive)(&crew).map_err(|error| crew::not_started(&error))?;
        Ok(recorder)
    }
}
