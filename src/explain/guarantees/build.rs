//! Makes [`Versions`] of operations on tokens.

use super::versions::{LaneId, Op, OpId, ProcessId, Saw, ValueId, Versions, Write, WriteId};
use crate::explain::access::Access;
use crate::explain::case::Case;
use crate::history::hash::Map;
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
    processes: Map<Value, ProcessId>,
    is_whole: bool,
}

impl Builder {
    /// An object with the token `initial`, before any operation.
    pub(super) fn new(initial: Token) -> Builder {
        Builder {
            initial,
            ops: Vec::new(),
            tokens: Vec::new(),
            processes: Map::default(),
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
        let next = ProcessId::new(self.processes.len());
        let process = *self.processes.entry(process).or_insert(next);
        self.ops.push(Op { index, process, span, saw: Saw::Nothing, write: WriteId::NONE });
        self.tokens.push(tokens);
    }

    /// The key that the operations make. O(n).
    pub(super) fn build(mut self) -> Versions {
        let Numbered { written, seen, all } = self.number_values();
        let (own_starts, own) =
            grouped(self.processes.len(), self.ops.iter().map(|op| op.process.index()), OpId::new);
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
            phantoms: Map::default(),
            ops: self.ops,
        };
        versions.add_writes(&written, if has_negatives { all } else { seen });
        let values = versions.writes.iter().map(|write| write.value.index());
        (versions.writer_starts, versions.writers) = grouped(all, values, WriteId::new);
        versions.real_writes = versions.writes.len();
        versions.add_phantoms();
        versions
    }

    /// Gives values dense numbers, the initial value 0; those that somebody asks for come first.
    /// Those that nobody asks for all differ: nobody could tell.
    fn number_values(&mut self) -> Numbered {
        let mut ids: Map<Token, ValueId> = Map::default();
        ids.insert(self.initial, ValueId::default());
        for (op, &[requires, forbids, _]) in self.ops.iter_mut().zip(&self.tokens) {
            let mut id = |token: Token| {
                let next = ValueId::new(ids.len());
                *ids.entry(token).or_insert(next)
            };
            op.saw = match (requires, forbids) {
                (Some(token), _) => Saw::Value(id(token)),
                (None, Some(token)) => Saw::Not(id(token)),
                (None, None) => Saw::Nothing,
            };
        }
        let seen = ids.len();
        let mut all = seen;
        let written = |&[_, _, writes]: &[Option<Token>; 3]| match writes {
            None => ValueId::NONE,
            Some(token) => ids.get(&token).copied().unwrap_or_else(|| {
                all += 1;
                ValueId::new(all - 1)
            }),
        };
        Numbered { written: self.tokens.iter().map(written).collect(), seen, all }
    }
}

/// Values by number.
struct Numbered {
    /// The value that each operation writes, or [`ValueId::NONE`].
    written: Vec<ValueId>,
    /// Those below are asked for.
    seen: usize,
    /// How many there are.
    all: usize,
}

impl Versions {
    /// Makes the writes: the initial value's, and that of each operation that writes a value. Of
    /// crashed ones only those of a value below `wanted` get a lane, as nobody sees the others.
    fn add_writes(&mut self, written: &[ValueId], wanted: usize) {
        let mut before = vec![0; self.processes];
        self.writes.push(self.virtual_write(ValueId::default()));
        for (at, (op, &value)) in OpId::below(written.len()).zip(self.ops.iter_mut().zip(written)) {
            if value == ValueId::NONE {
                continue;
            }
            op.write = WriteId::new(self.writes.len());
            let count = &mut before[op.process];
            let mut write = Write {
                op: at,
                value,
                process: op.process,
                before: *count,
                lane: LaneId::of(op.process),
                position: *count + 1,
            };
            if !op.is_crashed() {
                *count += 1;
            } else if value.index() < wanted {
                (write.lane, write.position) = (LaneId::new(self.lanes), 1);
                self.lanes += 1;
            } else {
                (write.lane, write.position) = (LaneId::NONE, 1);
            }
            self.writes.push(write);
        }
    }

    fn virtual_write(&self, value: ValueId) -> Write {
        let (op, process, lane) = (OpId::NONE, ProcessId::NONE, LaneId::NONE);
        Write { op, value, process, before: 0, lane, position: 0 }
    }

    /// Makes writes for values that were seen and cannot have been.
    fn add_phantoms(&mut self) {
        for at in OpId::below(self.ops.len()) {
            let saw = self.ops[at].saw;
            if saw == Saw::Nothing || self.first_sources(at)[0] != WriteId::NONE {
                continue;
            }
            let key = match saw {
                Saw::Not(value) => (true, value),
                Saw::Value(value) => (false, value),
                Saw::Nothing => continue,
            };
            if !self.phantoms.contains_key(&key) {
                let lane = LaneId::new(self.lanes);
                let write = Write { lane, position: 1, ..self.virtual_write(ValueId::NONE) };
                self.phantoms.insert(key, WriteId::new(self.writes.len()));
                self.writes.push(write);
                self.lanes += 1;
            }
        }
    }
}

/// Numbers `0..` grouped by `group`: where each of `groups` groups starts, and their members, each
/// made by `member`.
fn grouped<T: Clone>(
    groups: usize,
    group: impl Iterator<Item = usize> + Clone,
    member: impl Fn(usize) -> T,
) -> (Vec<u32>, Vec<T>) {
    let mut starts = vec![0; groups + 1];
    for at in group.clone() {
        starts[at + 1] += 1;
    }
    for at in 0..groups {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut members = vec![member(0); starts[groups] as usize];
    for (nth, at) in group.enumerate() {
        members[next[at] as usize] = member(nth);
        next[at] += 1;
    }
    (starts, members)
}
