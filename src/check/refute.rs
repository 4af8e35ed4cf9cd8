//! Sound refutations before any search: conditions that every linearizable history meets, checked
//! in about linear time. Where one fails, the verdict is known, and so is the culprit.

use super::object::Object;
use crate::history::hash::Map;
use crate::history::{Rank, Span};
use crate::model::{Establishes, Pos, Token};

/// Returns the operation that can be linearized nowhere, whatever the others do; of several, the
/// one that returns first. `None` says nothing.
pub(super) fn impossible_operation(object: &dyn Object) -> Option<Pos> {
    // When each token can be established at the earliest.
    let mut earliest: Map<Token, Rank> = Map::default();
    let mut needs: Vec<(Pos, Token)> = Vec::new();
    for at in Pos::below(object.len()) {
        let facts = object.facts(at);
        match facts.establishes {
            Establishes::Token(token) => {
                // Operations come in the order of their calls.
                earliest.entry(token).or_insert(object.span(at).call);
            }
            Establishes::Same => {}
            Establishes::Unknown if facts.pure => {}
            Establishes::Unknown => return None,
        }
        needs.extend(facts.requires.map(|token| (at, token)));
    }
    let initial = object.initial_token();
    // Needed: a value that is not established before the return, and not there at the start.
    let is_impossible = |&(at, token): &(Pos, Token)| {
        let Span { ret, .. } = object.span(at);
        let known = earliest.get(&token).is_some_and(|&call| call < ret);
        ret != Rank::NEVER && !known && initial != Some(token)
    };
    let impossible = needs.into_iter().filter(is_impossible).map(|(at, _)| at);
    impossible.min_by_key(|&at| object.span(at).ret)
}
