//! What deciders are asked, and what they answer.

use super::exact::{Conflict, Ruling, Wanted};
use super::search::{Effort, Found};
use crate::budget::Meter;
use crate::model::Pos;

/// Which algorithms may decide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Deciders {
    /// The fastest that fits.
    #[default]
    Auto,
    /// Only the general search.
    Search,
}

/// How deciders are asked.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) deciders: Deciders,
    pub(super) wanted: Wanted,
    /// How many threads may work on one question; 0 for one a processor.
    pub(super) threads: usize,
    /// How many configurations a search may visit, if the meter does not allow fewer.
    pub(super) most: u64,
    pub(super) meter: &'a Meter,
}

/// What a decider found.
pub(super) struct Answer {
    /// The verdict; an order is empty unless one was wanted.
    pub(super) found: Found,
    /// The decider's name.
    pub(super) decided_by: &'static str,
    pub(super) effort: Effort,
}

impl Answer {
    /// Returns the answer of a decider that searches nothing.
    pub(super) fn at_once(found: Found, decided_by: &'static str) -> Answer {
        Answer { found, decided_by, effort: Effort::default() }
    }

    /// Returns the answer of the exact decider `decided_by`.
    pub(super) fn ruled(ruling: Ruling, decided_by: &'static str) -> Answer {
        let found = match ruling {
            Ruling::Valid(order) => {
                Found::Order(order.into_iter().map(|at| Pos::new(at as usize)).collect())
            }
            Ruling::Invalid(Conflict { stuck }) => Found::Nothing { stuck },
        };
        Answer::at_once(found, decided_by)
    }
}
