//! What recording an event costs the thread that records: `cargo bench --bench recorder`.
//!
//! Threads record as fast as they can, with nothing between an invocation and its completion. That
//! is the worst case: real operations take longer, so that the threads meet less often at the
//! counter, and the thread that writes keeps up easily. *Recording* is the time until the slowest
//! thread has recorded everything, *written* that until everything is in the file.

use std::hint::black_box;
use std::io;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use histcheck::Recorder;
use histcheck::record::Process;

const OPERATIONS: u64 = 1_000_000;
const ROUNDS: usize = 7;

/// The name of a workload, and how a process does operation `n` of it.
type Workload = (&'static str, fn(&mut Process, u64));

const WORKLOADS: &[Workload] = &[
    ("integers", |process, n| process.invoke("write", n % 1_000).ok(())),
    ("large integers", |process, n| process.invoke("write", n << 32).ok(())),
    ("short strings", |process, n| {
        process.invoke("write", if n.is_multiple_of(2) { "even" } else { "odd" }).ok(());
    }),
    ("keys", |process, n| process.invoke_key("write", n % 64, n).ok(())),
    ("pairs", |process, n| process.invoke("cas", (n % 5, n % 7)).ok(true)),
    ("a source", |process, n| process.invoke("read", ()).with("source", "cache").ok(n)),
];

fn main() -> io::Result<()> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    println!("| values | threads | recording, fastest | median | written, median |");
    println!("|---|---:|---:|---:|---:|");
    for &(name, operation) in WORKLOADS {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        for threads in [1, 2] {
            let path = folder.join("recorder.jsonl");
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                rounds.push(measure(&path, threads, operation)?);
            }
            let mut recording: Vec<f64> = rounds.iter().map(|round| round.0).collect();
            let mut written: Vec<f64> = rounds.iter().map(|round| round.1).collect();
            recording.sort_by(f64::total_cmp);
            written.sort_by(f64::total_cmp);
            println!(
                "| {name} | {threads} | {:.0} ns | {:.0} ns | {:.0} ns |",
                recording[0],
                recording[ROUNDS / 2],
                written[ROUNDS / 2],
            );
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Nanoseconds per event of one thread: until all is recorded, and until all is written.
fn measure(path: &Path, threads: u64, operation: fn(&mut Process, u64)) -> io::Result<(f64, f64)> {
    let recorder = Recorder::create(path)?;
    let barrier = Barrier::new(threads as usize + 1);
    let start = thread::scope(|scope| {
        for _ in 0..threads {
            let mut process = recorder.process();
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                for n in 0..OPERATIONS {
                    operation(black_box(&mut process), n);
                }
            });
        }
        barrier.wait();
        Instant::now()
    });
    let recorded = start.elapsed();
    let summary = recorder.finish()?;
    let written = start.elapsed();
    assert_eq!(summary.events, 2 * threads * OPERATIONS);
    let events = 2.0 * OPERATIONS as f64;
    Ok((recorded.as_nanos() as f64 / events, written.as_nanos() as f64 / events))
}
