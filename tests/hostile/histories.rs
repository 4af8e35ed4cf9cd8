//! Histories that ask for much.

use std::fmt::Write as _;

use crate::{Hostile, Size};

fn input(what: &'static str, ends: &'static [i32], make: fn(Size) -> Vec<u8>) -> Hostile {
    Hostile { what, make, options: "", ends }
}

/// A history that grows record by record.
#[derive(Default)]
struct Text(String);

impl Text {
    /// Appends a record; `rest` are fields behind the usual ones, each after a comma.
    fn record(&mut self, process: usize, kind: &str, f: &str, rest: &str) {
        // Writing to a String cannot fail.
        let _ =
            writeln!(self.0, "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\"{rest}}}");
    }

    /// Appends an operation that is alone in time.
    fn alone(&mut self, process: usize, f: &str, rest: &str) {
        self.record(process, "invoke", f, rest);
        self.record(process, "ok", f, rest);
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

fn value(value: impl std::fmt::Display) -> String {
    format!(",\"value\":{value}")
}

pub(crate) fn all() -> Vec<Hostile> {
    let mut all = shapes();
    all.extend(counts());
    all.extend(colliding());
    all.extend(concurrent());
    all.extend(times());
    all.extend(hard());
    all.extend(broken());
    all
}

/// What is no history.
fn shapes() -> Vec<Hostile> {
    vec![
        input("a completion without an invocation", &[2], |_| {
            let mut text = Text::default();
            text.record(0, "ok", "read", &value(1));
            text.bytes()
        }),
        input("a process that invokes twice", &[2], |_| {
            let mut text = Text::default();
            text.record(0, "invoke", "read", "");
            text.record(0, "invoke", "read", "");
            text.bytes()
        }),
        input("10,000 functions", &[2], |size| {
            let mut text = Text::default();
            (0..size.of(10_000)).for_each(|at| text.alone(0, &format!("f{at}"), ""));
            text.bytes()
        }),
        input("keys for every second operation", &[2], |_| {
            let mut text = Text::default();
            (0..100).for_each(|at| text.alone(0, "write", ["", ",\"key\":1"][at % 2]));
            text.bytes()
        }),
    ]
}

/// Many of everything.
fn counts() -> Vec<Hostile> {
    vec![
        input("a million equal operations", &[0], |size| {
            let mut text = Text::default();
            (0..size.of(1_000_000)).for_each(|_| text.alone(0, "write", &value(1)));
            text.bytes()
        }),
        input("a million keys", &[0], |size| {
            let mut text = Text::default();
            (0..size.of(1_000_000))
                .for_each(|at| text.alone(0, "write", &format!(",\"key\":{at},\"value\":1")));
            text.bytes()
        }),
        input("a million processes", &[0], |size| {
            let mut text = Text::default();
            (0..size.of(1_000_000)).for_each(|at| text.alone(at, "write", &value(at)));
            text.bytes()
        }),
        input("100,000 strings of 1 kB", &[0], |size| {
            let mut text = Text::default();
            let long = "x".repeat(1000);
            (0..size.of(100_000))
                .for_each(|at| text.alone(0, "write", &value(format!("\"{at}{long}\""))));
            text.bytes()
        }),
        input("1,000 reads of a set of 10,000", &[0, 3], |size| {
            let mut text = Text::default();
            let items = size.of(10_000);
            (0..items).for_each(|at| text.alone(0, "add", &value(at)));
            let all: Vec<String> = (0..items).map(|at| at.to_string()).collect();
            let all = value(format!("[{}]", all.join(",")));
            for _ in 0..size.of(1_000) {
                text.record(0, "invoke", "read", "");
                text.record(0, "ok", "read", &all);
            }
            text.bytes()
        }),
        input("a transaction of 100,000 reads and writes", &[0], |size| {
            let steps: Vec<String> =
                (0..size.of(100_000)).map(|at| format!("[\"w\",{at},{at}]")).collect();
            let mut text = Text::default();
            text.alone(0, "txn", &value(format!("[{}]", steps.join(","))));
            text.bytes()
        }),
        input("100,000 appends to one string", &[0], |size| {
            let mut text = Text::default();
            (0..size.of(100_000)).for_each(|_| {
                text.alone(0, "append", ",\"key\":1,\"value\":\"abc\"");
            });
            text.alone(0, "put", ",\"key\":1,\"value\":\"\"");
            text.bytes()
        }),
    ]
}

/// Keys that an unseeded hash function, that of the Rust compiler, puts into one place.
fn colliding() -> Vec<Hostile> {
    /// The inverse of the number by which it multiplies: a small number times this becomes small.
    const INVERSE: u64 = 0x7814_94a5_5daa_ed0d;
    fn numbers(size: Size) -> impl Iterator<Item = usize> {
        let all = (1..).map(|n: u64| (n << 3).wrapping_mul(INVERSE));
        all.filter_map(|n| i64::try_from(n).ok()).map(|n| n as usize).take(size.of(200_000))
    }
    vec![
        input("200,000 processes whose numbers collide", &[0], |size| {
            let mut text = Text::default();
            numbers(size).for_each(|n| text.alone(n, "write", &value(1)));
            text.bytes()
        }),
        input("200,000 integers that collide", &[0], |size| {
            let mut text = Text::default();
            numbers(size).for_each(|n| text.alone(0, "write", &value(n)));
            text.bytes()
        }),
        input("200,000 strings that collide", &[0], |size| {
            let mut text = Text::default();
            let name =
                |n| format!("sfcrljVRcujaxYJn0123456789abcdefkbeKX5gz{n:08}abcdefghijklmnop");
            (0..size.of(200_000))
                .for_each(|n| text.alone(0, "write", &value(format!("\"{}\"", name(n)))));
            text.bytes()
        }),
    ]
}

/// `count` operations that all begin before any of them ends.
fn at_once(count: usize, f: fn(usize) -> (&'static str, String, String)) -> Vec<u8> {
    let mut text = Text::default();
    for at in 0..count {
        let (name, input, _) = f(at);
        text.record(at, "invoke", name, &input);
    }
    for at in 0..count {
        let (name, _, output) = f(at);
        text.record(at, "ok", name, &output);
    }
    text.bytes()
}

/// Much at once, and much without an end.
fn concurrent() -> Vec<Hostile> {
    vec![
        input("100,000 reads and writes, all at once", &[0, 3], |size| {
            at_once(size.of(100_000), |at| match at % 2 {
                0 => ("write", value(at), value(at)),
                _ => ("read", String::new(), value(at - 1)),
            })
        }),
        input("10,000 enqueues and dequeues, all at once", &[0, 3], |size| {
            at_once(size.of(10_000), |at| match at % 2 {
                0 => ("enqueue", value(at), value(at)),
                _ => ("dequeue", String::new(), value(at - 1)),
            })
        }),
        input("1,000 cas of one value, all at once", &[1, 3], |size| {
            at_once(size.of(1_000), |at| {
                let pair = value(format!("[null,{at}]"));
                ("cas", pair.clone(), pair)
            })
        }),
        input("100,000 writes that never end, and as many reads", &[0, 3], |size| {
            let mut text = Text::default();
            let many = size.of(100_000);
            (0..many).for_each(|at| text.record(at, "invoke", "write", &value(at)));
            for at in 0..many {
                text.record(many, "invoke", "read", "");
                text.record(many, "ok", "read", &value(at));
            }
            text.bytes()
        }),
        input("100,000 additions that never end, and one sum", &[0, 1, 3], |size| {
            let mut text = Text::default();
            let many = size.of(100_000);
            (0..many).for_each(|at| text.record(at, "invoke", "add", &value(at + 1)));
            text.record(many, "invoke", "read", "");
            text.record(many, "ok", "read", &value(1_000_003));
            text.bytes()
        }),
        input("a million operations that never end", &[0], |size| {
            let mut text = Text::default();
            text.alone(0, "read", "");
            (0..size.of(1_000_000)).for_each(|at| text.record(at, "invoke", "write", &value(at)));
            text.bytes()
        }),
    ]
}

/// Times that no clock shows.
fn times() -> Vec<Hostile> {
    fn timed(count: usize, time: fn(usize) -> i64) -> Vec<u8> {
        let mut text = Text::default();
        for at in 0..count {
            for (nth, kind) in ["invoke", "ok"].into_iter().enumerate() {
                let rest = format!(",\"value\":{at},\"time\":{}", time(2 * at + nth));
                text.record(0, kind, "write", &rest);
            }
        }
        text.bytes()
    }
    let by_time = |what, ends, make| Hostile { what, make, options: "--order time", ends };
    vec![
        by_time("times before zero", &[0], |size| {
            timed(size.of(10_000), |at| at as i64 - 9_999_999)
        }),
        by_time("the least and the greatest time", &[0, 2], |_| {
            timed(1, |at| if at == 0 { i64::MIN + 1 } else { i64::MAX })
        }),
        by_time("all times equal", &[0], |size| timed(size.of(100_000), |_| 7)),
        by_time("times that go back", &[2], |size| timed(size.of(10_000), |at| -(at as i64))),
        input("integers at the ends of 64 bits", &[0], |_| {
            let mut text = Text::default();
            for number in ["18446744073709551615", "-9223372036854775808", "9223372036854775807"] {
                text.alone(0, "write", &value(number));
            }
            text.bytes()
        }),
        input("sums beyond 64 bits", &[0], |_| {
            let mut text = Text::default();
            (0..4).for_each(|_| text.alone(0, "add", &value(i64::MAX)));
            text.record(0, "invoke", "read", "");
            text.record(0, "ok", "read", &value("36893488147419103228"));
            text.bytes()
        }),
    ]
}

/// What is hard to decide.
fn hard() -> Vec<Hostile> {
    vec![
        Hostile {
            what: "a subset sum of 60 numbers, by search alone",
            make: |_| {
                let mut text = Text::default();
                for at in 0..60 {
                    let number = 2 * (at * at * 7919 + 3 * at + 1);
                    text.record(at, "invoke", "add", &value(number));
                }
                text.record(99, "invoke", "read", "");
                text.record(99, "ok", "read", &value(2_000_001));
                text.bytes()
            },
            options: "--decider search",
            ends: &[3],
        },
        input("40 cas that crashed, then reads of them all", &[0, 1, 3], |_| {
            let mut text = Text::default();
            for at in 0..40 {
                text.record(at, "invoke", "cas", &value(format!("[{},{}]", at * 7 % 40, at)));
            }
            for at in 0..40 {
                text.record(99, "invoke", "read", "");
                text.record(99, "ok", "read", &value(at * 11 % 40));
            }
            text.bytes()
        }),
    ]
}

/// What is wrong in very many places.
fn broken() -> Vec<Hostile> {
    vec![
        input("100,000 keys that all fail", &[1], |size| {
            let mut text = Text::default();
            for key in 0..size.of(100_000) {
                text.alone(0, "write", &format!(",\"key\":{key},\"value\":1"));
                text.record(1, "invoke", "read", &format!(",\"key\":{key}"));
                text.record(1, "ok", "read", &format!(",\"key\":{key},\"value\":2"));
            }
            text.bytes()
        }),
        input("100,000 stale reads of one register", &[1], |size| {
            let mut text = Text::default();
            text.alone(0, "write", &value(1));
            text.alone(0, "write", &value(2));
            for _ in 0..size.of(100_000) {
                text.record(1, "invoke", "read", "");
                text.record(1, "ok", "read", &value(1));
            }
            text.bytes()
        }),
        Hostile {
            what: "the same, as JSON with every anomaly",
            make: |size| {
                let mut text = Text::default();
                for at in 0..size.of(20_000) {
                    text.alone(0, "write", &value(at));
                    text.record(1, "invoke", "read", "");
                    text.record(1, "ok", "read", &value(at / 2));
                }
                text.bytes()
            },
            options: "--format json --max-anomalies 1000000",
            ends: &[1],
        },
    ]
}
