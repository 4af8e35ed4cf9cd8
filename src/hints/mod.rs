//! Hints: other settings under which a history that is not linearizable is, or nearly.
//!
//! A wrong setting can make everything look wrong: a test that starts from 0, values that are
//! written as numbers and read as strings, events that stand in another order than they happened.
//! So once the verdict stands, each setting of which something in the history speaks is tried, by
//! itself, and told if it makes all the difference. A hint is a fact, never a guess: the history
//! was decided under that setting.

mod start;
mod trial;
mod values;

use std::fmt;

use crate::check::{Options, Report, Verdict};
use crate::history::History;
use crate::words::with_thousands;
use trial::Trial;

/// What kind of setting a hint is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HintKind {
    /// Values that differ only in type count for the same: see
    /// [`History::loosened`](crate::History::loosened).
    LooseValues,
    /// All objects start from this value: see [`Options::initial`].
    Initial,
    /// It is not known what objects start from: see [`Options::unknown_initial`].
    UnknownInitial,
    /// Times order the events, and not the records: see [`Order`](crate::history::Order).
    OrderByTime,
    /// Values are tuples of a key and a value: see
    /// [`Independent`](crate::history::Independent).
    Independent,
    /// A failed cas tells nothing: see [`ModelOptions`](crate::model::ModelOptions).
    FailedCas,
    /// Anybody may release a mutex: see [`ModelOptions`](crate::model::ModelOptions).
    AnyOwner,
    /// The largest item of a priority queue comes first: see
    /// [`ModelOptions`](crate::model::ModelOptions).
    LargestFirst,
    /// The operations are those of another model than was inferred: see [`Options::model`].
    Model,
    /// A word that operations returned says that there was nothing: see
    /// [`History::with_word_for_nothing`](crate::History::with_word_for_nothing).
    WordForNothing,
}

impl HintKind {
    /// All of them.
    pub const ALL: &'static [HintKind] = &[
        HintKind::LooseValues,
        HintKind::Initial,
        HintKind::UnknownInitial,
        HintKind::OrderByTime,
        HintKind::Independent,
        HintKind::FailedCas,
        HintKind::AnyOwner,
        HintKind::LargestFirst,
        HintKind::Model,
        HintKind::WordForNothing,
    ];

    /// Its name for programs, such as `loose-values`.
    pub fn name(self) -> &'static str {
        match self {
            HintKind::LooseValues => "loose-values",
            HintKind::Initial => "initial",
            HintKind::UnknownInitial => "unknown-initial",
            HintKind::OrderByTime => "order-by-time",
            HintKind::Independent => "independent",
            HintKind::FailedCas => "failed-cas",
            HintKind::AnyOwner => "any-owner",
            HintKind::LargestFirst => "largest-first",
            HintKind::Model => "model",
            HintKind::WordForNothing => "word-for-nothing",
        }
    }

    /// What the setting means.
    pub fn explanation(self) -> &'static str {
        match self {
            HintKind::LooseValues => {
                "The history is linearizable if values that differ only in type count for the \
                 same, such as a number and the string that writes it. Often one part of a test \
                 converts values, and another does not."
            }
            HintKind::Initial => {
                "The history is linearizable if all objects start from the value that the first \
                 reads returned. Without a setting, a register starts from null."
            }
            HintKind::UnknownInitial => {
                "The history is linearizable if each object may start from any value. Often a \
                 test begins on objects that hold something already."
            }
            HintKind::OrderByTime => {
                "The history is linearizable in the order of its times, and not in that of its \
                 records. Often the logs of several clients were put together."
            }
            HintKind::Independent => {
                "The history is linearizable if its values are tuples of a key and a value, so \
                 that each key is an object of its own."
            }
            HintKind::FailedCas => {
                "The history is linearizable if a failed cas tells nothing. Often an operation \
                 also counts as failed where the system refused it for another reason."
            }
            HintKind::AnyOwner => {
                "The history is linearizable if a mutex may be released by another process than \
                 its holder."
            }
            HintKind::LargestFirst => {
                "The history is linearizable if the queue hands out the largest item first."
            }
            HintKind::WordForNothing => {
                "The history is linearizable if a word that operations returned, such as EMPTY or \
                 NOT_FOUND, says that there was nothing."
            }
            HintKind::Model => {
                "The history is linearizable if its operations are those of another model. Which \
                 one was meant, the names of the operations alone do not tell."
            }
        }
    }
}

impl fmt::Display for HintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Another setting under which an invalid history is valid, or nearly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// What kind of setting it is.
    pub kind: HintKind,
    /// The option of the command line: `--init 0`.
    pub option: String,
    /// How many keys are not linearizable under it; 0 if the history is valid.
    pub invalid: usize,
    /// What was found, in one sentence.
    pub message: String,
}

/// Returns the settings that make all the difference for `history`, of which
/// [`Session::check`](crate::Session::check) made `report` with `options`.
pub(crate) fn hints(history: &History, options: &Options, report: &Report) -> Vec<Hint> {
    if report.verdict != Verdict::Invalid || history.is_excerpt() {
        return Vec::new();
    }
    let trial = Trial::new(history, options, report);
    let mut found: Vec<Found> = Vec::new();
    found.extend(values::alike(&trial));
    found.extend(values::for_nothing(&trial));
    found.extend(start::start(&trial));
    found.extend(trial.by_time());
    found.extend(trial.independent());
    found.extend(trial.other_meanings());
    if found.is_empty() {
        found.extend(trial.other_model());
    }
    found.into_iter().map(|found| found.hint(report)).collect()
}

/// A setting that helps.
struct Found {
    kind: HintKind,
    option: String,
    /// What it means, behind the option: `, which …`.
    means: String,
    invalid: usize,
}

impl Found {
    fn hint(self, report: &Report) -> Hint {
        let Found { kind, option, means, invalid } = self;
        let verdict = match invalid {
            0 => "it is valid".to_owned(),
            1 => "1 key is invalid".to_owned(),
            more => format!("{} keys are invalid", with_thousands(more)),
        };
        let instead = match invalid {
            0 => String::new(),
            _ => format!(", not {}", with_thousands(report.key_counts.invalid)),
        };
        let message = format!("with `{option}`{means}, {verdict}{instead}");
        Hint { kind, option, invalid, message }
    }
}
