//! The logs: which messages are at which offsets, as polls and certain sends tell.
//!
//! Polls count whatever became of their transactions: a consumer returns nothing that is not
//! committed, even to a transaction that fails. Sends count if their transaction succeeded, or if
//! it is indeterminate and somebody polled one of its messages.

use histcheck_history::{Outcome, sort};

use super::txns::{Entry, Txn, Txns};
use super::{DUPLICATE, INCONSISTENT_OFFSETS, LOST_WRITE, Scene, UNSEEN};
use crate::object::NONE;
use crate::report::{Findings, say};

/// One offset of a log that holds something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) offset: i64,
    /// Its messages, as a range of [`Logs::held`]: several only if offsets are inconsistent.
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What is known of the place of a message in its log, in slots of the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its only place in the order of the log: where several messages are at one offset, only the
    /// one that was seen there first has one.
    pub(super) index: u32,
    /// The first and the last slot that holds it.
    pub(super) first: u32,
    pub(super) last: u32,
    /// How many slots hold it.
    pub(super) slots: u32,
}

/// The logs of all keys.
pub(crate) struct Logs {
    /// The slots of each key, in the order of their offsets.
    pub(super) slots: Vec<Vec<Slot>>,
    /// The messages of the slots.
    pub(super) held: Vec<u32>,
    pub(super) places: Vec<Place>,
    /// The last transaction that sent each message, and the first that polled it.
    pub(super) writer: Vec<u32>,
    pub(super) reader: Vec<u32>,
    /// Whether a transaction that succeeded polled it.
    pub(super) is_polled: Vec<bool>,
    /// Whether each transaction is known to have happened.
    pub(super) is_certain: Vec<bool>,
}

impl Logs {
    pub(super) fn of(txns: &Txns) -> Logs {
        let count = txns.messages.len();
        let (mut writer, mut reader) = (vec![NONE; count], vec![NONE; count]);
        let mut is_polled = vec![false; count];
        for (txn, at) in txns.all.iter().zip(0..) {
            for entry in &txn.sends {
                writer[entry.message as usize] = at;
            }
            for entry in &txn.polls {
                let message = entry.message as usize;
                reader[message] = reader[message].min(at);
                is_polled[message] |= txn.is_ok();
            }
        }
        let is_seen = |txn: &Txn| txn.sends.iter().any(|entry| is_polled[entry.message as usize]);
        let happened = |txn: &Txn| match txn.outcome {
            Outcome::Ok => true,
            Outcome::Fail => false,
            Outcome::Info | Outcome::Open => is_seen(txn),
        };
        let is_certain: Vec<bool> = txns.all.iter().map(happened).collect();
        let none = Place { index: NONE, first: NONE, last: NONE, slots: 0 };
        let mut logs = Logs {
            slots: vec![Vec::new(); txns.keys.len()],
            held: Vec::new(),
            places: vec![none; count],
            writer,
            reader,
            is_polled,
            is_certain,
        };
        logs.fill(txns);
        logs
    }

    /// Puts messages into slots.
    fn fill(&mut self, txns: &Txns) {
        let mut entries: Vec<(u32, i64, u32)> = Vec::new();
        let mut add = |entry: &Entry| {
            entries.extend(entry.offset.map(|offset| (entry.key, offset, entry.message)));
        };
        for (txn, &is_certain) in txns.all.iter().zip(&self.is_certain) {
            txn.sends.iter().filter(|_| is_certain).for_each(&mut add);
            txn.polls.iter().for_each(&mut add);
        }
        // Stable: what was seen first at an offset comes first.
        entries.sort_by_key(|entry| (entry.0, entry.1));
        for group in entries.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            let (key, offset, _) = group[0];
            let slots = &mut self.slots[key as usize];
            let (at, start) = (slots.len() as u32, self.held.len());
            for &(_, _, message) in group {
                let place = &mut self.places[message as usize];
                if place.slots > 0 && place.last == at {
                    continue;
                }
                if self.held.len() == start {
                    place.index = at;
                }
                place.first = place.first.min(at);
                place.last = at;
                place.slots += 1;
                self.held.push(message);
            }
            let [start, end] = [start, self.held.len()].map(|at| at as u32);
            slots.push(Slot { offset, start, end });
        }
    }

    /// The messages at one place of a log.
    pub(super) fn at(&self, key: u32, slot: u32) -> &[u32] {
        let Slot { start, end, .. } = self.slots[key as usize][slot as usize];
        &self.held[start as usize..end as usize]
    }

    /// The message that has the place `slot` in the order of a log.
    pub(super) fn ordered(&self, key: u32, slot: u32) -> u32 {
        self.at(key, slot)[0]
    }

    /// How far the second of two messages is behind the first; 1 where that is not known.
    pub(super) fn delta(&self, one: Option<u32>, other: Option<u32>) -> i64 {
        let index = |message: Option<u32>| {
            let index = self.places[message? as usize].index;
            (index != NONE).then_some(i64::from(index))
        };
        match (index(one), index(other)) {
            (Some(one), Some(other)) => other - one,
            _ => 1,
        }
    }

    /// The messages between two of a log, the first few.
    pub(super) fn between(&self, key: u32, one: u32, other: u32) -> impl Iterator<Item = u32> {
        let index = |message: u32| self.places[message as usize].index;
        (index(one) + 1..index(other)).take(MOST_BETWEEN).map(move |slot| self.ordered(key, slot))
    }
}

/// So many messages that were skipped are named at most.
const MOST_BETWEEN: usize = 8;

/// Looks for what is wrong with the logs themselves.
pub(super) fn check(scene: &Scene<'_, '_>, findings: &mut Findings) {
    inconsistent_offsets(scene, findings);
    duplicates(scene, findings);
    lost_writes(scene, findings);
    unseen(scene, findings);
}

fn inconsistent_offsets(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let logs = &scene.logs;
    for (slots, &key) in logs.slots.iter().zip(&scene.txns.keys) {
        for slot in slots.iter().filter(|slot| slot.end - slot.start > 1) {
            let held = &logs.held[slot.start as usize..slot.end as usize];
            findings.add(&INCONSISTENT_OFFSETS, || {
                let values = [held[0], held[1]].map(|message| scene.message(message).1);
                let start = say!["offset ", slot.offset, " of ", key, " holds "];
                let end = say![values[0], " and ", values[1]];
                let txns = held.iter().filter_map(|&message| scene.toucher(message, slot.offset));
                let operations = txns.map(|txn| scene.op(txn).index).collect();
                let all = held.iter().map(|&message| scene.message(message).1).collect();
                (operations, all, [start, end].concat())
            });
        }
    }
}

impl Scene<'_, '_> {
    /// A transaction that sent or polled a message at an offset: that which sent it, or the first
    /// that polled it. One of the two did.
    fn toucher(&self, message: u32, offset: i64) -> Option<u32> {
        let places = |txn: u32, sends: bool| {
            let txn = &self.txns.all[txn as usize];
            let entries = if sends { &txn.sends } else { &txn.polls };
            entries.iter().any(|it| it.message == message && it.offset == Some(offset))
        };
        let [writer, reader] =
            [self.logs.writer[message as usize], self.logs.reader[message as usize]];
        if writer != NONE && places(writer, true) {
            return Some(writer);
        }
        [reader, writer].into_iter().find(|&txn| txn != NONE)
    }
}

fn duplicates(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let logs = &scene.logs;
    for (place, message) in logs.places.iter().zip(0..).filter(|(place, _)| place.slots > 1) {
        let (key, value) = scene.message(message);
        findings.add(&DUPLICATE, || {
            let slots = &logs.slots[scene.txns.messages[message as usize].0 as usize];
            let [first, last] = [place.first, place.last].map(|slot| slots[slot as usize].offset);
            let start = say![value, " is at offsets ", first, " and ", last, " of ", key];
            let rest = if place.slots > 2 { say![", and at others"] } else { Vec::new() };
            let touchers = [first, last].map(|offset| scene.toucher(message, offset));
            let mut operations: Vec<_> =
                touchers.into_iter().flatten().map(|txn| scene.op(txn).index).collect();
            operations.dedup();
            (operations, vec![value], [start, rest].concat())
        });
    }
}

/// A log is read up to the last message that somebody polled: all before it must have been polled.
fn lost_writes(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let logs = &scene.logs;
    // The place up to which each log was read, and the message there.
    let mut read: Vec<Option<(u32, u32)>> = vec![None; scene.txns.keys.len()];
    for (message, &(key, _)) in (0..).zip(&scene.txns.messages) {
        let place = logs.places[message as usize];
        if logs.is_polled[message as usize] && place.slots > 0 {
            let end = &mut read[key as usize];
            *end = (*end).max(Some((place.first, message)));
        }
    }
    let mut due: Vec<(u32, u32, u32)> = Vec::new();
    for (message, &(key, _)) in (0..).zip(&scene.txns.messages) {
        let place = logs.places[message as usize];
        let Some((end, _)) = read[key as usize] else { continue };
        let writer = logs.writer[message as usize];
        let is_certain = writer != NONE && logs.is_certain[writer as usize];
        let is_read = logs.is_polled[message as usize];
        if place.slots > 0 && place.last <= end && is_certain && !is_read {
            due.push((key, place.last, message));
        }
    }
    sort::by(&mut due, |&(key, place, _)| (key, place));
    for (key, _, message) in due {
        let Some((_, later)) = read[key as usize] else { continue };
        let writer = scene.op(logs.writer[message as usize]);
        findings.add(&LOST_WRITE, || {
            let [(key, lost), (_, later_value)] = [message, later].map(|it| scene.message(it));
            let start = say![writer.process(), " sent ", lost, " to ", key, " ", writer.returned()];
            let reader = scene.op(logs.reader[later as usize]);
            let middle = say![", and nobody polled it, although ", reader.process()];
            let end = say![" polled the later ", later_value, " ", reader.returned()];
            let operations = vec![writer.index, reader.index];
            (operations, vec![lost, later_value], [start, middle, end].concat())
        });
    }
}

fn unseen(scene: &Scene<'_, '_>, findings: &mut Findings) {
    let mut is_told = vec![false; scene.txns.messages.len()];
    for (txn, at) in scene.txns.all.iter().zip(0..).filter(|(txn, _)| txn.is_ok()) {
        for entry in &txn.sends {
            let message = entry.message as usize;
            if scene.logs.is_polled[message] || std::mem::replace(&mut is_told[message], true) {
                continue;
            }
            findings.add(&UNSEEN, || {
                let op = scene.op(at);
                let (key, value) = scene.message(entry.message);
                let start = say![op.process(), " sent ", value, " to ", key, " ", op.returned()];
                (vec![op.index], vec![value], [start, say![", and nobody polled it"]].concat())
            });
        }
    }
}
