//! One history on trial: its verdict, its proof, and that neither depends on how it is told.

use histcheck::formats::{Format, Input, ReadOptions};
use histcheck::history::{Order, Record, Settings, Ties};
use histcheck::model::infer;
use histcheck::{History, Options, Report, Verdict};

use histcheck::explain::{AnomalyKind, Explanation, stuck};

use crate::expected::Expected;
use crate::{Outcome, certificate, folder, followed, reports, variants};

/// Tests the history in the file `name`.
pub(crate) fn run(name: &str) -> Outcome {
    let input = Input::open(folder().join(name), ReadOptions::default())
        .map_err(|error| error.to_string())?;
    let history = input.history(Settings::default()).map_err(|error| error.to_string())?;
    let expected = Expected::of(name, &history)?;
    expected.validate()?;
    model_is_named(&history, &expected)?;

    let report = check(&history, &Options::default())?;
    is_as_expected("as it is", &report, &expected)?;
    certificate::verify(&history, &Options::default(), &report)?;
    let explained = reports::explained(&input, &history, &report)?;
    is_explained(&history, &explained.explanation, &expected)?;
    reports::verify(name, &explained)?;

    for (how, variant) in [
        ("as JSON Lines", variants::rewritten(&history, Format::JsonLines)?),
        ("as EDN", variants::rewritten(&history, Format::Edn)?),
        ("with other processes", variants::renumbered(&history)?),
    ] {
        is_as_expected(how, &check(&variant, &Options::default())?, &expected)?;
    }
    for threads in [1, 2] {
        let again = check(&history, &Options { threads, ..Options::default() })?;
        if again != report {
            return Err(format!("another report with {threads} threads: {again:?}").into());
        }
    }
    let text = input.text().as_bytes();
    followed::verify(text, &followed::Terms::default(), &history, &report)?;
    for (flag, verdict) in &expected.also {
        other_verdict(&input, flag, *verdict).map_err(|error| format!("{flag}: {error}"))?;
    }
    Ok(())
}

/// The anomaly that is named first is the one that is meant.
fn is_explained(
    history: &History,
    explanation: &Explanation,
    expected: &Expected,
) -> Result<(), String> {
    let found = explanation.anomalies.first().map(|anomaly| anomaly.kind.name());
    let stuck_name = AnomalyKind::StuckOperations.name();
    let named = expected.anomaly.as_ref().map(|(name, _)| name.as_str());
    let meant = named.or(expected.is_stuck.then_some(stuck_name));
    if let Some(name) = meant.filter(|name| AnomalyKind::parse(name).is_none()) {
        return Err(format!("no anomaly is called {name}"));
    }
    if found != meant {
        return Err(format!("shows {meant:?}, but this was said: {:?}", explanation.anomalies));
    }
    let stuck = stuck(history);
    if stuck.is_some() != expected.is_stuck {
        return Err(format!("stuck operations: {stuck:?}, but expected: {}", expected.is_stuck));
    }
    Ok(())
}

pub(crate) fn check(history: &History, options: &Options) -> Result<Report, String> {
    histcheck::check(history, options).map_err(|error| error.to_string())
}

/// The model that the operations alone suggest is the one that is meant, unless the history says
/// that it is not.
fn model_is_named(history: &History, expected: &Expected) -> Result<(), String> {
    let inferred = infer(&variants::anonymous(history)?).map_or("none", |entry| entry.name);
    match (inferred == expected.model, expected.is_inferred) {
        (false, true) => Err(format!("the operations suggest {inferred}, not {}", expected.model)),
        (true, false) => Err("the model can be inferred, which the metadata denies".to_owned()),
        _ => Ok(()),
    }
}

fn is_as_expected(how: &str, report: &Report, expected: &Expected) -> Result<(), String> {
    let found = report.failures().next().map(|(_, failure)| failure.record);
    let meant = expected.anomaly.as_ref().map(|(_, record)| *record);
    if report.model != expected.model {
        return Err(format!("{how}: checked as a {}, not a {}", report.model, expected.model));
    }
    if (report.verdict, found) == (expected.verdict, meant) {
        return Ok(());
    }
    let at = |record: Option<Record>| record.map_or(String::new(), |at| format!(" at record {at}"));
    Err(format!(
        "{how}: {}{}, but expected {}{}: {}",
        report.verdict,
        at(found),
        expected.verdict,
        at(meant),
        expected.story,
    ))
}

/// Checks the history as the command line would with `flag`.
fn other_verdict(input: &Input, flag: &str, verdict: Verdict) -> Result<(), String> {
    let mut settings = Settings::default();
    let mut options = Options::default();
    match flag {
        "--order time" => settings.order = Order::Time,
        "--ties ordered" => settings.ties = Ties::Ordered,
        "--failed-cas observes" => options.model_options.failed_cas_observes = true,
        _ => return Err("no such flag is known here".to_owned()),
    }
    let history = input.history(settings).map_err(|error| error.to_string())?;
    let report = check(&history, &options)?;
    if report.verdict != verdict {
        return Err(format!("{}, but expected {verdict}", report.verdict));
    }
    certificate::verify(&history, &options, &report)
}
