//! Which levels a small history has, by all orders of its transactions: slow, simple, and without
//! any code of the deciders.
//!
//! Every level says that there is an order of commits, `co`, in which the versions of each key
//! follow each other, so that no read missed what its transaction had to see. What that is makes
//! the level: the conditions are those of Biswas and Enea (OOPSLA 2019), and, for Adya's levels,
//! his dependency graph with the versions ordered by `co`.

use std::collections::BTreeMap;

use histcheck_history::Value;

use super::plain::{End, Op, Txn, transactions};
use crate::Options;
use crate::level::{Base, LEVELS, Level, Ordering};
use crate::table::Transactions;

/// A read of another transaction's version, or of the initial one.
struct Read {
    key: usize,
    source: Option<usize>,
    /// Whether the transaction had written the key.
    is_own: bool,
}

/// A history, looked through.
pub(super) struct Scene {
    n: usize,
    /// The transactions that count, by their numbers in the history.
    kept: Vec<usize>,
    reads: Vec<Vec<Read>>,
    /// The micro-operations by their order, for monotonic view: a read by its number, a write by
    /// its key.
    steps: Vec<Vec<Step>>,
    writes: Vec<Vec<usize>>,
    /// Pairs of transactions that versions order.
    known: Vec<(usize, usize)>,
    session: Vec<(usize, usize)>,
    real_time: Vec<(usize, usize)>,
    /// Whether a transaction may read something else than it wrote.
    allows_internal: bool,
    /// Bases that some read rules out, with all that imply them.
    out: Vec<Base>,
}

enum Step {
    Read(usize),
    Write(usize),
}

/// Returns by level whether a history has it, by all orders of its transactions: of seven at most.
///
/// # Panics
/// If there are more.
pub fn levels(table: &Transactions<'_>, initial: Value) -> Vec<bool> {
    assert!(table.len() <= 7, "the orders of so many transactions are too many");
    let scene = Scene::new(table, &Options { initial, ..Options::default() });
    let mut held = vec![false; LEVELS.len()];
    let mut orders = vec![Vec::new()];
    permutations(scene.n, &mut Vec::new(), &mut orders);
    for order in &orders[1..] {
        let mut at = vec![0; scene.n];
        order.iter().enumerate().for_each(|(place, &t)| at[t] = place);
        for level in Level::all() {
            held[level.index()] |= scene.allows(level, &at);
        }
    }
    for level in Level::all() {
        held[level.index()] &= !scene.is_out(level);
    }
    held
}

fn permutations(n: usize, chosen: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    if chosen.len() == n {
        all.push(chosen.clone());
        return;
    }
    for t in 0..n {
        if !chosen.contains(&t) {
            chosen.push(t);
            permutations(n, chosen, all);
            chosen.pop();
        }
    }
}

/// Returns whether a list has an element several times that was appended once at most.
fn has_duplicates(txns: &[Txn], key: usize, list: &[i64]) -> bool {
    list.iter().any(|&value| {
        let append = Op::Append(key, value);
        let appends = txns.iter().flat_map(|txn| &txn.ops).filter(|&op| *op == append);
        list.iter().filter(|&&other| other == value).count() > 1 && appends.count() < 2
    })
}

type Matrix = Vec<Vec<bool>>;

fn matrix(n: usize, edges: &[(usize, usize)]) -> Matrix {
    let mut matrix = vec![vec![false; n]; n];
    edges.iter().for_each(|&(one, other)| matrix[one][other] = true);
    matrix
}

fn closure(mut reach: Matrix) -> Matrix {
    let n = reach.len();
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                reach[i][j] |= reach[i][k] && reach[k][j];
            }
        }
    }
    reach
}

fn has_cycle(reach: &Matrix) -> bool {
    (0..reach.len()).any(|t| reach[t][t])
}

/// Who comes before whom.
struct Reach<'r> {
    /// By a read, or the order that the level keeps.
    direct: &'r Matrix,
    /// By several of them.
    causal: Matrix,
    /// By overwrites, too.
    all: Matrix,
}

/// Who wrote each value of each key, and whether it was the last write of that transaction.
type Writers = BTreeMap<(usize, i64), (usize, bool)>;

fn writers(txns: &[Txn]) -> Writers {
    let mut writers = Writers::new();
    // Of two that wrote the same value, the one that did not abort counts.
    let is_aborted = |txn: &Txn| txn.end == End::Fail;
    let all = || txns.iter().enumerate();
    let aborted = all().filter(|(_, txn)| is_aborted(txn));
    for (t, txn) in aborted.chain(all().filter(|(_, txn)| !is_aborted(txn))) {
        let mut last: BTreeMap<usize, i64> = BTreeMap::new();
        for op in &txn.ops {
            if let Op::Write(key, value) | Op::Append(key, value) = *op {
                if let Some(before) = last.insert(key, value) {
                    writers.insert((key, before), (t, false));
                }
                writers.insert((key, value), (t, true));
            }
        }
    }
    writers
}

/// Returns the lists that were read of each key, and which transactions some committed read saw.
fn looked_at(txns: &[Txn], writers: &Writers) -> (BTreeMap<usize, Vec<Vec<i64>>>, Vec<bool>) {
    let mut lists: BTreeMap<usize, Vec<Vec<i64>>> = BTreeMap::new();
    let mut seen = vec![false; txns.len()];
    let committed = txns.iter().filter(|txn| txn.end == End::Ok);
    for (txn, nth) in committed.flat_map(|txn| (0..txn.ops.len()).map(move |nth| (txn, nth))) {
        let values = match &txn.ops[nth] {
            Op::Read(key, Some(value)) => vec![(*key, *value)],
            Op::ReadList(key, list) => {
                // What it had appended itself is no version yet.
                let own = |element: &i64| txn.ops[..nth].contains(&Op::Append(*key, *element));
                let end = list.iter().rposition(|element| !own(element)).map_or(0, |at| at + 1);
                lists.entry(*key).or_default().push(list[..end].to_vec());
                list.iter().map(|&value| (*key, value)).collect()
            }
            _ => Vec::new(),
        };
        for place in values {
            if let Some(&(writer, _)) = writers.get(&place) {
                seen[writer] = true;
            }
        }
    }
    (lists, seen)
}

impl Scene {
    /// Looks through a history. O(n²) and more.
    pub(super) fn new(table: &Transactions<'_>, options: &Options) -> Scene {
        let txns = &transactions(table, options)[..];
        let writers = writers(txns);
        let (mut lists, seen) = looked_at(txns, &writers);
        let counts = |t: usize| txns[t].end == End::Ok || txns[t].end == End::Info && seen[t];
        let kept: Vec<usize> = (0..txns.len()).filter(|&t| counts(t)).collect();
        let number = |t: usize| kept.iter().position(|&other| other == t);
        let mut scene = Scene {
            n: kept.len(),
            kept: kept.clone(),
            reads: Vec::new(),
            steps: Vec::new(),
            writes: Vec::new(),
            known: Vec::new(),
            session: Vec::new(),
            real_time: Vec::new(),
            allows_internal: options.allows_internal,
            out: Vec::new(),
        };
        for (&key, reads) in &mut lists {
            reads.sort_by_key(Vec::len);
            scene.check_list(key, reads, txns);
            scene.order_list(key, reads, (txns, &writers), &number);
        }
        scene.known.retain(|&(one, other)| one != other);
        for &t in &kept {
            scene.look_through(t, txns, &writers, &number);
        }
        for (one, &a) in kept.iter().enumerate() {
            for (other, &b) in kept.iter().enumerate() {
                let (first, second) = (&txns[a], &txns[b]);
                if a != b && first.end == End::Ok && first.ret < second.call {
                    scene.real_time.push((one, other));
                    if first.session == second.session {
                        scene.session.push((one, other));
                    }
                }
            }
        }
        scene
    }

    /// Looks for what is wrong with the reads of a list, which are sorted by their lengths.
    fn check_list(&mut self, key: usize, reads: &[Vec<i64>], txns: &[Txn]) {
        for list in reads {
            if has_duplicates(txns, key, list) {
                self.out.push(Base::ReadUncommitted);
            }
            for txn in txns.iter().filter(|txn| txn.end != End::Fail) {
                let append = |op: &Op| match *op {
                    Op::Append(k, value) if k == key => Some(value),
                    _ => None,
                };
                let own: Vec<i64> = txn.ops.iter().filter_map(append).collect();
                let mut shown = list.iter().filter(|value| own.contains(value));
                if own.iter().any(|value| shown.next().is_some_and(|other| other != value)) {
                    self.out.push(Base::ReadCommitted);
                }
            }
        }
        if reads.windows(2).any(|pair| !pair[1].starts_with(&pair[0])) {
            self.out.push(Base::ReadCommitted);
        }
    }

    /// Takes the order of the versions of a list from the longest of its reads.
    fn order_list(
        &mut self,
        key: usize,
        reads: &[Vec<i64>],
        (txns, writers): (&[Txn], &Writers),
        number: &dyn Fn(usize) -> Option<usize>,
    ) {
        let most = reads.last().map_or(0, Vec::len);
        let Some(longest) = reads.iter().find(|list| list.len() == most) else { return };
        let mut aborted = false;
        for &element in longest {
            match writers.get(&(key, element)).map(|&(t, _)| txns[t].end) {
                Some(End::Fail) => aborted = true,
                Some(End::Ok) if aborted => self.out.push(Base::ReadCommitted),
                _ => {}
            }
        }
        let of = |element: &i64| number(writers.get(&(key, *element))?.0);
        let chain: Vec<usize> = longest.iter().filter_map(of).collect();
        self.known.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
        if let Some(&last) = chain.last() {
            for (&(k, element), &(t, _)) in writers {
                if k == key && !longest.contains(&element) {
                    self.known.extend(number(t).map(|t| (last, t)));
                }
            }
        }
    }

    /// Collects the reads and writes of a transaction, and what is wrong with its reads.
    fn look_through(
        &mut self,
        t: usize,
        txns: &[Txn],
        writers: &Writers,
        number: &dyn Fn(usize) -> Option<usize>,
    ) {
        let txn = &txns[t];
        let (mut reads, mut steps, mut writes) = (Vec::new(), Vec::new(), Vec::new());
        // What is known of each key: its list, or its end; whether it was written.
        let mut values: BTreeMap<usize, (Vec<i64>, bool, bool)> = BTreeMap::new();
        for (nth, op) in txn.ops.iter().enumerate() {
            match op {
                Op::Write(key, value) => {
                    values.insert(*key, (vec![*value], true, true));
                    writes.push(*key);
                    steps.push(Step::Write(*key));
                }
                Op::Append(key, value) => {
                    let entry = values.entry(*key).or_insert((Vec::new(), false, true));
                    entry.0.push(*value);
                    entry.2 = true;
                    writes.push(*key);
                    steps.push(Step::Write(*key));
                }
                Op::Read(..) | Op::ReadList(..) if txn.end != End::Ok => {}
                Op::Read(key, value) => {
                    let list: Vec<i64> = value.iter().copied().collect();
                    self.look_at(
                        t,
                        (nth, *key, &list),
                        txns,
                        (writers, number),
                        &mut values,
                        &mut reads,
                        &mut steps,
                    );
                }
                Op::ReadList(key, list) => {
                    self.look_at(
                        t,
                        (nth, *key, list),
                        txns,
                        (writers, number),
                        &mut values,
                        &mut reads,
                        &mut steps,
                    );
                }
            }
        }
        writes.sort_unstable();
        writes.dedup();
        self.reads.push(reads);
        self.steps.push(steps);
        self.writes.push(writes);
    }

    #[allow(clippy::too_many_arguments, clippy::type_complexity)]
    fn look_at(
        &mut self,
        t: usize,
        (nth, key, list): (usize, usize, &Vec<i64>),
        txns: &[Txn],
        (writers, number): (&Writers, &dyn Fn(usize) -> Option<usize>),
        values: &mut BTreeMap<usize, (Vec<i64>, bool, bool)>,
        reads: &mut Vec<Read>,
        steps: &mut Vec<Step>,
    ) {
        let wrote = values.get(&key).is_some_and(|value| value.2);
        if let Some((held, is_whole, wrote)) = values.get(&key) {
            let fits = if *is_whole { list == held } else { list.ends_with(held) };
            let is_allowed = *wrote && self.allows_internal;
            if !fits && !is_allowed {
                let bases = [Base::ReadAtomic, Base::RepeatableRead];
                let bases: &[Base] = if *wrote { &[Base::MonotonicAtomicView] } else { &bases };
                self.out.extend(bases);
            }
        }
        values.insert(key, (list.clone(), true, wrote));
        for &element in list {
            let later = |op: &Op| *op == Op::Write(key, element) || *op == Op::Append(key, element);
            if txns[t].ops[nth..].iter().any(later) && !txns[t].ops[..nth].iter().any(later) {
                self.out.push(Base::ReadCommitted);
            }
            match writers.get(&(key, element)) {
                None => self.out.push(Base::ReadCommitted),
                Some(&(writer, _)) if txns[writer].end == End::Fail => {
                    self.out.push(Base::ReadCommitted);
                }
                _ => {}
            }
        }
        if has_duplicates(txns, key, list) {
            self.out.push(Base::ReadUncommitted);
        }
        // What a list held before the transaction appended to it.
        let own = |element: &i64| txns[t].ops[..nth].contains(&Op::Append(key, *element));
        let end = list.iter().rposition(|element| !own(element)).map_or(0, |at| at + 1);
        let list = &list[..end];
        let last = list.last().and_then(|&element| writers.get(&(key, element)));
        if let Some(&(writer, is_final)) = last
            && writer != t
            && !is_final
        {
            self.out.push(Base::ReadCommitted);
        }
        let is_list = matches!(txns[t].ops[nth], Op::ReadList(..));
        if wrote && !is_list {
            return;
        }
        let source = match list.last() {
            None => None,
            Some(_) => match last.and_then(|&(writer, _)| number(writer)) {
                Some(source) => Some(source),
                // Its level is ruled out already.
                None => return,
            },
        };
        steps.push(Step::Read(reads.len()));
        reads.push(Read { key, source, is_own: wrote });
    }

    /// Returns whether some read rules a level out whatever the order.
    pub(super) fn is_out(&self, level: Level) -> bool {
        self.out.iter().any(|&base| level.base().implies(base))
    }

    /// Returns whether an order of commits, given by the position of each transaction of the
    /// history, makes a level true.
    pub(super) fn is_held(&self, level: Level, positions: &[u32]) -> bool {
        let at: Vec<usize> = self.kept.iter().map(|&t| positions[t] as usize).collect();
        !self.is_out(level) && self.allows(level, &at)
    }

    /// Returns whether the order of commits `at` makes the level true, as far as reads do not rule
    /// it out whatever the order.
    fn allows(&self, level: Level, at: &[usize]) -> bool {
        let n = self.n;
        if self.known.iter().any(|&(one, other)| at[one] >= at[other]) {
            return false;
        }
        let order: &[(usize, usize)] = match level.ordering() {
            Ordering::None => &[],
            Ordering::Session => &self.session,
            Ordering::RealTime => &self.real_time,
        };
        if order.iter().any(|&(one, other)| at[one] >= at[other]) {
            return false;
        }
        if level.base() == Base::ReadUncommitted {
            return true;
        }
        let mut wr = vec![vec![false; n]; n];
        for (t, reads) in self.reads.iter().enumerate() {
            for source in reads.iter().filter_map(|read| read.source).filter(|&source| source != t)
            {
                wr[source][t] = true;
            }
        }
        let all = || (0..n).flat_map(|one| (0..n).map(move |other| (one, other)));
        if all().any(|(one, other)| wr[one][other] && at[one] >= at[other]) {
            return false;
        }
        let mut direct = matrix(n, order);
        all().for_each(|(one, other)| direct[one][other] |= wr[one][other]);
        if level.base() == Base::UpdateSerializable {
            return self.updates_serialize(&wr, at);
        }
        let mut dependency = direct.clone();
        for (one, other) in all() {
            dependency[one][other] |= at[one] < at[other] && self.share_a_key(one, other);
        }
        let reach =
            Reach { direct: &direct, causal: closure(direct.clone()), all: closure(dependency) };
        let base = level.base();
        for (t, reads) in self.reads.iter().enumerate() {
            for (nth, read) in reads.iter().enumerate() {
                for seen in (0..n).filter(|&seen| seen != t && read.source != Some(seen)) {
                    let is_later = read.source.is_none_or(|source| at[source] < at[seen]);
                    if self.writes[seen].contains(&read.key)
                        && is_later
                        && self.sees(base, (seen, t, nth), at, &reach)
                    {
                        return false;
                    }
                }
            }
        }
        level.base() != Base::CursorStability && level.base() != Base::UpdateAtomic
            || !self.loses_update()
    }

    /// Returns whether `seen` has to be seen by the read `nth` of `t`.
    fn sees(
        &self,
        base: Base,
        (seen, t, nth): (usize, usize, usize),
        at: &[usize],
        reach: &Reach<'_>,
    ) -> bool {
        let before = |one: usize| at[seen] <= at[one];
        let mut all = 0..self.n;
        match base {
            Base::ReadUncommitted | Base::ReadCommitted | Base::CursorStability => false,
            Base::UpdateSerializable => false,
            Base::MonotonicAtomicView => {
                self.reads[t][..nth].iter().any(|read| read.source == Some(seen))
            }
            Base::MonotonicView => {
                let depended = self.depended(t, nth, at);
                depended.iter().any(|&one| one == seen || reach.all[seen][one])
            }
            Base::MonotonicSnapshotRead => self.reads[t][..=nth]
                .iter()
                .filter_map(|read| read.source)
                .any(|source| source != t && before(source)),
            Base::ReadAtomic => reach.direct[seen][t],
            Base::UpdateAtomic => {
                reach.direct[seen][t] || at[seen] < at[t] && self.share_a_key(seen, t)
            }
            Base::Causal => reach.causal[seen][t],
            Base::ConsistentView
            | Base::ForwardConsistentView
            | Base::ParallelSnapshotIsolation => reach.all[seen][t],
            Base::Prefix => all.any(|one| reach.direct[one][t] && before(one)),
            Base::SnapshotIsolation => {
                let wrote = |one: usize| at[one] < at[t] && self.share_a_key(one, t);
                all.any(|one| (reach.direct[one][t] || wrote(one)) && before(one))
            }
            Base::RepeatableRead | Base::Serializable => at[seen] < at[t],
        }
    }

    fn share_a_key(&self, one: usize, other: usize) -> bool {
        self.writes[one].iter().any(|key| self.writes[other].contains(key))
    }

    /// Returns whom a transaction depended on before its read `nth`: whom it had read from, and
    /// whose versions it had replaced.
    fn depended(&self, t: usize, nth: usize, at: &[usize]) -> Vec<usize> {
        let mut all = Vec::new();
        for step in &self.steps[t] {
            match *step {
                Step::Read(other) if other == nth => break,
                Step::Read(other) => all.extend(self.reads[t][other].source.filter(|&s| s != t)),
                Step::Write(key) => {
                    let wrote = |&one: &usize| self.writes[one].contains(&key) && at[one] < at[t];
                    all.extend((0..self.n).filter(wrote));
                }
            }
        }
        all
    }

    /// Returns whether two transactions read the same version of a key that both write.
    fn loses_update(&self) -> bool {
        (0..self.n).any(|one| {
            (0..one).any(|other| {
                let first = |t: usize, key: usize| {
                    let first = self.reads[t].iter().find(|read| read.key == key);
                    first.filter(|read| !read.is_own).map(|read| read.source)
                };
                let both = self.writes[one].iter().filter(|key| self.writes[other].contains(key));
                both.copied()
                    .any(|key| first(one, key).is_some() && first(one, key) == first(other, key))
            })
        })
    }

    /// Returns whether the transactions that write, and each other one with them, have a graph
    /// without a cycle, if versions follow the order `at`.
    fn updates_serialize(&self, wr: &Matrix, at: &[usize]) -> bool {
        let n = self.n;
        let mut graph = wr.clone();
        for one in 0..n {
            for other in (0..n).filter(|&other| other != one) {
                let common = self.writes[one].iter().any(|key| self.writes[other].contains(key));
                graph[one][other] |= common && at[one] < at[other];
                let misses = |read: &Read| {
                    self.writes[other].contains(&read.key)
                        && read.source != Some(other)
                        && read.source.is_none_or(|source| at[source] < at[other])
                };
                graph[one][other] |= self.reads[one].iter().any(misses);
            }
        }
        let readers = (0..n).filter(|&t| self.writes[t].is_empty());
        readers.map(Some).chain([None]).all(|reader| {
            let counts = |t: usize| !self.writes[t].is_empty() || Some(t) == reader;
            let mut part = graph.clone();
            for (one, row) in part.iter_mut().enumerate() {
                for (other, edge) in row.iter_mut().enumerate() {
                    *edge &= counts(one) && counts(other);
                }
            }
            !has_cycle(&closure(part))
        })
    }
}
