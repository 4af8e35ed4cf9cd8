//! Histories of transactions, `histories/isolation/`: one for each anomaly, with a twin that has
//! none, and for levels that no anomaly separates from the next weaker ones. Their anomalies and
//! levels are those of their metadata, by the deciders, by brute force, and however they are told.

use std::collections::BTreeSet;

use histcheck::formats::{Format, read_file};
use histcheck::history::Value;
use histcheck::isolation::{self, Found, Kind, Level, Report, Status, proof};
use histcheck::{History, Options, Session};
use libtest_mimic::Trial;

use crate::{Outcome, entries, folder, trial, variants};

/// The folder of these histories, in that of all.
pub(crate) const FOLDER: &str = "isolation";

/// What ends the name of a twin.
const TWIN: &str = "-valid";

/// What a history shows.
#[derive(PartialEq, Eq, Debug)]
struct Shown {
    /// The names of its anomalies, the worst first.
    anomalies: Vec<String>,
    /// The weakest levels that are ruled out.
    rules_out: BTreeSet<String>,
    /// The strongest that hold.
    holds: BTreeSet<String>,
}

/// One test for every history, and one for what they cover together.
pub(crate) fn trials() -> Vec<Trial> {
    let all = entries(&folder().join(FOLDER)).into_iter();
    let mut trials: Vec<Trial> = all
        .map(|name| Trial::test(format!("isolation::{name}"), move || Ok(run(&name)?)))
        .collect();
    trials.push(Trial::test("isolation::anomalies", are_all_shown));
    trials.push(Trial::test("isolation::levels", are_separated));
    trials.push(Trial::test("isolation::names", are_named_alike));
    trials
}

fn read(name: &str) -> Result<History, String> {
    read_file(folder().join(FOLDER).join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Returns what is expected of a history, by its metadata.
fn expected(history: &History) -> Result<Shown, String> {
    let values = history.values();
    let names = |field: &str| -> Vec<String> {
        let list = history.metadata_field(field).and_then(|value| values.as_list(value));
        let names = list.unwrap_or(&[]).iter().filter_map(|&value| values.as_name(value));
        names.map(str::to_owned).collect()
    };
    let text = |field: &str| history.metadata_field(field).and_then(|value| values.as_name(value));
    let shown = Shown {
        anomalies: names("anomalies"),
        rules_out: names("rules-out").into_iter().collect(),
        holds: names("holds").into_iter().collect(),
    };
    let verdict = if shown.anomalies.is_empty() { "valid" } else { "invalid" };
    if text("verdict") != Some(verdict) {
        return Err(format!("the metadata does not say that it is {verdict}"));
    }
    match text("story") {
        Some(story) if story.len() >= 20 && story.ends_with('.') => Ok(shown),
        story => Err(format!("the story is no sentence: {story:?}")),
    }
}

/// Returns what was found out.
fn shown(report: &Report<'_>) -> Result<Shown, String> {
    let of = |wanted: fn(&Status) -> bool| -> Vec<Level> {
        Level::all().filter(|level| wanted(&report.statuses[level.index()])).collect()
    };
    let held = of(|status| matches!(status, Status::Holds(_)));
    let out = of(|status| *status == Status::RuledOut);
    if held.len() + out.len() != report.statuses.len() {
        return Err("some levels are not decided".to_owned());
    }
    let telling = |levels: &[Level], follows: fn(Level, Level) -> bool| {
        let alone = levels
            .iter()
            .filter(|&&level| !levels.iter().any(|&other| other != level && follows(level, other)));
        alone.map(|level| level.name().to_owned()).collect()
    };
    let mut anomalies: Vec<String> =
        report.found.iter().map(|found| found.kind.name().to_owned()).collect();
    anomalies.dedup();
    Ok(Shown {
        anomalies,
        rules_out: telling(&out, |level, other| level.implies(other)),
        holds: telling(&held, |level, other| other.implies(level)),
    })
}

/// Decides the levels of a history, verifies all proofs, and compares them with brute force.
fn decided(history: &History) -> Result<Shown, String> {
    let report = isolation::check(history, &isolation::Options::default());
    let report = report.map_err(|error| error.to_string())?;
    let verified = proof::verify(&report, Value::NULL);
    // That no order fits some transactions is left to brute force.
    let is_core = |found: &&Found| matches!(found.kind, Kind::NoOrder(_));
    let cores = report.found.iter().filter(is_core).count();
    if !verified.wrong.is_empty() || verified.too_large > cores {
        return Err(format!("not verified: {verified:?}"));
    }
    let held = proof::levels(&report.transactions, Value::NULL);
    for level in Level::all() {
        let holds = matches!(report.statuses[level.index()], Status::Holds(_));
        if holds != held[level.index()] {
            return Err(format!("{} by brute force: {}", level.name(), !holds));
        }
    }
    shown(&report)
}

/// Tests one history.
fn run(name: &str) -> Result<(), String> {
    let history = read(name)?;
    let expected = expected(&history)?;
    for (how, variant) in [
        ("as it is", &history),
        ("as JSON Lines", &variants::rewritten(&history, Format::JsonLines)?),
        ("as EDN", &variants::rewritten(&history, Format::Edn)?),
        ("with other processes", &variants::renumbered(&history)?),
    ] {
        let shown = decided(variant).map_err(|error| format!("{how}: {error}"))?;
        if shown != expected {
            return Err(format!("{how}: {shown:?}, but expected {expected:?}"));
        }
    }
    Ok(())
}

/// Returns whether what shows an anomaly always shows a worse one, too: what is no prefix of all
/// commits is a long fork.
fn comes_second(kind: Kind) -> bool {
    matches!(kind, Kind::PrefixViolation(_))
}

/// Every anomaly has a history that shows it first, and a twin that has every level.
fn are_all_shown() -> Outcome {
    let strongest = Level::all().next_back().map(Level::name);
    for kind in Kind::all() {
        let name = kind.name();
        let shown = expected(&read(&format!("{name}.jsonl"))?)?;
        let at = shown.anomalies.iter().position(|shown| shown == name);
        if at != Some(usize::from(comes_second(kind))) {
            return Err(format!("{name}: {:?}", shown.anomalies).into());
        }
        let twin = expected(&read(&format!("{name}{TWIN}.jsonl"))?)?;
        if !twin.holds.iter().map(String::as_str).eq(strongest) {
            return Err(format!("{name}{TWIN}: {twin:?}").into());
        }
    }
    Ok(())
}

/// What is found for levels has the name that the check of a model gives it.
fn are_named_alike() -> Outcome {
    for kind in Kind::all() {
        let name = kind.name();
        let history = read(&format!("{name}.jsonl"))?;
        let options = Options::default();
        let report = trial::check(&history, &options)?;
        let explanation = Session::new(&history, &options)
            .and_then(|session| session.explain(&report, 1))
            .map_err(|error| error.to_string())?;
        let first = explanation.anomalies.first().map(|anomaly| anomaly.kind.name());
        if !first.is_some_and(|first| kind.names_in_models().contains(&first)) {
            return Err(format!("{name}: {first:?}, not {:?}", kind.names_in_models()).into());
        }
    }
    Ok(())
}

/// The example of each level has those that the level implies directly, and not the level.
fn are_separated() -> Outcome {
    for level in Level::all() {
        let example = level.row().example;
        let same = level.same_on_keys().map(|(level, _)| level);
        if example.is_empty() {
            // Nothing tells it from the only one that it implies directly.
            if !level.implied_directly().eq(same) {
                return Err(format!("{} has no example", level.name()).into());
            }
            continue;
        }
        let history = read(&format!("{example}.jsonl"))?;
        let report = isolation::check(&history, &isolation::Options::default());
        let report = report.map_err(|error| error.to_string())?;
        let status = |level: Level| &report.statuses[level.index()];
        let weaker = level.implied_directly().filter(|&weaker| Some(weaker) != same);
        let mut missing = weaker.filter(|&weaker| !matches!(status(weaker), Status::Holds(_)));
        if let Some(missing) = missing.next() {
            return Err(format!("{example} has not {}", missing.name()).into());
        }
        if *status(level) != Status::RuledOut {
            return Err(format!("{example} has {}", level.name()).into());
        }
    }
    Ok(())
}
