//! `queue`: every item that comes out of a queue was put in before. Nothing has to come out, and
//! in no particular order.

use histcheck_history::vocabulary::Verb;

use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// An item that nobody put in.
pub(crate) static UNEXPECTED: Anomaly = Anomaly {
    name: "unexpected",
    definition: "An item came out that nobody tried to put in.",
    violates: true,
};

/// An item that came out before it was put in.
pub(crate) static EARLY: Anomaly = Anomaly {
    name: "early",
    definition: "An item came out before the first attempt to put it in began.",
    violates: true,
};

/// An item that came out more often than it was put in by then.
pub(crate) static DUPLICATED: Anomaly = Anomaly {
    name: "duplicated",
    definition: "An item came out more often than anybody had tried to put it in by then.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&UNEXPECTED, &EARLY, &DUPLICATED];

/// What is known of an item.
#[derive(Clone, Copy)]
struct Item<'o> {
    /// How often somebody had tried to put it in by now, and how often it came out.
    put: usize,
    taken: usize,
    /// The first attempt in all, if there is one.
    first: Option<&'o Op>,
    last_taken: Option<&'o Op>,
}

/// Checks one queue. O(operations).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    let mut items: Vec<Item<'_>> = Vec::new();
    let none = Item { put: 0, taken: 0, first: None, last_taken: None };
    for op in object.ops.iter().filter(|op| op.is(Verb::Enqueue)) {
        let number = numbers.of(op.first_value());
        items.resize(numbers.len().max(items.len()), none);
        items[number].first.get_or_insert(op);
        // Nothing tells when an attempt began of which only the end was recorded.
        items[number].put += usize::from(op.invoked == NONE);
    }
    findings.count("attempts", object.ops.iter().filter(|op| op.is(Verb::Enqueue)).count());
    let mut taken = 0;
    for event in object.events() {
        let op = &object.ops[event.op as usize];
        if op.is(Verb::Enqueue)
            && !event.is_end
            && let Some(number) = numbers.find(op.first_value())
        {
            items[number].put += 1;
        }
        if !op.is(Verb::Dequeue) || !event.is_end || !op.is_ok() {
            continue;
        }
        if op.output.is_null() {
            findings.note(say!["a null that a dequeue returns counts as an empty queue"]);
            continue;
        }
        taken += 1;
        let number = numbers.of(op.output);
        items.resize(numbers.len().max(items.len()), none);
        take(op, &mut items[number], findings);
    }
    findings.count("dequeued", taken);
}

/// Lets `op` take an item out.
fn take<'o>(op: &'o Op, item: &mut Item<'o>, findings: &mut Findings) {
    let value = op.output;
    let [process, when] = [op.process(), op.returned()];
    let got = say![process, " got ", value, " ", when];
    if item.taken < item.put {
        item.taken += 1;
    } else if let Some(before) = item.last_taken.filter(|_| item.put > 0) {
        findings.add(&DUPLICATED, || {
            let [process, when] = [before.process(), before.returned()];
            let why = say![" although ", process, " had got it ", when];
            let often = say![", and only ", item.put, " attempts to put it in had begun"];
            (vec![op.index, before.index], vec![value], [got, why, often].concat())
        });
    } else if let Some(first) = item.first {
        findings.add(&EARLY, || {
            let [process, when] = [first.process(), first.called()];
            let why = say![", and ", process, " began to put it in only ", when];
            (vec![op.index, first.index], vec![value], [got, why].concat())
        });
    } else {
        findings.add(&UNEXPECTED, || {
            (vec![op.index], vec![value], [got, say![", which nobody put in"]].concat())
        });
    }
    item.last_taken = Some(op);
}
