#![allow(clippy::expect_used)]

use super::*;
use crate::hash::crafted;

#[test]
fn no_input_can_make_values_collide() {
    let spread = |fill: &dyn Fn(&mut ValueTable)| {
        let mut table = ValueTable::new();
        fill(&mut table);
        let ValueTable { nodes, bytes, items, seed, .. } = &table;
        let stored = Value::TRUE.0 + 1..nodes.len() as u32;
        assert!(stored.len() >= crafted::KEYS as usize - 1);
        crafted::fullest(stored.map(|at| probe_of(nodes, bytes, items, at).hash(*seed)))
    };
    assert!(
        spread(&|table| crafted::numbers().for_each(|n| _ = table.int(n as i64))) < crafted::MOST
    );
    assert!(
        spread(&|table| crafted::texts().for_each(|text| _ = table.text(&text))) < crafted::MOST
    );
    let lists = |table: &mut ValueTable| {
        for list in crafted::lists() {
            let items = list.map(|n| table.int(n));
            table.list(&items);
        }
    };
    assert!(spread(&lists) < crafted::MOST);
}

#[test]
fn equal_values_share_a_handle_and_types_stay_apart() {
    let mut table = ValueTable::new();
    assert_eq!(table.text("42"), table.text("42"));
    assert_ne!(table.text("42"), table.int(42));
    let decimal = table.decimal("42.0").expect("a decimal");
    assert_ne!(decimal, table.int(42));
    assert_eq!(Some(decimal), table.decimal("4.20e1"));
    let (one, two) = (table.int(1), table.int(2));
    assert_eq!(table.set(&[one, two]), table.set(&[two, one, two]));
    assert_ne!(table.list(&[one, two]), table.list(&[two, one]));
}

#[test]
fn integers_of_every_size_come_back() {
    let mut table = ValueTable::new();
    for n in [0, 1, -1, INLINE_MIN, INLINE_MAX, INLINE_MIN - 1, INLINE_MAX + 1, i64::MIN, i64::MAX]
    {
        let value = table.int(n);
        assert_eq!(table.as_int(value), Some(n));
        assert_eq!(table.integer(&n.to_string()), Some(value));
    }
    let big = table.integer("18446744073709551615").expect("an integer");
    assert_eq!(table.shape(big), Shape::BigInt("18446744073709551615"));
    assert_eq!(table.integer("+018446744073709551615"), Some(big));
}

#[test]
fn import_carries_a_value_into_another_table() {
    let mut from = ValueTable::new();
    let (a, b) = (from.text("a"), from.int(1 << 40));
    let inner = from.set(&[a, b]);
    let value = from.map(&[(a, inner), (b, Value::TRUE)]);
    let mut into = ValueTable::new();
    into.int(1 << 41);
    let copy = into.import(&from, value);
    let mut texts = [into.to_edn(copy), from.to_edn(value)];
    for text in &mut texts {
        let mut bytes: Vec<char> = text.chars().collect();
        bytes.sort_unstable();
        *text = bytes.into_iter().collect();
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(into.import(&from, value), copy);
}
