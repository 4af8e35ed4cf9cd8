//! How far the writing is, for the threads that wait for it.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::track::lock;

/// How far the writing is. A thread waits either for what it has recorded ([`Progress::flush`]) or
/// for room to record more ([`Progress::make_room`]).
pub(super) struct Progress {
    /// The events that may be recorded and not yet written.
    bound: u64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// All tickets below this one are written, that is, handed over to the operating system.
    written: u64,
    /// The most that any thread has waited for.
    wanted: u64,
    /// The least that a thread waits for now; nobody is woken before.
    nearest: u64,
    /// The first error; nothing is written after it.
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
    /// Progress that holds threads back once `bound` events wait to be written.
    pub(super) fn new(bound: u64) -> Self {
        let state =
            State { written: 0, wanted: 0, nearest: u64::MAX, failure: None, is_over: false };
        Progress { bound, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Waits until all tickets below `tickets` are written by the thread that `wake` wakes.
    ///
    /// # Errors
    /// If writing failed, now or earlier.
    pub(super) fn flush(&self, tickets: u64, wake: impl FnOnce()) -> io::Result<()> {
        let state = self.wait_for(lock(&self.state), tickets, wake);
        state.result()?;
        if state.written < tickets {
            return Err(io::Error::other("the thread that writes panicked"));
        }
        Ok(())
    }

    /// Waits while `ticket` is `bound` or more tickets ahead of the writing; `wake` wakes the
    /// thread that writes. Returns the first ticket for which this is to be called again.
    ///
    /// The calling thread has published the event of every ticket that it has drawn. So the
    /// writing never needs a thread that waits here.
    pub(super) fn make_room(&self, ticket: u64, wake: impl Fn()) -> u64 {
        let mut state = lock(&self.state);
        if ticket.saturating_sub(state.written) >= self.bound {
            // A quarter of the room at once: else every write would wake every thread.
            state = self.wait_for(state, ticket + 1 - (self.bound - self.bound / 4), &wake);
        }
        if state.is_over {
            return u64::MAX;
        }
        let half = state.written.saturating_add(self.bound / 2);
        if ticket < half {
            return half;
        }
        wake();
        state.written.saturating_add(self.bound)
    }

    /// Waits until all tickets below `tickets` are written, or none will be any more.
    fn wait_for<'p>(
        &'p self,
        mut state: MutexGuard<'p, State>,
        tickets: u64,
        wake: impl FnOnce(),
    ) -> MutexGuard<'p, State> {
        state.wanted = state.wanted.max(tickets);
        wake();
        while state.written < tickets && !state.is_over {
            state.nearest = state.nearest.min(tickets);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// All tickets below `written` are written.
    pub(super) fn advance(&self, written: u64) {
        let mut state = lock(&self.state);
        state.written = written;
        if written >= state.nearest {
            state.nearest = u64::MAX;
            self.changed.notify_all();
        }
    }

    /// Whether a thread waits for more to be written.
    pub(super) fn is_waited_for(&self) -> bool {
        let state = lock(&self.state);
        state.wanted > state.written
    }

    /// Notes the first error.
    pub(super) fn fail(&self, error: &io::Error) {
        lock(&self.state).failure = Some((error.kind(), error.to_string()));
    }

    /// Notes that the thread that writes has ended: nobody waits from here on.
    pub(super) fn end(&self) {
        lock(&self.state).is_over = true;
        self.changed.notify_all();
    }

    /// Whether the thread that writes has ended.
    pub(super) fn is_over(&self) -> bool {
        lock(&self.state).is_over
    }
}
