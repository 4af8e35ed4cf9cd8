//! `histcheck init SAMPLE`: looks at a foreign file, proposes the rules to read it by, and shows
//! what it reads as.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use histcheck::formats::{Guess, Input, Mapping, ReadOptions, Survey};
use histcheck::history::Settings;
use histcheck::report::{printable, shortened};
use histcheck::{Error, History};

use super::args::InitArgs;
use super::diagnostic;
use super::exit::Status;
use super::files::replace;
use super::inputs::{Source, open};
use super::mappings::FILE;
use super::output::Output;
use super::settings::reading_budget;
use super::single::{base_name, not_loaded, shown, sources, watch};
use super::stderr::complain;

/// So many operations are shown.
const SHOWN: usize = 5;
/// So much of a field's values.
const WIDTH: usize = 50;

/// Proposes rules for the file that the arguments name.
pub(crate) fn run(args: &InitArgs, output: &mut Output) -> Status {
    let sources = match sources(args.file.as_ref()) {
        Ok(sources) => sources,
        Err(status) => return status,
    };
    let Some((name, source)) = sources.list.into_iter().next() else { return Status::Unreadable };
    let budget = reading_budget(&args.budget, Instant::now());
    watch(&name, budget, output);
    let progress = Some(output.progress());
    let options = ReadOptions { format: args.input_format.0, progress, ..budget.into() };
    let is_colored = output.colors_errors();
    let said = |error: &Error, input: Option<&Input>| {
        complain(&diagnostic::render(&name, error, input, is_colored));
        not_loaded(&name, error)
    };
    let opened = source.and_then(|source| Ok((open(&source, None, options)?, source)));
    let (input, source) = match opened {
        Ok(opened) => opened,
        Err(error) => return said(&error, None),
    };
    let survey = match input.survey() {
        Ok(survey) => survey,
        Err(error) => return said(&error, Some(&input)),
    };
    let (guesses, _) = survey.guesses();
    let is_needed = |guess: &Guess| !guess.is_known || !guess.words.is_empty();
    let needed = guesses.iter().any(is_needed);
    let input = if needed { input.with_mapping(mapping(&guesses)) } else { input };
    let read = input.history(Settings::default());
    output.relax();
    if needed || args.output.is_some() {
        let path = args.output.clone().unwrap_or_else(|| beside(&source));
        let may_replace = args.output.is_some();
        match deliver(&path, may_replace, &written(&name, &survey, &guesses)) {
            Ok(text) => output.print(&text),
            Err(wrong) => {
                complain(&format!("error: {wrong}"));
                return Status::Unreadable;
            }
        }
    } else {
        output.print(&format!("{} is read without rules.\n\n", printable(&name)));
    }
    match read {
        Ok(history) => {
            output.print(&operations(&history));
            Status::Valid
        }
        Err(error) => {
            output.print("By these rules it is not read yet.\n");
            said(&error, Some(&input))
        }
    }
}

/// Writes the rules to `path`; returns what to print of them.
fn deliver(path: &Path, may_replace: bool, toml: &str) -> Result<String, String> {
    if path.as_os_str() == "-" {
        return Ok(format!("{toml}\n"));
    }
    let name = shown(path);
    if path.exists() && !may_replace {
        let instead = "name another file with --output, or - to see the rules";
        return Err(format!("{name} is there already: {instead}"));
    }
    replace(path, toml.as_bytes()).map_err(|error| format!("cannot write {name}: {error}"))?;
    Ok(format!("Wrote {name}:\n\n{toml}\n"))
}

/// Where the file with the rules goes.
fn beside(source: &Source) -> PathBuf {
    match source {
        Source::File(path) => path.with_file_name(FILE),
        Source::Merged(paths) => {
            paths.first().map_or(PathBuf::from(FILE), |path| path.with_file_name(FILE))
        }
        Source::Logs(folder, ..) => folder.join(FILE),
        Source::Stdin => PathBuf::from(FILE),
    }
}

/// The rules that are proposed.
fn mapping(guesses: &[Guess]) -> Arc<Mapping> {
    let mut mapping = Mapping::default();
    for guess in guesses {
        let mut rules = Vec::new();
        if !guess.is_known {
            rules.push(format!("{}={}", guess.target, dotted(&guess.path)));
        }
        let known = guess.words.iter().filter(|(_, meaning)| !meaning.is_empty());
        rules.extend(known.map(|(word, is)| format!("{}:\"{word}\"={is}", guess.target)));
        for rule in rules {
            // A name that is no path is told by the reading.
            let _ = mapping.add(&rule);
        }
    }
    Arc::new(mapping)
}

/// A path as rules write it.
fn dotted(path: &[String]) -> String {
    path.iter().fold(String::new(), |mut text, name| {
        let is_plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        let _ = if is_plain { write!(text, ".{name}") } else { write!(text, ".\"{name}\"") };
        text
    })
}

/// The file with the rules, and the reasons.
fn written(name: &str, survey: &Survey, guesses: &[Guess]) -> String {
    let file = printable(base_name(name).unwrap_or(name));
    let mut text = format!(
        "# How histcheck reads {file} and what is like it: guesses after {} records. Look over \
         them,\n# then run `histcheck` on the file.\n\n[map]\n",
        survey.records
    );
    let column = guesses.iter().map(|guess| rule(guess).len()).max().unwrap_or(0);
    for guess in guesses {
        let rule = rule(guess);
        let mark = if guess.is_known { "# " } else { "" };
        let known = if guess.is_known { ", and read as that without a rule" } else { "" };
        let _ = writeln!(text, "{mark}{rule:column$}  # {}{known}", guess.reason);
    }
    let (_, rest) = survey.guesses();
    for field in rest {
        let values: Vec<&str> = field.values.iter().map(String::as_str).collect();
        let values = shortened(&values.join(", "), WIDTH);
        let path = quoted(&dotted(&field.path));
        let _ = writeln!(text, "# ? = {path}  # not used; it holds {}", printable(&values));
    }
    for guess in guesses.iter().filter(|guess| !guess.words.is_empty()) {
        let _ = writeln!(text, "\n[words.{}]", guess.target);
        for (word, meaning) in &guess.words {
            let word = quoted(word);
            let _ = match &**meaning {
                "" => writeln!(text, "# {word} = \"?\"  # nothing tells what it means"),
                meaning => writeln!(text, "{word} = {}  # by its name", quoted(meaning)),
            };
        }
    }
    text
}

fn rule(guess: &Guess) -> String {
    format!("{} = {}", guess.target, quoted(&dotted(&guess.path)))
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The first operations, as they are read.
fn operations(history: &History) -> String {
    let values = history.values();
    let mut text = format!(
        "The first {} of {} operations, as they are read:\n",
        SHOWN.min(history.operations().len()),
        history.operations().len()
    );
    for (index, operation) in history.indexed().take(SHOWN) {
        let cell = |value| shortened(&values.to_text(value), WIDTH);
        let key = operation.key.map(|key| format!(" on key {}", cell(key))).unwrap_or_default();
        let times = match history.times(index) {
            [Some(call), Some(ret)] => format!(" from {call} to {ret}"),
            [Some(call), None] => format!(" from {call}"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "  process {} {} {}{key} → {}, {}{times}",
            printable(&cell(operation.process)),
            printable(history.function(operation.function)),
            printable(&cell(operation.input)),
            printable(&cell(operation.output)),
            operation.outcome.name(),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_quoted() {
        let path =
            |names: &[&str]| dotted(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>());
        assert_eq!(path(&["Input", "Op"]), ".Input.Op");
        assert_eq!(path(&["start time", "a.b"]), ".\"start time\".\"a.b\"");
        assert_eq!(beside(&Source::File(Path::new("a/b.jsonl").into())), Path::new("a").join(FILE));
    }
}
