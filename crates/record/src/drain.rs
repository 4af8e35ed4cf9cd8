//! The thread behind a recorder: it empties the rings, puts the events into their order, and
//! writes them as lines.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::thread;
use std::time::Duration;

use rtrb::Consumer;

use super::clock::Times;
use super::event::{Event, Moment};
use super::line::Voice;
use super::sink::Sink;
use super::track::Shared;
use super::window::Window;

/// So many events are taken from a ring before the others have their turn, so that those which
/// wait for an earlier one fit the caches.
const SLICE: usize = 1 << 10;
/// A ring whose first event is so far ahead of the next one waits for the others.
const AHEAD: u64 = 1 << 12;
/// Bytes of text that are written at a time while events keep coming.
const CHUNK: usize = 1 << 18;
/// How long to wait for a thread that has drawn a ticket and not yet handed over what it is for:
/// others wait for it, but it may need this processor to go on.
const GAP: Duration = Duration::from_micros(50);

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

/// What the thread works with.
pub(super) struct Drain {
    shared: Arc<Shared>,
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
    pub(super) fn new(shared: Arc<Shared>, interval: Duration, sink: Sink, text: String) -> Self {
        Drain {
            shared,
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

    /// Works until the recorder is closed and all that was recorded by then is written, or writing
    /// fails. Returns what was written to, with the error or a summary.
    pub(super) fn run(mut self) -> (Sink, io::Result<Summary>) {
        let _over = Over(Arc::clone(&self.shared));
        let result = self.work().map(|()| self.summary);
        (self.sink, result)
    }

    fn work(&mut self) -> io::Result<()> {
        let mut end = None;
        loop {
            if end.is_none() && self.shared.is_closed() {
                end = Some(self.shared.issued());
            }
            let is_behind = self.pass()?;
            let is_complete = end.is_some_and(|end| self.window.next() >= end);
            if is_behind && !is_complete {
                continue;
            }
            self.write()?;
            if is_complete {
                self.summary.processes = self.shared.processes();
                return Ok(());
            }
            let is_urgent =
                end.is_some() || self.window.is_held_up() || self.shared.progress().is_waited_for();
            thread::park_timeout(if is_urgent { GAP.min(self.interval) } else { self.interval });
        }
    }

    /// Takes what the rings hold, a slice from each, and turns what is in order into lines, which
    /// are written if they fill a chunk. Returns whether the same could be done again at once.
    fn pass(&mut self) -> io::Result<bool> {
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
                self.write()?;
            }
        }
        Ok(is_behind && self.window.next() > before)
    }

    /// Writes the lines so far.
    ///
    /// # Errors
    /// If they cannot be written. Nothing may be written afterwards: what is there is the start of
    /// the recording, and would get a gap.
    fn write(&mut self) -> io::Result<()> {
        if !self.text.is_empty() {
            let result = self.sink.put(&self.text);
            self.summary.bytes += self.text.len() as u64;
            self.text.clear();
            result.inspect_err(|error| self.shared.progress().fail(error))?;
        }
        self.shared.progress().advance(self.window.next());
        Ok(())
    }
}

/// Tells everybody that the thread has ended, also if the caller's writer panicked.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.end();
    }
}
