//! How far polls are behind the logs.
//!
//! A process has read a log up to some offset. From the first time at which somebody is known to
//! have seen a later offset of that log, the process is behind; how long it is when it polls again,
//! and does not catch up, is its lag. Real time only bounds it from below: it is known when a poll
//! was invoked, and when what was sent was acknowledged.

use histcheck_history::Outcome;
use histcheck_history::hash::Map;

use super::Scene;
use super::txns::{Kind, Txn};
use crate::report::Findings;

/// When the offsets of a log were seen first.
struct Seen {
    /// Offsets, ascending, each with the first time at which it or a later one was seen.
    first: Vec<(i64, i64)>,
}

impl Seen {
    fn of(mut times: Vec<(i64, i64)>) -> Seen {
        times.sort_unstable();
        for at in (1..times.len()).rev() {
            times[at - 1].1 = times[at - 1].1.min(times[at].1);
        }
        Seen { first: times }
    }

    /// The first time at which an offset beyond `offset` was seen.
    fn beyond(&self, offset: i64) -> Option<i64> {
        let at = self.first.partition_point(|seen| seen.0 <= offset);
        self.first.get(at).map(|seen| seen.1)
    }
}

/// Measures the lag of every poll, in each log that its process reads. O(n log n), and for each
/// poll the number of logs.
pub(super) fn measure(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let keys = scene.txns.keys.len();
    let mut times: Vec<Vec<(i64, i64)>> = vec![Vec::new(); keys];
    for (txn, at) in scene.txns.all.iter().zip(0..) {
        let Some(time) = time(scene, at, 1) else { continue };
        let is_told = matches!(txn.outcome, Outcome::Ok | Outcome::Info);
        for (key, offset) in offsets(txn).filter(|_| is_told) {
            times[key as usize].push((offset, time));
        }
    }
    let seen: Vec<Seen> = times.into_iter().map(Seen::of).collect();
    // How far each process has read the logs that it reads.
    let mut read: Vec<Map<u32, i64>> = vec![Map::default(); scene.txns.processes];
    let mut logs: Vec<Vec<u32>> = vec![Vec::new(); scene.txns.processes];
    for (txn, at) in scene.txns.all.iter().zip(0..).filter(|(txn, _)| txn.is_ok()) {
        let process = txn.process as usize;
        let (read, logs) = (&mut read[process], &mut logs[process]);
        if txn.kind != Kind::Txn {
            let before = std::mem::take(read);
            logs.clear();
            for &key in txn.keys.iter().filter(|_| txn.kind == Kind::Assign) {
                if read.insert(key, before.get(&key).copied().unwrap_or(-1)).is_none() {
                    logs.push(key);
                }
            }
            continue;
        }
        // Only what polls moves on.
        if !polls(scene, at) {
            continue;
        }
        for (key, offset) in offsets(txn) {
            match read.get_mut(&key) {
                Some(known) => *known = (*known).max(offset),
                None => {
                    read.insert(key, offset);
                    logs.push(key);
                }
            }
        }
        let Some(start) = time(scene, at, 0) else { continue };
        for key in logs.iter() {
            let offset = read.get(key).copied().unwrap_or(-1);
            let since = seen[*key as usize].beyond(offset);
            let lag = since.map_or(0, |since| start.saturating_sub(since).max(0));
            findings.latency("realtime-lag", lag as u64);
        }
    }
}

/// Whether a transaction may poll, by its name.
fn polls(scene: &Scene<'_, '_>, at: u32) -> bool {
    scene.object.name(scene.op(at)) != "send"
}

fn offsets(txn: &Txn) -> impl Iterator<Item = (u32, i64)> {
    let entries = txn.sends.iter().chain(&txn.polls);
    entries.filter_map(|entry| Some((entry.key, entry.offset?)))
}

/// The time of a transaction's invocation (0) or completion (1).
fn time(scene: &Scene<'_, '_>, at: u32, end: usize) -> Option<i64> {
    scene.object.history.times(scene.op(at).index)[end]
}
