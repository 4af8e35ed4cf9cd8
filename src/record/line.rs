//! Events as lines of JSON.

use super::event::{Field, Introduction, Moment, Note, Payload, What};
use crate::emit::word;
use crate::history::write_quoted;

/// The fields of a record that are not further ones.
const MEANT: [&str; 6] = ["process", "type", "f", "value", "key", "time"];

/// Whether a further field may be called `name`.
pub(super) fn is_free(name: &str) -> bool {
    !MEANT.contains(&name)
}

/// How the lines of one track look.
#[derive(Default)]
pub(super) struct Voice {
    /// `{"process":0,"type":"`
    opening: String,
    /// The fields that all lines have.
    fields: Vec<Field>,
    /// Those, and the end of the line.
    closing: String,
    /// The name of the operation that is under way.
    function: &'static str,
    /// `","f":"read"`
    naming: String,
}

impl Voice {
    /// Appends the line of `moment` to `out`, if it has one. Returns whether it has.
    #[inline]
    pub(super) fn write(&mut self, moment: &Moment, out: &mut String) -> bool {
        match &moment.what {
            What::Invoke { function, key, value } => {
                if self.function != *function || self.naming.is_empty() {
                    self.name(function);
                }
                out.push_str(&self.opening);
                out.push_str("invoke");
                out.push_str(&self.naming);
                if let Some(key) = key {
                    out.push_str(",\"key\":");
                    write_payload(key, out);
                }
                write_value(value, moment.time, out);
                out.push_str(&self.closing);
            }
            What::Complete { outcome, value, fields } => {
                out.push_str(&self.opening);
                out.push_str(outcome.name());
                out.push_str(&self.naming);
                write_value(value, moment.time, out);
                match fields {
                    Some(fields) => self.close_with(fields, out),
                    None => out.push_str(&self.closing),
                }
            }
            What::Introduce(introduction) => {
                self.introduce(introduction);
                return false;
            }
            What::Note(note) => write_note(note, moment.time, out),
        }
        true
    }

    fn introduce(&mut self, introduction: &Introduction) {
        self.opening.clear();
        self.opening.push_str("{\"process\":");
        self.opening.push_str(itoa::Buffer::new().format(introduction.process));
        self.opening.push_str(",\"type\":\"");
        self.fields.clone_from(&introduction.fields);
        self.closing.clear();
        write_fields(self.fields.iter(), &mut self.closing);
        self.closing.push_str("}\n");
    }

    #[cold]
    fn name(&mut self, function: &'static str) {
        self.function = function;
        self.naming.clear();
        self.naming.push_str("\",\"f\":");
        write_quoted(&word(function), &mut self.naming);
    }

    /// Ends a line with `fields`, and with those of all lines that have other names.
    #[cold]
    fn close_with(&self, fields: &[Field], out: &mut String) {
        write_fields(fields.iter(), out);
        let is_other = |field: &&Field| fields.iter().all(|own| own.name != field.name);
        write_fields(self.fields.iter().filter(is_other), out);
        out.push_str("}\n");
    }
}

fn write_note(note: &Note, time: u64, out: &mut String) {
    out.push_str("{\"process\":");
    write_quoted(&note.process, out);
    out.push_str(",\"type\":\"info\",\"f\":");
    write_quoted(&word(&note.function), out);
    write_value(&note.value, time, out);
    out.push_str("}\n");
}

#[inline]
fn write_value(value: &Payload, time: u64, out: &mut String) {
    out.push_str(",\"value\":");
    write_payload(value, out);
    out.push_str(",\"time\":");
    out.push_str(itoa::Buffer::new().format(time));
}

fn write_fields<'f>(fields: impl Iterator<Item = &'f Field>, out: &mut String) {
    for field in fields {
        out.push(',');
        write_quoted(&field.name, out);
        out.push(':');
        write_payload(&field.value, out);
    }
}

#[inline]
fn write_payload(value: &Payload, out: &mut String) {
    match value {
        Payload::Null => out.push_str("null"),
        Payload::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Payload::Int(n) => out.push_str(itoa::Buffer::new().format(*n)),
        Payload::Text(text) => write_quoted(text.as_str(), out),
        Payload::Json(text) => out.push_str(text),
    }
}

/// Appends the record that describes the history, if there is anything to be said.
pub(super) fn write_metadata(fields: &[Field], out: &mut String) {
    if let Some((first, rest)) = fields.split_first() {
        out.push_str("{\"histcheck\":{");
        write_quoted(&first.name, out);
        out.push(':');
        write_payload(&first.value, out);
        write_fields(rest.iter(), out);
        out.push_str("}}\n");
    }
}
