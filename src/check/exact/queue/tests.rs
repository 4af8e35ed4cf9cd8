//! Telling histories of queues.

use super::super::Timed;
use super::super::testing::{
    Drawn, Verdict, ask_of_items, empty, lost, peek, put, put_at_once, put_in_turn, take,
};
use super::decide;
use crate::history::Value;
use crate::history::testing::NEVER;
use crate::model::items::Op;

fn check(operations: &[Drawn<Op>]) -> Verdict {
    check_from(&[], operations)
}

fn check_from(initial: &[i64], operations: &[Drawn<Op>]) -> Verdict {
    let decide = |initial: &[Value], operations: &[Timed<'_, Op>], wanted| {
        decide(initial, operations, (wanted, &|_| false))
    };
    ask_of_items(decide, initial, operations)
}

#[test]
fn values_leave_in_the_order_in_which_they_came() {
    assert_eq!(check(&put_in_turn([1, 2])), Verdict::Valid(vec![0, 1, 2, 3]));
    assert_eq!(check(&put_in_turn([2, 1])), Verdict::Stuck(2));
    assert_eq!(check(&put_at_once([2, 1])), Verdict::Valid(vec![1, 0, 2, 3]));
}

#[test]
fn an_open_take_may_have_removed_what_was_in_the_way() {
    // When the take of 2 returns, the other may still have found 1.
    let operations = [put(1, 0, 1), put(2, 2, 3), take(3, 4, 9), put(3, 5, 6), take(2, 7, 8)];
    assert_eq!(check(&operations), Verdict::Stuck(2));
    let open = [put(1, 0, 1), put(2, 2, 3), lost(4), take(2, 7, 8)];
    assert_eq!(check(&open), Verdict::Valid(vec![0, 1, 2, 3]));
    let late = [put(1, 0, 1), put(2, 2, 3), take(2, 4, 5), lost(6)];
    assert_eq!(check(&late), Verdict::Stuck(2));
}

#[test]
fn what_is_in_the_way_of_a_front_is_in_the_way_of_what_follows() {
    // 3 leaves after the take of 2 returned, so 2 was gone when 3 was peeked at, and 1 before 2.
    // That the put of 1 returned says nothing of 3 by itself: 3 may have been in before.
    let in_time = [
        put(3, 0, 5),
        put(1, 1, 2),
        put(2, 3, 4),
        lost(6),
        take(2, 7, 11),
        peek(3, 8, 9),
        take(3, 12, 13),
    ];
    assert_eq!(check(&in_time), Verdict::Valid(vec![1, 2, 0, 3, 4, 5, 6]));
    let late = [
        put(3, 0, 5),
        put(1, 1, 2),
        put(2, 3, 4),
        take(2, 6, 10),
        peek(3, 7, 8),
        lost(9),
        take(3, 11, 12),
    ];
    assert_eq!(check(&late), Verdict::Stuck(3));
}

#[test]
fn peeks_can_contradict_each_other_in_a_circle() {
    // Every two of the values could be ordered.
    let operations = [
        put(1, 0, 1),
        put(2, 2, 4),
        put(3, 3, 5),
        take(2, 6, 15),
        peek(3, 7, 10),
        take(1, 12, 25),
        take(3, 20, 27),
    ];
    assert!(matches!(check(&operations), Verdict::Stuck(_)));
    let front = [put(1, 0, 5), put(2, 1, 4), peek(2, 2, 3), take(1, 6, 9), take(2, 7, 8)];
    assert!(matches!(check(&front), Verdict::Valid(_)));
}

#[test]
fn nothing_is_found_where_no_value_covers() {
    let gap = [put(1, 0, 2), empty(1, 6), take(1, 3, 4)];
    assert_eq!(check(&gap), Verdict::Valid(vec![1, 0, 2]));
    let covered = [put(1, 0, 1), empty(2, 3), take(1, 4, 5)];
    assert_eq!(check(&covered), Verdict::Stuck(1));
    let removed = [put(1, 0, 1), lost(2), empty(3, 4)];
    assert_eq!(check(&removed), Verdict::Valid(vec![0, 1, 2]));
}

#[test]
fn what_is_there_from_the_start_came_first() {
    let ask_from = |operations: &[Drawn<Op>]| check_from(&[1, 2], operations);
    let good = [put(3, 0, 1), take(1, 2, 3), take(2, 4, 5), take(3, 6, 7)];
    assert_eq!(ask_from(&good), Verdict::Valid(vec![0, 1, 2, 3]));
    assert_eq!(ask_from(&[take(2, 0, 1)]), Verdict::Stuck(0));
}

#[test]
fn values_may_repeat_where_it_is_certain_which_came_out() {
    let twice = [put(1, 0, 1), put(1, 2, 3), take(1, 4, 5)];
    assert_eq!(check(&twice), Verdict::Valid(vec![0, 1, 2]));
    let left = [put(1, 0, 1), put(1, 2, 3), put(2, 4, 5), take(1, 6, 7), take(2, 8, 9)];
    assert_eq!(check(&left), Verdict::Stuck(4));
    let nested = [put(1, 0, 3), put(1, 1, 2), put(2, 4, 5), take(1, 6, 7), take(2, 8, 9)];
    assert_eq!(check(&nested), Verdict::Stuck(4));
    let unseen = [put(1, 0, 1), put(1, 2, 3), take(2, 4, 6), put(2, 5, NEVER)];
    assert!(matches!(check(&unseen), Verdict::Stuck(2)));
}

#[test]
fn values_that_repeat_are_taken_in_the_order_in_which_they_came() {
    // The second 1 was called first, and put in last.
    let swapped = [put(1, 0, 5), put(1, 1, 2), put(2, 3, 4), take(1, 6, 7), take(2, 8, 9)];
    assert!(matches!(check(&swapped), Verdict::Valid(_)));
    let left = [put(1, 0, 2), put(1, 1, 3), put(2, 4, 5), take(1, 6, 7), take(2, 8, 9)];
    assert!(matches!(check(&left), Verdict::Stuck(4)));
    let removed =
        [put(1, 0, 2), put(1, 1, 3), put(2, 4, 5), take(1, 6, 7), lost(8), take(2, 9, 10)];
    assert!(matches!(check(&removed), Verdict::Valid(_)));
}

#[test]
fn a_peek_finds_one_of_several() {
    // Either 1 may have been found, before 2 or behind it.
    let ops = |call, ret| {
        let puts = [put(1, 0, 1), put(2, 2, 3), put(1, 4, 5)];
        let takes = [take(1, 6, 7), peek(1, call, ret), take(2, 9, 10), take(1, 12, 13)];
        let mut all: Vec<Drawn<Op>> = puts.into_iter().chain(takes).collect();
        all.sort_by_key(|&(_, call, _)| call);
        all
    };
    assert!(matches!(check(&ops(5, 14)), Verdict::Valid(_)));
    assert!(matches!(check(&ops(11, 14)), Verdict::Valid(_)));
    // In between, 2 was the next.
    let between = [
        put(1, 0, 1),
        put(2, 2, 3),
        put(1, 4, 5),
        take(1, 6, 7),
        peek(1, 8, 9),
        take(2, 10, 11),
        take(1, 12, 13),
    ];
    assert_eq!(check(&between), Verdict::Stuck(4));
}

#[test]
fn a_take_need_not_wait_for_a_peek_that_may_come_later() {
    // 1 is gone before the empty take, which comes before 1 is put in again.
    let operations =
        [put(1, 0, 1), take(1, 2, 3), empty(4, 9), peek(1, 6, 12), put(1, 5, 8), take(1, 13, 14)];
    let mut sorted = operations.to_vec();
    sorted.sort_by_key(|&(_, call, _)| call);
    assert!(matches!(check(&sorted), Verdict::Valid(_)));
}

#[test]
fn repeated_values_from_the_start_come_out_first() {
    let operations = [put(1, 0, 1), take(1, 2, 3), peek(2, 4, 5), take(2, 6, 7), take(1, 8, 9)];
    assert!(matches!(check_from(&[1, 2], &operations), Verdict::Valid(_)));
    assert!(matches!(check_from(&[2, 1], &operations), Verdict::Stuck(_)));
}
