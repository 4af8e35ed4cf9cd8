//! The guarantees of clients where values repeat: a read may have seen one write or another.
//!
//! Such a guarantee holds if it holds for *some* choice of what each operation saw. Reads that have
//! a choice only add to what must hold, so what is broken without them is broken for every choice.
//! What is kept by a good guess is kept. Between the two, all choices are tried if they are few.

use super::causal::{Causality, causality};
use super::contraction::sequential;
use super::outcome::Outcome;
use super::sessions::{Sessions, sessions};
use super::versions::{LaneId, OpId, ProcessId, Saw, Versions, Write, WriteId};
use crate::check::Meter;
use crate::history::Rank;

/// All choices are tried if they are so many operations at most, in all.
const OPERATIONS: usize = 1 << 19;

/// The guarantees of clients, in the order of [`Guarantee::ALL`](super::Guarantee::ALL), which
/// regularity ends; `None` for what is not known.
pub(super) type Graded = [Option<Outcome>; 7];

/// Which guarantees of clients hold. Exact where every value that somebody saw was written once;
/// O(n·p) then, for p processes.
pub(super) fn grade(versions: &Versions, meter: &Meter) -> Graded {
    let (certain, open) = versions.certain_sources();
    let mut graded = evaluate(versions, &certain, meter);
    if open.is_empty() {
        return graded;
    }
    for outcome in &mut graded {
        outcome.take_if(|outcome| outcome.holds);
    }
    let latest = latest(versions, &certain, &open);
    let nearest = nearest(versions, &certain, &latest);
    for guess in [latest, nearest] {
        if graded.iter().all(Option::is_some) {
            return graded;
        }
        keep(&mut graded, &evaluate(versions, &guess, meter));
    }
    if graded.iter().any(Option::is_none) {
        try_all(versions, certain, &open, &mut graded, meter);
    }
    graded
}

/// Takes over what is known to hold.
fn keep(graded: &mut Graded, other: &Graded) {
    for (outcome, other) in graded.iter_mut().zip(other) {
        if outcome.is_none() && other.as_ref().is_some_and(|other| other.holds) {
            *outcome = Some(Outcome::HOLDS);
        }
    }
}

/// Which guarantees hold if the operations saw what `sources` says.
fn evaluate(versions: &Versions, sources: &[WriteId], meter: &Meter) -> Graded {
    // Sessions, and the order of all.
    meter.work(2 * versions.ops.len());
    let Sessions { pram, read_your_writes, monotonic_reads, monotonic_writes } =
        sessions(versions, sources);
    let (causal, writes_follow_reads) = match causality(versions, sources, meter) {
        Some(Causality { causal, writes_follow_reads }) => {
            (Some(causal), Some(writes_follow_reads))
        }
        None => (None, None),
    };
    [
        Some(sequential(versions, sources)),
        causal,
        Some(pram),
        Some(read_your_writes),
        Some(monotonic_reads),
        Some(monotonic_writes),
        writes_follow_reads,
    ]
}

/// The guess that each operation saw the write called last before it returned.
fn latest(versions: &Versions, certain: &[WriteId], open: &[OpId]) -> Vec<WriteId> {
    let mut sources = certain.to_vec();
    for &at in open {
        if let Saw::Value(value) = versions.ops[at].saw {
            sources[at] = versions.last_source(at, value).unwrap_or(WriteId::NONE);
            continue;
        }
        let until = versions.ops[at].span.ret;
        let mut best = WriteId::NONE;
        let mut looks = 0;
        versions.sources(at, |write| {
            let by = versions.writes[write].op;
            let call = versions.ops.get(by.index()).map_or(Rank::FIRST, |op| op.span.call);
            if call < until || best == WriteId::NONE {
                best = write;
            }
            looks += 1;
            call < until && looks < 10_000
        });
        sources[at] = best;
    }
    sources
}

/// The guess that each process sees what is new to it only when it has to, and then what was called
/// first; where that fails, what `otherwise` says. O(n·p) for p processes.
fn nearest(versions: &Versions, certain: &[WriteId], otherwise: &[WriteId]) -> Vec<WriteId> {
    let mut sources = certain.to_vec();
    let mut reader = Reader {
        versions,
        known: vec![(ProcessId::NONE, 0); versions.lanes],
        passed: vec![(ProcessId::NONE, 0); versions.values()],
    };
    for process in ProcessId::below(versions.processes) {
        let mut latest = WriteId::INITIAL;
        for &at in versions.own(process) {
            let op = &versions.ops[at];
            let source = &mut sources[at];
            if *source == WriteId::NONE && op.saw != Saw::Nothing {
                *source = reader.source(at, latest).unwrap_or(otherwise[at]);
            }
            if op.is_crashed() {
                continue;
            }
            for write in [*source, op.write].into_iter().filter(|&write| write != WriteId::NONE) {
                reader.learn(process, write);
                latest = write;
            }
        }
    }
    sources
}

/// A process that guesses what it saw.
struct Reader<'a> {
    versions: &'a Versions,
    /// How far a process knows each lane.
    known: Vec<(ProcessId, u32)>,
    /// How many of each value's writers it knows, from the first on.
    passed: Vec<(ProcessId, usize)>,
}

impl Reader<'_> {
    /// What the operation at `at` saw, if `latest` is the latest version for its process.
    fn source(&mut self, at: OpId, latest: WriteId) -> Option<WriteId> {
        let versions = self.versions;
        let op = &versions.ops[at];
        let Saw::Value(value) = op.saw else { return None };
        if op.is_crashed() {
            return None;
        }
        if versions.writes[latest].value == value {
            return Some(latest);
        }
        let writers = versions.writers(value);
        let (of, passed) = self.passed[value];
        let mut first = if of == op.process { passed } else { 0 };
        while writers.get(first).is_some_and(|&write| self.knows(op.process, write)) {
            first += 1;
        }
        self.passed[value] = (op.process, first);
        let fits = |&write: &WriteId| {
            let by = versions.writes[write].op;
            by < at || by != at && versions.ops[by].process != op.process
        };
        writers.get(first).copied().filter(fits)
    }

    fn knows(&self, process: ProcessId, write: WriteId) -> bool {
        let Write { lane, position, .. } = self.versions.writes[write];
        // The initial value has no lane.
        let (of, upto) = self.known.get(lane.index()).copied().unwrap_or((process, 0));
        of == process && position <= upto
    }

    fn learn(&mut self, process: ProcessId, write: WriteId) {
        let Write { lane, position, process: by, before, .. } = self.versions.writes[write];
        for (lane, upto) in [(lane, position), (LaneId::of(by), before)] {
            if let Some(known) = self.known.get_mut(lane.index()) {
                *known = (process, if known.0 == process { known.1.max(upto) } else { upto });
            }
        }
    }
}

/// Tries all choices, if they are few. What holds for none does not hold.
fn try_all(
    versions: &Versions,
    mut sources: Vec<WriteId>,
    open: &[OpId],
    graded: &mut Graded,
    meter: &Meter,
) {
    let mut choices: Vec<Vec<WriteId>> = Vec::new();
    let mut work = versions.ops.len();
    for &at in open {
        let mut some = Vec::new();
        let is_all = versions.sources(at, |write| {
            some.push(write);
            some.len() <= OPERATIONS
        });
        work = work.saturating_mul(some.len());
        if !is_all || work > OPERATIONS {
            return;
        }
        choices.push(some);
    }
    let mut fewest = [usize::MAX; 7];
    let mut is_known = [true; 7];
    let mut chosen = vec![0; open.len()];
    loop {
        if meter.poll().is_err() || graded.iter().all(Option::is_some) {
            return;
        }
        for ((&at, some), &nth) in open.iter().zip(&choices).zip(&chosen) {
            sources[at] = some[nth];
        }
        let found = evaluate(versions, &sources, meter);
        keep(graded, &found);
        for (nth, outcome) in found.iter().enumerate() {
            is_known[nth] &= outcome.is_some();
            let processes = outcome.as_ref().map_or(usize::MAX, |outcome| outcome.processes);
            fewest[nth] = fewest[nth].min(processes);
        }
        let Some(next) = (0..open.len()).find(|&nth| chosen[nth] + 1 < choices[nth].len()) else {
            break;
        };
        chosen[..next].fill(0);
        chosen[next] += 1;
    }
    for (nth, outcome) in graded.iter_mut().enumerate() {
        if outcome.is_none() && is_known[nth] {
            let processes = fewest[nth];
            *outcome = Some(Outcome { holds: false, broken_by: Vec::new(), processes });
        }
    }
}
