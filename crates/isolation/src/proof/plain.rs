//! Transactions as plain data for the oracle: what each did, how it ended, and when.

use histcheck_history::{OpIndex, Outcome, Value};

use crate::Options;
use crate::table::{Access, KeyKind, Micro, Transactions};

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Ok,
    Fail,
    Info,
}

/// A micro-operation: on a key, with a value, or with a list; values by their handles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Write(usize, i64),
    Append(usize, i64),
    Read(usize, Option<i64>),
    ReadList(usize, Vec<i64>),
}

/// A transaction.
pub(super) struct Txn {
    pub(super) session: u32,
    pub(super) end: End,
    pub(super) ops: Vec<Op>,
    pub(super) call: usize,
    /// When it completed, if it did.
    pub(super) ret: usize,
}

/// Returns the transactions of a history. Where the last elements of lists alone count, lists are
/// registers.
pub(super) fn transactions(table: &Transactions<'_>, options: &Options) -> Vec<Txn> {
    let by_last = options.by_last_element;
    let values = table.history.values();
    let number = |value: Value| i64::from(value.handle());
    let op = |micro: &Micro| {
        let key = micro.key as usize;
        match (micro.access, table.kinds[key]) {
            (Access::Write, _) => Op::Write(key, number(micro.value)),
            (Access::Append, _) if by_last => Op::Write(key, number(micro.value)),
            (Access::Append, _) => Op::Append(key, number(micro.value)),
            (Access::Read, KeyKind::Register) => {
                Op::Read(key, (micro.value != options.initial).then(|| number(micro.value)))
            }
            (Access::Read, KeyKind::List) => {
                let items = values.as_list(micro.value).unwrap_or(&[]);
                if by_last {
                    return Op::Read(key, items.last().map(|&item| number(item)));
                }
                Op::ReadList(key, items.iter().map(|&item| number(item)).collect())
            }
        }
    };
    let transaction = |t: u32| {
        let span = table.history.span(OpIndex::new(t as usize));
        Txn {
            session: table.session(t),
            end: match table.outcome(t) {
                Outcome::Ok => End::Ok,
                Outcome::Fail => End::Fail,
                Outcome::Info | Outcome::Open => End::Info,
            },
            ops: table.micros(t).iter().map(op).collect(),
            call: span.call.index(),
            ret: span.ret.index(),
        }
    };
    table.all().map(transaction).collect()
}
