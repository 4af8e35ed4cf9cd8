//! `monotonic`: numbers that only grow. There are two ways to ask.
//!
//! - Additions insert a number greater than all that are there, together with a timestamp, and a
//!   final read returns the rows `{val sts process node tb}` in the order of their timestamps. In
//!   that order the numbers grow, and no addition is lost, returned twice, or revived after it
//!   failed.
//! - A register is incremented, and operations return `[timestamp value]`, or a value alone. What
//!   one process sees of either never goes back. Where reads are of past timestamps (`read-at`),
//!   values grow with timestamps over all processes.

use std::cmp::Ordering;

use histcheck_history::vocabulary::Verb;
use histcheck_history::{Outcome, Shape, Value, ValueTable};

use crate::Options;
use crate::object::{Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// A number that was added, and that the final read does not have.
pub(crate) static LOST: Anomaly = Anomaly {
    name: "lost",
    definition: "A number whose addition was acknowledged is missing from the final read.",
    violates: true,
};

/// A number that is there twice.
pub(crate) static DUPLICATED: Anomaly = Anomaly {
    name: "duplicated",
    definition: "The final read returns a number more than once.",
    violates: true,
};

/// A number whose addition failed, and that is there.
pub(crate) static REVIVED: Anomaly = Anomaly {
    name: "revived",
    definition: "The final read returns a number whose addition failed.",
    violates: true,
};

/// Rows that are not in the order of their timestamps.
pub(crate) static TIMESTAMP_ORDER: Anomaly = Anomaly {
    name: "timestamp-order",
    definition: "A timestamp goes back: in the rows of the final read, or from one operation of a \
                 process to its next.",
    violates: true,
};

/// Numbers that do not grow with timestamps.
pub(crate) static VALUE_ORDER: Anomaly = Anomaly {
    name: "value-order",
    definition: "A number goes back while timestamps grow.",
    violates: true,
};

/// The same among the rows of one process.
pub(crate) static VALUE_ORDER_PER_PROCESS: Anomaly = Anomaly {
    name: "value-order-per-process",
    definition: "A number goes back among the rows, or from one operation to the next, of one \
                 process.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] =
    &[&LOST, &DUPLICATED, &REVIVED, &TIMESTAMP_ORDER, &VALUE_ORDER, &VALUE_ORDER_PER_PROCESS];

/// One row of a final read.
#[derive(Clone, Copy)]
struct Row {
    value: Value,
    timestamp: Value,
    process: Value,
}

impl Row {
    fn of(values: &ValueTable, value: Value) -> Option<Row> {
        let Shape::Map(items) = values.shape(value) else { return None };
        let field = |names: &[&str]| {
            let is_named =
                |pair: &&[Value]| values.as_name(pair[0]).is_some_and(|name| names.contains(&name));
            items.chunks_exact(2).find(is_named).map_or(Value::NULL, |pair| pair[1])
        };
        Some(Row {
            value: field(&["val", "value"]),
            timestamp: field(&["sts", "ts", "timestamp"]),
            process: field(&["process", "proc"]),
        })
    }
}

/// Checks one list of numbers. O(size of the final read), O(n log n) for operations.
pub(crate) fn check(object: &Object<'_>, options: &Options, findings: &mut Findings) {
    let is_add = |op: &Op| op.is(Verb::Add);
    if object.ops.iter().any(is_add) {
        let reads = object.ops.iter().filter(|op| op.is(Verb::Read) && op.is_ok());
        let last = reads.max_by_key(|op| op.completed);
        match last.and_then(|op| Some((op, object.items(op.output)?))) {
            Some((read, items)) => check_rows(object, read, items, options, findings),
            None => findings.undecided(say!["no read returned the rows"]),
        }
    } else {
        check_processes(object, findings);
        check_timestamps(object, findings);
    }
}

fn check_rows(
    object: &Object<'_>,
    read: &Op,
    items: &[Value],
    options: &Options,
    findings: &mut Findings,
) {
    let values = object.values();
    let row = |value| {
        let alone = Row { value, timestamp: Value::NULL, process: Value::NULL };
        Row::of(values, value).unwrap_or(alone)
    };
    let rows: Vec<Row> = items.iter().map(|&item| row(item)).collect();
    let mut numbers = Numbers::new(rows.len());
    let mut counts: Vec<usize> = Vec::new();
    for row in &rows {
        let number = numbers.of(row.value);
        counts.resize(numbers.len(), 0);
        counts[number] += 1;
    }
    let final_read = || say!["the final read, by ", read.process(), " ", read.returned(), ","];
    for (&value, &count) in numbers.values.iter().zip(&counts).filter(|(_, count)| **count > 1) {
        findings.add(&DUPLICATED, || {
            let what = say![" returned ", value, " ", count, " times"];
            (vec![read.index], vec![value], [final_read(), what].concat())
        });
    }
    let [mut acks, mut recovered] = [0; 2];
    for op in object.ops.iter().filter(|op| op.is(Verb::Add)) {
        let value = row(op.last_value()).value;
        let is_there = !value.is_null() && numbers.find(value).is_some();
        acks += usize::from(op.is_ok());
        recovered += usize::from(op.outcome == Outcome::Info && is_there);
        let added = || say![op.process(), " added ", value, " ", op.called()];
        if op.is_ok() && !is_there {
            findings.add(&LOST, || {
                let what = say![", and the final read does not return it"];
                (vec![read.index, op.index], vec![value], [added(), what].concat())
            });
        } else if op.outcome == Outcome::Fail && is_there {
            findings.add(&REVIVED, || {
                let what = say![", which failed, and the final read returns it"];
                (vec![read.index, op.index], vec![value], [added(), what].concat())
            });
        }
    }
    findings.count("rows", rows.len());
    findings.count("acknowledged", acks);
    findings.count("recovered", recovered);
    check_order(values, read, &rows, options, findings);
}

/// Looks at the order of the rows that `read` returned.
fn check_order(
    values: &ValueTable,
    read: &Op,
    rows: &[Row],
    options: &Options,
    findings: &mut Findings,
) {
    let final_read = || say!["the final read, by ", read.process(), " ", read.returned(), ","];
    let goes_back = |pair: &[Row], anomaly: &'static Anomaly, findings: &mut Findings| {
        findings.add(anomaly, || {
            let [one, other] = [pair[0], pair[1]];
            let (one, other) = match anomaly == &TIMESTAMP_ORDER {
                true => (one.timestamp, other.timestamp),
                false => (one.value, other.value),
            };
            let what = say![" returned ", other, " after ", one];
            (vec![read.index], vec![one, other], [final_read(), what].concat())
        });
    };
    let is_below = |one: Value, other: Value| compare(values, one, other) == Some(Ordering::Less);
    for pair in rows.windows(2) {
        if is_below(pair[1].timestamp, pair[0].timestamp) {
            goes_back(pair, &TIMESTAMP_ORDER, findings);
        }
        if options.global && !is_below(pair[0].value, pair[1].value) {
            goes_back(pair, &VALUE_ORDER, findings);
        }
    }
    let mut processes = Numbers::new(64);
    let mut last: Vec<Row> = Vec::new();
    for &row in rows {
        let number = processes.of(row.process);
        if number == last.len() {
            last.push(row);
            continue;
        }
        let before = std::mem::replace(&mut last[number], row);
        if !is_below(before.value, row.value) {
            goes_back(&[before, row], &VALUE_ORDER_PER_PROCESS, findings);
        }
    }
}

/// The timestamp and the value that an operation returned.
fn answer(object: &Object<'_>, op: &Op) -> Option<(Value, Value)> {
    let output = op.output;
    if output.is_null() {
        return None;
    }
    let values = object.values();
    let alone = (Value::NULL, output);
    Some(
        values
            .as_pair(output)
            .or_else(|| Row::of(values, output).map(|row| (row.timestamp, row.value)))
            .unwrap_or(alone),
    )
}

/// What each process sees never goes back.
fn check_processes(object: &Object<'_>, findings: &mut Findings) {
    let values = object.values();
    let mut processes = Numbers::new(64);
    let mut last: Vec<(&Op, (Value, Value))> = Vec::new();
    let mut count = 0;
    let is_current = |op: &&Op| (op.is(Verb::Read) || op.is(Verb::Inc)) && op.is_ok();
    for op in object.completed().into_iter().filter(is_current) {
        let Some(now) = answer(object, op) else { continue };
        count += 1;
        let number = processes.of(op.process);
        if number == last.len() {
            last.push((op, now));
            continue;
        }
        let (before, then) = std::mem::replace(&mut last[number], (op, now));
        let ends = [
            (&TIMESTAMP_ORDER, "the timestamp ", then.0, now.0),
            (&VALUE_ORDER_PER_PROCESS, "", then.1, now.1),
        ];
        for (anomaly, what, then, now) in ends {
            if compare(values, now, then) == Some(Ordering::Less) {
                findings.add(anomaly, || {
                    let start = say![op.process(), " got ", what, now, " ", op.returned()];
                    let end = say![" after ", then, " ", before.returned()];
                    (vec![op.index, before.index], vec![then, now], [start, end].concat())
                });
            }
        }
    }
    if count == 0 {
        findings.undecided(say!["no operation returned a value"]);
    }
    findings.count("reads", count);
}

/// Values grow with the timestamps that they were read at.
fn check_timestamps(object: &Object<'_>, findings: &mut Findings) {
    let values = object.values();
    let mut all: Vec<(&Op, (Value, Value))> = Vec::new();
    for op in object.ops.iter().filter(|op| op.is_ok()) {
        if op.is(Verb::Inc) || ["read-at", "read_at", "readAt"].contains(&object.name(op)) {
            all.extend(answer(object, op).map(|answer| (op, answer)));
        }
    }
    all.retain(|(_, answer)| !answer.0.is_null() && !answer.1.is_null());
    all.sort_by(|one, other| compare(values, one.1.0, other.1.0).unwrap_or(Ordering::Equal));
    for pair in all.windows(2) {
        let [(before, then), (op, now)] = [pair[0], pair[1]];
        if compare(values, now.1, then.1) == Some(Ordering::Less) {
            findings.add(&VALUE_ORDER, || {
                let start = say![op.process(), " got ", now.1, " as of ", now.0];
                let end = say![", but ", before.process(), " got ", then.1, " as of ", then.0];
                (vec![op.index, before.index], vec![then.1, now.1], [start, end].concat())
            });
        }
    }
}

/// How two numbers or texts compare, if they do. Whole numbers of any size, and decimals of the
/// same number of digits in front, compare by their digits.
fn compare(values: &ValueTable, one: Value, other: Value) -> Option<Ordering> {
    match (values.shape(one), values.shape(other)) {
        (Shape::Int(one), Shape::Int(other)) => Some(one.cmp(&other)),
        (Shape::Text(one), Shape::Text(other)) => Some(strip_zone(one).cmp(strip_zone(other))),
        (one, other) => Some(Digits::of(&one)?.cmp(&Digits::of(&other)?)),
    }
}

/// A date without its `Z`, so that fewer decimals come before more.
fn strip_zone(text: &str) -> &str {
    text.strip_suffix('Z').unwrap_or(text)
}

/// A number by its digits.
#[derive(PartialEq, Eq)]
struct Digits {
    is_negative: bool,
    whole: String,
    fraction: String,
}

impl Digits {
    fn of(shape: &Shape<'_>) -> Option<Digits> {
        let text = match shape {
            Shape::Int(number) => number.to_string(),
            Shape::BigInt(digits) | Shape::Decimal(digits) | Shape::BigDecimal(digits) => {
                (*digits).to_owned()
            }
            _ => return None,
        };
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, &text[..]),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        Some(Digits { is_negative, whole, fraction })
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Digits) -> Ordering {
        let size =
            |digits: &Digits| (digits.whole.len(), digits.whole.clone(), digits.fraction.clone());
        match (self.is_negative, other.is_negative) {
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Digits) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
