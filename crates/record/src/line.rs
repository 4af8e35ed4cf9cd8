//! Events as lines of JSON.

use histcheck_history::internal::function_text;
use histcheck_history::write_quoted;

use super::event::{Ending, Field, Introduction, Note, Payload, What};

/// The fields of a record that are not further ones.
const MEANT: [&str; 6] = ["process", "type", "f", "value", "key", "time"];

/// Whether a further field may be called `name`.
pub(super) fn is_free(name: &str) -> bool {
    !MEANT.contains(&name)
}

/// How the lines of one track look.
#[derive(Default)]
pub(super) struct Voice {
    process: i64,
    /// The fields that all lines have.
    fields: Vec<Field>,
    /// Further ones of the operation that is under way, for its completion.
    own: Vec<Field>,
    /// Those of all lines, and the end of the line.
    closing: String,
    /// How lines start, for every name of an operation that came up.
    starts: Vec<Starts>,
    /// The one among them that is under way.
    current: usize,
}

/// How the lines of one track start that are about operations of one name: everything in front of
/// the value, or of the key.
struct Starts {
    function: &'static str,
    invoke: String,
    /// By [`Ending`].
    completions: [String; 3],
}

impl Voice {
    /// Appends the line of what happened at `time` to `out`, if it has one. Returns whether it has.
    #[inline]
    pub(super) fn write(&mut self, time: u64, what: What, out: &mut String) -> bool {
        match what {
            What::Invoke { function, key, value } => {
                self.choose(function);
                self.own.clear();
                let Some(starts) = self.starts.get(self.current) else { return false };
                out.push_str(&starts.invoke);
                if let Some(key) = key {
                    out.push_str(",\"key\":");
                    write_payload(&key, out);
                }
                write_value(&value, time, out);
                out.push_str(&self.closing);
            }
            What::Complete { outcome, value } => {
                let Some(starts) = self.starts.get(self.current) else { return false };
                out.push_str(&starts.completions[outcome as usize]);
                write_value(&value, time, out);
                if self.own.is_empty() {
                    out.push_str(&self.closing)
                } else {
                    self.close_with_own(out)
                }
            }
            What::Field(field) => {
                field.set(&mut self.own);
                return false;
            }
            What::Introduce(introduction) => {
                self.introduce(*introduction);
                return false;
            }
            What::Note(note) => write_note(&note, time, out),
        }
        true
    }

    fn introduce(&mut self, introduction: Introduction) {
        self.process = introduction.process;
        self.fields = introduction.fields;
        self.own.clear();
        self.closing.clear();
        write_fields(self.fields.iter(), &mut self.closing);
        self.closing.push_str("}\n");
        self.starts.clear();
    }

    /// Makes `function` the operation that is under way.
    #[inline]
    fn choose(&mut self, function: &'static str) {
        let is_it = |starts: &Starts| starts.function == function;
        if !self.starts.get(self.current).is_some_and(is_it) {
            let known = self.starts.iter().position(is_it);
            self.current = known.unwrap_or_else(|| self.learn(function));
        }
    }

    /// Adds how lines about `function` start. Returns where.
    #[cold]
    fn learn(&mut self, function: &'static str) -> usize {
        let start = |kind: &str| {
            let mut start = format!("{{\"process\":{},\"type\":\"{kind}\",\"f\":", self.process);
            write_quoted(&function_text(function), &mut start);
            start
        };
        let completions = [Ending::Ok, Ending::Fail, Ending::Info].map(|end| start(end.name()));
        let starts = Starts { function, invoke: start("invoke"), completions };
        self.starts.push(starts);
        self.starts.len() - 1
    }

    /// Ends a line with the fields of its own, and with those of all lines that have other names.
    fn close_with_own(&self, out: &mut String) {
        write_fields(self.own.iter(), out);
        let is_other = |field: &&Field| self.own.iter().all(|own| own.name != field.name);
        write_fields(self.fields.iter().filter(is_other), out);
        out.push_str("}\n");
    }
}

fn write_note(note: &Note, time: u64, out: &mut String) {
    out.push_str("{\"process\":");
    write_quoted(&note.process, out);
    out.push_str(",\"type\":\"info\",\"f\":");
    write_quoted(&function_text(&note.function), out);
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
        write_quoted(field.name, out);
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
        Payload::Pair(first, second) => {
            out.push('[');
            out.push_str(itoa::Buffer::new().format(*first));
            out.push(',');
            out.push_str(itoa::Buffer::new().format(*second));
            out.push(']');
        }
        Payload::Text(text) => write_quoted(text.as_str(), out),
        Payload::Json(text) => out.push_str(text),
    }
}

/// Appends the record that describes the history, if there is anything to be said.
pub(super) fn write_metadata(fields: &[Field], out: &mut String) {
    if let Some((first, rest)) = fields.split_first() {
        out.push_str("{\"histcheck\":{");
        write_quoted(first.name, out);
        out.push(':');
        write_payload(&first.value, out);
        write_fields(rest.iter(), out);
        out.push_str("}}\n");
    }
}
