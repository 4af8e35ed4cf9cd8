//! `histcheck anomalies`: what can be wrong with a history: what the check of a model names, and
//! what rules out levels of isolation.

use histcheck::explain::{ANOMALIES, AnomalyEntry, Example};
use histcheck::formats::read_bytes;
use histcheck::history::Settings;
use histcheck::isolation::{Kind, Level, Ordering};
use histcheck::suggest::nearest;
use histcheck::{Options, Session};
use histcheck_history::{put, putln};
use serde::Serialize;

use super::args::{AnomaliesArgs, OutputFormat};
use super::exit::Status;
use super::explain::wrapped;
use super::output::Output;
use super::stderr::complain;

/// How wide a text is.
const WIDTH: usize = 80;

/// Lists the anomalies, or defines one.
pub(crate) fn run(args: &AnomaliesArgs, output: &mut Output) -> Status {
    let is_json = args.format.format == OutputFormat::Json;
    let Some(name) = &args.name else {
        let text = if is_json { json(ANOMALIES) } else { list(output) };
        output.print(&text);
        return Status::Valid;
    };
    let Some(entry) = AnomalyEntry::find(name) else {
        if let Some(kind) = Kind::parse(name) {
            output.print(&if is_json { json_of_kind(kind) } else { details_of_kind(kind, output) });
            return Status::Valid;
        }
        let kinds = Kind::all().into_iter().map(Kind::name);
        let names = ANOMALIES.iter().map(|entry| entry.name).chain(kinds);
        let meant = match nearest(name, names).first() {
            Some(near) => format!("did you mean {near}?"),
            None => "`histcheck anomalies` lists them".to_owned(),
        };
        let name = histcheck::report::shortened(name, 40);
        complain(&format!("error: there is no anomaly `{name}`: {meant}"));
        return Status::Unreadable;
    };
    let text = if is_json { json(std::slice::from_ref(entry)) } else { details(entry, output) };
    output.print(&text);
    Status::Valid
}

fn list(output: &Output) -> String {
    let palette = output.palette();
    let width = ANOMALIES.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for entry in ANOMALIES {
        let name = entry.name;
        putln!(out, "{}{name:<width$}{}  {}", palette.label, palette.reset, entry.definition);
    }
    put!(out, "\nOf transactions, where levels of isolation are checked:\n\n");
    // Those that only differ in the order that they need have one line.
    for kind in Kind::all().into_iter().filter(|kind| kind.ordering() == Ordering::None) {
        let (name, title) = (kind.name(), kind.title());
        let text = format!("{title}: {}", kind.definition());
        putln!(out, "{}{name:<width$}{}  {text}", palette.label, palette.reset);
    }
    out
}

/// The names of levels, one after the other.
fn levels(levels: Vec<Level>) -> Vec<&'static str> {
    levels.into_iter().map(Level::name).collect()
}

/// What is known of an anomaly that rules out levels of isolation.
fn details_of_kind(kind: Kind, output: &Output) -> String {
    let palette = output.palette();
    let heading = |text: &str| format!("{}{text}{}", palette.label, palette.reset);
    let mut out = format!("{} ({})\n", heading(kind.name()), kind.title());
    let needs = match kind.ordering() {
        Ordering::None => "",
        Ordering::Session => "; one of its steps is the order of a session",
        Ordering::RealTime => "; one of its steps is real time",
    };
    putln!(out, "{}", wrapped(&format!("{}{needs}.", kind.definition()), WIDTH));
    if !matches!(kind, Kind::NoOrder(_)) {
        put!(out, "\n{}\n", heading("the weakest levels that forbid it"));
        putln!(out, "{}", wrapped(&levels(kind.weakest()).join(", "), WIDTH));
    }
    put!(out, "\n{}\n", heading("where a model is checked instead"));
    for name in kind.names_in_models() {
        let definition = AnomalyEntry::find(name).map_or("", |entry| entry.definition);
        putln!(out, "{}", wrapped(&format!("{name}: {definition}"), WIDTH));
    }
    let (example, name) = (heading("example"), kind.name());
    putln!(out, "\n{example}: histories/isolation/{name}.jsonl, and {name}-valid.jsonl without it");
    out
}

#[derive(Serialize)]
struct JsonKind {
    name: &'static str,
    title: &'static str,
    definition: &'static str,
    forbidden_from: Vec<&'static str>,
    names_in_models: &'static [&'static str],
}

fn json_of_kind(kind: Kind) -> String {
    let json = JsonKind {
        name: kind.name(),
        title: kind.title(),
        definition: kind.definition(),
        forbidden_from: levels(kind.weakest()),
        names_in_models: kind.names_in_models(),
    };
    // Plain strings can always be written.
    serde_json::to_string(&json).unwrap_or_default() + "\n"
}

/// The anomalies that rule out levels of isolation and that the check of a model calls `name`.
fn kinds_of(name: &str) -> Vec<&'static str> {
    let is_it = |kind: &Kind| kind.names_in_models().contains(&name);
    Kind::all().into_iter().filter(is_it).map(Kind::name).collect()
}

fn details(entry: &AnomalyEntry, output: &Output) -> String {
    let palette = output.palette();
    let mut out = format!(
        "{}{}{}\n{}\n\n{}\n",
        palette.label,
        entry.kind,
        palette.reset,
        wrapped(entry.definition, WIDTH),
        wrapped(entry.explanation, WIDTH),
    );
    let parts = [
        ("what to look for", entry.look_for),
        ("what is proved", entry.proves),
        ("what is only suggested", entry.suggests),
    ];
    for (title, text) in parts.into_iter().filter(|part| !part.1.is_empty()) {
        put!(out, "\n{}{title}{}\n", palette.label, palette.reset);
        putln!(out, "{}", wrapped(text, WIDTH));
    }
    let kinds = kinds_of(entry.name);
    if !kinds.is_empty() {
        put!(out, "\n{}where levels of isolation are checked{}\n", palette.label, palette.reset);
        putln!(out, "{}", wrapped(&kinds.join(", "), WIDTH));
    }
    if let Some(example) = entry.history {
        put!(out, "\n{}example{}", palette.label, palette.reset);
        putln!(out, ": histories/{}", example.name);
        if let Some(told) = told(&example) {
            putln!(out, "{}", wrapped(&told, WIDTH));
        }
        put!(out, "{}{}{}", palette.faint, example.text, palette.reset);
    }
    out
}

/// What histcheck itself says of an example.
fn told(example: &Example) -> Option<String> {
    let history = read_bytes(example.text.as_bytes().to_vec(), None, Settings::default()).ok()?;
    let options = Options { threads: 1, ..Options::default() };
    let session = Session::new(&history, &options).ok()?;
    let explanation = session.explain(&session.check().ok()?, 1).ok()?;
    explanation.anomalies.into_iter().next().map(|anomaly| anomaly.summary)
}

#[derive(Serialize)]
struct JsonAnomaly {
    name: &'static str,
    definition: &'static str,
    explanation: &'static str,
    look_for: &'static str,
    proves: &'static str,
    suggests: &'static str,
    history: Option<&'static str>,
}

/// One object a line.
fn json(entries: &[AnomalyEntry]) -> String {
    let mut out = String::new();
    for entry in entries {
        let anomaly = JsonAnomaly {
            name: entry.name,
            definition: entry.definition,
            explanation: entry.explanation,
            look_for: entry.look_for,
            proves: entry.proves,
            suggests: entry.suggests,
            history: entry.history.map(|example| example.name),
        };
        // Plain strings can always be written.
        out.push_str(&serde_json::to_string(&anomaly).unwrap_or_default());
        out.push('\n');
    }
    out
}
