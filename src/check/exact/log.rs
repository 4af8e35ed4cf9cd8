//! Logs: what reads and appends tell of the places of entries makes the length of a log a
//! [ladder](super::ladder).

use rustc_hash::FxHashMap;

use super::ends::{End, Ends, by_return, position};
use super::ladder::{Ladder, NOBODY, Role};
use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::{NEVER, Value};
use crate::model::log::Op;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let odd = |timed: &Timed<'_, Op>| {
        timed.span.ret == NEVER && matches!(timed.op, Op::Append(_, Some(_)))
    };
    let appends = operations.iter().filter(|timed| matches!(timed.op, Op::Append(..))).count();
    let levels = initial.len() + appends;
    if operations.iter().any(odd) || levels >= NEVER as usize {
        return None;
    }
    let places = match Places::told(initial, levels, operations) {
        Ok(places) => places,
        Err(stuck) => return Some(Ruling::Invalid(Conflict { stuck })),
    };
    let owned = match places.owners(initial.len(), operations)? {
        Ok(owned) => owned,
        Err(stuck) => return Some(Ruling::Invalid(Conflict { stuck })),
    };
    let ladder =
        Ladder { bottom: initial.len() as u32, owners: &owned.owners, known: &owned.known };
    let role = |at: u32| match owned.levels[at as usize] {
        NOBODY => role(operations[at as usize].op),
        level => Role::StepFrom(level),
    };
    Some(ladder.decide(operations, role, wanted))
}

/// What an operation does to the length, apart from appends whose places are known.
fn role(op: &Op) -> Role {
    let exactly = |len: u32| Role::Look { low: len, high: len };
    match op {
        Op::Append(..) => Role::Step,
        Op::Read(items) => exactly(items.len() as u32),
        Op::ReadPrefix(items) => Role::Look { low: items.len() as u32, high: NEVER },
        // Past the end there is nothing.
        Op::ReadFrom(from, items) if items.is_empty() => Role::Look { low: 0, high: *from },
        Op::ReadFrom(from, items) => exactly(from.saturating_add(items.len() as u32)),
        Op::ReadAt(at, Value::NULL) => Role::Look { low: 0, high: *at },
        Op::ReadAt(at, _) => Role::Look { low: at.saturating_add(1), high: NEVER },
        Op::ReadAny => Role::Look { low: 0, high: NEVER },
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

    /// Finds the append of each known entry. `None` if two may be it; an operation by whose
    /// return none can be.
    fn owners(
        mut self,
        initial: usize,
        operations: &[Timed<'_, Op>],
    ) -> Option<Result<Owned, u32>> {
        // The appends that did not tell their places, by what they append.
        let mut silent: FxHashMap<Value, Silent> = FxHashMap::default();
        for (at, timed) in operations.iter().enumerate() {
            if let Op::Append(item, None) = *timed.op {
                let silent = silent.entry(item).or_insert(Silent { at: 0, count: 0, taken: false });
                silent.at = at as u32;
                silent.count += 1;
            }
        }
        let mut levels = vec![NOBODY; operations.len()];
        let mut impossible: Option<u64> = None;
        for place in initial..self.entries.len() {
            let entry = self.entries[place];
            if self.told[place] != NOBODY {
                let owner = self.told[place];
                levels[owner as usize] = place as u32;
                self.known[place] = by_return(operations[owner as usize].span.ret, owner);
            } else if !entry.is_null() {
                match silent.get_mut(&entry) {
                    Some(silent) if silent.count > 1 => return None,
                    Some(silent) if !silent.taken => {
                        silent.taken = true;
                        self.told[place] = silent.at;
                        levels[silent.at as usize] = place as u32;
                    }
                    _ => {
                        let by = self.known_for_certain(place, operations);
                        impossible = Some(impossible.map_or(by, |first| first.min(by)));
                    }
                }
            }
        }
        Some(match impossible {
            Some(by) => Err(position(by)),
            None => Ok(Owned { owners: self.told, known: self.known, levels }),
        })
    }

    /// The return by which it is known that the entry at `place` stands elsewhere, or nowhere.
    fn known_for_certain(&self, place: usize, operations: &[Timed<'_, Op>]) -> u64 {
        let entry = self.entries[place];
        let read = self.entries.iter().zip(&self.known).filter(|&(&other, _)| other == entry);
        let read = read.map(|(_, &known)| known).max();
        let told = operations.iter().enumerate().filter_map(|(at, timed)| match timed.op {
            Op::Append(item, Some(_)) if *item == entry => {
                Some(by_return(timed.span.ret, at as u32))
            }
            _ => None,
        });
        told.max().max(read).unwrap_or(self.known[place])
    }
}

/// Appends of one entry that did not tell their places.
struct Silent {
    /// The last of them.
    at: u32,
    count: u32,
    /// Whether a place is known that is its.
    taken: bool,
}

/// Who appended what is known.
struct Owned {
    owners: Vec<u32>,
    known: Vec<u64>,
    /// The place of each operation that appended something known.
    levels: Vec<u32>,
}
