//! Counters.

use super::{Alphabet, Spelling};

const fn read(found: &'static str) -> Spelling<'static> {
    ("read", "null", found, 0)
}

/// An addition that tells nothing.
const fn add(number: &'static str) -> Spelling<'static> {
    ("add", number, "null", 0)
}

const fn add_and_get(number: &'static str, left: &'static str) -> Spelling<'static> {
    ("add-and-get", number, left, 0)
}

const fn get_and_add(number: &'static str, found: &'static str) -> Spelling<'static> {
    ("get-and-add", number, found, 0)
}

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "counter",
        model: "counter",
        initial: "0",
        letters: &[
            read("0"),
            read("1"),
            read("2"),
            ("add", "1", "1", 0),
            add("-1"),
            add_and_get("1", "1"),
            add_and_get("2", "3"),
            get_and_add("1", "1"),
        ],
        more: &[],
    },
    Alphabet {
        name: "counter-unit",
        model: "counter",
        initial: "3",
        letters: &[
            read("3"),
            read("5"),
            ("inc", "null", "null", 0),
            ("inc-and-get", "null", "4", 0),
        ],
        more: &[
            read("4"),
            read("6"),
            read("2"),
            add("1"),
            add("0"),
            ("get-and-inc", "null", "4", 0),
            ("get-and-inc", "null", "5", 0),
            ("inc-and-get", "null", "7", 0),
        ],
    },
    Alphabet {
        name: "counter-down",
        model: "counter",
        initial: "0",
        letters: &[read("0"), read("-4"), add("-2"), add_and_get("-2", "-4")],
        more: &[
            read("-2"),
            read("-3"),
            read("-6"),
            get_and_add("-2", "0"),
            get_and_add("-2", "-4"),
        ],
    },
    Alphabet {
        name: "counter-up",
        model: "counter",
        initial: "0",
        letters: &[read("0"), read("3"), add("1"), add("2"), add_and_get("2", "3")],
        more: &[
            read("1"),
            read("7"),
            read("8"),
            add("4"),
            add("8"),
            get_and_add("4", "3"),
            add_and_get("1", "1"),
            add_and_get("8", "15"),
        ],
    },
    Alphabet {
        name: "unique-ids",
        model: "unique-ids",
        initial: "[4]",
        letters: &[
            ("generate", "null", "1", 0),
            ("generate", "null", "2", 0),
            ("generate", "null", "\"2\"", 0),
            ("generate", "null", "4", 0),
        ],
        more: &[("next-id", "null", "3", 0), ("generate", "5", "5", 0)],
    },
];
