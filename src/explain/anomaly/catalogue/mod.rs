//! What every anomaly is, as data: for `docs/ANOMALIES.md`, for help texts, for reports.

/// A file in `histories/`.
macro_rules! example {
    ($name:literal) => {
        Example { name: $name, text: include_str!(concat!("../../../../histories/", $name)) }
    };
}

mod causes;
mod objects;
mod registers;

use super::AnomalyKind;

/// What is to be said of an anomaly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnomalyEntry {
    /// Which one it is.
    pub kind: AnomalyKind,
    /// What it is, in one sentence.
    pub definition: &'static str,
    /// More of it: how it comes about, when it is reported, where the literature has it.
    pub explanation: &'static str,
    /// What to look for in the system.
    pub look_for: &'static str,
    /// What the operations that are named with it prove.
    pub proves: &'static str,
    /// What they only suggest; empty if nothing.
    pub suggests: &'static str,
    /// A small history that shows it, if there is one.
    pub history: Option<Example>,
}

/// A history that shows an anomaly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its file in `histories/`.
    pub name: &'static str,
    /// What the file holds.
    pub text: &'static str,
}

/// Every anomaly: causes behind many violations, those of a value, those of other objects.
pub const ANOMALIES: &[AnomalyEntry] = &ALL;

const COUNT: usize = causes::CAUSES.len() + registers::REGISTERS.len() + objects::OBJECTS.len();

const ALL: [AnomalyEntry; COUNT] = {
    let mut all = [causes::CAUSES[0]; COUNT];
    let groups = [causes::CAUSES, registers::REGISTERS, objects::OBJECTS];
    let (mut group, mut next) = (0, 0);
    while group < groups.len() {
        let mut at = 0;
        while at < groups[group].len() {
            all[next] = groups[group][at];
            next += 1;
            at += 1;
        }
        group += 1;
    }
    all
};

impl AnomalyEntry {
    /// The entry whose anomaly is called `name`.
    pub fn find(name: &str) -> Option<&'static AnomalyEntry> {
        ANOMALIES.iter().find(|entry| entry.kind.name() == name)
    }
}
