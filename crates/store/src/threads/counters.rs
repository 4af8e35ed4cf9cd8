//! Counters that are incremented in several ways.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::crew::{Client, Crew};

/// One turn: mostly an increment, else a look.
fn turn(client: &mut Client, increment: impl FnOnce() -> i64, read: impl FnOnce() -> i64) {
    client.dawdle();
    if client.below(4) == 0 {
        let call = client.process.invoke("read", ());
        let value = read();
        call.ok(value);
    } else {
        let call = client.process.invoke("inc-and-get", ());
        let value = increment();
        call.ok(value);
    }
}

/// Reads and writes back in two steps, and lets others run between them.
pub(super) fn racy(crew: &Crew<'_>) -> io::Result<()> {
    let counter = AtomicI64::new(0);
    let increment = || {
        let value = counter.load(Ordering::SeqCst) + 1;
        thread::yield_now();
        counter.store(value, Ordering::SeqCst);
        value
    };
    let read = || counter.load(Ordering::SeqCst);
    crew.work(1, |_| move |client: &mut Client| turn(client, increment, read))
}

/// Adds in one instruction.
pub(super) fn atomic(crew: &Crew<'_>) -> io::Result<()> {
    let counter = AtomicI64::new(0);
    let increment = || counter.fetch_add(1, Ordering::SeqCst) + 1;
    let read = || counter.load(Ordering::SeqCst);
    crew.work(1, |_| move |client: &mut Client| turn(client, increment, read))
}

/// Reads, and writes back only if nobody wrote in between.
pub(super) fn compare_and_swap(crew: &Crew<'_>) -> io::Result<()> {
    let counter = AtomicI64::new(0);
    let increment = || {
        let mut value = counter.load(Ordering::SeqCst);
        loop {
            thread::yield_now();
            let (success, failure) = (Ordering::SeqCst, Ordering::SeqCst);
            match counter.compare_exchange(value, value + 1, success, failure) {
                Ok(_) => return value + 1,
                Err(newer) => value = newer,
            }
        }
    };
    let read = || counter.load(Ordering::SeqCst);
    crew.work(1, |_| move |client: &mut Client| turn(client, increment, read))
}

/// Reads and writes back while nobody else can.
pub(super) fn locked(crew: &Crew<'_>) -> io::Result<()> {
    let counter = Mutex::new(0);
    let increment = || {
        let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
        let value = *counter + 1;
        thread::yield_now();
        *counter = value;
        value
    };
    let read = || *counter.lock().unwrap_or_else(PoisonError::into_inner);
    crew.work(1, |_| move |client: &mut Client| turn(client, increment, read))
}
