//! Objects that hold something before the first operation.

use super::{Alphabet, queues};

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "fifo-queue-filled",
        model: "fifo-queue",
        initial: "[1,2]",
        letters: queues::LETTERS,
        more: queues::MORE,
    },
    Alphabet {
        name: "unordered-queue-filled",
        model: "unordered-queue",
        initial: "[2,1]",
        letters: queues::LETTERS,
        more: queues::MORE,
    },
    Alphabet {
        name: "priority-queue-filled",
        model: "priority-queue",
        initial: "[2,1,1]",
        letters: queues::PRIORITY_LETTERS,
        more: queues::MORE_PRIORITY_LETTERS,
    },
    Alphabet {
        name: "stack-filled",
        model: "stack",
        initial: "[1,2]",
        letters: queues::STACK_LETTERS,
        more: queues::MORE_STACK_LETTERS,
    },
    Alphabet {
        name: "multi-register-filled",
        model: "multi-register",
        initial: r#"{"a":1,"b":2}"#,
        letters: &[
            ("txn", r#"[["r","a",null]]"#, r#"[["r","a",1]]"#, 0),
            ("txn", r#"[["r","a",null],["r","b",null]]"#, r#"[["r","a",1],["r","b",1]]"#, 0),
            ("txn", r#"[["r","c",null],["r","b",null]]"#, r#"[["r","c",null],["r","b",2]]"#, 0),
            ("txn", r#"[["w","a",2]]"#, r#"[["w","a",2]]"#, 0),
            ("txn", r#"[["w","b",1],["w","c",1]]"#, r#"[["w","b",1],["w","c",1]]"#, 0),
            ("read", r#"["a","b"]"#, r#"{"a":2,"b":2}"#, 0),
            ("write", r#"{"a":1,"b":2}"#, "null", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "kv-filled",
        model: "kv",
        initial: r#""a""#,
        letters: &[
            ("get", "null", "null", 0),
            ("get", "null", r#""""#, 0),
            ("get", "null", r#""a""#, 0),
            ("get", "null", r#""ab""#, 0),
            ("put", r#""a""#, "null", 0),
            ("put", r#""""#, "null", 0),
            ("append", r#""b""#, "null", 0),
            ("delete", "null", "null", 0),
        ],
        more: &[],
    },
];
