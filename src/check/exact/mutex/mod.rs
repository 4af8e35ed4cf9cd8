//! Mutexes.
//!
//! Without owners, a mutex is a single [permit](super::permits). With owners that do one thing
//! after the other it is known who released what.

mod holds;

use super::permits::{self, Role};
use super::{Ruling, Timed, Wanted};
use crate::model::mutex::Op;
use holds::Holds;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(operations: &[Timed<'_, Op>], wanted: Wanted) -> Option<Ruling> {
    if operations.iter().any(|timed| matches!(timed.op, Op::Try(_)) && timed.has_returned()) {
        return None;
    }
    let owned = |op: &Op| match op {
        Op::Acquire(who) | Op::Release(who) | Op::Try(who) => who.is_some(),
        Op::Busy => true,
    };
    if operations.iter().all(|timed| owned(timed.op)) {
        match Holds::of(operations) {
            Some(Ok(holds)) => return Some(holds.decide(operations, wanted)),
            Some(Err(conflict)) => return Some(Ruling::Invalid(conflict)),
            None => {}
        }
    }
    let role = |op: &Op| match op {
        Op::Acquire(_) | Op::Try(_) => Role::Take(1),
        Op::Release(_) => Role::Give(1),
        Op::Busy => Role::Short(1),
    };
    let anyone = |op: &Op| match op {
        Op::Acquire(who) | Op::Release(who) | Op::Try(who) => who.is_none(),
        Op::Busy => true,
    };
    if operations.iter().all(|timed| anyone(timed.op)) {
        return permits::decide(1, operations, role, wanted);
    }
    // Owners forbid orders and allow none.
    let ruling = permits::decide(1, operations, role, Wanted::Verdict)?;
    matches!(ruling, Ruling::Invalid(_)).then_some(ruling)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Conflict;
    use super::super::ends::timed;
    use super::*;
    use crate::history::testing::NEVER;
    use crate::history::{Value, ValueTable};

    fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
        decide(&timed(operations), Wanted::Order)
    }

    fn stuck(at: u32) -> Option<Ruling> {
        Some(Ruling::Invalid(Conflict::at(at)))
    }

    fn by(n: i64) -> Option<Value> {
        ValueTable::small_int(n)
    }

    #[test]
    fn two_hold_at_once() {
        let mut operations = vec![
            (Op::Acquire(by(1)), 0, 1),
            (Op::Acquire(by(2)), 2, 5),
            (Op::Release(by(1)), 3, 4),
        ];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 2, 1])));
        operations[2].1 = 6;
        operations[2].2 = 7;
        assert_eq!(rule(&operations), stuck(1));
        // Nobody's locks may be released by anyone.
        let nobodys = [(Op::Acquire(None), 0, 1), (Op::Release(None), 2, 3)];
        assert_eq!(rule(&nobodys), Some(Ruling::Valid(vec![0, 1])));
    }

    #[test]
    fn busy_needs_a_holder() {
        let [one, two] = [(Op::Acquire(by(1)), 0, 1), (Op::Release(by(1)), 2, 3)];
        let busy = |call, ret| (Op::Busy, call, ret);
        assert_eq!(rule(&[one, two, busy(4, 5)]), stuck(2));
        // A release that never returned may have been late,
        let crashed = (two.0, 2, NEVER);
        assert_eq!(rule(&[one, crashed, busy(4, 5)]), Some(Ruling::Valid(vec![0, 2])));
        // and one who never returned may have held.
        let other = (Op::Try(by(2)), 4, NEVER);
        assert_eq!(rule(&[one, two, other, busy(5, 6)]), Some(Ruling::Valid(vec![0, 1, 2, 3])));
        assert_eq!(rule(&[one, two, other]), Some(Ruling::Valid(vec![0, 1])));
    }

    #[test]
    fn an_owner_who_does_two_things_at_once_is_no_owner_here() {
        let operations = [(Op::Acquire(by(1)), 0, 3), (Op::Release(by(1)), 1, 2)];
        assert_eq!(rule(&operations), None);
        // But what anyone may not do he may not either.
        assert_eq!(rule(&[operations[0], (Op::Acquire(by(1)), 1, 4)]), stuck(1));
    }
}
