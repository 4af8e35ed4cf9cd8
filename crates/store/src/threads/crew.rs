//! The threads: started together, each with a process of the recorder and a source of chance.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use super::{MOST_THREADS, Settings};
use histcheck_history::error::{Code, Error};
use histcheck_record::{Process, Recorder};

/// What is needed to start the clients.
pub(super) struct Crew<'r> {
    recorder: &'r Recorder,
    settings: Settings,
}

/// One client, in its thread.
pub(super) struct Client {
    /// The number of its thread, from 0.
    pub(super) thread: usize,
    pub(super) process: Process,
    chance: u64,
}

const WAIT: u8 = 0;
const GO: u8 = 1;
const GIVE_UP: u8 = 2;

impl<'r> Crew<'r> {
    pub(super) fn new(recorder: &'r Recorder, settings: &Settings) -> Self {
        let threads = settings.threads.clamp(1, MOST_THREADS);
        Crew { recorder, settings: Settings { threads, ..*settings } }
    }

    /// Lets all clients work. `work` is called in each thread, and what it returns then does one
    /// turn after the other, of `cost` operations each.
    ///
    /// # Errors
    /// If a thread cannot be started; then none does anything.
    pub(super) fn work<T>(&self, cost: usize, work: impl Fn(usize) -> T + Sync) -> io::Result<()>
    where
        T: FnMut(&mut Client),
    {
        let Settings { threads, operations, seed } = self.settings;
        // All start at once: the first could be done before the last is there.
        let (gate, work) = (AtomicU8::new(WAIT), &work);
        thread::scope(|scope| {
            for thread in 0..threads {
                let share = operations / threads + usize::from(thread < operations % threads);
                let process = self.recorder.process();
                let chance = mixed(seed ^ mixed(thread as u64));
                let (mut client, gate) = (Client { thread, process, chance }, &gate);
                let started = thread::Builder::new().spawn_scoped(scope, move || {
                    while gate.load(Ordering::Acquire) == WAIT {
                        thread::yield_now();
                    }
                    if gate.load(Ordering::Acquire) == GO {
                        let mut turn = work(thread);
                        (0..share.div_ceil(cost)).for_each(|_| turn(&mut client));
                    }
                });
                if let Err(error) = started {
                    gate.store(GIVE_UP, Ordering::Release);
                    return Err(error);
                }
            }
            gate.store(GO, Ordering::Release);
            Ok(())
        })
    }
}

impl Client {
    /// A number below `bound`, decided by the seed.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.chance) % bound.max(1)
    }

    /// Now and then, lets others go first.
    pub(super) fn dawdle(&mut self) {
        if self.below(4) == 0 {
            thread::yield_now();
        }
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on all others.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The error if the system has no threads left.
pub(super) fn not_started(error: &io::Error) -> Error {
    Error::new(Code::Unreadable, format!("a thread cannot be started: {error}"))
        .hint("ask for fewer threads")
}
