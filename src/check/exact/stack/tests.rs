//! Telling histories of stacks.

use super::super::testing::{
    Drawn, Verdict, ask_of_items, empty, lost, peek, put, put_at_once, put_in_turn, take,
};
use super::super::{Ruling, Timed, Wanted};
use super::decide;
use crate::history::Value;
use crate::model::items::Op;

fn check(operations: &[Drawn<Op>]) -> Verdict {
    ask_from(&[], operations)
}

fn ask_from(initial: &[i64], operations: &[Drawn<Op>]) -> Verdict {
    ask_of_items(decide_at_once, initial, operations)
}

fn decide_at_once(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    decide(initial, operations, (wanted, &|_| false))
}

#[test]
fn the_last_in_is_the_first_out() {
    assert_eq!(check(&put_in_turn([2, 1])), Verdict::Valid(vec![0, 1, 2, 3]));
    assert_eq!(check(&put_in_turn([1, 2])), Verdict::Stuck(2));
    assert_eq!(check(&put_at_once([1, 2])), Verdict::Valid(vec![1, 0, 2, 3]));
}

#[test]
fn a_value_that_is_taken_at_once_lies_anywhere() {
    let operations = [put(1, 0, 1), put(2, 2, 5), take(2, 3, 4), take(1, 6, 7)];
    assert_eq!(check(&operations), Verdict::Valid(vec![0, 1, 2, 3]));
}

#[test]
fn what_is_peeked_at_lies_at_the_top() {
    let at_top = [put(1, 0, 1), put(2, 2, 6), peek(1, 3, 4), take(2, 7, 8), take(1, 9, 10)];
    assert_eq!(check(&at_top), Verdict::Valid(vec![0, 2, 1, 3, 4]));
    let below = [put(1, 0, 1), put(2, 2, 3), peek(1, 4, 5), take(2, 6, 7)];
    assert!(matches!(check(&below), Verdict::Stuck(_)));
}

#[test]
fn nothing_is_found_where_no_value_covers() {
    let gap = [put(1, 0, 2), empty(1, 6), take(1, 3, 4)];
    assert_eq!(check(&gap), Verdict::Valid(vec![1, 0, 2]));
    let covered = [put(1, 0, 1), empty(2, 3), take(1, 4, 5)];
    assert_eq!(check(&covered), Verdict::Stuck(1));
}

#[test]
fn a_crashed_take_removes_what_was_in_the_way() {
    let operations = [put(1, 0, 1), put(2, 2, 3), lost(4), take(1, 5, 6)];
    assert_eq!(check(&operations), Verdict::Valid(vec![0, 1, 2, 3]));
    let late = [put(1, 0, 1), put(2, 2, 3), take(1, 4, 5), lost(6)];
    assert_eq!(check(&late), Verdict::Stuck(2));
}

#[test]
fn what_is_there_from_the_start_lies_below() {
    let operations = [put(3, 0, 1), take(3, 2, 3), take(2, 4, 5), take(1, 6, 7)];
    let verdict = ask_from(&[1, 2], &operations);
    assert_eq!(verdict, Verdict::Valid(vec![0, 1, 2, 3]));
    let verdict = ask_from(&[1, 2], &[take(1, 0, 1)]);
    assert_eq!(verdict, Verdict::Stuck(0));
}

#[test]
fn deep_stacks_are_no_deeper_than_memory() {
    let depth = 20_000;
    let puts = (0..depth).map(|n| put(i64::from(n), 2 * n, 2 * n + 1));
    let takes = (0..depth).map(|n| {
        let at = 2 * (depth + n);
        take(i64::from(depth - 1 - n), at, at + 1)
    });
    let operations: Vec<_> = puts.chain(takes).collect();
    assert_eq!(check(&operations), Verdict::Valid((0..2 * depth).collect()));
}
