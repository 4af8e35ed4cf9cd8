//! Verifies that a history has a level: by running its transactions in the order that is claimed.

use std::collections::BTreeMap;

use histcheck_history::{Outcome, Rank, Value};

use super::oracle::Scene;
use crate::Options;
use crate::decide::Witness;
use crate::level::{Base, Level, Ordering};
use crate::table::{Access, KeyKind, Micro, Transactions};

/// What a key holds: a value, or the elements of a list.
type Held = Vec<Value>;

/// Returns whether `witness` proves that the history has `level`; `None` if it is too large.
pub(super) fn verify(
    table: &Transactions<'_>,
    options: &Options,
    level: Level,
    witness: &Witness,
    scene: Option<&Scene>,
) -> Option<bool> {
    match witness {
        Witness::Implied(stronger) => Some(stronger.implies(level)),
        Witness::Serial(order) => {
            let events = order.iter().flat_map(|&t| [2 * t, 2 * t + 1]);
            Some(replay(table, options, level, &events.collect::<Vec<u32>>()))
        }
        Witness::Snapshots(events) => Some(replay(table, options, level, events)),
        Witness::Commits(order) => {
            let mut positions = vec![0; table.len()];
            for (&t, at) in order.iter().zip(0..) {
                positions[t as usize] = at;
            }
            Some(scene?.is_held(level, &positions))
        }
    }
}

/// Runs beginnings (twice the number of a transaction) and commits (one more): each transaction
/// reads what was committed when it began.
fn replay(table: &Transactions<'_>, options: &Options, level: Level, events: &[u32]) -> bool {
    if !is_complete(table, events) || !keeps_order(table, level, events) {
        return false;
    }
    let mut committed: BTreeMap<u32, (Held, usize)> = BTreeMap::new();
    let mut began = vec![0; table.len()];
    // What each transaction found of each key when it began: of the open ones.
    let mut snapshots: BTreeMap<u32, BTreeMap<u32, Held>> = BTreeMap::new();
    for (at, &event) in events.iter().enumerate() {
        let t = event / 2;
        if event % 2 == 0 {
            began[t as usize] = at;
            let mut snapshot = BTreeMap::new();
            for micro in table.micros(t) {
                let held = committed.get(&micro.key).map(|(held, _)| held.clone());
                snapshot.insert(
                    micro.key,
                    held.unwrap_or_else(|| first(table, micro.key, options.initial)),
                );
            }
            snapshots.insert(t, snapshot);
            continue;
        }
        let Some(mut snapshot) = snapshots.remove(&t) else { return false };
        let mut own: Vec<(u32, Value)> = Vec::new();
        for micro in table.micros(t) {
            let Some(held) = snapshot.get_mut(&micro.key) else { return false };
            match micro.access {
                Access::Write => *held = vec![micro.value],
                Access::Append => held.push(micro.value),
                Access::Read if !table.is_ok(t) => {}
                Access::Read if !returns(table, options, micro, held, &own) => return false,
                Access::Read => {}
            }
            if micro.access != Access::Read {
                own.push((micro.key, micro.value));
            }
        }
        let may_overlap = matches!(level.base(), Base::Prefix | Base::MonotonicSnapshotRead);
        for micro in table.micros(t).iter().filter(|micro| micro.access != Access::Read) {
            let entry = committed
                .entry(micro.key)
                .or_insert_with(|| (first(table, micro.key, options.initial), 0));
            // Of two that write the same key, one sees the other.
            if entry.1 > began[t as usize] && entry.1 != at && !may_overlap {
                return false;
            }
            match micro.access {
                Access::Append => entry.0.push(micro.value),
                _ => entry.0 = vec![micro.value],
            }
            entry.1 = at;
        }
    }
    true
}

/// Returns whether a read returned what its transaction held then, as far as `options` lets that
/// count; `own` is what the transaction had written.
fn returns(
    table: &Transactions<'_>,
    options: &Options,
    read: &Micro,
    held: &[Value],
    own: &[(u32, Value)],
) -> bool {
    let wrote = own.iter().any(|&(key, _)| key == read.key);
    if table.kinds[read.key as usize] == KeyKind::Register {
        return *held == [read.value] || wrote && options.allows_internal;
    }
    let returned = table.history.values().as_list(read.value).unwrap_or(&[]);
    if options.by_last_element {
        return returned.last() == held.last() || wrote && options.allows_internal;
    }
    if !options.allows_internal {
        return *held == *returned;
    }
    // What was there before the transaction wrote.
    let is_own = |value: &Value| own.contains(&(read.key, *value));
    let before =
        |list: &[Value]| list.iter().rposition(|value| !is_own(value)).map_or(0, |at| at + 1);
    held[..before(held)] == returned[..before(returned)]
}

/// Returns whether every transaction that committed begins and then commits, once, and none that
/// aborted does.
fn is_complete(table: &Transactions<'_>, events: &[u32]) -> bool {
    let mut seen = vec![0u8; table.len()];
    for &event in events {
        let state = &mut seen[event as usize / 2];
        if *state != (event % 2) as u8 {
            return false;
        }
        *state += 1;
    }
    table.all().all(|t| match seen[t as usize] {
        0 => !table.is_ok(t),
        2 => table.outcome(t) != Outcome::Fail,
        _ => false,
    })
}

fn first(table: &Transactions<'_>, key: u32, initial: Value) -> Held {
    match table.kinds[key as usize] {
        KeyKind::List => Vec::new(),
        KeyKind::Register => vec![initial],
    }
}

/// Returns whether each transaction begins after the commits of those that come before it.
fn keeps_order(table: &Transactions<'_>, level: Level, events: &[u32]) -> bool {
    match level.ordering() {
        Ordering::None => true,
        Ordering::RealTime => {
            let mut returned = Rank::NEVER;
            events.iter().rev().all(|&event| {
                let span = table.span(event / 2);
                if event % 2 == 1 && table.is_ok(event / 2) {
                    returned = returned.min(span.ret);
                }
                event % 2 == 1 || span.call <= returned
            })
        }
        Ordering::Session => {
            // How many transactions of a session completed before each one of it.
            let mut counts = vec![0u32; table.session_count()];
            let before: Vec<u32> = table
                .all()
                .map(|t| {
                    let count = &mut counts[table.session(t) as usize];
                    *count += u32::from(table.is_ok(t));
                    *count - u32::from(table.is_ok(t))
                })
                .collect();
            let mut committed = vec![0u32; table.session_count()];
            events.iter().all(|&event| {
                let t = event / 2;
                let count = &mut committed[table.session(t) as usize];
                *count += u32::from(event % 2 == 1 && table.is_ok(t));
                // One whose outcome is not known may begin later: its process did not wait for it.
                event % 2 == 1 || *count >= before[t as usize]
            })
        }
    }
}
