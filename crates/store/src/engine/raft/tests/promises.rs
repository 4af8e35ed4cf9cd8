//! What Raft promises holds at every moment, whatever happens.

use super::observer::Observer;
use super::{all_faults, knobs};
use crate::world::World;

/// Runs a store under observation; the reigns, and the whole copies that were sent.
fn watch(settings: &str, seed: u64) -> (usize, usize) {
    let knobs = knobs(settings);
    let mut observer = Observer::new(knobs.keys, knobs.log_kept);
    World::new(&knobs, seed, false).run_watched(|world| observer.look(world.nodes()));
    (observer.reigns(), observer.jumps)
}

#[test]
fn promises_are_kept_through_all_faults() {
    let (mut reigns, mut jumps) = (0, 0);
    for (seed, faults) in (1..).zip(all_faults()) {
        for rest in [
            "nodes=3 log-kept=3 fault-every=20ms fault-for=20ms",
            "nodes=5 log-kept=3 fault-every=12ms fault-for=15ms clients=10 think=2ms",
            "nodes=4 log-kept=5 fault-every=15ms fault-for=15ms clients=8 think=3ms",
            "nodes=5 log-kept=1000 fault-every=8ms fault-for=8ms timeout=8ms keys=2",
        ] {
            let (more_reigns, more_jumps) = watch(&format!("{faults} {rest}"), seed);
            (reigns, jumps) = (reigns + more_reigns, jumps + more_jumps);
        }
    }
    // The faults did what they are for.
    assert!(reigns > 500, "{reigns}");
    assert!(jumps > 50, "{jumps}");
}

#[test]
fn one_node_and_two_nodes_are_groups_too() {
    for seed in 1..5 {
        assert_eq!(watch("nodes=1", seed).0, 1);
        assert!(watch("nodes=2 crash=node", seed).0 >= 1);
        assert!(watch("nodes=5 copies=3 connection=any crash=primary", seed).0 >= 1);
    }
}
