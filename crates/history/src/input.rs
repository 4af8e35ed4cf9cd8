//! Rust values as values of a history, for those who record in code.

use super::{Value, ValueTable};

/// What can be recorded as a value.
pub trait IntoValue {
    /// Interns `self` in `values`.
    fn into_value(self, values: &mut ValueTable) -> Value;
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl IntoValue for $type {
            fn into_value(self, values: &mut ValueTable) -> Value {
                match i64::try_from(self) {
                    Ok(n) => values.int(n),
                    // Beyond i64: its digits always make an integer.
                    Err(_) => values.integer(&self.to_string()).unwrap_or(Value::NULL),
                }
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl IntoValue for () {
    fn into_value(self, _: &mut ValueTable) -> Value {
        Value::NULL
    }
}

impl IntoValue for bool {
    fn into_value(self, _: &mut ValueTable) -> Value {
        Value::bool(self)
    }
}

impl IntoValue for &str {
    fn into_value(self, values: &mut ValueTable) -> Value {
        values.text(self)
    }
}

impl IntoValue for String {
    fn into_value(self, values: &mut ValueTable) -> Value {
        values.text(&self)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self, values: &mut ValueTable) -> Value {
        self.map_or(Value::NULL, |inner| inner.into_value(values))
    }
}

impl<A: IntoValue, B: IntoValue> IntoValue for (A, B) {
    fn into_value(self, values: &mut ValueTable) -> Value {
        let items = [self.0.into_value(values), self.1.into_value(values)];
        values.list(&items)
    }
}

impl<A: IntoValue, B: IntoValue, C: IntoValue> IntoValue for (A, B, C) {
    fn into_value(self, values: &mut ValueTable) -> Value {
        let items =
            [self.0.into_value(values), self.1.into_value(values), self.2.into_value(values)];
        values.list(&items)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self, values: &mut ValueTable) -> Value {
        let items: Vec<Value> = self.into_iter().map(|item| item.into_value(values)).collect();
        values.list(&items)
    }
}

impl<T: IntoValue, const N: usize> IntoValue for [T; N] {
    fn into_value(self, values: &mut ValueTable) -> Value {
        let items = self.map(|item| item.into_value(values));
        values.list(&items)
    }
}
