//! Small random histories of transactions.

use std::fmt;

/// How a transaction ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Ok,
    Fail,
    Info,
}

/// A micro-operation: on a key, with a value, or with a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Write(usize, i64),
    Append(usize, i64),
    Read(usize, Option<i64>),
    ReadList(usize, Vec<i64>),
}

/// A transaction.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Txn {
    pub(crate) session: i64,
    pub(crate) end: End,
    pub(crate) ops: Vec<Op>,
    pub(crate) call: usize,
    pub(crate) ret: usize,
}

impl fmt::Debug for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Txn { session, end, ops, call, ret } = self;
        write!(f, "s{session} {end:?} {call}-{ret} {ops:?}")
    }
}

/// A generator of numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns up to six transactions on up to three keys, of lists or registers.
    pub(crate) fn transactions(&mut self, is_list: bool) -> Vec<Txn> {
        let n = 2 + self.below(5);
        let sessions = 1 + self.below(n);
        let keys = 1 + self.below(3);
        let trouble = self.once_in(3);
        let mut txns = self.plan(n, sessions, trouble);
        let mut written: Vec<Vec<i64>> = vec![Vec::new(); keys];
        for txn in &mut txns {
            for _ in 0..1 + self.below(3) {
                let key = self.below(keys);
                if self.once_in(2) {
                    let value = written[key].len() as i64 + 1;
                    written[key].push(value);
                    txn.ops.push(if is_list {
                        Op::Append(key, value)
                    } else {
                        Op::Write(key, value)
                    });
                } else {
                    txn.ops.push(if is_list {
                        Op::ReadList(key, Vec::new())
                    } else {
                        Op::Read(key, None)
                    });
                }
            }
        }
        // The order of each list; aborted elements are mostly not in it.
        let mut orders = Vec::new();
        for (key, values) in written.iter().enumerate() {
            let mut order = values.clone();
            for at in (1..order.len()).rev() {
                if self.once_in(2) {
                    order.swap(at, self.below(at + 1));
                }
            }
            let is_aborted = |value: &i64| {
                let wrote =
                    |op: &Op| *op == Op::Append(key, *value) || *op == Op::Write(key, *value);
                txns.iter().any(|txn| txn.end == End::Fail && txn.ops.iter().any(wrote))
            };
            if !(trouble && self.once_in(2)) {
                order.retain(|value| !is_aborted(value));
            }
            orders.push(order);
        }
        for txn in &mut txns {
            self.answer(txn, &orders, trouble);
        }
        txns
    }

    /// Returns transactions without operations, that overlap.
    fn plan(&mut self, n: usize, sessions: usize, trouble: bool) -> Vec<Txn> {
        let mut open: Vec<Option<usize>> = vec![None; sessions];
        let mut is_over = vec![false; sessions];
        let mut txns: Vec<Txn> = Vec::new();
        let mut now = 0;
        while txns.len() < n || open.iter().any(Option::is_some) {
            let session = self.below(sessions);
            now += 1;
            match open[session] {
                Some(t) => {
                    let end = match self.below(if trouble { 4 } else { 12 }) {
                        0 => End::Fail,
                        1 => End::Info,
                        _ => End::Ok,
                    };
                    (txns[t].end, txns[t].ret) = (end, now);
                    // Some clients go on when an outcome is not known.
                    is_over[session] |= end == End::Info && self.once_in(2);
                    open[session] = None;
                }
                None if txns.len() < n && !is_over[session] => {
                    open[session] = Some(txns.len());
                    txns.push(Txn {
                        session: session as i64,
                        end: End::Ok,
                        ops: Vec::new(),
                        call: now,
                        ret: 0,
                    });
                }
                None if is_over.iter().all(|&over| over) => break,
                None => {}
            }
        }
        txns
    }

    /// Fills the reads of a transaction in.
    fn answer(&mut self, txn: &mut Txn, orders: &[Vec<i64>], trouble: bool) {
        let mut held: Vec<Option<Vec<i64>>> = vec![None; orders.len()];
        let mut appended: Vec<Vec<i64>> = vec![Vec::new(); orders.len()];
        for nth in 0..txn.ops.len() {
            let wrong = trouble && self.once_in(8);
            match txn.ops[nth].clone() {
                Op::Write(key, value) => held[key] = Some(vec![value]),
                Op::Append(key, value) => {
                    appended[key].push(value);
                    if let Some(held) = &mut held[key] {
                        held.push(value);
                    }
                }
                Op::Read(key, _) => {
                    let any = |random: &mut Random| {
                        let at = random.below(orders[key].len() + 1);
                        orders[key].get(at).copied()
                    };
                    let value = match &held[key] {
                        Some(held) if !wrong => held.last().copied(),
                        _ => any(self),
                    };
                    held[key] = Some(value.into_iter().collect());
                    txn.ops[nth] = Op::Read(key, value);
                }
                Op::ReadList(key, _) => {
                    let list = match &held[key] {
                        Some(held) if !wrong => held.clone(),
                        _ => self.list(key, &orders[key], &appended[key], wrong),
                    };
                    held[key] = Some(list.clone());
                    txn.ops[nth] = Op::ReadList(key, list);
                }
            }
        }
    }

    /// Returns the start of a list, up to what the transaction itself appended if it did.
    fn list(&mut self, _key: usize, order: &[i64], appended: &[i64], wrong: bool) -> Vec<i64> {
        let own = appended.last().and_then(|last| order.iter().position(|value| value == last));
        let len = match own {
            Some(own) if !wrong => own + 1,
            _ => self.below(order.len() + 1),
        };
        let mut list = order[..len].to_vec();
        if wrong && self.once_in(3) && len > 1 {
            list.swap(0, len - 1);
        }
        if wrong && self.once_in(6) {
            list.push(*order.first().unwrap_or(&99));
        }
        list
    }
}

/// Returns `txns` between others, so many before them and after them, of which each happens when it
/// is invoked.
pub(crate) fn among_others(txns: &[Txn], count: usize) -> Vec<Txn> {
    let mut random = Random::new(count as u64);
    let is_list = txns
        .iter()
        .flat_map(|txn| &txn.ops)
        .any(|op| matches!(op, Op::Append(..) | Op::ReadList(..)));
    let middle = 4 * count + 8;
    let mut all = Vec::with_capacity(txns.len() + 2 * count);
    let mut written: Vec<Vec<i64>> = vec![Vec::new(); 4];
    let mut next = 0;
    for nth in 0..2 * count {
        // Two of three sessions at a time.
        let call = 2 * nth + if nth < count { 0 } else { middle };
        let mut txn = Txn {
            session: 100 + nth as i64 % 3,
            end: End::Ok,
            ops: Vec::new(),
            call,
            ret: call + 5,
        };
        if nth + 3 > count && nth < count {
            txn.ret = call + 1;
        }
        // Lists do not grow for ever.
        if is_list && nth % 40 == 0 {
            written.iter_mut().for_each(Vec::clear);
        }
        for _ in 0..1 + random.below(3) {
            let key = random.below(4);
            let of = &mut written[key];
            let key = 10 + key + if is_list { 4 * (nth / 40) } else { 0 };
            match random.once_in(2) {
                true => {
                    next += 1;
                    of.push(next);
                    txn.ops.push(if is_list {
                        Op::Append(key, next)
                    } else {
                        Op::Write(key, next)
                    });
                }
                false if is_list => txn.ops.push(Op::ReadList(key, of.clone())),
                false => txn.ops.push(Op::Read(key, of.last().copied())),
            }
        }
        all.push(txn);
    }
    let shift = 2 * count + 4;
    let shifted = |txn: &Txn| Txn { call: txn.call + shift, ret: txn.ret + shift, ..txn.clone() };
    all.extend(txns.iter().map(shifted));
    all
}

/// Returns the same transactions with values that are written several times: pairs of values
/// become one.
pub(crate) fn with_repeats(txns: &[Txn]) -> Vec<Txn> {
    let mut txns = txns.to_vec();
    values_of(&mut txns).into_iter().for_each(|(_, value, _)| *value = (*value + 1) / 2);
    txns
}

/// Returns all ways to tell repeated values apart: each read is of one of those who wrote what it
/// returned. None if there are more than so many ways.
pub(crate) fn told_apart(txns: &[Txn], repeated: &[Txn], most: usize) -> Option<Vec<Vec<Txn>>> {
    let mut original = txns.to_vec();
    let written: Vec<(usize, i64)> = values_of(&mut original)
        .into_iter()
        .filter(|(.., is_read)| !is_read)
        .map(|(key, value, _)| (key, *value))
        .collect();
    let mut repeated = repeated.to_vec();
    let choices: Vec<Vec<i64>> = values_of(&mut repeated)
        .into_iter()
        .zip(values_of(&mut original))
        .map(|((key, value, is_read), (_, own, _))| {
            let writers = written.iter().filter(|&&(k, v)| k == key && (v + 1) / 2 == *value);
            let all: Vec<i64> = writers.map(|&(_, value)| value).collect();
            // Who wrote is who it was; what nobody wrote stays so.
            if is_read && !all.is_empty() { all } else { vec![*own] }
        })
        .collect();
    let count = choices.iter().try_fold(1usize, |count, all| count.checked_mul(all.len()))?;
    if count > most {
        return None;
    }
    let way = |mut nth: usize| {
        let mut way = txns.to_vec();
        for ((_, value, _), all) in values_of(&mut way).into_iter().zip(&choices) {
            *value = all[nth % all.len()];
            nth /= all.len();
        }
        way
    };
    Some((0..count).map(way).collect())
}

/// Returns all values with their keys, and whether they were read.
fn values_of(txns: &mut [Txn]) -> Vec<(usize, &mut i64, bool)> {
    let ops = txns.iter_mut().flat_map(|txn| &mut txn.ops);
    let mut values = Vec::new();
    for op in ops {
        match op {
            Op::Write(key, value) | Op::Append(key, value) => values.push((*key, value, false)),
            Op::Read(key, value) => {
                values.extend(value.iter_mut().map(|value| (*key, value, true)))
            }
            Op::ReadList(key, list) => {
                values.extend(list.iter_mut().map(|value| (*key, value, true)))
            }
        }
    }
    values
}
