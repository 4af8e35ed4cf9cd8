//! Values written down in tests.

use histcheck::history::{IntoValue, Value, ValueTable};

/// A value outside of any table.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Keyword(&'static str),
    List(Vec<Json>),
    Set(Vec<Json>),
    Map(Vec<(Json, Json)>),
}

impl Json {
    pub(crate) fn text(text: &str) -> Json {
        Json::Text(text.to_owned())
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Json::Int(n) => Some(*n),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> &[Json] {
        match self {
            Json::List(items) | Json::Set(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn pairs(&self) -> &[(Json, Json)] {
        match self {
            Json::Map(pairs) => pairs,
            _ => &[],
        }
    }
}

impl IntoValue for &Json {
    fn into_value(self, values: &mut ValueTable) -> Value {
        match self {
            Json::Null => Value::NULL,
            Json::Bool(b) => Value::bool(*b),
            Json::Int(n) => values.int(*n),
            Json::Text(text) => values.text(text),
            Json::Keyword(name) => values.keyword(name),
            Json::List(items) | Json::Set(items) => {
                let handles: Vec<Value> = items.iter().map(|i| i.into_value(values)).collect();
                match self {
                    Json::List(_) => values.list(&handles),
                    _ => values.set(&handles),
                }
            }
            Json::Map(pairs) => {
                let handles: Vec<(Value, Value)> = pairs
                    .iter()
                    .map(|(key, value)| (key.into_value(values), value.into_value(values)))
                    .collect();
                values.map(&handles)
            }
        }
    }
}
