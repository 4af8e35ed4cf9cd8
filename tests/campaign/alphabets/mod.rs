//! The alphabets: operations of every model over two or three values, with every kind of output.

mod accounts;
mod counters;
mod kv;
mod locks;
mod logs;
mod queues;
mod registers;
mod sets;

use histcheck::history::ValueTable;
use histcheck::ingest::json_value;
use histcheck::model::{AnyModel, Call, Model, ModelOptions, ModelVisitor, Rejection, View};

use crate::long;
use crate::trial::{Campaign, Letter, Outcome};

/// Function, input and output as JSON, process.
pub type Spelling<'a> = (&'a str, &'a str, &'a str, i64);

/// A trial: its name, the model's, the initial value as JSON, and the operations.
struct Alphabet {
    name: &'static str,
    model: &'static str,
    initial: &'static str,
    letters: &'static [Spelling<'static>],
    /// More operations, for random histories only.
    more: &'static [Spelling<'static>],
}

/// By kinds of objects, in the order of the trials.
const ROOMS: [&[Alphabet]; 8] = [
    registers::ALPHABETS,
    kv::ALPHABETS,
    counters::ALPHABETS,
    sets::ALPHABETS,
    locks::ALPHABETS,
    queues::ALPHABETS,
    logs::ALPHABETS,
    accounts::ALPHABETS,
];

/// Runs the campaign for every alphabet.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    for alphabet in ROOMS.into_iter().flatten() {
        if campaign.wants(alphabet.name) {
            let mut values = ValueTable::new();
            let initial = json_value(alphabet.initial, &mut values).expect("JSON");
            let initial = Some(initial).filter(|value| !value.is_null());
            let check_owner = alphabet.name != "mutex-any-owner";
            let options = ModelOptions { check_owner, ..ModelOptions::default() };
            let model = AnyModel::by_name(alphabet.model, initial, options, &values);
            let outcomes = model.expect("a model").visit(Run { campaign, alphabet, values });
            outcomes.into_iter().for_each(&mut *done);
        }
    }
}

struct Run<'a> {
    campaign: &'a Campaign,
    alphabet: &'a Alphabet,
    values: ValueTable,
}

impl ModelVisitor for Run<'_> {
    type Output = Vec<Outcome>;

    fn visit<M: Model>(self, model: &M) -> Vec<Outcome> {
        let Run { campaign, alphabet, mut values } = self;
        let spellings = alphabet.letters.iter().chain(alphabet.more);
        let letters: Vec<Letter<M::Op>> = spellings
            .map(|spelling| letter(model, spelling, &mut values).expect("known"))
            .collect();
        let mut outcomes = Vec::new();
        if campaign.random + campaign.exhaustive as u64 > 0 {
            let basic = alphabet.letters.len();
            outcomes.push(campaign.run(alphabet.name, model.clone(), letters.clone(), basic));
        }
        if campaign.long > 0 {
            outcomes.push(long::letters(campaign, alphabet.name, model.clone(), letters));
        }
        outcomes
    }
}

/// The operation as completed, and as known when it crashed.
///
/// # Errors
/// If the model refuses it.
pub fn letter<M: Model>(
    model: &M,
    &(function, input, output, process): &Spelling<'_>,
    values: &mut ValueTable,
) -> Result<Letter<M::Op>, Rejection> {
    let input = json_value(input, values).expect("JSON");
    let output = json_value(output, values).expect("JSON");
    let process = values.int(process);
    let view = |value| View { table: values, value };
    let call = Call { function, input: view(input), output: None, process: view(process) };
    let completed = Call { output: Some(view(output)), ..call };
    Ok((model.operation(&completed)?, model.operation(&call)?))
}
