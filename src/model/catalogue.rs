//! The catalogue: what is to be said of each built-in model, for help texts, for inference, for
//! errors that list what there is, and for `docs/MODELS.md`.

use serde::Serialize;

use super::{Model, View};
use crate::history::{Shape, Value};
use crate::vocabulary::{Verb, Word, Words};

/// A built-in model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Entry {
    /// Its name, as `--model` takes it.
    pub name: &'static str,
    /// What it is called elsewhere.
    pub elsewhere: &'static [&'static str],
    /// What it is, in one phrase.
    pub summary: &'static str,
    /// Its operations.
    pub functions: &'static [FunctionEntry],
    /// What it holds before the first operation, and what else it can start from.
    pub initial: &'static str,
    /// The options of the command line that change what its operations mean.
    pub options: &'static [OptionEntry],
    /// What it costs to decide a history, in Markdown.
    pub cost: &'static str,
}

/// An option of the command line that changes what the operations of a model mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct OptionEntry {
    /// What to write: `--any-owner`.
    pub flag: &'static str,
    /// What changes, after the option as the subject.
    pub effect: &'static str,
}

/// An operation of a built-in model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct FunctionEntry {
    /// Its name, as `f` in a history.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it takes, does and returns.
    pub meaning: &'static str,
}

impl FunctionEntry {
    /// Returns the operation that goes by all names of `verb`.
    pub(super) const fn of(verb: Verb, meaning: &'static str) -> FunctionEntry {
        FunctionEntry::named(verb.names(), meaning)
    }

    /// Returns the operation that goes by `names`, words of the vocabulary, the usual one first.
    pub(super) const fn named(
        names: &'static [&'static str],
        meaning: &'static str,
    ) -> FunctionEntry {
        match names {
            [name, aliases @ ..] => FunctionEntry { name, aliases, meaning },
            [] => panic!("an operation without a name"),
        }
    }
}

impl Entry {
    /// Whether it has an operation called `function`.
    pub fn knows(&self, function: &str) -> bool {
        self.functions.iter().any(|f| f.name == function || f.aliases.contains(&function))
    }

    /// The names of its operations: `read`, `write`.
    pub fn function_names(&self) -> String {
        let names: Vec<String> = self.functions.iter().map(|f| format!("`{}`", f.name)).collect();
        names.join(", ")
    }

    /// Returns the words that its operations go by, for a constant: names that the vocabulary
    /// lacks are errors of the compiler.
    pub(super) const fn words(&self) -> Words {
        let mut words = Words::NONE;
        let mut at = 0;
        while at < self.functions.len() {
            let FunctionEntry { name, aliases, .. } = self.functions[at];
            words = with(words, name);
            let mut alias = 0;
            while alias < aliases.len() {
                words = with(words, aliases[alias]);
                alias += 1;
            }
            at += 1;
        }
        words
    }
}

pub(super) const fn with(words: Words, name: &str) -> Words {
    match Word::named(name) {
        Some(word) => words.with(word),
        None => panic!("the vocabulary lacks the name of an operation"),
    }
}

/// Choices about what operations mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModelOptions {
    /// Whether a failed `cas` tells that its precondition was false, instead of nothing.
    pub failed_cas_observes: bool,
    /// Whether only its holder can release a mutex.
    pub check_owner: bool,
    /// Whether a priority queue's `dequeue`, `poll` and `peek` are about the largest item.
    pub largest_first: bool,
    /// The names of operations whose outputs count for nothing: see
    /// [`ModelOptions::ignore_outputs_of`].
    pub ignored_outputs: Words,
}

impl Default for ModelOptions {
    fn default() -> Self {
        ModelOptions {
            failed_cas_observes: false,
            check_owner: true,
            largest_first: false,
            ignored_outputs: Words::NONE,
        }
    }
}

/// A model that the catalogue has.
pub(super) trait BuiltIn: Model {
    /// Returns the model of `entry` as `setup` has it; `None` if it cannot start so.
    fn start(entry: &Entry, setup: &Setup<'_>) -> Option<Self>;
}

/// What may be chosen about a built-in model.
pub(super) struct Setup<'a> {
    /// What it starts from, where not from the usual.
    pub(super) initial: Option<View<'a>>,
    /// What its operations mean.
    pub(super) options: ModelOptions,
}

impl<'a> Setup<'a> {
    /// Returns the items of an initial list or set; none without one.
    pub(super) fn elements(&self) -> Option<&'a [Value]> {
        match self.initial {
            None => Some(&[]),
            Some(view) if view.is_null() => Some(&[]),
            Some(view) => view.as_collection(),
        }
    }

    /// Returns the items of an initial list, none of which is null, since that is what emptiness
    /// reads as.
    pub(super) fn items(&self) -> Option<&'a [Value]> {
        let ordered = self.initial.is_none_or(|view| !matches!(view.shape(), Shape::Set(_)));
        self.elements().filter(|items| ordered && !items.contains(&Value::NULL))
    }
}
