//! The recorder itself: where it writes to, and how it ends.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use histcheck_history::IntoValue;

use super::drain::{Drain, Summary};
use super::event::{Field, Scratch};
use super::line::write_metadata;
use super::process::{Annotator, Notes, Process};
use super::sink::Sink;
use super::track::{Shared, lock};

/// Records what the threads of a test do, as a history: see the [module](super).
///
/// When it is dropped without [`finish`](Recorder::finish), it writes all that was recorded too,
/// but an error is lost.
pub struct Recorder {
    shared: Arc<Shared>,
    notes: Mutex<Notes>,
    /// The file, where there is one.
    path: Option<PathBuf>,
    writer: Option<JoinHandle<(Sink, io::Result<Summary>)>>,
}

impl Recorder {
    /// A recorder into the file `path`, as JSON Lines; a file that is there is replaced.
    ///
    /// # Errors
    /// If the file cannot be created, or a thread cannot be started.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Recorder> {
        Recorder::builder().create(path)
    }

    /// A recorder into `writer`, as JSON Lines. A thread of the recorder writes to it, whole lines
    /// at a time, and flushes it.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn to_writer(writer: impl Write + Send + 'static) -> io::Result<Recorder> {
        Recorder::builder().to_writer(writer)
    }

    /// A recorder for a test that wants the [recording](Recorder::into_recording) and no file. If
    /// the test crashes, everything is lost.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn in_memory() -> io::Result<Recorder> {
        Recorder::builder().in_memory()
    }

    /// How to make a recorder that differs from the usual.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder::default()
    }

    /// A new client, numbered on from 0.
    pub fn process(&self) -> Process {
        Process::new(&self.shared)
    }

    /// A handle for someone who is no client, called `name`, such as `nemesis`.
    pub fn annotator(&self, name: &str) -> Annotator {
        Annotator::new(&self.shared, name)
    }

    /// Records that `process`, who is no client, did `function`, with a `value` that says more. It
    /// takes a lock; a thread with many such events has an [annotator](Recorder::annotator).
    pub fn note(&self, process: &str, function: &str, value: impl IntoValue) {
        lock(&self.notes).note(process, function, value);
    }

    /// Waits until all is written that was recorded before, by whichever thread.
    ///
    /// # Errors
    /// If writing failed, now or earlier.
    pub fn flush(&self) -> io::Result<()> {
        let tickets = self.shared.issued();
        self.shared.progress().flush(tickets, || self.shared.wake())
    }

    /// Writes all that was recorded before, and ends. What handles record that are still there
    /// afterwards is lost; operations that are under way stay open.
    ///
    /// # Errors
    /// The first error of writing; what is written then is the start of the recording, in a file
    /// whole lines of it. Also if a field was given a name that it cannot have.
    pub fn finish(mut self) -> io::Result<Summary> {
        self.end().1
    }

    /// Writes all that was recorded before, ends, and returns what was written.
    ///
    /// # Errors
    /// As [`Recorder::finish`].
    pub fn into_recording(mut self) -> io::Result<Recording> {
        let (sink, result) = self.end();
        result?;
        Ok(match (sink, self.path.take()) {
            (Some(Sink::Memory(text)), _) => Recording::Text(text),
            (_, Some(path)) => Recording::File(path),
            _ => Recording::Writer,
        })
    }

    /// Ends the thread; returns what it wrote to, if this is the first time.
    fn end(&mut self) -> (Option<Sink>, io::Result<Summary>) {
        let Some(writer) = self.writer.take() else {
            return (None, Ok(Summary::default()));
        };
        self.shared.close();
        let Ok((sink, result)) = writer.join() else {
            return (None, Err(io::Error::other("the thread that writes panicked")));
        };
        let result = match self.shared.fault() {
            Some(fault) => result.and(Err(io::Error::new(io::ErrorKind::InvalidInput, fault))),
            None => result,
        };
        (Some(sink), result)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

/// A recording, where its recorder wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recording {
    /// In memory: JSON Lines.
    Text(String),
    /// In the file with this path.
    File(PathBuf),
    /// In a writer of the caller's own.
    Writer,
}

/// Events that may wait to be written, unless set: 1 MB of events, which are written in 1 ms or 2.
/// More do not make the writing faster, and a crash loses more; with far fewer, threads wait
/// whenever the one that writes is scheduled late.
const MAX_PENDING: u64 = 1 << 14;

/// How a recorder is made: see [`Recorder::builder`].
pub struct RecorderBuilder {
    interval: Duration,
    bound: u64,
    metadata: Vec<Field>,
}

impl Default for RecorderBuilder {
    fn default() -> Self {
        let interval = Duration::from_millis(5);
        RecorderBuilder { interval, bound: MAX_PENDING, metadata: Vec::new() }
    }
}

impl RecorderBuilder {
    /// Sets the time after which events are written at the latest, if the system lets the thread
    /// that writes run. 5 ms unless set. They are written earlier if half of
    /// [`max_pending`](Self::max_pending) wait.
    #[must_use]
    pub fn flush_every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Bounds the events (invocations, completions, notes) of all threads that wait to be written:
    /// a crash of the process loses at most so many, besides operations that are under way. 16,384
    /// unless set; 0 counts as 1.
    ///
    /// A completion or a note beyond the bound is recorded, with its true place and time, and
    /// returns when events have been written. An invocation waits only behind an operation that was
    /// dropped, before it is recorded. Nobody waits while the writing keeps up, nor after it has
    /// failed.
    ///
    /// A writer that records itself, or waits for a thread that does, would wait forever: use
    /// [`unbounded`](Self::unbounded) with it.
    #[must_use]
    pub fn max_pending(mut self, events: u64) -> Self {
        self.bound = events.max(1);
        self
    }

    /// Lets no thread wait, so that recording does not disturb when threads do what. While events
    /// come faster than they are written, memory grows, by 64 bytes an event, and a crash loses all
    /// that wait.
    #[must_use]
    pub fn unbounded(mut self) -> Self {
        self.bound = u64::MAX;
        self
    }

    /// A field of the first record, which describes the history: `model` names the model to check
    /// it by, `initial` the initial value; any other is kept. Setting one again replaces it.
    #[must_use]
    pub fn metadata(mut self, name: &'static str, value: impl IntoValue) -> Self {
        let value = Scratch::default().payload(value);
        self.metadata.retain(|field| field.name != name);
        self.metadata.push(Field { name, value });
        self
    }

    /// See [`Recorder::create`].
    ///
    /// # Errors
    /// If the file cannot be created, or a thread cannot be started.
    pub fn create(self, path: impl AsRef<Path>) -> io::Result<Recorder> {
        let path = path.as_ref();
        let file = File::create(path)?;
        self.start(Sink::File(file), Some(path.to_owned()))
    }

    /// See [`Recorder::to_writer`].
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn to_writer(self, writer: impl Write + Send + 'static) -> io::Result<Recorder> {
        self.start(Sink::Writer(Box::new(writer)), None)
    }

    /// See [`Recorder::in_memory`]. It is always [`unbounded`](Self::unbounded): a crash loses
    /// everything anyway.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn in_memory(self) -> io::Result<Recorder> {
        self.unbounded().start(Sink::Memory(String::new()), None)
    }

    fn start(self, sink: Sink, path: Option<PathBuf>) -> io::Result<Recorder> {
        let mut text = String::new();
        write_metadata(&self.metadata, &mut text);
        let shared = Arc::new(Shared::new(self.bound));
        let drain = Drain::new(Arc::clone(&shared), self.interval, sink, text);
        let writer =
            thread::Builder::new().name("histcheck-recorder".to_owned()).spawn(|| drain.run())?;
        shared.set_writer(writer.thread().clone());
        let notes = Mutex::new(Notes::new(&shared));
        Ok(Recorder { shared, notes, path, writer: Some(writer) })
    }
}
