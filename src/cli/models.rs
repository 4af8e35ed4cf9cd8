//! `histcheck models`: the catalogue of models.

use histcheck::history::ValueTable;
use histcheck::model::{AnyModel, CATALOGUE, Entry, ModelOptions};
use histcheck_history::{put, putln};

use super::args::{ModelsArgs, OutputFormat};
use super::diagnostic;
use super::exit::Status;
use super::explain::wrapped;
use super::output::Output;
use super::stderr::complain;

/// How wide a text is.
const WIDTH: usize = 80;

/// Lists the models, or one in detail.
pub(crate) fn run(args: &ModelsArgs, output: &mut Output) -> Status {
    let is_json = args.format.format == OutputFormat::Json;
    let Some(name) = &args.name else {
        let text = if is_json { json(CATALOGUE) } else { list(output) };
        output.print(&text);
        return Status::Valid;
    };
    let Some(entry) = Entry::find(name) else {
        let values = ValueTable::new();
        if let Err(error) = AnyModel::by_name(name, None, ModelOptions::default(), &values) {
            let colored = output.colors_errors();
            complain(&diagnostic::render("<command line>", &error, None, colored));
        }
        return Status::Unreadable;
    };
    let text = if is_json { json(std::slice::from_ref(entry)) } else { details(entry, output) };
    output.print(&text);
    Status::Valid
}

fn list(output: &Output) -> String {
    let palette = output.palette();
    let width = CATALOGUE.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for entry in CATALOGUE {
        let names: Vec<&str> = entry.functions.iter().map(|function| function.name).collect();
        putln!(
            out,
            "{}{:<width$}{}  {}\n{:<width$}  {}{}{}",
            palette.label,
            entry.name,
            palette.reset,
            entry.summary,
            "",
            palette.faint,
            names.join(", "),
            palette.reset,
        );
    }
    out
}

fn details(entry: &Entry, output: &Output) -> String {
    let palette = output.palette();
    let mut out = format!("{}{}{}: {}\n", palette.label, entry.name, palette.reset, entry.summary);
    putln!(out, "\nstarts from {}\n\noperations:", entry.initial);
    for function in entry.functions {
        put!(out, "  {}{}{}", palette.label, function.name, palette.reset);
        if !function.aliases.is_empty() {
            put!(out, " (or {})", function.aliases.join(", "));
        }
        putln!(out, "\n      {}", function.meaning);
    }
    for option in entry.options {
        putln!(out, "\n{}{}{} {}", palette.label, option.flag, palette.reset, option.effect);
    }
    putln!(out, "\n{}", wrapped(&format!("cost: {}", entry.cost), WIDTH));
    out
}

/// One object a line.
fn json(entries: &[Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        // Plain strings can always be written.
        out.push_str(&serde_json::to_string(entry).unwrap_or_default());
        out.push('\n');
    }
    out
}
