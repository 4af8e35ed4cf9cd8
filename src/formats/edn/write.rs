//! Writes EDN: one map a record.

use super::token::is_keyword_name;
use crate::formats::records::Notation;
use crate::history::{Value, ValueTable, write_quoted};

/// The notation of EDN maps.
pub(super) struct Map;

impl Notation for Map {
    fn name(&self, name: &str, is_first: bool, out: &mut String) {
        out.push_str(if is_first { "{" } else { ", " });
        write_word(name, out);
        out.push(' ');
    }

    fn value(&self, value: Value, values: &ValueTable, out: &mut String) {
        values.write_edn(value, out);
    }

    fn word(&self, word: &str, out: &mut String) {
        write_word(word, out);
    }
}

/// Appends `name` as a keyword, or as a string if no keyword can be called that.
pub(in crate::formats) fn write_word(name: &str, out: &mut String) {
    if is_keyword_name(name) {
        out.push(':');
        out.push_str(name);
    } else {
        // The escapes of a JSON string are those of EDN.
        write_quoted(name, out);
    }
}
