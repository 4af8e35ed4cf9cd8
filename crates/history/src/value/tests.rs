#![allow(clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::hash::{crafted, spread};

#[test]
fn no_input_can_make_values_collide() {
    let spread = |fill: &dyn Fn(&mut ValueTable)| {
        let mut table = ValueTable::new();
        fill(&mut table);
        let stored = &table.hashes[Value::TRUE.0 as usize + 1..];
        assert!(stored.len() >= crafted::KEYS as usize - 1);
        crafted::fullest(stored.iter().map(|&hash| spread(hash)))
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

/// What a value consists of, as nothing but its content tells.
#[derive(Clone, Debug)]
enum Content {
    Null,
    Bool(bool),
    Int(i64),
    Number(String),
    Text(String),
    Keyword(String),
    List(Vec<Content>),
    Set(Vec<Content>),
    Map(Vec<(u8, Content)>),
    Tagged(Box<Content>),
}

fn content() -> impl Strategy<Value = Content> {
    let leaf = prop_oneof![
        Just(Content::Null),
        any::<bool>().prop_map(Content::Bool),
        prop_oneof![0..9_i64, any::<i64>(), Just(INLINE_MIN), Just(INLINE_MAX + 1)]
            .prop_map(Content::Int),
        prop::sample::select(vec!["1.50", "-0.0", "1e3", "18446744073709551616"])
            .prop_map(|number| Content::Number(number.to_owned())),
        "[ab]{0,20}".prop_map(Content::Text),
        "[ab]{1,2}".prop_map(Content::Keyword),
    ];
    leaf.prop_recursive(4, 60, 9, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..9);
        prop_oneof![
            4 => items.clone().prop_map(Content::List),
            1 => items.prop_map(Content::Set),
            1 => prop::collection::btree_map(any::<u8>(), inner.clone(), 0..5)
                .prop_map(|map| Content::Map(map.into_iter().collect())),
            1 => inner.prop_map(|content| Content::Tagged(Box::new(content))),
        ]
    })
}

/// The value with this content, its parts stored from the first to the last, or the other way.
fn store(table: &mut ValueTable, content: &Content, backwards: bool) -> Value {
    let each = |table: &mut ValueTable, items: &[Content]| {
        let mut values = vec![Value::NULL; items.len()];
        let mut order: Vec<usize> = (0..items.len()).collect();
        if backwards {
            order.reverse();
        }
        order.into_iter().for_each(|at| values[at] = store(table, &items[at], backwards));
        values
    };
    match content {
        Content::Null => Value::NULL,
        &Content::Bool(bool) => Value::bool(bool),
        &Content::Int(n) => table.int(n),
        Content::Number(literal) => table.number(literal).expect("a number"),
        Content::Text(text) => table.text(text),
        Content::Keyword(name) => table.keyword(name),
        Content::List(items) => {
            let items = each(table, items);
            table.list(&items)
        }
        Content::Set(items) => {
            let items = each(table, items);
            table.set(&items)
        }
        Content::Map(entries) => {
            let (names, items): (Vec<_>, Vec<_>) = entries.iter().cloned().unzip();
            let items = each(table, &items);
            let pairs: Vec<_> = names
                .iter()
                .zip(items)
                .map(|(name, item)| (table.text(&name.to_string()), item))
                .collect();
            table.map(&pairs)
        }
        Content::Tagged(content) => {
            let value = store(table, content, backwards);
            table.tagged("tag", value)
        }
    }
}

proptest! {
    /// In whatever order values were stored, and whatever else: one that is carried over is the one
    /// that is stored directly, and has its hash.
    #[test]
    fn values_that_are_carried_over_are_those_that_are_stored(
        contents in prop::collection::vec(content(), 1..12),
        wanted in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        factor in 1.0..40.0_f64,
    ) {
        let mut from = ValueTable::new();
        let values: Vec<Value> =
            contents.iter().map(|content| store(&mut from, content, true)).collect();
        let [mut into, mut plain] = [ValueTable::new(), ValueTable::new()];
        let mut translation = Translation::default();
        // Of what was carried over before, nothing is left.
        translation.begin(&into);
        translation.begin(&from);
        into.approach(&from);
        for (nth, wanted) in wanted.iter().enumerate() {
            let at = wanted.index(values.len());
            let carried = into.translate(&from, values[at], &mut translation);
            prop_assert_eq!(plain.import(&from, values[at]), carried);
            prop_assert_eq!(store(&mut into, &contents[at], false), carried);
            if carried.is_stored() {
                let [hash, other] =
                    [(&into, carried), (&from, values[at])].map(|(table, value)| {
                        table.hashes[value.handle() as usize]
                    });
                prop_assert_eq!(hash, other);
            }
            if nth == 3 {
                into.reserve(factor);
            }
        }
        prop_assert_eq!(into.len(), plain.len());
        for at in 0..into.len() as u32 {
            prop_assert_eq!(into.shape(Value(at)), plain.shape(Value(at)));
            prop_assert_eq!(into.hashes[at as usize], plain.hashes[at as usize]);
        }
    }
}

#[test]
fn large_tables_find_all_that_they_hold() {
    let mut from = ValueTable::new();
    let mut lists = Vec::new();
    for n in 0..40_000_i64 {
        let items = [n, n / 7, 3].map(|n| from.int(n));
        let inner = from.list(&items);
        lists.push(from.list(&[inner, items[1], inner, inner, Value::NULL]));
    }
    let mut into = ValueTable::new();
    for round in 0..3 {
        let mut translation = Translation::default();
        translation.begin(&from);
        into.approach(&from);
        let carried: Vec<Value> =
            lists.iter().map(|&list| into.translate(&from, list, &mut translation)).collect();
        assert_eq!(into.len(), from.len(), "{round}");
        assert!(carried.is_sorted(), "{round}");
        into.reserve(1.5);
    }
}

/// Lists of micro-operations; values are small and large integers, or none.
fn packed_lists() -> impl Strategy<Value = Vec<Vec<(bool, u8, Option<i64>)>>> {
    let value = prop::option::of(prop_oneof![-2..3_i64, Just(1 << 40), Just(i64::MIN)]);
    prop::collection::vec(prop::collection::vec((any::<bool>(), 0..3_u8, value), 0..4), 1..6)
}

fn micro(table: &mut ValueTable, (is_write, key, value): (bool, u8, Option<i64>)) -> [Value; 3] {
    let name = table.text(if is_write { "w" } else { "r" });
    let key = table.int(i64::from(key) << 33);
    [name, key, value.map_or(Value::NULL, |value| table.int(value))]
}

proptest! {
    /// Lists that are packed read as those that are interned, wherever they go.
    #[test]
    fn packed_lists_are_values_like_others(parts in prop::collection::vec(packed_lists(), 1..4)) {
        let [mut table, mut plain] = [ValueTable::new(), ValueTable::new()];
        let [mut packed, mut interned] = [Vec::new(), Vec::new()];
        for lists in &parts {
            let (mut micros, mut ends) = (Vec::new(), Vec::new());
            for list in lists {
                micros.extend(list.iter().map(|&one| micro(&mut table, one)));
                ends.push(micros.len() as u32);
                let items: Vec<Value> = list
                    .iter()
                    .map(|&one| {
                        let items = micro(&mut plain, one);
                        plain.list(&items)
                    })
                    .collect();
                interned.push(plain.list(&items));
            }
            packed.extend(table.pack(micros, ends).expect("room"));
            // What is asked for in between is forgotten.
            table.as_list(packed[0]);
        }
        let mut other = ValueTable::new();
        let mut translation = Translation::default();
        translation.begin(&table);
        for ((&one, &same), list) in packed.iter().zip(&interned).zip(parts.iter().flatten()) {
            prop_assert_eq!(table.to_json(one), plain.to_json(same));
            prop_assert_eq!(table.packed(one).map(<[_]>::len), Some(list.len()));
            prop_assert_eq!(table.packed(same), None);
            prop_assert_eq!(other.import(&table, one), other.import(&plain, same));
            let carried = other.translate(&table, one, &mut translation);
            prop_assert_eq!(carried, other.import(&plain, same));
            // A part of another value is interned.
            let parted = table.list(&[one, Value::TRUE]);
            let like = plain.list(&[same, Value::TRUE]);
            let copy = table.import(&plain, same);
            prop_assert_eq!(table.list(&[copy, Value::TRUE]), parted);
            prop_assert_eq!(table.to_json(parted), plain.to_json(like));
            prop_assert_eq!(table.set(&[copy, one]), table.set(&[copy]));
            prop_assert_eq!(table.map(&[(one, one)]), table.map(&[(copy, copy)]));
            prop_assert_eq!(table.tagged("t", one), table.tagged("t", copy));
        }
        for (at, (one, same)) in packed.iter().zip(&interned).enumerate() {
            let is_equal = |&(other, like): &(&Value, &Value)| (one == other) == (same == like);
            prop_assert!(packed.iter().zip(&interned).skip(at).all(|it| is_equal(&it)));
        }
        prop_assert_eq!(table.packed_len(), parts.iter().flatten().flatten().count());
    }
}
