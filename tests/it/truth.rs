//! What the checker says of the store's histories, against what the store itself knows: every way
//! of doing an operation of several steps, right and wrong, and Raft through all faults, each over
//! many seeds.

use std::ops::Range;

use histcheck::history::Outcome;
use histcheck::store::{Plan, Preset};
use histcheck::{History, Options, Verdict, check};

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

/// A run of a system.
struct Run {
    history: History,
    /// By the store's own account.
    is_broken: bool,
    is_stuck: bool,
    /// By the checker's verdict.
    is_invalid: bool,
}

/// Runs the system with these knobs, each as `name=setting`. What shows must be broken.
fn run(text: &str, seed: u64) -> Run {
    // Its knobs are those by default.
    let mut plan = Plan::new(Preset::find("single-copy").unwrap(), seed);
    for word in text.split_whitespace() {
        let (name, setting) = word.split_once('=').expect(word);
        plan.set(name, setting).expect(word);
    }
    let (history, truth) = plan.history_and_truth().expect(text);
    let options = Options { threads: 1, ..Options::default() };
    let verdict = check(&history, &options).expect(text).verdict;
    assert_ne!(verdict, Verdict::Unknown, "{text}, seed {seed}");
    let is_invalid = verdict == Verdict::Invalid;
    assert!(truth.is_broken || !is_invalid, "a false alarm: {text}, seed {seed}");
    Run { history, is_broken: truth.is_broken, is_stuck: truth.is_stuck, is_invalid }
}

/// In how many runs the system is broken, by its own account, in how many that shows, and in how
/// many it is stuck.
fn count(text: &str) -> [u64; 3] {
    let mut counts = [0; 3];
    for seed in 0..SEEDS {
        let Run { is_broken, is_invalid, is_stuck, .. } =
            run(&format!("operations=80 {text}"), seed);
        for (count, holds) in counts.iter_mut().zip([is_broken, is_invalid, is_stuck]) {
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

/// Everything that can happen to messages at once.
const BAD_NETWORK: &str = "loss=3% duplication=3% reordering=yes slow=2%";

const PARTITIONS: [&str; 5] = ["halves", "isolate", "ring", "one-way", "flapping"];
const CRASHES: [&str; 3] = ["node", "primary", "all"];
const PAUSES: [&str; 2] = ["node", "primary"];

/// Stores with every kind of partition, crash and pause, all of them on a bad network.
fn all_faults() -> impl Iterator<Item = String> {
    PARTITIONS.into_iter().flat_map(|partition| {
        CRASHES.into_iter().flat_map(move |crash| {
            PAUSES.into_iter().map(move |pause| {
                format!("{BAD_NETWORK} partition={partition} crash={crash} pause={pause}")
            })
        })
    })
}

/// Over some seeds of a store of Raft: how many runs were broken in truth, how many histories are
/// not linearizable, and how many of 100 operations ended well.
fn tally(settings: &str, seeds: Range<u64>) -> (usize, usize, usize) {
    let text = format!("replication=raft reads-from=log {settings}");
    let (mut broken, mut invalid, mut well, mut all) = (0, 0, 0, 0);
    for seed in seeds {
        let run = run(&text, seed);
        broken += usize::from(run.is_broken);
        invalid += usize::from(run.is_invalid);
        let operations = run.history.operations();
        well += operations.iter().filter(|it| it.outcome == Outcome::Ok).count();
        all += operations.len();
    }
    (broken, invalid, 100 * well / all)
}

/// Asserts that nothing is wrong, and that at least `least` of 100 operations end well.
fn is_right(settings: &str, seeds: Range<u64>, least: usize) {
    let (broken, invalid, well) = tally(settings, seeds);
    assert_eq!((broken, invalid), (0, 0), "{settings}");
    assert!(well >= least, "{settings}: only {well} of 100");
}

#[test]
fn reads_through_the_log_are_right_through_all_faults() {
    for (at, faults) in (0..).zip(all_faults()) {
        let seeds = 2 * at..2 * at + 2;
        is_right(&format!("{faults} log-kept=8"), seeds.clone(), 50);
        is_right(&format!("{faults} nodes=5 fault-every=20ms fault-for=12ms"), seeds, 20);
    }
}

#[test]
fn nearly_everything_ends_well_in_raft_without_faults() {
    is_right("connection=any", 0..5, 98);
    is_right(BAD_NETWORK, 0..5, 85);
    is_right("nodes=5 copies=3", 0..5, 98);
    is_right("nodes=1", 0..5, 98);
}

#[test]
fn the_network_of_raft_may_be_slow() {
    is_right("delay=4ms think=20ms timeout=200ms partition=isolate fault-for=300ms", 0..5, 40);
}

#[test]
fn a_lease_of_raft_is_right_while_clocks_run_almost_alike() {
    for partition in PARTITIONS {
        let settings = format!(
            "reads-from=lease partition={partition} pause=primary crash=node {BAD_NETWORK} \
             skewed=all drift=100ms offset=10s timeout=6ms"
        );
        is_right(&settings, 0..6, 40);
    }
}

#[test]
fn calls_of_raft_are_done_once_however_often_they_are_made() {
    for workload in ["counter", "queue", "log", "set", "cas"] {
        for faults in ["partition=isolate crash=primary", "partition=halves crash=all"] {
            let settings = format!(
                "workload={workload} calls=exactly-once timeout=10ms connection=any keys=2 \
                 {faults} {BAD_NETWORK} log-kept=10"
            );
            is_right(&settings, 0..2, 30);
        }
    }
    let often = "workload=counter calls=at-least-once timeout=2ms loss=10% partition=isolate";
    assert!(tally(often, 0..5).1 > 0, "retries that the store does not know");
}

#[test]
fn each_way_to_break_raft_does() {
    for settings in [
        "reads-from=any",
        "reads-from=primary partition=isolate timeout=8ms",
        "reads-from=primary partition=halves timeout=8ms",
        "reads-from=lease partition=isolate skewed=all drift=900ms timeout=4ms think=2ms",
        "reads-from=lease partition=isolate step=1s operations=600 timeout=4ms",
        "durable=no crash=all",
        "durable=no crash=node fault-every=5ms fault-for=2ms",
    ] {
        let (broken, invalid, _) = tally(settings, 0..30);
        assert!(broken > 0 && invalid > 0, "{settings}: {broken}, {invalid}");
    }
}
