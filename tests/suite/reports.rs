//! What is said of every history, word for word: the report for people, and the one for programs.
//!
//! `tests/suite/reports/` keeps both, and what comes out of the history altered. `cargo bless
//! reports` writes them anew, so that a change to an explanation shows in the difference what it
//! changes, and where.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use histcheck::formats::Input;
use histcheck::report::{self, Detail, Palette, SHOWN_FAILURES, Subject};
use histcheck::{History, Options, Report, Session};
use serde_json::Value;

use crate::{entries, kept, names};

/// So many anomalies are asked for.
const LIMIT: usize = 100;

/// Longer than any explanation takes.
const AGES: Duration = Duration::from_secs(3600);

/// Where the reports are kept.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/reports")
}

/// The file for the report on the history `name`, in a format with this extension.
pub(crate) fn path(name: &str, extension: &str) -> PathBuf {
    folder().join(format!("{}.{extension}", name.replace('/', "-")))
}

/// All that is said of a history.
pub(crate) fn explained<'a>(
    input: &Input,
    history: &'a History,
    report: &'a Report,
) -> Result<Subject<'a>, String> {
    // However slow the machine is, the same is found.
    let options = Options { explain_timeout: Some(AGES), ..Options::default() };
    let explained = Session::new(history, &options).and_then(|session| {
        let explanation = session.explain(report, LIMIT)?;
        Ok((explanation, session.contexts(report, SHOWN_FAILURES)?, session.hints(report)))
    });
    let (explanation, contexts, hints) = explained.map_err(|error| error.to_string())?;
    let mut subject = Subject::new(history, report).explained(explanation, contexts).hinted(hints);
    subject.places = input.locate_all(&subject.named_records());
    Ok(subject)
}

/// Compares what is said of the history `name` with what is kept.
pub(crate) fn verify(name: &str, subject: &Subject<'_>) -> Result<(), String> {
    keep(&path(name, "txt"), &report::text(subject, Detail::Keys, &Palette::PLAIN))?;
    let json: Value =
        serde_json::from_str(&report::json(subject)).map_err(|error| error.to_string())?;
    let json = serde_json::to_string_pretty(&json).map_err(|error| error.to_string())?;
    keep(&path(name, "json"), &(json + "\n"))
}

/// Compares what is said now with what is kept in the file `path`.
pub(crate) fn keep(path: &Path, current: &str) -> Result<(), String> {
    kept::keep(path, "reports", current)
}

/// No report is kept of what is no longer there; while blessing, such reports are removed.
pub(crate) fn are_of_histories() -> crate::Outcome {
    let names = names();
    let all: Vec<PathBuf> = names
        .iter()
        .flat_map(|name| ["txt", "json", "altered.tsv"].map(|extension| path(name, extension)))
        .collect();
    let paths = entries(&folder()).into_iter().map(|name| folder().join(name));
    for path in paths.filter(|path| !all.contains(path)) {
        if kept::is_blessing() {
            fs::remove_file(&path)?;
        } else {
            return Err(kept::out_of_date(&path, "reports", "it is of no history").into());
        }
    }
    Ok(())
}
