//! Every history with small faults put into it: outputs exchanged, returns lost, moved or turned
//! into failures, operations left out, a clock set. What is found is certified and explained, as
//! for the history itself; and what is said is compared with what is kept in `tests/suite/reports`.

use histcheck::formats::{Format, Input, ReadOptions};
use histcheck::history::Settings;
use histcheck::{Options, Verdict};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::{FEW, Outcome, certificate, explained, folder, reports, said, trial, variants};

/// So many altered histories are made of each.
const TIMES: u64 = 12;

/// Tries the history in the file `name` with faults in it.
pub(crate) fn run(name: &str) -> Outcome {
    let history = Input::open(folder().join(name), ReadOptions::default())
        .and_then(|input| input.history(Settings::default()))
        .map_err(|error| error.to_string())?;
    let text = variants::written(&history, Format::JsonLines)?;
    let mut table = String::from("alteration\tverdict\tanomalies\tdigest of the reports\n");
    for seed in 0..TIMES {
        let mut records = Vec::new();
        for line in text.lines() {
            records.push(serde_json::from_str(line).map_err(|error| error.to_string())?);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let Some(alteration) = alter(&mut records, &mut rng) else { continue };
        let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
        let said = tried(lines.concat()).map_err(|error| format!("{alteration}: {error}"))?;
        table += &format!("{alteration}\t{said}\n");
    }
    Ok(reports::keep(&reports::path(name, "altered.tsv"), &table)?)
}

/// What is said of the history in `text`: verdict, anomalies, and a digest of both reports; or the
/// error, of one that its model cannot read.
fn tried(text: String) -> Result<String, String> {
    let input = Input::from_bytes(text.into_bytes(), Some(Format::JsonLines).into());
    let told = input.and_then(|input| Ok((input.history(Settings::default())?, input)));
    let options = Options::default();
    let checked = told.and_then(|(history, input)| {
        let report = histcheck::check(&history, &options)?;
        Ok((input, history, report))
    });
    let (input, history, report) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(format!("error\t{error}\t")),
    };
    certificate::verify(&history, &options, &report)?;
    if trial::check(&history, &Options { threads: 1, ..Options::default() })? != report {
        return Err("another report with one thread".to_owned());
    }
    let subject = reports::explained(&input, &history, &report)?;
    if report.verdict == Verdict::Invalid {
        explained::verify(&report, &subject.explanation, FEW)?;
    }
    Ok(format!("{}\t{}", report.verdict, said::said(&subject)))
}

/// An operation that returned: the lines of its call and its return.
#[derive(Clone, Copy)]
struct Returned {
    call: usize,
    ret: usize,
}

/// Alters the records in one place and says how; `None` if there is nothing to alter.
fn alter(records: &mut Vec<Value>, rng: &mut ChaCha8Rng) -> Option<String> {
    let all = returned(records);
    let &one = all.choose(rng)?;
    match rng.random_range(0..8) {
        0..=2 => exchange(records, &all, one, rng),
        3 => {
            records[one.ret]["type"] = "info".into();
            Some(format!("the return on line {} is lost", one.ret + 1))
        }
        4 => {
            records[one.ret]["type"] = "fail".into();
            Some(format!("the return on line {} is a failure", one.ret + 1))
        }
        5 => {
            records.remove(one.ret);
            records.remove(one.call);
            Some(format!("the operation of line {} never was", one.call + 1))
        }
        6 => postpone(records, one, rng),
        _ => set_clock(records, one, rng),
    }
    .or_else(|| exchange(records, &all, one, rng))
}

fn returned(records: &[Value]) -> Vec<Returned> {
    let is = |record: &Value, kind: &str| record["type"] == kind;
    let of = |call: usize| {
        let process = &records[call]["process"];
        let mut later = (call + 1..records.len()).filter(|&at| &records[at]["process"] == process);
        later.next().filter(|&ret| is(&records[ret], "ok")).map(|ret| Returned { call, ret })
    };
    (0..records.len()).filter(|&at| is(&records[at], "invoke")).filter_map(of).collect()
}

/// Another operation with the same function got this one's output, and the other way round.
fn exchange(
    records: &mut [Value],
    all: &[Returned],
    one: Returned,
    rng: &mut ChaCha8Rng,
) -> Option<String> {
    let output =
        |record: &Value| ["value", "output"].into_iter().find(|field| record.get(field).is_some());
    let others: Vec<Returned> = all
        .iter()
        .copied()
        .filter(|other| {
            let [a, b] = [&records[one.ret], &records[other.ret]];
            a["f"] == b["f"] && output(a).is_some() && output(b).is_some() && a != b
        })
        .collect();
    let other = others.choose(rng)?;
    let [here, there] = [one.ret, other.ret].map(|at| output(&records[at]).unwrap());
    let given = std::mem::take(&mut records[one.ret][here]);
    records[one.ret][here] = std::mem::replace(&mut records[other.ret][there], given);
    Some(format!("the outputs on lines {} and {} are exchanged", one.ret + 1, other.ret + 1))
}

/// The operation returned later, before the next call of its process.
fn postpone(records: &mut Vec<Value>, one: Returned, rng: &mut ChaCha8Rng) -> Option<String> {
    let process = &records[one.ret]["process"];
    let mut later = (one.ret + 1..records.len()).filter(|&at| &records[at]["process"] == process);
    let next = later.next().unwrap_or(records.len());
    let places = next - one.ret;
    let by = (places > 1).then(|| rng.random_range(1..places))?;
    let mut record = records.remove(one.ret);
    if let Some(time) = records[one.ret + by - 1].get("time") {
        record["time"] = time.clone();
    }
    records.insert(one.ret + by, record);
    Some(format!("the return on line {} comes {by} later", one.ret + 1))
}

/// The clock of a process is ahead of the others', by up to a fifth of the whole time, and its
/// records stand where its clock puts them.
fn set_clock(records: &mut [Value], one: Returned, rng: &mut ChaCha8Rng) -> Option<String> {
    let time = |record: &Value| record["time"].as_i64();
    let events = records.iter().position(|record| record.get("type").is_some())?;
    let mut times = records[events..].iter().map(time).collect::<Option<Vec<i64>>>()?;
    times.sort_unstable();
    let whole = times[times.len() - 1] - times[0];
    let ahead = (whole >= 5).then(|| rng.random_range(1..=whole / 5))?;
    let process = records[one.call]["process"].clone();
    for record in records[events..].iter_mut().filter(|record| record["process"] == process) {
        record["time"] = Value::from(time(record)? + ahead);
    }
    records[events..].sort_by_key(time);
    Some(format!("the clock of process {process} is {ahead} ahead"))
}
