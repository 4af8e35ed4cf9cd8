//! The axes of the grid: which histories there are of each object.

use std::fmt;

/// How the values of a history are chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// Every written value is another; amounts differ.
    Distinct,
    /// Values are from five; amounts are 1.
    Few,
}

/// What is known of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Every answer is that of a correct system.
    Valid,
    /// One answer was changed, which another order may happen to explain.
    Wrong,
}

/// One kind of history of one object: what a row and a column of the grid share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cell {
    /// The name of the object, from [`objects::NAMES`](super::objects::NAMES).
    pub object: &'static str,
    pub operations: u64,
    pub clients: u64,
    /// How many percent of the operations crash.
    pub crashed: f64,
    pub values: Values,
    pub kind: Kind,
    /// How many objects of the kind there are; more than one puts a `key` into each record.
    pub keys: u64,
}

impl Values {
    /// Returns the values of that name.
    pub fn named(name: &str) -> Option<Values> {
        match name {
            "distinct" => Some(Values::Distinct),
            "few" => Some(Values::Few),
            _ => None,
        }
    }
}

impl Kind {
    /// Returns the kind of that name.
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "valid" => Some(Kind::Valid),
            "wrong" => Some(Kind::Wrong),
            _ => None,
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Values::Few { "few" } else { "distinct" })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Kind::Valid { "valid" } else { "wrong" })
    }
}

impl Cell {
    /// Returns the name of a file for the history of that seed.
    pub fn file_name(&self, seed: u64) -> String {
        let Cell { object, operations, clients, crashed, values, kind, .. } = self;
        format!("{object}-{operations}-{clients}-{crashed}-{values}-{kind}-{seed}.jsonl")
    }
}
