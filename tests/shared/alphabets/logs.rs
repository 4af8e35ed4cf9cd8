//! Logs.

use super::Alphabet;

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "log",
        model: "log",
        initial: "null",
        letters: &[
            ("append", "1", "null", 0),
            ("append", "2", "null", 0),
            ("append", "1", "1", 0),
            ("read", "null", "[]", 0),
            ("read", "null", "[1]", 0),
            ("read", "null", "[1,2]", 0),
            ("read-prefix", "null", "[1]", 0),
            ("read-from", "1", "[2]", 0),
            ("read", "0", "2", 0),
            ("read", "1", "null", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "log-distinct",
        model: "log",
        initial: "[9]",
        letters: &[
            ("append", "1", "null", 0),
            ("append", "2", "null", 0),
            ("read", "null", "[9]", 0),
            ("read", "null", "[9,1]", 0),
            ("read", "null", "[9,1,2]", 0),
            ("append", "2", "1", 0),
        ],
        more: &[
            ("append", "3", "null", 0),
            ("append", "4", "null", 0),
            ("append", "3", "3", 0),
            ("append", "4", "2", 0),
            ("read", "null", "[9,2]", 0),
            ("read", "null", "[9,1,2,3]", 0),
            ("read", "null", "[9,2,1,4]", 0),
            ("read-prefix", "null", "[9,1]", 0),
            ("read-prefix", "null", "[9,2,1]", 0),
            ("read-from", "2", "[3]", 0),
            ("read-from", "2", "[]", 0),
            ("read-from", "1", "[1,3]", 0),
            ("read", "3", "4", 0),
            ("read", "1", "2", 0),
            ("read", "2", "null", 0),
            ("read", "null", "[]", 0),
        ],
    },
];
