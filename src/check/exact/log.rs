//! Logs: what reads and appends tell of the places of entries makes the length of a log a
//! [ladder](super::ladder).

use super::ends::{End, Ends, by_return, position};
use super::ladder::{Ladder, NOBODY, Role};
use super::{Conflict, Ruling, Timed, Wanted};
use crate::history::Value;
use crate::history::hash::Map;
use crate::model::log::Op;

/// Decides `operations`; `None` if they do not meet the conditions.
pub(super) fn decide(
    initial: &[Value],
    operations: &[Timed<'_, Op>],
    wanted: Wanted,
) -> Option<Ruling> {
    let odd = |timed: &Timed<'_, Op>| {
        !timed.span.has_returned() && matches!(timed.op, Op::Append(_, Some(_)))
    };
    let appends = operations.iter().filter(|timed| matches!(timed.op, Op::Append(..))).count();
    let levels = initial.len() + appends;
    if operations.iter().any(odd) || levels >= u32::MAX as usize {
        return None;
    }
    let places = match Places::told(initial, levels, operations) {
        Ok(places) => places,
        Err(stuck) => return Some(Ruling::Invalid(Conflict::at(stuck))),
    };
    let owned = match places.owners(initial.len(), operations)? {
        Ok(owned) => owned,
        Err(stuck) => return Some(Ruling::Invalid(Conflict::at(stuck))),
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
        Op::ReadPrefix(items) => Role::Look { low: items.len() as u32, high: u32::MAX },
        // Past the end there is nothing.
        Op::ReadFrom(from, items) if items.is_empty() => Role::Look { low: 0, high: *from },
        Op::ReadFrom(from, items) => exactly(from.saturating_add(items.len() as u32)),
        Op::ReadAt(at, Value::NULL) => Role::Look { low: 0, high: *at },
        Op::ReadAt(at, _) => Role::Look { low: at.saturating_add(1), high: u32::MAX },
        Op::ReadAny => Role::Look { low: 0, high: u32::MAX },
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
        let mut appends: Map<Value, Appends> = Map::default();
        for (at, timed) in operations.iter().enumerate() {
            let at = at as u32;
            match *timed.op {
                Op::Append(item, None) => {
                    let appends = appends.entry(item).or_default();
                    appends.silent = at;
                    appends.count += 1;
                }
                Op::Append(item, Some(_)) => {
                    let appends = appends.entry(item).or_default();
                    appends.known = appends.known.max(by_return(timed.span.ret, at));
                }
                _ => {}
            }
        }
        let mut levels = vec![NOBODY; operations.len()];
        let mut impossible: Option<u64> = None;
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
            if appends.count > 1 {
                return None;
            }
            if appends.count == 1 {
                appends.count = 0;
                self.told[place] = appends.silent;
                levels[appends.silent as usize] = place as u32;
            } else {
                // None is left to have put it here.
                impossible = Some(impossible.map_or(*known, |first| first.min(*known)));
            }
        }
        Some(match impossible {
            Some(by) => Err(position(by)),
            None => Ok(Owned { owners: self.told, known: self.known, levels }),
        })
    }
}

/// The appends of one value.
#[derive(Default)]
struct Appends {
    /// The last that did not tell its place, and how many of them there are that are not found.
    silent: u32,
    count: u32,
    /// The return by which the places of the others are known, and that of the one found.
    known: u64,
}

/// Who appended what is known.
struct Owned {
    owners: Vec<u32>,
    known: Vec<u64>,
    /// The place of each operation that appended something known.
    levels: Vec<u32>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::super::ends::timed;
    use super::*;
    use crate::history::ValueTable;
    use crate::history::testing::NEVER;

    fn value(n: i64) -> Value {
        ValueTable::small_int(n).unwrap()
    }

    fn append(n: i64) -> Op {
        Op::Append(value(n), None)
    }

    fn read(entries: &[i64]) -> Op {
        Op::Read(entries.iter().map(|&n| value(n)).collect::<Arc<[Value]>>())
    }

    fn rule(operations: &[(Op, u32, u32)]) -> Option<Ruling> {
        decide(&[], &timed(operations), Wanted::Order)
    }

    fn stuck(at: u32) -> Option<Ruling> {
        Some(Ruling::Invalid(Conflict::at(at)))
    }

    #[test]
    fn the_longest_read_orders_appends() {
        let (one, two) = ((append(1), 0, 4), (append(2), 1, NEVER));
        let reads = [(read(&[2]), 2, 3), (read(&[2, 1]), 5, 6)];
        let [short, long] = reads.clone();
        let all = [one.clone(), two.clone(), short.clone(), long];
        assert_eq!(rule(&all), Some(Ruling::Valid(vec![1, 2, 0, 3])));
        // Lost: it was acknowledged before the read.
        assert_eq!(rule(&[one.clone(), two.clone(), short.clone(), (read(&[2]), 5, 6)]), stuck(3));
        // Forked.
        assert_eq!(rule(&[one, two, short, (read(&[1]), 5, 6)]), stuck(3));
    }

    #[test]
    fn offsets_order_appends() {
        let told = |n, offset| Op::Append(value(n), Some(offset));
        let mut operations = vec![(told(1, 1), 0, 3), (told(2, 0), 1, 2)];
        assert_eq!(rule(&operations), Some(Ruling::Valid(vec![1, 0])));
        operations.push((Op::ReadAt(1, value(2)), 4, 5));
        assert_eq!(rule(&operations), stuck(2));
        assert_eq!(rule(&[(told(1, 0), 0, 2), (told(2, 0), 1, 3)]), stuck(1));
        // A read that is far past the end of any log that can be.
        assert_eq!(rule(&[(Op::ReadAt(u32::MAX, value(2)), 0, 1)]), stuck(0));
    }

    #[test]
    fn what_is_appended_twice_is_left_to_others() {
        let twice = [(append(1), 0, 4), (append(1), 1, 5), (read(&[1]), 2, 3)];
        assert_eq!(rule(&twice), None);
        assert_eq!(rule(&[(append(1), 0, 4), (read(&[1, 1]), 2, 3)]), stuck(1));
    }
}
