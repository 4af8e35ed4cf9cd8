//! EDN: one map a record, with the fields in the order of Jepsen's own documentation.

use super::{Entry, Record};
use crate::history::{Value, ValueTable};
use crate::ingest::is_keyword_name;

/// Appends `record` as a map.
pub(super) fn record(record: &Record<'_>, out: &mut String) {
    let mut map = Map { values: record.values(), out, first: true };
    match record.entry {
        Entry::Event { process, kind, function, value, key, time } => {
            map.value("process", Some(process));
            map.word("type", Some(kind.name()));
            map.word("f", Some(function));
            map.value("key", key);
            map.value("value", Some(value));
            map.integer("time", time);
        }
        Entry::Whole { process, function, input, output, key, call, ret, outcome } => {
            map.value("process", process);
            map.word("f", Some(function));
            map.value("key", key);
            map.value("input", Some(input));
            map.value("output", Some(output));
            map.integer("call", call);
            map.integer("return", ret);
            if let Some((field, outcome)) = outcome {
                map.word(field, Some(outcome));
            }
        }
        Entry::Metadata(value) => map.value("histcheck", Some(value)),
    }
    for (name, value) in record.extras() {
        map.value(name, Some(value));
    }
    map.out.push('}');
}

/// Appends `name` as a keyword, or as a string if no keyword can be called that.
pub(super) fn write_word(name: &str, out: &mut String) {
    if is_keyword_name(name) {
        out.push(':');
        out.push_str(name);
    } else {
        // The escapes of a JSON string are those of EDN.
        crate::history::write_quoted(name, out);
    }
}

/// A map that is being written.
struct Map<'a> {
    values: &'a ValueTable,
    out: &'a mut String,
    first: bool,
}

impl Map<'_> {
    fn name(&mut self, name: &str) {
        self.out.push_str(if std::mem::take(&mut self.first) { "{" } else { ", " });
        write_word(name, self.out);
        self.out.push(' ');
    }

    fn value(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.name(name);
            self.values.write_edn(value, self.out);
        }
    }

    fn word(&mut self, name: &str, word: Option<&str>) {
        if let Some(word) = word {
            self.name(name);
            write_word(word, self.out);
        }
    }

    fn integer(&mut self, name: &str, n: Option<i64>) {
        if let Some(n) = n {
            self.name(name);
            self.out.push_str(&n.to_string());
        }
    }
}
