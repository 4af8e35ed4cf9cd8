//! What stands around the records of a text that is no plain history: an object with the list of
//! them inside (`{"operations": […]}`), or what a logger wrote in front of each. All of it but the
//! records becomes space, so that the records keep their places.

use super::content::{Content, quoted};
use super::json::Cell;
use super::mapping::Path;
use super::roles::{Role, role};
use crate::error::{Code, Error};
use crate::history::ValueTable;

/// Returns `text` with space for all that is outside of `kept`, which are bytes of it in order.
/// Line breaks stay.
pub(super) fn blanked(text: &str, kept: &[(usize, usize)]) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    let blank = |blanked: &mut String, part: &str| {
        blanked.extend(part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    };
    for &(start, end) in kept {
        blank(&mut blanked, &text[at..start]);
        blanked.push_str(&text[start..end]);
        at = end;
    }
    blank(&mut blanked, &text[at..]);
    blanked
}

/// Where in the JSON text `object`, which starts at `offset` of a piece, the list of the records
/// is: at `path`, or, without one, the only list of objects in it. `None` if there is none, or the
/// object is a record itself.
///
/// # Errors
/// If there are several lists of objects, or none at `path`.
pub(super) fn list_within(
    object: Cell<'_>,
    path: Option<&Path>,
) -> Result<Option<(usize, usize)>, Error> {
    let values = &mut ValueTable::default();
    let range = |cell: Cell<'_>| (cell.offset, cell.offset + cell.text.len());
    if let Some(path) = path {
        let mut at = object;
        for name in &path.0 {
            let mut next = None;
            at.entries(values, &mut |inner, cell| {
                if inner == *name {
                    next = Some(cell);
                }
            })?;
            at = next.ok_or_else(|| no_list(path, &object))?;
        }
        return if at.text.starts_with('[') {
            Ok(Some(range(at)))
        } else {
            Err(no_list(path, &object))
        };
    }
    let mut lists = Vec::new();
    let mut is_record = false;
    object.entries(values, &mut |name, cell| {
        is_record |= matches!(role(&name).0, Role::Process | Role::Function | Role::Call);
        let inside = cell.text.strip_prefix('[').unwrap_or_default();
        if inside.trim_start().starts_with('{') {
            lists.push((name.into_owned(), cell));
        }
    })?;
    match &lists[..] {
        _ if is_record => Ok(None),
        [] => Ok(None),
        [(_, list)] => Ok(Some(range(*list))),
        [(first, _), .., (last, cell)] => {
            let message = format!("{} and {} are lists of objects", quoted(first), quoted(last));
            Err(Error::new(Code::Syntax, message)
                .hint(format!(
                "if one holds all records, name it: --map records=.{first}; if each holds those \
                 of a client, make each a file, and read them with --merge"
            ))
                .at(cell.place()))
        }
    }
}

fn no_list(path: &Path, object: &Cell<'_>) -> Error {
    Error::new(Code::BadMapping, format!("there is no list at `.{}`", path.dotted()))
        .hint("`records` is mapped to the list that holds the records")
        .at(object.place())
}

/// How the records of a notation start.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    /// Tells whether a record starts where this text does.
    pub(super) starts: fn(&str) -> bool,
    /// What every record has first: the text is looked through for it.
    pub(super) first: &'static [char],
}

impl Opening {
    /// Returns where in `line` its record starts, if there is one.
    pub(super) fn find(&self, line: &str) -> Option<usize> {
        let mut found = line.match_indices(self.first).map(|(at, _)| at);
        found.find(|&at| (self.starts)(&line[at..]))
    }

    /// Tells whether the first line of `text` with a record has something in front of it.
    pub(super) fn is_behind(&self, text: &str) -> bool {
        if text.starts_with(['{', '(', ';', '^', '#']) {
            return false;
        }
        let mut lines = text.lines().take(LEADING).map(str::trim);
        let first = lines.find_map(|line| Some((line, self.find(line)?)));
        first.is_some_and(|(line, at)| {
            line.ends_with('}') && line[..at].contains(|c: char| c.is_alphanumeric())
        })
    }

    /// Returns the records of `text`, each on a line, without what is in front of them; and how
    /// many lines have no record.
    pub(super) fn alone(&self, text: &str) -> (String, usize) {
        let (mut kept, mut without, mut at) = (Vec::new(), 0, 0);
        for line in text.split_inclusive('\n') {
            match self.find(line) {
                Some(start) => kept.push((at + start, at + line.len())),
                None => without += usize::from(!line.trim().is_empty()),
            }
            at += line.len();
        }
        (blanked(text, &kept), without)
    }
}

/// So many lines may come before the first with a record.
const LEADING: usize = 200;
