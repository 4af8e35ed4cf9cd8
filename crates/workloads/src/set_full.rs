//! `set-full`: elements are added, and every read returns all elements that are there. When was
//! each of them there for good, or gone?
//!
//! Of each element, only three operations matter. It is *known* from the completion of its
//! addition, or of the first read that returned it, whichever came first. Of the reads that
//! completed after its addition was invoked, the one that was invoked last among those with the
//! element and the one among those without it decide: if the former was invoked later, the element
//! is stable; if the latter was, and after the element was known, it is lost.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Value, sort};

use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// An element that was there, and was found by no later read.
pub(crate) static LOST: Anomaly = Anomaly {
    name: "lost",
    definition: "An element was known to be in the set, and from some time on no read returns it.",
    violates: true,
};

/// An element that is there in the end, and that a read missed before.
pub(crate) static STALE: Anomaly = Anomaly {
    name: "stale",
    definition: "A read that began after an element was known to be in the set does not return \
                 it, and a later one does.",
    violates: false,
};

/// An element that one read returned twice.
pub(crate) static DUPLICATED: Anomaly = Anomaly {
    name: "duplicated",
    definition: "One read returns an element more than once.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&LOST, &STALE, &DUPLICATED];

/// An element, from its last invocation on.
struct Element<'o> {
    add: &'o Op,
    /// The operation by whose completion it is known.
    known: Option<&'o Op>,
    /// The reads that return it, as positions in the list of reads: ascending.
    seen: Vec<u32>,
}

/// Checks one set. O(size of all reads, plus elements times the reads that are at work at once).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut numbers = Numbers::new(object.ops.len());
    let mut elements: Vec<Element<'_>> = Vec::new();
    for op in object.ops.iter().filter(|op| op.is(Verb::Add)) {
        let number = numbers.of(op.first_value());
        if number == elements.len() {
            elements.push(Element { add: op, known: None, seen: Vec::new() });
        }
        elements[number].add = op;
    }
    for op in object.ops.iter().filter(|op| op.is(Verb::Add) && op.is_ok()) {
        let Some(number) = numbers.find(op.first_value()) else { continue };
        let element = &mut elements[number];
        if op.completed > element.add.start() || op.index == element.add.index {
            earlier(&mut element.known, op);
        }
    }
    let is_read = |op: &&Op| op.is(Verb::Read) && op.is_ok();
    let mut reads: Vec<&Op> = object.ops.iter().filter(is_read).collect();
    // The last one that was invoked comes first.
    sort::by(&mut reads, |op| std::cmp::Reverse(op.start()));
    look_at_reads(object, &reads, &mut numbers, &mut elements, findings);
    // No read from here on completed later than this.
    let mut latest: Vec<u32> = reads.iter().map(|op| op.completed).collect();
    for at in (0..latest.len().saturating_sub(1)).rev() {
        latest[at] = latest[at].max(latest[at + 1]);
    }
    findings.count("attempts", elements.len());
    for name in ["stable", "lost", "never-read", "stale"] {
        findings.count(name, 0);
    }
    let mut outcomes = Outcomes::default();
    for (element, &value) in elements.iter().zip(&numbers.values) {
        let judge = Judge { object, reads: &reads, latest: &latest };
        judge.judge(element, value, &mut outcomes, findings);
    }
    if outcomes.stable == 0 && outcomes.lost == 0 {
        findings.undecided(say!["no element was found by a read that could have missed it"]);
    }
}

/// Puts `op` into `known` if it completed earlier.
fn earlier<'o>(known: &mut Option<&'o Op>, op: &'o Op) {
    if known.is_none_or(|known| op.completed < known.completed) {
        *known = Some(op);
    }
}

fn look_at_reads<'o>(
    object: &Object<'_>,
    reads: &[&'o Op],
    numbers: &mut Numbers,
    elements: &mut [Element<'o>],
    findings: &mut Findings,
) {
    let mut unexpected = 0;
    for (&read, at) in reads.iter().zip(0u32..) {
        let Some(items) = object.items(read.output) else {
            let process = read.process();
            let when = read.returned();
            let what = "returned no list of elements";
            findings.note(say!["the read by ", process, " ", when, " ", what, ", and is ignored"]);
            continue;
        };
        for &item in items {
            let number = numbers.find(item).filter(|&number| number < elements.len());
            let Some(number) = number else {
                unexpected += 1;
                continue;
            };
            let element = &mut elements[number];
            if element.seen.last() == Some(&at) {
                findings.add(&DUPLICATED, || {
                    let [process, when] = [read.process(), read.returned()];
                    let sentence =
                        say!["the read by ", process, " ", when, " has ", item, " twice"];
                    (vec![read.index], vec![item], sentence)
                });
            } else if read.completed > element.add.start() {
                element.seen.push(at);
                earlier(&mut element.known, read);
            }
        }
    }
    if unexpected > 0 {
        findings.count("unexpected", unexpected);
        findings.note(say!["reads returned elements that nobody added, which this check ignores"]);
    }
}

#[derive(Default)]
struct Outcomes {
    stable: usize,
    lost: usize,
}

struct Judge<'a, 'h> {
    object: &'a Object<'h>,
    /// The reads, from the last invocation to the first.
    reads: &'a [&'a Op],
    /// When the last of the reads from each on completed.
    latest: &'a [u32],
}

impl Judge<'_, '_> {
    fn judge(
        &self,
        element: &Element<'_>,
        value: Value,
        outcomes: &mut Outcomes,
        findings: &mut Findings,
    ) {
        let present = element.seen.first().map(|&at| self.reads[at as usize]);
        let absent = self.last_without(element);
        let at = |op: Option<&Op>| op.map_or(-1, |op| i64::from(op.start()));
        let is_stable = at(present) > at(absent);
        let is_missed = |known: &&Op| absent.is_some_and(|read| known.completed < read.start());
        let missed = element.known.filter(is_missed);
        let Some((known, read)) = missed.zip(absent) else {
            if is_stable {
                outcomes.stable += 1;
                findings.count("stable", 1);
                findings.latency("stable", 0);
            } else {
                findings.count("never-read", 1);
            }
            return;
        };
        let add = element.add;
        let operations = || {
            let mut all = vec![read.index, add.index];
            all.extend([known.index].into_iter().filter(|index| *index != add.index));
            all
        };
        if is_stable {
            outcomes.stable += 1;
            findings.count("stable", 1);
            findings.count("stale", 1);
            if let Some(known) = self.time(known, 1) {
                let read = self.time(read, 0).unwrap_or(known);
                findings.latency("stable", read.saturating_sub(known).max(0) as u64);
            }
            findings.add(&STALE, || {
                let [process, when, since] = [read.process(), read.called(), known.returned()];
                let what = ", although it was there ";
                let start = say!["the read by ", process, " that began ", when, " misses ", value];
                let end = say![what, since, ", and later reads return it"];
                (operations(), vec![value], [start, end].concat())
            });
            return;
        }
        outcomes.lost += 1;
        findings.count("lost", 1);
        if let Some(known) = self.time(known, 1) {
            let gone = present.and_then(|read| self.time(read, 0)).unwrap_or(known);
            findings.latency("lost", gone.saturating_sub(known).max(0) as u64);
        }
        findings.add(&LOST, || {
            let [process, when] = [read.process(), read.called()];
            let start =
                say!["the read by ", process, " that began ", when, ", and every later one"];
            let middle = say![", misses ", value, ", which ", add.process(), " had added, and "];
            let end = say!["which was there ", known.returned()];
            (operations(), vec![value], [start, middle, end].concat())
        });
    }

    /// Of the reads that completed after the addition was invoked and miss the element, the one
    /// that was invoked last.
    fn last_without(&self, element: &Element<'_>) -> Option<&Op> {
        let start = element.add.start();
        let mut seen = element.seen.iter().peekable();
        for (&read, at) in self.reads.iter().zip(0u32..) {
            if self.latest[at as usize] <= start {
                return None;
            }
            if seen.next_if(|&&next| next == at).is_some() {
                continue;
            }
            let is_list = self.object.items(read.output).is_some();
            if read.completed > start && read.completed != NONE && is_list {
                return Some(read);
            }
        }
        None
    }

    /// The time of an operation's invocation (0) or completion (1).
    fn time(&self, op: &Op, end: usize) -> Option<i64> {
        self.object.history.times(op.index)[end]
    }
}
