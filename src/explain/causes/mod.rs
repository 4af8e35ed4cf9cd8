//! Looks for one cause behind many violations: clocks that disagree, a cache, two halves that do
//! not talk. A cause is a hypothesis: it fits what was recorded, and something else may too.

mod answered;
mod cache;
mod grouping;
mod moved;
mod skewed;
pub(super) mod source;
mod split_brain;
pub(super) mod stale;
mod stuck;
mod subject;
#[cfg(test)]
mod tests;
mod timestamps;

pub(crate) use skewed::clocks;
pub(crate) use stuck::Evidence;
pub use stuck::stuck;

use super::anomaly::Anomaly;
use super::skew::ClockSkew;
use crate::check::{Failure, Meter, Models};
use crate::history::{History, Partitions};
use crate::model::AnyModel;
use subject::Subject;

/// What causes are looked for in.
pub(super) struct Grounds<'a> {
    /// The history.
    pub(super) history: &'a History,
    /// The model of each key.
    pub(super) models: &'a Models,
    /// The operations of each key.
    pub(super) partitions: &'a Partitions,
    /// The failing keys that are explained, as positions in the report, with their failures.
    pub(super) failing: &'a [(usize, &'a Failure)],
    /// The clock offsets that would explain it all, if there are any.
    pub(super) skew: Option<&'a ClockSkew>,
    /// The time and memory that all of the explanation may take.
    pub(super) meter: &'a Meter,
}

impl Grounds<'_> {
    /// The model of the key at this position in the report.
    fn model_at(&self, key_at: usize) -> &AnyModel {
        self.models.of(self.partitions.get(key_at).key)
    }
}

/// All anomalies, the most telling first: causes that explain several of `named`, which are those
/// of all failing keys, violation by violation; then `named`, those alike made one. Near linear in
/// the operations of the failing keys.
pub(super) fn arrange(grounds: &Grounds<'_>, named: &[Anomaly]) -> Vec<Anomaly> {
    let subjects: Vec<Subject> = grounds
        .failing
        .iter()
        .filter_map(|&(key_at, failure)| Subject::of(grounds, key_at, failure, named))
        .collect();
    let skewed =
        skewed::anomaly(grounds, named).or_else(|| timestamps::anomaly(grounds, &subjects, named));
    let is_skewed = skewed.is_some();
    let caches = cache::anomalies(grounds.history, &subjects, is_skewed);
    let mut anomalies: Vec<Anomaly> = skewed.into_iter().chain(caches.anomalies).collect();
    if is_skewed && caches.are_all {
        // What answered says itself that it is a cache, wherever something was stale.
        anomalies.rotate_left(1);
    }
    if !is_skewed {
        anomalies.extend(split_brain::anomalies(grounds, &subjects, named));
    }
    anomalies.extend(answered::anomalies(grounds, named));
    anomalies.extend(grouping::grouped(grounds, named));
    anomalies
}
