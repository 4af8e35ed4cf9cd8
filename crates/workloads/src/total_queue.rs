//! `total-queue`: what went into a queue came out of it. That can only be asked of a history in
//! which the queue was emptied in the end, by dequeues or a `drain`.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Outcome, Value};

use crate::object::{Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// An item that never came out.
pub(crate) static LOST: Anomaly = Anomaly {
    name: "lost",
    definition: "An item was put in for certain, and came out less often than that.",
    violates: true,
};

/// An item that nobody put in.
pub(crate) static UNEXPECTED: Anomaly = Anomaly {
    name: "unexpected",
    definition: "An item came out that nobody tried to put in.",
    violates: true,
};

/// An item that came out too often.
pub(crate) static DUPLICATED: Anomaly = Anomaly {
    name: "duplicated",
    definition: "An item came out more often than anybody tried to put it in.",
    violates: false,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&LOST, &UNEXPECTED, &DUPLICATED];

/// What is known of an item.
#[derive(Clone, Copy, Default)]
struct Item<'o> {
    attempts: usize,
    acks: usize,
    taken: usize,
    /// An attempt to put it in, acknowledged if there is such a one.
    put: Option<&'o Op>,
    /// The last operation that took it out.
    last: Option<&'o Op>,
}

/// Checks one queue. O(operations and drained items).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    let mut items: Vec<Item<'_>> = Vec::new();
    for op in &object.ops {
        match op.verb {
            Some(Verb::Enqueue) => {
                let number = number_of(&mut numbers, &mut items, op.first_value());
                let item = &mut items[number];
                item.attempts += 1;
                if op.is_ok() {
                    item.acks += 1;
                    item.put = Some(op);
                }
                item.put.get_or_insert(op);
            }
            Some(Verb::Dequeue) if op.is_ok() && op.output.is_null() => {
                findings.note(say!["a null that a dequeue returns counts as an empty queue"]);
            }
            Some(Verb::Dequeue) if op.is_ok() => {
                let number = number_of(&mut numbers, &mut items, op.output);
                items[number].taken += 1;
                items[number].last = Some(op);
            }
            Some(Verb::Drain) if op.is_ok() => {
                for &value in object.items(op.output).unwrap_or_default() {
                    let number = number_of(&mut numbers, &mut items, value);
                    items[number].taken += 1;
                    items[number].last = Some(op);
                }
            }
            Some(Verb::Drain) if op.outcome == Outcome::Info => {
                let why = "crashed: nothing tells which items it took";
                findings.undecided(say!["the drain by ", op.process(), " ", op.called(), " ", why]);
            }
            _ => {}
        }
    }
    let sum = |of: fn(&Item<'_>) -> usize| items.iter().map(of).sum::<usize>();
    findings.count("attempts", sum(|item| item.attempts));
    findings.count("acknowledged", sum(|item| item.acks));
    findings.count("ok", sum(|item| item.taken.min(item.attempts)));
    findings.count("lost", sum(|item| item.lost()));
    findings.count("unexpected", sum(|item| item.unexpected()));
    findings.count("duplicated", sum(|item| item.duplicated()));
    findings.count("recovered", sum(|item| item.recovered()));
    for (item, &value) in items.iter().zip(&numbers.values) {
        judge(item, value, findings);
    }
}

fn number_of<'o>(numbers: &mut Numbers, items: &mut Vec<Item<'o>>, value: Value) -> usize {
    let number = numbers.of(value);
    items.resize_with(numbers.len().max(items.len()), Item::default);
    number
}

impl Item<'_> {
    fn lost(&self) -> usize {
        self.acks.saturating_sub(self.taken)
    }

    fn unexpected(&self) -> usize {
        if self.attempts == 0 { self.taken } else { 0 }
    }

    fn duplicated(&self) -> usize {
        if self.attempts == 0 { 0 } else { self.taken.saturating_sub(self.attempts) }
    }

    fn recovered(&self) -> usize {
        self.taken.min(self.attempts).saturating_sub(self.acks)
    }
}

fn judge(item: &Item<'_>, value: Value, findings: &mut Findings) {
    let got = |op: &Op| say![op.process(), " got ", value, " ", op.returned()];
    match (item.put, item.last) {
        (Some(put), last) if item.lost() > 0 => findings.add(&LOST, || {
            let start = say![put.process(), " put ", value, " in ", put.returned()];
            let end = match last {
                None => say![", and it never came out"],
                Some(_) => say![", and it came out ", item.taken, " of ", item.acks, " times"],
            };
            (vec![put.index], vec![value], [start, end].concat())
        }),
        (None, Some(last)) => findings.add(&UNEXPECTED, || {
            (vec![last.index], vec![value], [got(last), say![", which nobody put in"]].concat())
        }),
        (Some(put), Some(last)) if item.duplicated() > 0 => findings.add(&DUPLICATED, || {
            let why = say![", which came out ", item.taken, " times; attempts to put it in: "];
            let operations = vec![last.index, put.index];
            (operations, vec![value], [got(last), why, say![item.attempts]].concat())
        }),
        _ => {}
    }
}
