//! The campaign over all alphabets: what their operations are to a model, and which trials there
//! are.

use histcheck::formats::json_value;
use histcheck::history::ValueTable;
use histcheck::model::{AnyModel, AnyOp, Call, Model, Rejection, View};
use histcheck::vocabulary::Word;

use crate::long;
use crate::shared::alphabets::{Alphabet, Spelling, alphabets};
use crate::trial::{Campaign, Letter, Outcome};

/// Runs the campaign for every alphabet.
pub fn all(done: &mut dyn FnMut(Outcome), campaign: &Campaign) {
    for alphabet in alphabets().filter(|alphabet| campaign.wants(alphabet.name)) {
        let mut values = ValueTable::new();
        let model = alphabet.model(alphabet.options(), &mut values);
        let outcomes = Run { campaign, alphabet, values }.run(&model);
        outcomes.into_iter().for_each(&mut *done);
    }
}

struct Run<'a> {
    campaign: &'a Campaign,
    alphabet: &'a Alphabet,
    values: ValueTable,
}

impl Run<'_> {
    fn run(self, model: &AnyModel) -> Vec<Outcome> {
        let Run { campaign, alphabet, mut values } = self;
        let letters: Vec<Letter<AnyOp>> = alphabet
            .spellings()
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
    let word = Word::named(function);
    let process = view(process);
    let call = Call { function, word, input: view(input), output: None, process, turn: None };
    let completed = Call { output: Some(view(output)), ..call };
    Ok((model.operation(&completed)?, model.operation(&call)?))
}
