//! Telling histories of priority queues.

use super::super::testing::{Drawn, Verdict, ask};
use super::decide;
use crate::history::ValueTable;
use crate::history::testing::NEVER;
use crate::model::priority_queue::{End, Found, Item, Op};
use crate::model::{Call, Model, PriorityQueue, View};
use crate::vocabulary::Word;

fn item(n: i64) -> Item {
    let mut table = ValueTable::new();
    let (input, process) = (table.int(n), table.int(0));
    let view = |value| View { table: &table, value };
    let call = Call {
        function: "insert",
        word: Word::named("insert"),
        input: view(input),
        output: None,
        process: view(process),
        turn: None,
    };
    let queue = PriorityQueue::new(End::Min, &[]).expect("a queue");
    match queue.operation(&call) {
        Ok(Op::Put(item)) => item,
        other => panic!("{other:?}"),
    }
}

fn put(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Put(item(n)), call, ret)
}

fn take(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Take(End::Min, Found::Item(item(n))), call, ret)
}

fn peek(n: i64, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Peek(End::Min, Found::Item(item(n))), call, ret)
}

fn lost(call: u32) -> Drawn<Op> {
    (Op::Take(End::Min, Found::Any), call, NEVER)
}

fn check(operations: &[Drawn<Op>]) -> Verdict {
    ask(operations, |timed, wanted| decide(&[], timed, (wanted, &|_| false)))
}

#[test]
fn the_smallest_comes_first() {
    let good = [put(2, 0, 1), put(1, 2, 3), take(1, 4, 5), take(2, 6, 7)];
    assert_eq!(check(&good), Verdict::Valid(vec![0, 1, 2, 3]));
    let bad = [put(2, 0, 1), put(1, 2, 3), take(2, 4, 5), take(1, 6, 7)];
    assert_eq!(check(&bad), Verdict::Stuck(2));
    let before = [put(2, 0, 1), put(1, 2, 5), take(2, 3, 4), take(1, 6, 7)];
    assert_eq!(check(&before), Verdict::Valid(vec![0, 2, 1, 3]));
}

#[test]
fn what_is_peeked_at_is_there_early() {
    // The peek needs 1 in before 2 can be taken.
    let operations = [put(2, 0, 1), put(1, 2, 9), peek(1, 3, 4), take(2, 5, 6), take(1, 10, 11)];
    assert_eq!(check(&operations), Verdict::Stuck(3));
}

#[test]
fn a_crashed_take_removes_what_was_in_the_way() {
    let operations = [put(2, 0, 1), put(1, 2, 3), lost(4), take(2, 5, 6)];
    assert_eq!(check(&operations), Verdict::Valid(vec![0, 1, 2, 3]));
    let late = [put(2, 0, 1), put(1, 2, 3), take(2, 4, 5), lost(6)];
    assert_eq!(check(&late), Verdict::Stuck(2));
}

#[test]
fn two_ends_are_left_to_the_search() {
    let largest = (Op::Take(End::Max, Found::Item(item(2))), 4, 5);
    let operations = [put(2, 0, 1), put(1, 2, 3), largest, take(1, 6, 7)];
    assert_eq!(check(&operations), Verdict::Undecided);
}
