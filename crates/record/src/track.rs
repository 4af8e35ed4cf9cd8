//! The way of events from the thread that records to the one that writes: a ring that only one
//! thread fills and only one empties, so that neither waits for the other.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::clock::Ticks;
use super::event::{Event, Moment, What};
use super::progress::Progress;

/// The events that the first ring of a track holds.
const FIRST: usize = 1 << 10;
/// Rings double up to this size; then further ones of the same size follow.
const LARGEST: usize = 1 << 18;

/// What all handles of a recorder share.
pub(super) struct Shared {
    tickets: Ticket,
    processes: AtomicI64,
    tracks: AtomicU32,
    ticks: Ticks,
    is_closed: AtomicBool,
    progress: Progress,
    arrivals: Mutex<Vec<Arrival>>,
    /// The first misuse that cannot be refused where it happens.
    fault: Mutex<Option<String>>,
    writer: OnceLock<Thread>,
}

/// On a cache line of its own (two, since they are fetched in pairs): every event of every thread
/// changes it.
#[repr(align(128))]
struct Ticket(AtomicU64);

/// A new ring, on its way to the thread that empties it.
pub(super) struct Arrival {
    /// The number of its track.
    pub(super) track: u32,
    pub(super) ring: Consumer<Event>,
}

impl Shared {
    /// At most about `bound` events wait to be written.
    pub(super) fn new(bound: u64) -> Self {
        Shared {
            tickets: Ticket(AtomicU64::new(0)),
            processes: AtomicI64::new(0),
            tracks: AtomicU32::new(0),
            ticks: Ticks::new(),
            is_closed: AtomicBool::new(false),
            progress: Progress::new(bound),
            arrivals: Mutex::new(Vec::new()),
            fault: Mutex::new(None),
            writer: OnceLock::new(),
        }
    }

    /// Takes the next place in the order of events.
    ///
    /// Both sides matter. Release: whatever the thread did before (the operation that just
    /// returned) happens before whoever draws a later ticket goes on. Acquire: what it does next
    /// (the operation that it is about to call) happens after all that came before an earlier one.
    #[inline]
    fn ticket(&self) -> u64 {
        self.tickets.0.fetch_add(1, Ordering::AcqRel)
    }

    /// How many tickets were drawn.
    pub(super) fn issued(&self) -> u64 {
        self.tickets.0.load(Ordering::Acquire)
    }

    /// The clock of all events.
    #[inline]
    pub(super) fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// A number that no process had before.
    pub(super) fn fresh_process(&self) -> i64 {
        self.processes.fetch_add(1, Ordering::Relaxed)
    }

    /// How many processes there were.
    pub(super) fn processes(&self) -> u64 {
        self.processes.load(Ordering::Relaxed).unsigned_abs()
    }

    /// Says that nothing more is to be written than what was recorded so far.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Says that nobody empties rings any more.
    pub(super) fn end(&self) {
        self.progress.end();
        self.take_arrivals();
    }

    /// How far the writing is.
    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Names the thread to wake.
    pub(super) fn set_writer(&self, writer: Thread) {
        // There is only one, so that nobody was named before.
        let _ = self.writer.set(writer);
    }

    /// Wakes the thread that writes.
    pub(super) fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// The rings that are new since this was asked last.
    pub(super) fn take_arrivals(&self) -> Vec<Arrival> {
        std::mem::take(&mut *lock(&self.arrivals))
    }

    /// Notes a misuse, for the end.
    #[cold]
    pub(super) fn set_fault(&self, fault: String) {
        lock(&self.fault).get_or_insert(fault);
    }

    /// The first misuse.
    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.fault).clone()
    }
}

/// Locks `mutex`. Nothing here can be left half done by a panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One thread's way to the recorder.
pub(super) struct Track {
    shared: Arc<Shared>,
    number: u32,
    ring: Producer<Event>,
    /// From this ticket on, the thread asks for room.
    limit: u64,
}

impl Track {
    /// A track whose first ring is made with its first event.
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Track {
            shared: Arc::clone(shared),
            number: shared.tracks.fetch_add(1, Ordering::Relaxed),
            ring: RingBuffer::new(0).0,
            limit: 0,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Records what comes before something is done: it has its place when this returns, and what
    /// is done next comes after all that has an earlier one.
    #[inline]
    pub(super) fn before(&mut self, what: What) {
        let ticket = self.shared.ticket();
        let ticks = self.shared.ticks.now();
        self.push(Event { ticket, moment: Moment { ticks, what } });
    }

    /// Records what comes after something was done. The clock is read before the place is taken,
    /// and [`Track::before`] has it the other way round; with the care that
    /// [`Times`](super::clock::Times) takes, the times of an operation that returned and of one
    /// that was called later are never in the wrong order.
    ///
    /// Waits afterwards if too many events wait to be written: not in [`Track::before`], so that no
    /// operation seems to take longer than it does.
    #[inline]
    pub(super) fn after(&mut self, what: What) {
        let ticks = self.shared.ticks.now();
        let ticket = self.shared.ticket();
        self.push(Event { ticket, moment: Moment { ticks, what } });
        if ticket >= self.limit {
            self.make_room(ticket);
        }
    }

    /// Waits if too many events wait to be written, between two operations.
    pub(super) fn between(&mut self) {
        self.make_room(self.shared.issued());
    }

    #[cold]
    fn make_room(&mut self, ticket: u64) {
        self.limit = self.shared.progress.make_room(ticket, || self.shared.wake());
    }

    /// Records something to which it does not matter when it was.
    #[inline]
    pub(super) fn aside(&mut self, what: What) {
        let ticket = self.shared.ticket();
        self.push(Event { ticket, moment: Moment { ticks: 0, what } });
    }

    #[inline]
    fn push(&mut self, event: Event) {
        if let Err(PushError::Full(event)) = self.ring.push(event) {
            self.grow(event);
        }
    }

    /// Goes on with a larger ring. The old one is emptied in its own time: tickets tell the order.
    #[cold]
    fn grow(&mut self, event: Event) {
        if self.shared.progress.is_over() {
            // Nobody waits for it: the last event that is written has an earlier ticket.
            return;
        }
        let capacity = (2 * self.ring.buffer().capacity()).clamp(FIRST, LARGEST);
        let (mut larger, ring) = RingBuffer::new(capacity);
        // It is empty, so that there is room.
        let _ = larger.push(event);
        self.ring = larger;
        lock(&self.shared.arrivals).push(Arrival { track: self.number, ring });
        self.shared.wake();
    }
}
