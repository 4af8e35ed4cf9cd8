//! The reference store's histories, `histories/store/`: one of each preset, made anew and compared
//! byte by byte. `cargo bless histories` writes them.

use std::fs;

use histcheck::explain::stuck;
use histcheck::formats::{self, Format};
use histcheck::model::infer;
use histcheck::store::{Fact, Plan, Preset, presets};
use histcheck::{History, Options, Session, Verdict};

use crate::{Outcome, folder, kept, variants};

/// So many anomalies are asked for, as many as the command line does.
const LIMIT: usize = 20;

/// The folder of these histories, in that of all.
pub(crate) const FOLDER: &str = "store";

/// Every preset has its history, and there are no others; while blessing, they are removed.
pub(crate) fn are_current() -> Outcome {
    let mut wanted: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for preset in presets() {
        let name = format!("{FOLDER}/{}.jsonl", preset.name);
        let made = made(preset).map_err(|error| format!("{name}: {error}"))?;
        wrong.extend(kept::keep(&folder().join(&name), "histories", &made).err());
        wanted.push(name);
    }
    let there = crate::names().into_iter().filter(|name| name.starts_with(FOLDER));
    for name in there.filter(|name| !wanted.contains(name)) {
        let path = folder().join(name);
        if kept::is_blessing() {
            fs::remove_file(path)?;
        } else {
            wrong.push(kept::out_of_date(&path, "histories", "it belongs to no preset"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The example of a preset, with what is expected of it, as JSON lines.
fn made(preset: &'static Preset) -> Result<String, String> {
    let mut plan = Plan::example(preset);
    let history = plan.history()?;
    let options = Options::default();
    let said = |error: histcheck::Error| error.to_string();
    let report = histcheck::check(&history, &options).map_err(said)?;
    if preset.is_correct() && report.verdict != Verdict::Valid {
        return Err(format!("{}: {}", plan.replay(), report.verdict));
    }
    let inferred = infer(&variants::anonymous(&history)?).map(|entry| entry.name).ok();
    if inferred != Some(report.model.as_str()) {
        plan.tell("inferred", Fact::Flag(false));
    }
    plan.tell("verdict", Fact::Text(report.verdict.to_string()));
    let explanation = Session::new(&history, &options)
        .and_then(|session| session.explain(&report, LIMIT))
        .map_err(said)?;
    let first = explanation.anomalies.first().map(|anomaly| anomaly.kind.name());
    if !preset.is_correct() && !first.is_some_and(|name| preset.shows.contains(&name)) {
        return Err(format!("{}: shows {first:?}, not {:?}", plan.replay(), preset.shows));
    }
    if let Some((_, failure)) = report.failures().next() {
        plan.tell("anomaly", Fact::Text(first.unwrap_or_default().to_owned()));
        plan.tell("operation", Fact::Number(failure.record.index() as i64));
    }
    if stuck(&history).is_some() {
        plan.tell("stuck", Fact::Flag(true));
    }
    written(&plan.history()?)
}

fn written(history: &History) -> Result<String, String> {
    let mut bytes = Vec::new();
    formats::write(history, Format::JsonLines, &mut bytes).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
