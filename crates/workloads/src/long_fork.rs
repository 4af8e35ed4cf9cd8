//! `long-fork`: keys are written once each, and reads return groups of keys. Reads of one group
//! have to agree on the order of its writes: of any two, one saw all that the other saw.
//!
//! The states that reads of a group return form a chain if, sorted by how many keys have a value,
//! each has the values of the one before it. So a group takes O(n log n), not a comparison of all
//! pairs.

use histcheck_history::vocabulary::{Verb, micro_operation};
use histcheck_history::{Value, sort};

use crate::Options;
use crate::object::{NONE, Numbers, Object, Op};
use crate::report::{Anomaly, Findings, say};

/// Two reads that disagree.
pub(crate) static LONG_FORK: Anomaly = Anomaly {
    name: "long-fork",
    definition: "Of two reads of the same keys, each saw a write that the other did not see: they \
                 disagree on which of the two came first.",
    violates: true,
};

pub(crate) static ANOMALIES: &[&Anomaly] = &[&LONG_FORK];

/// A read of a group.
struct Read<'o> {
    op: &'o Op,
    /// The keys with their values, sorted by key.
    state: Vec<(Value, Value)>,
}

impl Read<'_> {
    fn keys(&self) -> impl Iterator<Item = Value> {
        self.state.iter().map(|pair| pair.0)
    }

    fn seen(&self) -> usize {
        self.state.iter().filter(|pair| !pair.1.is_null()).count()
    }
}

/// Checks all groups. O(n log n).
pub(crate) fn check(object: &Object<'_>, options: &Options, findings: &mut Findings) {
    let mut writes = Numbers::new(object.ops.len());
    let mut written: Vec<(Value, &Op)> = Vec::new();
    let is_written_twice = object.ops.iter().filter(|op| op.invoked != NONE).find_map(|op| {
        let (key, value) = written_by(object, op.input)?;
        if writes.of(key) < written.len() {
            return Some((op, key));
        }
        written.push((value, op));
        None
    });
    let mut reads = Vec::new();
    for op in object.ops.iter().filter(|op| op.is_ok()) {
        if let Some(state) = state(object, op.output) {
            reads.push(Read { op, state });
        }
    }
    findings.count("reads", reads.len());
    findings.count("early-reads", reads.iter().filter(|read| read.seen() == 0).count());
    let is_late = |read: &&Read<'_>| read.seen() == read.state.len();
    findings.count("late-reads", reads.iter().filter(is_late).count());
    if let Some((op, key)) = is_written_twice {
        let why = ": this check needs keys that are written once";
        let start = say![op.process(), " wrote ", key, " a second time ", op.called()];
        return findings.undecided([start, say![why]].concat());
    }
    let mut illegal = Illegal { writes: &mut writes, written: &written, findings };
    let size = options.group_size.or_else(|| reads.first().map(|read| read.state.len()));
    reads.retain(|read| !illegal.has_other_size(read, size) && !illegal.reads_wrongly(read));
    sort_by_group(&mut reads);
    for group in reads.chunk_by(|one, other| one.keys().eq(other.keys())) {
        check_group(group, findings);
    }
}

/// Reads of the same keys come together, and of these, those that saw less before others. Reads
/// keep their order otherwise.
fn sort_by_group(reads: &mut [Read<'_>]) {
    sort::by(reads, Read::seen);
    reads.sort_by(|one, other| one.keys().cmp(other.keys()));
}

/// What makes a history none that this check can judge.
struct Illegal<'a, 'o> {
    writes: &'a mut Numbers,
    written: &'a [(Value, &'o Op)],
    findings: &'a mut Findings,
}

impl Illegal<'_, '_> {
    fn has_other_size(&mut self, read: &Read<'_>, size: Option<usize>) -> bool {
        let Some(size) = size.filter(|&size| size != read.state.len()) else { return false };
        let start = say![read.op.process(), " read ", read.state.len(), " keys "];
        let end = say![read.op.returned(), ", but a group has ", size];
        self.findings.undecided([start, end].concat());
        true
    }

    /// Whether it read another value than the only one that was written, if any was.
    fn reads_wrongly(&mut self, read: &Read<'_>) -> bool {
        for &(key, value) in read.state.iter().filter(|pair| !pair.1.is_null()) {
            let write = self.writes.find(key).and_then(|number| self.written.get(number));
            let Some((written, _)) = write.filter(|write| write.0 != value) else { continue };
            let start = say![read.op.process(), " read ", value, " from ", key, " "];
            let end = say![read.op.returned(), ", where only ", *written, " was written"];
            self.findings.undecided([start, end].concat());
            return true;
        }
        false
    }
}

/// Checks reads of one group, sorted by how many values they saw.
fn check_group(group: &[Read<'_>], findings: &mut Findings) {
    for pair in group.windows(2) {
        let [one, other] = pair else { continue };
        let both = || one.state.iter().zip(&other.state);
        let differs = both().find(|(a, b)| a.1 != b.1 && !a.1.is_null() && !b.1.is_null());
        if let Some((a, b)) = differs {
            let values = say!["reads return ", a.1, " and ", b.1, " from ", a.0];
            let why = ": this check needs keys that are written once";
            return findings.undecided([values, say![why]].concat());
        }
        let Some((lost, _)) = both().find(|(a, b)| b.1.is_null() && !a.1.is_null()) else {
            continue;
        };
        let Some((_, gained)) = both().find(|(a, b)| a.1.is_null() && !b.1.is_null()) else {
            continue;
        };
        findings.add(&LONG_FORK, || {
            let saw = |read: &Read<'_>, seen: Value, unseen: Value| {
                let start =
                    say![read.op.process(), " saw the write of ", seen, " and not that of "];
                [start, say![unseen, " ", read.op.returned()]].concat()
            };
            let [first, second] = [saw(one, lost.0, gained.0), saw(other, gained.0, lost.0)];
            let sentence = [first, say![", but "], second].concat();
            (vec![other.op.index, one.op.index], vec![lost.0, gained.0], sentence)
        });
    }
}

/// The key and the value of a transaction that writes one key.
fn written_by(object: &Object<'_>, value: Value) -> Option<(Value, Value)> {
    let &[only] = object.values().as_list(value)? else { return None };
    let (verb, key, value) = micro(object, only)?;
    (verb == Verb::Write).then_some((key, value))
}

/// The keys and values of a transaction that reads only, sorted by key, each once.
fn state(object: &Object<'_>, value: Value) -> Option<Vec<(Value, Value)>> {
    let items = object.values().as_list(value).filter(|items| !items.is_empty())?;
    let mut state = Vec::with_capacity(items.len());
    for &item in items {
        let (verb, key, value) = micro(object, item)?;
        if verb != Verb::Read {
            return None;
        }
        state.push((key, value));
    }
    sort::by(&mut state, |pair| pair.0);
    state.dedup_by_key(|pair| pair.0);
    Some(state)
}

/// What a micro-operation does, its key, and its value.
fn micro(object: &Object<'_>, item: Value) -> Option<(Verb, Value, Value)> {
    let &[name, key, value] = object.values().as_list(item)? else { return None };
    Some((micro_operation(object.values().as_name(name)?)?, key, value))
}
