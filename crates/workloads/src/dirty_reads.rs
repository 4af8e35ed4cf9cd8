//! `dirty-reads`: unique values are written, some of which fail, and reads return a value, or those
//! of all rows. No read returns what a failed write wrote.
//!
//! Where there are final reads called `strong-read`, of all values, they tell what was committed:
//! no read returns anything else, all of them agree, and every acknowledged write is in them.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Outcome, Value};

use crate::object::{Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// A value of a write that failed.
pub(crate) static DIRTY_READ: Anomaly = Anomaly {
    name: "dirty-read",
    definition: "A read returns the value of a write that failed, or one that no final read \
                 returns.",
    violates: true,
};

/// Rows that differ.
pub(crate) static INCONSISTENT_READ: Anomaly = Anomaly {
    name: "inconsistent-read",
    definition: "One read returns different values from rows that every write sets to the same.",
    violates: false,
};

/// A write that is gone in the end.
pub(crate) static LOST: Anomaly = Anomaly {
    name: "lost",
    definition: "A write was acknowledged, and no final read returns it.",
    violates: true,
};

/// Final reads that differ.
pub(crate) static DISAGREEMENT: Anomaly = Anomaly {
    name: "disagreement",
    definition: "One final read returns a value that another one does not return.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&DIRTY_READ, &INCONSISTENT_READ, &LOST, &DISAGREEMENT];

/// What is known of a value.
#[derive(Clone, Copy, Default)]
struct Written<'o> {
    /// A write of it that failed.
    failed: Option<&'o Op>,
    /// One that was acknowledged.
    ack: Option<&'o Op>,
    /// The first final read that returns it, and how many do.
    last: Option<&'o Op>,
    finals: usize,
}

/// Checks one table. O(size of the reads).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    let mut all: Vec<Written<'_>> = Vec::new();
    let is_final = |op: &&Op| op.is_ok() && is_strong(object.name(op));
    let finals: Vec<&Op> = object.ops.iter().filter(is_final).collect();
    for op in object.ops.iter().filter(|op| op.is(Verb::Write)) {
        let number = numbers.of(op.first_value());
        all.resize(numbers.len(), Written::default());
        match op.outcome {
            Outcome::Ok => drop(all[number].ack.get_or_insert(op)),
            Outcome::Fail => drop(all[number].failed.get_or_insert(op)),
            Outcome::Info | Outcome::Open => {}
        }
    }
    for &read in &finals {
        for &item in object.items(read.output).unwrap_or_default() {
            let number = numbers.of(item);
            all.resize(numbers.len(), Written::default());
            all[number].last.get_or_insert(read);
            all[number].finals += 1;
        }
    }
    let [mut reads, mut failures] = [0, 0];
    failures += all.iter().filter(|written| written.failed.is_some()).count();
    for op in object.ops.iter().filter(|op| op.is(Verb::Read) && op.is_ok()) {
        reads += 1;
        let alone = [op.output];
        let items = object.items(op.output).unwrap_or(&alone);
        look_at_rows(op, items, findings);
        // Rows mostly hold the same.
        let different = items.chunk_by(|one, other| one == other).map(|rows| rows[0]);
        for item in different.filter(|item| !item.is_null()) {
            let known = numbers.find(item).and_then(|number| all.get(number)).copied();
            look_at(op, item, known.unwrap_or_default(), !finals.is_empty(), findings);
        }
    }
    findings.count("reads", reads);
    findings.count("failed-writes", failures);
    let Some(&first) = finals.first() else { return };
    findings.count("final-reads", finals.len());
    for (written, &value) in all.iter().zip(&numbers.values) {
        look_at_final(written, value, first, finals.len(), findings);
    }
}

/// Looks at the values that one read returned.
fn look_at_rows(op: &Op, items: &[Value], findings: &mut Findings) {
    let Some(other) = items.first().and_then(|first| items.iter().find(|item| *item != first))
    else {
        return;
    };
    findings.add(&INCONSISTENT_READ, || {
        let [process, when] = [op.process(), op.returned()];
        let start = say![process, " read ", items[0], " from one row and ", *other];
        (vec![op.index], vec![items[0], *other], [start, say![" from another ", when]].concat())
    });
}

fn look_at(op: &Op, item: Value, known: Written<'_>, has_finals: bool, findings: &mut Findings) {
    let read = || say![op.process(), " read ", item, " ", op.returned()];
    match known {
        Written { failed: Some(write), last: None, .. } => findings.add(&DIRTY_READ, || {
            let why = say![", the value of ", write.process(), "'s write, which failed"];
            (vec![op.index, write.index], vec![item], [read(), why].concat())
        }),
        Written { last: None, .. } if has_finals => findings.add(&DIRTY_READ, || {
            let why = say![", which no final read returns"];
            (vec![op.index], vec![item], [read(), why].concat())
        }),
        _ => {}
    }
}

fn look_at_final(
    written: &Written<'_>,
    value: Value,
    first: &Op,
    finals: usize,
    findings: &mut Findings,
) {
    match (written.ack, written.last) {
        (Some(ack), None) => findings.add(&LOST, || {
            let wrote = say![ack.process(), " wrote ", value, " ", ack.returned()];
            let gone = say![", and no final read returns it"];
            (vec![ack.index, first.index], vec![value], [wrote, gone].concat())
        }),
        (_, Some(read)) if written.finals < finals => findings.add(&DISAGREEMENT, || {
            let start = say!["the final read by ", read.process(), " ", read.returned()];
            let end = say![" returns ", value, ", and another final read does not"];
            (vec![read.index], vec![value], [start, end].concat())
        }),
        _ => {}
    }
}

fn is_strong(name: &str) -> bool {
    ["strong-read", "strong_read", "strongRead"].contains(&name)
}
