//! Telling histories of queues without an order.

use super::super::Timed;
use super::super::testing::{Drawn, Verdict, ask_of_items, empty, lost, peek, put, take};
use super::decide;
use crate::history::Value;
use crate::model::items::Op;

fn check(operations: &[Drawn<Op>]) -> Verdict {
    let decide = |initial: &[Value], operations: &[Timed<'_, Op>], wanted| {
        decide(initial, operations, (wanted, &|_| false))
    };
    ask_of_items(decide, &[], operations)
}

#[test]
fn values_count_where_nothing_is_found_empty() {
    let twice = [put(1, 0, 1), put(1, 2, 3), take(1, 4, 5), take(1, 6, 7)];
    assert_eq!(check(&twice), Verdict::Valid(vec![0, 1, 2, 3]));
    let thrice = [put(1, 0, 1), put(1, 2, 3), take(1, 4, 5), take(1, 6, 7), take(1, 8, 9)];
    assert_eq!(check(&thrice), Verdict::Stuck(4));
    let gone = [put(1, 0, 1), take(1, 2, 3), peek(1, 4, 5)];
    assert_eq!(check(&gone), Verdict::Stuck(2));
}

#[test]
fn a_crashed_take_can_make_it_empty() {
    let removed = [put(1, 0, 1), lost(2), empty(3, 4)];
    assert_eq!(check(&removed), Verdict::Valid(vec![0, 1, 2]));
    let late = [put(1, 0, 1), empty(2, 3), lost(4)];
    assert_eq!(check(&late), Verdict::Stuck(1));
    let two = [put(1, 0, 1), put(2, 2, 3), lost(4), empty(5, 6)];
    assert_eq!(check(&two), Verdict::Stuck(3));
}

#[test]
fn repeated_values_and_emptiness_are_left_to_the_search() {
    let operations = [put(1, 0, 1), take(1, 2, 3), put(1, 4, 5), take(1, 6, 7), empty(8, 9)];
    assert_eq!(check(&operations), Verdict::Undecided);
}
