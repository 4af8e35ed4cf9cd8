//! What the transactions say about themselves: which transactions count, from whom each read comes,
//! in which order the versions of a key followed each other, and which reads are wrong whatever the
//! order.

use histcheck_history::{Outcome, Value};

use crate::anomaly::{Class, Evidence, Found, Kind, Place};
use crate::level::{Level, Ordering};
use crate::numbers::NONE;
use crate::table::{Access, KeyKind, Micro, Transactions};
use crate::writes::Writes;
use crate::{Options, lists, registers};

/// A read of another transaction's version of a key: one that its own transaction did not write
/// before, or a list to the end of which it appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Read {
    pub(crate) key: u32,
    /// Whose version it returned; [`NONE`] for the initial one, [`LOST`] if that is not known.
    pub(crate) source: u32,
    /// How many versions of the key's chain come up to that one; [`NONE`] if it is not in it.
    pub(crate) place: u32,
    /// Its position in its transaction.
    pub(crate) micro: u32,
    /// Whether its transaction had written the key.
    pub(crate) is_own: bool,
}

/// The source of a read that is not known.
pub(crate) const LOST: u32 = NONE - 1;

/// Facts about transactions.
pub(crate) struct Facts<'t, 'h> {
    pub(crate) table: &'t Transactions<'h>,
    /// Whether a transaction committed: it is known, or somebody saw it.
    pub(crate) installed: Vec<bool>,
    pub(crate) reads: Groups<Read>,
    /// The keys that each transaction writes, each once.
    pub(crate) writes: Groups<u32>,
    /// Who installed the versions of each key whose order is known, one after the other.
    pub(crate) chains: Groups<u32>,
    /// By which of its micro-operations it did, where reads tell.
    pub(crate) elements: Groups<u32>,
    /// Who installed versions of which only that is known that they come later.
    pub(crate) tails: Groups<u32>,
    /// Keys of which a value was written by several transactions: their reads are not used.
    pub(crate) aside: Vec<bool>,
    /// Whether some values were written by one that aborted, too.
    pub(crate) prefers: bool,
    /// Whether lists tell no more than their last elements, so that what is in tails was read.
    pub(crate) by_last_element: bool,
    /// Reads that are wrong whatever the order.
    pub(crate) found: Vec<Found>,
}

/// Lists by number, one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct Groups<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Groups<T> {
    pub(crate) fn new(capacity: usize) -> Groups<T> {
        let mut starts = Vec::with_capacity(capacity + 1);
        starts.push(0);
        Groups { starts, items: Vec::new() }
    }

    /// Ends the list that items were pushed to; the next one begins.
    pub(crate) fn end(&mut self) {
        self.starts.push(self.items.len() as u32);
    }

    pub(crate) fn extend(&mut self, items: impl IntoIterator<Item = T>) {
        self.items.extend(items);
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// Returns the items of the list that was not ended yet.
    pub(crate) fn open(&self) -> &[T] {
        &self.items[self.starts[self.starts.len() - 1] as usize..]
    }

    #[inline]
    pub(crate) fn of(&self, number: u32) -> &[T] {
        let at = number as usize;
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    pub(crate) fn all(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn all_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Returns how many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

/// What is found out about the versions of keys.
pub(crate) struct Versions {
    /// By micro-operation, in the order of the table: of a read, its source and place.
    pub(crate) reads: Vec<(u32, u32)>,
    pub(crate) chains: Groups<u32>,
    pub(crate) elements: Groups<u32>,
    pub(crate) tails: Groups<u32>,
    pub(crate) aside: Vec<bool>,
    /// Whether some committed transaction saw a transaction of unknown outcome.
    pub(crate) seen: Vec<bool>,
    pub(crate) notes: Notes,
}

impl Versions {
    /// Forgets the order of all versions, but for the initial ones.
    fn forget_order(&mut self, table: &Transactions<'_>, writes: &Writes) {
        self.chains = Groups::new(table.keys.len());
        self.elements = Groups::new(table.keys.len());
        for key in 0..table.keys.len() as u32 {
            self.chains.end();
            self.elements.end();
            writes.of(key).iter().for_each(|write| self.reads[write.global as usize].1 = NONE);
        }
        for read in &mut self.reads {
            if read.1 != 0 || read.0 == LOST {
                read.1 = NONE;
            }
        }
    }
}

/// Anomalies by kind, of which the first is kept.
pub(crate) struct Notes {
    found: Vec<Found>,
    /// Whether the history may go on.
    pub(crate) goes_on: bool,
    /// Whether a read of what is written after it is wrong in real time.
    tells_late_writes: bool,
    /// Whether some value was written by one that aborted, too: its reads are taken for those of
    /// the other one.
    pub(crate) prefers: bool,
}

impl Notes {
    fn new(options: &Options, has_real_time: bool) -> Notes {
        let tells_late_writes = has_real_time && !options.by_last_element;
        Notes { found: Vec::new(), goes_on: options.goes_on, tells_late_writes, prefers: false }
    }

    pub(crate) fn note(&mut self, kind: Kind, evidence: impl FnOnce() -> Evidence) {
        if let Some(found) = self.found.iter_mut().find(|found| found.kind == kind) {
            found.count += 1;
            return;
        }
        let rules_out: Vec<Level> =
            Level::all().filter(|&level| self.forbids(kind, level)).collect();
        if !rules_out.is_empty() {
            self.found.push(Found { kind, count: 1, evidence: evidence(), rules_out });
        }
    }

    /// Returns whether a level forbids anomalies of a kind, whatever comes.
    fn forbids(&self, kind: Kind, level: Level) -> bool {
        if !self.goes_on || kind != Kind::GarbageRead {
            return kind.rules_out(level);
        }
        // Whoever writes it is called after it was read; but the reader may have written the key.
        let late = [Kind::Cycle(Class::G1c, Ordering::RealTime), Kind::Internal];
        self.tells_late_writes && late.iter().all(|kind| kind.rules_out(level))
    }

    /// Notes a read of `value`, which `writer` wrote.
    pub(crate) fn read(&mut self, kind: Kind, reader: Place, value: Value, writer: Option<Place>) {
        self.note(kind, || Evidence::Read { reader, value, writer });
    }
}

impl<'t, 'h> Facts<'t, 'h> {
    /// Finds out the facts of `table`. O(n log n) and the size of what reads returned.
    ///
    /// [By their last element](Options::by_last_element), lists tell no more of their versions than
    /// if that had been written to a register.
    pub(crate) fn new(table: &'t Transactions<'h>, options: &Options) -> Facts<'t, 'h> {
        let writes = Writes::new(table);
        let mut versions = Versions {
            reads: vec![(LOST, NONE); table.micro_count()],
            chains: Groups::new(table.keys.len()),
            elements: Groups::new(table.keys.len()),
            tails: Groups::new(table.keys.len()),
            aside: vec![false; table.keys.len()],
            seen: vec![false; table.len()],
            notes: Notes::new(options, table.history.has_real_time()),
        };
        let reads = ReadsByKey::new(table);
        for key in 0..table.keys.len() as u32 {
            match table.kinds[key as usize] {
                KeyKind::List => lists::order(table, &writes, key, reads.of(key), &mut versions),
                KeyKind::Register => {
                    registers::sources(
                        table,
                        &writes,
                        key,
                        (reads.of(key), options.initial),
                        &mut versions,
                    );
                }
            }
            versions.chains.end();
            versions.elements.end();
        }
        if options.by_last_element {
            versions.forget_order(table, &writes);
        }
        let installed: Vec<bool> =
            table.all().map(|t| table.is_ok(t) || versions.seen[t as usize]).collect();
        tails(table, &writes, &installed, &mut versions);
        let mut facts = Facts {
            table,
            installed,
            reads: Groups::new(table.len()),
            writes: Groups::new(table.len()),
            chains: versions.chains,
            elements: versions.elements,
            tails: versions.tails,
            aside: versions.aside,
            prefers: versions.notes.prefers,
            by_last_element: options.by_last_element,
            found: Vec::new(),
        };
        let mut notes = versions.notes;
        facts.walk(&versions.reads, &mut notes);
        facts.lost_updates(&mut notes);
        facts.found = notes.found;
        facts
    }

    /// Collects the reads and writes of each transaction, and looks for reads that contradict their
    /// own transaction.
    fn walk(&mut self, sources: &[(u32, u32)], notes: &mut Notes) {
        let table = self.table;
        // The last micro-operation on a key, and the last write: of the present transaction, if it
        // is not before its start.
        let mut last = vec![NONE; table.keys.len()];
        let mut last_write = vec![NONE; table.keys.len()];
        let mut previous = Vec::new();
        let mut start = 0;
        for t in table.all() {
            let micros = table.micros(t);
            previous.clear();
            let is_ok = table.is_ok(t);
            for (micro, nth) in micros.iter().zip(0u32..) {
                let key = micro.key as usize;
                let own = |at: u32| (at != NONE && at >= start).then(|| at - start);
                previous.push(own(last[key]).unwrap_or(NONE));
                last[key] = start + nth;
                if micro.access != Access::Read {
                    if self.installed[t as usize] && own(last_write[key]).is_none() {
                        self.writes.push(micro.key);
                    }
                    last_write[key] = start + nth;
                    continue;
                }
                if !is_ok {
                    continue;
                }
                check_internal(table, t, &previous, nth, notes);
                let (source, place) = sources[(start + nth) as usize];
                let is_own = own(last_write[key]).is_some();
                let read = Read { key: micro.key, source, place, micro: nth, is_own };
                self.reads.extend(if is_own { self.before_own(t, read) } else { Some(read) });
            }
            self.reads.end();
            self.writes.end();
            start += micros.len() as u32;
        }
    }

    /// Returns a read of a list to which its own transaction had appended, as the read of what was
    /// there before that.
    fn before_own(&self, t: u32, read: Read) -> Option<Read> {
        if read.place == NONE
            || read.source == LOST
            || self.table.kinds[read.key as usize] == KeyKind::Register
        {
            return None;
        }
        let shown = &self.chains.of(read.key)[..read.place as usize];
        let place = shown.iter().rposition(|&other| other != t).map_or(0, |at| at + 1);
        let source = if place == 0 { NONE } else { shown[place - 1] };
        Some(Read { source, place: place as u32, ..read })
    }

    /// Finds transactions that read the same version of a key before they wrote it.
    fn lost_updates(&self, notes: &mut Notes) {
        let mut updates: Vec<(u64, u64)> = Vec::new();
        for t in self.table.all() {
            let reads = self.reads.of(t);
            for (nth, read) in reads.iter().enumerate() {
                let is_first = !reads[..nth].iter().any(|other| other.key == read.key);
                let writes = self.writes.of(t).contains(&read.key);
                if is_first
                    && writes
                    && !read.is_own
                    && read.source != LOST
                    && !self.aside[read.key as usize]
                {
                    // The version: by what the list held, or its writer.
                    let version = match self.table.kinds[read.key as usize] {
                        KeyKind::List => {
                            let value = self.table.micros(t)[read.micro as usize].value;
                            let items = self.table.history.values().as_list(value);
                            items.filter(|items| !items.is_empty()).map_or(NONE, |_| value.handle())
                        }
                        KeyKind::Register => read.source,
                    };
                    let key = u64::from(read.key) << 32 | u64::from(version);
                    updates.push((key, u64::from(t) << 32 | u64::from(read.micro)));
                }
            }
        }
        updates.sort_unstable();
        for group in updates.chunk_by(|one, other| one.0 == other.0).filter(|g| g.len() > 1) {
            let update = |(key, at): (u64, u64)| {
                let (transaction, micro) = ((at >> 32) as u32, at as u32);
                let read = Place { transaction, micro };
                (read, self.last_write(transaction, (key >> 32) as u32))
            };
            let both = || Evidence::Updates([update(group[0]), update(group[1])]);
            notes.note(Kind::LostUpdate, both);
        }
    }

    /// Returns the last write of `key` by a transaction that writes it.
    pub(crate) fn last_write(&self, transaction: u32, key: u32) -> Place {
        let micros = self.table.micros(transaction);
        let is_write = |micro: &Micro| micro.key == key && micro.access != Access::Read;
        let micro = micros.iter().rposition(is_write).unwrap_or(0) as u32;
        Place { transaction, micro }
    }

    /// Returns how many transactions there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns whether the order of the versions of all keys is known.
    pub(crate) fn is_ordered(&self) -> bool {
        (0..self.tails.len() as u32).all(|key| self.tails.of(key).len() < 2)
    }
}

/// Checks a read of a committed transaction against what the transaction did to its key before.
fn check_internal(table: &Transactions<'_>, t: u32, previous: &[u32], nth: u32, notes: &mut Notes) {
    let before = previous[nth as usize];
    if before == NONE {
        return;
    }
    let micros = table.micros(t);
    let (micro, other) = (micros[nth as usize], micros[before as usize]);
    let place = |micro: u32| Place { transaction: t, micro };
    let both = || Evidence::Reads([place(before), place(nth)]);
    let values = table.history.values();
    let items = |value: Value| values.as_list(value).unwrap_or(&[]);
    let is_list = table.kinds[micro.key as usize] == KeyKind::List;
    if other.access == Access::Read {
        let differs = match is_list {
            true => items(micro.value) != items(other.value),
            false => micro.value != other.value,
        };
        if differs {
            // A write between a read and this one would be nearer.
            let wrote = wrote_before(micros, previous, before);
            let kind = if wrote { Kind::Internal } else { Kind::NonRepeatableRead };
            notes.note(kind, both);
        }
        return;
    }
    if !is_list {
        if micro.value != other.value {
            notes.note(Kind::Internal, both);
        }
        return;
    }
    // The list ends with what was appended since the last read, and begins with that.
    let (mut at, mut rest) = (before, items(micro.value));
    loop {
        let earlier = micros[at as usize];
        if earlier.access == Access::Read {
            if rest != items(earlier.value) {
                // What it appended is there, and stands behind something else than it had read.
                notes.note(Kind::Internal, || Evidence::Reads([place(at), place(nth)]));
            }
            return;
        }
        match rest.split_last() {
            Some((&end, front)) if end == earlier.value => rest = front,
            _ => return notes.note(Kind::Internal, both),
        }
        match previous[at as usize] {
            NONE => return,
            next => at = next,
        }
    }
}

/// Returns whether a transaction wrote the key of its micro-operation `at` before that.
fn wrote_before(micros: &[Micro], previous: &[u32], mut at: u32) -> bool {
    loop {
        at = previous[at as usize];
        if at == NONE {
            return false;
        }
        if micros[at as usize].access != Access::Read {
            return true;
        }
    }
}

/// Finds who installed versions that are not in the chains.
fn tails(table: &Transactions<'_>, writes: &Writes, installed: &[bool], versions: &mut Versions) {
    let mut in_tail = vec![NONE; table.len()];
    let mut tail = Vec::new();
    for key in 0..table.keys.len() as u32 {
        let is_list = table.kinds[key as usize] == KeyKind::List;
        for write in writes.of(key) {
            let t = write.transaction;
            let is_unread = !is_list || versions.reads[write.global as usize].1 == NONE;
            if installed[t as usize] && is_unread && in_tail[t as usize] != key {
                in_tail[t as usize] = key;
                tail.push(t);
            }
        }
        tail.sort_unstable();
        tail.drain(..).for_each(|t| versions.tails.push(t));
        versions.tails.end();
    }
}

/// The reads of committed transactions by key.
struct ReadsByKey {
    starts: Vec<u32>,
    reads: Vec<KeyRead>,
}

/// A read of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyRead {
    pub(crate) place: Place,
    /// Its position among all micro-operations.
    pub(crate) global: u32,
    pub(crate) value: Value,
}

impl ReadsByKey {
    fn new(table: &Transactions<'_>) -> ReadsByKey {
        let is_read =
            |t: u32, micro: &Micro| micro.access == Access::Read && table.outcome(t) == Outcome::Ok;
        let mut starts = vec![0u32; table.keys.len() + 1];
        for t in table.all() {
            for micro in table.micros(t).iter().filter(|micro| is_read(t, micro)) {
                starts[micro.key as usize + 1] += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let none = Place { transaction: NONE, micro: NONE };
        let none = KeyRead { place: none, global: NONE, value: Value::NULL };
        let mut reads = vec![none; starts[starts.len() - 1] as usize];
        let mut next = starts.clone();
        let mut global = 0;
        for t in table.all() {
            for (micro, nth) in table.micros(t).iter().zip(0..) {
                if is_read(t, micro) {
                    let at = &mut next[micro.key as usize];
                    let place = Place { transaction: t, micro: nth };
                    reads[*at as usize] = KeyRead { place, global, value: micro.value };
                    *at += 1;
                }
                global += 1;
            }
        }
        ReadsByKey { starts, reads }
    }

    fn of(&self, key: u32) -> &[KeyRead] {
        &self.reads[self.starts[key as usize] as usize..self.starts[key as usize + 1] as usize]
    }
}
