//! Who wrote what the reads of a register returned.

use histcheck_history::{Outcome, Value};

use crate::anomaly::Kind;
use crate::facts::{KeyRead, LOST, Notes, Versions};
use crate::numbers::NONE;
use crate::table::{Access, Micro, Transactions};
use crate::writes::{Write, Writes};

/// Finds the source of every read of the register `key`.
pub(crate) fn sources(
    table: &Transactions<'_>,
    writes: &Writes,
    key: u32,
    (reads, initial): (&[KeyRead], Value),
    versions: &mut Versions,
) {
    for read in reads {
        let all = writes.find(key, read.value);
        let fail = |write: &&Write| table.outcome(write.transaction) == Outcome::Fail;
        let mut installed = all.iter().filter(|write| !fail(write));
        let first = installed.next();
        let is_other = |write: &Write| first.is_some_and(|w| w.transaction != write.transaction);
        let is_initial = initial == read.value;
        versions.reads[read.global as usize] = match first {
            None if is_initial => (NONE, 0),
            Some(_) if is_initial || installed.any(is_other) => {
                versions.aside[key as usize] = true;
                (LOST, NONE)
            }
            Some(&write) => {
                versions.notes.prefers |= all.len() > 1;
                if !table.is_ok(write.transaction) {
                    versions.seen[write.transaction as usize] = true;
                }
                (source(table, key, (read, write), &mut versions.notes), NONE)
            }
            None => {
                let kind = if all.is_empty() { Kind::GarbageRead } else { Kind::AbortedRead };
                let writer = all.first().map(|write| write.place());
                versions.notes.read(kind, read.place, read.value, writer);
                (LOST, NONE)
            }
        };
    }
}

/// Returns the source of a read of what `write` wrote: its transaction, if it is the last write of
/// that, and another one's.
fn source(
    table: &Transactions<'_>,
    key: u32,
    (read, write): (&KeyRead, Write),
    notes: &mut Notes,
) -> u32 {
    let reader = read.place.transaction;
    let micros = table.micros(write.transaction);
    if write.transaction == reader {
        // One that came before the read is its own matter.
        let mut before = micros[..read.place.micro as usize].iter();
        let is_same = |micro: &Micro| {
            (micro.key, micro.access, micro.value) == (key, Access::Write, read.value)
        };
        if !before.any(is_same) {
            notes.read(Kind::FutureRead, read.place, read.value, Some(write.place()));
        }
        return LOST;
    }
    let is_write = |micro: &&Micro| micro.key == key && micro.access == Access::Write;
    let last = micros.iter().rfind(is_write).map(|micro| micro.value);
    if last != Some(read.value) {
        notes.read(Kind::IntermediateRead, read.place, read.value, Some(write.place()));
        return LOST;
    }
    write.transaction
}
