//! Strings that spell out how they grew: the pieces in a string that a get saw name the put and
//! the appends that made it, and their order.
//!
//! So each put begins a chain of appends and gets that no other operation interrupts, and the
//! chains are ordered as the values of a register are. Where it is open which of several equal
//! updates made a string, that is [guessed](guess). Keys that hold [numbers] are another matter.

mod chains;
mod guess;
mod numbers;
mod texts;
mod zones;

use super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::model::kv::{Content, Op};
use chains::{Chains, Doubt};
use texts::{Kind, Texts};

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    initial: &Content,
    absent_is_empty: bool,
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.iter().any(|timed| matches!(timed.op, Op::Add(_))) {
        return numbers::decide(initial, absent_is_empty, operations, (wanted, stop));
    }
    let mut texts = Texts::default();
    match initial {
        Content::Absent => {}
        Content::Text(text) if text.as_str().is_empty() => {}
        Content::Text(text) => texts.add(text.as_str(), Kind::Initial),
        Content::Int(_) | Content::Other(_) => return None,
    }
    for (at, Timed { op, span }) in operations.iter().enumerate() {
        match op {
            Op::Put(Content::Text(text)) if !text.as_str().is_empty() => {
                texts.add(text.as_str(), Kind::Put(at as u32));
            }
            Op::Append(text) if !text.as_str().is_empty() => {
                texts.add(text.as_str(), Kind::Append(at as u32));
            }
            Op::Get(None) if span.has_returned() => return None,
            Op::Get(_) => {}
            _ => return None,
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
    let found = match Chains::told(operations, &texts, initial, empty) {
        Err(Doubt::Ambiguous) => {
            return guess::decide(initial, operations, &texts, (wanted, stop));
        }
        Err(Doubt::Impossible(stuck)) => Err(stuck),
        Ok(chains) => Ok(chains),
    };
    let found = found.and_then(|chains| chains.zones(operations).map(|zones| (chains, zones)));
    let conflict = |stuck| Ruling::Invalid(Conflict::at(stuck));
    Some(match found.and_then(|(chains, zones)| Ok((zones::check(&zones)?, chains, zones))) {
        Err(stuck) => conflict(stuck),
        Ok(_) if wanted != Wanted::Order => Ruling::Valid(Vec::new()),
        Ok((_, chains, zones)) => Ruling::Valid(chains.order(zones::order(zones))),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::ends::timed;
    use super::*;
    use crate::history::testing::NEVER;
    use crate::model::persistent::Text;

    fn put(text: &str) -> Op {
        Op::Put(Content::Text(Text::new(text)))
    }

    fn append(text: &str) -> Op {
        Op::Append(Text::new(text))
    }

    fn get(text: &str) -> Op {
        Op::Get(Some(Content::Text(Text::new(text))))
    }

    fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
        decide(&Content::Absent, true, &timed(operations), (Wanted::Order, &|_| false))
    }

    fn stuck(at: u32) -> Option<Ruling> {
        Some(Ruling::Invalid(Conflict::at(at)))
    }

    #[test]
    fn a_string_names_its_past() {
        let mut operations = vec![
            (append("b;"), 0, 3),
            (append("a;"), 1, NEVER),
            (get("a;"), 2, 4),
            (put("p;"), 5, 8),
            (get("a;b;"), 6, 7),
            (append("c;"), 9, 10),
        ];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![1, 2, 0, 4, 3, 5])));
        operations.push((get("p;c;"), 11, 12));
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![1, 2, 0, 4, 3, 5, 6])));
        for impossible in ["p;", "a;b;", "p;a;", "p;c", "d;", "c;", ""] {
            operations[6].0 = get(impossible);
            assert_eq!(rule(&operations), stuck(6), "{impossible}");
        }
    }

    #[test]
    fn what_was_there_first_begins_the_first_string() {
        let text = |text: &str| Content::Text(Text::new(text));
        let rule = |initial: &Content, absent_is_empty, seen: Option<Content>, ret| {
            let operations = [(append("a;"), 0, 1), (Op::Get(seen), 2, ret)];
            decide(initial, absent_is_empty, &timed(&operations), (Wanted::Order, &|_| false))
        };
        let valid = Some(Ruling::Valid(vec![0, 1]));
        assert_eq!(rule(&text("i;"), true, Some(text("i;a;")), 3), valid);
        assert_eq!(rule(&text("i;"), true, Some(text("a;")), 3), stuck(1));
        assert_eq!(rule(&text(""), true, Some(text("a;")), 3), valid);
        assert_eq!(rule(&Content::Absent, true, Some(text("a;")), 3), valid);
        // What a get saw that never returned is not known, and no matter.
        assert_eq!(rule(&text("i;"), true, None, NEVER), Some(Ruling::Valid(vec![0])));
        assert_eq!(rule(&text("i;"), true, None, 3), None);
        // Before the append, nothing may be there in one way or the other.
        let first = |initial: &Content, absent_is_empty, seen| {
            let operations = [(Op::Get(Some(seen)), 0, 1), (append("a;"), 2, 3)];
            decide(initial, absent_is_empty, &timed(&operations), (Wanted::Order, &|_| false))
        };
        assert_eq!(first(&Content::Absent, true, Content::Absent), valid);
        assert_eq!(first(&Content::Absent, true, text("")), valid);
        assert_eq!(first(&Content::Absent, false, text("")), stuck(0));
        assert_eq!(first(&text(""), false, text("")), valid);
        assert_eq!(first(&text(""), false, Content::Absent), stuck(0));
        assert_eq!(first(&text("i;"), false, text("")), stuck(0));
    }

    #[test]
    fn an_append_that_nobody_saw_is_between_what_was_seen() {
        let lost = [(append("a;"), 0, 1), (append("b;"), 2, 3), (get("a;"), 4, 5)];
        assert_eq!(rule(&lost), stuck(2));
        let open = [(append("a;"), 0, 1), (append("b;"), 2, 6), (get("a;"), 4, 5)];
        assert_eq!(rule(&open), Some(Ruling::Valid(vec![0, 2, 1])));
    }

    #[test]
    fn real_time_tells_equal_texts_apart() {
        let mut operations = vec![
            (append("a"), 0, 1),
            (put("p"), 2, 3),
            (append("a"), 4, 5),
            (get("pa"), 6, 7),
            (put("a"), 8, 9),
        ];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 1, 2, 3, 4])));
        // Not enough here: both were called before.
        operations[3].0 = get("a");
        assert_eq!(rule(&operations), None);
        operations[3].0 = get("paa");
        assert_eq!(rule(&operations), stuck(3));
    }

    #[test]
    fn ambiguous_strings_are_left_to_others() {
        assert_eq!(rule(&[(append("a"), 0, 1), (append("ab"), 2, 3)]), None);
        let twice = [(append("a"), 0, 8), (append("a"), 1, 9), (get("a"), 2, 3)];
        assert_eq!(rule(&twice), None);
        assert_eq!(rule(&[(append(""), 0, 1)]), None);
        assert_eq!(rule(&[(Op::Put(Content::Absent), 0, 1)]), None);
    }
}
