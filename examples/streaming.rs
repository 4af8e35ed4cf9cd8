//! Watches a store while it works, and stops it at the first answer that no single copy would have
//! given: with [`Follower`], which forgets what it has judged, so that it may go on for ever.
//!
//!     cargo run --example streaming
//!
//! The store keeps its value in a primary and a backup. The backup lags, and once in a while it
//! answers.

use std::error::Error;
use std::io::{self, Write};

use histcheck::follow::Follower;
use histcheck::{Options, Verdict};

/// So many operations are done, unless a violation stops it.
const OPERATIONS: i64 = 100_000;

/// A register with a primary and a backup.
#[derive(Default)]
struct Store {
    primary: i64,
    backup: i64,
    reads: u64,
}

impl Store {
    fn write(&mut self, value: i64) {
        self.backup = self.primary;
        self.primary = value;
    }

    /// Asks the backup every so many times, if at all.
    fn read(&mut self, backup_every: Option<u64>) -> i64 {
        self.reads += 1;
        let asks_backup = backup_every.is_some_and(|every| self.reads.is_multiple_of(every));
        if asks_backup { self.backup } else { self.primary }
    }
}

/// Runs the store, and says what became of it.
fn watch(backup_every: Option<u64>, out: &mut impl Write) -> Result<Verdict, Box<dyn Error>> {
    let mut store = Store::default();
    let options = Options { model: Some("register".into()), ..Options::default() };
    let mut follower = Follower::new(options);
    follower.events().invoke(0, "write", 0)?;
    follower.events().ok(0, "write", 0)?;
    for at in 1..OPERATIONS {
        if at % 3 == 0 {
            follower.events().invoke(0, "write", at)?;
            store.write(at);
            follower.events().ok(0, "write", at)?;
        } else {
            follower.events().invoke(1, "read", ())?;
            follower.events().ok(1, "read", store.read(backup_every))?;
        }
        // A real test would ask every so many milliseconds.
        if let Some(violation) = follower.check()?.first() {
            let states = violation.states.join(" or ");
            writeln!(
                out,
                "stopped after {at} operations: `{}` by process {}, but it held {states}",
                violation.operation, violation.process
            )?;
            break;
        }
    }
    let summary = follower.finish()?;
    writeln!(out, "{}: {} operations", summary.verdict, summary.operations)?;
    Ok(summary.verdict)
}

pub(crate) fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    watch(None, out)?;
    watch(Some(1000), out)?;
    Ok(())
}

// Unused where the example is part of a test.
#[allow(dead_code)]
fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout().lock())
}
