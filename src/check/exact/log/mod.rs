//! Logs: what reads and appends tell of the places of entries makes the length of a log a
//! [ladder](super::ladder), once it is known [which append](repeats) each entry is from.

mod repeats;

use super::ends::{End, Ends, by_return, position};
use super::ladder::{Ladder, NOBODY, Role};
use super::walk::{self, Outcome};
use super::work::Work;
use super::{Asked, Conflict, Ruling, Timed, Wanted};
use crate::history::hash::Map;
use crate::history::{Rank, Span, Value, sort};
use crate::model::log::Op;
use repeats::Repeats;

/// So many configurations are visited at most where values repeat, and so many for each operation.
const MOST: u64 = 100_000;
const MOST_FOR_EACH: u64 = 32;

/// Decides `operations`; `None` if it is not found out which appends the entries are from that
/// reads show.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    let odd = |timed: &Timed<'_, Op>| {
        !timed.span.has_returned() && matches!(timed.op, Op::Append(_, Some(_)))
    };
    if operations.iter().any(odd) {
        return None;
    }
    let most = MOST + MOST_FOR_EACH * operations.len() as u64;
    let mut work = Work::new(most, stop);
    if let Some(ruling) = attempt(initial, operations, wanted, &mut work)? {
        return Some(ruling);
    }
    if wanted == Wanted::Whether {
        let named = operations.iter().position(Timed::has_returned)?;
        return Some(Ruling::Invalid(Conflict::at(named as u32)));
    }
    let returned = (0..operations.len()).filter(|&at| operations[at].has_returned());
    let mut returns: Vec<(Rank, u32)> =
        returned.map(|at| (operations[at].span.ret, at as u32)).collect();
    sort::by(&mut returns, |&end| end);
    // By the last return there is no order; where it is open earlier, there may be.
    let is_open = |&(horizon, _): &(Rank, u32)| {
        let known = known(operations, horizon);
        let operations: Vec<Timed<'_, Op>> =
            known.iter().map(|(op, span)| Timed { op, span: *span }).collect();
        let ruling = attempt(initial, &operations, Wanted::Verdict, &mut work);
        !matches!(ruling, Some(None | Some(Ruling::Invalid(_))))
    };
    let stuck = returns.partition_point(is_open);
    let last = returns.len().checked_sub(1)?;
    Some(Ruling::Invalid(Conflict::at(returns[stuck.min(last)].1)))
}

/// What is known by `horizon` of the operations that were called before.
fn known(operations: &[Timed<'_, Op>], horizon: Rank) -> Vec<(Op, Span)> {
    let called = operations.iter().take_while(|timed| timed.span.call <= horizon);
    let known = called.map(|&Timed { op, span }| match op {
        op if span.ret <= horizon => (op.clone(), span),
        Op::Append(value, _) => (Op::Append(*value, None), Span { ret: Rank::NEVER, ..span }),
        _ => (Op::ReadAny, Span { ret: Rank::NEVER, ..span }),
    });
    known.collect()
}

/// Decides operations of which none that crashed tells an offset; `None` if that takes too much
/// work, and no ruling if there is no order, but it is open since when.
fn attempt(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
    work: &mut Work<'_>,
) -> Option<Option<Ruling>> {
    let appends = operations.iter().filter(|timed| matches!(timed.op, Op::Append(..))).count();
    let levels = initial.len() + appends;
    if levels >= u32::MAX as usize {
        return None;
    }
    let conflict = |stuck| Some(Some(Ruling::Invalid(Conflict::at(stuck))));
    let places = match Places::told(initial, levels, operations) {
        Ok(places) => places,
        Err(stuck) => return conflict(stuck),
    };
    let mut owned = match places.owners(initial.len(), operations) {
        Ok(owned) => owned,
        Err(stuck) => return conflict(stuck),
    };
    let bottom = initial.len() as u32;
    if owned.is_ambiguous {
        let owners = (&owned.owners[..], &owned.levels[..]);
        let mut log = Repeats::new(bottom, &owned.entries, owners, operations, bounds);
        let Some(start) = log.start() else { return Some(None) };
        match walk::search(&mut log, start, work) {
            Outcome::Way(steps) => owned.take(bottom, &steps),
            Outcome::Nothing => return Some(None),
            Outcome::Unknown => return None,
        }
    }
    let ladder = Ladder { bottom, owners: &owned.owners, known: &owned.known };
    let role = |at: u32| match owned.levels[at as usize] {
        NOBODY => role(operations[at as usize].op),
        level => Role::StepFrom(level),
    };
    let ruling = ladder.decide(operations, role, wanted);
    // Owners that were chosen prove an order, and nothing else.
    let is_proved = !owned.is_ambiguous || matches!(ruling, Ruling::Valid(_));
    is_proved.then_some(Some(ruling))
}

/// What an operation does to the length, apart from appends whose places are known.
fn role(op: &Op) -> Role {
    if matches!(op, Op::Append(..)) {
        return Role::Step;
    }
    let (low, high) = bounds(op);
    Role::Look { low, high }
}

/// How long a log is at least and at most that a read finds.
fn bounds(op: &Op) -> (u32, u32) {
    let exactly = |len: u32| (len, len);
    match op {
        Op::Read(items) => exactly(items.len() as u32),
        Op::ReadPrefix(items) => (items.len() as u32, u32::MAX),
        // Past the end there is nothing.
        Op::ReadFrom(from, items) if items.is_empty() => (0, *from),
        Op::ReadFrom(from, items) => exactly(from.saturating_add(items.len() as u32)),
        Op::ReadAt(at, Value::NULL) => (0, *at),
        Op::ReadAt(at, _) => (at.saturating_add(1), u32::MAX),
        Op::ReadAny | Op::Append(..) => (0, u32::MAX),
    }
}

/// What is known to stand where.
struct Places {
    /// The entry at each place; null where none is known.
    entries: Vec<Value>,
    /// The return by which that is known.
    known: Vec<u64>,
    /// The append that told that it is there.
    told: Vec<u32>,
    /// Everything before this place is known.
    contiguous: usize,
}

impl Places {
    /// Collects what operations tell, in the order of their returns; the first operation that
    /// contradicts what was told, or that no log of `levels` entries can show.
    fn told(initial: &[Value], levels: usize, operations: &[Timed<'_, Op>]) -> Result<Places, u32> {
        let mut entries = vec![Value::NULL; levels];
        entries[..initial.len()].copy_from_slice(initial);
        let mut places = Places {
            entries,
            known: vec![0; levels],
            told: vec![NOBODY; levels],
            contiguous: initial.len(),
        };
        for end in Ends::of(operations) {
            let End::Return(at) = end else { continue };
            let Timed { op, span } = operations[at as usize];
            let returned = by_return(span.ret, at);
            let (from, items) = match op {
                Op::Read(items) | Op::ReadPrefix(items) => (0, &items[..]),
                Op::ReadFrom(from, items) => (*from as usize, &items[..]),
                Op::ReadAt(from, item) if !item.is_null() => {
                    (*from as usize, std::slice::from_ref(item))
                }
                Op::Append(item, Some(from)) => (*from as usize, std::slice::from_ref(item)),
                Op::Append(_, None) | Op::ReadAt(..) | Op::ReadAny => continue,
            };
            let mut fits = places.tell(from, items, returned);
            if let (true, Op::Append(..)) = (fits, op) {
                let told = &mut places.told[from];
                fits = from >= initial.len() && *told == NOBODY;
                *told = at;
            }
            if !fits {
                return Err(at);
            }
        }
        Ok(places)
    }

    /// Notes that `items` stand from `from` on; tells whether that can be.
    fn tell(&mut self, from: usize, items: &[Value], returned: u64) -> bool {
        let Some(room) = self.entries.get_mut(from..).filter(|room| room.len() >= items.len())
        else {
            return items.is_empty();
        };
        let known = self.contiguous.saturating_sub(from).min(items.len());
        if room[..known] != items[..known] {
            return false;
        }
        for (place, &item) in items.iter().enumerate().skip(known) {
            let entry = &mut room[place];
            if item.is_null() || (!entry.is_null() && *entry != item) {
                return false;
            }
            if entry.is_null() {
                (*entry, self.known[from + place]) = (item, returned);
            }
        }
        while self.entries.get(self.contiguous).is_some_and(|entry| !entry.is_null()) {
            self.contiguous += 1;
        }
        true
    }

    /// Finds the append of each known entry, unless several may be it; an operation by whose
    /// return none can be.
    fn owners(mut self, initial: usize, operations: &[Timed<'_, Op>]) -> Result<Owned, u32> {
        let mut appends: Map<Value, Appends> = Map::default();
        for (at, timed) in operations.iter().enumerate() {
            let at = at as u32;
            match *timed.op {
                Op::Append(item, None) => {
                    let appends = appends.entry(item).or_default();
                    appends.silent = at;
                    appends.count += 1;
                    appends.left += 1;
                }
                Op::Append(item, Some(_)) => {
                    let appends = appends.entry(item).or_default();
                    appends.known = appends.known.max(by_return(timed.span.ret, at));
                }
                _ => {}
            }
        }
        let mut levels = vec![NOBODY; operations.len()];
        let (mut impossible, mut is_ambiguous): (Option<u64>, bool) = (None, false);
        for place in initial..self.entries.len() {
            let entry = self.entries[place];
            let known = &mut self.known[place];
            let owner = self.told[place];
            if owner != NOBODY {
                levels[owner as usize] = place as u32;
                *known = by_return(operations[owner as usize].span.ret, owner);
                continue;
            }
            if entry.is_null() {
                continue;
            }
            let appends = appends.entry(entry).or_default();
            *known = appends.known.max(*known);
            appends.known = *known;
            if appends.left == 0 {
                // None is left to have put it here.
                impossible = Some(impossible.map_or(*known, |first| first.min(*known)));
                continue;
            }
            appends.left -= 1;
            if appends.count > 1 {
                is_ambiguous = true;
            } else {
                self.told[place] = appends.silent;
                levels[appends.silent as usize] = place as u32;
            }
        }
        let Places { entries, known, told: owners, .. } = self;
        match impossible {
            Some(by) => Err(position(by)),
            None => Ok(Owned { entries, owners, known, levels, is_ambiguous }),
        }
    }
}

/// The appends of one value.
#[derive(Default)]
struct Appends {
    /// The last that did not tell its place, how many of them there are, and how many of these
    /// are not found.
    silent: u32,
    count: u32,
    left: u32,
    /// The return by which the places of the others are known, and that of the one found.
    known: u64,
}

/// Who appended what is known.
struct Owned {
    /// The entry at each place; null where none is known.
    entries: Vec<Value>,
    owners: Vec<u32>,
    known: Vec<u64>,
    /// The place of each operation that appended something known.
    levels: Vec<u32>,
    /// Whether several operations may have appended something known.
    is_ambiguous: bool,
}

impl Owned {
    /// Takes these operations for the owners of the places from `bottom` on.
    fn take(&mut self, bottom: u32, steps: &[u32]) {
        for (place, &owner) in (bottom..).zip(steps) {
            self.owners[place as usize] = owner;
            self.levels[owner as usize] = place;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
