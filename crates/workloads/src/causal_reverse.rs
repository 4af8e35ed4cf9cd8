//! `causal-reverse`: values are written once each, and reads return all that they find. A write
//! that was acknowledged before another began is visible wherever the other one is.
//!
//! What a read has to return are all writes that were acknowledged before the last of those that
//! it returned began. These are a prefix of all writes in the order of their acknowledgements, so
//! that it is enough to count.

use histcheck_history::sort;
use histcheck_history::vocabulary::Verb;

use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// A write that is visible without an earlier one.
pub(crate) static MISSING: Anomaly = Anomaly {
    name: "missing",
    definition: "A read returns a write, and not another one that was acknowledged before the \
                 former began.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&MISSING];

/// What is known of a value.
#[derive(Clone, Copy)]
struct Written<'o> {
    /// The last operation that began to write it.
    last: Option<&'o Op>,
    /// The first acknowledgement, and its place among those of all values.
    ack: Option<&'o Op>,
    place: u32,
    /// The last read that returned it.
    seen_by: u32,
}

/// Checks one set of writes. O(size of the operations, and of what is missing).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    let none = Written { last: None, ack: None, place: NONE, seen_by: NONE };
    let mut all: Vec<Written<'_>> = Vec::new();
    for op in object.ops.iter().filter(|op| op.is(Verb::Write)) {
        let number = numbers.of(op.first_value());
        all.resize(numbers.len(), none);
        let written = &mut all[number];
        if op.invoked != NONE && written.last.is_none_or(|last| last.invoked < op.invoked) {
            written.last = Some(op);
        }
        let is_first = written.ack.is_none_or(|ack| op.completed < ack.completed);
        if op.is_ok() && is_first {
            written.ack = Some(op);
        }
    }
    let mut acks: Vec<(u32, u32)> = Vec::new();
    for (written, number) in all.iter().zip(0..) {
        acks.extend(written.ack.map(|ack| (ack.completed, number)));
    }
    sort::by(&mut acks, |ack| ack.0);
    for (&(_, number), place) in acks.iter().zip(0..) {
        all[number as usize].place = place;
    }
    let [mut reads, mut errors] = [0; 2];
    for (op, read) in object.ops.iter().zip(0..).filter(|(op, _)| op.is(Verb::Read) && op.is_ok()) {
        let Some(items) = object.items(op.output) else {
            let [process, when] = [op.process(), op.returned()];
            findings.undecided(say!["the read by ", process, " ", when, " returned no values"]);
            continue;
        };
        reads += 1;
        let mut last: Option<&Op> = None;
        for &item in items {
            let Some(number) = numbers.find(item) else { continue };
            all[number].seen_by = read;
            let is_later = |op: &Op| last.is_none_or(|last| last.invoked < op.invoked);
            last = all[number].last.filter(|&op| is_later(op)).or(last);
        }
        let Some(last) = last else { continue };
        let due = acks.partition_point(|ack| ack.0 < last.invoked);
        let is_due = |&number: &usize| (all[number].place as usize) < due;
        let mut found: Vec<usize> = items.iter().filter_map(|&item| numbers.find(item)).collect();
        found.retain(is_due);
        found.sort_unstable();
        found.dedup();
        if found.len() == due {
            continue;
        }
        errors += 1;
        for &(_, number) in &acks[..due] {
            let written = all[number as usize];
            let Some(ack) = written.ack.filter(|_| written.seen_by != read) else { continue };
            let [early, late] = [ack.first_value(), last.first_value()];
            findings.add(&MISSING, || {
                let start = say![op.process(), " read ", late, " and not ", early, " "];
                let middle = say![op.returned(), ", although ", early, " was acknowledged "];
                let end =
                    say![ack.returned(), ", before the write of ", late, " began ", last.called()];
                let operations = vec![op.index, ack.index, last.index];
                (operations, vec![early, late], [start, middle, end].concat())
            });
        }
    }
    findings.count("reads", reads);
    findings.count("errors", errors);
}
