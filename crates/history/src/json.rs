//! Values of serde_json as values of a history.

use super::{IntoValue, MAX_DEPTH, Value, ValueTable};

impl IntoValue for serde_json::Value {
    /// What is nested deeper than [`MAX_DEPTH`] becomes a string, its JSON text.
    fn into_value(self, values: &mut ValueTable) -> Value {
        nested(self, MAX_DEPTH, values)
    }
}

/// A JSON value that may have `room` levels of lists and maps.
fn nested(json: serde_json::Value, room: usize, values: &mut ValueTable) -> Value {
    match json {
        serde_json::Value::Null => Value::NULL,
        serde_json::Value::Bool(b) => Value::bool(b),
        serde_json::Value::Number(n) => values.number(&n.to_string()).unwrap_or(Value::NULL),
        serde_json::Value::String(text) => values.text(&text),
        deeper if room == 0 => values.text(&deeper.to_string()),
        serde_json::Value::Array(items) => {
            let items: Vec<Value> =
                items.into_iter().map(|item| nested(item, room - 1, values)).collect();
            values.list(&items)
        }
        serde_json::Value::Object(fields) => {
            let pairs: Vec<(Value, Value)> = fields
                .into_iter()
                .map(|(name, item)| (values.text(&name), nested(item, room - 1, values)))
                .collect();
            values.map(&pairs)
        }
    }
}
