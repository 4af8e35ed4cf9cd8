//! Small random histories of logs, judged a second time by the plain definitions: maps of
//! everything, and paths between all pairs of transactions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::naive::random;
use crate::support::{Dice, Line, ask};

const ROUNDS: u64 = 4_000;

type Key = (String, i64);

/// A completed operation.
struct Txn {
    process: i64,
    kind: String,
    function: String,
    invoked: usize,
    completed: usize,
    sends: BTreeMap<String, Vec<(Option<i64>, i64)>>,
    polls: BTreeMap<String, Vec<(i64, i64)>>,
    keys: BTreeSet<String>,
}

/// Sends and polls of two logs by transactions that make mistakes.
fn logs(dice: &mut Dice) -> Vec<Line<'static>> {
    let mut message = 0;
    let mut offset = 0;
    let mut placed: Vec<(&str, i64, i64)> = Vec::new();
    let keys = ["x", "y"];
    let mut sent: Vec<(&str, i64)> = Vec::new();
    let sent_cell = std::cell::RefCell::new(&mut sent);
    random(
        dice,
        |dice, _| {
            if dice.chance(8) {
                let some: Vec<&str> = keys.into_iter().filter(|_| dice.chance(2)).collect();
                return ("assign", json!(some));
            }
            let parts = (0..1 + dice.below(2)).map(|_| {
                if dice.chance(2) {
                    return json!(["poll"]);
                }
                message += 1;
                let key = keys[dice.below(2)];
                sent_cell.borrow_mut().push((key, message));
                json!(["send", key, message])
            });
            ("txn", parts.collect())
        },
        |dice, function, input| {
            if function == "assign" {
                return input.clone();
            }
            let parts = input.as_array().unwrap().iter().map(|part| {
                if part[0] == "send" {
                    if dice.chance(5) {
                        return part.clone();
                    }
                    if !dice.chance(6) {
                        offset += 1;
                    }
                    let (key, value) = (part[1].as_str().unwrap(), part[2].as_i64().unwrap());
                    let key = keys.into_iter().find(|known| *known == key).unwrap();
                    placed.push((key, offset, value));
                    return json!(["send", key, [offset, value]]);
                }
                let mut polled: BTreeMap<&str, Vec<[i64; 2]>> = BTreeMap::new();
                for &(key, offset, value) in &placed {
                    if !dice.chance(3) {
                        polled.entry(key).or_default().push([offset, value]);
                    }
                }
                // Some messages whose senders are still at work, at offsets that nobody told.
                for &(key, value) in sent_cell.borrow().iter() {
                    if dice.chance(9) {
                        polled.entry(key).or_default().push([value + 20, value]);
                    }
                }
                if dice.chance(40) {
                    // Nobody sent it.
                    polled.entry("x").or_default().push([40, 900]);
                }
                if dice.chance(4) {
                    polled.values_mut().for_each(|list| list.reverse());
                }
                json!(["poll", polled])
            });
            parts.collect()
        },
    )
}

fn txns(lines: &[Line<'_>]) -> Vec<Txn> {
    let mut all = Vec::new();
    let mut open: BTreeMap<i64, usize> = BTreeMap::new();
    let mut add = |process, invoked, completed, kind: &str, function: &str, value: &Json| {
        let mut txn = Txn {
            process,
            kind: kind.to_owned(),
            function: function.to_owned(),
            invoked,
            completed,
            sends: BTreeMap::new(),
            polls: BTreeMap::new(),
            keys: BTreeSet::new(),
        };
        for part in value.as_array().unwrap() {
            if let Some(key) = part.as_str() {
                txn.keys.insert(key.to_owned());
            } else if part[0] == "send" {
                let value = &part[2];
                let pair = match value.as_array() {
                    Some(pair) => (pair[0].as_i64(), pair[1].as_i64().unwrap()),
                    None => (None, value.as_i64().unwrap()),
                };
                txn.sends.entry(part[1].as_str().unwrap().to_owned()).or_default().push(pair);
            } else {
                for (key, list) in part.get(1).and_then(Json::as_object).into_iter().flatten() {
                    let pairs = list.as_array().unwrap().iter();
                    let pairs = pairs.map(|it| (it[0].as_i64().unwrap(), it[1].as_i64().unwrap()));
                    txn.polls.entry(key.clone()).or_default().extend(pairs);
                }
            }
        }
        all.push(txn);
    };
    for (at, (process, kind, function, value)) in lines.iter().enumerate() {
        match *kind {
            "invoke" => drop(open.insert(*process, at)),
            _ => add(*process, open.remove(process).unwrap(), at, kind, function, value),
        }
    }
    for (process, at) in open {
        add(process, at, usize::MAX, "open", lines[at].2, &lines[at].3);
    }
    all
}

/// The messages that transactions which succeeded polled.
fn polled_ok<'t>(all: impl Iterator<Item = &'t Txn>) -> BTreeSet<Key> {
    all.filter(|txn| txn.kind == "ok")
        .flat_map(|txn| &txn.polls)
        .flat_map(|(key, list)| list.iter().map(move |pair| (key.clone(), pair.1)))
        .collect()
}

/// Whether a transaction is known to have happened.
fn is_certain(txn: &Txn, polled: &BTreeSet<Key>) -> bool {
    let is_seen = || {
        let mut sends = txn.sends.iter();
        sends.any(|(key, list)| list.iter().any(|it| polled.contains(&(key.clone(), it.1))))
    };
    txn.kind == "ok" || txn.kind != "fail" && is_seen()
}

/// Everything that is known of the logs.
struct Known<'t> {
    all: &'t [Txn],
    polled: BTreeSet<Key>,
    /// What is at each offset that holds something.
    slots: BTreeMap<String, Vec<Vec<i64>>>,
    counts: BTreeMap<&'static str, usize>,
}

impl<'t> Known<'t> {
    fn of(all: &'t [Txn]) -> Known<'t> {
        let polled = polled_ok(all.iter());
        let mut logs: BTreeMap<String, BTreeMap<i64, Vec<i64>>> = BTreeMap::new();
        let mut put = |key: &str, offset: i64, value: i64| {
            let held = logs.entry(key.to_owned()).or_default().entry(offset).or_default();
            if !held.contains(&value) {
                held.push(value);
            }
        };
        for txn in all.iter().filter(|txn| txn.function == "txn") {
            for (key, list) in txn.sends.iter().filter(|_| is_certain(txn, &polled)) {
                for &(offset, value) in list {
                    offset.into_iter().for_each(|offset| put(key, offset, value));
                }
            }
            for (key, list) in &txn.polls {
                list.iter().for_each(|&(offset, value)| put(key, offset, value));
            }
        }
        let slots = logs.into_iter().map(|(key, log)| (key, log.into_values().collect())).collect();
        Known { all, polled, slots, counts: BTreeMap::new() }
    }

    fn count(&mut self, name: &'static str, number: usize) {
        *self.counts.entry(name).or_default() += number;
    }

    fn index(&self, key: &str, value: i64) -> Option<usize> {
        self.slots.get(key)?.iter().rposition(|held| held[0] == value)
    }

    fn delta(&self, key: &str, one: i64, other: i64) -> i64 {
        match (self.index(key, one), self.index(key, other)) {
            (Some(one), Some(other)) => other as i64 - one as i64,
            _ => 1,
        }
    }

    fn writer(&self, key: &str, value: i64) -> Option<&'t Txn> {
        let wrote = |txn: &&Txn| {
            txn.sends.get(key).is_some_and(|list| list.iter().any(|pair| pair.1 == value))
        };
        self.all.iter().rfind(wrote)
    }

    fn look_at_logs(&mut self) {
        for (key, slots) in self.slots.clone() {
            self.count("inconsistent-offsets", slots.iter().filter(|held| held.len() > 1).count());
            let values: BTreeSet<i64> = slots.iter().flatten().copied().collect();
            let places = |value: i64| {
                let slots = slots.iter().enumerate();
                slots.filter(move |(_, held)| held.contains(&value)).map(|slot| slot.0)
            };
            let twice = values.iter().filter(|&&value| places(value).count() > 1).count();
            self.count("duplicate", twice);
            let read = |value: i64| self.polled.contains(&(key.clone(), value));
            let first = values.iter().filter(|&&value| read(value));
            let bound = first.filter_map(|&value| places(value).next()).max();
            let is_lost = |&&value: &&i64| {
                let is_due = bound.is_some_and(|bound| places(value).next_back().unwrap() <= bound);
                let writer = self.writer(&key, value);
                let is_certain = writer.is_some_and(|txn| is_certain(txn, &self.polled));
                is_due && !read(value) && is_certain
            };
            let lost = values.iter().filter(is_lost).count();
            self.count("lost-write", lost);
            let is_unsent = |&&value: &&i64| self.writer(&key, value).is_none();
            let unsent = values.iter().filter(is_unsent).count();
            self.count("unsent", unsent);
        }
    }

    fn look_at_transactions(&mut self) {
        for txn in self.all.iter().filter(|txn| txn.function == "txn") {
            for (key, list) in &txn.polls {
                for pair in list.windows(2) {
                    let delta = self.delta(key, pair[0].1, pair[1].1);
                    self.count("int-poll-skip", usize::from(delta > 1));
                    self.count("int-nonmonotonic-poll", usize::from(delta < 1));
                }
                let own = txn.sends.get(key).is_some_and(|sent| {
                    list.iter().any(|pair| sent.iter().any(|sent| sent.1 == pair.1))
                });
                self.count("precommitted-read", usize::from(own));
                let wrote = |txn: &Txn, value: i64| {
                    txn.sends.get(key).is_some_and(|it| it.iter().any(|it| it.1 == value))
                };
                let is_failed =
                    |value: i64| self.all.iter().any(|txn| txn.kind == "fail" && wrote(txn, value));
                let dirty = list.iter().filter(|pair| txn.kind == "ok" && is_failed(pair.1));
                let dirty = dirty.count();
                self.count("G1a", dirty);
            }
            for (key, list) in &txn.sends {
                for pair in list.windows(2) {
                    let delta = self.delta(key, pair[0].1, pair[1].1);
                    self.count("int-send-skip", usize::from(delta > 1));
                    self.count("int-nonmonotonic-send", usize::from(delta < 1));
                }
                let is_unseen = |it: &&(Option<i64>, i64)| {
                    txn.kind == "ok" && !self.polled.contains(&(key.clone(), it.1))
                };
                let unseen = list.iter().filter(is_unseen).count();
                self.count("unseen", unseen);
            }
        }
    }

    fn look_at_process(&mut self, process: i64) {
        let mut polled: BTreeMap<String, Option<i64>> = BTreeMap::new();
        let mut sent: BTreeMap<String, i64> = BTreeMap::new();
        for txn in self.all.iter().filter(|txn| txn.process == process) {
            if txn.function == "assign" {
                if txn.kind == "ok" || txn.kind == "info" {
                    polled.retain(|key, _| txn.keys.contains(key));
                    sent.retain(|key, _| txn.keys.contains(key));
                }
                continue;
            }
            for (key, list) in &txn.polls {
                let first = list.first().map(|pair| pair.1);
                if let (Some(Some(last)), Some(first)) = (polled.get(key), first) {
                    let delta = self.delta(key, *last, first);
                    self.count("poll-skip", usize::from(delta > 1));
                    self.count("nonmonotonic-poll", usize::from(delta < 1));
                }
                if txn.kind == "ok" {
                    polled.insert(key.clone(), list.last().map(|pair| pair.1));
                }
            }
            for (key, list) in txn.sends.iter().filter(|_| txn.kind != "fail") {
                if let Some(last) = sent.get(key) {
                    let delta = self.delta(key, *last, list[0].1);
                    self.count("nonmonotonic-send", usize::from(delta < 1));
                }
                sent.insert(key.clone(), list[list.len() - 1].1);
            }
        }
    }
}

/// The counts of all anomalies but cycles.
fn expected(all: &[Txn]) -> BTreeMap<&'static str, usize> {
    let mut known = Known::of(all);
    known.look_at_logs();
    known.look_at_transactions();
    let processes: BTreeSet<i64> = all.iter().map(|txn| txn.process).collect();
    processes.into_iter().for_each(|process| known.look_at_process(process));
    known.counts
}

#[test]
fn logs_are_judged_by_the_definitions() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..ROUNDS {
        let lines = logs(&mut Dice(seed));
        let all = txns(&lines);
        let report = ask("kafka", &lines);
        for (name, expected) in expected(&all) {
            let found = report.found(name).map_or(0, |found| found.count);
            assert_eq!(found, expected, "{seed}: {name}: {lines:#?}");
            *seen.entry(name).or_default() += usize::from(expected > 0);
        }
        for name in ["G0", "G1c", "G0-process", "G1c-process", "G0-realtime", "G1c-realtime"] {
            let found = ask(&format!("kafka:{name}"), &lines).found(name).is_some();
            let expected = has_circle(&all, name);
            // Those of processes and of real time are named only beside what has no other name.
            if !name.contains('-') {
                assert_eq!(found, expected, "{seed}: {name}: {lines:#?}");
            } else if found {
                assert!(expected, "{seed}: {name}: {lines:#?}");
            }
            let weaker = name.split('-').next().unwrap();
            let others =
                [weaker.to_owned(), format!("{weaker}-process"), format!("{weaker}-realtime")];
            let any = others
                .iter()
                .any(|other| ask(&format!("kafka:{other}"), &lines).found(other).is_some());
            assert!(!expected || any, "{seed}: {name}: {lines:#?}");
            *seen.entry(name).or_default() += usize::from(found);
        }
    }
    assert!(seen.values().all(|&count| count > 10), "{seen:?}");
}

/// Whether there is a circle of the kind `name`, by all paths.
fn has_circle(all: &[Txn], name: &str) -> bool {
    let all: Vec<&Txn> = all.iter().filter(|txn| txn.function == "txn").collect();
    let wrote = |txn: &Txn, key: &str, value: i64| {
        txn.sends.get(key).is_some_and(|list| list.iter().any(|it| it.1 == value))
    };
    let writer = |key: &str, value: i64| all.iter().rposition(|txn| wrote(txn, key, value));
    let mut needed = BTreeSet::new();
    let writes = write_order(&all, writer);
    for (to, txn) in all.iter().enumerate().filter(|_| name.starts_with("G1c")) {
        for (key, list) in &txn.polls {
            for from in list.iter().filter_map(|it| writer(key, it.1)).filter(|&from| from != to) {
                needed.insert((from, to));
            }
        }
    }
    let mut paths: BTreeSet<(usize, usize)> = writes.union(&needed).copied().collect();
    if name.starts_with("G0") {
        needed = writes;
    }
    for (from, one) in all.iter().enumerate().filter(|(_, txn)| txn.kind == "ok") {
        for (to, other) in all.iter().enumerate() {
            let is_before = one.completed < other.invoked;
            let is_process = one.process == other.process && other.kind == "ok";
            if is_before && (name.ends_with("realtime") || name.ends_with("process") && is_process)
            {
                paths.insert((from, to));
            }
        }
    }
    for via in 0..all.len() {
        for from in 0..all.len() {
            for to in 0..all.len() {
                if paths.contains(&(from, via)) && paths.contains(&(via, to)) {
                    paths.insert((from, to));
                }
            }
        }
    }
    needed.iter().any(|&(from, to)| paths.contains(&(to, from)))
}

/// The pairs of transactions whose messages follow each other in a log.
fn write_order(
    all: &[&Txn],
    writer: impl Fn(&str, i64) -> Option<usize>,
) -> BTreeSet<(usize, usize)> {
    let polled = polled_ok(all.iter().copied());
    let mut order: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for txn in all {
        for (key, list) in txn.sends.iter().filter(|_| is_certain(txn, &polled)) {
            for &(offset, value) in list {
                if let Some(offset) = offset {
                    order.entry((key.clone(), offset)).or_insert(value);
                }
            }
        }
        for (key, list) in &txn.polls {
            for &(offset, value) in list {
                order.entry((key.clone(), offset)).or_insert(value);
            }
        }
    }
    let places: Vec<_> = order.iter().collect();
    let mut pairs = BTreeSet::new();
    for pair in places.windows(2) {
        let [((key, _), one), ((next, _), other)] = [pair[0], pair[1]];
        if let (Some(from), Some(to)) = (writer(key, *one), writer(next, *other))
            && key == next
            && from != to
        {
            pairs.insert((from, to));
        }
    }
    pairs
}
