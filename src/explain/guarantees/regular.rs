//! Regular registers: each read for itself returns a value that may have been there.
//!
//! As Lamport 1986 defines it for one writer, and in the weak form for several writers (Shao,
//! Welch, Pierce and Lee 2011): a read returns what some write wrote that was called before the
//! read returned, and that no other write certainly replaced before the read was called.

use super::outcome::Outcome;
use super::versions::{OpId, Saw, ValueId, Versions, WriteId};
use crate::history::{Rank, Span};

/// Whether every read may have returned its value by itself; exact, whatever is written how often.
/// O(n log n).
pub(super) fn regular(versions: &Versions) -> Outcome {
    let ends = Ends::of(versions);
    for (at, op) in OpId::below(versions.ops.len()).zip(&versions.ops) {
        if op.is_crashed() {
            continue;
        }
        let source = match op.saw {
            Saw::Nothing => continue,
            Saw::Value(value) => ends.longest_of(value, op.span.ret),
            Saw::Not(value) => ends.longest_but(value, op.span.ret),
        };
        if source.is_none_or(|write| ends.replaced[write].0 < op.span.call) {
            let by = |write: WriteId| versions.writes[write].op;
            let culprits = match source {
                Some(write) => vec![by(write), ends.replaced[write].1, at],
                None => vec![at],
            };
            return Outcome::broken(versions, &culprits);
        }
    }
    Outcome::HOLDS
}

/// Until when the value of each write may have been there.
struct Ends<'a> {
    versions: &'a Versions,
    /// When each write is called, ascending.
    calls: Vec<Rank>,
    /// Of each write, the return of the write that certainly replaced it first, and that operation;
    /// [`Rank::NEVER`] if none did.
    replaced: Vec<(Rank, OpId)>,
    /// Of each writer of a value, in [`Versions::writers`]'s order: which of it and those before
    /// it may be there longest.
    longest: Vec<WriteId>,
    /// The same of all writes; and which may be there longest of those of other values.
    longest_of_all: Vec<[WriteId; 2]>,
}

impl<'a> Ends<'a> {
    fn of(versions: &'a Versions) -> Ends<'a> {
        let real = &versions.writes[..versions.real_writes];
        let span = |op: OpId| match op {
            OpId::NONE => Span { call: Rank::FIRST, ret: Rank::FIRST },
            op => versions.ops[op].span,
        };
        let calls: Vec<Rank> = real.iter().map(|write| span(write.op).call).collect();
        // Of the writes from each on, the one that returns first.
        let mut first_return = vec![(Rank::NEVER, OpId::NONE); real.len() + 1];
        for at in (1..real.len()).rev() {
            let op = real[at].op;
            first_return[at] = first_return[at + 1].min((span(op).ret, op));
        }
        let replaced = |(at, write): (usize, &super::versions::Write)| {
            let ret = span(write.op).ret;
            let later = if at == WriteId::INITIAL.index() {
                1
            } else {
                calls.partition_point(|&c| c < ret)
            };
            first_return[later]
        };
        let replaced: Vec<(Rank, OpId)> = real.iter().enumerate().map(replaced).collect();
        let end = |write: WriteId| replaced[write].0;
        let mut longest = Vec::with_capacity(real.len());
        for value in ValueId::below(versions.values()) {
            let mut best = WriteId::NONE;
            for &write in versions.writers(value) {
                if best == WriteId::NONE || end(write) > end(best) {
                    best = write;
                }
                longest.push(best);
            }
        }
        let mut longest_of_all = Vec::new();
        if versions.ops.iter().any(|op| matches!(op.saw, Saw::Not(_))) {
            let mut best = [WriteId::NONE; 2];
            for (at, write) in WriteId::below(real.len()).zip(real) {
                let value = |write: WriteId| real[write].value;
                if best[0] == WriteId::NONE || end(at) > end(best[0]) {
                    if best[0] != WriteId::NONE && value(best[0]) != write.value {
                        best[1] = best[0];
                    }
                    best[0] = at;
                } else if write.value != value(best[0])
                    && (best[1] == WriteId::NONE || end(at) > end(best[1]))
                {
                    best[1] = at;
                }
                longest_of_all.push(best);
            }
        }
        Ends { versions, calls, replaced, longest, longest_of_all }
    }

    /// Of the writes of `value` called before `until`, the one that may be there longest.
    fn longest_of(&self, value: ValueId, until: Rank) -> Option<WriteId> {
        let writers = self.versions.writers(value);
        let count = writers.partition_point(|&write| self.calls[write] < until);
        let first = self.versions.first_writer(value);
        count.checked_sub(1).map(|last| self.longest[first + last])
    }

    /// Of the writes of other values than `value` called before `until`, that one.
    fn longest_but(&self, value: ValueId, until: Rank) -> Option<WriteId> {
        let count = self.calls.partition_point(|&call| call < until);
        let [best, other] = self.longest_of_all[count.checked_sub(1)?];
        let is_it = |write: WriteId| self.versions.writes[write].value == value;
        let write = if is_it(best) { other } else { best };
        (write != WriteId::NONE).then_some(write)
    }
}
