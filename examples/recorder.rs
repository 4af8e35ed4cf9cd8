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
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{fs, thread};

use histcheck::record::Process;
use histcheck::{History, Options, Recorder};

const CLIENTS: i64 = 3;
/// What each client does, in operations.
const TURNS: i64 = 400;
const KEYS: [&str; 2] = ["x", "y"];

/// The store under test.
#[derive(Default)]
struct Store {
    entries: Mutex<BTreeMap<&'static str, i64>>,
    /// Whether answers to writes get lost on their way back.
    is_lossy: AtomicBool,
}

/// What a client knows if the answer got lost: nothing.
struct Lost;

impl Store {
    fn write(&self, key: &'static str, value: i64) -> Result<(), Lost> {
        self.entries.lock().map_err(|_| Lost)?.insert(key, value);
        if self.is_lossy.load(Ordering::Relaxed) { Err(Lost) } else { Ok(()) }
    }

    fn read(&self, key: &str) -> Result<Option<i64>, Lost> {
        Ok(self.entries.lock().map_err(|_| Lost)?.get(key).copied())
    }
}

/// A client: reads and writes in turn, values that nobody else writes.
fn work(mut process: Process, client: i64, store: &Store, done: &AtomicUsize) {
    for turn in 0..TURNS {
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
        done.fetch_add(1, Ordering::SeqCst);
    }
}

/// Lets clients work, and records in `path` what they see. Returns how many operations were done,
/// and were certain to be in the file, while the clients still worked.
fn record(path: &Path) -> Result<usize, Box<dyn Error>> {
    let recorder = Recorder::builder()
        .metadata("model", "register")
        .metadata("store", "a map behind a lock")
        .create(path)?;
    let (store, done) = (&Store::default(), &AtomicUsize::new(0));
    let saved = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let process = recorder.process().with("node", format!("n{client}"));
            scope.spawn(move || work(process, client, store, done));
        }
        let wait_for = |operations| {
            while done.load(Ordering::SeqCst) < operations {
                thread::yield_now();
            }
        };
        wait_for(200);
        // No client: reports show it beside the operations, and no model has to know it.
        recorder.note("nemesis", "lose-answers", ());
        store.is_lossy.store(true, Ordering::Relaxed);
        wait_for(240);
        store.is_lossy.store(false, Ordering::Relaxed);
        recorder.note("nemesis", "deliver-answers", ());
        // Before a step that may kill the process: what is done by now outlives it.
        let saved = done.load(Ordering::SeqCst);
        recorder.flush().map(|()| saved)
    })?;
    // Errors of writing come out here; a recorder that is dropped loses them.
    recorder.finish()?;
    Ok(saved)
}

/// Records into `path`, checks what is there, and says to `out` what came of it.
pub(crate) fn run(path: &Path, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let saved = record(path)?;
    let history = History::read_file(path)?;
    let report = histcheck::check(&history, &Options::default())?;
    let open = history.operations().iter().filter(|one| one.outcome.is_indeterminate()).count();
    writeln!(out, "{saved} operations were in the file while clients worked")?;
    writeln!(
        out,
        "{} in the end, {open} of them without an answer, and {} notes: {}",
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
