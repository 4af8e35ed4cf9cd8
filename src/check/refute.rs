//! Sound refutations before any search: conditions that every linearizable history meets, checked
//! in about linear time. Where one fails, the verdict is known, and so is the culprit.

use rustc_hash::FxHashMap;

use crate::history::NEVER;
use crate::model::{Establishes, Model, Reading, Token};

/// A reading that can be linearized nowhere, whatever the others do; the one that returns first.
/// `None` says nothing.
pub(super) fn impossible_reading<M: Model>(model: &M, readings: &[Reading<M::Op>]) -> Option<u32> {
    // When each token can be established at the earliest.
    let mut earliest: FxHashMap<Token, u32> = FxHashMap::default();
    for reading in readings {
        let facts = model.facts(&reading.op);
        match facts.establishes {
            Establishes::Token(token) => {
                // Readings come in the order of their calls.
                earliest.entry(token).or_insert(reading.span.call);
            }
            Establishes::Same => {}
            Establishes::Unknown if facts.pure => {}
            Establishes::Unknown => return None,
        }
    }
    let initial = model.token(&model.initial());
    readings
        .iter()
        .enumerate()
        .filter(|(_, reading)| reading.span.ret != NEVER)
        .filter(|(_, reading)| {
            // The requirement of a value not established before the return, and not there
            // at the start.
            model.facts(&reading.op).requires.is_some_and(|token| {
                let known = earliest.get(&token).is_some_and(|&call| call < reading.span.ret);
                !known && initial != Some(token)
            })
        })
        .min_by_key(|(_, reading)| reading.span.ret)
        .map(|(at, _)| at as u32)
}
