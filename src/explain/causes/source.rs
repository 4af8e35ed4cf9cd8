//! Where an operation was answered: by what its record says, or else whose operation it was.

use crate::history::{History, OpIndex, Value};
use crate::words::value_phrase;

/// Fields that name the part of a system that answered, the most telling first.
const FIELDS: [&str; 6] = ["cache", "source", "replica", "node", "host", "server"];

/// A part of a system that answers, as far as a history tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(in crate::explain) struct Source {
    /// The field that names it; none for the process itself.
    field: Option<&'static str>,
    /// Its name, or the process.
    value: Value,
}

/// Tells the sources of a history's operations.
pub(in crate::explain) struct Sources<'a> {
    history: &'a History,
    /// Those of the [`FIELDS`] that the history may have at all.
    fields: Vec<&'static str>,
}

impl<'a> Sources<'a> {
    /// For `history`.
    pub(in crate::explain) fn of(history: &'a History) -> Sources<'a> {
        let is_there = |field: &&str| history.values().find_text(field).is_some();
        Sources { history, fields: FIELDS.into_iter().filter(is_there).collect() }
    }

    /// Who answered operation `index`: what the first of its [`FIELDS`] says, or its process.
    pub(in crate::explain) fn at(&self, index: OpIndex) -> Source {
        let named = |&field: &&'static str| Some((field, self.history.extra_of(index, field)?));
        match self.fields.iter().find_map(named) {
            Some((field, value)) => Source { field: Some(field), value },
            None => {
                let process = self.history[index].process;
                Source { field: None, value: process }
            }
        }
    }
}

impl Source {
    /// Whether it says itself that it is a cache.
    pub(in crate::explain) fn is_named_cache(self, history: &History) -> bool {
        let text = history.values().as_name(self.value);
        self.field == Some("cache")
            || text.is_some_and(|text| text.to_ascii_lowercase().contains("cache"))
    }

    /// Whether it says itself that it is the one that decides.
    pub(in crate::explain) fn is_named_primary(self, history: &History) -> bool {
        let text = history.values().as_name(self.value).map(str::to_ascii_lowercase);
        text.is_some_and(|text| text.contains("primary") || text.contains("leader"))
    }

    /// Whether it says itself that it is a copy of what another one decides.
    pub(in crate::explain) fn is_named_copy(self, history: &History) -> bool {
        const NAMES: [&str; 6] = ["replica", "backup", "follower", "secondary", "standby", "slave"];
        let text = history.values().as_name(self.value).map(str::to_ascii_lowercase);
        text.is_some_and(|text| NAMES.iter().any(|name| text.contains(name)))
    }

    /// Whether it says what it is: the field `source` tells who answered, where others tell where.
    pub(in crate::explain) fn names_its_role(self) -> bool {
        self.field == Some("source")
    }

    /// It in words: `node n2`, `process 3`.
    pub(in crate::explain) fn phrase(self, history: &History) -> String {
        let name = match history.values().as_name(self.value) {
            Some(name) => crate::words::shortened(name, 40),
            None => value_phrase(history, self.value),
        };
        format!("{} {name}", self.field.unwrap_or("process"))
    }
}
