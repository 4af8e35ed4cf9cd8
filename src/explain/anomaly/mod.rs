//! The anomalies that have a name. `docs/ANOMALIES.md` defines each of them.

mod catalogue;

use crate::history::OpIndex;
use std::fmt;

pub use catalogue::{ANOMALIES, AnomalyEntry, AnomalyKind, Example};

impl AnomalyKind {
    /// The kind that is called `name`.
    pub fn parse(name: &str) -> Option<AnomalyKind> {
        AnomalyEntry::find(name).map(|entry| entry.kind)
    }

    /// Returns what the catalogue says of it.
    pub fn entry(self) -> &'static AnomalyEntry {
        // The entries are in the order of the kinds.
        &ANOMALIES[self as usize]
    }

    /// The name for programs and people: `stale-read`.
    pub fn name(self) -> &'static str {
        self.entry().name
    }
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far the evidence goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// The operations named cannot have happened to one copy, and they show this anomaly whatever
    /// else happened.
    Proved,
    /// The history is as this anomaly would make it; something else may have.
    Suggested,
}

impl Certainty {
    /// The word for programs: `proved`, `suggested`.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Proved => "proved",
            Certainty::Suggested => "suggested",
        }
    }
}

/// Something that went wrong, with its name and the operations that show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anomaly {
    /// What it is.
    pub kind: AnomalyKind,
    /// The key where it was seen, as its position in
    /// [`Report::keys`](crate::check::Report::keys); `None` if it is about several.
    pub key_at: Option<usize>,
    /// The operations that show it, ascending, as indices into
    /// [`History::operations`](crate::History::operations).
    pub operations: Vec<OpIndex>,
    /// How far they do.
    pub certainty: Certainty,
    /// What happened, in one sentence, with processes and times.
    pub summary: String,
    /// How many violations are of this kind and cause, itself included; at least 1.
    pub count: usize,
}
