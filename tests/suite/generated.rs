//! The reference store's histories, `histories/store/`: one of each preset, made anew and compared
//! byte by byte. `UPDATE_HISTORIES=1 cargo test --test suite generated` writes them.

use std::fs;

use histcheck::explain::stuck;
use histcheck::formats::{self, Format};
use histcheck::model::infer;
use histcheck::store::{Fact, Plan, Preset, presets};
use histcheck::{History, Options, Session, Verdict};

use crate::{Outcome, folder, variants};

/// So many anomalies are asked for, as many as the command line does.
const LIMIT: usize = 20;

/// The folder of these histories, in that of all.
pub(crate) const FOLDER: &str = "store";

/// Every preset has its history, and there are no others.
pub(crate) fn is_current() -> Outcome {
    let mut wanted: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    let updates = std::env::var_os("UPDATE_HISTORIES").is_some();
    if updates {
        fs::create_dir_all(folder().join(FOLDER))?;
    }
    for preset in presets() {
        let name = format!("{FOLDER}/{}.jsonl", preset.name);
        let path = folder().join(&name);
        let made = made(preset).map_err(|error| format!("{name}: {error}"))?;
        if updates {
            fs::write(&path, &made)?;
        } else if fs::read(&path).ok().as_ref() != Some(&made) {
            wrong.push(format!("{name} is not what the store makes"));
        }
        wanted.push(name);
    }
    wanted.sort();
    let there: Vec<String> =
        crate::names().into_iter().filter(|name| name.starts_with(FOLDER)).collect();
    let more = there.iter().filter(|name| !wanted.contains(name));
    wrong.extend(more.map(|name| format!("{name} belongs to no preset")));
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{}; UPDATE_HISTORIES=1 rewrites them", wrong.join("\n")).into()),
    }
}

/// The example of a preset, with what is expected of it, as JSON lines.
fn made(preset: &'static Preset) -> Result<Vec<u8>, String> {
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
        plan.tell("operation", Fact::Number(i64::from(failure.record)));
    }
    if stuck(&history).is_some() {
        plan.tell("stuck", Fact::Flag(true));
    }
    bytes(&plan.history()?)
}

fn bytes(history: &History) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    formats::write(history, Format::JsonLines, &mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}
