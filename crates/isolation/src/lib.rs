//! Decides which isolation levels a history of transactions has, and what rules out the others.
//!
//! A history of transactions ([`Transactions`]) says which values each transaction read and wrote,
//! how it ended and when. From that follow facts: who read from whom, in which order the versions
//! of a key followed each other, which reads are wrong whatever the order. The levels ([`LEVELS`])
//! ask for an order of the transactions, each for another one: they are decided by graphs of reads,
//! overwrites and anti-dependencies, as Adya defined them. Where reads do not tell the order of
//! versions, it is guessed, and if the guess fits no level that it may fit, searched for.

mod anomaly;
mod asked;
mod clocks;
mod core;
mod cycles;
mod decide;
mod derived;
mod edges;
mod explain;
mod facts;
mod graph;
mod keys;
mod level;
mod lists;
mod misses;
mod numbers;
mod polygraph;
pub mod proof;
mod reach;
mod registers;
mod runs;
mod saturate;
mod solver;
mod table;
mod views;
mod weak;
mod writes;

pub use anomaly::{Class, Evidence, Found, Kind, Place, Step, Why};
pub use asked::{Asked, Tool};
use decide::Plan;
pub use decide::{Reason, Status, Witness};
pub use explain::{places, transactions};
use facts::Facts;
use histcheck_history::error::Error;
use histcheck_history::{History, Value};
pub use keys::Keys;
pub use level::{Base, LEVELS, Level, Ordering, Row};

/// How to decide levels.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What registers hold before they are written.
    pub initial: Value,
    /// The level that is decided first, with all the work.
    pub asked: Option<Level>,
    /// Whether only that is decided.
    pub only: bool,
    /// Whether a list that is read tells no more of the order of its versions than its last
    /// element does: so it is for tools that know registers alone.
    pub by_last_element: bool,
    /// What is assumed of each register by itself.
    pub keys: Keys,
    /// Whether a transaction may read something else than it wrote or read itself before: some
    /// databases let reads go to a snapshot.
    pub allows_internal: bool,
    /// Whether the history may go on. If so, a value that nobody wrote may be that of a transaction
    /// to come, and what is ruled out stays so, whatever comes; what holds may not.
    pub goes_on: bool,
    /// How much work may be done for it, in edges looked at. For each other level, it is a 20th of
    /// that.
    pub work: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            initial: Value::NULL,
            asked: None,
            only: false,
            by_last_element: false,
            keys: Keys::Unknown,
            allows_internal: false,
            goes_on: false,
            work: 1_000_000_000,
        }
    }
}

/// What is known of the levels of a history.
pub struct Report<'h> {
    /// The transactions.
    pub transactions: Transactions<'h>,
    /// The status of each level, by its position in [`LEVELS`].
    pub statuses: Vec<Status>,
    /// The anomalies, the worst first.
    pub found: Vec<Found>,
    /// Keys to which several transactions wrote the same value, so that their reads tell nothing.
    pub set_aside: Vec<Value>,
    /// How they were decided.
    pub options: Options,
    /// How many transactions of unknown outcome were seen by others, so that they committed.
    pub seen: usize,
}

impl Report<'_> {
    /// Returns what people call an anomaly. A cycle is a write skew if each of two transactions
    /// missed what the other one wrote to another key, and a long fork if two saw what the other
    /// one of them missed; others of their classes have no name among people.
    pub fn title(&self, found: &Found) -> &'static str {
        let (Kind::Cycle(class, _), Evidence::Cycle(steps)) = (found.kind, &found.evidence) else {
            return found.kind.title();
        };
        let key =
            |place: Place| self.transactions.micros(place.transaction)[place.micro as usize].key;
        let is_named = match (class, &steps.iter().map(|step| step.why).collect::<Vec<Why>>()[..]) {
            (Class::G2, &[Why::Rw(one, _), Why::Rw(other, _)]) => key(one) != key(other),
            (Class::G2, _) => false,
            (Class::GNonadjacent, [Why::Rw(..), Why::Wr(..), Why::Rw(..), Why::Wr(..)])
            | (Class::GNonadjacent, [Why::Wr(..), Why::Rw(..), Why::Wr(..), Why::Rw(..)]) => true,
            (Class::GNonadjacent, _) => false,
            _ => true,
        };
        if is_named { found.kind.title() } else { "missed writes in a circle" }
    }
}

/// Decides the levels of `history`.
///
/// # Errors
/// If an operation of it is no transaction.
pub fn check<'h>(history: &'h History, options: &Options) -> Result<Report<'h>, Error> {
    check_telling(history, options, &mut |_| {})
}

/// Decides the levels of `history`, and tells the status of the level that is asked for as soon as
/// it is known: what comes behind it may take longer than there is time.
///
/// # Errors
/// As [`check`].
pub fn check_telling<'h>(
    history: &'h History,
    options: &Options,
    tell: &mut dyn FnMut(&Status),
) -> Result<Report<'h>, Error> {
    let transactions = Transactions::read(history)?;
    let mut facts = Facts::new(&transactions, options);
    facts.assume(options.keys);
    if options.allows_internal {
        facts.found.retain(|found| found.kind != Kind::Internal);
    }
    let &Options { asked, only, goes_on, work, .. } = options;
    let plan = Plan { asked, is_only: only, goes_on, work };
    let (statuses, orders) = decide::decide(&facts, plan, tell);
    let mut found = explain::explain(&facts, &orders, &statuses);
    // A level may be left undecided although something speaks against it.
    for found in &mut found {
        found.rules_out.retain(|level| statuses[level.index()] == Status::RuledOut);
    }
    found.retain(|found| !found.rules_out.is_empty());
    let aside = transactions.keys.iter().zip(&facts.aside).filter(|(_, aside)| **aside);
    let set_aside = aside.map(|(&key, _)| key).collect();
    let is_seen = |t: &u32| facts.installed[*t as usize] && !transactions.is_ok(*t);
    let seen = transactions.all().filter(is_seen).count();
    Ok(Report { statuses, found, set_aside, options: *options, seen, transactions })
}

pub use table::{Access, KeyKind, Micro, Transactions, has_transactions};
