//! What is said of every history, word for word: the report for people, and the one for programs.
//!
//! `tests/suite/reports/` keeps both, and what comes out of the history altered. With
//! `UPDATE_DOCS=1` they are written anew, so that a change to an explanation shows in the
//! difference what it changes, and where.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use histcheck::formats::Input;
use histcheck::report::{self, Detail, Palette, SHOWN_FAILURES, Subject};
use histcheck::{History, Options, Report, Session};
use serde_json::Value;

use crate::{entries, names};

/// So many anomalies are asked for.
const LIMIT: usize = 100;

/// Longer than any explanation takes.
const AGES: Duration = Duration::from_secs(3600);

/// Where the reports are kept.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/reports")
}

/// The file for the report on the history `name`, in a format with this extension.
pub(crate) fn path(name: &str, extension: &str) -> PathBuf {
    kept().join(format!("{}.{extension}", name.replace('/', "-")))
}

/// All that is said of a history.
pub(crate) fn explained<'a>(
    input: &Input,
    history: &'a History,
    report: &'a Report,
) -> Result<Subject<'a>, String> {
    // However slow the machine is, the same is found.
    let options = Options { explain_timeout: AGES, ..Options::default() };
    let explained = Session::new(history, &options).and_then(|session| {
        Ok((session.explain(report, LIMIT)?, session.contexts(report, SHOWN_FAILURES)?))
    });
    let (explanation, contexts) = explained.map_err(|error| error.to_string())?;
    let mut subject = Subject::new(history, report).explained(explanation, contexts);
    subject.places = input.locate_all(&subject.named_records());
    Ok(subject)
}

/// Compares what is said of the history `name` with what is kept.
pub(crate) fn verify(name: &str, subject: &Subject<'_>) -> Result<(), String> {
    compare(&path(name, "txt"), &report::text(subject, Detail::Keys, &Palette::PLAIN))?;
    let json: Value =
        serde_json::from_str(&report::json(subject)).map_err(|error| error.to_string())?;
    let json = serde_json::to_string_pretty(&json).map_err(|error| error.to_string())?;
    compare(&path(name, "json"), &(json + "\n"))
}

/// Compares what is said now with what is kept in the file `path`.
pub(crate) fn compare(path: &Path, current: &str) -> Result<(), String> {
    let kept = fs::read_to_string(path).unwrap_or_default();
    if kept == current {
        return Ok(());
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let written = fs::create_dir_all(path.parent().unwrap_or(path))
            .and_then(|()| fs::write(path, current));
        return written.map_err(|error| format!("{}: {error}", path.display()));
    }
    let differs = kept.lines().zip(current.lines()).find(|(before, now)| before != now);
    let (before, now) = differs.unwrap_or(("", "another length"));
    Err(format!(
        "another report than {}; UPDATE_DOCS=1 rewrites it\nit says: {before}\nnow:     {now}",
        path.display(),
    ))
}

/// No report is kept of what is no longer there.
pub(crate) fn are_of_histories() -> crate::Outcome {
    let names = names();
    let kept = entries(&kept());
    let all: Vec<String> = names
        .iter()
        .flat_map(|name| ["txt", "json", "altered.tsv"].map(|extension| path(name, extension)))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    match kept.iter().find(|name| !all.contains(name)) {
        Some(name) => Err(format!("tests/suite/reports/{name} is of no history").into()),
        None => Ok(()),
    }
}
