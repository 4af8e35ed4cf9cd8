//! Locks that are taken in several ways.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::crew::{Client, Crew};

/// One turn: take the lock, hold it for a while, give it back.
fn turn(client: &mut Client, acquire: impl FnOnce(), lock: &AtomicBool) {
    client.dawdle();
    let call = client.process.invoke("acquire", ());
    acquire();
    call.ok(());
    client.dawdle();
    let call = client.process.invoke("release", ());
    lock.store(false, Ordering::SeqCst);
    call.ok(());
}

/// Looks and takes in two steps, and lets others run between them.
pub(super) fn broken(crew: &Crew<'_>) -> io::Result<()> {
    let lock = &AtomicBool::new(false);
    let acquire = || {
        while lock.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        thread::yield_now();
        lock.store(true, Ordering::SeqCst);
    };
    crew.work(2, |_| move |client: &mut Client| turn(client, acquire, lock))
}

/// Takes the lock, and sees whether it had been free.
pub(super) fn spinning(crew: &Crew<'_>) -> io::Result<()> {
    let lock = &AtomicBool::new(false);
    let acquire = || {
        while lock.swap(true, Ordering::SeqCst) {
            thread::yield_now();
        }
    };
    crew.work(2, |_| move |client: &mut Client| turn(client, acquire, lock))
}
