//! Values that differ only in type, taken for one: a number and the string that writes it.

use super::hash::Map;
use super::{History, Operation, Shape, Value, ValueTable};

impl ValueTable {
    /// The value that stands for all that differ from `value` only in type.
    ///
    /// A number stands for the string that writes it as reports do (`52` for `"52"`) and, where it
    /// is whole, for the decimal that equals it (`52` for `52.0`); a boolean stands for its string,
    /// and a string for the keyword, symbol or character of that name. What lists, sets and maps
    /// hold is replaced likewise, unless two keys of a map would become one. `null` stands for
    /// nothing but itself.
    ///
    /// ```
    /// let mut values = histcheck_history::ValueTable::new();
    /// let number = values.int(52);
    /// let text = values.text("52");
    /// assert_eq!(values.loosened(text), number);
    /// let list = values.list(&[text]);
    /// assert_eq!(values.loosened(list), values.list(&[number]));
    /// let padded = values.text("052");
    /// assert_eq!(values.loosened(padded), padded);
    /// ```
    pub fn loosened(&mut self, value: Value) -> Value {
        if !value.is_stored() {
            return value;
        }
        match self.shape(value) {
            Shape::Null | Shape::Bool(_) | Shape::Int(_) | Shape::BigInt(_) => value,
            Shape::Ratio(_)
            | Shape::Decimal(_)
            | Shape::BigDecimal(_)
            | Shape::Text(_)
            | Shape::Keyword(_)
            | Shape::Symbol(_)
            | Shape::Char(_) => self.loosened_scalar(value),
            Shape::List(items) => {
                let items = self.all_loosened(items.to_vec());
                self.list(&items)
            }
            Shape::Set(items) => {
                let items = self.all_loosened(items.to_vec());
                self.set(&items)
            }
            Shape::Map(items) => {
                let keys = items.iter().step_by(2).copied().collect::<Vec<_>>();
                let held = items.iter().skip(1).step_by(2).copied().collect();
                let held = self.all_loosened(held);
                let mut loose = self.all_loosened(keys.clone());
                let mut distinct = loose.clone();
                distinct.sort_unstable();
                distinct.dedup();
                if distinct.len() < keys.len() {
                    loose = keys;
                }
                let pairs: Vec<(Value, Value)> = loose.into_iter().zip(held).collect();
                self.map(&pairs)
            }
            Shape::Tagged(tag, held) => {
                let tag = self.as_name(tag).unwrap_or_default().to_owned();
                let held = self.loosened(held);
                self.tagged(&tag, held)
            }
        }
    }

    fn all_loosened(&mut self, mut items: Vec<Value>) -> Vec<Value> {
        items.iter_mut().for_each(|item| *item = self.loosened(*item));
        items
    }

    fn loosened_scalar(&mut self, value: Value) -> Value {
        let Some(text) = self.loose_text(value) else { return value };
        match &*text {
            "true" => Value::TRUE,
            "false" => Value::FALSE,
            _ => match self.number(&text) {
                Some(number) if self.to_text(number) == text => number,
                _ => self.text(&text),
            },
        }
    }

    /// The text that a value and all that differ from it only in type have in common; `None` for
    /// `null`, and for what holds other values.
    #[doc(hidden)]
    pub fn loose_text(&self, value: Value) -> Option<String> {
        let whole = |digits: &str| match digits.strip_suffix(".0").unwrap_or(digits) {
            "-0" => "0".to_owned(),
            digits => digits.to_owned(),
        };
        Some(match self.shape(value) {
            Shape::Bool(_) | Shape::Int(_) | Shape::BigInt(_) => self.to_text(value),
            Shape::Ratio(text) => text.to_owned(),
            Shape::Decimal(digits) => whole(digits),
            Shape::BigDecimal(digits) => whole(&super::number::canonical_decimal(digits)?),
            Shape::Text(text) | Shape::Keyword(text) | Shape::Symbol(text) | Shape::Char(text) => {
                match super::number::canonical_decimal(text) {
                    Some(digits) if digits == text => whole(text),
                    _ => text.to_owned(),
                }
            }
            Shape::Null | Shape::List(_) | Shape::Set(_) | Shape::Map(_) | Shape::Tagged(..) => {
                return None;
            }
        })
    }
}

impl History {
    /// The history with values that differ only in type taken for one, keys and metadata among
    /// them: see [`ValueTable::loosened`]. O(values).
    #[must_use]
    pub fn loosened(mut self) -> History {
        let History { values, operations, metadata, .. } = &mut self;
        let mut known: Map<Value, Value> = Map::default();
        let mut loosened = |value: Value| {
            if !value.is_stored() {
                return value;
            }
            *known.entry(value).or_insert_with(|| values.loosened(value))
        };
        for Operation { key, input, output, .. } in operations {
            *key = key.map(&mut loosened);
            (*input, *output) = (loosened(*input), loosened(*output));
        }
        *metadata = metadata.map(loosened);
        self.tally = std::sync::OnceLock::new();
        self
    }
}

impl History {
    /// The history in which every operation that returned `word` returned null: the word said that
    /// there was nothing. O(operations).
    #[must_use]
    pub fn with_word_for_nothing(mut self, word: Value) -> History {
        for operation in self.operations.iter_mut().filter(|operation| operation.output == word) {
            operation.output = Value::NULL;
        }
        self.tally = std::sync::OnceLock::new();
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_that_differ_only_in_type_become_one() {
        let mut values = ValueTable::new();
        let alike = [
            vec![values.int(7), values.text("7"), values.decimal("7.0").unwrap()],
            vec![values.decimal("7.5").unwrap(), values.text("7.5")],
            vec![values.decimal("-0.0").unwrap(), values.int(0), values.text("0")],
            vec![values.ratio("1/3").unwrap(), values.text("1/3")],
            vec![
                values.integer("99999999999999999999").unwrap(),
                values.text("99999999999999999999"),
            ],
            vec![values.text("a"), values.keyword("a"), values.symbol("a"), values.char('a')],
            vec![Value::TRUE, values.text("true")],
            vec![Value::NULL],
            vec![values.text("null")],
            vec![values.text("07")],
            vec![values.text("")],
            vec![values.text(" 7")],
        ];
        let alike: Vec<Vec<Value>> = alike.to_vec();
        for (nth, class) in alike.iter().enumerate() {
            let first = values.loosened(class[0]);
            for (other, members) in alike.iter().enumerate() {
                for &member in members {
                    let is_same = values.loosened(member) == first;
                    assert_eq!(is_same, nth == other, "{}", values.to_json(member));
                    let texts = [member, class[0]].map(|value| values.loose_text(value));
                    assert_eq!(texts[0] == texts[1], nth == other);
                    let again = values.loosened(member);
                    assert_eq!(values.loosened(again), again);
                }
            }
        }
    }

    #[test]
    fn keys_of_a_map_stay_apart() {
        let mut values = ValueTable::new();
        let (number, text) = (values.int(1), values.text("1"));
        let apart = values.map(&[(number, text), (text, text)]);
        let kept = values.map(&[(number, number), (text, number)]);
        assert_eq!(values.loosened(apart), kept);
        let one = values.map(&[(text, text)]);
        let loose = values.map(&[(number, number)]);
        assert_eq!(values.loosened(one), loose);
    }
}
