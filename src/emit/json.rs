//! JSON: one object a record. Keywords and other values that JSON lacks are written as
//! `{"#edn": "TEXT"}`, but for names (`f`, `type`, processes), which become strings.

use super::{Entry, Record};
use crate::history::{Value, ValueTable, function_text, write_quoted};

/// Appends `record` as an object.
pub(super) fn record(record: &Record<'_>, out: &mut String) {
    let mut object = Object { values: record.values(), out, first: true };
    match record.entry {
        Entry::Event { process, kind, function, value, key, time } => {
            object.process(Some(process));
            object.string("type", Some(kind.name()));
            object.string("f", Some(&function_text(function)));
            object.value("key", key);
            object.value("value", Some(value));
            object.integer("time", time);
        }
        Entry::Whole { process, function, input, output, key, call, ret, outcome } => {
            object.process(process);
            object.string("f", Some(&function_text(function)));
            object.value("key", key);
            object.value("input", Some(input));
            object.value("output", Some(output));
            object.integer("call", call);
            object.integer("return", ret);
            if let Some((field, outcome)) = outcome {
                object.string(field, Some(outcome));
            }
        }
        Entry::Metadata(value) => object.value("histcheck", Some(value)),
    }
    for (name, value) in record.extras() {
        object.value(name, Some(value));
    }
    object.out.push('}');
}

/// An object that is being written.
struct Object<'a> {
    values: &'a ValueTable,
    out: &'a mut String,
    first: bool,
}

impl Object<'_> {
    fn name(&mut self, name: &str) {
        self.out.push(if std::mem::take(&mut self.first) { '{' } else { ',' });
        write_quoted(name, self.out);
        self.out.push(':');
    }

    fn value(&mut self, name: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.name(name);
            self.values.write_json(value, self.out);
        }
    }

    fn string(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            write_quoted(text, self.out);
        }
    }

    fn integer(&mut self, name: &str, n: Option<i64>) {
        if let Some(n) = n {
            self.name(name);
            self.out.push_str(&n.to_string());
        }
    }

    fn process(&mut self, process: Option<Value>) {
        match process.and_then(|process| self.values.as_name(process)) {
            Some(name) => self.string("process", Some(name)),
            None => self.value("process", process),
        }
    }
}
