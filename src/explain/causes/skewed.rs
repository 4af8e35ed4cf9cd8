//! Clocks that disagree, as the cause of it all.

use super::Grounds;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::skew::{ClockSkew, Grouping, Situation};
use crate::history::{History, OpIndex, Value};
use crate::words::{duration_phrase, shortened, value_phrase};

/// So many operations are named at most.
const NAMED: usize = 12;

/// So many clocks are named at most.
const CLOCKS: usize = 6;

/// The anomaly, if clock offsets explain everything and the history pins them down. Offsets that
/// are usual between hosts explain what a copy that lags does as well: they count only if something
/// was seen before it was written, which no copy does.
pub(super) fn anomaly(grounds: &Grounds<'_>, named: &[Anomaly]) -> Option<Anomaly> {
    let is_early = |one: &Anomaly| one.kind == AnomalyKind::FutureRead;
    let skew = grounds.skew.filter(|skew| skew.is_pinned)?;
    if skew.is_within_error && !named.iter().any(is_early) {
        return None;
    }
    let clocks = clocks(grounds.history, skew)?;
    let usual = if skew.is_within_error { ", which is usual between hosts" } else { "" };
    let summary = match skew.situation {
        Situation::Recording => format!(
            "the recording mixes clocks that disagree: linearizable if {clocks}{usual}; no \
             explanation without skew",
        ),
        Situation::LastWriteWins => format!(
            "the store ordered writes by clocks that disagree, so that later ones lost: explained \
             if {clocks}{usual}; no explanation without skew",
        ),
    };
    let mut operations: Vec<OpIndex> =
        named.iter().flat_map(|one| one.operations.iter().copied()).take(NAMED).collect();
    operations.sort_unstable();
    operations.dedup();
    let key_at = named.first()?.key_at;
    let is_one_key = named.iter().all(|one| one.key_at == key_at);
    Some(Anomaly {
        kind: AnomalyKind::ClockSkewReordering,
        key_at: key_at.filter(|_| is_one_key),
        operations,
        certainty: Certainty::Suggested,
        summary,
        count: named.iter().map(|one| one.count).sum(),
    })
}

/// The offsets in words: those that differ from what most clocks have. `None` if none does.
pub(crate) fn clocks(history: &History, skew: &ClockSkew) -> Option<String> {
    let usual = usual(&skew.offsets)?;
    let odd: Vec<(Value, i128)> = skew
        .offsets
        .iter()
        .map(|&(group, offset)| (group, i128::from(offset) - i128::from(usual)))
        .filter(|&(_, offset)| offset != 0)
        .collect();
    let phrases: Vec<String> = odd
        .iter()
        .take(CLOCKS)
        .map(|&(group, offset)| {
            let by = duration_phrase(offset.unsigned_abs());
            let where_to = if offset > 0 { "ahead" } else { "behind" };
            format!("{} clock runs {by} {where_to}", owner(history, skew.grouping, group))
        })
        .collect();
    let more = match odd.len().saturating_sub(CLOCKS) {
        0 => String::new(),
        more => format!(", and {more} more likewise"),
    };
    (!phrases.is_empty()).then(|| phrases.join(", ") + &more)
}

/// The offset that most clocks have; of several none, or else the smallest.
fn usual(offsets: &[(Value, i64)]) -> Option<i64> {
    let mut sorted: Vec<i64> = offsets.iter().map(|entry| entry.1).collect();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|one, two| one == two).rev();
    let longest = runs.max_by_key(|run| (run.len(), run.first() == Some(&0)))?;
    longest.first().copied()
}

fn owner(history: &History, grouping: Grouping, group: Value) -> String {
    let name = match history.values().as_name(group) {
        Some(name) => shortened(name, 40),
        None => value_phrase(history, group),
    };
    match grouping {
        Grouping::Field(_) => format!("{name}'s"),
        Grouping::Process => format!("process {name}'s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_clocks_show_is_right() {
        let history = History::default();
        let [a, b, c] = [Value::NULL, Value::FALSE, Value::TRUE];
        let skew = |offsets| ClockSkew {
            grouping: Grouping::Process,
            offsets,
            situation: Situation::Recording,
            is_smallest: true,
            is_pinned: true,
            is_within_error: false,
            lost_by_timestamp: 0,
        };
        let ms = 1_000_000;
        let said = clocks(&history, &skew(vec![(a, 340 * ms), (b, 0), (c, 340 * ms)]));
        assert_eq!(said.as_deref(), Some("process false's clock runs 340 ms behind"));
        let said = clocks(&history, &skew(vec![(a, 0), (b, 5 * ms)]));
        assert_eq!(said.as_deref(), Some("process false's clock runs 5 ms ahead"));
        assert_eq!(clocks(&history, &skew(vec![(a, 0), (b, 0)])), None);
        let extreme = clocks(&history, &skew(vec![(a, i64::MIN), (b, i64::MAX)]));
        assert!(extreme.is_some_and(|text| text.contains("ahead")));
    }
}
