//! The search against brute force: all offsets of small histories, each decided by trying all
//! orders.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::rules::Rule;
use super::search::{Found, Search};
use super::timeline::Timeline;
use super::walk::Walk;
use super::{Grouping, Situation};
use crate::Session;
use crate::check::{Budget, Meter, Models, Options, Verdict};
use crate::formats::json_value;
use crate::history::{History, HistoryBuilder, Interval, Outcome, Settings, Time, Value};
use crate::model::{AnyModel, AnyOp, AnyState, Model, ModelOptions};
use crate::tries::tries;

/// Operations of a model: function, input, output.
type Letters = &'static [(&'static str, &'static str, &'static str)];

const REGISTER: Letters = &[
    ("write", "1", "1"),
    ("write", "2", "2"),
    ("write", "3", "3"),
    ("read", "null", "1"),
    ("read", "null", "2"),
    ("read", "null", "3"),
    ("read", "null", "null"),
];

const CAS: Letters = &[
    ("write", "1", "1"),
    ("write", "2", "2"),
    ("read", "null", "1"),
    ("read", "null", "2"),
    ("cas", "[null,1]", "true"),
    ("cas", "[1,2]", "true"),
    ("cas", "[2,1]", "true"),
];

const QUEUE: Letters = &[
    ("enqueue", "1", "1"),
    ("enqueue", "2", "2"),
    ("dequeue", "null", "1"),
    ("dequeue", "null", "2"),
    ("dequeue", "null", "null"),
];

const COUNTER: Letters =
    &[("add", "1", "1"), ("read", "null", "0"), ("read", "null", "1"), ("read", "null", "2")];

const MODELS: [(&str, Letters); 4] =
    [("register", REGISTER), ("cas-register", CAS), ("fifo-queue", QUEUE), ("counter", COUNTER)];

/// Times are below this.
const SPAN: i64 = 8;

/// One operation to be recorded: function, input, output, node, call, return.
type Told = (&'static str, String, String, i64, i64, Option<i64>);

fn history(told: &[Told]) -> History {
    let mut builder = HistoryBuilder::default();
    for (function, input, output, node, call, ret) in told {
        let values = builder.values();
        let input = json_value(input, values).unwrap();
        let output = json_value(output, values).unwrap();
        let node = values.int(*node);
        builder.extra("node", node);
        let outcome = if ret.is_some() { Outcome::Ok } else { Outcome::Open };
        let (call, ret) = (Time::Whole(*call), ret.map(Time::Whole));
        let interval =
            Interval { process: None, outcome, function, input, output, key: None, call, ret };
        builder.interval(&interval).unwrap();
    }
    builder.finish(Settings::default()).unwrap()
}

fn random_history(letters: Letters, groups: i64, rng: &mut ChaCha8Rng) -> History {
    let mut told: Vec<Told> = Vec::new();
    for _ in 0..rng.random_range(2..=6) {
        let &(function, input, output) = letters.choose(rng).unwrap();
        let node = rng.random_range(0..groups);
        let call = rng.random_range(0..SPAN);
        let ret = rng.random_range(call..SPAN.min(call + 4));
        let ret = rng.random_bool(0.9).then_some(ret);
        told.push((function, input.into(), output.into(), node, call, ret));
    }
    history(&told)
}

/// The history of a register as `rule` has it, with clocks that are ahead by the offsets returned:
/// recorded by them, or ordering its writes by them.
fn skewed_history(rule: Rule, groups: i64, rng: &mut ChaCha8Rng) -> (History, Vec<i64>) {
    let mut offsets: Vec<i64> = (0..groups).map(|_| rng.random_range(0..=3)).collect();
    offsets[rng.random_range(0..groups) as usize] = 0;
    let count = rng.random_range(3..=7);
    let mut points: Vec<i64> = (0..count).map(|_| rng.random_range(0..SPAN)).collect();
    points.sort_unstable();
    let few = rng.random_bool(0.3);
    // A timestamp and the value.
    let mut held = (i64::MIN, "null".to_owned());
    let mut told: Vec<Told> = Vec::new();
    for (fresh, point) in points.into_iter().enumerate() {
        let call = rng.random_range((point - 1).max(0)..=point);
        let ret = rng.random_range(point..=SPAN.min(point + 1));
        let ret = rng.random_bool(0.95).then_some(ret);
        let node = rng.random_range(0..groups);
        let offset = offsets[node as usize];
        let shift = if rule == Rule::Recording { offset } else { 0 };
        let (recorded, returned) = (call + shift, ret.map(|ret| ret + shift));
        if rng.random_bool(0.5) {
            told.push(("read", "null".into(), held.1.clone(), node, recorded, returned));
            continue;
        }
        let value = (if few { fresh % 2 } else { fresh }).to_string();
        let stamp = match rule {
            Rule::Recording => point,
            Rule::LastWriteWins => rng.random_range(call..=point) + offset,
        };
        if stamp >= held.0 {
            held = (stamp, value.clone());
        }
        told.push(("write", value.clone(), value, node, recorded, returned));
    }
    (history(&told), offsets)
}

/// An operation with its ends, and its group.
#[derive(Debug)]
struct Op<O> {
    op: O,
    group: usize,
    call: i64,
    ret: Option<i64>,
    is_write: bool,
}

/// Whether `ops` can be ordered, with these calls and returns.
fn is_orderable(
    model: &AnyModel,
    ops: &[(&AnyOp, i64, Option<i64>)],
    placed: u32,
    state: &AnyState,
) -> bool {
    let is_open = |at: usize| placed >> at & 1 == 0;
    let open = || (0..ops.len()).filter(|&at| is_open(at));
    let Some(horizon) = open().filter_map(|at| ops[at].2).min() else { return true };
    open().filter(|&at| ops[at].1 <= horizon).any(|at| {
        let mut nexts = model.step(state, ops[at].0);
        nexts.any(|next| is_orderable(model, ops, placed | 1 << at, &next))
    })
}

/// Whether the history is explained by `offsets`, by the very definition of the rule.
fn is_explained(model: &AnyModel, rule: Rule, ops: &[Op<AnyOp>], offsets: &[i64]) -> bool {
    let timed: Vec<(&AnyOp, i64, Option<i64>)> = ops
        .iter()
        .map(|op| match rule {
            Rule::Recording => {
                let offset = offsets[op.group];
                (&op.op, op.call - offset, op.ret.map(|ret| ret - offset))
            }
            Rule::LastWriteWins => (&op.op, losing_call(op, ops, offsets), op.ret),
        })
        .collect();
    is_orderable(model, &timed, 0, &model.initial())
        && (rule == Rule::Recording || is_last_write_possible(model, ops, offsets))
}

/// The earliest moment at which a write may count: while one is taking effect whose clock is
/// further ahead, by as much as that at most.
fn losing_call<O>(op: &Op<O>, ops: &[Op<O>], offsets: &[i64]) -> i64 {
    let may_count = |moment: &i64| {
        ops.iter().filter(|other| op.is_write && other.is_write).any(|other| {
            let ahead = offsets[other.group] - offsets[op.group];
            let is_active = other.call <= *moment && other.ret.is_none_or(|ret| *moment <= ret);
            ahead > 0 && is_active && op.call - moment <= ahead
        })
    };
    (-1..op.call).find(may_count).unwrap_or(op.call)
}

/// Whether nobody saw a value before it was written, and every write that was certainly seen has a
/// later timestamp than those acknowledged before its call.
fn is_last_write_possible(model: &AnyModel, ops: &[Op<AnyOp>], offsets: &[i64]) -> bool {
    use crate::model::Establishes::{Token, Unknown};
    let facts = |op: &Op<AnyOp>| model.facts(&op.op);
    let is_told = ops.iter().all(|op| facts(op).pure || facts(op).establishes != Unknown);
    let Some(initial) = model.token(&model.initial()).filter(|_| is_told) else { return true };
    let mut observers = ops.iter().filter(|op| op.ret.is_some());
    observers.all(|observer| {
        let Some(token) = facts(observer).requires.filter(|&token| token != initial) else {
            return true;
        };
        let writes = |op: &&Op<AnyOp>| !facts(op).pure && facts(op).establishes == Token(token);
        let sources: Vec<&Op<AnyOp>> = ops.iter().filter(writes).collect();
        let seen = observer.ret.unwrap();
        if !sources.iter().any(|op| !std::ptr::eq(*op, observer) && op.call <= seen) {
            return false;
        }
        let [winner] = sources[..] else { return true };
        let by = winner.ret.map_or(seen, |ret| ret.min(seen));
        !winner.is_write
            || ops.iter().filter(|op| op.is_write).all(|op| {
                let is_before = op.ret.is_some_and(|ret| ret < winner.call);
                !is_before || offsets[op.group] - offsets[winner.group] <= by - op.call
            })
    })
}

/// All offsets of `groups` groups, one of which at least is 0, small ones first.
fn all_offsets(groups: usize) -> Vec<Vec<i64>> {
    let mut all = vec![Vec::new()];
    for _ in 0..groups {
        let longer = |offsets: Vec<i64>| {
            (-SPAN..=SPAN).map(move |x| offsets.iter().copied().chain([x]).collect())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all.retain(|offsets: &Vec<i64>| offsets.contains(&0));
    all.sort_by_key(|offsets| size(offsets));
    all
}

/// By how much they differ.
fn size(offsets: &[i64]) -> i64 {
    offsets.iter().max().unwrap() - offsets.iter().min().unwrap()
}

struct Comparison<'a> {
    history: &'a History,
    rule: Rule,
    all: &'a [Vec<i64>],
    /// Offsets that explain the history.
    injected: Option<&'a [i64]>,
}

impl Comparison<'_> {
    /// The size of the smallest offsets, as both find it.
    fn run(self, model: &AnyModel) -> Option<i64> {
        let Comparison { history, rule, all, injected } = self;
        let ways = super::groups::ways(history);
        let groups = ways.ways.first().unwrap();
        let models = Models::one(model.clone());
        let timeline =
            Timeline::new(&models, history, &groups.of, groups.names.len()).unwrap().unwrap();
        let budget = Budget { timeout: Some(Duration::from_secs(600)), ..Budget::default() };
        let meter = Meter::start(&budget, 0);
        let mut search = Search::new(&timeline, rule, |_| true, &meter);
        search.allow(usize::MAX);
        let found = match search.root() {
            Some(root) => search.go(&mut Walk::new(root)),
            None => Found::Impossible,
        };
        let timed = timeline.keys[0].entries.iter().map(|entry| &entry.timed);
        let ops: Vec<Op<AnyOp>> = timed
            .map(|timed| Op {
                op: timed.op.clone(),
                group: usize::from(timed.group),
                call: timed.call + history.start_time().unwrap(),
                ret: timed.ret.map(|ret| ret + history.start_time().unwrap()),
                is_write: timed.is_write,
            })
            .collect();
        let expected = all.iter().find(|offsets| is_explained(model, rule, &ops, offsets));
        if let Some(injected) = injected {
            let of = |name: &Value| injected[history.values().as_int(*name).unwrap() as usize];
            let injected: Vec<i64> = groups.names.iter().map(of).collect();
            assert!(is_explained(model, rule, &ops, &injected), "{injected:?}: {ops:?}");
        }
        let shown = || {
            let ops: Vec<_> = ops.iter().map(|o| (&o.op, o.group, o.call, o.ret)).collect();
            format!("{rule:?}: found {found:?}, expected {expected:?} of {ops:#?}")
        };
        match (&found, expected) {
            (Found::Impossible, None) => None,
            (Found::Offsets(offsets), Some(expected)) => {
                assert_eq!(size(offsets), size(expected), "{}", shown());
                assert!(is_explained(model, rule, &ops, offsets), "{}", shown());
                // Others are found by repairing these, which are too large and as good as any.
                let mut search = Search::new(&timeline, rule, |_| true, &meter);
                let root = search.root().unwrap();
                let start = (0..groups.names.len() as i64).map(|group| 9 * group).collect();
                search.allow(3_000);
                if let Some(repaired) = search.repair(&root, i64::MAX, start) {
                    assert!(is_explained(model, rule, &ops, &repaired), "{repaired:?} {}", shown());
                    let smaller = search.descend(&root, repaired.clone(), 300);
                    assert!(is_explained(model, rule, &ops, &smaller), "{smaller:?} {}", shown());
                    assert!(size(offsets) <= size(&smaller) && size(&smaller) <= size(&repaired));
                    REPAIRED.with(|count| count.set(count.get() + 1));
                }
                Some(size(offsets))
            }
            _ => panic!("{}", shown()),
        }
    }
}

thread_local! {
    /// How often offsets were found by repairing others.
    static REPAIRED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Where clocks are truly wrong, their offsets are among those that count, so that those found are
/// no larger; and again they are those that brute force finds.
#[test]
fn true_offsets_are_an_explanation() {
    let all: Vec<Vec<Vec<i64>>> = (0..=3).map(all_offsets).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for rule in [Rule::Recording, Rule::LastWriteWins] {
        let mut counts = [0; 2];
        for _ in 0..tries(400) {
            let (history, injected) = skewed_history(rule, rng.random_range(2..=3), &mut rng);
            let ways = super::groups::ways(&history).ways;
            let by_node = ways.first().filter(|way| way.grouping != Grouping::Process);
            let groups = by_node.map(|way| way.names.len());
            let Some(groups) = groups.filter(|&groups| groups <= 3) else { continue };
            let options = ModelOptions::default();
            let model = AnyModel::by_name("register", None, options, history.values()).unwrap();
            let injected = Some(&injected[..]);
            let comparison = Comparison { history: &history, rule, all: &all[groups], injected };
            let found = comparison.run(&model).unwrap();
            counts[usize::from(found > 0)] += 1;
        }
        println!("{rule:?}: {counts:?}");
        assert!(counts[0] + counts[1] > 100, "{rule:?}: {counts:?}");
    }
}

/// The smallest offsets are those that brute force finds, for both rules.
#[test]
fn the_search_agrees_with_brute_force() {
    let all: Vec<Vec<Vec<i64>>> = (0..=3).map(all_offsets).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for (name, letters) in MODELS {
        // Valid as they are, explained, not explained; for each rule.
        let mut counts = [[0; 3]; 2];
        for _ in 0..tries(400) {
            let history = random_history(letters, rng.random_range(2..=3), &mut rng);
            let groups = super::groups::ways(&history).ways.first().map(|way| way.names.len());
            let Some(groups) = groups.filter(|&groups| groups <= 3) else { continue };
            for (at, rule) in [Rule::Recording, Rule::LastWriteWins].into_iter().enumerate() {
                let options = ModelOptions::default();
                let model = AnyModel::by_name(name, None, options, history.values()).unwrap();
                let comparison =
                    Comparison { history: &history, rule, all: &all[groups], injected: None };
                match comparison.run(&model) {
                    Some(0) => counts[at][0] += 1,
                    Some(_) => counts[at][1] += 1,
                    None => counts[at][2] += 1,
                }
            }
        }
        let repaired = REPAIRED.take();
        println!("{name}: {counts:?}, {repaired} repaired");
        let explained: usize = counts.iter().map(|counts| counts[0] + counts[1]).sum();
        assert!(repaired * 10 >= explained * 9, "{name}: {repaired} of {explained} repaired");
        assert!(counts[0].iter().all(|&count| count > 10), "{name}: {counts:?}");
    }
}

/// The canonical histories, with what is found: the culprit, its offset in milliseconds.
#[test]
fn canonical_histories_show_their_clocks() {
    let cases = [
        ("clock-skew-recording", Situation::Recording, "n2", -340..=-300),
        ("clock-skew-last-write-wins-stamped", Situation::LastWriteWins, "n3", 400..=500),
        ("clock-skew-last-write-wins", Situation::LastWriteWins, "n2", -250..=-200),
    ];
    for (name, situation, culprit, milliseconds) in cases {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/histories");
        let history = crate::read_file(format!("{folder}/{name}.jsonl")).unwrap();
        let options = Options::default();
        let report = crate::check(&history, &options).unwrap();
        let outcome = Session::new(&history, &options).unwrap().clock_skew(&report).unwrap();
        let skew = outcome.found().unwrap();
        assert!(skew.is_pinned && skew.is_smallest && !skew.is_within_error, "{skew:?}");
        assert_eq!((skew.grouping, skew.situation), (Grouping::Field("node"), situation));
        assert_eq!(skew.lost_by_timestamp > 0, name.ends_with("stamped"), "{skew:?}");
        for &(node, offset) in &skew.offsets {
            if history.values().as_name(node) == Some(culprit) {
                assert!(milliseconds.contains(&(offset / 1_000_000)), "{skew:?}");
            } else {
                assert_eq!(offset, 0, "{skew:?}");
            }
        }
    }
}

/// What is wrong with these has nothing to do with clocks, or does not tell that it has.
#[test]
fn other_anomalies_are_not_pinned_on_clocks() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/histories");
    let mut invalid = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() || name == "README.md" || name.starts_with("clock-skew") {
            continue;
        }
        let history = crate::read_file(&path).unwrap();
        let options = Options::default();
        let report = crate::check(&history, &options).unwrap();
        invalid += usize::from(report.verdict == Verdict::Invalid);
        let outcome = Session::new(&history, &options).unwrap().clock_skew(&report).unwrap();
        let skew = outcome.found();
        assert!(skew.is_none_or(|skew| !skew.is_pinned), "{name}");
    }
    assert!(invalid > 10);
}
