//! Accounts.

use super::Alphabet;

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "bank",
        model: "bank",
        initial: "2",
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":3}"#, "null", 0),
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "false", 0),
            ("read", "null", r#"{"0":2,"1":2}"#, 0),
            ("read", "null", "[1,3]", 0),
            ("balance", "0", "4", 0),
            ("withdraw", r#"{"account":1,"amount":1}"#, "null", 0),
        ],
        more: &[
            ("deposit", r#"{"account":0,"amount":1}"#, "null", 0),
            ("read", "null", "[4,0]", 0),
            ("read", "null", "[-1,5]", 0),
            ("balance", "1", "0", 0),
            ("balance", "1", "3", 0),
            ("transfer", r#"{"from":1,"to":1,"amount":3}"#, "null", 0),
            ("withdraw", r#"{"account":1,"amount":3}"#, "false", 0),
        ],
    },
    Alphabet {
        name: "bank-that-tells-its-start",
        model: "bank",
        initial: "null",
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":2}"#, "null", 0),
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "false", 0),
            ("read", "null", "[1,2]", 0),
            ("read", "null", "[0,3]", 0),
            ("balance", "0", "2", 0),
        ],
        more: &[
            ("read", "null", "[3,0]", 0),
            ("read", "null", "[2,2]", 0),
            ("read", "null", "[2,1]", 0),
            ("balance", "1", "0", 0),
            ("withdraw", r#"{"account":1,"amount":1}"#, "null", 0),
            ("deposit", r#"{"account":0,"amount":1}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":1}"#, "false", 0),
        ],
    },
    Alphabet {
        name: "bank-overdrawn",
        model: "bank",
        initial: r#"{"0":1,"1":1,"negative-balances":true}"#,
        letters: &[
            ("transfer", r#"{"from":0,"to":1,"amount":2}"#, "null", 0),
            ("transfer", r#"{"from":1,"to":0,"amount":1}"#, "false", 0),
            ("read", "null", "[-1,3]", 0),
            ("balance", "0", "1", 0),
            ("withdraw", r#"{"account":0,"amount":1}"#, "null", 0),
        ],
        more: &[("read", "null", "[0,1]", 0), ("balance", "1", "2", 0)],
    },
];
