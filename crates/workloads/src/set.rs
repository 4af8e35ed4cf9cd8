//! `set`: elements are added, and a final read returns all of them.

use histcheck_history::vocabulary::Verb;

use crate::object::{Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// An element that was added, and that the final read does not have.
pub(crate) static LOST: Anomaly = Anomaly {
    name: "lost",
    definition: "An element whose addition was acknowledged is missing from the final read.",
    violates: true,
};

/// An element of the final read that nobody added.
pub(crate) static UNEXPECTED: Anomaly = Anomaly {
    name: "unexpected",
    definition: "The final read returns an element that nobody tried to add.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&LOST, &UNEXPECTED];

/// What is known of an element.
#[derive(Clone, Copy, Default)]
struct Element<'o> {
    /// An addition of it.
    attempt: Option<&'o Op>,
    /// An addition that was acknowledged.
    ack: Option<&'o Op>,
    is_read: bool,
}

/// Checks one set. O(size of the operations).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let reads = object.ops.iter().filter(|op| op.is(Verb::Read) && op.is_ok());
    let last = reads.max_by_key(|op| op.completed);
    let Some((read, items)) = last.and_then(|op| Some((op, object.items(op.output)?))) else {
        return findings.undecided(say!["no read returned the elements of the set"]);
    };
    let mut numbers = Numbers::new(object.ops.len() + items.len());
    let mut elements: Vec<Element<'_>> = Vec::new();
    for op in object.ops.iter().filter(|op| op.is(Verb::Add)) {
        let number = numbers.of(op.first_value());
        elements.resize_with(numbers.len().max(elements.len()), Element::default);
        elements[number].attempt.get_or_insert(op);
        if op.is_ok() {
            elements[number].ack.get_or_insert(op);
        }
    }
    findings.count("attempts", elements.len());
    findings.count("acknowledged", elements.iter().filter(|element| element.ack.is_some()).count());
    for &item in items {
        match numbers.find(item).filter(|&number| number < elements.len()) {
            Some(number) => elements[number].is_read = true,
            None => {
                let number = numbers.of(item);
                elements.resize_with(number + 1, Element::default);
                elements[number].is_read = true;
                findings.add(&UNEXPECTED, || {
                    let sentence = say![
                        "the final read, by ",
                        read.process(),
                        " ",
                        read.returned(),
                        ", returned ",
                        item,
                        ", which nobody added"
                    ];
                    (vec![read.index], vec![item], sentence)
                });
            }
        }
    }
    for (element, &value) in elements.iter().zip(&numbers.values) {
        let Some(add) = element.ack.filter(|_| !element.is_read) else { continue };
        findings.add(&LOST, || {
            let sentence = say![
                value,
                " is missing from the final read, by ",
                read.process(),
                " ",
                read.returned(),
                ", although ",
                add.process(),
                " had added it ",
                add.returned()
            ];
            (vec![read.index, add.index], vec![value], sentence)
        });
    }
    let is_ok = |element: &&Element<'_>| element.attempt.is_some() && element.is_read;
    findings.count("ok", elements.iter().filter(is_ok).count());
    let recovered = elements.iter().filter(is_ok).filter(|element| element.ack.is_none());
    findings.count("recovered", recovered.count());
}
