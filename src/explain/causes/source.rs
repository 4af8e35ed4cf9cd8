//! Where an operation was answered: by what its record says, or else whose operation it was.

use crate::history::phrase::value_phrase;
use crate::history::{History, Value};

/// Fields that name the part of a system that answered, the most telling first.
const FIELDS: [&str; 6] = ["cache", "source", "replica", "node", "host", "server"];

/// A part of a system that answers, as far as a history tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Source {
    /// The field that names it; none for the process itself.
    field: Option<&'static str>,
    /// Its name, or the process.
    value: Value,
}

impl Source {
    /// Who answered operation `index`: what the first of its [`FIELDS`] says, or its process.
    pub(super) fn of(history: &History, index: u32) -> Source {
        let named = |field| Some((field, history.extra_of(index as usize, field)?));
        match FIELDS.into_iter().find_map(named) {
            Some((field, value)) => Source { field: Some(field), value },
            None => Source { field: None, value: history.operations()[index as usize].process },
        }
    }

    /// Whether it says itself that it is a cache.
    pub(super) fn is_named_cache(self, history: &History) -> bool {
        let text = history.values().as_name(self.value);
        self.field == Some("cache")
            || text.is_some_and(|text| text.to_ascii_lowercase().contains("cache"))
    }

    /// It in words: `node n2`, `process 3`.
    pub(super) fn phrase(self, history: &History) -> String {
        let name = match history.values().as_name(self.value) {
            Some(name) => crate::history::phrase::shortened(name, 40),
            None => value_phrase(history, self.value),
        };
        format!("{} {name}", self.field.unwrap_or("process"))
    }
}
