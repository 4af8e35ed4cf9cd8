//! The linearization of a queue, from the order of its values.

use super::super::cover::merge;
use super::super::values::{NEVER, NONE, Values};

/// Between two events there are the points for what goes before a cut, the cut, and what goes
/// behind it.
const SCALE: u64 = 4;

/// Everything as early as `sequence` allows, the cuts where they are.
pub(super) fn order(values: &Values, sequence: &[u32], cuts: &[(u32, u32)]) -> Vec<u32> {
    let mut puts = Vec::with_capacity(sequence.len());
    let mut takes = Vec::with_capacity(sequence.len());
    let (mut put, mut taken) = (0_u64, 0_u64);
    for &at in sequence {
        let life = &values.lives[at as usize];
        put = put.max(SCALE * u64::from(life.call));
        // What outlives a cut is put in behind it.
        if let Some(&(cut, _)) = cuts[..cuts.partition_point(|&(cut, _)| cut < life.until)].last() {
            put = put.max(SCALE * u64::from(cut) + 2);
        }
        puts.push((put, life.put));
        taken = taken.max(put);
        for &peek in values.peeks(at) {
            taken = taken.max(SCALE * u64::from(values.spans[peek as usize].call));
            takes.push((taken, peek));
        }
        if life.take != NONE && life.until != NEVER {
            taken = taken.max(SCALE * u64::from(life.until));
            takes.push((taken, life.take));
        }
    }
    let empties = cuts.iter().map(|&(cut, at)| (SCALE * u64::from(cut) + 1, at)).collect();
    merge(&[puts, empties, takes])
}
