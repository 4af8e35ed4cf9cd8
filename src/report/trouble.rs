//! What was done to the system while it was tested, by whom is no client: a nemesis, say.

use crate::history::{Annotation, History};
use crate::words::{printable, shortened};

/// Words that end what a nemesis did.
const ENDS: [&str; 11] = [
    "heal",
    "stop",
    "end",
    "restart",
    "start-node",
    "resume",
    "recover",
    "restore",
    "reset",
    "fix",
    "final",
];

/// Something that was done to the system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trouble<'h> {
    /// The record with which it began.
    pub(super) from: &'h Annotation,
    /// The record with which it ended, if it did.
    pub(super) to: Option<&'h Annotation>,
    /// What was done.
    pub(super) title: String,
}

/// What others than clients did, at most so many, each until the next record that ends it. O(n).
pub(super) fn troubles(history: &History, limit: usize) -> Vec<Trouble<'_>> {
    let is_end = |name: &str| {
        let name = name.to_ascii_lowercase();
        ENDS.iter().any(|end| name.starts_with(end))
    };
    let mut troubles = Vec::new();
    let mut open: Option<Trouble<'_>> = None;
    let mut before = None;
    for note in history.annotations() {
        let name = history.function(note.function);
        // The end of what was noted right before, as nemeses write it.
        let is_again = before == Some((note.function, note.process));
        before = if is_again { None } else { Some((note.function, note.process)) };
        if is_again && !is_end(name) {
            continue;
        }
        if let Some(last) = open.take() {
            troubles.push(Trouble { to: Some(note), ..last });
        }
        if !is_end(name) && troubles.len() < limit {
            let value = if note.value.is_null() {
                String::new()
            } else {
                format!(" {}", shortened(&history.values().to_text(note.value), 60))
            };
            let title = printable(&format!("{}{value}", shortened(name, 40)));
            open = Some(Trouble { from: note, to: None, title });
        }
    }
    troubles.extend(open);
    troubles
}
