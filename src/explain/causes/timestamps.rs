//! A store that ordered its writes by timestamps which run against real time: by clocks that
//! disagree, drift or were stepped.
//!
//! Where records tell the timestamps (the field `timestamp`), no offsets have to be guessed. A
//! write that got a smaller one than another write which had been acknowledged before takes its
//! place before that one, as the store would have it. If everything can be ordered then, the
//! timestamps are the cause.

use std::collections::BTreeMap;

use super::Grounds;
use super::moved::called_earlier;
use super::subject::Subject;
use crate::check::is_linearizable;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::{OpIndex, Rank, sort};
use crate::model::{self, AnyOp, Model, Reading};
use crate::words::{process_phrase, value_phrase};

/// So many operations are named at most.
const NAMED: usize = 12;

/// A write that lost against an earlier one by its timestamp.
#[derive(Clone, Copy)]
struct Beaten {
    /// It, and its timestamp.
    loser: (OpIndex, i64),
    /// The earlier one, and its timestamp.
    winner: (OpIndex, i64),
}

/// The anomaly, if the timestamps explain all failing keys. O(n log n), and a decision for each
/// key.
pub(super) fn anomaly(
    grounds: &Grounds<'_>,
    subjects: &[Subject],
    named: &[Anomaly],
) -> Option<Anomaly> {
    let history = grounds.history;
    history.values().find_text("timestamp")?;
    let mut beaten = Vec::new();
    for subject in subjects {
        beaten.extend(in_key(grounds, subject.key_at)?);
    }
    let worst = beaten.iter().max_by_key(|one| one.winner.1.saturating_sub(one.loser.1))?;
    let whose = |index: OpIndex| {
        let node = history.extra_of(index, "node");
        let node = node.map(|node| format!(" by way of {}", value_phrase(history, node)));
        let (process, thing) = (process_phrase(history, index), words::thing(history, index));
        format!("{process}'s {thing}{}", node.unwrap_or_default())
    };
    let summary = format!(
        "the store ordered writes by timestamps that run against real time: {} got {}, less than \
         the {} of {}, which had been acknowledged before; everything is explained if each write \
         has the place that its timestamp gives it",
        whose(worst.loser.0),
        worst.loser.1,
        worst.winner.1,
        whose(worst.winner.0),
    );
    let pairs = beaten.iter().flat_map(|one| [one.loser.0, one.winner.0]);
    let mut operations: Vec<OpIndex> = pairs.take(NAMED).collect();
    operations.extend([worst.loser.0, worst.winner.0]);
    operations.sort_unstable();
    operations.dedup();
    let key_at = subjects.first()?.key_at;
    Some(Anomaly {
        kind: AnomalyKind::ClockSkewReordering,
        key_at: (subjects.len() == 1).then_some(key_at),
        operations,
        certainty: Certainty::Suggested,
        summary,
        count: named.iter().map(|one| one.count).sum(),
    })
}

/// The writes of a key that lost against earlier ones; `None` if there are none, or they do not
/// explain what is wrong with it.
fn in_key(grounds: &Grounds<'_>, key_at: usize) -> Option<Vec<Beaten>> {
    let history = grounds.history;
    let operations = grounds.partitions.get(key_at).operations;
    let model = grounds.model_at(key_at);
    let readings = model::read(model, history, operations, None).ok()?;
    let stamp = |reading: &Reading<AnyOp>| {
        let stamp = history.extra_of(reading.index, "timestamp")?;
        history.values().as_int(stamp)
    };
    // Calls and returns of writes with timestamps, in order.
    let mut ends: Vec<(Rank, bool, usize, i64)> = Vec::new();
    for (at, reading) in readings.iter().enumerate() {
        let is_write = !model.facts(&reading.op).pure && reading.span.has_returned();
        if let Some(stamp) = stamp(reading).filter(|_| is_write) {
            ends.push((reading.span.call, false, at, stamp));
            ends.push((reading.span.ret, true, at, stamp));
        }
    }
    sort::by(&mut ends, |&(rank, is_return, ..)| (rank, is_return));
    // Of the writes that returned, those that no other one beats with an earlier call: the greater
    // the timestamp, the later the call.
    let mut steps: BTreeMap<i64, (Rank, usize)> = BTreeMap::new();
    let mut moved: Vec<Option<Rank>> = vec![None; readings.len()];
    let mut beaten = Vec::new();
    for (_, is_return, at, stamp) in ends {
        let call = readings[at].span.call;
        if !is_return {
            let winner = stamp.checked_add(1).and_then(|next| steps.range(next..).next());
            if let Some((&greater, &(earlier, winner))) = winner {
                moved[at] = Some(earlier);
                let winner = (readings[winner].index, greater);
                beaten.push(Beaten { loser: (readings[at].index, stamp), winner });
            }
        } else if steps.range(stamp..).next().is_none_or(|(_, &(other, _))| other > call) {
            let dominated = steps.range(..stamp).rev().take_while(|(_, other)| other.0 >= call);
            let dominated: Vec<i64> = dominated.map(|(&stamp, _)| stamp).collect();
            dominated.iter().for_each(|stamp| {
                steps.remove(stamp);
            });
            steps.insert(stamp, (call, at));
        }
    }
    let is_explained = !beaten.is_empty() && {
        let readings = called_earlier(readings, &moved);
        is_linearizable(model, &readings, grounds.meter).0 == Some(true)
    };
    is_explained.then_some(beaten)
}
