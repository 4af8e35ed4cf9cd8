//! What operations on a key with versions say, as far as they are known by some time.

use crate::history::{Rank, Span, Value};
use crate::model::versioned_kv::Op;

/// What an update leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Content {
    /// The key is absent.
    Gone,
    Is(Value),
    /// It is not known what.
    Any,
}

/// An update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Update {
    /// The version that it replaces, if it demands one.
    pub(super) expected: Option<i64>,
    pub(super) content: Content,
    /// The version that it made, if it told that.
    pub(super) version: Option<i64>,
}

/// What an operation does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    /// Saw anything.
    Nothing,
    /// Saw this version, which is not 0, and perhaps its value.
    See(i64, Option<Value>),
    /// Saw this value in some version.
    SeeValue(Value),
    SeeAbsent,
    /// Saw another version than this one; that of an absent key is 0.
    Not(i64),
    /// Replaced or deleted the value; if it never returned, perhaps.
    Update(Update),
    /// Can happen nowhere.
    Impossible,
}

/// An operation with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) act: Act,
    pub(super) span: Span,
}

impl Known {
    /// What is known of `op` if what returns after `horizon` has not returned yet; `None` if it
    /// is of no shape that occurs.
    pub(super) fn of(op: &Op, span: Span, horizon: Rank) -> Option<Known> {
        if span.has_returned() && span.ret <= horizon {
            return Some(Known { act: completed(op)?, span });
        }
        let odd = |demands: bool, tells: bool| !span.has_returned() && (demands || tells);
        let content = |value: Option<Value>| value.map_or(Content::Gone, Content::Is);
        let (expected, content) = match *op {
            Op::GetAny | Op::Get(..) => (Some(0), Content::Gone),
            Op::Put { expected, version, .. } if odd(expected.is_some(), version.is_some()) => {
                return None;
            }
            Op::Mismatch(..) if !span.has_returned() => return None,
            Op::Put { expected, value, .. } => (expected, content(value)),
            Op::Mismatch(expected, _) => (Some(expected), Content::Any),
            Op::Try(expected, value) => (Some(expected), content(value)),
        };
        let act = match (expected, content) {
            // To delete what is not there changes nothing.
            (Some(0), Content::Gone) => Act::Nothing,
            _ => Act::Update(Update { expected, content, version: None }),
        };
        Some(Known { act, span: Span { call: span.call, ret: Rank::NEVER } })
    }

    pub(super) fn has_returned(&self) -> bool {
        self.span.has_returned()
    }

    pub(super) fn update(&self) -> Option<Update> {
        if let Act::Update(update) = self.act { Some(update) } else { None }
    }
}

fn completed(op: &Op) -> Option<Act> {
    Some(match *op {
        Op::GetAny => Act::Nothing,
        Op::Get(None, None | Some(0)) => Act::SeeAbsent,
        Op::Get(None, Some(_)) => Act::Impossible,
        Op::Get(Some(value), None) => Act::SeeValue(value),
        Op::Mismatch(expected, Some(found)) if expected == found => Act::Impossible,
        Op::Mismatch(_, Some(0)) => Act::SeeAbsent,
        Op::Get(_, Some(found)) | Op::Mismatch(_, Some(found)) if found < 0 => Act::Impossible,
        Op::Get(Some(_), Some(0)) => Act::Impossible,
        Op::Get(value, Some(found)) => Act::See(found, value),
        Op::Mismatch(_, Some(found)) => Act::See(found, None),
        Op::Mismatch(expected, None) => Act::Not(expected),
        Op::Put { expected: Some(0), value: None, .. } => Act::SeeAbsent,
        Op::Put { expected, value, version } => {
            let found = expected.unwrap_or(0);
            if found < 0 || (value.is_some() && version.is_some_and(|made| made <= found)) {
                return Some(Act::Impossible);
            }
            let content = value.map_or(Content::Gone, Content::Is);
            let version = version.filter(|_| value.is_some());
            Act::Update(Update { expected, content, version })
        }
        Op::Try(..) => return None,
    })
}
