//! Asserts in a test that an object is linearizable, and fails with the whole report if it is not:
//! threads use a counter through [`Recorder`], [`assert_linearizable`] checks what they saw, and
//! the message of the failed assertion names the anomaly and the operations that prove it.
//!
//!     cargo run --example assert_in_a_test
//!
//! The program tries two counters. One is right. The other one loses updates, and it does so in
//! every run: a barrier brings its threads together at the worst of moments.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use histcheck::report::{Detail, Palette, SHOWN_FAILURES, Subject, text};
use histcheck::{History, Options, Recorder, Session, Verdict};

/// How many threads use a counter, and how often each.
const THREADS: usize = 2;
const TURNS: usize = 20;

/// A counter under test.
trait Counter: Sync {
    /// Adds one, and returns the sum.
    fn increment(&self) -> i64;
}

/// Adds in one step.
#[derive(Default)]
struct Whole(AtomicI64);

impl Counter for Whole {
    fn increment(&self) -> i64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Reads and then writes, so that another thread can come between.
struct Torn {
    sum: AtomicI64,
    /// Here the threads wait for each other, so that it is no matter of luck that they do.
    between: Barrier,
}

impl Counter for Torn {
    fn increment(&self) -> i64 {
        let sum = self.sum.load(Ordering::SeqCst) + 1;
        self.between.wait();
        self.sum.store(sum, Ordering::SeqCst);
        sum
    }
}

/// Lets threads use `counter`, and returns what they saw. In memory: nobody needs a file here.
fn record(counter: &dyn Counter) -> Result<History, Box<dyn Error>> {
    // The model can be inferred from the operations; to name it says what is meant.
    let recorder = Recorder::builder().metadata("model", "counter").in_memory()?;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let mut process = recorder.process();
            scope.spawn(move || {
                for _ in 0..TURNS {
                    let call = process.invoke("add-and-get", 1);
                    let sum = counter.increment();
                    call.ok(sum);
                }
            });
        }
    });
    Ok(histcheck::read_recording(recorder)?)
}

/// Panics with the report unless `history` is linearizable.
#[track_caller]
pub(crate) fn assert_linearizable(history: &History) {
    if let Some(message) = violation(history) {
        panic!("{message}");
    }
}

/// What is wrong with `history`, if anything. A history that could not be decided within the
/// limits, or not be understood, is no success either: a test that passes has to mean something.
fn violation(history: &History) -> Option<String> {
    report_of(history).unwrap_or_else(|error| Some(error.to_string()))
}

/// The report on `history`, unless it is linearizable.
fn report_of(history: &History) -> Result<Option<String>, histcheck::Error> {
    let options = Options::default();
    let session = Session::new(history, &options)?;
    let report = session.check()?;
    if report.verdict == Verdict::Valid {
        return Ok(None);
    }
    // At most three anomalies: a message is short.
    let explanation = session.explain(&report, 3)?;
    let contexts = session.contexts(&report, SHOWN_FAILURES)?;
    let subject = Subject::new(history, &report).explained(explanation, contexts);
    Ok(Some(text(&subject, Detail::Usual, &Palette::PLAIN)))
}

/// What a test of one's own looks like.
#[test]
fn the_counter_is_linearizable() {
    assert_linearizable(&record(&Whole::default()).unwrap());
}

/// Asserts that the right counter is linearizable, and writes to `out` what the assertion says of
/// the other one.
pub(crate) fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    assert_linearizable(&record(&Whole::default())?);
    writeln!(out, "the counter that adds in one step is linearizable\n")?;
    let torn = Torn { sum: AtomicI64::new(0), between: Barrier::new(THREADS) };
    match violation(&record(&torn)?) {
        None => writeln!(out, "the other one got away with it"),
        Some(message) => writeln!(out, "of the other one, the assertion says:\n\n{message}"),
    }?;
    Ok(())
}

#[allow(dead_code)] // A test of the same name includes this file.
fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout().lock())
}
