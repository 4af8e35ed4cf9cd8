//! Ids: none is given out twice. The order of the calls proves it.

use super::ends::{End, Ends};
use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::Value;
use crate::history::hash::Set;
use crate::model::unique_ids::{Ids, Op};

/// Decides `operations`, of which those that never returned may be left out. O(log k) an
/// operation with k open at once.
pub(super) fn decide(initial: &Ids, operations: &[Timed<'_, Op>], wanted: Wanted) -> Ruling {
    let mut given: Set<Value> = Set::default();
    for end in Ends::of(operations) {
        let End::Return(at) = end else { continue };
        let Some(id) = *operations[at as usize].op else { continue };
        if initial.get(id.handle().into()).is_some() || !given.insert(id) {
            return Ruling::Invalid(Conflict::at(at));
        }
    }
    let happened = (0..operations.len()).filter(|&at| operations[at].has_returned());
    let order = happened.map(|at| at as u32);
    Ruling::Valid(if wanted == Wanted::Order { order.collect() } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Verdict, ask, value};
    use super::*;
    use crate::history::testing::NEVER;

    #[test]
    fn an_id_is_given_out_once() {
        let decided = |initial: &[i64], ids: [i64; 3]| {
            let given = |given: Ids, &id: &i64| given.insert(value(id).handle().into(), ());
            let initial = initial.iter().fold(Ids::default(), given);
            let [one, two, three] = ids.map(|id| Some(value(id)));
            let operations = [(one, 0, 5), (two, 1, 2), (None, 3, NEVER), (three, 4, 6)];
            ask(&operations, |timed, wanted| Some(decide(&initial, timed, wanted)))
        };
        assert_eq!(decided(&[], [1, 2, 3]), Verdict::Valid(vec![0, 1, 3]));
        assert_eq!(decided(&[7], [1, 2, 3]), Verdict::Valid(vec![0, 1, 3]));
        assert_eq!(decided(&[], [2, 2, 3]), Verdict::Stuck(0));
        assert_eq!(decided(&[], [1, 2, 2]), Verdict::Stuck(3));
        assert_eq!(decided(&[2], [1, 2, 3]), Verdict::Stuck(1));
    }
}
