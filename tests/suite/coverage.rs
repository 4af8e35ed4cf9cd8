//! What the histories have to cover together.

use std::collections::BTreeSet;

use histcheck::Verdict;
use histcheck::formats::{Format, Input, ReadOptions};
use histcheck::history::Settings;
use histcheck::model::CATALOGUE;

use crate::expected::Expected;
use crate::{Outcome, folder, names};

/// Every model has a valid and an invalid history, and every format has one.
pub(crate) fn is_complete() -> Outcome {
    let mut models = BTreeSet::new();
    let mut formats = BTreeSet::new();
    for name in names() {
        let located = |error: String| format!("{name}: {error}");
        let input = Input::open(folder().join(&name), ReadOptions::default());
        let input = input.map_err(|error| located(error.to_string()))?;
        let history = input.history(Settings::default());
        let history = history.map_err(|error| located(error.to_string()))?;
        let expected = Expected::of(&name, &history).map_err(located)?;
        models.insert((expected.model, expected.verdict));
        formats.insert(input.format().name());
    }
    for entry in CATALOGUE {
        for verdict in [Verdict::Valid, Verdict::Invalid] {
            if !models.contains(&(entry.name.to_owned(), verdict)) {
                return Err(format!("no history of a {} is {verdict}", entry.name).into());
            }
        }
    }
    match Format::ALL.iter().find(|format| !formats.contains(format.name())) {
        Some(format) => Err(format!("no history is in the format {}", format.name()).into()),
        None => Ok(()),
    }
}
