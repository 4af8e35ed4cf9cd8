//! Keys that hold numbers, which are put, added to and returned: their order is guessed as a
//! [trail](crate::check::exact::trail).

use crate::check::exact::trail::{self, ABSENT, Act};
use crate::check::exact::{Asked, Ruling, Timed};
use crate::model::kv::{Content, Op};

/// Decides `operations`; `None` if they are about anything but numbers, or none is found.
pub(super) fn decide(
    initial: &Content,
    absent_is_empty: bool,
    operations: &[Timed<'_, Op>],
    asked: Asked<'_>,
) -> Option<Ruling> {
    let start = number(initial)?;
    trail::decide(start, operations, |op| act(op, absent_is_empty), asked)
}

/// What `op` does to a number.
fn act(op: &Op, absent_is_empty: bool) -> Option<Act> {
    Some(match op {
        // Any will do.
        Op::Get(None) => Act::Add(0),
        Op::Get(Some(Content::Text(text))) if text.as_str().is_empty() && absent_is_empty => {
            Act::Look(ABSENT)
        }
        Op::Get(Some(seen)) => Act::Look(number(seen)?),
        Op::Put(content) => Act::Put(number(content)?),
        // Where the key is absent, it would hold 0 after that.
        Op::Add(add) if add.delta == 0 && add.before.is_none() => return None,
        Op::Add(add) => Act::of_sum(add)?,
        Op::Cas(contents) => {
            let [old, new] = &**contents;
            // One that finds 0 finds no absent key, other than an addition.
            Act::Move(number(old).filter(|&old| old != 0)?, number(new)?)
        }
        Op::Append(_) | Op::Mismatch(_) => return None,
    })
}

/// The number that a key holds.
fn number(content: &Content) -> Option<i64> {
    match content {
        Content::Absent => Some(ABSENT),
        Content::Int(number) => {
            i64::try_from(i128::from(*number)).ok().filter(|&number| number != ABSENT)
        }
        Content::Text(_) | Content::Other(_) => None,
    }
}
