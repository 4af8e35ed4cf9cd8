//! `causal`: one register a key, which counts up from 0, and a chain of operations on it, each of
//! which names the position of the one before it (`link`) and its own (`position`).
//!
//! The operations that succeeded are looked at in the order of their completions: a write has to
//! be the next number, and a read has to return the last one.

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Shape, Value, ValueTable};

use crate::object::{Object, Op};
use crate::report::{Anomaly, Findings, Sentence, say};

/// An operation that follows another than the last one.
pub(crate) static BROKEN_LINK: Anomaly = Anomaly {
    name: "broken-link",
    definition: "An operation is linked to another position than that of the operation before it.",
    violates: true,
};

/// A write out of turn.
pub(crate) static UNEXPECTED_WRITE: Anomaly = Anomaly {
    name: "unexpected-write",
    definition: "A write is not the next number.",
    violates: true,
};

/// A first read of something else than 0.
pub(crate) static UNEXPECTED_START: Anomaly = Anomaly {
    name: "unexpected-initial-value",
    definition: "A first read returns something else than 0.",
    violates: true,
};

/// A read of another number.
pub(crate) static UNEXPECTED_READ: Anomaly = Anomaly {
    name: "unexpected-read",
    definition: "A read returns something else than the last number that was written before it.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] =
    &[&BROKEN_LINK, &UNEXPECTED_WRITE, &UNEXPECTED_START, &UNEXPECTED_READ];

/// The register after some operations.
struct Register {
    value: i64,
    position: Option<Value>,
}

/// Checks one register, up to the first thing that is wrong. O(operations).
pub(crate) fn check(object: &Object<'_>, findings: &mut Findings) {
    let mut register = Register { value: 0, position: None };
    let mut count = 0;
    let mut before: Option<&Op> = None;
    for op in object.completed().into_iter().filter(|op| op.is_ok()) {
        count += 1;
        match register.step(object, op) {
            Ok(()) => {}
            Err(Wrong::Name) => {
                let start = say![op.process(), " did `", object.name(op).to_owned(), "` "];
                let end = say![op.returned(), ", which this check does not know"];
                findings.undecided([start, end].concat());
                break;
            }
            Err(Wrong::Anomaly(anomaly, what)) => {
                findings.add(anomaly, || {
                    let sentence = [say![op.process(), " "], what, say![" ", op.returned()]];
                    let mut operations = vec![op.index];
                    operations.extend(before.map(|before| before.index));
                    (operations, vec![op.output], sentence.concat())
                });
                break;
            }
        }
        before = Some(op);
    }
    findings.count("operations", count);
}

/// What is wrong with an operation.
enum Wrong {
    Anomaly(&'static Anomaly, Sentence),
    Name,
}

impl Register {
    fn step(&mut self, object: &Object<'_>, op: &Op) -> Result<(), Wrong> {
        let given = |name| object.field(op, name).filter(|value| !value.is_null());
        let [link, position] = ["link", "position"].map(given);
        let is_first = link.and_then(|link| object.values().as_name(link)) == Some("init");
        if !is_first && link != self.position {
            let show = |value: Option<Value>| value.unwrap_or(Value::NULL);
            let start = say!["names ", show(link), " as the position before it, which was "];
            let what = [start, say![show(self.position)]].concat();
            return Err(Wrong::Anomaly(&BROKEN_LINK, what));
        }
        let is_start = is_first_read(object.name(op));
        if op.is(Verb::Write) {
            let value = op.last_value();
            let next = self.value.saturating_add(1);
            if object.values().as_int(value) != Some(next) {
                let what = say!["wrote ", value, ", but the next number is ", next];
                return Err(Wrong::Anomaly(&UNEXPECTED_WRITE, what));
            }
            self.value = next;
        } else if op.is(Verb::Read) || is_start {
            let value = op.output;
            let is_right =
                value == Value::NULL || object.values().shape(value) == Shape::Int(self.value);
            // The start is read as 0 even where a null would say nothing.
            let is_no_start =
                is_start && self.value == 0 && ValueTable::small_int(0) != Some(value);
            if is_no_start {
                let what = say!["read ", value, ", but the register starts from 0"];
                return Err(Wrong::Anomaly(&UNEXPECTED_START, what));
            }
            if !is_right {
                let what = say!["read ", value, ", but the last number was ", self.value];
                return Err(Wrong::Anomaly(&UNEXPECTED_READ, what));
            }
        } else {
            return Err(Wrong::Name);
        }
        self.position = position;
        Ok(())
    }
}

fn is_first_read(name: &str) -> bool {
    ["read-init", "read_init", "readInit"].contains(&name)
}
