//! A key as versions of one value: who wrote each, and which of them each operation may have seen.
//!
//! Guarantees of clients (see `docs/GUARANTEES.md`) know no real time: all that counts is the order
//! in which each process called its operations.

use rustc_hash::FxHashMap;

use crate::explain::case::Case;
use crate::history::{NEVER, Span, Value};
use crate::model::{Establishes, Facts, Model, Token};

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
    pub(crate) index: u32,
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
        self.span.ret == NEVER
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
    own: Vec<u32>,
    own_starts: Vec<u32>,
    /// The writes of value `v`, likewise, in the order of their calls.
    writers: Vec<u32>,
    writer_starts: Vec<u32>,
    /// The writes of values that nobody wrote: what was seen (or, if true, not seen) instead.
    phantoms: FxHashMap<(bool, u32), u32>,
}

impl Versions {
    /// The key as versions; `None` if it is no register. O(n).
    pub(crate) fn of<M: Model>(case: &Case<'_, M>) -> Option<Versions> {
        if !case.model.tokens_suffice() {
            return None;
        }
        let mut model = case.model.clone();
        let ops: Vec<M::Op> = case.readings.iter().map(|reading| reading.op.clone()).collect();
        model.focus(&ops);
        drop(ops);
        let mut builder = Builder::new(model.token(&model.initial())?);
        for reading in case.readings {
            let Facts { pure, requires, forbids, establishes, .. } = model.facts(&reading.op);
            let writes = match establishes {
                _ if pure => None,
                Establishes::Token(token) => Some(token),
                Establishes::Same => None,
                Establishes::Unknown => return None,
            };
            let process = case.process(reading.index);
            builder.add(process, reading.index, reading.span, [requires, forbids, writes]);
        }
        Some(builder.build())
    }

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

/// What is needed to make [`Versions`].
struct Builder {
    initial: Token,
    ops: Vec<Op>,
    /// The token that each operation sees or forbids, and the one that it writes.
    tokens: Vec<[Option<Token>; 3]>,
    processes: FxHashMap<Value, u32>,
    is_whole: bool,
}

impl Builder {
    fn new(initial: Token) -> Builder {
        Builder {
            initial,
            ops: Vec::new(),
            tokens: Vec::new(),
            processes: FxHashMap::default(),
            is_whole: true,
        }
    }

    fn add(&mut self, process: Value, index: u32, span: Span, tokens: [Option<Token>; 3]) {
        let [requires, forbids, writes] = tokens;
        let has_crashed = span.ret == NEVER;
        if writes.is_none() && has_crashed {
            return;
        }
        // An operation that is legal in some states only, and does not say in which, or that both
        // writes and forbids.
        let told = requires.is_some() || forbids.is_some() || writes.is_some();
        self.is_whole &= told && (forbids.is_none() || requires.is_none() && writes.is_none());
        if !told {
            return;
        }
        let process = match self.processes.len() as u32 {
            next => *self.processes.entry(process).or_insert(next),
        };
        self.ops.push(Op { index, process, span, saw: Saw::Nothing, write: NONE });
        self.tokens.push(tokens);
    }

    fn build(mut self) -> Versions {
        let Numbered { written, seen, all } = self.number_values();
        let (own_starts, own) = grouped(self.processes.len(), self.ops.iter().map(|op| op.process));
        let has_negatives = self.ops.iter().any(|op| matches!(op.saw, Saw::Not(_)));
        let mut versions = Versions {
            writes: Vec::new(),
            real_writes: 0,
            processes: self.processes.len(),
            lanes: self.processes.len(),
            is_whole: self.is_whole,
            own,
            own_starts,
            writers: Vec::new(),
            writer_starts: Vec::new(),
            phantoms: FxHashMap::default(),
            ops: self.ops,
        };
        versions.add_writes(&written, if has_negatives { all } else { seen });
        let values = versions.writes.iter().map(|write| write.value);
        (versions.writer_starts, versions.writers) = grouped(all as usize, values);
        versions.real_writes = versions.writes.len();
        versions.add_phantoms();
        versions
    }

    /// Gives values dense numbers, the initial value 0; those that somebody asks for come first.
    /// Those that nobody asks for all differ: nobody could tell.
    fn number_values(&mut self) -> Numbered {
        let mut ids: FxHashMap<Token, u32> = FxHashMap::default();
        ids.insert(self.initial, 0);
        for (op, &[requires, forbids, _]) in self.ops.iter_mut().zip(&self.tokens) {
            let mut id = |token: Token| {
                let next = ids.len() as u32;
                *ids.entry(token).or_insert(next)
            };
            op.saw = match (requires, forbids) {
                (Some(token), _) => Saw::Value(id(token)),
                (None, Some(token)) => Saw::Not(id(token)),
                (None, None) => Saw::Nothing,
            };
        }
        let seen = ids.len() as u32;
        let mut all = seen;
        let written = |&[_, _, writes]: &[Option<Token>; 3]| match writes {
            None => NONE,
            Some(token) => ids.get(&token).copied().unwrap_or_else(|| {
                all += 1;
                all - 1
            }),
        };
        Numbered { written: self.tokens.iter().map(written).collect(), seen, all }
    }
}

/// Values by number.
struct Numbered {
    /// The value that each operation writes, or [`NONE`].
    written: Vec<u32>,
    /// Those below are asked for.
    seen: u32,
    /// How many there are.
    all: u32,
}

impl Versions {
    /// Makes the writes: the initial value's, and that of each operation that writes a value. Of
    /// crashed ones only those of a value below `wanted` get a lane, as nobody sees the others.
    fn add_writes(&mut self, written: &[u32], wanted: u32) {
        let mut before = vec![0; self.processes];
        self.writes.push(self.virtual_write(0));
        for (at, (op, &value)) in self.ops.iter_mut().zip(written).enumerate() {
            if value == NONE {
                continue;
            }
            op.write = self.writes.len() as u32;
            let count = &mut before[op.process as usize];
            let mut write = Write {
                op: at as u32,
                value,
                process: op.process,
                before: *count,
                lane: op.process,
                position: *count + 1,
            };
            if !op.is_crashed() {
                *count += 1;
            } else if value < wanted {
                (write.lane, write.position) = (self.lanes as u32, 1);
                self.lanes += 1;
            } else {
                (write.lane, write.position) = (NONE, 1);
            }
            self.writes.push(write);
        }
    }

    fn virtual_write(&self, value: u32) -> Write {
        Write { op: NONE, value, process: NONE, before: 0, lane: NONE, position: 0 }
    }

    /// Makes writes for values that were seen and cannot have been.
    fn add_phantoms(&mut self) {
        for at in 0..self.ops.len() as u32 {
            let saw = self.ops[at as usize].saw;
            if saw == Saw::Nothing || self.first_sources(at)[0] != NONE {
                continue;
            }
            let key = match saw {
                Saw::Not(value) => (true, value),
                Saw::Value(value) => (false, value),
                Saw::Nothing => continue,
            };
            if !self.phantoms.contains_key(&key) {
                let lane = self.lanes as u32;
                let write = Write { lane, position: 1, ..self.virtual_write(NONE) };
                self.phantoms.insert(key, self.writes.len() as u32);
                self.writes.push(write);
                self.lanes += 1;
            }
        }
    }

    /// The first two writes that the operation at `at` may have seen, [`NONE`] for what is not.
    /// Where they are hard to find, they are two.
    fn first_sources(&self, at: u32) -> [u32; 2] {
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

/// Numbers `0..` grouped by `group`: where each of `groups` groups starts, and their members.
fn grouped(groups: usize, group: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0; groups + 1];
    for at in group.clone() {
        starts[at as usize + 1] += 1;
    }
    for at in 0..groups {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut members = vec![0; starts[groups] as usize];
    for (member, at) in group.enumerate() {
        members[next[at as usize] as usize] = member as u32;
        next[at as usize] += 1;
    }
    (starts, members)
}
