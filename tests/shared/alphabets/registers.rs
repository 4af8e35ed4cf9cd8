//! Registers, and several as one.

use super::Alphabet;

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "register",
        model: "register",
        initial: "null",
        letters: &[
            ("read", "null", "null", 0),
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("write", "3", "3", 0),
        ],
        more: &[
            ("read", "null", "3", 0),
            ("read", "null", "4", 0),
            ("write", "4", "4", 0),
            ("write", "null", "null", 0),
        ],
    },
    Alphabet {
        name: "cas-register",
        model: "cas-register",
        initial: "null",
        letters: &[
            ("read", "null", "null", 0),
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("write", "3", "3", 0),
            ("cas", "[null,1]", "[null,1]", 0),
            ("cas", "[1,2]", "[1,2]", 0),
            ("cas", "[2,1]", "true", 0),
            ("cas", "[1,1]", "true", 0),
        ],
        more: &[
            ("read", "null", "3", 0),
            ("read", "null", "4", 0),
            ("write", "null", "null", 0),
            ("cas", "[2,3]", "true", 0),
            ("cas", "[3,4]", "true", 0),
            ("cas", "[4,1]", "true", 0),
            ("cas", "[null,4]", "true", 0),
        ],
    },
    Alphabet {
        name: "cas-register-observed",
        model: "cas-register",
        initial: "null",
        letters: &[
            ("read", "null", "1", 0),
            ("read", "null", "2", 0),
            ("write", "1", "1", 0),
            ("write", "2", "2", 0),
            ("cas", "[1,2]", "true", 0),
            ("cas", "[1,2]", "false", 0),
            ("cas", "[2,1]", "false", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "multi-register",
        model: "multi-register",
        initial: "null",
        letters: &[
            ("txn", r#"[["r",1,null]]"#, r#"[["r",1,null]]"#, 0),
            ("txn", r#"[["r",1,null],["r",2,null]]"#, r#"[["r",1,1],["r",2,null]]"#, 0),
            ("txn", r#"[["r",1,null],["r",2,null]]"#, r#"[["r",1,1],["r",2,2]]"#, 0),
            ("txn", r#"[["w",1,1]]"#, r#"[["w",1,1]]"#, 0),
            ("txn", r#"[["w",2,2]]"#, r#"[["w",2,2]]"#, 0),
            ("txn", r#"[["w",1,2],["w",2,1]]"#, r#"[["w",1,2],["w",2,1]]"#, 0),
            ("txn", r#"[["r",2,null],["w",1,1]]"#, r#"[["r",2,2],["w",1,1]]"#, 0),
        ],
        more: &[],
    },
];
