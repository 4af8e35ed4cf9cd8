//! Writes a history to a file while threads work, with [`Recorder`]: clients of a small store with
//! keys, some of whose answers get lost, and a note of when that was so. The file grows during the
//! run, so that a crash of the test leaves a history that can be checked.
//!
//!     cargo run --example recorder [FILE]
//!
//! The file is JSON Lines, which the command line reads as well: `histcheck FILE`. Without a name,
//! the program uses a temporary file and removes it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::{fs, thread};

use histcheck::record::Process;
use histcheck::{Options, Recorder};

const CLIENTS: i64 = 3;
/// What each client does, in operations.
const TURNS: i64 = 400;
const KEYS: [&str; 2] = ["x", "y"];

/// The store under test.
#[derive(Default)]
struct Store {
    entries: Mutex<BTreeMap<&'static str, i64>>,
    /// Whether the answers to some writes get lost on their way back.
    is_lossy: AtomicBool,
}

/// What a client knows if the answer got lost: nothing.
struct Lost;

impl Store {
    fn write(&self, key: &'static str, value: i64) -> Result<(), Lost> {
        self.entries.lock().map_err(|_| Lost)?.insert(key, value);
        let is_lost = self.is_lossy.load(Ordering::Relaxed) && value % 20 == 0;
        if is_lost { Err(Lost) } else { Ok(()) }
    }

    fn read(&self, key: &str) -> Result<Option<i64>, Lost> {
        Ok(self.entries.lock().map_err(|_| Lost)?.get(key).copied())
    }
}

/// A client: writes and reads in turn, values that nobody else writes. Half-way it waits for the
/// others.
fn work(mut process: Process, client: i64, store: &Store, half: &Barrier) {
    for turn in 0..TURNS {
        if turn == TURNS / 2 {
            half.wait();
            half.wait();
        }
        let key = KEYS[turn as usize / 2 % KEYS.len()];
        if turn % 2 == 0 {
            let value = client * TURNS + turn;
            // Right before the call, and right after the return.
            let call = process.invoke_key("write", key, value);
            match store.write(key, value) {
                Ok(()) => call.ok(()),
                // It may have happened. To say `fail` here would be a guess, and a wrong one.
                Err(Lost) => call.with("error", "no answer").info(),
            }
        } else {
            let call = process.invoke_key("read", key, ());
            match store.read(key) {
                Ok(value) => call.ok(value),
                // A read changes nothing, so that one without an answer did not happen.
                Err(Lost) => call.with("error", "no answer").fail(),
            }
        }
    }
}

/// Lets clients work, and records in `path` what they see. Returns how long the file was, in
/// lines, when they had done half of it.
fn record(path: &Path) -> Result<usize, Box<dyn Error>> {
    let recorder = Recorder::builder()
        .metadata("model", "register")
        .metadata("store", "a map behind a lock")
        .create(path)?;
    let (store, half) = (&Store::default(), &Barrier::new(CLIENTS as usize + 1));
    let lines = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let process = recorder.process().with("node", format!("n{client}"));
            scope.spawn(move || work(process, client, store, half));
        }
        half.wait();
        // No client: reports show it beside the operations, and no model has to know it.
        recorder.note("nemesis", "lose-answers", ());
        store.is_lossy.store(true, Ordering::Relaxed);
        // Before a step that may kill the process: what is done by now outlives it.
        let lines = recorder.flush().and_then(|()| fs::read(path));
        // Whatever came of it, nobody is to wait for ever.
        half.wait();
        lines.map(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count())
    })?;
    // Errors of writing come out here; a recorder that is dropped loses them.
    recorder.finish()?;
    Ok(lines)
}

/// Records into `path`, checks what is there, and says to `out` what came of it.
pub(crate) fn run(path: &Path, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let lines = record(path)?;
    let history = histcheck::read_file(path)?;
    let report = histcheck::check(&history, &Options::default())?;
    let open = history.operations().iter().filter(|one| one.outcome.is_indeterminate()).count();
    writeln!(out, "{lines} lines were in the file half-way")?;
    writeln!(
        out,
        "{} in the end, {open} of them without an answer; notes: {}; {}",
        history.operations().len(),
        history.annotations().len(),
        report.verdict,
    )?;
    Ok(())
}

#[allow(dead_code)] // A test of the same name includes this file.
fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let temporary = format!("histcheck-recorder-{}.jsonl", std::process::id());
    let path = given.clone().unwrap_or_else(|| std::env::temp_dir().join(temporary));
    let outcome = run(&path, &mut io::stdout().lock());
    if given.is_none() {
        let _ = fs::remove_file(&path);
    }
    outcome
}
