//! Telling histories of sets.

use super::super::testing::{Drawn, Verdict, ask, value};
use super::decide;
use crate::history::testing::NEVER;
use crate::model::Set;
use crate::model::set::{Contents, Listing, Op};

fn contents(items: &[i64]) -> Contents {
    let items: Vec<_> = items.iter().copied().map(value).collect();
    Set::new(&items).initial
}

fn add(n: i64, new: Option<bool>, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Add(value(n), new), call, ret)
}

fn remove(n: i64, found: Option<bool>, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Remove(value(n), found), call, ret)
}

fn contains(n: i64, said: bool, call: u32, ret: u32) -> Drawn<Op> {
    (Op::Contains(value(n), Some(said)), call, ret)
}

fn read(items: &[i64], call: u32, ret: u32) -> Drawn<Op> {
    (Op::Read(Some(Listing::from(&contents(items)))), call, ret)
}

fn check(operations: &[Drawn<Op>]) -> Verdict {
    ask(operations, |timed, wanted| decide(&contents(&[]), timed, (wanted, &|_| false)))
}

#[test]
fn an_element_flips_when_it_must() {
    let twice = [
        add(1, Some(true), 0, 5),
        add(1, Some(true), 1, 8),
        remove(1, Some(true), 2, 7),
        contains(1, false, 3, 4),
    ];
    assert_eq!(check(&twice), Verdict::Valid(vec![3, 0, 2, 1]));
    let without_remove = [add(1, Some(true), 0, 1), add(1, Some(true), 2, 3)];
    assert_eq!(check(&without_remove), Verdict::Stuck(1));
    let crashed = [add(1, None, 0, NEVER), contains(1, true, 1, 2)];
    assert_eq!(check(&crashed), Verdict::Valid(vec![0, 1]));
}

#[test]
fn an_element_that_is_only_added_need_not_tell() {
    let good = [add(1, None, 0, 3), contains(1, false, 1, 2), contains(1, true, 4, 5)];
    assert_eq!(check(&good), Verdict::Valid(vec![1, 0, 2]));
    let lost = [add(1, None, 0, 1), contains(1, false, 2, 3)];
    assert_eq!(check(&lost), Verdict::Stuck(1));
    let both = [add(1, None, 0, 1), remove(1, None, 2, 3), contains(1, false, 4, 5)];
    assert_eq!(check(&both), Verdict::Valid(vec![0, 1, 2]));
}

#[test]
fn what_is_read_of_a_growing_set_is_a_chain() {
    let good = [add(1, None, 0, 5), add(2, None, 1, 6), read(&[2], 2, 3), read(&[1, 2], 7, 8)];
    assert_eq!(check(&good), Verdict::Valid(vec![1, 2, 0, 3]));
    let fork = [add(1, None, 0, 5), add(2, None, 1, 6), read(&[2], 2, 3), read(&[1], 7, 8)];
    assert_eq!(check(&fork), Verdict::Stuck(3));
    let lost = [add(1, None, 0, 1), read(&[], 2, 3)];
    assert_eq!(check(&lost), Verdict::Stuck(1));
    let phantom = [read(&[1], 0, 1)];
    assert_eq!(check(&phantom), Verdict::Stuck(0));
}
