//! Registers that are read directly or through a cache.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use super::crew::{Client, Crew};

/// A thread reads its copy so many times before it looks at the register again.
const READS: u64 = 8;

/// No two writes write the same value: write `turn` of this thread.
fn distinct(client: &Client, turn: i64) -> i64 {
    (turn << 8) | client.thread as i64
}

/// Every thread reads its own copy, which its own writes keep up to date and those of others do
/// not. The field `source` tells where a read was answered from.
pub(super) fn cached(crew: &Crew<'_>) -> io::Result<()> {
    let register = &AtomicI64::new(0);
    crew.work(1, |_| {
        let (mut copy, mut reads, mut turn) = (0, 0, 0);
        move |client: &mut Client| {
            client.dawdle();
            turn += 1;
            if client.below(4) == 0 {
                let value = distinct(client, turn);
                let call = client.process.invoke("write", value);
                register.store(value, Ordering::SeqCst);
                copy = value;
                call.ok(());
                return;
            }
            reads += 1;
            let thread = client.thread;
            let call = client.process.invoke("read", ());
            if reads % READS == 1 {
                copy = register.load(Ordering::SeqCst);
                call.with("source", "register").ok(copy);
            } else {
                call.with("source", format!("cache of thread {thread}")).ok(copy);
            }
        }
    })
}

/// Every thread reads the register itself.
pub(super) fn shared(crew: &Crew<'_>) -> io::Result<()> {
    let register = &AtomicI64::new(0);
    crew.work(1, |_| {
        let mut turn = 0;
        move |client: &mut Client| {
            client.dawdle();
            turn += 1;
            if client.below(2) == 0 {
                let value = distinct(client, turn);
                let call = client.process.invoke("write", value);
                register.store(value, Ordering::SeqCst);
                call.ok(());
            } else {
                let call = client.process.invoke("read", ());
                let value = register.load(Ordering::SeqCst);
                call.ok(value);
            }
        }
    })
}
