//! What recording an event costs the thread that records: `cargo bench -p histcheck-record`.
//!
//! Threads record as fast as they can, with nothing between an invocation and its completion. That
//! is the worst case: real operations take longer, so that the threads meet less often at the
//! counter, and the thread that writes keeps up easily. *Recording* is the time until the slowest
//! thread has recorded everything: as the clock tells it, while the thread that writes competes for
//! the processors, and as the time that the processor spent on it. *Written* is the time until
//! everything is in the file. All are divided by the events of one thread. Threads never wait for
//! the writing, except for *bounded*: the time until everything is recorded with the usual bound.

use std::hint::black_box;
use std::io;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use histcheck_record::{Process, Recorder, RecorderBuilder};

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
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorder.jsonl");
    println!(
        "| values | threads | recording, fastest | median | its processor time | written | bounded |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for &(name, operation) in WORKLOADS {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        for threads in [1, 2] {
            let (mut rounds, mut bounded) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let unbounded = Recorder::builder().unbounded();
                rounds.push(measure(unbounded, &path, threads, operation)?);
                bounded.push(measure(Recorder::builder(), &path, threads, operation)?);
            }
            let recording = sorted(&rounds, |round| round.recording);
            let processor = match sorted(&rounds, |round| round.processor)[ROUNDS / 2] {
                time if time > 0.0 => format!("{time:.0} ns"),
                _ => "-".to_owned(),
            };
            let (fastest, median) = (recording[0], recording[ROUNDS / 2]);
            let written = sorted(&rounds, |round| round.written)[ROUNDS / 2];
            let bounded = sorted(&bounded, |round| round.recording)[ROUNDS / 2];
            println!(
                "| {name} | {threads} | {fastest:.0} ns | {median:.0} ns | {processor} \
                 | {written:.0} ns | {bounded:.0} ns |"
            );
        }
    }
    std::fs::remove_file(&path)
}

fn sorted(rounds: &[Round], of: fn(&Round) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// What a run took, in nanoseconds per event of one thread.
struct Round {
    /// Until the slowest thread had recorded all.
    recording: f64,
    /// The processor's time that this thread took for it; 0 where the system does not tell.
    processor: f64,
    /// Until all was written.
    written: f64,
}

fn measure(
    builder: RecorderBuilder,
    path: &Path,
    threads: u64,
    operation: fn(&mut Process, u64),
) -> io::Result<Round> {
    let recorder = builder.create(path)?;
    let barrier = &Barrier::new(threads as usize);
    let begin = Instant::now();
    let times: Vec<(Duration, Duration)> = thread::scope(|scope| {
        let start = |mut process: Process| {
            scope.spawn(move || {
                barrier.wait();
                let (wall, processor) = (Instant::now(), processor_time());
                for n in 0..OPERATIONS {
                    operation(black_box(&mut process), n);
                }
                (wall.elapsed(), processor_time().saturating_sub(processor))
            })
        };
        let running: Vec<_> = (0..threads).map(|_| start(recorder.process())).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let summary = recorder.finish()?;
    let written = begin.elapsed();
    assert_eq!(summary.events, 2 * threads * OPERATIONS);
    let per_event = |time: Duration| time.as_nanos() as f64 / (2 * OPERATIONS) as f64;
    let slowest = times.into_iter().max().unwrap_or_default();
    Ok(Round {
        recording: per_event(slowest.0),
        processor: per_event(slowest.1),
        written: per_event(written),
    })
}

/// The processor's time that this thread took so far, as Linux tells it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
