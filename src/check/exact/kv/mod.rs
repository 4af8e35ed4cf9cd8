//! Strings that spell out how they grew: the pieces in a string that a get saw name the put and
//! the appends that made it, and their order.
//!
//! So each put begins a chain of appends and gets that no other operation interrupts, and the
//! chains are ordered as the values of a register are.

mod chains;
mod texts;
mod zones;

use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::NEVER;
use crate::model::kv::{Content, Op};
use chains::Chains;
use texts::{Kind, Texts};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    initial: &Content,
    absent_is_empty: bool,
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let mut texts = Texts::default();
    match initial {
        Content::Absent => {}
        Content::Text(text) if text.as_str().is_empty() => {}
        Content::Text(text) => texts.add(text.as_str(), Kind::Initial),
        Content::Other(_) => return None,
    }
    for (at, Timed { op, span }) in operations.iter().enumerate() {
        match op {
            Op::Put(Content::Text(text)) if !text.as_str().is_empty() => {
                texts.add(text.as_str(), Kind::Put(at as u32));
            }
            Op::Append(text) if !text.as_str().is_empty() => {
                texts.add(text.as_str(), Kind::Append(at as u32));
            }
            Op::Get(None) if span.ret != NEVER => return None,
            Op::Get(_) => {}
            Op::Put(_) | Op::Append(_) => return None,
        }
    }
    if !texts.are_told_apart() {
        return None;
    }
    let empty = |seen: &Content| match (seen, initial) {
        (Content::Absent, Content::Absent) => true,
        (Content::Text(text), Content::Absent) => text.as_str().is_empty() && absent_is_empty,
        (Content::Text(seen), Content::Text(text)) => {
            seen.as_str().is_empty() && text.as_str().is_empty()
        }
        _ => false,
    };
    let found = Chains::told(operations, &texts, initial, empty);
    let found = found.and_then(|chains| chains.zones(operations).map(|zones| (chains, zones)));
    let conflict = |stuck| Ruling::Invalid(Conflict { stuck });
    Some(match found.and_then(|(chains, zones)| Ok((zones::check(&zones)?, chains, zones))) {
        Err(stuck) => conflict(stuck),
        Ok(_) if wanted == Wanted::Verdict => Ruling::Valid(Vec::new()),
        Ok((_, chains, zones)) => Ruling::Valid(chains.order(zones::order(zones))),
    })
}
