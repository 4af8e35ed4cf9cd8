//! What rules out the levels that a history has not: for each of them an anomaly, and each anomaly
//! once.

use crate::anomaly::{Class, Evidence, Found, Kind, Place, Step, Why};
use crate::core;
use crate::cycles::{Knots, Pattern, Search, explained, why};
use crate::decide::Status;
use crate::derived::Derived;
use crate::edges::Orders;
use crate::facts::Facts;
use crate::level::{Base, Level, Ordering};
use crate::weak::{self, Forced, Sight};

/// How much work all searches for cycles may take together, in edges looked at.
const SEARCH: u64 = 24_000_000;

/// One search may take such a part of what is left.
const PART: u64 = 4;

/// Returns the anomalies of a history, the worst first.
pub(crate) fn explain(facts: &Facts<'_, '_>, orders: &Orders, statuses: &[Status]) -> Vec<Found> {
    let is_out = |level: Level| statuses[level.index()] == Status::RuledOut;
    let mut found = facts.found.clone();
    if !Level::all().any(is_out) {
        found.sort_by_key(|found| found.kind.severity());
        return found;
    }
    let mut work = SEARCH;
    let has_real_time = facts.table.history.has_real_time();
    for ordering in [Ordering::None, Ordering::Session, Ordering::RealTime] {
        let is_open = |level: Level| {
            is_out(level)
                && level.ordering() == ordering
                && !found.iter().any(|found| found.rules_out.contains(&level))
        };
        let is_known = ordering != Ordering::RealTime || has_real_time;
        if is_known && (ordering == Ordering::None || Level::all().any(is_open)) {
            let derived = Derived::new(facts, orders, ordering);
            let scene = Scene { facts, orders, ordering, derived: &derived };
            scene.find_cycles(&is_out, &mut found, &mut work);
        }
    }
    for (sight, ordering, kind) in [
        (Sight::Earlier, Ordering::None, Kind::NonMonotonicRead(Ordering::None)),
        (Sight::Earlier, Ordering::Session, Kind::NonMonotonicRead(Ordering::Session)),
        (Sight::Direct, Ordering::None, Kind::FracturedRead(Ordering::None)),
        (Sight::Direct, Ordering::Session, Kind::FracturedRead(Ordering::Session)),
        (Sight::Transitive, Ordering::None, Kind::CausalityViolation(Ordering::None)),
        (Sight::Transitive, Ordering::Session, Kind::CausalityViolation(Ordering::Session)),
    ] {
        if !is_explained(&found, kind, &is_out)
            && let weak::Outcome::Cycle(forced) = weak::decide(facts, orders, sight, ordering)
        {
            found.extend(of_forced(facts, orders, kind, ordering, &forced));
        }
    }
    for level in Level::all().filter(|&level| is_out(level)) {
        let is_shown = |found: &[Found]| found.iter().any(|found| found.rules_out.contains(&level));
        if is_shown(&found) {
            continue;
        }
        let Some(kept) = core::part(facts, orders, level) else { continue };
        if kept.len() < facts.len() {
            find_cycles_of_part(facts, &kept, level, &is_out, &mut found, &mut work);
        }
        if is_shown(&found) {
            continue;
        }
        let core = core::core(facts, kept, level);
        match found.iter_mut().find(|found| found.evidence == core.evidence) {
            Some(found) => found.rules_out.extend(core.rules_out),
            None => found.push(core),
        }
    }
    found.sort_by_key(|found| found.kind.severity());
    found
}

/// Finds cycles of some transactions, of which more can be derived than of many.
fn find_cycles_of_part(
    facts: &Facts<'_, '_>,
    kept: &[u32],
    level: Level,
    is_out: &dyn Fn(Level) -> bool,
    found: &mut Vec<Found>,
    work: &mut u64,
) {
    let table = facts.table.part(kept);
    let part = facts.restricted(&table, kept);
    let (orders, ordering) = (Orders::new(&part), level.ordering());
    let derived = Derived::new(&part, &orders, ordering);
    let scene = Scene { facts: &part, orders: &orders, ordering, derived: &derived };
    let before = found.len();
    scene.find_cycles(is_out, found, work);
    let new: Vec<Found> = found.drain(before..).collect();
    found.extend(new.into_iter().map(|found| core::renumbered(found, kept)));
}

/// Where cycles are looked for.
struct Scene<'s, 't, 'h> {
    facts: &'s Facts<'t, 'h>,
    orders: &'s Orders,
    ordering: Ordering,
    derived: &'s Derived,
}

impl Scene<'_, '_, '_> {
    /// Finds a smallest cycle of each class that was not found yet, and for levels that no class
    /// rules out.
    fn find_cycles(&self, is_out: &dyn Fn(Level) -> bool, found: &mut Vec<Found>, work: &mut u64) {
        let knots = Knots::new(self.facts, self.orders, self.ordering, self.derived);
        // What is derived rests on reads, which a level without read committed does not.
        let by_writes = match self.derived.is_empty() {
            true => None,
            false => {
                let none = Derived::default();
                Some(Knots::new(self.facts, self.orders, self.ordering, &none))
            }
        };
        for class in [Class::G0, Class::G1c, Class::GSingle, Class::GNonadjacent, Class::G2] {
            let kind = Kind::Cycle(class, self.ordering);
            // One that needs no order shows more.
            let is_shown = |found: &Found| matches!(found.kind, Kind::Cycle(c, _) if c == class);
            let is_forbidden = Level::all().any(|level| is_out(level) && kind.rules_out(level));
            if !found.iter().any(is_shown) && is_forbidden {
                let knots = match &by_writes {
                    Some(by_writes) if class == Class::G0 => by_writes,
                    _ => &knots,
                };
                found.extend(self.search(knots, Pattern::Class(class), kind, work));
            }
        }
        for (pattern, kind) in [
            (Pattern::Fractured, Kind::FracturedRead(self.ordering)),
            (Pattern::Causal, Kind::CausalityViolation(self.ordering)),
            (Pattern::Prefix, Kind::PrefixViolation(self.ordering)),
        ] {
            if !is_explained(found, kind, is_out) {
                found.extend(self.search(&knots, pattern, kind, work));
            }
        }
    }

    /// Looks for a smallest cycle with a part of the work that is left.
    fn search(&self, knots: &Knots, pattern: Pattern, kind: Kind, work: &mut u64) -> Option<Found> {
        let part = *work / PART;
        let mut search = Search::new(knots, part);
        let cycle = search.smallest(pattern);
        *work -= part - search.work;
        let steps = explained(self.facts, self.derived, &cycle?)?;
        let forbids = |level: &Level| {
            level.ordering() >= self.ordering && forbids(self.facts, &steps, level.base())
        };
        let rules_out: Vec<Level> = Level::all().filter(forbids).collect();
        // The pattern of a kind says less than the keys of its steps.
        let (bases, ordering) = kind.forbidden_by();
        let is_kind = |level: &Level| level.ordering() == ordering && bases.contains(&level.base());
        let is_named = matches!(kind, Kind::Cycle(..)) || rules_out.iter().any(is_kind);
        is_named.then_some(Found { kind, count: 1, evidence: Evidence::Cycle(steps), rules_out })
    }
}

/// Returns whether every level that `kind` rules out directly, and that is ruled out, is so by what
/// was found.
fn is_explained(found: &[Found], kind: Kind, is_out: &dyn Fn(Level) -> bool) -> bool {
    let (bases, ordering) = kind.forbidden_by();
    let mut levels = bases.iter().filter_map(|&base| Level::of(base, ordering));
    levels.all(|level| !is_out(level) || found.iter().any(|found| found.rules_out.contains(&level)))
}

/// Returns whether a base forbids a cycle, or one of the bases does that it implies.
fn forbids(facts: &Facts<'_, '_>, steps: &[Step], base: Base) -> bool {
    forbids_directly(facts, steps, base)
        || base.implied().iter().any(|&base| forbids(facts, steps, base))
}

fn forbids_directly(facts: &Facts<'_, '_>, steps: &[Step], base: Base) -> bool {
    let is_rw = |step: &Step| matches!(step.why, Why::Rw(..));
    let is_seen = |step: &Step| matches!(step.why, Why::Seen(..));
    let is_write = |step: &Step| matches!(step.why, Why::Ww(..));
    let is_view = |step: &Step| !is_rw(step) && !is_write(step);
    if steps.iter().any(is_seen) {
        // What follows from what was seen depends on the level that it was found for.
        return false;
    }
    let count = steps.iter().filter(|step| is_rw(step)).count();
    let pairs = || steps.iter().zip(steps.iter().cycle().skip(1));
    // One anti-dependency, then what came of the version that was missed.
    let missed = || {
        let at = steps.iter().position(is_rw)?;
        let key = key_of(facts, &steps[at]);
        let rest = steps[at + 1..].iter().chain(&steps[..at]);
        let is_same = |step: &&Step| is_write(step) && key_of(facts, step) == key;
        let after: Vec<&Step> = rest.skip_while(is_same).collect();
        (count == 1).then_some((&steps[at], after))
    };
    match base {
        Base::ReadUncommitted => !steps.iter().any(|step| is_rw(step) || is_wr(step)),
        Base::ReadCommitted => count == 0,
        Base::ConsistentView | Base::ForwardConsistentView => count == 1,
        Base::ParallelSnapshotIsolation => count < 2,
        Base::SnapshotIsolation => !pairs().any(|(one, other)| is_rw(one) && is_rw(other)),
        Base::Prefix => !pairs().any(|(one, other)| !is_view(one) && is_rw(other)),
        Base::MonotonicSnapshotRead => {
            !pairs().any(|(one, other)| is_rw(other) && !is_read_before(one, other))
        }
        Base::Causal => missed()
            .is_some_and(|(_, after)| !after.is_empty() && after.iter().all(|step| is_view(step))),
        Base::ReadAtomic => {
            missed().is_some_and(|(_, after)| after.len() == 1 && is_view(after[0]))
        }
        Base::MonotonicAtomicView => missed().is_some_and(|(miss, after)| {
            after.len() == 1 && is_wr(after[0]) && is_read_before(after[0], miss)
        }),
        Base::UpdateAtomic => missed()
            .is_some_and(|(_, after)| after.is_empty() || after.len() == 1 && is_view(after[0])),
        Base::MonotonicView => {
            count == 1
                && pairs().any(|(one, other)| {
                    is_rw(other) && (is_read_before(one, other) || is_write_before(one, other))
                })
        }
        Base::UpdateSerializable => {
            let reads_only = |step: &&Step| facts.writes.of(step.from).is_empty();
            steps.iter().filter(reads_only).count() < 2
        }
        Base::RepeatableRead | Base::Serializable => true,
        Base::CursorStability => false,
    }
}

/// Returns the key that a step is about, if it is about one.
fn key_of(facts: &Facts<'_, '_>, step: &Step) -> Option<u32> {
    let place = match step.why {
        Why::Wr(place, _) | Why::Ww(place, _) | Why::Rw(place, _) | Why::Seen(place, _) => place,
        Why::Session | Why::RealTime => return None,
    };
    Some(facts.table.micros(place.transaction)[place.micro as usize].key)
}

fn is_wr(step: &Step) -> bool {
    matches!(step.why, Why::Wr(..))
}

/// Returns whether `one` leads to a read before that of `other`, or to the same.
fn is_read_before(one: &Step, other: &Step) -> bool {
    match (one.why, other.why) {
        (Why::Wr(_, read), Why::Rw(later, _)) => read.micro <= later.micro,
        _ => false,
    }
}

/// Returns whether `one` leads to a write before the read of `other`.
fn is_write_before(one: &Step, other: &Step) -> bool {
    match (one.why, other.why) {
        (Why::Ww(_, write), Why::Rw(later, _)) => write.micro < later.micro,
        _ => false,
    }
}

/// Returns the anomaly that a cycle with forced edges is: the smallest.
fn of_forced(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    kind: Kind,
    ordering: Ordering,
    forced: &[Forced],
) -> Option<Found> {
    let cycle = weak::smallest_cycle(facts, orders, ordering, forced)?;
    let step = |&(from, to, edge): &(u32, u32, weak::Link)| {
        let why = match edge {
            weak::Link::Known(edge) => why(facts, &Derived::default(), (from, to), edge)?,
            weak::Link::Forced(nth) => {
                let read = forced[nth as usize].read;
                let key = facts.table.micros(read.transaction)[read.micro as usize].key;
                Why::Seen(facts.last_write(from, key), read)
            }
        };
        Some(Step { from, to, why })
    };
    let steps: Option<Vec<Step>> = cycle.iter().map(step).collect();
    let rules_out = Level::all().filter(|&level| kind.rules_out(level)).collect();
    Some(Found { kind, count: 1, evidence: Evidence::Cycle(steps?), rules_out })
}

/// Returns the micro-operations that show an anomaly, each once, ascending.
pub fn places(evidence: &Evidence) -> Vec<Place> {
    let mut all: Vec<Place> = match evidence {
        Evidence::Read { reader, writer, .. } => {
            [Some(*reader), *writer].into_iter().flatten().collect()
        }
        Evidence::Reads(reads) => reads.to_vec(),
        Evidence::Updates(updates) => updates.iter().flat_map(|&(a, b)| [a, b]).collect(),
        Evidence::Update { aborted, committed, reader } => vec![*aborted, *committed, *reader],
        Evidence::Cycle(steps) => {
            let of = |step: &Step| match step.why {
                Why::Wr(a, b) | Why::Ww(a, b) | Why::Rw(a, b) | Why::Seen(a, b) => vec![a, b],
                Why::Session | Why::RealTime => Vec::new(),
            };
            steps.iter().flat_map(of).collect()
        }
        Evidence::Core(_) => Vec::new(),
    };
    all.sort_unstable();
    all.dedup();
    all
}

/// Returns the transactions of an anomaly, each once, ascending.
pub fn transactions(evidence: &Evidence) -> Vec<u32> {
    let mut all: Vec<u32> = match evidence {
        Evidence::Read { reader, writer, .. } => {
            let writer = writer.map(|writer: Place| writer.transaction);
            [Some(reader.transaction), writer].into_iter().flatten().collect()
        }
        Evidence::Reads(reads) => reads.iter().map(|read| read.transaction).collect(),
        Evidence::Updates(updates) => updates.iter().map(|(read, _)| read.transaction).collect(),
        Evidence::Update { aborted, committed, reader } => {
            [aborted, committed, reader].map(|place| place.transaction).to_vec()
        }
        Evidence::Cycle(steps) => {
            let seen = steps.iter().filter_map(|step| match step.why {
                Why::Seen(_, read) => Some(read.transaction),
                _ => None,
            });
            steps.iter().map(|step| step.from).chain(seen).collect()
        }
        Evidence::Core(transactions) => transactions.clone(),
    };
    all.sort_unstable();
    all.dedup();
    all
}
