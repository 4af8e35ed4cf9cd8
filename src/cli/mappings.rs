//! How foreign records are read: the rules of the command line, and those of the file
//! `histcheck.toml` beside an input or in a directory above it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use histcheck::formats::Mapping;
use histcheck::history::Clients;
use histcheck::{Code, Error};

use super::args::{ReadArgs, TimeUnit};
use super::inputs::{Source, unreadable};

/// The name of the file with rules.
pub(crate) const FILE: &str = "histcheck.toml";

/// Returns the rules to read `source` by: those of the arguments, then those of the file.
///
/// # Errors
/// If there is a file, and it cannot be read or holds something else.
pub(crate) fn mapping(args: &ReadArgs, source: &Source) -> Result<Option<Arc<Mapping>>, Error> {
    let (mut mapping, mut clients) = (Mapping::default(), Clients::default());
    let mut is_given = !args.map.is_empty() || args.time_unit.is_some();
    for rule in &args.map {
        mapping.add(rule)?;
    }
    if let Some(path) = file_for(args, source) {
        is_given = true;
        add_file(&path, &mut mapping, &mut clients)?;
        mapping.set_file(from_here(&path));
    }
    if let Some(unit) = args.time_unit {
        mapping.set_time_unit(unit.nanoseconds());
    }
    let Clients { only, never } = &mut clients;
    for (own, given) in [(only, &args.clients), (never, &args.ignore_process)] {
        if !given.is_empty() {
            is_given = true;
            own.clone_from(given);
        }
    }
    mapping.set_clients(clients);
    Ok(is_given.then(|| Arc::new(mapping)))
}

/// The file whose rules `source` is read by: the one that is named, or the nearest.
fn file_for(args: &ReadArgs, source: &Source) -> Option<PathBuf> {
    if args.config.is_some() || args.no_config {
        return args.config.clone();
    }
    let here = env::current_dir().ok()?;
    let directory = match source {
        Source::File(path) => here.join(path.parent()?),
        Source::Merged(paths) => here.join(paths.first()?.parent()?),
        Source::Logs(folder, ..) => here.join(folder),
        Source::Stdin => here,
    };
    directory.ancestors().map(|above| above.join(FILE)).find(|path| path.is_file())
}

/// The path from the current directory, if it is above or below.
fn from_here(path: &Path) -> String {
    let name = path.display().to_string();
    let Ok(here) = env::current_dir() else { return name };
    if let Ok(below) = path.strip_prefix(&here) {
        return below.display().to_string();
    }
    let above = path.parent().and_then(|directory| here.strip_prefix(directory).ok());
    match (above, path.file_name()) {
        (Some(steps), Some(file)) if path.is_absolute() => {
            let up: PathBuf = steps.components().map(|_| "..").collect();
            up.join(file).display().to_string()
        }
        _ => name,
    }
}

/// Adds the rules of the file at `path`.
fn add_file(path: &Path, mapping: &mut Mapping, clients: &mut Clients) -> Result<(), Error> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| unreadable(&format!("cannot read {name}"), &error))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        bad(path, &format!("line {line} is no TOML: {}", error.message()))
    })?;
    for (key, value) in &table {
        match (key.as_str(), value) {
            ("map", toml::Value::Table(rules)) => add_paths(path, rules, mapping)?,
            ("words", toml::Value::Table(rules)) => add_words(path, rules, mapping)?,
            ("time-unit", toml::Value::String(unit)) => {
                let unit = TimeUnit::from_str(unit, true)
                    .map_err(|_| bad(path, "`time-unit` is one of ns, us, ms and s"))?;
                mapping.set_time_unit(unit.nanoseconds());
            }
            ("clients", value) => clients.only = names(path, key, value)?,
            ("ignore-process", value) => clients.never = names(path, key, value)?,
            ("map" | "words", _) => return Err(bad(path, &format!("`{key}` is a table"))),
            ("time-unit", _) => return Err(bad(path, "`time-unit` is a string")),
            _ => {
                let message =
                    format!("`{key}` is none of map, words, time-unit, clients and ignore-process");
                return Err(bad(path, &message));
            }
        }
    }
    Ok(())
}

/// The names of processes in a list.
fn names(path: &Path, key: &str, value: &toml::Value) -> Result<Vec<String>, Error> {
    let name = |value: &toml::Value| match value {
        toml::Value::String(name) => Some(name.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    let names = value.as_array().and_then(|list| list.iter().map(name).collect());
    names.ok_or_else(|| bad(path, &format!("`{key}` is a list of names or numbers")))
}

/// Adds the rules of the table `map`: each a path, or several of which the first counts.
fn add_paths(path: &Path, rules: &toml::Table, mapping: &mut Mapping) -> Result<(), Error> {
    for (name, value) in rules {
        let paths = match value {
            toml::Value::Array(paths) => paths.as_slice(),
            value => std::slice::from_ref(value),
        };
        for place in paths {
            let place =
                place.as_str().ok_or_else(|| bad(path, &format!("`map.{name}` is a path")))?;
            mapping.add(&format!("{name}={place}")).map_err(|error| within(path, error))?;
        }
    }
    Ok(())
}

/// Adds the rules of the table `words`: by the name of what they are about, meanings by words.
fn add_words(path: &Path, rules: &toml::Table, mapping: &mut Mapping) -> Result<(), Error> {
    for (name, words) in rules {
        let words = words
            .as_table()
            .ok_or_else(|| bad(path, &format!("`words.{name}` is a table of words")))?;
        for (word, meaning) in words {
            let meaning = match meaning {
                toml::Value::String(meaning) => meaning.clone(),
                toml::Value::Integer(meaning) => meaning.to_string(),
                toml::Value::Boolean(meaning) => meaning.to_string(),
                _ => {
                    let message = format!("`words.{name}.{word}` is a string");
                    return Err(bad(path, &message));
                }
            };
            mapping
                .add(&format!("{name}:\"{word}\"={meaning}"))
                .map_err(|error| within(path, error))?;
        }
    }
    Ok(())
}

fn bad(path: &Path, what: &str) -> Error {
    Error::new(Code::BadMapping, format!("{}: {what}", path.display()))
        .hint("the tables are [map], with paths, and [words.NAME], with what words mean")
}

fn within(path: &Path, error: Error) -> Error {
    Error { message: format!("{}: {}", path.display(), error.message), ..error }
}
