//! What clients see, as the checker judges it, and as the store's own log tells it.

use super::{BAD_NETWORK, all_faults, knobs};
use crate::history::Outcome;
use crate::store::Plan;
use crate::{Options, Verdict, check};

/// Over some seeds: how many runs were broken in truth, how many histories are not linearizable,
/// and how many of 100 operations ended well.
fn tally(settings: &str, seeds: std::ops::Range<u64>) -> (usize, usize, usize) {
    let knobs = knobs(settings);
    let (mut broken, mut invalid, mut well, mut all) = (0, 0, 0, 0);
    for seed in seeds {
        let (history, truth) = Plan::at(&knobs, seed).history_and_truth().unwrap();
        let is_broken = truth.is_broken;
        let verdict = check(&history, &Options::default()).unwrap().verdict;
        assert_ne!(verdict, Verdict::Unknown);
        let is_invalid = verdict == Verdict::Invalid;
        assert!(is_broken || !is_invalid, "the truth is in order, the history is not: {seed}");
        broken += usize::from(is_broken);
        invalid += usize::from(is_invalid);
        let operations = history.operations();
        well += operations.iter().filter(|it| it.outcome == Outcome::Ok).count();
        all += operations.len();
    }
    (broken, invalid, 100 * well / all)
}

/// Asserts that nothing is wrong, and that at least `least` of 100 operations end well.
fn is_right(settings: &str, seeds: std::ops::Range<u64>, least: usize) {
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
fn nearly_everything_ends_well_without_faults() {
    is_right("connection=any", 0..5, 98);
    is_right(BAD_NETWORK, 0..5, 85);
    is_right("nodes=5 copies=3", 0..5, 98);
    is_right("nodes=1", 0..5, 98);
}

#[test]
fn the_network_may_be_slow() {
    is_right("delay=4ms think=20ms timeout=200ms partition=isolate fault-for=300ms", 0..5, 40);
}

#[test]
fn a_lease_is_right_while_clocks_run_almost_alike() {
    for partition in super::PARTITIONS {
        let settings = format!(
            "reads-from=lease partition={partition} pause=primary crash=node {BAD_NETWORK} \
             skewed=all drift=100ms offset=10s timeout=6ms"
        );
        is_right(&settings, 0..6, 40);
    }
}

#[test]
fn calls_are_done_once_however_often_they_are_made() {
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
fn each_way_to_break_it_does() {
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
