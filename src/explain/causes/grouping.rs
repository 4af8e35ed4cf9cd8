//! Makes violations that are alike one anomaly, with their number.

use super::Grounds;
use super::source::{Source, Sources};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::history::hash::Map;
use crate::history::{OpIndex, Value};
use crate::model::{Call, Model};

/// What violations have in common that are alike: their kind, key and certainty; the updates that
/// show them; and of the operation that gave them away its source, process and answer.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    kind: AnomalyKind,
    key_at: Option<usize>,
    certainty: Certainty,
    updates: Vec<OpIndex>,
    observer: Option<(Source, Value, Value)>,
}

/// The anomalies, those that are alike as one: the first, with the number of all.
pub(super) fn grouped(grounds: &Grounds<'_>, named: &[Anomaly]) -> Vec<Anomaly> {
    let sources = Sources::of(grounds.history);
    let mut places: Map<Likeness, usize> = Map::default();
    let mut grouped: Vec<Anomaly> = Vec::new();
    for anomaly in named {
        let at = *places.entry(likeness(grounds, &sources, anomaly)).or_insert_with(|| {
            grouped.push(Anomaly { count: 0, ..anomaly.clone() });
            grouped.len() - 1
        });
        grouped[at].count += anomaly.count;
    }
    grouped
}

fn likeness(grounds: &Grounds<'_>, sources: &Sources<'_>, anomaly: &Anomaly) -> Likeness {
    let history = grounds.history;
    let is_update = |index: OpIndex| {
        let operation = &history[index];
        let output = (!operation.outcome.is_indeterminate()).then_some(operation.output);
        let call = Call::of(history, operation, output);
        let model = grounds.models.of(operation.key);
        model.operation(&call).is_ok_and(|op| !model.facts(&op).pure)
    };
    let all = anomaly.operations.iter().copied();
    let (updates, others): (Vec<OpIndex>, Vec<OpIndex>) = all.partition(|&index| is_update(index));
    let observer = others.last().map(|&index| {
        let operation = &history[index];
        (sources.at(index), operation.process, operation.output)
    });
    let Anomaly { kind, key_at, certainty, .. } = *anomaly;
    Likeness { kind, key_at, certainty, updates, observer }
}
