//! Work on the parts of something by several threads, the results used in order as they come.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Makes part after part up to `count` with `make`, on `threads` threads, and hands them in order
/// to `take`, on the calling thread, which makes parts itself while it has none to take. A part
/// that was taken is given to `make` to make another of; about three a thread exist at a time.
/// Ends early once `take` returns false or an error.
pub(in crate::formats) fn in_order<T: Default + Send, E>(
    threads: usize,
    count: usize,
    make: impl Fn(usize, &mut T) + Sync,
    mut take: impl FnMut(&mut T) -> Result<bool, E>,
) -> Result<(), E> {
    let threads = threads.min(count);
    if threads <= 1 {
        let mut part = T::default();
        for at in 0..count {
            make(at, &mut part);
            if !take(&mut part)? {
                break;
            }
        }
        return Ok(());
    }
    let crew = Crew::new(count, 3 * threads);
    thread::scope(|scope| {
        let _end = EndOnDrop(&crew);
        for _ in 1..threads {
            // Where there can be no more threads, there is one at least.
            let _ = thread::Builder::new().spawn_scoped(scope, || {
                let _end = EndOnDrop(&crew);
                while let Some(Job::Make(at, mut part)) = crew.job(None) {
                    make(at, &mut part);
                    crew.put(at, part);
                }
            });
        }
        let mut wanted = 0;
        while wanted < count {
            match crew.job(Some(wanted)) {
                Some(Job::Take(mut part)) => {
                    if !take(&mut part)? {
                        break;
                    }
                    crew.give_back(part);
                    wanted += 1;
                }
                Some(Job::Make(at, mut part)) => {
                    make(at, &mut part);
                    crew.put(at, part);
                }
                None => break,
            }
        }
        Ok(())
    })
}

/// What a thread is to do.
enum Job<T> {
    Make(usize, T),
    Take(T),
}

struct Crew<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    count: usize,
    /// How many parts there may be at a time.
    most: usize,
}

struct State<T> {
    /// The part that is made next.
    next: usize,
    /// Parts from `first` on, as far as they are made.
    parts: VecDeque<Option<T>>,
    first: usize,
    /// Parts that were taken, to be made anew.
    spare: Vec<T>,
    ended: bool,
}

impl<T: Default> Crew<T> {
    fn new(count: usize, most: usize) -> Self {
        let state =
            State { next: 0, parts: VecDeque::new(), first: 0, spare: Vec::new(), ended: false };
        Crew { state: Mutex::new(state), changed: Condvar::new(), count, most }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next thing to do, once there is one, for a thread that takes the part `wanted`, or only
    /// makes parts. `None` if there will be nothing more.
    fn job(&self, wanted: Option<usize>) -> Option<Job<T>> {
        let mut state = self.lock();
        loop {
            if wanted.is_some()
                && let Some(part) = state.parts.front_mut().and_then(Option::take)
            {
                state.parts.pop_front();
                state.first += 1;
                return Some(Job::Take(part));
            }
            if state.ended || wanted.is_none() && state.next == self.count {
                return None;
            }
            // The part that was taken last is still in use.
            if state.next < self.count && state.next < state.first + self.most {
                let part = state.spare.pop().unwrap_or_default();
                state.parts.push_back(None);
                state.next += 1;
                return Some(Job::Make(state.next - 1, part));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn put(&self, at: usize, part: T) {
        let mut state = self.lock();
        let slot = at - state.first;
        state.parts[slot] = Some(part);
        drop(state);
        self.changed.notify_all();
    }

    fn give_back(&self, part: T) {
        self.lock().spare.push(part);
        self.changed.notify_all();
    }
}

/// Ends the work of all once a thread ends, so that nobody waits for one that panics.
struct EndOnDrop<'c, T: Default>(&'c Crew<T>);

impl<T: Default> Drop for EndOnDrop<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        // A thread that only makes parts ends before the others when all are begun.
        state.ended |= thread::panicking() || state.next < self.0.count;
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_in_order_whoever_makes_them() {
        for threads in [1, 2, 3, 8] {
            for count in [0, 1, 2, 100] {
                let mut taken = Vec::new();
                let make = |at: usize, part: &mut usize| *part = at * at;
                let result: Result<(), ()> = in_order(threads, count, make, |part| {
                    taken.push(*part);
                    Ok(true)
                });
                assert_eq!(result, Ok(()));
                assert_eq!(taken, (0..count).map(|at| at * at).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn it_ends_early() {
        for threads in [1, 2, 5] {
            let make = |at: usize, part: &mut usize| *part = at;
            let stop = |part: &mut usize| if *part == 7 { Ok(false) } else { Ok(true) };
            assert_eq!(in_order(threads, 1000, make, stop), Ok::<(), usize>(()));
            let fail = |part: &mut usize| if *part == 7 { Err(*part) } else { Ok(true) };
            assert_eq!(in_order(threads, 1000, make, fail), Err(7));
        }
    }

    #[test]
    fn a_panic_of_one_thread_leaves_nobody_waiting() {
        let make = |at: usize, _: &mut ()| assert!(at < 20, "as it should");
        let run = || in_order(3, 100, make, |()| Ok::<bool, ()>(true));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
