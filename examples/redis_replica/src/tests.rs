//! Skipped where there is no `redis-server`.

#![allow(clippy::unwrap_used)]

use histcheck::Verdict;
use histcheck::explain::AnomalyKind;
use histcheck::history::OpIndex;

use super::{run, temporary};

/// What the primary sends is held back while others write, so that reads of the replica are stale;
/// and Redis on one node is a register, so that nothing else is wrong.
#[test]
fn stale_reads_of_a_replica_are_caught() {
    let path = temporary("jsonl");
    // Once is enough on any machine that was tried; it is a matter of chance all the same.
    for _ in 0..5 {
        let Some(checked) = run(&path).unwrap() else {
            println!("skipped: there is no redis-server on the path");
            return;
        };
        std::fs::remove_file(&path).unwrap();
        if checked.report.verdict == Verdict::Valid {
            continue;
        }
        assert_eq!(checked.report.verdict, Verdict::Invalid);
        let anomalies = &checked.explanation.anomalies;
        let is_stale = |kind: AnomalyKind| {
            matches!(
                kind,
                AnomalyKind::StaleRead
                    | AnomalyKind::NonMonotonicRead
                    | AnomalyKind::StaleCacheRead
            )
        };
        assert!(is_stale(anomalies[0].kind), "{anomalies:#?}");
        // The reads that are named were answered by the replica.
        let history = &checked.history;
        for anomaly in anomalies.iter().filter(|one| one.kind == AnomalyKind::StaleRead) {
            let node = |&at: &OpIndex| history.extra_of(at, "node");
            let nodes: Vec<_> = anomaly.operations.iter().filter_map(node).collect();
            let names: Vec<_> = nodes.iter().map(|&node| history.values().as_name(node)).collect();
            assert!(names.contains(&Some("replica")), "{names:?}: {}", anomaly.summary);
        }
        return;
    }
    panic!("no read of the replica was stale in five runs");
}
