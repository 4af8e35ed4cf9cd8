//! Sets.

use super::Alphabet;

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "set",
        model: "set",
        initial: "null",
        letters: &[
            ("read", "null", "[]", 0),
            ("read", "null", "[1]", 0),
            ("read", "null", "[2,1]", 0),
            ("add", "1", "true", 0),
            ("add", "1", "null", 0),
            ("add", "2", "false", 0),
            ("remove", "1", "true", 0),
            ("remove", "2", "null", 0),
            ("contains", "1", "true", 0),
            ("contains", "2", "false", 0),
        ],
        more: &[
            ("add", "2", "true", 0),
            ("remove", "2", "true", 0),
            ("contains", "1", "false", 0),
            ("contains", "2", "true", 0),
            ("add", "3", "null", 0),
            ("remove", "3", "true", 0),
            ("contains", "3", "true", 0),
        ],
    },
    Alphabet {
        name: "set-without-reads",
        model: "set",
        initial: "[2]",
        letters: &[
            ("add", "1", "true", 0),
            ("add", "1", "false", 0),
            ("remove", "1", "true", 0),
            ("remove", "2", "true", 0),
            ("contains", "1", "false", 0),
            ("contains", "2", "true", 0),
        ],
        more: &[
            ("contains", "1", "true", 0),
            ("add", "2", "true", 0),
            ("remove", "1", "false", 0),
            ("add", "3", "null", 0),
            ("contains", "3", "true", 0),
            ("remove", "4", "null", 0),
            ("contains", "4", "false", 0),
        ],
    },
    Alphabet {
        name: "set-that-grows",
        model: "set",
        initial: "[4]",
        letters: &[
            ("read", "null", "[4]", 0),
            ("read", "null", "[4,1]", 0),
            ("read", "null", "[4,2,1]", 0),
            ("add", "1", "null", 0),
            ("add", "2", "true", 0),
            ("contains", "1", "false", 0),
        ],
        more: &[
            ("read", "null", "[4,2]", 0),
            ("read", "null", "[1,2,3,4]", 0),
            ("add", "1", "1", 0),
            ("add", "2", "2", 0),
            ("add", "2", "false", 0),
            ("add", "3", "3", 0),
            ("contains", "1", "true", 0),
            ("contains", "3", "false", 0),
            ("remove", "3", "false", 0),
        ],
    },
];
