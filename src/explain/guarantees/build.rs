//! Makes [`Versions`] of operations on tokens.

use rustc_hash::FxHashMap;

use super::versions::{NONE, Op, Saw, Versions, Write};
use crate::explain::access::Access;
use crate::explain::case::Case;
use crate::history::{OpIndex, Span, Value};
use crate::model::{AnyOp, Model, Token};

impl Versions {
    /// The key as versions; `None` if it is no register. O(n).
    pub(crate) fn of(case: &Case<'_>) -> Option<Versions> {
        if !case.model.tokens_suffice() {
            return None;
        }
        let mut model = case.model.clone();
        let ops: Vec<AnyOp> = case.readings.iter().map(|reading| reading.op.clone()).collect();
        model.focus(&ops);
        drop(ops);
        let mut builder = Builder::new(model.token(&model.initial())?);
        for reading in case.readings {
            let facts = model.facts(&reading.op);
            if facts.is_opaque() {
                return None;
            }
            let Access { index, process, span, reads, writes, forbids } =
                Access::of(case.history, reading, &facts);
            builder.add(process, index, span, [reads, forbids, writes]);
        }
        Some(builder.build())
    }
}

/// What is needed to make [`Versions`].
pub(super) struct Builder {
    initial: Token,
    ops: Vec<Op>,
    /// The token that each operation sees or forbids, and the one that it writes.
    tokens: Vec<[Option<Token>; 3]>,
    processes: FxHashMap<Value, u32>,
    is_whole: bool,
}

impl Builder {
    /// An object with the token `initial`, before any operation.
    pub(super) fn new(initial: Token) -> Builder {
        Builder {
            initial,
            ops: Vec::new(),
            tokens: Vec::new(),
            processes: FxHashMap::default(),
            is_whole: true,
        }
    }

    /// Adds an operation, in the order of calls: the tokens that it requires, forbids and writes.
    pub(super) fn add(
        &mut self,
        process: Value,
        index: OpIndex,
        span: Span,
        tokens: [Option<Token>; 3],
    ) {
        let [requires, forbids, writes] = tokens;
        let has_crashed = !span.has_returned();
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
        let next = self.processes.len() as u32;
        let process = *self.processes.entry(process).or_insert(next);
        self.ops.push(Op { index, process, span, saw: Saw::Nothing, write: NONE });
        self.tokens.push(tokens);
    }

    /// The key that the operations make. O(n).
    pub(super) fn build(mut self) -> Versions {
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
