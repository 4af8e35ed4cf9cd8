//! `counter`: numbers are added, and reads return the sum. Every read lies between the sum of what
//! was added for certain before it and that of what may have been added by its end.
//!
//! Numbers may be negative: what counts for the lower bound of a positive number counts for the
//! upper bound of a negative one. A read that lies within its bounds may still be wrong: no one
//! order of the operations has to explain all reads.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Outcome, Value};

use crate::object::{NONE, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// A read outside of its bounds.
pub(crate) static OUT_OF_BOUNDS: Anomaly = Anomaly {
    name: "out-of-bounds",
    definition: "A read returns less than was certainly added before it, or more than may have \
                 been added by its end.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&OUT_OF_BOUNDS];

/// What was added until now: for certain, and perhaps.
#[derive(Clone, Copy, Default)]
struct Sums {
    certain: i128,
    possible: i128,
}

impl Sums {
    fn begin(&mut self, number: i128) {
        self.possible += number;
    }

    fn end(&mut self, number: i128) {
        self.certain += number;
    }
}

/// Checks one counter, which starts from 0. O(operations).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    // Of positive numbers, and of negative ones.
    let [mut up, mut down] = [Sums::default(); 2];
    for op in object.ops.iter().filter(|op| op.invoked == NONE) {
        if let Some(number) = added(object, op, findings) {
            // Nothing tells when it began.
            if number < 0 { down.begin(number) } else { up.begin(number) }
        }
    }
    let mut starts: Vec<(i128, i128)> = vec![(0, 0); object.ops.len()];
    let [mut reads, mut errors] = [0; 2];
    for event in object.events() {
        let op = &object.ops[event.op as usize];
        if let Some(number) = added(object, op, findings) {
            let sums = if number < 0 { &mut down } else { &mut up };
            match event.is_end {
                false if op.outcome != Outcome::Fail => sums.begin(number),
                true if op.is_ok() => sums.end(number),
                _ => {}
            }
        } else if op.is(Verb::Read) && !event.is_end {
            starts[event.op as usize] = (up.certain, down.certain);
        } else if op.is(Verb::Read) && op.is_ok() && op.invoked != NONE {
            let Some(value) = read(object, op, findings) else { continue };
            let (least, most) = starts[event.op as usize];
            let [lower, upper] = [least + down.possible, most + up.possible];
            reads += 1;
            if (lower..=upper).contains(&i128::from(value)) {
                continue;
            }
            errors += 1;
            findings.add(&OUT_OF_BOUNDS, || {
                let [lower, upper] = [lower, upper].map(clamped);
                let start = say![op.process(), " read ", op.output, " ", op.returned()];
                let bound = if value < lower {
                    say![", but at least ", lower, " had certainly been added by its start"]
                } else {
                    say![", but at most ", upper, " can have been added by then"]
                };
                (vec![op.index], vec![op.output], [start, bound].concat())
            });
        }
    }
    findings.count("reads", reads);
    findings.count("errors", errors);
    findings.sum("certainly-added", clamped(up.certain + down.certain));
}

fn clamped(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// The number that an operation adds, if it does.
fn added(object: &Object<'_>, op: &Op, findings: &mut Findings) -> Option<i128> {
    let sign = match op.verb? {
        Verb::Add | Verb::Inc => 1,
        Verb::Dec => -1,
        _ => return None,
    };
    let value = op.first_value();
    if value == Value::NULL && !op.is(Verb::Add) {
        return Some(sign);
    }
    let number = object.values().as_int(value);
    if number.is_none() {
        let what = " is no whole number of 64 bits";
        findings.undecided(say![op.process(), " added ", value, " ", op.called(), ", which", what]);
    }
    Some(sign * i128::from(number?))
}

fn read(object: &Object<'_>, op: &Op, findings: &mut Findings) -> Option<i64> {
    let number = object.values().as_int(op.output);
    if number.is_none() {
        let what = ", which is no whole number of 64 bits";
        findings.undecided(say![op.process(), " read ", op.output, " ", op.returned(), what]);
    }
    number
}
