//! The alphabets: operations of every model over two or three values, with every kind of output.

mod accounts;
mod counters;
mod filled;
mod kv;
mod locks;
mod logs;
mod queues;
mod registers;
mod sets;

use histcheck::formats::json_value;
use histcheck::history::{Value, ValueTable};
use histcheck::model::{AnyModel, ModelOptions};

/// Function, input and output as JSON, process.
pub type Spelling<'a> = (&'a str, &'a str, &'a str, i64);

/// A trial: its name, the model's, the initial value as JSON, and the operations.
pub struct Alphabet {
    pub name: &'static str,
    pub model: &'static str,
    pub initial: &'static str,
    pub letters: &'static [Spelling<'static>],
    /// More operations, for random histories only.
    pub more: &'static [Spelling<'static>],
}

impl Alphabet {
    /// All operations.
    pub fn spellings(&self) -> impl Iterator<Item = &'static Spelling<'static>> {
        self.letters.iter().chain(self.more)
    }

    /// The initial value, in `values`, unless it is what is usual for the model.
    pub fn initial(&self, values: &mut ValueTable) -> Option<Value> {
        let initial = json_value(self.initial, values).expect("JSON");
        Some(initial).filter(|value| !value.is_null())
    }

    /// What its operations mean.
    pub fn options(&self) -> ModelOptions {
        let check_owner = self.name != "mutex-any-owner";
        ModelOptions { check_owner, ..ModelOptions::default() }
    }

    /// Its model, whose initial value is one of `values`.
    pub fn model(&self, options: ModelOptions, values: &mut ValueTable) -> AnyModel {
        let initial = self.initial(values);
        AnyModel::by_name(self.model, initial, options, values).expect("a model")
    }
}

/// By kinds of objects, in the order of the trials.
const ROOMS: [&[Alphabet]; 9] = [
    registers::ALPHABETS,
    kv::ALPHABETS,
    counters::ALPHABETS,
    sets::ALPHABETS,
    locks::ALPHABETS,
    queues::ALPHABETS,
    logs::ALPHABETS,
    accounts::ALPHABETS,
    filled::ALPHABETS,
];

/// All alphabets.
pub fn alphabets() -> impl Iterator<Item = &'static Alphabet> {
    ROOMS.into_iter().flatten()
}
