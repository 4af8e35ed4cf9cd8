//! How fast histories are read: `cargo bench --bench ingest` makes one history in every format and
//! prints the best of some readings of each, on one thread; formats that more threads read are also
//! read by one a processor. `cargo bench --bench ingest -- NAME` reads one only.

use std::hint::black_box;
use std::time::Instant;

use histcheck::Error;
use histcheck::formats::{Format, Input, ReadOptions};
use histcheck::history::Settings;

/// About so many bytes of each text, so that caches do not flatter the reader.
const BYTES: usize = 32 << 20;
const ROUNDS: usize = 15;

fn main() -> Result<(), Error> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    for (name, format, head, record) in TEXTS {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        let mut text = (*head).to_owned();
        let mut records = 0;
        while text.len() < BYTES {
            text += &record(records);
            records += 1;
        }
        if *format == Format::JsonArray {
            text.push(']');
        }
        let bytes = text.len();
        let parallel = *format != Format::Log;
        for (threads, label) in [(1, "one thread"), (0, "all threads")] {
            if threads != 1 && !parallel {
                continue;
            }
            let options = ReadOptions { threads, ..Some(*format).into() };
            let input = Input::from_bytes(text.clone().into_bytes(), options)?;
            let best = best_reading(&input)?;
            println!(
                "{name:<13} {label:<11} {:>4} bytes a record {:>6.0} MB/s {:>6.2} million records/s",
                bytes as u64 / records,
                bytes as f64 / best / 1e6,
                records as f64 / best / 1e6,
            );
        }
    }
    Ok(())
}

/// The seconds that the fastest of some readings takes.
fn best_reading(input: &Input) -> Result<f64, Error> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(input.history(Settings::default())?);
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// A name, the format, what comes first, and what the record of a number is.
type Text = (&'static str, Format, &'static str, fn(u64) -> String);

const TEXTS: &[Text] = &[
    ("jsonl", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\"time\":{}}}\n",
            n * 1500
        )
    }),
    ("jsonl-spaced", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{{\"process\": {process}, \"type\": \"{kind}\", \"f\": \"{f}\", \"value\": {value}}}\n"
        )
    }),
    ("jsonl-keyed", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        let (key, time) = (process, n * 1500);
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":[{value},{value}],\"key\":{key},\"time\":{time}}}\n"
        )
    }),
    ("jsonl-strings", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":\"value-{value}-{}\"}}\n",
            n / 2
        )
    }),
    ("jsonl-node", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        let node = process + 1;
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\"time\":{},\"node\":\"n{node}\",\"error\":null}}\n",
            n * 1500
        )
    }),
    ("jsonl-wide", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{{\"index\": {n}, \"process\": {process}, \"type\": \"{kind}\", \"f\": \"{f}\", \"value\": {value}, \"node\": \"n{process}\", \"version\": {}, \"source\": \"10.0.0.1:5000\", \"error\": \"a \\\"{f}\\\"\", \"timestamp\": {}.{:06}}}\n",
            n / 10,
            1_700_000_000 + n / 1000,
            n % 1000,
        )
    }),
    ("jsonl-seconds", Format::JsonLines, "", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{{\"process\": {process}, \"type\": \"{kind}\", \"f\": \"{f}\", \"value\": {value}, \"time\": {}.{:06}}}\n",
            1_700_000_000 + n / 1000,
            n % 1000,
        )
    }),
    ("jsonl-whole", Format::JsonLines, "", |n| {
        let (process, _, f, value) = event(n);
        let call = n * 1500;
        format!(
            "{{\"process\":{process},\"f\":\"{f}\",\"input\":{value},\"output\":{value},\"call\":{call},\"return\":{}}}\n",
            call + 1000
        )
    }),
    ("json", Format::JsonArray, "[", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{}{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\"time\":{}}}",
            if n == 0 { "" } else { "," },
            n * 1500
        )
    }),
    ("json-pretty", Format::JsonArray, "[\n", |n| {
        let (process, kind, f, value) = event(n);
        format!(
            "{}  {{\n    \"process\": {process},\n    \"type\": \"{kind}\",\n    \"f\": \"{f}\",\n    \"value\": {value}\n  }}",
            if n == 0 { "" } else { ",\n" },
        )
    }),
    ("edn", Format::Edn, "", |n| {
        let (process, kind, f, value) = event(n);
        let value = if value == "null" { "nil" } else { &*value };
        format!("{{:process {process}, :type :{kind}, :f :{f}, :value {value}}}\n")
    }),
    ("edn-jepsen", Format::Edn, "", |n| {
        let (process, kind, f, value) = event(n);
        let value = if value == "null" { "nil" } else { &*value };
        let value = format!("[{} {value}]", n / 1000);
        format!(
            "#jepsen.history.Op{{:index {n}, :time {}, :type :{kind}, :process {process}, :f :{f}, :value {value}}}\n",
            n * 1500
        )
    }),
    ("csv", Format::Csv, "process,type,f,value,time\n", |n| {
        let (process, kind, f, value) = event(n);
        format!("{process},{kind},{f},{value},{}\n", n * 1500)
    }),
    ("log", Format::Log, "", |n| {
        let (process, kind, f, value) = event(n);
        let value = if value == "null" { "nil" } else { &*value };
        format!("INFO  jepsen.util - {process}\t:{kind}\t:{f}\t{value}\n")
    }),
];

/// Process, type, `f` and value of event `n`: five processes that read and write.
fn event(n: u64) -> (u64, &'static str, &'static str, String) {
    let (process, turn) = (n / 2 % 5, n / 10);
    let kind = if n.is_multiple_of(2) { "invoke" } else { "ok" };
    let write = (process + turn).is_multiple_of(2);
    let value =
        if !write && n.is_multiple_of(2) { "null".to_owned() } else { (turn % 1000).to_string() };
    (process, kind, if write { "write" } else { "read" }, value)
}
