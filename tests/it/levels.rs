//! The pages about levels of isolation and their anomalies, with the histories of
//! `histories/isolation` that show each of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use histcheck::History;
use histcheck::history::{OpIndex, Outcome, Value};
use histcheck::isolation::{Access, Kind, LEVELS, Level, Ordering, Transactions};

use crate::page::keep_page;

#[test]
fn the_page_of_levels_is_up_to_date() {
    keep_page("LEVELS.md", "docs", &[("levels", table()), ("examples", examples())]).unwrap();
    assert!(LEVELS.iter().any(|row| row.ordering == Ordering::RealTime));
}

/// The table of all levels, the strongest first.
fn table() -> String {
    let mut table = String::from("| level | also | definition | implies |\n|---|---|---|---|\n");
    for level in Level::all().rev() {
        let row = level.row();
        let (name, definition, also) = (row.name, row.definition, row.aliases.join(", "));
        let implied = names(level.implied_directly(), ", ");
        writeln!(table, "| [`{name}`](#{name}) | {also} | {definition} | {implied} |").unwrap();
    }
    table
}

/// Names in a row, as code, with what comes before the last one.
fn names(levels: impl Iterator<Item = Level>, before_last: &str) -> String {
    let names: Vec<String> = levels.map(|level| format!("`{}`", level.name())).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => rest.join(", ") + before_last + last,
        _ => names.concat(),
    }
}

/// A section for each level, with a history that has not this level, but the next weaker ones.
fn examples() -> String {
    let mut out = String::new();
    for level in Level::all().rev() {
        let (name, row) = (level.name(), level.row());
        write!(out, "\n### {name}\n\n").unwrap();
        let same = level.same_on_keys();
        if let Some((other, reason)) = same {
            let other = other.name();
            writeln!(out, "No history of keys tells it from `{other}`: {reason}.\n").unwrap();
        }
        if row.example.is_empty() {
            continue;
        }
        let path = format!("histories/isolation/{}.jsonl", row.example);
        let history = histcheck::read_file(root().join(&path)).unwrap();
        let told = history.metadata_field("story").unwrap();
        let story = history.values().as_name(told).unwrap();
        let weaker =
            names(level.implied_directly().filter(|&it| Some(it) != same.map(|it| it.0)), " and ");
        let has = if weaker.is_empty() { String::new() } else { format!(" It has {weaker}.") };
        writeln!(out, "{story}{has}\n").unwrap();
        writeln!(out, "```text\n{}```\n", drawn(&history)).unwrap();
        // Pages have no lines of more than 100 characters, and a shell goes on behind `\`.
        let space = if name.len() + path.len() > 80 { " \\\n" } else { " " };
        writeln!(out, "```sh\nhistcheck --level {name}{space}{path}\n```").unwrap();
    }
    out
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The transactions of a history, a line each: the process, a bar from its call to its return, and
/// what it did.
fn drawn(history: &History) -> String {
    let table = Transactions::read(history).unwrap();
    let first = table.all().map(|t| history[OpIndex::new(t as usize)].invoked).min().unwrap();
    let column = |record: histcheck::history::Record| 2 * (record.index() - first.index());
    let end = table.all().filter_map(|t| history[OpIndex::new(t as usize)].completed).max();
    let width = column(end.unwrap()) + 1;
    let mut out = String::new();
    for t in table.all() {
        let operation = &history[OpIndex::new(t as usize)];
        let (call, ret) = (column(operation.invoked), operation.completed.map_or(width, column));
        let bar = format!("{}├{}┤", " ".repeat(call), "─".repeat(ret - call - 1));
        let padding = " ".repeat(width - ret.min(width - 1) - 1);
        let steps: Vec<String> =
            table.micros(t).iter().map(|micro| step(&table, history, micro)).collect();
        let aborted = if operation.outcome == Outcome::Fail { ", then rolled back" } else { "" };
        let process = history.values().to_json(operation.process);
        let steps = steps.join("; ");
        writeln!(out, "T{}  process {process}  {bar}{padding}  {steps}{aborted}", t + 1).unwrap();
    }
    out
}

/// What a micro-operation did, in words.
fn step(
    table: &Transactions<'_>,
    history: &History,
    micro: &histcheck::isolation::Micro,
) -> String {
    let values = history.values();
    let plain = |value: Value| match values.as_name(value) {
        Some(name) => name.to_owned(),
        None => values.to_json(value).replace(',', " "),
    };
    let (key, value) = (plain(table.keys[micro.key as usize]), plain(micro.value));
    match micro.access {
        Access::Read => format!("read {key} = {value}"),
        Access::Write => format!("write {key} = {value}"),
        Access::Append => format!("append {value} to {key}"),
    }
}

/// The table of the anomalies of transactions, for their page: a row for those that differ only in
/// the order that they need.
pub(crate) fn anomalies() -> String {
    let mut table =
        String::from("| name | what happened | forbidden from | in a model | histories |\n");
    table += "|---|---|---|---|---|\n";
    let is_plain = |kind: &Kind| kind.ordering() == Ordering::None;
    for kind in Kind::all().into_iter().filter(is_plain) {
        let name = kind.name();
        let is_variant = |other: &Kind| {
            let rest = other.name().strip_prefix(name);
            rest.is_some_and(|rest| ["", "-process", "-realtime"].contains(&rest))
        };
        let all: Vec<Kind> = Kind::all().into_iter().filter(is_variant).collect();
        let links: Vec<String> = all.iter().map(|kind| link(kind.name())).collect();
        let (title, what, links) = (kind.title(), kind.definition(), links.join(", "));
        let weakest = match kind {
            Kind::NoOrder(_) => "the level that is named".to_owned(),
            _ => names(kind.weakest().into_iter(), ", "),
        };
        let models = kind.names_in_models().iter().map(|name| format!("[{name}](#{name})"));
        let models = models.collect::<Vec<String>>().join(", ");
        let title =
            if title.replace(' ', "-") == name { String::new() } else { format!(", {title}") };
        writeln!(table, "| `{name}`{title} | {what} | {weakest} | {models} | {links} |").unwrap();
    }
    table
}

/// A link to the history of an anomaly, and one to its twin.
fn link(name: &str) -> String {
    let folder = "../histories/isolation";
    for file in [format!("{name}.jsonl"), format!("{name}-valid.jsonl")] {
        assert!(Path::new(&root().join("histories/isolation").join(&file)).exists(), "{file}");
    }
    format!("[{name}]({folder}/{name}.jsonl) ([twin]({folder}/{name}-valid.jsonl))")
}
