//! Counters, sets, logs and the like whose caches or copies answer with what was true before.
//!
//! What a register's stale reads show by their values, other objects do not: two reads of a
//! counter may be the same number and not the same state. But where records name the `source` of
//! each answer, it can be asked whether all is in order if what caches answered may be old: if
//! their answers, and nothing else, may belong to any earlier time. If so, that is suggested; and
//! if not, the same is asked of caches and copies.

use super::Grounds;
use super::moved::called_earlier;
use super::source::{Source, Sources};
use crate::check::{Failure, is_linearizable};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::{History, OpIndex, Rank};
use crate::model::{self, AnyOp, Kind, Model, Reading};
use crate::words::counted;

/// What a source says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Cache,
    Copy,
    Other,
}

fn role(history: &History, source: Source) -> Role {
    match source {
        _ if source.is_named_cache(history) => Role::Cache,
        _ if source.is_named_copy(history) => Role::Copy,
        _ => Role::Other,
    }
}

/// An anomaly for each failing key that is no register and whose caches or copies explain it.
/// O(n log n) and up to two decisions for each.
pub(super) fn anomalies(grounds: &Grounds<'_>, named: &[Anomaly]) -> Vec<Anomaly> {
    if matches!(grounds.models.usual().kind(), Kind::Other | Kind::Kv { .. }) {
        return Vec::new();
    }
    let sources = Sources::of(grounds.history);
    let failing = grounds.failing.iter();
    let in_key = |&(key_at, failure)| in_key(grounds, &sources, key_at, failure, named);
    failing.filter_map(in_key).collect()
}

fn in_key(
    grounds: &Grounds<'_>,
    sources: &Sources<'_>,
    key_at: usize,
    failure: &Failure,
    named: &[Anomaly],
) -> Option<Anomaly> {
    let history = grounds.history;
    let operations = grounds.partitions.get(key_at).operations;
    let model = grounds.model_at(key_at);
    let readings = model::read(model, history, operations, None).ok()?;
    let answers =
        |reading: &&Reading<AnyOp>| reading.span.has_returned() && model.facts(&reading.op).pure;
    let role = |reading: &Reading<AnyOp>| {
        if answers(&reading) { role(history, sources.at(reading.index)) } else { Role::Other }
    };
    let roles: Vec<Role> = readings.iter().map(role).collect();
    // If nobody else looked, nothing shows that the answers were old, and not wrong.
    readings.iter().zip(&roles).find(|&(one, &role)| role == Role::Other && answers(&one))?;
    let explains = |kinds: &[Role]| {
        let moved: Vec<Option<Rank>> =
            roles.iter().map(|role| kinds.contains(role).then_some(Rank::FIRST)).collect();
        moved.iter().any(Option::is_some) && {
            let readings = called_earlier(readings.clone(), &moved);
            is_linearizable(model, &readings, grounds.meter).0 == Some(true)
        }
    };
    let (kind, kinds): (AnomalyKind, &[Role]) = if explains(&[Role::Cache]) {
        (AnomalyKind::StaleCacheRead, &[Role::Cache])
    } else if explains(&[Role::Cache, Role::Copy]) {
        (AnomalyKind::StaleRead, &[Role::Cache, Role::Copy])
    } else {
        return None;
    };
    let of_key = || named.iter().filter(|one| one.key_at == Some(key_at));
    let shown = readings.iter().zip(&roles).filter(|(_, role)| kinds.contains(role));
    let shown: Vec<OpIndex> = shown.map(|(reading, _)| reading.index).collect();
    let is_shown = |index: &OpIndex| shown.binary_search(index).is_ok();
    let telling = of_key().flat_map(|one| one.operations.iter().rev().copied()).find(is_shown);
    let index = Some(failure.operation).filter(is_shown).or(telling).or(shown.first().copied())?;
    let mut all: Vec<Source> = shown.iter().map(|&index| sources.at(index)).collect();
    all.dedup();
    let others = if all.iter().all(|&one| one == all[0]) {
        String::new()
    } else {
        " and others like it".to_owned()
    };
    let summary = format!(
        "{}, as {} had it: everything is explained if the {} of {}{others} may be old",
        words::event(history, index),
        sources.at(index).phrase(history),
        counted(shown.len(), "answer"),
        sources.at(index).phrase(history),
    );
    let mut operations: Vec<OpIndex> = of_key().next().map(|one| one.operations.clone())?;
    operations.push(index);
    operations.sort_unstable();
    operations.dedup();
    Some(Anomaly {
        kind,
        key_at: Some(key_at),
        operations,
        certainty: Certainty::Suggested,
        summary,
        count: of_key().map(|one| one.count).sum(),
    })
}
