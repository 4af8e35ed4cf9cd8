//! What models say of states to people, and what they must not claim.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::items::{Found, Op as ItemOp};
use super::persistent::Text;
use super::*;
use crate::check::Deciders;
use crate::history::testing::ops;
use crate::history::{Rank, Value, ValueTable};
use crate::vocabulary::Word;
use crate::{History, Options, Verdict, check_with};

fn value(n: i64) -> Value {
    ValueTable::small_int(n).unwrap()
}

/// What the model says of the state that the operations lead to.
fn described<M: Model>(model: &M, operations: &[M::Op]) -> String {
    let step = |state: M::State, op| model.step(&state, op).into_iter().next().expect("a step");
    let state = operations.iter().fold(model.initial(), step);
    model.describe(&state, &ValueTable::new()).unwrap_or_default()
}

fn put(n: i64) -> ItemOp {
    ItemOp::Put(value(n))
}

#[test]
fn states_are_told_in_a_few_words() {
    let register = Register { initial: value(0), has_cas: false, failed_cas_observes: false };
    assert_eq!(described(&register, &[register::Op::Write(value(7))]), "7");
    let add = counter::Op { delta: -2, before: None };
    assert_eq!(described(&Counter { initial: 5 }, &[add]), "3");
    let transfer = bank::Op::Transfer(value(0), value(1), 3);
    assert_eq!(described(&Bank::default(), std::slice::from_ref(&transfer)), "0: -3, 1: +3");
    let bank = Bank { default: Some(5), ..Bank::default() };
    assert_eq!(described(&bank, &[]), "as at the start");
    assert_eq!(described(&bank, &[transfer]), "0: 2, 1: 8");
    let written = kv::Op::Put(kv::Content::Text(Text::new("a\"b")));
    assert_eq!(described(&Kv::new(None), &[]), "absent");
    assert_eq!(described(&Kv::new(None), &[written]), r#""a\"b""#);
    let append = |n| log::Op::Append(value(n), None);
    assert_eq!(described(&Log::new(&[]), &[append(1), append(2)]), "[1,2]");
    let pushed = described(&Stack::new(&[value(4)]), &[put(5)]);
    assert_eq!(pushed, "[4,5]");
    assert_eq!(described(&Set::new(&[value(2)]), &[set::Op::Add(value(3), None)]), "{2, 3}");
    let registers = MultiRegister::new(value(0), &[(value(1), value(6))]);
    assert_eq!(described(&registers, &[]), "1: 6");
    assert_eq!(described(&MultiRegister::new(value(0), &[]), &[]), "every register: 0");
    assert_eq!(described(&Mutex { check_owner: true }, &[]), "free");
    let take = mutex::Op::Acquire(Some(value(4)));
    assert_eq!(described(&Mutex { check_owner: true }, &[take]), "held by 4");
    assert_eq!(described(&Semaphore { permits: 3 }, &[semaphore::Op::Acquire(1)]), "2 free");
}

#[test]
fn of_many_items_only_some_are_shown() {
    let queue = |count: i64| {
        let puts: Vec<ItemOp> = (0..count).map(put).collect();
        described(&FifoQueue::new(&[]), &puts)
    };
    assert_eq!(queue(0), "[]");
    assert_eq!(queue(11), "[0,1,2,3,4,5,6,7,8,9,10]");
    assert_eq!(queue(12), "[0,1,2,3,4,… 2 more …,7,8,9,10,11]");
    let bag = |items: &[i64]| {
        let puts: Vec<ItemOp> = items.iter().copied().map(put).collect();
        described(&UnorderedQueue::new(&[]), &puts)
    };
    assert_eq!(bag(&[3, 3, 3]), "{3 ×3}");
    assert_eq!(bag(&[3]), "{3}");
    let shown = bag(&(0..12).collect::<Vec<_>>());
    assert_eq!(shown.matches(", ").count(), 11, "{shown}");
    assert!(!shown.contains("more"), "{shown}");
    let shown = bag(&(0..15).collect::<Vec<_>>());
    assert_eq!(shown.matches(", ").count(), 11, "{shown}");
    assert!(shown.ends_with("… 4 more}"), "{shown}");
}

#[test]
fn what_is_there_from_the_start_makes_items_depend_on_each_other() {
    let op = ItemOp::Take(Found::Item(value(1)));
    assert_eq!(FifoQueue::new(&[]).facts(&op).part, Part::One(value(1).handle().into()));
    assert_eq!(FifoQueue::new(&[value(2)]).facts(&op).part, Part::Whole);
}

/// A register of which tokens tell only whether it holds an odd number; it leaves all that a model
/// need not say as it is.
#[derive(Clone, Debug)]
struct Parity;

impl Model for Parity {
    type State = i64;
    /// The value, and whether it is written.
    type Op = (i64, bool);
    type Next = Option<i64>;

    fn initial(&self) -> i64 {
        0
    }

    fn operation(&self, call: &Call<'_>) -> Result<(i64, bool), Rejection> {
        let writes = call.function == "write";
        let value = if writes { Some(call.input) } else { call.output };
        let value = value.and_then(|value| value.as_int());
        value.map(|value| (value, writes)).ok_or(Rejection::UnknownFunction)
    }

    fn step(&self, &state: &i64, &(value, writes): &(i64, bool)) -> Option<i64> {
        (writes || value == state).then_some(value)
    }

    fn facts(&self, &(value, writes): &(i64, bool)) -> Facts {
        let token = value as Token & 1;
        let establishes = if writes { Establishes::Token(token) } else { Establishes::Same };
        let requires = (!writes).then_some(token);
        Facts { pure: !writes, overwrites: writes, requires, establishes, ..Facts::default() }
    }

    fn token(&self, &state: &i64) -> Option<Token> {
        Some(state as Token & 1)
    }
}

#[test]
fn tokens_that_tell_a_part_decide_nothing_by_themselves() {
    for (seen, verdict) in [(3, Verdict::Valid), (5, Verdict::Invalid), (2, Verdict::Invalid)] {
        let mut history = History::builder();
        history.invoke(0, "write", 3).unwrap();
        history.ok(0, "write", ()).unwrap();
        history.invoke(0, "read", ()).unwrap();
        history.ok(0, "read", seen).unwrap();
        let history = history.build().unwrap();
        for deciders in [Deciders::Auto, Deciders::Search] {
            let options = Options { deciders, self_check: true, ..Options::default() };
            assert_eq!(check_with(&Parity, &history, &options).unwrap().verdict, verdict, "{seen}");
        }
    }
}

#[test]
fn a_history_as_it_was_known_ends_at_the_horizon() {
    let mut history = History::builder();
    history.invoke(0, "write", 1).unwrap();
    history.invoke(1, "write", 2).unwrap();
    history.ok(0, "write", ()).unwrap();
    history.invoke(2, "read", ()).unwrap();
    history.ok(2, "read", 1).unwrap();
    let history = history.build().unwrap();
    let register = Register { initial: Value::NULL, has_cas: false, failed_cas_observes: false };
    let known = |horizon: Option<usize>| -> Vec<(u32, bool)> {
        let readings = read(&register, &history, &ops(&[0, 1, 2]), horizon.map(Rank::new)).unwrap();
        let returned = |reading: &Reading<_>| reading.span.has_returned();
        readings.iter().map(|reading| (reading.index.index() as u32, returned(reading))).collect()
    };
    assert_eq!(known(None), [(0, true), (1, false), (2, true)]);
    assert_eq!(known(Some(0)), [(0, false)]);
    assert_eq!(known(Some(1)), [(0, false), (1, false)]);
    assert_eq!(known(Some(2)), [(0, true), (1, false)]);
    assert_eq!(known(Some(3)), [(0, true), (1, false), (2, false)]);
    assert_eq!(known(Some(4)), known(None));
}

#[test]
fn an_absent_key_is_the_empty_string_only_where_no_get_tells_them_apart() {
    let text = |text: &str| kv::Content::Text(Text::new(text));
    let get = |content: kv::Content| kv::Op::Get(Some(content));
    let fits = |initial, operations: &[kv::Op]| {
        let mut kv = Kv::new(None);
        kv.initial = initial;
        let plain = operations.iter().try_fold(kv.initial(), |state, op| kv.step(&state, op));
        kv.focus(operations);
        let merged = operations.iter().try_fold(kv.initial(), |state, op| kv.step(&state, op));
        assert_eq!(plain.is_some(), merged.is_some(), "{operations:?}");
        plain.is_some()
    };
    let absent = kv::Content::Absent;
    assert!(fits(absent.clone(), &[get(absent.clone()), get(text(""))]));
    assert!(!fits(absent.clone(), &[kv::Op::Put(text("")), get(absent.clone())]));
    assert!(fits(absent.clone(), &[kv::Op::Put(text("")), get(text(""))]));
    assert!(!fits(text(""), &[get(absent.clone())]));
    assert!(fits(text("a"), &[kv::Op::Append(Text::new("b")), get(text("ab"))]));
    assert!(!fits(text("a"), &[kv::Op::Append(Text::new("b")), get(text("b"))]));
}

#[test]
fn a_log_is_asked_for_any_offset() {
    let one = Value::TRUE;
    let reads = [
        (log::Op::ReadAt(u32::MAX, Value::NULL), true),
        (log::Op::ReadAt(u32::MAX, one), false),
        (log::Op::ReadFrom(u32::MAX, [one, one].into()), false),
        (log::Op::ReadFrom(u32::MAX, [].into()), true),
        (log::Op::ReadAt(1, one), true),
        (log::Op::ReadFrom(1, [one].into()), true),
    ];
    let appends = [log::Op::Append(Value::FALSE, None), log::Op::Append(one, None)];
    for (read, is_legal) in &reads {
        let mut model = Log::new(&[]);
        for focused in [false, true] {
            if focused {
                let all = appends.iter().chain(reads.iter().map(|read| &read.0));
                model.focus(&all.cloned().collect::<Vec<_>>());
            }
            let mut both = appends.iter().chain([read]);
            let end = both.try_fold(model.initial(), |state, op| model.step(&state, op));
            assert_eq!(end.is_some(), *is_legal, "{read:?}, focused: {focused}");
        }
    }
}

/// What the model of this name makes of a call, whose values are JSON; an output `-` is none.
fn asked(name: &str, function: &str, input: &str, output: &str) -> Result<String, Rejection> {
    let mut values = ValueTable::new();
    let mut value = |text| crate::formats::json_value(text, &mut values).unwrap();
    let (input, process) = (value(input), value("0"));
    let output = (output != "-").then(|| value(output));
    let view = |value| View { table: &values, value };
    let call = Call {
        function,
        word: Word::named(function),
        input: view(input),
        output: output.map(view),
        process: view(process),
        turn: None,
    };
    let model = AnyModel::by_name(name, None, ModelOptions::default(), &values).unwrap();
    // Without the name of the model around the operation.
    let text = format!("{:?}", model.operation(&call)?);
    Ok(text.split_once('(').map(|(_, op)| op[..op.len() - 1].to_owned()).unwrap())
}

/// Models, functions, inputs and outputs that mean something.
const KNOWN: &[[&str; 4]] = &[
    ["mutex", "acquire", "null", "true"],
    ["mutex", "try-acquire", "null", "false"],
    ["semaphore", "acquire", "null", "null"],
    ["semaphore", "try-acquire", "2", "false"],
    ["register", "write", "1", "null"],
    ["cas-register", "cas", "[1,2]", "true"],
    ["fifo-queue", "enqueue", "false", "false"],
    ["counter", "inc", "null", "null"],
    ["counter", "dec", "7", "null"],
    ["bank", "transfer", r#"{"from":1,"to":2,"amount":3}"#, "null"],
    ["bank", "deposit", r#"{"account":1,"amount":0}"#, "true"],
    ["multi-register", "txn", r#"[["w",1,2]]"#, "null"],
    ["multi-register", "txn", r#"[["r",1,null],["w",1,2]]"#, r#"[["r",1,5],["w",1,2]]"#],
    ["multi-register", "read", r#"["a"]"#, r#"{"a":1,"b":2}"#],
    ["multi-register", "read", "null", r#"{"a":1}"#],
    ["multi-register", "write", r#"{"a":1}"#, "null"],
    ["list-append", "txn", r#"[["append",1,2]]"#, "null"],
    ["list-append", "txn", "[]", "[]"],
    ["unique-ids", "generate", "null", "7"],
    ["acked-queue", "ack", "7", "true"],
    ["owned-semaphore", "acquire", "null", "null"],
    ["owned-semaphore", "release", r#"{"owner":"a"}"#, "true"],
    ["owned-semaphore", "try-acquire", r#"{"permits":2}"#, r#"{"owner":"a"}"#],
    ["versioned-kv", "get", "null", r#"{"value":7,"modRevision":3}"#],
    ["versioned-kv", "get", "null", r#"{"value":null,"version":0}"#],
    ["versioned-kv", "get", "null", r#"{"value":7,"name":3}"#],
    ["versioned-kv", "put", r#"{"value":7,"etag":3}"#, r#"{"etag":4}"#],
    ["versioned-kv", "put", "7", r#"{"value":7,"version":4}"#],
    ["versioned-kv", "delete", "null", r#"{"revision":4}"#],
    ["acked-queue", "nack", "false", "false"],
    ["unique-ids", "generate", "{}", r#"{"id":7}"#],
    ["unique-ids", "generate", "7", "7"],
    ["list-append", "txn", r#"[["r",1,null],["r",2,3]]"#, r#"[["r",1,null],["r",2,[null]]]"#],
];

/// Those that mean nothing.
const REFUSED: &[[&str; 4]] = &[
    ["mutex", "acquire", "null", "false"],
    ["mutex", "unlock", "null", "false"],
    ["mutex", "try-acquire", "null", "7"],
    ["mutex", "push", "null", "null"],
    ["semaphore", "acquire", "1", "false"],
    ["semaphore", "acquire", "0", "null"],
    ["semaphore", "release", "-1", "null"],
    ["semaphore", "try-acquire", "1", "null"],
    ["register", "cas", "[1,2]", "true"],
    ["fifo-queue", "enqueue", "1", "false"],
    ["fifo-queue", "enqueue", "null", "null"],
    ["counter", "add", "null", "null"],
    ["counter", "inc", r#""x""#, "null"],
    ["counter", "dec", "-9223372036854775808", "null"],
    ["bank", "deposit", r#"{"account":1,"amount":1}"#, "false"],
    ["bank", "deposit", r#"{"account":1,"amount":-1}"#, "null"],
    ["bank", "withdraw", r#"{"amount":1}"#, "null"],
    ["bank", "withdraw", r#"{"account":null,"amount":1}"#, "null"],
    ["multi-register", "txn", r#"[["w",1,2]]"#, r#"[["w",1,3]]"#],
    ["multi-register", "txn", r#"[["w",1,2]]"#, r#"[["w",2,2]]"#],
    ["multi-register", "txn", r#"[["w",1,2]]"#, r#"[["r",1,2]]"#],
    ["multi-register", "txn", r#"[["w",1,2]]"#, r#"[["w",1,2],["w",1,2]]"#],
    ["multi-register", "txn", r#"[["r",1,null]]"#, "null"],
    ["multi-register", "read", r#"["a"]"#, r#"{"b":1}"#],
    ["multi-register", "read", r#"{"a":null}"#, r#"{"b":1}"#],
    ["multi-register", "read", "null", "1"],
    ["multi-register", "write", "1", "null"],
    ["list-append", "txn", r#"[["w",1,2]]"#, "null"],
    ["list-append", "txn", r#"[["append",1]]"#, "null"],
    ["list-append", "txn", r#"[["append",1,2]]"#, r#"[["append",1,3]]"#],
    ["list-append", "txn", r#"[["append",1,2]]"#, "[]"],
    ["list-append", "txn", r#"[["r",1,null]]"#, "null"],
    ["list-append", "txn", r#"[["r",1,null]]"#, r#"[["r",1,7]]"#],
    ["list-append", "read", "null", "[]"],
    ["unique-ids", "generate", "null", "null"],
    ["acked-queue", "ack", "null", "7"],
    ["owned-semaphore", "acquire", "0", "null"],
    ["owned-semaphore", "acquire", r#"{"owner":"a","permits":-1}"#, "null"],
    ["owned-semaphore", "release", "1", "false"],
    ["owned-semaphore", "try-acquire", "1", "null"],
    ["versioned-kv", "get", "null", r#"{"value":null,"version":3}"#],
    ["versioned-kv", "get", "null", r#"{"value":7,"version":0}"#],
    ["versioned-kv", "get", "null", r#"{"value":7,"version":"a"}"#],
    ["versioned-kv", "get", r#""x""#, "7"],
    ["versioned-kv", "put", "7", "8"],
    ["versioned-kv", "put", "7", r#"{"value":8,"version":4}"#],
    ["versioned-kv", "put", "7", "false"],
    ["versioned-kv", "put", r#"{"value":7,"version":-1}"#, "true"],
    ["versioned-kv", "put-if-version", "7", "true"],
    ["versioned-kv", "delete", "7", "true"],
    ["acked-queue", "nack", "7", "false"],
    ["acked-queue", "peek", "null", "7"],
    ["unique-ids", "generate", "3", "[1,2,3]"],
    ["unique-ids", "read", "null", "7"],
];

#[test]
fn what_an_operation_cannot_mean_is_refused() {
    for &[name, function, input, output] in KNOWN {
        assert!(asked(name, function, input, output).is_ok(), "{name} {function} {input} {output}");
    }
    for &[name, function, input, output] in REFUSED {
        assert!(
            asked(name, function, input, output).is_err(),
            "{name} {function} {input} {output}"
        );
    }
}

#[test]
fn what_a_counter_subtracts_is_negated() {
    let op = |delta, before: Option<i128>| {
        format!("{:?}", counter::Op { delta, before: before.map(Into::into) })
    };
    assert_eq!(asked("counter", "dec", "7", "null").unwrap(), op(-7, None));
    assert_eq!(asked("counter", "decrement", "null", "null").unwrap(), op(-1, None));
    assert_eq!(asked("counter", "dec-and-get", "3", "4").unwrap(), op(-3, Some(7)));
    assert_eq!(asked("counter", "get-and-dec", "null", "4").unwrap(), op(-1, Some(4)));
}

#[test]
fn registers_start_with_values_of_their_own_or_all_with_one() {
    let started = |initial: &str| {
        let mut values = ValueTable::new();
        let initial = crate::formats::json_value(initial, &mut values).unwrap();
        let options = ModelOptions::default();
        let model = AnyModel::by_name("multi-register", Some(initial), options, &values).unwrap();
        let AnyModel::MultiRegister(model) = model else { panic!("another model") };
        (model.initial.len(), model.default == initial, model.default.is_null())
    };
    assert_eq!(started(r#"{"a":1,"b":2}"#), (2, false, true));
    assert_eq!(started("7"), (0, true, false));
    assert_eq!(started("null"), (0, true, true));
}

#[test]
fn an_operation_of_any_model_is_small() {
    assert!(size_of::<AnyOp>() <= 40, "{}", size_of::<AnyOp>());
}

#[test]
fn a_wide_number_is_the_number() {
    for number in [0, 1, -1, i128::MIN, i128::MAX, 1 << 64, -(1 << 64), u64::MAX.into()] {
        assert_eq!(i128::from(counter::Wide::from(number)), number);
    }
}
