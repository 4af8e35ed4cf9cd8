//! Writes JSON: one object a record. Keywords and other values that JSON lacks are written as
//! `{"#edn": "TEXT"}`, but for names (`f`, `type`, processes), which become strings.

use crate::formats::records::Notation;
use crate::history::{Value, ValueTable, function_text, write_quoted};

/// The notation of JSON objects.
pub(super) struct Object;

impl Notation for Object {
    fn name(&self, name: &str, is_first: bool, out: &mut String) {
        out.push(if is_first { '{' } else { ',' });
        write_quoted(name, out);
        out.push(':');
    }

    fn value(&self, value: Value, values: &ValueTable, out: &mut String) {
        values.write_json(value, out);
    }

    fn process(&self, process: Value, values: &ValueTable, out: &mut String) {
        match values.as_name(process) {
            Some(name) => write_quoted(name, out),
            None => self.value(process, values, out),
        }
    }

    fn word(&self, word: &str, out: &mut String) {
        write_quoted(&function_text(word), out);
    }
}
