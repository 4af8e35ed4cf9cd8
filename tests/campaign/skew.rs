//! Clock offsets: stores that are correct but recorded by several clocks, stores that order writes
//! by wrong clocks, and stores that are plainly wrong.
//!
//! The offsets that are found are never larger than those that were put in, and make the history
//! linearizable: the recording is written again with them taken out, and checked.

use std::fmt::Write as _;
use std::time::Instant;

use histcheck::check::Verdict;
use histcheck::explain::{ClockSkew, Situation, SkewOutcome};
use histcheck::formats::{Format, Input};
use histcheck::history::{Order, Settings};
use histcheck::{History, Options, Session};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::trial::{Campaign, Outcome};

const MILLISECOND: i64 = 1_000_000;

/// One operation as it truly happened.
#[derive(Clone, Debug)]
struct Run {
    process: usize,
    node: usize,
    key: usize,
    call: i64,
    /// When it took effect.
    point: i64,
    /// `None` if nobody knows.
    ret: Option<i64>,
    f: &'static str,
    input: String,
    output: String,
    /// Whether it did not happen, and said so.
    failed: bool,
    stamp: Option<i64>,
}

/// What a store holds, and how it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Store {
    /// A register in which no value is written twice.
    Distinct,
    /// A register with a few values.
    Few,
    /// Reads, writes and cas of a few values.
    Cas,
    /// A counter.
    Counter,
    /// A queue of distinct items.
    Queue,
}

impl Store {
    const ALL: [Store; 5] = [Store::Distinct, Store::Few, Store::Cas, Store::Counter, Store::Queue];

    fn model(self) -> &'static str {
        match self {
            Store::Distinct | Store::Few => "register",
            Store::Cas => "cas-register",
            Store::Counter => "counter",
            Store::Queue => "fifo-queue",
        }
    }
}

/// How a history is made.
#[derive(Clone, Debug)]
struct Plan {
    store: Store,
    nodes: usize,
    processes: usize,
    keys: usize,
    operations: usize,
    /// How long an operation takes at most.
    latency: i64,
    /// How long a process waits at most.
    pause: i64,
    crashes: f64,
    /// By how much each node's clock is ahead.
    offsets: Vec<i64>,
}

impl Plan {
    fn random(rng: &mut ChaCha8Rng) -> Plan {
        let nodes = rng.random_range(2..=7);
        let store = *Store::ALL.choose(rng).unwrap();
        let sizes = match store {
            Store::Counter | Store::Queue => [50, 100, 150],
            _ => [50, 300, 2_000],
        };
        let operations = *sizes.choose(rng).unwrap();
        let reach = *[5, 50, 500, 5_000].choose(rng).unwrap() * MILLISECOND;
        let mut offsets = vec![0; nodes];
        match rng.random_range(0..3) {
            0 => offsets[rng.random_range(0..nodes)] = rng.random_range(0..=reach),
            1 => {
                let one = rng.random_range(0..=reach);
                offsets.iter_mut().for_each(|x| *x = *[0, one].choose(rng).unwrap());
            }
            _ => offsets.iter_mut().for_each(|x| *x = rng.random_range(0..=reach)),
        }
        Plan {
            store,
            nodes,
            processes: rng.random_range(nodes..=2 * nodes),
            keys: *[1, 1, 3].choose(rng).unwrap(),
            operations,
            latency: *[2, 20].choose(rng).unwrap() * MILLISECOND,
            pause: *[5, 50, 500].choose(rng).unwrap() * MILLISECOND,
            crashes: *[0.0, 0.02].choose(rng).unwrap(),
            offsets,
        }
    }

    /// By how much clocks disagree at most.
    fn injected(&self) -> i64 {
        self.offsets.iter().max().unwrap() - self.offsets.iter().min().unwrap()
    }

    /// Who does something when: calls, points and returns, by point.
    fn schedule(&self, rng: &mut ChaCha8Rng) -> Vec<Run> {
        let mut now: Vec<i64> =
            (0..self.processes).map(|_| rng.random_range(0..=self.pause)).collect();
        let mut names: Vec<usize> = (0..self.processes).collect();
        let mut runs = Vec::new();
        for _ in 0..self.operations {
            let client = (0..self.processes).min_by_key(|&client| now[client]).unwrap();
            let call = now[client] + rng.random_range(1..=self.pause);
            let point = call + rng.random_range(0..=self.latency);
            let end = point + rng.random_range(0..=self.latency);
            let crashes = rng.random_bool(self.crashes);
            runs.push(Run {
                process: names[client],
                node: client % self.nodes,
                key: rng.random_range(0..self.keys),
                call,
                point,
                ret: (!crashes).then_some(end),
                f: "",
                input: "null".into(),
                output: "null".into(),
                failed: false,
                stamp: None,
            });
            if crashes {
                names[client] += self.processes;
            }
            now[client] = end;
        }
        runs.sort_by_key(|run| (run.point, run.process));
        runs
    }

    /// A history of a store that does everything right.
    fn correct(&self, rng: &mut ChaCha8Rng) -> Vec<Run> {
        let mut runs = self.schedule(rng);
        let mut held: Vec<Vec<usize>> = vec![Vec::new(); self.keys];
        for (at, run) in runs.iter_mut().enumerate() {
            act(self.store, run, &mut held[run.key], at + 1, rng);
        }
        runs.retain(|run| !(run.failed && run.ret.is_none()));
        runs
    }

    /// A history of a register whose nodes stamp writes by their clocks; the highest stamp wins.
    fn last_write_wins(&self, rng: &mut ChaCha8Rng) -> Vec<Run> {
        let mut runs = self.schedule(rng);
        let mut held = vec![(i64::MIN, "null".to_owned()); self.keys];
        for (at, run) in (1..).zip(&mut runs) {
            let held = &mut held[run.key];
            if rng.random_bool(0.5) {
                (run.f, run.output) = ("read", held.1.clone());
                continue;
            }
            let value = if self.store == Store::Few { rng.random_range(0..4) } else { at };
            (run.f, run.input) = ("write", value.to_string());
            run.output = run.input.clone();
            let stamp = rng.random_range(run.call..=run.point) + self.offsets[run.node];
            run.stamp = Some(stamp);
            if stamp >= held.0 {
                *held = (stamp, run.input.clone());
            }
        }
        runs
    }

    /// A history of a register some of whose nodes answer from a cache now and then.
    fn stale(&self, rng: &mut ChaCha8Rng) -> Vec<Run> {
        let mut runs = self.schedule(rng);
        let mut held = vec!["null".to_owned(); self.keys];
        let mut cached = vec![(held.clone(), 0); self.nodes];
        let keeps = 4 * (self.pause + self.latency);
        for (at, run) in (1..).zip(&mut runs) {
            let (cache, since) = &mut cached[run.node];
            if run.point - *since > keeps {
                (*cache, *since) = (held.clone(), run.point);
            }
            if rng.random_bool(0.5) {
                let source = if run.node == 0 { &cache[run.key] } else { &held[run.key] };
                (run.f, run.output) = ("read", source.clone());
            } else {
                (run.f, run.input) = ("write", at.to_string());
                run.output = run.input.clone();
                held[run.key] = run.input.clone();
            }
        }
        runs
    }
}

/// Lets one operation happen to what a store holds.
fn act(store: Store, run: &mut Run, held: &mut Vec<usize>, fresh: usize, rng: &mut ChaCha8Rng) {
    let shown = |held: &[usize]| held.last().map_or("null".into(), |v| v.to_string());
    let reads = rng.random_bool(0.5);
    match store {
        Store::Counter if reads => (run.f, run.output) = ("read", held.len().to_string()),
        Store::Counter => {
            (run.f, run.input) = ("add", "1".into());
            run.output = "1".into();
            held.push(1);
        }
        Store::Queue if reads => {
            let first = (!held.is_empty()).then(|| held.remove(0));
            (run.f, run.output) = ("dequeue", first.map_or("null".into(), |v| v.to_string()));
        }
        Store::Queue => {
            (run.f, run.input, run.output) = ("enqueue", fresh.to_string(), fresh.to_string());
            held.push(fresh);
        }
        Store::Cas if !reads && rng.random_bool(0.6) => {
            let (old, new) = (rng.random_range(0..3), rng.random_range(0..3));
            run.f = "cas";
            run.input = format!("[{old},{new}]");
            run.failed = held.last() != Some(&old);
            run.output = if run.failed { "false".into() } else { "true".into() };
            if !run.failed {
                *held = vec![new];
            }
        }
        _ if reads => (run.f, run.output) = ("read", shown(held)),
        _ => {
            let value = if store == Store::Distinct { fresh } else { rng.random_range(0..3) };
            (run.f, run.input, run.output) = ("write", value.to_string(), value.to_string());
            *held = vec![value];
        }
    }
}

/// The history as it is recorded by clocks that are ahead by `offsets`, in the order of times.
fn recorded(runs: &[Run], offsets: &[i64], with_stamps: bool) -> History {
    let mut events: Vec<(i64, u8, String)> = Vec::new();
    for run in runs {
        let mut record = |time: i64, kind: &str, value: &str| {
            let time = time + offsets[run.node];
            let mut line = format!(
                r#"{{"process":{},"type":"{kind}","f":"{}","value":{value},"time":{time}"#,
                run.process, run.f,
            );
            write!(line, r#","key":"k{}","node":"n{}""#, run.key, run.node).unwrap();
            if let Some(stamp) = run.stamp.filter(|_| with_stamps && kind == "ok") {
                write!(line, r#","timestamp":{stamp}"#).unwrap();
            }
            events.push((time, u8::from(kind != "invoke"), line + "}\n"));
        };
        record(run.call, "invoke", &run.input);
        if let Some(ret) = run.ret {
            record(ret, if run.failed { "fail" } else { "ok" }, &run.output);
        }
    }
    events.sort();
    let text: String = events.into_iter().map(|(_, _, line)| line).collect();
    let input = Input::from_bytes(text.into_bytes(), Some(Format::JsonLines).into()).unwrap();
    input.history(Settings { order: Order::Time, ..Settings::default() }).unwrap()
}

fn options(store: Store) -> Options {
    Options { model: Some(store.model().into()), threads: 1, ..Options::default() }
}

/// What was found, and whether there was anything to find.
fn find(history: &History, store: Store) -> Option<SkewOutcome> {
    let options = options(store);
    let report = histcheck::check(history, &options).unwrap();
    (report.verdict == Verdict::Invalid)
        .then(|| Session::new(history, &options).unwrap().clock_skew(&report).unwrap())
}

/// A history of few operations: of a correct store that is recorded by several clocks, of one that
/// orders writes by them, or of one that is plainly wrong.
pub fn small(rng: &mut ChaCha8Rng) -> (History, Options) {
    let mut plan = Plan::random(rng);
    plan.operations = rng.random_range(6..=40);
    let still = vec![0; plan.nodes];
    let history = match rng.random_range(0..4) {
        0 | 1 => recorded(&plan.correct(rng), &plan.offsets, false),
        2 => {
            (plan.store, plan.crashes) = (Store::Distinct, 0.0);
            let with_stamps = rng.random_bool(0.5);
            recorded(&plan.last_write_wins(rng), &still, with_stamps)
        }
        _ => {
            plan.store = Store::Distinct;
            recorded(&plan.stale(rng), &still, false)
        }
    };
    (history, options(plan.store))
}

/// How often what was found.
#[derive(Default, Debug)]
struct Tally {
    valid: usize,
    right: usize,
    pinned: usize,
    smallest: usize,
    other: usize,
    other_pinned: usize,
    missed: usize,
    impossible: usize,
    /// Of those found, larger ones than were put in, but not said to be the smallest.
    larger: usize,
}

impl Tally {
    fn add(&mut self, outcome: &Option<SkewOutcome>, situation: Situation) {
        match outcome {
            None => self.valid += 1,
            Some(SkewOutcome::Found(skew)) if skew.situation == situation => {
                self.right += 1;
                self.pinned += usize::from(skew.is_pinned);
                self.smallest += usize::from(skew.is_smallest);
            }
            Some(SkewOutcome::Found(skew)) => {
                self.other += 1;
                self.other_pinned += usize::from(skew.is_pinned);
            }
            Some(SkewOutcome::Impossible) => self.impossible += 1,
            Some(_) => self.missed += 1,
        }
    }

    fn summary(&self) -> String {
        let Tally { valid, right, pinned, smallest, larger, .. } = self;
        let Tally { other, other_pinned, missed, impossible, .. } = self;
        format!(
            "{valid} valid; found {right}, {smallest} of them the smallest, {pinned} pinned, \
             {larger} larger than they need be; the other situation {other}, {other_pinned} of \
             them pinned; no offsets {impossible}, not in time {missed}"
        )
    }
}

/// Tries every kind of store.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    done(("skew::recording".into(), recordings(campaign)));
    if campaign.model.as_deref() == Some("skew-recording") {
        return;
    }
    for (name, with_stamps) in [("stamped", true), ("unstamped", false)] {
        done((format!("skew::last-write-wins-{name}"), last_writes(campaign, with_stamps)));
    }
    done(("skew::stale".into(), stale(campaign)));
}

fn recordings(campaign: &Campaign) -> Result<String, String> {
    let mut tally = Tally::default();
    let mut times = Vec::new();
    let mut wrong = String::new();
    for seed in 0..campaign.skew {
        let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed * 1_000_000 + seed);
        let plan = Plan::random(&mut rng);
        let runs = plan.correct(&mut rng);
        let history = recorded(&runs, &plan.offsets, false);
        let start = Instant::now();
        let outcome = find(&history, plan.store);
        let took = start.elapsed();
        times.extend(outcome.as_ref().map(|_| took));
        tally.add(&outcome, Situation::Recording);
        let is_larger = |skew: &ClockSkew| skew.spread() as i64 > plan.injected();
        let what = match &outcome {
            Some(SkewOutcome::Found(skew)) if skew.is_smallest && is_larger(skew) => {
                "larger than injected"
            }
            Some(SkewOutcome::Found(skew))
                if skew.situation == Situation::Recording && !is_mended(&runs, &plan, skew) =>
            {
                "not linearizable with them"
            }
            Some(SkewOutcome::Found(skew)) if is_larger(skew) => {
                tally.larger += 1;
                eprintln!("seed {seed}: {} after {took:?}: {plan:?}", skew.spread());
                continue;
            }
            Some(SkewOutcome::Found(_)) | None => continue,
            // How often depends on the machine; it is counted.
            Some(SkewOutcome::NotFound) => {
                eprintln!("seed {seed}: not in time after {took:?}: {plan:?}");
                continue;
            }
            Some(_) => "nothing was found",
        };
        writeln!(wrong, "seed {seed}: {what} after {took:?}: {plan:?}\n{outcome:?}").unwrap();
    }
    times.sort_unstable();
    let (median, most) = (times.get(times.len() / 2), times.last());
    let summary = format!("{}; median {median:?}, at most {most:?}", tally.summary());
    if wrong.is_empty() { Ok(summary) } else { Err(format!("{wrong}{summary}")) }
}

/// Whether the recording is linearizable with the offsets taken out.
fn is_mended(runs: &[Run], plan: &Plan, skew: &ClockSkew) -> bool {
    let history = recorded(runs, &plan.offsets, false);
    let mut offsets = plan.offsets.clone();
    for &(name, offset) in &skew.offsets {
        let name = history.values().as_name(name).unwrap().to_owned();
        offsets[name[1..].parse::<usize>().unwrap()] -= offset;
    }
    let mended = recorded(runs, &offsets, false);
    histcheck::check(&mended, &options(plan.store)).unwrap().verdict == Verdict::Valid
}

fn last_writes(campaign: &Campaign, with_stamps: bool) -> Result<String, String> {
    let mut tally = Tally::default();
    for seed in 0..campaign.skew {
        let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed * 1_000_000 + seed);
        let mut plan = Plan::random(&mut rng);
        plan.crashes = 0.0;
        if !matches!(plan.store, Store::Distinct | Store::Few) {
            plan.store = Store::Distinct;
        }
        let runs = plan.last_write_wins(&mut rng);
        let still = vec![0; plan.nodes];
        let outcome = find(&recorded(&runs, &still, with_stamps), plan.store);
        tally.add(&outcome, Situation::LastWriteWins);
        let context = |what: &str| format!("seed {seed}: {what}: {plan:?}\n{outcome:?}");
        match &outcome {
            Some(SkewOutcome::Found(skew))
                if skew.situation == Situation::LastWriteWins
                    && skew.is_smallest
                    && skew.spread() as i64 > plan.injected() =>
            {
                return Err(context("larger than injected"));
            }
            Some(SkewOutcome::Impossible | SkewOutcome::NoTimes | SkewOutcome::NotNeeded) => {
                return Err(context("nothing was found"));
            }
            Some(SkewOutcome::NotFound) => eprintln!("{}", context("not in time")),
            _ => {}
        }
    }
    Ok(tally.summary())
}

/// Nothing is wrong with the clocks: what is found is hardly ever pinned.
fn stale(campaign: &Campaign) -> Result<String, String> {
    let mut tally = Tally::default();
    for seed in 0..campaign.skew {
        let mut rng = ChaCha8Rng::seed_from_u64(campaign.seed * 1_000_000 + seed);
        let plan = Plan::random(&mut rng);
        let runs = plan.stale(&mut rng);
        let still = vec![0; plan.nodes];
        let outcome = find(&recorded(&runs, &still, false), Store::Distinct);
        tally.add(&outcome, Situation::Recording);
    }
    Ok(tally.summary())
}
