//! The parts of an object or an array whose text was found to be JSON before: where they start and
//! end is all that is looked for.

use std::borrow::Cow;

use memchr::memchr2;

use super::cell::Cell;
use super::text::string;
use crate::error::Error;

/// Hands over the fields of an object by their names, or the items of an array by their numbers.
pub(super) fn entries<'t>(
    cell: &Cell<'t>,
    take: &mut dyn FnMut(Cow<'t, str>, Cell<'t>),
) -> Result<(), Error> {
    let mut parts = Parts { text: cell.text, at: 1 };
    let is_object = cell.text.starts_with('{');
    for index in 0.. {
        parts.skip_space();
        if matches!(parts.peek(), None | Some(b'}' | b']')) {
            break;
        }
        let name = if is_object {
            let start = parts.at;
            let literal = parts.string();
            parts.skip_space();
            parts.at += 1;
            parts.skip_space();
            string(literal, cell.offset + start)?
        } else {
            Cow::Owned(index.to_string())
        };
        let start = parts.at;
        let text = parts.value();
        take(name, Cell { text, offset: cell.offset + start, plain: false });
        parts.skip_space();
        // The comma, or the end.
        parts.at += usize::from(parts.peek() == Some(b','));
    }
    Ok(())
}

struct Parts<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parts<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// The string literal here, quotes included.
    fn string(&mut self) -> &'t str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        while let Some(found) = memchr2(b'"', b'\\', bytes.get(end..).unwrap_or_default()) {
            end += found + 1;
            if bytes[end - 1] == b'"' {
                break;
            }
            // What follows the backslash is one byte at least; more of it is no quote.
            end += 1;
        }
        self.at = end.min(bytes.len());
        &self.text[start..self.at]
    }

    /// The value here.
    fn value(&mut self) -> &'t str {
        let start = self.at;
        let mut depth = 0;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string();
                    if depth == 0 {
                        break;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => break,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        break;
                    }
                }
                b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => break,
                _ => {}
            }
            self.at += 1;
        }
        &self.text[start..self.at]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn parts(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let cell = Cell { text, offset: 0, plain: false };
        entries(&cell, &mut |name, part| {
            assert!(text[part.offset..].starts_with(part.text));
            found.push((name.into_owned(), part.text.to_owned()));
        })
        .unwrap();
        found
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a\"\\\\,{}\\[\\]:\u{e9} \n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-c\"\\\\,}\\]]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn parts_are_those_of_a_parser(value in values(), pretty: bool) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            let expected: Vec<(String, Value)> = match value {
                Value::Object(fields) => fields.into_iter().collect(),
                Value::Array(items) => {
                    items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
                }
                _ => return Ok(()),
            };
            let found: Vec<(String, Value)> = parts(&text)
                .into_iter()
                .map(|(name, part)| (name, serde_json::from_str(&part).unwrap()))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
