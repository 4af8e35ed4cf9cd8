//! `histcheck anomalies`: what can be wrong with a history.

use histcheck::explain::{ANOMALIES, AnomalyEntry, Example};
use histcheck::formats::read_bytes;
use histcheck::history::Settings;
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
        let meant = match nearest(name, ANOMALIES.iter().map(|entry| entry.name)).first() {
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
    out
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
