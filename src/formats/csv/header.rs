//! The header of a table: the names of its columns, and what their cells hold.

use std::borrow::Cow;

use crate::error::{Code, Error, Place};
use crate::formats::mapping::Mapping;
use crate::formats::roles::{Role, role};
use crate::history::hash::Set;

/// The names of the columns, and what they hold.
#[derive(Debug)]
pub(super) struct Header(Vec<(String, Column)>);

impl Header {
    /// Returns the columns with their names.
    pub(super) fn columns(&self) -> &[(String, Column)] {
        &self.0
    }

    /// Returns the header whose cells are those of `header` and start at `offsets`.
    ///
    /// # Errors
    /// If a column has no name or that of another, or nothing says what the table holds.
    pub(super) fn of(
        header: &csv::StringRecord,
        offsets: &[usize],
        mapping: Option<&Mapping>,
    ) -> Result<Header, Error> {
        let mut names: Vec<Cow<'_, str>> = header.iter().map(heading).collect();
        // The numbers of the rows, which have no name as pandas and R write them.
        if let Some(first) = names.first_mut().filter(|name| name.is_empty() && header.len() > 1) {
            *first = Cow::Borrowed(UNNAMED);
        }
        let names = names;
        let mut seen = Set::default();
        for (column, ((cell, name), &offset)) in header.iter().zip(&names).zip(offsets).enumerate()
        {
            let error = |code, message: String| {
                Err(Error::new(code, message)
                    .hint("every column has a name of its own")
                    .at(Place { offset, ..Place::default() }))
            };
            if cell.trim().is_empty() && name != UNNAMED {
                return error(Code::BadField, format!("column {} has no name", column + 1));
            }
            if !seen.insert(name) {
                return error(Code::DuplicateField, format!("the header names `{name}` twice"));
            }
        }
        let has = |wanted: Role| {
            let is_mapped = mapping.is_some_and(|mapping| mapping.places(wanted));
            is_mapped || names.iter().any(|name| role(name).0 == wanted)
        };
        let whole =
            has(Role::Call) || has(Role::Duration) && !has(Role::Phase) && !has(Role::Outcome);
        let is_number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        let is_data = names.first().is_some_and(|name| is_number(name));
        // Transactions alone have no type.
        let may_be_alone = has(Role::Process) && has(Role::Value);
        let is_told = whole || has(Role::Outcome) || has(Role::Phase) || may_be_alone;
        if is_data || !is_told {
            return Err(Error::new(Code::MissingField, "the header names no `type` and no `call`")
                .hint("the first line names the columns: process,type,f,value, or f,call,return")
                .at(Place { offset: offsets.first().copied().unwrap_or(0), ..Place::default() }));
        }
        let known = |name: &str| names.iter().any(|other| other == name);
        let [process, function] = [!known("process"), !known("f")];
        let columns: Vec<(String, Column)> = names
            .iter()
            .map(|name| {
                let column = match (Column::of(name, whole), role(name).0) {
                    (Column::Value, Role::Process) if process => Column::Process,
                    (Column::Value, Role::Function) if function => Column::Name,
                    (column, _) => column,
                };
                (name.clone().into_owned(), column)
            })
            .collect();
        Ok(Header(columns))
    }
}

/// What the cells of a column hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Column {
    /// The number of a client, or a name.
    Process,
    /// A name.
    Name,
    /// A value; an empty cell says that there is none, which counts as null.
    End,
    /// A value.
    Value,
}

impl Column {
    /// The column `name` of a table of whole operations, or of one of events.
    fn of(name: &str, whole: bool) -> Column {
        match (name, role(name).0) {
            ("process", _) => Column::Process,
            ("f" | "type", _) => Column::Name,
            _ if !whole => Column::Value,
            (_, Role::Process) => Column::Process,
            (_, Role::Function) => Column::Name,
            (_, Role::Input | Role::Output) => Column::End,
            _ => Column::Value,
        }
    }
}

/// What the first column is called if it has no name.
const UNNAMED: &str = "unnamed";

/// The name in a cell of the header: its text without space around it, or the JSON string that it
/// is.
fn heading(cell: &str) -> Cow<'_, str> {
    let cell = cell.trim();
    let string = cell.starts_with('"').then(|| serde_json::from_str(cell).ok()).flatten();
    string.map_or(Cow::Borrowed(cell), Cow::Owned)
}
