//! `unique-ids`: no id is given out twice.

use histcheck_history::vocabulary::Verb;

use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// An id that several operations got.
pub(crate) static DUPLICATED: Anomaly =
    Anomaly { name: "duplicated", definition: "Two operations got the same id.", violates: true };

pub(crate) static ANOMALIES: &[&Anomaly] = &[&DUPLICATED];

/// Checks one source of ids. O(operations).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    // The first operation that got each id, and how many did.
    let mut ids: Vec<(&Op, usize)> = Vec::new();
    let mut range: Option<[i64; 2]> = None;
    let [mut attempts, mut acks] = [0; 2];
    for op in object.ops.iter().filter(|op| op.is(Verb::Generate)) {
        attempts += usize::from(op.invoked != NONE);
        if !op.is_ok() {
            continue;
        }
        acks += 1;
        if let Some(id) = object.values().as_int(op.output) {
            range = Some(range.map_or([id; 2], |[low, high]| [low.min(id), high.max(id)]));
        }
        let number = numbers.of(op.output);
        let Some((first, count)) = ids.get_mut(number) else {
            ids.push((op, 1));
            continue;
        };
        *count += 1;
        let first = *first;
        findings.add(&DUPLICATED, || {
            let got = say![op.process(), " got the id ", op.output, " ", op.returned()];
            let before = say![", which ", first.process(), " had got ", first.returned()];
            (vec![op.index, first.index], vec![op.output], [got, before].concat())
        });
    }
    findings.count("attempts", attempts);
    findings.count("acknowledged", acks);
    findings.count("duplicated", ids.iter().filter(|id| id.1 > 1).count());
    if let Some([low, high]) = range.filter(|_| findings.key.is_none()) {
        findings.sum("lowest-id", low);
        findings.sum("highest-id", high);
    }
}
