//! Every way of doing an operation of several steps, right and wrong, over many seeds: what the
//! store says of itself, and what the checker says of the history.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::store::{Knobs, Plan};
use crate::{Options, Verdict, check};

/// Seeds that each system is tried with.
const SEEDS: u64 = 24;

/// Systems that must behave as a single copy does.
const RIGHT: &[&str] = &[
    "workload=bank method=atomic",
    "workload=bank method=locked",
    "workload=bank method=optimistic",
    "workload=bank method=optimistic replication=primary",
    "workload=bank method=optimistic replication=raft",
    "workload=bank method=optimistic replication=raft reads-from=log loss=2%",
    "workload=bank method=locked keys=2 nodes=3 placement=modulo copies=1",
    "workload=lock-pairs method=locked",
    "workload=mutex",
    "workload=mutex lease=50ms",
    "workload=mutex lease=60ms loss=3%",
    "workload=mutex lease=60ms crash=all",
    "workload=counter method=locked",
    "workload=counter method=optimistic",
    "workload=counter method=optimistic-by-value",
    "workload=counter method=locked lease=10ms pause=client fault-for=40ms fencing=yes",
    "workload=set method=locked",
    "workload=set method=optimistic",
    "workload=log method=atomic",
    "workload=log method=locked",
    "workload=log method=optimistic keys=3",
    "workload=set method=locked lease=10ms pause=client fault-for=40ms fencing=yes",
    "workload=semaphore",
    "workload=semaphore permits=3 loss=1% calls=exactly-once",
    "workload=semaphore method=optimistic",
    "workload=queue lease=30ms",
    "workload=queue lease=30ms loss=3%",
    "workload=queue lease=30ms crash=all",
    "workload=transactions isolation=serializable",
    "workload=transactions isolation=serializable replication=primary reads-from=any \
     acknowledge=early",
    "workload=transactions isolation=serializable loss=3%",
    "workload=transactions isolation=serializable replication=raft",
];

/// Systems that do not, and in how many of all seeds that shows at least.
const WRONG: &[(u64, &str)] = &[
    (20, "workload=bank method=read-then-write"),
    (20, "workload=bank method=optimistic-by-value"),
    (4, "workload=bank method=locked lease=20ms pause=client fault-for=60ms"),
    (3, "workload=bank method=locked lease=100ms loss=3%"),
    (20, "workload=counter method=read-then-write"),
    (3, "workload=counter method=locked lease=10ms pause=client fault-for=40ms work=3ms"),
    (20, "workload=set method=read-then-write"),
    (20, "workload=log method=read-then-write"),
    (3, "workload=mutex lease=10ms pause=client fault-for=40ms work=4ms"),
    (15, "workload=semaphore method=read-then-write"),
    (20, "workload=queue lease=10ms work=12ms"),
    (2, "workload=queue lease=20ms pause=client fault-for=60ms"),
    (15, "workload=transactions isolation=snapshot"),
    (20, "workload=transactions isolation=read-committed"),
    (
        8,
        "workload=transactions isolation=parallel-snapshot replication=primary placement=modulo \
         delay=5ms \
         accounts=2 nodes=2 clients=8 think=1ms",
    ),
];

/// Systems that get stuck, and in how many of all seeds at least.
const STUCK: &[(u64, &str)] = &[
    (20, "workload=bank method=locked-as-needed"),
    (20, "workload=lock-pairs method=locked-as-needed"),
    (5, "workload=semaphore leaks=10%"),
    (5, "workload=mutex loss=5%"),
];

/// In how many runs the system is broken, by its own account, in how many that shows, and in how
/// many it is stuck. What shows must be broken.
fn count(text: &str) -> [u64; 3] {
    let knobs = Knobs::of(&format!("operations=80 {text}"));
    let mut counts = [0; 3];
    for seed in 0..SEEDS {
        let (history, truth) = Plan::at(&knobs, seed).history_and_truth().expect(text);
        let options = Options { threads: 1, ..Options::default() };
        let verdict = check(&history, &options).expect(text).verdict;
        assert_ne!(verdict, Verdict::Unknown, "{text}, seed {seed}");
        let is_invalid = verdict == Verdict::Invalid;
        assert!(truth.is_broken || !is_invalid, "a false alarm: {text}, seed {seed}");
        for (count, holds) in counts.iter_mut().zip([truth.is_broken, is_invalid, truth.is_stuck]) {
            *count += u64::from(holds);
        }
    }
    counts
}

#[test]
fn right_ways_are_never_broken() {
    for text in RIGHT {
        let [broken, _, stuck] = count(text);
        assert_eq!([broken, stuck], [0, 0], "{text}");
    }
}

#[test]
fn wrong_ways_break_and_mostly_it_shows() {
    for &(least, text) in WRONG {
        let [broken, invalid, _] = count(text);
        assert!(invalid >= least, "{text}: broken {broken}, invalid {invalid}");
        assert!(invalid * 4 >= broken * 3, "{text}: broken {broken}, invalid {invalid}");
    }
}

#[test]
fn some_ways_end_in_a_deadlock_or_with_nothing_left_and_yet_are_in_order() {
    for &(least, text) in STUCK {
        let [broken, invalid, stuck] = count(text);
        assert_eq!([broken, invalid], [0, 0], "{text}");
        assert!(stuck >= least, "{text}: stuck {stuck}");
    }
}
