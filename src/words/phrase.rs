//! Operations, values and numbers in words.

pub use histcheck_history::steers;

use crate::history::{History, OpIndex, Operation, Outcome, Record, Value};
use crate::vocabulary::Word;

/// Values longer than this are cut in phrases.
const VALUE_CHARS: usize = 60;

/// The operation as a phrase: `write 1`, `read → 1`, `cas [1,2]`.
pub fn operation_phrase(history: &History, operation: &Operation) -> String {
    let values = history.values();
    let mut phrase = shortened(history.function(operation.function), VALUE_CHARS);
    let show = |value| shortened(&values.to_text(value), VALUE_CHARS);
    if !operation.input.is_null() {
        phrase.push(' ');
        phrase.push_str(&show(operation.input));
    }
    let answers = if operation.output.is_null() {
        !null_says_nothing(history.word(operation.function))
    } else {
        operation.output != operation.input
    };
    if answers && operation.outcome == Outcome::Ok {
        phrase.push_str(" → ");
        phrase.push_str(&show(operation.output));
    }
    phrase
}

/// Returns whether a null that an operation of this name returns says nothing.
pub(crate) fn null_says_nothing(word: Option<Word>) -> bool {
    word.is_some_and(|word| word.verb().null_says_nothing())
}

/// A value on one line, cut if it is long, as text: `42`, `"a"`, `[1,2]`.
pub(crate) fn value_phrase(history: &History, value: Value) -> String {
    shortened(&history.values().to_text(value), VALUE_CHARS)
}

/// The process of operation `index`: `process 3`.
pub(crate) fn process_phrase(history: &History, index: OpIndex) -> String {
    let process = history[index].process;
    format!("process {}", shortened(&history.values().to_text(process), 40))
}

/// When operation `index` was called, as far as the history tells: `at 1.204 s` after the first
/// time of the history, or else `in record 17`.
pub(crate) fn call_phrase(history: &History, index: OpIndex) -> String {
    let record = history[index].invoked;
    moment(history, history.times(index)[0], record)
}

/// When operation `index` returned: as [`call_phrase`]; `never` if it did not.
pub(crate) fn return_phrase(history: &History, index: OpIndex) -> String {
    match history[index].completed {
        None => "never".to_owned(),
        Some(record) => moment(history, history.times(index)[1], record),
    }
}

/// When operation `index` was called, or returned, without a preposition: `1.204 s` after the first
/// time of the history, or else `record 17`.
pub(crate) fn moment_phrase(history: &History, index: OpIndex, returned: bool) -> String {
    let phrase = if returned { return_phrase(history, index) } else { call_phrase(history, index) };
    match phrase.split_once(' ') {
        Some(("at" | "in", moment)) => moment.to_owned(),
        _ => phrase,
    }
}

fn moment(history: &History, time: Option<i64>, record: Record) -> String {
    match (time, history.start_time()) {
        (Some(time), Some(start)) => {
            let since = i128::from(time) - i128::from(start);
            let sign = if since < 0 { "-" } else { "" };
            format!("at {sign}{}", duration_phrase(since.unsigned_abs()))
        }
        _ => format!("in record {record}"),
    }
}

/// A duration in nanoseconds with a unit that fits: `250 ns`, `3.4 ms`, `340 ms`, `12.5 s`.
pub(crate) fn duration_phrase(nanoseconds: u128) -> String {
    let (unit, name) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    // Three decimals, and none that say nothing.
    let thousandths = nanoseconds / (unit / 1_000);
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    format!("{} {name}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How commands to services that run tests start, wherever they stand in a line: `##[error]`,
/// `##vso[…]`, `##teamcity[…]`.
pub(crate) const COMMAND: &str = "##";

/// `text` without characters that [steer](steers) and without commands to a service that runs
/// tests, so that no input can steer a terminal, or make one text look like another.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            out.extend(c.escape_default());
        } else if c == '#' && out.ends_with('#') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// `text` on one line, cut to `limit` characters with an ellipsis, without control characters.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}

/// `1234567` as `1,234,567`.
pub fn with_thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `count` with its noun: `1 key`, `1,000 keys`, `2 processes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let ending = match (count, noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{ending}", with_thousands(count))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn operations_read_like_calls() {
        let mut history = History::builder();
        let mut run = |f: &str, input: Option<i64>, output: Option<i64>| {
            history.invoke(0, f, input).unwrap();
            history.ok(0, f, output).unwrap();
        };
        run("write", Some(1), Some(1));
        run("write", Some(1), None);
        run("read", None, Some(1));
        run("read", None, None);
        run("acquire", None, None);
        run("compare-and-set", Some(3), None);
        run("increment", None, None);
        run("get-and-add", Some(2), Some(7));
        history.invoke(0, "read", ()).unwrap();
        history.info(0, "read").unwrap();
        let history = history.build().unwrap();
        let phrases: Vec<String> =
            history.operations().iter().map(|op| operation_phrase(&history, op)).collect();
        let expected = [
            "write 1",
            "write 1",
            "read → 1",
            "read → null",
            "acquire",
            "compare-and-set 3",
            "increment",
            "get-and-add 2 → 7",
            "read",
        ];
        assert_eq!(phrases, expected);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("#[ ##[error]x"), "#[ #\\u{23}[error]x");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äö", 2), "äö");
    }

    #[test]
    fn durations_have_a_unit() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (340_000_000, "340 ms"),
            (1_204_500_000, "1.204 s"),
            (7_200_000_000_000, "7200 s"),
        ];
        for (nanoseconds, text) in cases {
            assert_eq!(duration_phrase(nanoseconds), text);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(with_thousands(0), "0");
        assert_eq!(with_thousands(999), "999");
        assert_eq!(with_thousands(1_234_567), "1,234,567");
        assert_eq!(counted(1, "process"), "1 process");
        assert_eq!(counted(2, "process"), "2 processes");
        assert_eq!(counted(1000, "key"), "1,000 keys");
    }
}
