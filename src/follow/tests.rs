//! What is followed against what is checked as a whole, prefix by prefix. In tests, little is held
//! before the operations on an object are kept and decided instead.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Follower;
use crate::check::Options;
use crate::history::{EventType, History, HistoryBuilder};
use crate::tries::tries;
use crate::{Verdict, check};

/// One record: a process, how it goes on, an operation and its value.
type Record = (i64, EventType, &'static str, Option<i64>);

const PROCESSES: i64 = 5;

/// Records of a model whose operations these are: names, and whether they are called with a value,
/// and return one.
fn records(
    dice: &mut ChaCha8Rng,
    names: &[(&'static str, bool, bool)],
    count: usize,
) -> Vec<Record> {
    let mut below = |bound: u32| dice.next_u32() % bound;
    let mut open: Vec<Option<(&'static str, bool, Option<i64>)>> = vec![None; PROCESSES as usize];
    let mut processes: Vec<i64> = (0..PROCESSES).collect();
    let mut records = Vec::new();
    while records.len() < count {
        let at = below(PROCESSES as u32) as usize;
        let process = processes[at];
        let Some((name, returns, given)) = open[at].take() else {
            let (name, takes, returns) = names[below(names.len() as u32) as usize];
            let given = takes.then(|| i64::from(below(3)));
            records.push((process, EventType::Invoke, name, given));
            open[at] = Some((name, returns, given));
            continue;
        };
        let (kind, value) = match below(10) {
            0 => (EventType::Info, given),
            1 => (EventType::Fail, given),
            _ if returns => (EventType::Ok, Some(i64::from(below(3)))),
            _ => (EventType::Ok, given),
        };
        records.push((process, kind, name, value));
        if kind == EventType::Info {
            processes[at] += PROCESSES;
        }
    }
    records
}

fn add(builder: &mut HistoryBuilder, &(process, kind, name, value): &Record) {
    let added = match (kind, value) {
        (EventType::Invoke, Some(value)) => builder.invoke(process, name, value),
        (EventType::Invoke, None) => builder.invoke(process, name, ()),
        (EventType::Ok, Some(value)) => builder.ok(process, name, value),
        (EventType::Ok, None) => builder.ok(process, name, ()),
        (EventType::Fail, _) => builder.fail(process, name),
        (EventType::Info, _) => builder.info(process, name),
    };
    added.unwrap();
}

fn whole(records: &[Record], options: &Options) -> Verdict {
    let mut builder = History::builder();
    records.iter().for_each(|record| add(&mut builder, record));
    check(&builder.build().unwrap(), options).unwrap().verdict
}

/// The place of the record by which the history is not linearizable, whatever is open comes to.
fn first_violation(records: &[Record], options: &Options) -> Option<usize> {
    (1..=records.len())
        .find(|&count| whole(&records[..count], options) == Verdict::Invalid)
        .map(|count| count - 1)
}

fn compare(model: &str, names: &[(&'static str, bool, bool)]) {
    let options = Options { model: Some(model.to_owned()), threads: 1, ..Options::default() };
    let (mut invalid, mut deferred) = (0, 0);
    for seed in 0..u64::from(tries(40)) {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let count = 10 + (dice.next_u32() % 40) as usize;
        let records = records(&mut dice, names, count);
        let expected = first_violation(&records, &options);
        let piece = 1 + (dice.next_u32() % 9) as usize;
        let mut follower = Follower::new(options.clone());
        let mut found = Vec::new();
        for piece in records.chunks(piece) {
            piece.iter().for_each(|record| add(follower.events(), record));
            found.extend(follower.check().unwrap());
            deferred += u32::from(follower.course.defers());
        }
        found.extend(follower.check_all().unwrap());
        let places: Vec<usize> = found.iter().map(|found| found.completed.index()).collect();
        assert_eq!(places, expected.into_iter().collect::<Vec<_>>(), "{model}, seed {seed}");
        let verdict = if expected.is_some() { Verdict::Invalid } else { Verdict::Valid };
        assert_eq!(follower.finish().unwrap().verdict, verdict, "{model}, seed {seed}");
        invalid += u32::from(expected.is_some());
    }
    assert!(invalid > 0 && deferred > 0, "{model}: {invalid} invalid, {deferred} deferred");
}

#[test]
fn registers() {
    compare("register", &[("write", true, false), ("read", false, true)]);
}

#[test]
fn queues() {
    compare("unordered-queue", &[("enqueue", true, false), ("dequeue", false, true)]);
    compare("fifo-queue", &[("enqueue", true, false), ("dequeue", false, true)]);
}

#[test]
fn stacks() {
    compare("stack", &[("push", true, false), ("pop", false, true)]);
}
