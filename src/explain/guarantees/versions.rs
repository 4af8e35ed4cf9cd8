//! A key as versions of one value: who wrote each, and which of them each operation may have seen.
//!
//! Guarantees of clients (see `docs/GUARANTEES.md`) know no real time: all that counts is the order
//! in which each process called its operations.

use rustc_hash::FxHashMap;

use crate::history::{OpIndex, Span};

/// No write, no operation, no process.
pub(crate) const NONE: u32 = u32::MAX;

/// The write that made the value before the first operation.
pub(crate) const INITIAL: u32 = 0;

/// The search for the writes that an operation may have seen ends after so many that it cannot
/// have: those that its process calls later.
const MISFITS: usize = 1_000;

/// What an operation saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Saw {
    /// It does not tell.
    Nothing,
    /// This value.
    Value(u32),
    /// Any value but this one.
    Not(u32),
}

/// An operation on the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    /// Its index in the history.
    pub(crate) index: OpIndex,
    /// Its process, counted from 0.
    pub(crate) process: u32,
    /// Its place in real time.
    pub(crate) span: Span,
    /// What it saw; of a crashed one, what it must have seen if it took effect.
    pub(crate) saw: Saw,
    /// The write that it is; [`NONE`] if it leaves the value.
    pub(crate) write: u32,
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
    /// The operation (a position); [`NONE`] for the initial value, and for a value that was seen
    /// and never written, which counts as written by a process of its own.
    pub(crate) op: u32,
    /// The value.
    pub(crate) value: u32,
    /// The process whose completed writes `before` counts.
    pub(crate) process: u32,
    /// How many completed writes of its process come before it.
    pub(crate) before: u32,
    /// The writes of a lane come one after the other. Each process has one for those that
    /// completed; every other write has a lane of its own, for nothing comes after it.
    pub(crate) lane: u32,
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
    pub(super) own: Vec<u32>,
    pub(super) own_starts: Vec<u32>,
    /// The writes of value `v`, likewise, in the order of their calls.
    pub(super) writers: Vec<u32>,
    pub(super) writer_starts: Vec<u32>,
    /// The writes of values that nobody wrote: what was seen (or, if true, not seen) instead.
    pub(super) phantoms: FxHashMap<(bool, u32), u32>,
}

impl Versions {
    /// The operations of `process`, in its order; those that crashed among them.
    pub(crate) fn own(&self, process: u32) -> &[u32] {
        slice(&self.own, &self.own_starts, process)
    }

    /// How many values there are.
    pub(crate) fn values(&self) -> u32 {
        self.writer_starts.len() as u32 - 1
    }

    /// The writes of value `value`, in the order of their calls.
    pub(crate) fn writers(&self, value: u32) -> &[u32] {
        slice(&self.writers, &self.writer_starts, value)
    }

    /// Where [`Versions::writers`] of `value` start, if those of all values follow each other.
    pub(crate) fn first_writer(&self, value: u32) -> usize {
        self.writer_starts[value as usize] as usize
    }

    /// Calls `each` with the writes that the operation at `at` may have seen, in the order of their
    /// calls, until it returns false. No process sees what it has not yet written itself.
    ///
    /// False if the search was given up, as far too many writes do not fit.
    pub(crate) fn sources(&self, at: u32, mut each: impl FnMut(u32) -> bool) -> bool {
        let op = &self.ops[at as usize];
        let fits = |write: u32| {
            let Write { op: by, value, .. } = self.writes[write as usize];
            match op.saw {
                Saw::Not(unseen) if value == unseen => false,
                Saw::Not(_) if by == NONE => write == INITIAL,
                _ if by == NONE => true,
                _ if by == at => false,
                _ => op.is_crashed() || by < at || self.ops[by as usize].process != op.process,
            }
        };
        let mut misfits = 0;
        let mut look = |write: u32| {
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
                let _ = (0..self.writes.len() as u32).all(&mut look);
            }
        }
        misfits < MISFITS
    }

    /// The initial value's number.
    pub(crate) fn initial_value(&self) -> u32 {
        self.writes[INITIAL as usize].value
    }

    /// When it is certain that each write had taken effect, by the time `ret` at which each
    /// operation returned: when it returned, or somebody who saw its value. Only values that were
    /// written once tell whose they are. O(n).
    pub(crate) fn proofs<T: Ord + Copy>(&self, ret: impl Fn(u32) -> Option<T>) -> Vec<Option<T>> {
        let real = &self.writes[..self.real_writes];
        let mut proofs: Vec<Option<T>> = real.iter().map(|write| ret(write.op)).collect();
        for (at, op) in (0..).zip(&self.ops) {
            let (Saw::Value(value), Some(ret)) = (op.saw, ret(at)) else { continue };
            if let &[write] = self.writers(value) {
                let proof = &mut proofs[write as usize];
                *proof = Some(proof.map_or(ret, |known| known.min(ret)));
            }
        }
        proofs
    }

    /// Whether write `write` is of a value that nobody wrote.
    pub(crate) fn is_phantom(&self, write: u32) -> bool {
        write != NONE && write != INITIAL && self.writes[write as usize].op == NONE
    }
}

fn slice<'a>(all: &'a [u32], starts: &[u32], at: u32) -> &'a [u32] {
    &all[starts[at as usize] as usize..starts[at as usize + 1] as usize]
}

impl Versions {
    /// The first two writes that the operation at `at` may have seen, [`NONE`] for what is not.
    /// Where they are hard to find, they are two.
    pub(super) fn first_sources(&self, at: u32) -> [u32; 2] {
        let mut found = [NONE; 2];
        let mut count = 0;
        let is_sure = self.sources(at, |write| {
            found[count] = write;
            count += 1;
            count < 2
        });
        if is_sure { found } else { [INITIAL; 2] }
    }

    /// What each operation saw where there is no choice, [`NONE`] elsewhere; and the operations
    /// that may have seen one write or another. Of crashed ones too, if they took effect.
    pub(crate) fn certain_sources(&self) -> (Vec<u32>, Vec<u32>) {
        let mut sources = vec![NONE; self.ops.len()];
        let mut open = Vec::new();
        for (at, op) in (0..).zip(&self.ops) {
            let key = match op.saw {
                Saw::Nothing => continue,
                Saw::Value(value) => (false, value),
                Saw::Not(value) => (true, value),
            };
            match self.first_sources(at) {
                [NONE, _] => {
                    sources[at as usize] = self.phantoms.get(&key).copied().unwrap_or(NONE);
                }
                [only, NONE] => sources[at as usize] = only,
                _ => open.push(at),
            }
        }
        (sources, open)
    }
}
