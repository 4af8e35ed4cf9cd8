//! Counters.
//!
//! Where all additions are the same, a counter is a [ladder](super::ladder). Others are decided
//! where the values told say which additions came between them, or else their order is guessed as
//! a [trail](super::trail).

mod straight;
mod sums;

use super::ends::by_return;
use super::ladder::{Ladder, NOBODY, Role};
use super::trail::{self, Act};
use super::{Asked, Conflict, Ruling, Timed};
use crate::model::counter::Op;

pub(super) use straight::read;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    initial: i128,
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let mut adds = 0;
    let mut step = 0;
    let mut telling = false;
    let mut alike = true;
    for Timed { op, span } in operations {
        if op.before.is_some() && !span.has_returned() {
            return None;
        }
        if op.delta != 0 {
            adds += 1;
            telling |= op.before.is_some();
            alike &= step == 0 || step == op.delta;
            step = op.delta;
        }
    }
    if !alike {
        let start = i64::try_from(initial).ok();
        let guess = || trail::decide(start?, operations, Act::of_sum, (wanted, stop));
        return sums::decide(initial, operations, wanted).or_else(guess);
    }
    let units = Units { initial, step: if step == 0 { 1 } else { step } };
    let mut owners = vec![NOBODY; if telling { adds } else { 0 }];
    let mut known = vec![0; owners.len()];
    if let Some(conflict) = own(operations, units, &mut owners, &mut known) {
        return Some(Ruling::Invalid(conflict));
    }
    let ladder = Ladder { bottom: 0, owners: &owners, known: &known };
    let role = |at: u32| units.role(operations[at as usize].op, adds as u32);
    Some(ladder.decide(operations, role, wanted))
}

/// Finds who steps up from each level; the conflict if two do.
fn own(
    operations: &[Timed<'_, Op>],
    units: Units,
    owners: &mut [u32],
    known: &mut [u64],
) -> Option<Conflict> {
    let mut twice: Option<u64> = None;
    if owners.is_empty() {
        return None;
    }
    for (at, Timed { op, span }) in operations.iter().enumerate() {
        let Role::StepFrom(level) = units.role(op, owners.len() as u32) else { continue };
        let returned = by_return(span.ret, at as u32);
        let level = level as usize;
        if owners[level] != NOBODY {
            let later = returned.max(known[level]);
            twice = Some(twice.map_or(later, |first| first.min(later)));
        }
        // Of several the first, so that the third conflicts with it rather than with the second.
        if owners[level] == NOBODY || returned < known[level] {
            (owners[level], known[level]) = (at as u32, returned);
        }
    }
    twice.map(|later| Conflict::at(super::ends::position(later)))
}

/// How a counter of equal steps counts them.
#[derive(Clone, Copy)]
struct Units {
    initial: i128,
    /// Not 0.
    step: i64,
}

impl Units {
    /// What `op` does, given the number of additions of the history.
    fn role(self, op: &Op, adds: u32) -> Role {
        match (op.found(), op.delta) {
            (None, 0) => Role::Look { low: 0, high: u32::MAX },
            (None, _) => Role::Step,
            (Some(before), delta) => match self.level(before) {
                Some(level) if delta == 0 => Role::Look { low: level, high: level },
                Some(level) if level < adds => Role::StepFrom(level),
                _ => Role::IMPOSSIBLE,
            },
        }
    }

    /// How many steps lead from the initial value to this; none if no number does.
    fn level(self, value: i128) -> Option<u32> {
        let above = value.checked_sub(self.initial)?;
        match i64::try_from(above) {
            Ok(above) => self.steps(above),
            Err(_) => {
                let steps = above / i128::from(self.step);
                let is_whole = steps * i128::from(self.step) == above;
                u32::try_from(steps).ok().filter(|_| is_whole)
            }
        }
    }

    /// How many steps lead to so much above the initial value. Division of 64 bits is much faster
    /// than that of 128, and the usual case.
    #[inline]
    fn steps(self, above: i64) -> Option<u32> {
        if self.step == 1 {
            return u32::try_from(above).ok();
        }
        let steps = above.checked_div(self.step)?;
        u32::try_from(steps).ok().filter(|_| steps * self.step == above)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::ends::timed;
    use super::*;
    use crate::check::exact::Wanted;
    use crate::history::testing::NEVER;

    const ADD: Op = Op { delta: 1, before: None };

    fn read(value: i128) -> Op {
        Op { delta: 0, before: Some(value.into()) }
    }

    fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
        decide(0, &timed(operations), (Wanted::Order, &|_| false))
    }

    fn stuck(at: u32) -> Option<Ruling> {
        Some(Ruling::Invalid(Conflict::at(at)))
    }

    #[test]
    fn no_step_happens_before_it_must() {
        let mut operations = vec![(ADD, 0, 10), (ADD, 1, 11), (read(1), 2, 3), (ADD, 4, 5)];
        operations.push((read(2), 6, 7));
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 2, 3, 4, 1])));
        // Between the bounds of what was called and what returned, and yet impossible.
        operations[2].0 = read(2);
        assert_eq!(rule(&operations), stuck(4));
    }

    #[test]
    fn crashed_additions_fill_what_is_missing() {
        let tell = |before: i128| Op { delta: 1, before: Some(before.into()) };
        let operations = [(ADD, 0, NEVER), (tell(1), 1, 2), (ADD, 3, NEVER), (read(2), 4, 5)];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 1, 3])));
        assert_eq!(rule(&operations[1..]), stuck(0));
        assert_eq!(rule(&[(tell(0), 0, 2), (tell(0), 1, 3)]), stuck(1));
    }

    #[test]
    fn only_whole_steps_count() {
        let double = |before: Option<i128>| Op { delta: -2, before: before.map(Into::into) };
        let operations = [(double(None), 0, 1), (double(Some(-2)), 2, 3), (read(-4), 4, 5)];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 1, 2])));
        assert_eq!(rule(&[(double(None), 0, 1), (read(-1), 2, 3)]), stuck(1));
        assert_eq!(rule(&[(double(None), 0, 1), (read(i128::MAX), 2, 3)]), stuck(1));
    }

    #[test]
    fn unequal_additions_are_decided_where_their_places_are_known() {
        let add = |delta| Op { delta, before: None };
        let mut operations = vec![(add(2), 0, 1), (read(2), 2, 3), (add(5), 4, 5), (read(7), 6, 7)];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![0, 1, 2, 3])));
        operations[3].0 = read(6);
        assert_eq!(rule(&operations), stuck(3));
        // Which of two that overlap both values came first is a matter of sums.
        let open = [(add(2), 0, 9), (add(5), 1, 8), (read(2), 2, 3), (read(7), 4, 5)];
        assert_eq!(rule(&open), None);
        let both_ways = [(add(1), 0, 1), (add(-3), 2, 3), (read(-3), 4, 5)];
        assert_eq!(rule(&both_ways), stuck(2));
    }
}
