//! What keeps the correct systems correct, looked at after every event of many runs. What Raft
//! promises is watched where Raft is.

use std::collections::BTreeMap;

use super::knobs::Knobs;
use super::origin::Stamp;
use super::placement::Places;
use super::world::World;

/// Runs the system, and asks after every event, given the latest version of each key that a client
/// was told, what is wrong. The first answer, if there is one.
fn first_fault(
    settings: &str,
    seed: u64,
    is_wrong: impl Fn(&World, &BTreeMap<u32, Stamp>) -> Option<String>,
) -> Option<String> {
    let mut told: BTreeMap<u32, Stamp> = BTreeMap::new();
    let mut seen = 0;
    let mut fault = None;
    World::new(&Knobs::of(settings), seed, false).run_watched(|world| {
        let (new, records) = world.told().1.told_since(seen);
        seen = records;
        for (key, stamp) in new {
            let latest = told.entry(key).or_insert(Stamp::NONE);
            *latest = stamp.max(*latest);
        }
        if fault.is_none() {
            fault = is_wrong(world, &told);
        }
    });
    fault
}

/// What a client was told is on a majority of all nodes, so that every later quorum meets it.
fn lacks_majority(world: &World, told: &BTreeMap<u32, Stamp>) -> Option<String> {
    let nodes = world.nodes();
    told.iter().find_map(|(&key, &stamp)| {
        let has = |node: &&super::node::Node| {
            node.leaderless().is_some_and(|engine| engine.stamp(key) >= stamp)
        };
        let count = nodes.iter().filter(has).count();
        let is_few = stamp != Stamp::NONE && 2 * count <= nodes.len();
        is_few.then(|| format!("key {key}: {count} of {} nodes have {stamp:?}", nodes.len()))
    })
}

/// No cache would serve anything older than what a client was told.
fn serves_old(world: &World, told: &BTreeMap<u32, Stamp>) -> Option<String> {
    let (now, _) = world.told();
    world.caches().find_map(|cache| {
        let is_old = |&(key, stamp): &(u32, Stamp)| told.get(&key).is_some_and(|it| stamp < *it);
        cache.served(now).find(is_old).map(|(key, stamp)| format!("key {key}: {stamp:?} is served"))
    })
}

#[test]
fn quorums_of_reads_and_writes_meet_if_and_only_if_they_are_large_enough() {
    for nodes in 1..=7_u32 {
        let members: Vec<u16> = (0..nodes as u16).collect();
        let places = Places::new(&Knobs { nodes, ..Knobs::default() }, &members);
        for (read, write) in (1..=nodes).flat_map(|r| (1..=nodes).map(move |w| (r, w))) {
            let quorums = |size: u32| {
                let quorum = places.quorum(0, |_| size as usize);
                (0..1_u64 << nodes).filter(move |&nodes| quorum.is_met(nodes))
            };
            let meet = quorums(read).all(|one| quorums(write).all(|other| one & other != 0));
            assert_eq!(meet, read + write > nodes, "{read} and {write} of {nodes}");
        }
    }
}

#[test]
fn what_a_client_was_told_is_on_a_majority() {
    let network = "replication=leaderless loss=5% duplication=5% reordering=yes slow=5%";
    for seed in 0..20 {
        for faults in ["partition=halves", "partition=ring nodes=5", "crash=node nodes=5 keys=3"] {
            let settings = format!("{network} {faults} fault-every=20ms clients=8");
            assert_eq!(first_fault(&settings, seed, lacks_majority), None, "{settings}, {seed}");
        }
    }
    let breaks = |settings: &str| {
        let settings = format!("{network} {settings}");
        (0..20).any(|seed| first_fault(&settings, seed, lacks_majority).is_some())
    };
    assert!(breaks("write-quorum=1"));
    assert!(breaks("write-back=no"));
    assert!(breaks("crash=node durable=no"));
}

#[test]
fn no_cache_serves_what_a_client_knows_to_be_old() {
    for seed in 0..20 {
        for cache in ["shared", "per-node"] {
            for faults in
                ["slow=10%", "slow=5% reordering=yes loss=1% crash=node", "time-to-live=9ms"]
            {
                let settings = format!("cache={cache} reads=80% keys=2 {faults}");
                assert_eq!(first_fault(&settings, seed, serves_old), None, "{settings}, {seed}");
            }
        }
    }
    let breaks =
        |settings: &str| (0..20).any(|seed| first_fault(settings, seed, serves_old).is_some());
    assert!(breaks("cache=shared invalidation=none time-to-live=20ms"));
    assert!(breaks("cache=shared invalidation=after slow=10%"));
    assert!(breaks("cache=per-node guarded-fills=no slow=20% reordering=yes reads=80%"));
}
