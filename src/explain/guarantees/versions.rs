//! A key as versions of one value: who wrote each, and which of them each operation may have seen.
//!
//! Guarantees of clients (see `docs/GUARANTEES.md`) know no real time: all that counts is the order
//! in which each process called its operations.

use crate::history::hash::Map;
use crate::history::{OpIndex, Rank, Span, position};

position! {
    /// The position of an operation in [`Versions::ops`].
    pub(crate) struct OpId;
}

impl OpId {
    /// No operation.
    pub(crate) const NONE: OpId = OpId::MAX;
}

position! {
    /// The position of a write in [`Versions::writes`].
    pub(crate) struct WriteId;
}

impl WriteId {
    /// No write.
    pub(crate) const NONE: WriteId = WriteId::MAX;

    /// The write that made the value before the first operation.
    pub(crate) const INITIAL: WriteId = WriteId::new(0);
}

position! {
    /// The number of a value.
    pub(crate) struct ValueId;
}

impl ValueId {
    /// No value.
    pub(crate) const NONE: ValueId = ValueId::MAX;
}

position! {
    /// The number of a process.
    pub(crate) struct ProcessId;
}

impl ProcessId {
    /// No process.
    pub(crate) const NONE: ProcessId = ProcessId::MAX;
}

position! {
    /// The number of a lane: see [`Write::lane`].
    pub(crate) struct LaneId;
}

impl LaneId {
    /// No lane.
    pub(crate) const NONE: LaneId = LaneId::MAX;

    /// The lane of the completed writes of `process`; none for no process.
    #[inline]
    pub(crate) const fn of(process: ProcessId) -> LaneId {
        LaneId::new(process.index())
    }
}

/// The search for the writes that an operation may have seen ends after so many that it cannot
/// have: those that its process calls later.
const MISFITS: usize = 1_000;

/// What an operation saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Saw {
    /// It does not tell.
    Nothing,
    /// This value.
    Value(ValueId),
    /// Any value but this one.
    Not(ValueId),
}

/// An operation on the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    /// Its index in the history.
    pub(crate) index: OpIndex,
    /// Its process, counted from 0.
    pub(crate) process: ProcessId,
    /// Its place in real time.
    pub(crate) span: Span,
    /// What it saw; of a crashed one, what it must have seen if it took effect.
    pub(crate) saw: Saw,
    /// The write that it is; [`WriteId::NONE`] if it leaves the value.
    pub(crate) write: WriteId,
}

impl Op {
    /// Whether it never returned, and may have had its effect or not.
    pub(crate) fn is_crashed(&self) -> bool {
        !self.span.has_returned()
    }
}

/// A version of the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    /// The operation; [`OpId::NONE`] for the initial value, and for a value that was seen and never
    /// written, which counts as written by a process of its own.
    pub(crate) op: OpId,
    /// The value.
    pub(crate) value: ValueId,
    /// The process whose completed writes `before` counts.
    pub(crate) process: ProcessId,
    /// How many completed writes of its process come before it.
    pub(crate) before: u32,
    /// The writes of a lane come one after the other. Each process has one for those that
    /// completed; every other write has a lane of its own, for nothing comes after it.
    pub(crate) lane: LaneId,
    /// Its place in its lane, from 1.
    pub(crate) position: u32,
}

/// A key as versions.
#[derive(Debug)]
pub(crate) struct Versions {
    /// All operations that tell or change something, in the order of their calls.
    pub(crate) ops: Vec<Op>,
    /// All writes; the initial value's first, then the operations' in their order, then those of
    /// values that nobody wrote.
    pub(crate) writes: Vec<Write>,
    /// How many writes somebody did: all but those of values that nobody wrote.
    pub(crate) real_writes: usize,
    /// How many processes there are.
    pub(crate) processes: usize,
    /// How many lanes.
    pub(crate) lanes: usize,
    /// Whether every completed operation's tale is told by what it saw and wrote.
    pub(crate) is_whole: bool,
    /// The operations of process `p`: `own[own_starts[p]..own_starts[p + 1]]`.
    pub(super) own: Vec<OpId>,
    pub(super) own_starts: Vec<u32>,
    /// The writes of value `v`, likewise, in the order of their calls.
    pub(super) writers: Vec<WriteId>,
    pub(super) writer_starts: Vec<u32>,
    /// The writes of values that nobody wrote: what was seen (or, if true, not seen) instead.
    pub(super) phantoms: Map<(bool, ValueId), WriteId>,
}

impl Versions {
    /// The operations of `process`, in its order; those that crashed among them.
    pub(crate) fn own(&self, process: ProcessId) -> &[OpId] {
        slice(&self.own, &self.own_starts, process.index())
    }

    /// How many values there are.
    pub(crate) fn values(&self) -> usize {
        self.writer_starts.len() - 1
    }

    /// The writes of value `value`, in the order of their calls.
    pub(crate) fn writers(&self, value: ValueId) -> &[WriteId] {
        slice(&self.writers, &self.writer_starts, value.index())
    }

    /// Where [`Versions::writers`] of `value` start, if those of all values follow each other.
    pub(crate) fn first_writer(&self, value: ValueId) -> usize {
        self.writer_starts[value] as usize
    }

    /// Whether the operation at `at` may have seen `write`, if that has the value that it saw.
    fn may_see(&self, at: OpId, write: WriteId) -> bool {
        let op = &self.ops[at];
        let Write { op: by, value, .. } = self.writes[write];
        match op.saw {
            Saw::Not(unseen) if value == unseen => false,
            Saw::Not(_) if by == OpId::NONE => write == WriteId::INITIAL,
            _ if by == OpId::NONE => true,
            _ if by == at => false,
            _ => op.is_crashed() || by < at || self.ops[by].process != op.process,
        }
    }

    /// The write called last before the operation at `at` returned, of those that it may have seen;
    /// or the first of them if all were called later. O(log n) but for own writes in between.
    pub(crate) fn last_source(&self, at: OpId, value: ValueId) -> Option<WriteId> {
        let until = self.ops[at].span.ret;
        let call = |write: WriteId| {
            let by = self.writes[write].op;
            self.ops.get(by.index()).map_or(Rank::FIRST, |op| op.span.call)
        };
        let writers = self.writers(value);
        let (before, later) = writers.split_at(writers.partition_point(|&at| call(at) < until));
        let may_see = |&write: &WriteId| self.may_see(at, write);
        let last = before.iter().rev().copied().find(may_see);
        last.or_else(|| later.iter().copied().find(may_see))
    }

    /// Calls `each` with the writes that the operation at `at` may have seen, in the order of their
    /// calls, until it returns false. No process sees what it has not yet written itself.
    ///
    /// False if the search was given up, as far too many writes do not fit.
    pub(crate) fn sources(&self, at: OpId, mut each: impl FnMut(WriteId) -> bool) -> bool {
        let op = &self.ops[at];
        let fits = |write: WriteId| self.may_see(at, write);
        let mut misfits = 0;
        let mut look = |write: WriteId| {
            if fits(write) {
                return each(write);
            }
            misfits += 1;
            misfits < MISFITS
        };
        match op.saw {
            Saw::Nothing => {}
            Saw::Value(value) => {
                let _ = self.writers(value).iter().all(|&write| look(write));
            }
            Saw::Not(_) => {
                let _ = WriteId::below(self.writes.len()).all(&mut look);
            }
        }
        misfits < MISFITS
    }

    /// The initial value's number.
    pub(crate) fn initial_value(&self) -> ValueId {
        self.writes[WriteId::INITIAL].value
    }

    /// When it is certain that each write had taken effect, by the time `ret` at which each
    /// operation returned: when it returned, or somebody who saw its value. Only values that were
    /// written once tell whose they are. O(n).
    pub(crate) fn proofs<T: Ord + Copy>(&self, ret: impl Fn(OpId) -> Option<T>) -> Vec<Option<T>> {
        let real = &self.writes[..self.real_writes];
        let mut proofs: Vec<Option<T>> = real.iter().map(|write| ret(write.op)).collect();
        for (at, op) in OpId::below(self.ops.len()).zip(&self.ops) {
            let (Saw::Value(value), Some(ret)) = (op.saw, ret(at)) else { continue };
            if let &[write] = self.writers(value) {
                let proof = &mut proofs[write];
                *proof = Some(proof.map_or(ret, |known| known.min(ret)));
            }
        }
        proofs
    }

    /// Whether write `write` is of a value that nobody wrote.
    pub(crate) fn is_phantom(&self, write: WriteId) -> bool {
        write != WriteId::NONE && write != WriteId::INITIAL && self.writes[write].op == OpId::NONE
    }
}

fn slice<'a, T>(all: &'a [T], starts: &[u32], at: usize) -> &'a [T] {
    &all[starts[at] as usize..starts[at + 1] as usize]
}

impl Versions {
    /// The first two writes that the operation at `at` may have seen, [`WriteId::NONE`] for what is
    /// not. Where they are hard to find, they are two.
    pub(super) fn first_sources(&self, at: OpId) -> [WriteId; 2] {
        let mut found = [WriteId::NONE; 2];
        let mut count = 0;
        let is_sure = self.sources(at, |write| {
            found[count] = write;
            count += 1;
            count < 2
        });
        if is_sure { found } else { [WriteId::INITIAL; 2] }
    }

    /// What each operation saw where there is no choice, [`WriteId::NONE`] elsewhere; and the
    /// operations that may have seen one write or another. Of crashed ones too, if they took
    /// effect.
    pub(crate) fn certain_sources(&self) -> (Vec<WriteId>, Vec<OpId>) {
        let mut sources = vec![WriteId::NONE; self.ops.len()];
        let mut open = Vec::new();
        for (at, op) in OpId::below(self.ops.len()).zip(&self.ops) {
            let key = match op.saw {
                Saw::Nothing => continue,
                Saw::Value(value) => (false, value),
                Saw::Not(value) => (true, value),
            };
            match self.first_sources(at) {
                [WriteId::NONE, _] => {
                    sources[at] = self.phantoms.get(&key).copied().unwrap_or(WriteId::NONE);
                }
                [only, WriteId::NONE] => sources[at] = only,
                _ => open.push(at),
            }
        }
        (sources, open)
    }
}
