//! Any bytes, followed as they come in pieces: what they are as a whole decides what is to be said.

use histcheck::formats::{Input, ReadOptions};
use histcheck::history::Settings;
use histcheck::model::CATALOGUE;
use histcheck::{Budget, Options, Verdict};

use super::followed::{self, Terms};

/// Longer histories are left out: they would be slow, and show no more.
const OPERATIONS: usize = 40;

/// Follows `data` with the model that it seems to be of, and with another one.
pub fn follow(data: &[u8]) {
    // Which model is tried depends on the bytes in a way that any change changes.
    let sum = data.iter().fold(0_u64, |sum, &byte| sum.wrapping_mul(31) + u64::from(byte));
    let another = CATALOGUE[sum as usize % CATALOGUE.len()].name;
    for model in [None, Some(another)] {
        try_model(data, &Terms { model, ..Terms::default() });
    }
}

fn try_model(data: &[u8], terms: &Terms<'_>) {
    let budget = Budget::memory(1 << 16);
    let history = Input::from_bytes(
        data.to_vec(),
        ReadOptions { budget, threads: 1, ..ReadOptions::default() },
    )
    .and_then(|input| input.history(Settings::default()));
    let whole = match &history {
        Ok(history) if history.operations().len() > OPERATIONS => return,
        Ok(history) => histcheck::check(history, &options(terms)).map(|report| (history, report)),
        Err(error) => Err(error.clone()),
    };
    match whole {
        Ok((_, report)) if report.verdict == Verdict::Unknown => {}
        Ok((history, report)) => {
            if let Err(difference) = followed::verify(data, terms, history, &report) {
                panic!("{:?}: {difference}", terms.model);
            }
        }
        // What is refused as a whole ends with an error here, too.
        Err(error) => {
            let followed = [usize::MAX, 61].map(|piece| followed::follow(data, piece, terms));
            let refused = followed.iter().all(Result::is_err);
            assert!(refused, "{:?}: {error}, but {followed:?}", terms.model);
        }
    }
}

fn options(terms: &Terms<'_>) -> Options {
    Options {
        model: terms.model.map(str::to_owned),
        budget: Budget { configurations: Some(20_000), ..Budget::default() },
        threads: 1,
        ..Options::default()
    }
}
