//! The guarantees weaker than linearizability by brute force, straight from the definitions in
//! `docs/GUARANTEES.md`: every order and every choice of what was seen is tried. It shares no code
//! with the checker.

/// An operation on a register; the initial value is 0.
#[derive(Clone, Debug)]
pub struct Op {
    pub process: usize,
    /// Ranks; no return if it crashed.
    pub call: u32,
    pub ret: Option<u32>,
    /// When it was given up, if it crashed.
    pub lost: Option<u32>,
    /// The times of both.
    pub times: [i64; 2],
    pub reads: Option<i64>,
    pub writes: Option<i64>,
    /// A value that it did not find.
    pub not: Option<i64>,
}

impl Op {
    fn is_done(&self) -> bool {
        self.ret.is_some()
    }

    fn asks(&self) -> bool {
        self.reads.is_some() || self.not.is_some()
    }

    fn accepts(&self, value: i64) -> bool {
        self.reads.is_none_or(|seen| seen == value) && self.not.is_none_or(|not| not != value)
    }
}

/// In the order of the public list.
pub const NAMES: [&str; 8] = [
    "sequential",
    "causal",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "regular",
];

/// What is done with an operation in an order.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Out,
    /// Asked and done.
    Full,
    /// Only its write.
    Write,
}

/// Whether an order of the operations exists. Those with a role that returned must be in it, others
/// may; `before[b]` is the set of operations that come before b if they are in it and must be.
fn orders<S: Clone>(
    ops: &[Op],
    roles: &[Role],
    before: &[u32],
    state: &S,
    step: &impl Fn(&S, usize, Role) -> Option<S>,
) -> bool {
    let must: u32 = (0..ops.len())
        .filter(|&at| roles[at] != Role::Out && ops[at].is_done())
        .map(|at| 1 << at)
        .sum();
    extend(roles, before, must, 0, state, step)
}

fn extend<S: Clone>(
    roles: &[Role],
    before: &[u32],
    must: u32,
    placed: u32,
    state: &S,
    step: &impl Fn(&S, usize, Role) -> Option<S>,
) -> bool {
    if must & !placed == 0 {
        return true;
    }
    (0..roles.len()).any(|at| {
        roles[at] != Role::Out
            && placed >> at & 1 == 0
            && before[at] & must & !placed == 0
            && step(state, at, roles[at])
                .is_some_and(|next| extend(roles, before, must, placed | 1 << at, &next, step))
    })
}

fn by_value(ops: &[Op]) -> impl Fn(&i64, usize, Role) -> Option<i64> {
    move |&value, at, role| {
        let op = &ops[at];
        let legal = role == Role::Write || op.accepts(value);
        legal.then(|| op.writes.unwrap_or(value))
    }
}

fn predecessors(count: usize, precedes: impl Fn(usize, usize) -> bool) -> Vec<u32> {
    let of = |b: usize| (0..count).filter(|&a| a != b && precedes(a, b)).map(|a| 1 << a).sum();
    (0..count).map(of).collect()
}

fn session_order(ops: &[Op], a: usize, b: usize) -> bool {
    ops[a].process == ops[b].process && ops[a].is_done() && ops[a].call < ops[b].call
}

fn sequential(ops: &[Op]) -> bool {
    let before = predecessors(ops.len(), |a, b| session_order(ops, a, b));
    orders(ops, &vec![Role::Full; ops.len()], &before, &0, &by_value(ops))
}

/// The operations in the view of a process.
fn view(ops: &[Op], process: usize) -> Vec<Role> {
    let role = |op: &Op| match op {
        op if op.process == process && op.is_done() => Role::Full,
        op if op.writes.is_some() => Role::Write,
        _ => Role::Out,
    };
    ops.iter().map(role).collect()
}

fn processes(ops: &[Op]) -> usize {
    ops.iter().map(|op| op.process + 1).max().unwrap_or(0)
}

fn pram(ops: &[Op]) -> bool {
    let before = predecessors(ops.len(), |a, b| session_order(ops, a, b));
    (0..processes(ops)).all(|process| orders(ops, &view(ops, process), &before, &0, &by_value(ops)))
}

/// What an operation saw.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Source {
    None,
    Initial,
    Write(usize),
    /// A value that cannot have been there.
    Phantom(bool, i64),
}

/// Calls `each` with every choice of what completed operations saw.
fn choices(ops: &[Op], each: &mut impl FnMut(&[Source])) {
    let mut sources = vec![Source::None; ops.len()];
    choose(ops, 0, &mut sources, each);
}

fn choose(ops: &[Op], at: usize, sources: &mut Vec<Source>, each: &mut impl FnMut(&[Source])) {
    let Some(op) = ops.get(at) else { return each(sources) };
    if !op.is_done() || !op.asks() {
        sources[at] = Source::None;
        return choose(ops, at + 1, sources, each);
    }
    let mut any = false;
    if op.accepts(0) {
        any = true;
        sources[at] = Source::Initial;
        choose(ops, at + 1, sources, each);
    }
    for (write, other) in ops.iter().enumerate() {
        let own_later = other.process == op.process && other.call >= op.call;
        if !own_later && other.writes.is_some_and(|value| op.accepts(value)) {
            any = true;
            sources[at] = Source::Write(write);
            choose(ops, at + 1, sources, each);
        }
    }
    if !any {
        sources[at] = Source::Phantom(op.not.is_some(), op.reads.or(op.not).unwrap_or(0));
        choose(ops, at + 1, sources, each);
    }
}

/// The causal order, as a matrix; the diagonal tells cycles.
fn causal_order(ops: &[Op], sources: &[Source]) -> Vec<Vec<bool>> {
    let n = ops.len();
    let mut co: Vec<Vec<bool>> = (0..n)
        .map(|a| {
            (0..n).map(|b| session_order(ops, a, b) || sources[b] == Source::Write(a)).collect()
        })
        .collect();
    for middle in 0..n {
        for a in 0..n {
            for b in 0..n {
                co[a][b] |= co[a][middle] && co[middle][b];
            }
        }
    }
    co
}

fn causal(ops: &[Op], sources: &[Source]) -> bool {
    if sources.iter().any(|source| matches!(source, Source::Phantom(..))) {
        return false;
    }
    let co = causal_order(ops, sources);
    if (0..ops.len()).any(|at| co[at][at]) {
        return false;
    }
    let before = predecessors(ops.len(), |a, b| co[a][b]);
    (0..processes(ops)).all(|process| {
        // A crashed write that nobody saw need not be there; one that somebody saw must be.
        let is_seen = |at: usize| sources.contains(&Source::Write(at));
        let mut sure = ops.to_vec();
        let mut roles = view(ops, process);
        for (at, op) in sure.iter_mut().enumerate() {
            if !op.is_done() {
                if is_seen(at) {
                    op.ret = Some(u32::MAX);
                } else {
                    roles[at] = Role::Out;
                }
            }
        }
        let step = |&latest: &Source, at: usize, role: Role| {
            let legal = role == Role::Write || sources[at] == Source::None || sources[at] == latest;
            legal.then(|| if ops[at].writes.is_some() { Source::Write(at) } else { latest })
        };
        orders(&sure, &roles, &before, &Source::Initial, &step)
    })
}

/// Whether the process of operation `at` knows `what` there: before its own write, or behind it.
fn knows(ops: &[Op], sources: &[Source], at: usize, behind: bool, what: Source) -> bool {
    if what == Source::Initial {
        return true;
    }
    let so = |a: usize, b: usize| session_order(ops, a, b);
    let mut known = Vec::new();
    for other in (0..ops.len()).filter(|&other| other == at || so(other, at)) {
        known.push(sources[other]);
        if ops[other].writes.is_some() && (other != at || behind) {
            known.push(Source::Write(other));
        }
    }
    known.iter().any(|&some| match (what, some) {
        (Source::Write(older), Source::Write(newer)) => older == newer || so(older, newer),
        _ => what == some,
    })
}

/// Read your writes, monotonic reads, monotonic writes, writes follow reads.
fn sessions(ops: &[Op], sources: &[Source]) -> [bool; 4] {
    let n = ops.len();
    let co = causal_order(ops, sources);
    let mut holds = [true, true, true, !(0..n).any(|at| co[at][at])];
    let follows = |older: Source, newer: usize| {
        (0..n).any(|read| {
            let sees = match (older, sources[read]) {
                (Source::Write(older), Source::Write(seen)) => older == seen || co[older][seen],
                (older, seen) => older == seen,
            };
            sees && (read == newer || co[read][newer])
        })
    };
    for first in 0..n {
        for then in (0..n).filter(|&then| session_order(ops, first, then)) {
            let (before, after) = (sources[first], sources[then]);
            if !ops[then].is_done() || after == Source::None {
                continue;
            }
            let is_own = after == Source::Write(first);
            holds[0] &=
                ops[first].writes.is_none() || is_own || !knows(ops, sources, first, false, after);
            if before == Source::None || before == after {
                continue;
            }
            holds[1] &= !knows(ops, sources, first, false, after);
            if let (Source::Write(newer), Source::Write(older)) = (before, after) {
                holds[2] &= !session_order(ops, older, newer);
            }
            if let (Source::Write(newer), true) = (before, after != Source::Initial) {
                holds[3] &= !follows(after, newer);
            }
        }
    }
    holds
}

fn regular(ops: &[Op]) -> bool {
    let is_before = |a: &Op, b: &Op| a.ret.is_some_and(|ret| ret < b.call);
    ops.iter().filter(|op| op.is_done() && op.asks()).all(|read| {
        let replaced = |write: Option<&Op>| {
            ops.iter().any(|other| {
                other.writes.is_some()
                    && is_before(other, read)
                    && write.is_none_or(|write| is_before(write, other))
            })
        };
        read.accepts(0) && !replaced(None)
            || ops.iter().any(|write| {
                write.writes.is_some_and(|value| read.accepts(value))
                    && Some(write.call) < read.ret
                    && !replaced(Some(write))
            })
    })
}

/// All guarantees, in the order of [`NAMES`].
pub fn guarantees(ops: &[Op]) -> [bool; 8] {
    let mut holds = [false; 8];
    holds[0] = sequential(ops);
    holds[2] = pram(ops);
    holds[7] = regular(ops);
    choices(ops, &mut |sources| {
        holds[1] = holds[1] || causal(ops, sources);
        for (nth, held) in sessions(ops, sources).into_iter().enumerate() {
            holds[3 + nth] |= held;
        }
    });
    holds
}

/// The smallest k for which the operations are k-atomic, if there is one.
pub fn smallest_k(ops: &[Op]) -> Option<u64> {
    let before = predecessors(ops.len(), |a, b| ops[a].ret.is_some_and(|ret| ret < ops[b].call));
    (1..=ops.len() + 1)
        .find(|&k| {
            let step = |recent: &Vec<i64>, at: usize, _: Role| {
                let op = &ops[at];
                let latest = recent.len() - 1;
                let from =
                    if op.writes.is_some() { latest } else { recent.len().saturating_sub(k) };
                let legal = recent[from..].iter().any(|&value| op.accepts(value));
                let mut next = recent.clone();
                next.extend(op.writes);
                legal.then_some(next)
            };
            orders(ops, &vec![Role::Full; ops.len()], &before, &vec![0], &step)
        })
        .map(|k| k as u64)
}

/// The smallest time by which reads must have begun earlier, if any is enough.
pub fn smallest_delta(ops: &[Op]) -> Option<i64> {
    let first = ops.iter().map(|op| op.times[0]).min()?;
    let last = ops.iter().map(|op| op.times[0]).max()?;
    (0..=last - first).find(|delta| {
        let call = |op: &Op| {
            let is_read = op.writes.is_none();
            op.times[0] - if is_read { *delta } else { 0 }
        };
        let before =
            predecessors(ops.len(), |a, b| ops[a].is_done() && ops[a].times[1] < call(&ops[b]));
        orders(ops, &vec![Role::Full; ops.len()], &before, &0, &by_value(ops))
    })
}
