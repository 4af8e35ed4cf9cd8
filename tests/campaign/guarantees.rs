//! What an explanation says still holds, against brute force: small random registers that are not
//! linearizable, with one value written once or often, with compare-and-set, crashes, and equal
//! times.

use histcheck::history::{Event, EventType, Time, Value};
use histcheck::model::ModelOptions;
use histcheck::{History, HistoryBuilder, Options, Session, Verdict, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::trial::{Campaign, Outcome};
use crate::weaker::{NAMES, Op, guarantees, smallest_delta, smallest_k};

/// What was counted: of histories whose values are all different, and of others.
#[derive(Default)]
struct Counts {
    histories: u64,
    /// For each guarantee: held, broken, not known.
    known: [[u64; 3]; 8],
    exact_k: u64,
    bounded_k: u64,
    deltas: u64,
    without: u64,
}

pub fn all(done: &mut impl FnMut(Outcome), campaign: &Campaign) {
    if !campaign.wants("guarantees") {
        return;
    }
    for (name, is_distinct) in [("guarantees-distinct", true), ("guarantees-repeated", false)] {
        let mut counts = Counts::default();
        let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed ^ u64::from(is_distinct));
        let outcome = loop {
            if counts.histories == campaign.guarantees {
                break Ok(summary(&counts, is_distinct));
            }
            let ops = random_history(&mut rng, is_distinct);
            if let Err(complaint) = examine(&ops, &mut counts) {
                let ops: Vec<String> = ops.iter().map(|op| format!("\n  {op:?}")).collect();
                break Err(format!("{complaint}{}", ops.concat()));
            }
        };
        done((name.to_owned(), outcome.and_then(|summary| summary)));
    }
}

/// What was seen; an error if something was never seen, or if nothing may be unknown and is.
fn summary(counts: &Counts, is_distinct: bool) -> Result<String, String> {
    let mut text = format!("{} histories", counts.histories);
    let mut complaint = None;
    for (name, known) in NAMES.iter().zip(counts.known) {
        let [held, broken, unknown] = known;
        text.push_str(&format!("; {name}: {held} held, {broken} broken, {unknown} null"));
        if held.min(broken) == 0 || is_distinct && unknown > 0 {
            complaint = Some(*name);
        }
    }
    text.push_str(&format!(
        "; k: {} exact, {} bounded; delta: {}; without either: {}",
        counts.exact_k, counts.bounded_k, counts.deltas, counts.without
    ));
    match complaint {
        Some(name) => Err(format!("{name}: {text}")),
        None => Ok(text),
    }
}

/// A few processes, each doing one thing at a time; values as some order would have them, mostly.
fn random_history(rng: &mut ChaCha8Rng, is_distinct: bool) -> Vec<Op> {
    let count = rng.random_range(2..=7);
    let processes = rng.random_range(1..=4);
    let crashes = if rng.random_bool(0.5) { 0.0 } else { 0.3 };
    let cas = if rng.random_bool(0.5) { 0.0 } else { 0.3 };
    let negatives = if rng.random_bool(0.7) { 0.0 } else { 0.2 };
    let mut busy: Vec<Option<usize>> = vec![None; processes];
    let mut ops: Vec<Op> = Vec::new();
    let (mut rank, mut time, mut written) = (0, 0, 0);
    let mut values = vec![0];
    while ops.len() < count || busy.iter().any(Option::is_some) {
        let process = rng.random_range(0..processes);
        time += rng.random_range(0..3);
        match busy[process].take() {
            Some(at) => {
                if !rng.random_bool(crashes) {
                    ops[at].ret = Some(rank);
                    ops[at].times[1] = time;
                } else if ops[at].not.is_some() {
                    // A failure is known: it completed.
                    busy[process] = Some(at);
                    continue;
                } else {
                    ops[at].lost = Some(rank);
                }
            }
            None if ops.len() < count => {
                let some = values[rng.random_range(values.len().saturating_sub(3)..values.len())];
                let mut op = Op {
                    process,
                    call: rank,
                    ret: None,
                    lost: None,
                    times: [time; 2],
                    reads: None,
                    writes: None,
                    not: None,
                };
                if rng.random_bool(0.55) {
                    op.reads = Some(if rng.random_bool(0.03) { 9 } else { some });
                    if rng.random_bool(negatives) {
                        op.not = op.reads.take();
                    }
                } else {
                    written += 1;
                    let value = if is_distinct { written } else { rng.random_range(0..3) };
                    op.writes = Some(value);
                    op.reads = rng.random_bool(cas).then_some(some).filter(|&old| old != value);
                    values.push(value);
                }
                busy[process] = Some(ops.len());
                ops.push(op);
            }
            None => continue,
        }
        rank += 1;
    }
    ops
}

fn examine(ops: &[Op], counts: &mut Counts) -> Result<(), String> {
    let history = write(ops);
    let model_options = ModelOptions { failed_cas_observes: true, ..ModelOptions::default() };
    let options = Options {
        model: Some("cas-register".to_owned()),
        model_options,
        threads: 1,
        ..Options::default()
    };
    let report = check(&history, &options).map_err(|error| error.to_string())?;
    if report.verdict != Verdict::Invalid {
        return Ok(());
    }
    counts.histories += 1;
    let found = Session::new(&history, &options)
        .and_then(|session| session.explain(&report, 1))
        .map_err(|error| error.to_string())?;
    let key = &found.keys[0];
    for (nth, expected) in guarantees(ops).into_iter().enumerate() {
        let held = &key.guarantees[nth];
        if held.guarantee.name() != NAMES[nth] || held.holds.is_some_and(|held| held != expected) {
            let all: Vec<_> = key.guarantees.iter().map(|held| held.holds).collect();
            return Err(format!("{}: brute force says {expected}, not {all:?}", NAMES[nth]));
        }
        let which = held.holds.map_or(2, |holds| usize::from(!holds));
        counts.known[nth][which] += 1;
    }
    let (k, delta) = (smallest_k(ops), smallest_delta(ops));
    let bound = key.staleness.map(|staleness| staleness.k).unwrap_or_default();
    let is_bound = match k {
        None => bound.at_least.is_none() && bound.at_most.is_none(),
        Some(k) => {
            bound.at_least.is_some_and(|low| low <= k) && bound.at_most.is_none_or(|high| high >= k)
        }
    };
    let found = key.staleness.and_then(|staleness| staleness.delta);
    if !is_bound || found != delta {
        let staleness = key.staleness;
        return Err(format!("brute force says k = {k:?}, delta = {delta:?}, not {staleness:?}"));
    }
    counts.without += u64::from(k.is_none() && delta.is_none());
    counts.deltas += u64::from(delta.is_some());
    counts.exact_k += u64::from(bound.at_least.is_some() && bound.at_least == bound.at_most);
    counts.bounded_k += u64::from(bound.at_least.is_some() && bound.at_least != bound.at_most);
    Ok(())
}

/// The history of the operations.
fn write(ops: &[Op]) -> History {
    let mut ends: Vec<(u32, usize, bool)> = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        ends.push((op.call, at, true));
        ends.extend(op.ret.or(op.lost).map(|end| (end, at, false)));
    }
    ends.sort_unstable();
    let mut builder = HistoryBuilder::default();
    for (_, at, is_call) in ends {
        let op = &ops[at];
        let mut value = |value: i64| match value {
            0 => Value::NULL,
            value => builder.values().int(value),
        };
        let (function, value) = match (op.reads.or(op.not), op.writes) {
            (Some(old), Some(new)) => {
                let pair = [value(old), value(new)];
                ("cas", builder.values().list(&pair))
            }
            (None, Some(new)) => ("write", value(new)),
            (_, None) if op.not.is_some() => {
                let pair = [value(op.not.unwrap()), value(99)];
                ("cas", builder.values().list(&pair))
            }
            (seen, None) => ("read", seen.map_or(Value::NULL, value)),
        };
        let kind = match is_call {
            true => EventType::Invoke,
            false if op.lost.is_some() => EventType::Info,
            false if op.not.is_some() => EventType::Fail,
            false => EventType::Ok,
        };
        let process = builder.values().int(op.process as i64);
        let time = op.times[usize::from(!is_call)];
        add(&mut builder, process, kind, function, value, Time::Whole(time));
    }
    builder.build().expect("a history")
}

fn add(
    builder: &mut HistoryBuilder,
    process: Value,
    kind: EventType,
    function: &str,
    value: Value,
    time: Time,
) {
    let event = Event { process, kind, function, value, key: None, time: Some(time) };
    builder.event(&event).expect("an event");
}
