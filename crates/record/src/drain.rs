//! The thread behind a recorder: it empties the rings, puts the events into their order, and
//! writes them as lines.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rtrb::Consumer;

use super::clock::Times;
use super::event::{Event, Moment};
use super::line::Voice;
use super::track::{Shared, lock};
use super::window::Window;

/// So many events are taken from a ring before the others have their turn, so that those which
/// wait for an earlier one fit the caches.
const SLICE: usize = 1 << 10;
/// A ring whose first event is so far ahead of the next one waits for the others.
const AHEAD: u64 = 1 << 12;
/// So much text is written at a time.
const CHUNK: usize = 1 << 16;

/// What a recording came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// How many events were written: invocations, completions and notes.
    pub events: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many processes there were, those included that took over from one whose operation never
    /// ended.
    pub processes: u64,
}

/// Where lines go.
pub(super) enum Sink {
    File(File),
    Writer(Box<dyn Write + Send>),
    Memory(String),
}

impl Sink {
    /// Writes whole lines, in one call where the system takes them in one.
    fn put(&mut self, lines: &str) -> io::Result<()> {
        match self {
            Sink::File(file) => file.write_all(lines.as_bytes()),
            Sink::Writer(writer) => {
                writer.write_all(lines.as_bytes()).and_then(|()| writer.flush())
            }
            Sink::Memory(text) => {
                text.push_str(lines);
                Ok(())
            }
        }
    }
}

/// How far the writing is, for those who wait for it.
#[derive(Default)]
pub(super) struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// So many tickets are written.
    written: u64,
    /// So many are waited for.
    wanted: u64,
    /// What went wrong; nothing is written afterwards.
    failure: Option<(io::ErrorKind, String)>,
    /// Whether the thread that writes has ended.
    is_over: bool,
}

impl State {
    fn result(&self) -> io::Result<()> {
        match &self.failure {
            Some((kind, message)) => Err(io::Error::new(*kind, message.clone())),
            None => Ok(()),
        }
    }
}

impl Progress {
    /// Has so many tickets written by the thread that `wake` wakes, and waits until they are, or
    /// writing failed.
    pub(super) fn wait_for(&self, tickets: u64, wake: impl FnOnce()) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.wanted = state.wanted.max(tickets);
        wake();
        while state.written < tickets && state.failure.is_none() && !state.is_over {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.result()?;
        if state.written < tickets {
            return Err(io::Error::other("the thread that writes panicked"));
        }
        Ok(())
    }

    /// So many are written. Returns whether somebody waits for more.
    fn advance(&self, written: u64) -> bool {
        let mut state = lock(&self.state);
        if state.written != written {
            state.written = written;
            self.changed.notify_all();
        }
        state.wanted > written && state.failure.is_none()
    }

    fn fail(&self, error: &io::Error) {
        lock(&self.state).failure.get_or_insert((error.kind(), error.to_string()));
        self.changed.notify_all();
    }

    fn has_failed(&self) -> bool {
        lock(&self.state).failure.is_some()
    }

    fn result(&self) -> io::Result<()> {
        lock(&self.state).result()
    }
}

/// What the thread works with.
pub(super) struct Drain {
    shared: Arc<Shared>,
    progress: Arc<Progress>,
    interval: Duration,
    sink: Sink,
    /// In the order in which they came, which is that of their events within each track.
    rings: Vec<(u32, Consumer<Event>)>,
    window: Window<(u32, Moment)>,
    /// By the number of the track.
    voices: Vec<Voice>,
    times: Times,
    text: String,
    summary: Summary,
}

impl Drain {
    /// A drain into `sink`, which writes every `interval`; `text` comes first.
    pub(super) fn new(
        shared: Arc<Shared>,
        progress: Arc<Progress>,
        interval: Duration,
        sink: Sink,
        text: String,
    ) -> Self {
        Drain {
            shared,
            progress,
            interval,
            sink,
            rings: Vec::new(),
            window: Window::default(),
            voices: Vec::new(),
            times: Times::default(),
            text,
            summary: Summary::default(),
        }
    }

    /// Works until the recorder is closed and all that was recorded by then is written. Returns
    /// what was written to, with the first error or a summary.
    pub(super) fn run(mut self) -> (Sink, io::Result<Summary>) {
        let _over = Over { shared: Arc::clone(&self.shared), progress: Arc::clone(&self.progress) };
        let mut end = None;
        loop {
            if end.is_none() && self.shared.is_closed() {
                end = Some(self.shared.issued());
            }
            let is_behind = self.pass();
            let is_waited_for = self.progress.advance(self.window.next());
            match end {
                Some(end) if self.window.next() >= end => break,
                // A thread has drawn a ticket and is about to hand over what it is for.
                Some(_) => thread::yield_now(),
                None if is_waited_for => thread::yield_now(),
                None if is_behind => {}
                None => thread::park_timeout(self.interval),
            }
        }
        self.summary.processes = self.shared.processes();
        let result = self.progress.result().map(|()| self.summary);
        (self.sink, result)
    }

    /// Takes what the rings hold, a slice from each, and writes what is in order. Returns whether
    /// the same could be done again at once.
    fn pass(&mut self) -> bool {
        for arrival in self.shared.take_arrivals() {
            self.rings.push((arrival.track, arrival.ring));
        }
        let before = self.window.next();
        let mut is_behind = false;
        let (window, rings) = (&mut self.window, &mut self.rings);
        rings.retain_mut(|(track, ring)| {
            let is_ended = ring.is_abandoned();
            // What the thread that abandoned it did before is seen from here on.
            fence(Ordering::Acquire);
            let waiting = ring.slots();
            let is_ahead =
                ring.peek().is_ok_and(|event| event.ticket.saturating_sub(before) > AHEAD);
            let count = if is_ahead { 0 } else { waiting.min(SLICE) };
            if let Ok(events) = ring.read_chunk(count) {
                for Event { ticket, moment } in events {
                    window.put(ticket, (*track, moment));
                }
            }
            is_behind |= waiting > count;
            !is_ended || waiting > count
        });
        while let Some((track, moment)) = self.window.take() {
            let track = track as usize;
            if track >= self.voices.len() {
                self.voices.resize_with(track + 1, Voice::default);
            }
            let time = self.times.of(self.shared.ticks(), track, &moment);
            let voice = &mut self.voices[track];
            self.summary.events += u64::from(voice.write(time, moment.what, &mut self.text));
            if self.text.len() >= CHUNK {
                self.write();
            }
        }
        self.write();
        is_behind && self.window.next() > before
    }

    /// Writes the lines so far. After an error, nothing more is written, so that what is there is
    /// the start of the recording.
    fn write(&mut self) {
        if !self.text.is_empty() && !self.progress.has_failed() {
            match self.sink.put(&self.text) {
                Ok(()) => self.summary.bytes += self.text.len() as u64,
                Err(error) => self.progress.fail(&error),
            }
        }
        self.text.clear();
    }
}

/// Tells everybody that the thread has ended, also if the caller's writer panicked.
struct Over {
    shared: Arc<Shared>,
    progress: Arc<Progress>,
}

impl Drop for Over {
    fn drop(&mut self) {
        self.shared.end();
        lock(&self.progress.state).is_over = true;
        self.progress.changed.notify_all();
    }
}
