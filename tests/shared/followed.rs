//! The same history, followed as it comes in: the verdict is that of the whole.

use std::io::{self, Read};

use histcheck::follow::{Following, Summary, Violation};
use histcheck::formats::{Format, ReadOptions, json_value};
use histcheck::history::{Operation, Outcome, Settings};
use histcheck::{Budget, Code, Error, History, Options, Report, Verdict};

/// What is said of a history beside its text.
#[derive(Clone, Default)]
pub(crate) struct Terms<'a> {
    pub(crate) format: Option<Format>,
    pub(crate) model: Option<&'a str>,
    /// What it starts from, as JSON.
    pub(crate) initial: Option<&'a str>,
    pub(crate) failed_cas_observes: bool,
}

/// So many configurations an object may need, before it counts as too hard to be followed.
const CONFIGURATIONS: u64 = 100_000;

/// A text that comes in pieces of so many bytes.
struct Dripping<'a>(&'a [u8], usize);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// Follows `history`, which is in `text`, and of which `report` was made, and compares. Returns
/// whether it could be followed to its end.
pub(crate) fn verify(
    text: &[u8],
    terms: &Terms<'_>,
    history: &History,
    report: &Report,
) -> Result<bool, String> {
    let mut was_followed = true;
    let mut before = None;
    for piece in [usize::MAX, 61] {
        match follow(text, piece, terms) {
            Ok((summary, violations)) => {
                let told = format!("followed in pieces of {piece} bytes");
                was_followed &= summary.verdict != Verdict::Unknown;
                compare(&summary, &violations, report)
                    .map_err(|difference| format!("{told}: {difference}"))?;
                let ends = |violation: &Violation| (violation.completed, violation.line);
                let ends: Vec<_> = violations.iter().map(ends).collect();
                match before.replace((summary.clone(), ends.clone())) {
                    Some(before) if was_followed && before != (summary, ends) => {
                        return Err(format!("{told}: not as before: {before:?}, {violations:?}"));
                    }
                    _ => {}
                }
            }
            Err(error) if cannot_be_followed(&error, terms, history) => return Ok(false),
            Err(error) => return Err(format!("followed: {error}")),
        }
    }
    Ok(was_followed)
}

/// Follows `text` in pieces of so many bytes, to its end.
pub(crate) fn follow(
    text: &[u8],
    piece: usize,
    terms: &Terms<'_>,
) -> Result<(Summary, Vec<Violation>), Error> {
    let Terms { format, model, initial, failed_cas_observes } = terms.clone();
    let options = |values: &mut _| {
        let mut options = Options {
            model: model.map(str::to_owned),
            initial: initial.map(|json| json_value(json, values)).transpose()?,
            budget: Budget { configurations: Some(CONFIGURATIONS), ..Budget::default() },
            ..Options::default()
        };
        options.model_options.failed_cas_observes = failed_cas_observes;
        Ok(options)
    };
    let mut following = Following::new(
        Dripping(text, piece),
        ReadOptions::from(format),
        Settings::default(),
        options,
    )?;
    let mut found = Vec::new();
    while let Some(violations) = following.step()? {
        found.extend(violations);
    }
    Ok((following.summary(), found))
}

/// Whether it is an error that only those get who follow a history.
fn cannot_be_followed(error: &Error, terms: &Terms<'_>, history: &History) -> bool {
    match error.code {
        Code::Syntax => error.message.contains("cannot be taken as it comes"),
        Code::BadInitial => error.message.contains("cannot be followed"),
        // What the first operations mean, those behind them have to mean, too.
        Code::BadField => error.message.contains("is no tuple"),
        Code::NoModel => terms.model.is_none(),
        // It is not known yet whether an operation will fail, so that its input does not matter, or
        // what its completion will say that it was.
        Code::BadOperation | Code::UnknownOperation => {
            let is_it = |operation: &&Operation| error.record == Some(operation.invoked);
            let outcome = history.operations().iter().find(is_it).map(|one| one.outcome);
            terms.model.is_none() || matches!(outcome, Some(Outcome::Fail | Outcome::Ok))
        }
        _ => false,
    }
}

fn compare(summary: &Summary, violations: &[Violation], report: &Report) -> Result<(), String> {
    if summary.verdict == Verdict::Unknown {
        return Ok(());
    }
    if (summary.verdict, summary.keys) != (report.verdict, report.key_counts) {
        return Err(format!("{summary:?}, but {} of {:?}", report.verdict, report.key_counts));
    }
    if summary.operations != report.operations as u64 {
        return Err(format!("{} operations of {}", summary.operations, report.operations));
    }
    if summary.model.as_deref() != Some(&report.model) {
        return Err(format!("the model is {:?}, not {}", summary.model, report.model));
    }
    if violations.len() != report.key_counts.invalid {
        return Err(format!("{} violations: {violations:?}", violations.len()));
    }
    Ok(())
}
