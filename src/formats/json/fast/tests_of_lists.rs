//! Values that are lists within lists, as transactions are: the same handles, and the same in
//! them, as by the reader for all JSON alone.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::batch::Layout;
use super::tests::check_layout;

/// A value that a register or a list may hold.
fn element() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0..40_u32).prop_map(|n| n.to_string()),
        2 => select(vec!["null", "true", "-0", "0", "-7", "1073741823", "1073741824",
            "-1073741825", "9223372036854775807", "-9223372036854775808", "1.50", "1.5", "15e-1",
            "1e3", "123456789012345678901234567890", "\"\"", "\"r\"", "\"1\"", "\"é\"",
            "\"\\u00e9\"", "\"\\\\\"", "\"eight by\"", "\"a string of some length\"", "[]", "[[]]",
            "[null]", "{}", "{\"b\":[1],\"a\":[1]}", "{\"a\":[1],\"b\":[1]}",
            "{\"#edn\":\"#{2 1}\"}", "{\"#edn\":\"#{1 2}\"}", "{\"#edn\":\":r\"}"])
            .prop_map(str::to_owned),
    ]
}

/// A list of some elements: mostly the first of those that all others show, too.
fn list() -> impl Strategy<Value = String> {
    let prefix = (0..60_u32).prop_map(|n| (0..n).map(|n| n.to_string()).collect::<Vec<_>>());
    prop_oneof![3 => prefix, 1 => vec(element(), 0..9)]
        .prop_map(|items| format!("[{}]", items.join(",")))
}

/// A micro-operation, or what is hardly one.
fn micro() -> impl Strategy<Value = String> {
    let value = prop_oneof![3 => list(), 2 => element(), 2 => Just("null".to_owned())];
    let name = select(vec!["r", "r", "r", "w", "append", "append", "\\u0072", "x"]);
    let gap = select(vec!["", "", "", " ", "\n"]);
    prop_oneof![
        12 => (name, 0..5_u32, value, gap)
            .prop_map(|(name, key, value, gap)| format!("[\"{name}\",{gap}{key},{gap}{value}]")),
        1 => element(),
    ]
}

/// Both ends of a transaction; the second mostly repeats micro-operations of the first.
fn transaction() -> impl Strategy<Value = [String; 2]> {
    let extra =
        select(vec!["", "", "", ",\"node\":[\"n\",[1,2]]", ",\"key\":[1,[2]]", ",\"time\":5"]);
    (0..4_u32, vec((micro(), prop::option::of(micro())), 0..6), extra).prop_map(
        |(process, micros, extra)| {
            let (asked, answered): (Vec<_>, Vec<_>) =
                micros.into_iter().map(|(one, other)| (one.clone(), other.unwrap_or(one))).unzip();
            [("invoke", asked), ("ok", answered)].map(|(kind, micros)| {
                format!(
                    "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"txn\",\"value\":[{}]{extra}}}",
                    micros.join(",")
                )
            })
        },
    )
}

proptest! {
    #[test]
    fn nested_lists_are_those_of_the_other_reader(
        transactions in vec(transaction(), 1..12),
        array: bool,
    ) {
        let records = transactions.concat();
        check_layout(&records.join("\n"), Layout::Lines);
        if array {
            check_layout(&format!("[{}]", records.join(",\n")), Layout::Array);
        }
    }
}

/// More values than the caches hold, long lists, and parts that share most of what they hold.
#[test]
fn many_and_long_lists_are_those_of_the_other_reader() {
    let mut text = String::new();
    for at in 0..12_000_u32 {
        let list = |count: u32| {
            let items: Vec<String> =
                (0..count).map(|n| (n * (at / 6000 + 1)).to_string()).collect();
            items.join(",")
        };
        let long = if at % 4000 == 77 { 5000 } else { at % 32 };
        let micros = [
            format!("[\"append\",{},{at}]", at / 32),
            format!("[\"r\",{},[{}]]", at % 7, list(long)),
            format!("[\"r\",{at},[\"{at}\",{}.5]]", at % 9),
        ];
        for kind in ["invoke", "ok"] {
            let value = micros.join(",");
            text += &format!(
                "{{\"process\":{},\"type\":\"{kind}\",\"f\":\"txn\",\"value\":[{value}]}}\n",
                at % 3
            );
        }
    }
    super::tests::check_parts(&text, &[1 << 12, 1 << 18]);
}
