//! `histcheck levels`: the isolation levels and their definitions.

use histcheck::isolation::{Asked, Kind, LEVELS, Level, Ordering};
use histcheck::report::printable;
use histcheck::suggest::nearest;
use histcheck_history::{put, putln};
use serde::Serialize;

use super::args::{LevelsArgs, OutputFormat};
use super::exit::Status;
use super::explain::wrapped;
use super::output::Output;
use super::stderr::complain;

/// Width of a text in characters.
const WIDTH: usize = 80;

/// A level as JSON.
#[derive(Serialize)]
struct JsonLevel {
    name: &'static str,
    aliases: &'static [&'static str],
    ordering: &'static str,
    definition: &'static str,
    implies: Vec<&'static str>,
}

/// Lists the levels, or one in detail.
pub(crate) fn run(args: &LevelsArgs, output: &mut Output) -> Status {
    let levels: Vec<Level> = match &args.name {
        None => Level::all().collect(),
        Some(name) => match Level::parse(name) {
            Some(level) => vec![level],
            None => {
                complain(&unknown_level(name));
                return Status::Unreadable;
            }
        },
    };
    let text = match (args.format.format, &levels[..]) {
        (OutputFormat::Json, levels) => json(levels),
        (OutputFormat::Human, [level]) => details(*level, output),
        (OutputFormat::Human, levels) => list(levels, output),
    };
    output.print(&text);
    Status::Valid
}

/// Returns the error about a level that there is not.
pub(super) fn unknown_level(name: &str) -> String {
    if let Some(names) = name.strip_prefix("anomalies:") {
        return unknown_anomaly(names);
    }
    let names = LEVELS.iter().flat_map(|row| row.aliases.iter().chain([&row.name])).copied();
    let hint = match nearest(name, names).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`histcheck levels` lists them".to_owned(),
    };
    format!("error: there is no isolation level `{}`\n  = help: {hint}", printable(name))
}

/// Says that one of `names` is no anomaly.
fn unknown_anomaly(names: &str) -> String {
    let is_known = |name: &&str| Asked::parse(&format!("anomalies:{name}"), None).is_some();
    let name = names.split(',').find(|name| !is_known(name)).unwrap_or_default().trim();
    let hint = match nearest(name, Kind::all().into_iter().map(Kind::name)).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`histcheck anomalies` lists them".to_owned(),
    };
    format!("error: there is no anomaly `{}`\n  = help: {hint}", printable(name))
}

fn list(levels: &[Level], output: &Output) -> String {
    let palette = output.palette();
    let mut out = String::new();
    for level in levels.iter().rev() {
        putln!(out, "{}{}{}", palette.label, level.name(), palette.reset);
        for text in wrapped(level.row().definition, WIDTH - 4).lines() {
            putln!(out, "    {text}");
        }
        let implied: Vec<&str> = level.implied_directly().map(Level::name).collect();
        if !implied.is_empty() {
            for text in wrapped(&format!("implies {}", implied.join(", ")), WIDTH - 4).lines() {
                putln!(out, "    {}{text}{}", palette.faint, palette.reset);
            }
        }
    }
    out
}

fn details(level: Level, output: &Output) -> String {
    let palette = output.palette();
    let row = level.row();
    let mut out = format!("{}{}{}", palette.label, row.name, palette.reset);
    if !row.aliases.is_empty() {
        put!(out, " (or {})", row.aliases.join(", "));
    }
    putln!(out, "\n\n{}", wrapped(row.definition, WIDTH));
    let implied: Vec<&str> = level.implied_directly().map(Level::name).collect();
    if !implied.is_empty() {
        putln!(out, "\n{}", wrapped(&format!("implies {}", implied.join(", ")), WIDTH));
    }
    let implying = Level::all().filter(|other| other.implied_directly().any(|one| one == level));
    let implying: Vec<&str> = implying.map(Level::name).collect();
    if !implying.is_empty() {
        putln!(out, "\n{}", wrapped(&format!("implied by {}", implying.join(", ")), WIDTH));
    }
    out
}

/// One object a line.
fn json(levels: &[Level]) -> String {
    let mut out = String::new();
    for level in levels {
        let row = level.row();
        let ordering = match row.ordering {
            Ordering::None => "none",
            Ordering::Session => "session",
            Ordering::RealTime => "real-time",
        };
        let implies = level.implied_directly().map(Level::name).collect();
        let entry = JsonLevel {
            name: row.name,
            aliases: row.aliases,
            ordering,
            definition: row.definition,
            implies,
        };
        // Plain strings can always be written.
        out.push_str(&serde_json::to_string(&entry).unwrap_or_default());
        out.push('\n');
    }
    out
}
