//! Values as text, in JSON and in EDN.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Shape, Value, ValueTable};

impl ValueTable {
    /// `value` as JSON text. What JSON lacks (keywords, ratios, sets, …) is written as
    /// `{"#edn": "TEXT"}`, which the JSON reader takes back as the same value.
    pub fn to_json(&self, value: Value) -> String {
        let mut out = String::new();
        self.write_json(value, &mut out);
        out
    }

    /// `value` for people: as JSON, or as EDN if it holds what JSON lacks.
    pub fn to_text(&self, value: Value) -> String {
        let json = self.to_json(value);
        if json.contains("{\"#edn\":") { self.to_edn(value) } else { json }
    }

    /// `value` as EDN text.
    pub fn to_edn(&self, value: Value) -> String {
        let mut out = String::new();
        self.write_edn(value, &mut out);
        out
    }

    /// Appends `value` as JSON; see [`ValueTable::to_json`].
    pub fn write_json(&self, value: Value, out: &mut String) {
        match self.shape(value) {
            Shape::Null => out.push_str("null"),
            Shape::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            Shape::Int(n) => push_display(out, n),
            Shape::BigInt(text) | Shape::Decimal(text) => out.push_str(text),
            Shape::Text(text) => write_quoted(text, out),
            Shape::List(items) => {
                self.write_sequence(items, ("[", ",", "]"), out, Self::write_json);
            }
            Shape::Map(items) if self.has_text_keys(items) => {
                out.push('{');
                for (at, pair) in items.chunks_exact(2).enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.write_json(pair[0], out);
                    out.push(':');
                    self.write_json(pair[1], out);
                }
                out.push('}');
            }
            _ => {
                out.push_str("{\"#edn\":");
                write_quoted(&self.to_edn(value), out);
                out.push('}');
            }
        }
    }

    /// Whether a map can be a JSON object that is read back as the same map.
    fn has_text_keys(&self, items: &[Value]) -> bool {
        let textual =
            items.chunks_exact(2).all(|pair| matches!(self.shape(pair[0]), Shape::Text(_)));
        let escape = items.len() == 2 && self.as_name(items[0]) == Some("#edn");
        textual && !escape
    }

    /// Appends `value` as EDN.
    pub fn write_edn(&self, value: Value, out: &mut String) {
        match self.shape(value) {
            Shape::Null => out.push_str("nil"),
            Shape::Bool(b) => out.push_str(if b { "true" } else { "false" }),
            Shape::Int(n) => push_display(out, n),
            Shape::BigInt(text) => {
                out.push_str(text);
                out.push('N');
            }
            Shape::Decimal(text) | Shape::Ratio(text) | Shape::Symbol(text) => out.push_str(text),
            Shape::BigDecimal(text) => {
                out.push_str(text);
                out.push('M');
            }
            Shape::Text(text) => write_quoted(text, out),
            Shape::Keyword(text) => {
                out.push(':');
                out.push_str(text);
            }
            Shape::Char(text) => write_edn_char(text, out),
            Shape::List(items) => {
                self.write_sequence(items, ("[", " ", "]"), out, Self::write_edn);
            }
            Shape::Set(items) => {
                self.write_sequence(items, ("#{", " ", "}"), out, Self::write_edn);
            }
            Shape::Map(items) => {
                self.write_sequence(items, ("{", " ", "}"), out, Self::write_edn);
            }
            Shape::Tagged(tag, inner) => {
                out.push('#');
                self.write_edn(tag, out);
                out.push(' ');
                self.write_edn(inner, out);
            }
        }
    }

    fn write_sequence(
        &self,
        items: &[Value],
        (open, between, close): (&str, &str, &str),
        out: &mut String,
        write: fn(&Self, Value, &mut String),
    ) {
        out.push_str(open);
        for (at, &item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(between);
            }
            write(self, item, out);
        }
        out.push_str(close);
    }
}

fn push_display(out: &mut String, item: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{item}");
}

/// Whether a character controls a terminal, turns the direction of what comes behind it, or ends a
/// line. None has more than 16 bits.
pub fn steers(c: char) -> bool {
    let marks = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{feff}'];
    c.is_control()
        || marks.contains(&c)
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends `text` as a string literal, as JSON and EDN both read it.
pub fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if steers(c) => push_display(out, format_args!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Returns the name of an operation as records in JSON and CSV hold it. Readers ignore one colon in
/// front of it, so that a name with a colon gets one more.
pub fn function_text(name: &str) -> Cow<'_, str> {
    if name.starts_with(':') { Cow::Owned(format!(":{name}")) } else { Cow::Borrowed(name) }
}

fn write_edn_char(text: &str, out: &mut String) {
    out.push('\\');
    match text {
        "\n" => out.push_str("newline"),
        "\r" => out.push_str("return"),
        "\t" => out.push_str("tab"),
        " " => out.push_str("space"),
        other => out.push_str(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_what_it_can_and_wraps_the_rest() {
        let mut table = ValueTable::new();
        let key = table.text("a\"b");
        let word = table.keyword("w");
        let list = table.list(&[Value::NULL, word]);
        let map = table.map(&[(key, list)]);
        assert_eq!(table.to_json(map), r##"{"a\"b":[null,{"#edn":":w"}]}"##);
        assert_eq!(table.to_edn(map), r#"{"a\"b" [nil :w]}"#);
        assert_eq!(table.to_text(map), r#"{"a\"b" [nil :w]}"#);
        assert_eq!(table.to_text(key), r#""a\"b""#);
    }
}
