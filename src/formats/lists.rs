//! The lists of records in a text that is one JSON object: which are read, and that none is left
//! out without a word.

use super::content::{Content, quoted};
use super::json::Cell;
use super::mapping::{Mapping, Path};
use super::roles::{Role, role};
use crate::error::{Code, Error};
use crate::history::ValueTable;
use crate::vocabulary::Word;

/// Lists stand at most this deep in an object: deeper ones are values.
const DEEPEST: usize = 6;
/// So many lists are named in one hint.
const NAMED: usize = 8;

/// A list, or a map, that holds records.
struct Holder<'t> {
    path: Vec<String>,
    cell: Cell<'t>,
}

impl Holder<'_> {
    fn range(&self) -> (usize, usize) {
        (self.cell.offset, self.cell.offset + self.cell.text.len())
    }

    /// Its name in a message.
    fn name(&self) -> String {
        quoted(&self.path.join("."))
    }

    /// The command that writes what it holds, one a line.
    fn lines(&self) -> String {
        format!("jq -c '{}[]' FILE > records.jsonl", Path(self.path.clone()).rule())
    }

    /// The rule that names it.
    fn rule(&self, target: &str) -> String {
        format!("--map {target}={}", Path(self.path.clone()).rule())
    }
}

/// Where in the JSON text `object`, which starts at an offset of a piece, the lists of the records
/// are: those that rules of `mapping` name, or, without one, the only list of objects in it. `None`
/// if there is none, or the object is a record itself.
///
/// # Errors
/// If there are several lists of objects, if none is where a rule says, or if records would be left
/// out.
pub(super) fn lists_within(
    object: Cell<'_>,
    mapping: Option<&Mapping>,
) -> Result<Option<Vec<(usize, usize)>>, Error> {
    let paths = mapping.map_or(&[][..], Mapping::records);
    let taken = match paths {
        [] => match only_list(object)? {
            Only::Record => return Ok(None),
            Only::List(list) => vec![list],
            Only::None => Vec::new(),
        },
        paths => paths.iter().map(|path| at_path(object, path)).collect::<Result<_, _>>()?,
    };
    let names = taken.first().and_then(|holder| first_of(holder.cell)).map(names_of);
    let mut holders = Vec::new();
    find(object, &mut Vec::new(), &names.unwrap_or_default(), &mut holders)?;
    if let Some(inner) = taken.iter().find_map(within_items) {
        return Err(inner);
    }
    let is_ignored = |holder: &Holder<'_>| {
        mapping.is_some_and(|mapping| mapping.ignores(&holder.path))
            || taken.iter().any(|list| holder.path.starts_with(&list.path))
    };
    holders.retain(|holder| !is_ignored(holder));
    if !holders.is_empty() {
        return Err(left_out(&taken, &holders));
    }
    let is_whole = |holder: &Holder<'_>| {
        let names = first_of(holder.cell).map(names_of).unwrap_or_default();
        mapping.is_some_and(|mapping| mapping.places(Role::Call)) || is_whole(&names)
    };
    let filled: Vec<&Holder<'_>> =
        taken.iter().filter(|holder| first_of(holder.cell).is_some()).collect();
    match &filled[..] {
        [first, .., last] if !filled.iter().all(|holder| is_whole(holder)) => {
            let message = format!(
                "{} and {} hold events, and nothing orders those of one list among those of \
                 another",
                first.name(),
                last.name()
            );
            Err(Error::new(Code::Syntax, message).hint(AS_FILES).at(last.cell.place()))
        }
        _ if taken.is_empty() => Ok(None),
        [] => Ok(Some(taken.iter().take(1).map(Holder::range).collect())),
        filled => Ok(Some(filled.iter().map(|holder| holder.range()).collect())),
    }
}

/// What makes events of several lists one history.
const AS_FILES: &str = "\
    make each list a file of its own, as with jq -c '.[\"1\"][]' FILE > 1.jsonl (each record needs \
    a `process` and a `time`), and read them with check --merge";

/// What an object is whose records no rule names.
enum Only<'t> {
    /// A record itself.
    Record,
    List(Holder<'t>),
    None,
}

/// The only list of objects among the fields of `object`.
fn only_list(object: Cell<'_>) -> Result<Only<'_>, Error> {
    let mut lists = Vec::new();
    let mut is_record = false;
    object.entries(&mut ValueTable::default(), &mut |name, cell| {
        is_record |= matches!(role(&name).0, Role::Process | Role::Function | Role::Call);
        let inside = cell.text.strip_prefix('[').unwrap_or_default();
        if inside.trim_start().starts_with('{') {
            lists.push(Holder { path: vec![name.into_owned()], cell });
        }
    })?;
    if is_record {
        return Ok(Only::Record);
    }
    if lists.len() > 1 {
        return Err(several(&lists));
    }
    Ok(lists.pop().map_or(Only::None, Only::List))
}

/// The error about several lists of objects, of which no rule says which are read.
fn several(lists: &[Holder<'_>]) -> Error {
    let names: Vec<String> = lists.iter().take(NAMED).map(Holder::name).collect();
    let more = if lists.len() > NAMED { " and more" } else { "" };
    let message = format!("{}{more} are lists of objects", names.join(" and "));
    let are_whole = lists
        .iter()
        .all(|list| first_of(list.cell).is_some_and(|first| is_whole(&names_of(first))));
    let records: Vec<String> = lists.iter().take(NAMED).map(|list| list.rule("records")).collect();
    // Nodes and faults are fewer.
    let longest = lists.iter().enumerate().max_by_key(|(at, list)| (list.cell.text.len(), !at));
    let (longest, list) = longest.unwrap_or((0, &lists[0]));
    let others = lists.iter().enumerate().filter(|(at, _)| *at != longest).take(NAMED);
    let others: Vec<String> = others.map(|(_, list)| list.rule("ignore")).collect();
    let one = format!(
        "if one holds all records, name it and the others ({} {})",
        list.rule("records"),
        others.join(" ")
    );
    let all = match are_whole && lists.len() <= NAMED {
        true => format!("name all of them ({})", records.join(" ")),
        false => AS_FILES.to_owned(),
    };
    let place = lists.last().map(|list| list.cell.place()).unwrap_or_default();
    Error::new(Code::Syntax, message)
        .hint(format!("{one}; if each holds those of a client, {all}"))
        .at(place)
}

/// The list at `path`.
fn at_path<'t>(object: Cell<'t>, path: &Path) -> Result<Holder<'t>, Error> {
    let mut at = object;
    for name in &path.0 {
        let mut next = None;
        at.entries(&mut ValueTable::default(), &mut |inner, cell| {
            if inner == *name {
                next = Some(cell);
            }
        })?;
        at = next.ok_or_else(|| no_list(path, &object))?;
    }
    if at.text.starts_with('[') {
        Ok(Holder { path: path.0.clone(), cell: at })
    } else {
        Err(no_list(path, &object))
    }
}

fn no_list(path: &Path, object: &Cell<'_>) -> Error {
    Error::new(Code::BadMapping, format!("there is no list at `{}`", path.rule()))
        .hint("`records` is mapped to the list that holds the records")
        .at(object.place())
}

/// The first item of a list.
fn first_of(list: Cell<'_>) -> Option<Cell<'_>> {
    let mut first = None;
    let mut take = |_, cell| {
        first.get_or_insert(cell);
    };
    list.entries(&mut ValueTable::default(), &mut take).ok()?;
    first
}

/// The names of the fields of an object.
fn names_of(object: Cell<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if object.text.starts_with('{') {
        // What is wrong in it is for the reader of records to say.
        let _ = object.entries(&mut ValueTable::default(), &mut |name, _| {
            names.push(name.into_owned());
        });
    }
    names.sort_unstable();
    names
}

/// Whether an object with fields of these names is a whole operation.
fn is_whole(names: &[String]) -> bool {
    let has = |wanted| names.iter().any(|name| role(name).0 == wanted);
    has(Role::Call) && !has(Role::Time)
}

/// Whether `cell` looks like a record: by its names, or since `known`, a record, has the same.
fn is_record(cell: Cell<'_>, known: &[String]) -> bool {
    if cell.text.starts_with('[') {
        return is_row(cell);
    }
    let names = names_of(cell);
    let has = |wanted| names.iter().any(|name| role(name).0 == wanted);
    let [has_process, has_call] = [Role::Process, Role::Call].map(has);
    // Much has a name.
    let is_named = names.iter().any(|name| role(name).0 == Role::Function && name != "name");
    let has_end = has(Role::Outcome) || has(Role::Phase);
    let says_what = [Role::Value, Role::Input, Role::Output, Role::Key].into_iter().any(has);
    !names.is_empty()
        && (names == known
            || is_named && (has_process || has_call || has_end || says_what)
            || has_process && (has_call || has_end || says_what))
}

/// Whether a list has the name of an operation among few items, as a record may be written.
fn is_row(list: Cell<'_>) -> bool {
    let (mut items, mut is_named) = (0, false);
    let _ = list.entries(&mut ValueTable::default(), &mut |_, cell| {
        items += 1;
        let text = cell.text.trim_matches('"');
        is_named |= text.len() < cell.text.len() && text.len() > 1 && Word::meant(text).is_some();
    });
    is_named && (3..=9).contains(&items)
}

/// Adds the lists and maps of records in `at`, but those inside of records.
fn find<'t>(
    at: Cell<'t>,
    path: &mut Vec<String>,
    known: &[String],
    found: &mut Vec<Holder<'t>>,
) -> Result<(), Error> {
    if path.len() == DEEPEST || !at.text.starts_with(['{', '[']) {
        return Ok(());
    }
    let is_list = at.text.starts_with('[');
    let mut parts = Vec::new();
    at.entries(&mut ValueTable::default(), &mut |name, cell| {
        // The first item of a list tells what all are.
        if !is_list || parts.is_empty() {
            parts.push((name.into_owned(), cell));
        }
    })?;
    let Some((_, first)) = parts.first() else { return Ok(()) };
    let holds = first.text.starts_with('{') || is_list;
    if !path.is_empty() && holds && is_record(*first, known) {
        found.push(Holder { path: path.clone(), cell: at });
        return Ok(());
    }
    for (name, cell) in parts {
        path.push(name);
        find(cell, path, known, found)?;
        path.pop();
    }
    Ok(())
}

/// The error about lists of records in the items of `list`, which are no records.
fn within_items(list: &Holder<'_>) -> Option<Error> {
    let first = first_of(list.cell)?;
    let mut holders = Vec::new();
    find(first, &mut vec!["[]".to_owned()], &[], &mut holders).ok()?;
    let [inner, ..] = &holders[..] else { return None };
    if is_record(first, &[]) || inner.path.len() < 2 {
        return None;
    }
    let inside = Path(inner.path[1..].to_vec()).rule();
    let path = Path(list.path.clone()).rule();
    let message = format!("each item of {} has records in `{inside}`", list.name());
    Some(
        Error::new(Code::Syntax, message)
            .hint(format!(
                "make lines of all of them: jq -c '{path}[]{inside}[]' FILE > records.jsonl; if \
                 these are events without a process, add it"
            ))
            .at(inner.cell.place()),
    )
}

/// What to do about a list of lists without names.
const ROWS: &str = "\
    its items are lists, and a record is an object with names: write one per line, with pandas by \
    to_json(\"history.jsonl\", orient=\"records\", lines=True)";

/// The error about records that would not be read beside those of `taken`.
fn left_out(taken: &[Holder<'_>], holders: &[Holder<'_>]) -> Error {
    let [first, ..] = holders else { return Error::new(Code::Syntax, "") };
    let are_lists = holders.iter().all(|holder| holder.cell.text.starts_with('['));
    let names: Vec<String> = holders.iter().take(NAMED).map(Holder::name).collect();
    let more = if holders.len() > NAMED { " and more" } else { "" };
    let message = match (taken, holders) {
        ([], _) => format!("the records are in {}{more}", names.join(" and ")),
        (_, [one]) => format!("{} holds records, too, and is not read", one.name()),
        _ => format!("{}{more} hold records, too, and are not read", names.join(" and ")),
    };
    let rules = |target: &str, holders: &[Holder<'_>]| {
        let rules: Vec<String> = holders.iter().map(|holder| holder.rule(target)).collect();
        rules.join(" ")
    };
    let are_whole = taken
        .iter()
        .chain(holders)
        .all(|holder| first_of(holder.cell).is_some_and(|first| is_whole(&names_of(first))));
    let is_few = taken.len() + holders.len() <= NAMED;
    let read = match holders {
        _ if !are_lists => format!("make lines of those of a map ({})", first.lines()),
        [one] if taken.is_empty() => {
            let first = first_of(one.cell);
            let hint = match first.is_some_and(|first| first.text.starts_with('[')) {
                true => ROWS.to_owned(),
                false => format!("name the list: {}", one.rule("records")),
            };
            return Error::new(Code::Syntax, message).hint(hint).at(one.cell.place());
        }
        _ if are_whole && is_few => format!(
            "name all lists ({})",
            rules("records", taken)
                + if taken.is_empty() { "" } else { " " }
                + &rules("records", holders)
        ),
        _ => AS_FILES.to_owned(),
    };
    let ignore = match taken {
        [] => "if one list is enough, name it and ignore the others".to_owned(),
        _ => format!("if they are not to be read, say so ({})", rules("ignore", holders)),
    };
    Error::new(Code::UnreadField, message).hint(format!("{read}; {ignore}")).at(first.cell.place())
}
