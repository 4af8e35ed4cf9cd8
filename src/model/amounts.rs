//! What operations do to amounts: numbers that are added to, such as the value of a counter.

/// What an operation does to an amount; see [`Model::on_amounts`](super::Model::on_amounts).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnAmount {
    /// It found just so much.
    Found(i128),
    /// It found less than so much.
    FoundLess(i128),
    /// It adds so much, which may be negative.
    Adds(i128),
}

/// What is known of an amount; see [`Model::amount`](super::Model::amount).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
    /// What it is at the start, if that is known.
    pub start: Option<i128>,
    /// No operation may leave it less than this by what it takes away.
    pub least: i128,
}

impl Default for Amount {
    fn default() -> Self {
        Amount { start: None, least: i128::MIN }
    }
}
