//! Small random histories of sets, queues, counters and registers, judged a second time by the
//! plain definitions: event by event, every element against every read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use histcheck_workloads::{Report, Verdict};

use crate::support::{Dice, Line, ask, found};

const ROUNDS: u64 = 3_000;

/// Operations of some processes at once: `next` gives the name and input of an operation, and
/// `answer` what it returns.
pub(crate) fn random<'a>(
    dice: &mut Dice,
    mut next: impl FnMut(&mut Dice, i64) -> (&'a str, Json),
    mut answer: impl FnMut(&mut Dice, &str, &Json) -> Json,
) -> Vec<Line<'a>> {
    let processes = 1 + dice.below(3);
    let mut open: Vec<Option<(&'a str, Json)>> = vec![None; processes];
    let mut lines = Vec::new();
    for _ in 0..2 + dice.below(18) {
        let process = dice.below(processes);
        match open[process].take() {
            None => {
                let (function, input) = next(dice, process as i64);
                lines.push((process as i64, "invoke", function, input.clone()));
                open[process] = Some((function, input));
            }
            Some((function, input)) => {
                let kind = ["ok", "ok", "ok", "ok", "info", "fail"][dice.below(6)];
                let output = if kind == "ok" { answer(dice, function, &input) } else { input };
                lines.push((process as i64, kind, function, output));
            }
        }
    }
    lines
}

/// A random part of the numbers below `end`.
fn some(dice: &mut Dice, end: i64) -> Json {
    (0..end).filter(|_| !dice.chance(3)).collect()
}

fn number(value: &Json) -> i64 {
    value.as_i64().expect("a number")
}

fn numbers(value: &Json) -> BTreeSet<i64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn adds_and_reads(dice: &mut Dice) -> Vec<Line<'static>> {
    random(
        dice,
        |dice, _| match dice.chance(2) {
            true => ("add", json!(dice.below(3))),
            false => ("read", Json::Null),
        },
        |dice, function, input| if function == "read" { some(dice, 4) } else { input.clone() },
    )
}

/// The record of the invocation of a completion.
fn invocation(lines: &[Line<'_>], at: usize) -> usize {
    (0..at).rev().find(|&before| lines[before].0 == lines[at].0).expect("an invocation")
}

#[derive(Clone, Copy, Default)]
struct Element {
    known: Option<usize>,
    present: Option<usize>,
    absent: Option<usize>,
}

#[test]
fn sets_are_judged_as_event_by_event() {
    let mut seen = [0; 4];
    for seed in 0..ROUNDS {
        let lines = adds_and_reads(&mut Dice(seed));
        let mut elements: BTreeMap<i64, Element> = BTreeMap::new();
        for (at, (_, kind, function, value)) in lines.iter().enumerate() {
            match (*function, *kind) {
                ("add", "invoke") => drop(elements.insert(number(value), Element::default())),
                ("add", "ok") => {
                    let element = elements.get_mut(&number(value)).unwrap();
                    element.known = element.known.or(Some(at));
                }
                ("read", "ok") => {
                    let invoked = invocation(&lines, at);
                    let read = numbers(value);
                    for (element, state) in &mut elements {
                        if read.contains(element) {
                            state.known = state.known.or(Some(at));
                            state.present = state.present.max(Some(invoked));
                        } else {
                            state.absent = state.absent.max(Some(invoked));
                        }
                    }
                }
                _ => {}
            }
        }
        let [mut stable, mut lost, mut stale] = [0; 3];
        for state in elements.values() {
            let is_missed = state.known.zip(state.absent).is_some_and(|(known, at)| known < at);
            if state.present > state.absent {
                stable += 1;
                stale += i64::from(is_missed);
            } else if is_missed {
                lost += 1;
            }
        }
        let report = ask("set-full", &lines);
        let counts = ["stable", "lost", "stale"].map(|name| report.count(name));
        assert_eq!(counts, [stable, lost, stale], "{seed}: {lines:?}");
        let verdict = match (lost, stable) {
            (0, 0) => Verdict::Unknown,
            (0, _) => Verdict::Valid,
            _ => Verdict::Invalid,
        };
        assert_eq!(report.verdict, verdict, "{seed}");
        seen[usize::from(lost > 0) + 2 * usize::from(stale > 0)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}

fn cases(report: &Report, name: &str) -> usize {
    report.found(name).map_or(0, |found| found.count)
}

#[test]
fn queues_are_judged_as_multisets() {
    for seed in 0..ROUNDS {
        let lines = random(
            &mut Dice(seed),
            |dice, _| match dice.chance(2) {
                true => ("enqueue", json!(dice.below(3))),
                false => ("dequeue", Json::Null),
            },
            |dice, function, input| match function {
                "dequeue" => json!(dice.below(4)),
                _ => input.clone(),
            },
        );
        let count = |value: i64, function: &str, kind: &str| {
            let is_one = |line: &&Line<'_>| {
                (line.1, line.2) == (kind, function) && line.3.as_i64() == Some(value)
            };
            lines.iter().filter(is_one).count() as i64
        };
        let mut expected = [0; 5];
        for value in 0..4 {
            let attempts = count(value, "enqueue", "invoke");
            let acks = count(value, "enqueue", "ok");
            let taken = count(value, "dequeue", "ok");
            let unexpected = if attempts == 0 { taken } else { 0 };
            let numbers = [
                (acks - taken).max(0),
                unexpected,
                (taken - attempts).max(0) - unexpected,
                taken.min(attempts),
                (taken.min(attempts) - acks).max(0),
            ];
            expected.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
        let report = ask("total-queue", &lines);
        let names = ["lost", "unexpected", "duplicated", "ok", "recovered"];
        assert_eq!(names.map(|name| report.count(name)), expected, "{seed}: {lines:?}");
        let is_valid = expected[0] == 0 && expected[1] == 0;
        assert_eq!(report.verdict == Verdict::Valid, is_valid, "{seed}");

        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        let mut wrong = 0;
        for (_, kind, function, value) in &lines {
            match (*function, *kind) {
                ("enqueue", "invoke") => *held.entry(number(value)).or_default() += 1,
                ("dequeue", "ok") => match held.get_mut(&number(value)) {
                    Some(count) if *count > 0 => *count -= 1,
                    _ => wrong += 1,
                },
                _ => {}
            }
        }
        let report = ask("queue", &lines);
        let all: usize = report.found.iter().map(|found| found.count).sum();
        assert_eq!(all, wrong, "{seed}: {lines:?}");
    }
}

#[test]
fn counters_are_judged_as_event_by_event() {
    let mut wrong = 0;
    for seed in 0..ROUNDS {
        let lines = random(
            &mut Dice(seed),
            |dice, _| match dice.chance(2) {
                true => ("add", json!(dice.below(3))),
                false => ("read", Json::Null),
            },
            |dice, function, input| match function {
                "read" => json!(dice.below(4)),
                _ => input.clone(),
            },
        );
        let outcome = |at: usize| {
            let (process, ..) = lines[at];
            lines[at + 1..].iter().find(|line| line.0 == process).map_or("open", |line| line.1)
        };
        let [mut lower, mut upper] = [0; 2];
        let mut pending = BTreeMap::new();
        let mut errors = 0;
        for (at, (process, kind, function, value)) in lines.iter().enumerate() {
            match (*function, *kind) {
                ("read", "invoke") => drop(pending.insert(*process, lower)),
                ("read", "ok") => {
                    let read = number(value);
                    errors += usize::from(read < pending[process] || read > upper);
                }
                ("add", "invoke") if outcome(at) != "fail" => upper += number(value),
                ("add", "ok") => lower += number(value),
                _ => {}
            }
        }
        assert_eq!(cases(&ask("counter", &lines), "out-of-bounds"), errors, "{seed}: {lines:?}");
        wrong += errors;
    }
    assert!(wrong > 100);
}

#[test]
fn writes_are_visible_as_the_graph_has_it() {
    let mut wrong = 0;
    for seed in 0..ROUNDS {
        let mut value = 0;
        let lines = random(
            &mut Dice(seed),
            |dice, _| {
                if dice.chance(3) {
                    return ("read", Json::Null);
                }
                value += 1;
                ("write", json!(value))
            },
            |dice, function, input| match function {
                "read" => some(dice, 8),
                _ => input.clone(),
            },
        );
        let mut completed = BTreeSet::new();
        let mut due: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (_, kind, function, value) in &lines {
            match (*function, *kind) {
                ("write", "invoke") => drop(due.insert(number(value), completed.clone())),
                ("write", "ok") => drop(completed.insert(number(value))),
                _ => {}
            }
        }
        let mut missing = 0;
        for (_, _, _, value) in lines.iter().filter(|line| (line.1, line.2) == ("ok", "read")) {
            let read = numbers(value);
            let due: BTreeSet<i64> =
                read.iter().filter_map(|value| due.get(value)).flatten().copied().collect();
            missing += due.difference(&read).count();
        }
        let report = ask("causal-reverse", &lines);
        assert_eq!(cases(&report, "missing"), missing, "{seed}: {lines:?}");
        wrong += missing;
    }
    assert!(wrong > 100);
}

#[test]
fn forks_are_pairs_that_do_not_compare() {
    let mut seen = [0; 2];
    for seed in 0..ROUNDS {
        let dice = &mut Dice(seed);
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut states = Vec::new();
        for _ in 0..1 + dice.below(5) {
            let state: Vec<bool> = (0..3).map(|_| !dice.chance(4)).collect();
            let part =
                |key: usize| json!(["r", key, if state[key] { json!(1) } else { Json::Null }]);
            let first = dice.below(3);
            let parts: Json = (0..3).map(|at| part((first + at) % 3)).collect();
            lines.push((0, "invoke", "read", Json::Null));
            lines.push((0, "ok", "read", parts));
            states.push(state);
        }
        let covers = |one: &[bool], other: &[bool]| one.iter().zip(other).all(|(a, b)| a >= b);
        let is_forked = states
            .iter()
            .any(|one| states.iter().any(|other| !covers(one, other) && !covers(other, one)));
        let report = ask("long-fork", &lines);
        assert_eq!(report.verdict == Verdict::Invalid, is_forked, "{seed}: {lines:?}");
        assert_eq!(found(&report).is_empty(), !is_forked);
        seen[usize::from(is_forked)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
}
