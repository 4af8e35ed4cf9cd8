//! Decides which isolation levels a history of transactions has, and what rules out the others.
//!
//! A history of transactions ([`Transactions`]) says which values each transaction read and wrote,
//! how it ended and when. From that follow facts: who read from whom, in which order the versions of
//! a key followed each other, which reads are wrong whatever the order. The levels ([`LEVELS`]) ask
//! for an order of the transactions, each for another one: they are decided by graphs of reads,
//! overwrites and anti-dependencies, as Adya defined them.

mod anomaly;
mod decide;
mod edges;
mod facts;
mod graph;
mod level;
mod lists;
mod numbers;
mod polygraph;
mod reach;
mod registers;
mod table;
mod views;
mod weak;
mod writes;

pub use anomaly::{Class, Evidence, Found, Kind, Place, Step, Why};
pub use decide::{Reason, Status, Witness};
pub use facts::Initial;
pub use level::{Base, LEVELS, Level, Ordering, Row};
use decide::Work;
use facts::Facts;
use histcheck_history::History;
use histcheck_history::error::Error;

/// How to decide levels.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What registers hold before they are written.
    pub initial: Initial,
    /// How much work may be done, in edges looked at.
    pub work: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { initial: Initial::Value(histcheck_history::Value::NULL), work: 2_000_000_000 }
    }
}

/// What is known of the levels of a history.
pub struct Report<'h> {
    /// The transactions.
    pub transactions: Transactions<'h>,
    /// The status of each level, by its position in [`LEVELS`].
    pub statuses: Vec<Status>,
    /// Reads that are wrong whatever the order.
    pub found: Vec<Found>,
}

/// Decides the levels of `history`.
///
/// # Errors
/// If an operation of it is no transaction.
pub fn check<'h>(history: &'h History, options: &Options) -> Result<Report<'h>, Error> {
    let transactions = Transactions::read(history)?;
    let facts = Facts::new(&transactions, options.initial);
    let statuses = decide::decide(&facts, Work(options.work));
    let found = facts.found;
    Ok(Report { transactions, statuses, found })
}

pub use table::{Access, KeyKind, Micro, Transactions, has_transactions};
