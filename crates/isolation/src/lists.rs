//! The order of the elements of a list, from the longest read: every other read has to begin as
//! that one does.

use histcheck_history::{Outcome, Value};

use crate::anomaly::{Evidence, Kind, Place};
use crate::facts::{KeyRead, LOST, Notes, Versions};
use crate::numbers::NONE;
use crate::table::{Access, Micro, Transactions};
use crate::writes::{Write, Writes};

/// Who appended an element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    /// A transaction that counts.
    Installed(Write),
    Aborted(Write),
    Nobody,
}

/// The elements of the longest read.
struct Longest<'v> {
    read: KeyRead,
    items: &'v [Value],
    /// How many versions of the chain the first elements are, by their number.
    places: Vec<u32>,
    /// The first element that is there twice.
    repeated: Option<usize>,
    /// Elements that no committed transaction appended.
    bad: Vec<(usize, Origin)>,
    /// By version of the chain, whether its element is the last that its transaction appended.
    finals: Vec<bool>,
    /// The transactions of the chain, sorted, with their micro-operations and places.
    own: Vec<(u32, u32, u32)>,
}

/// Finds the order of the versions of the list `key`, and the version that each read returned.
pub(crate) fn order(
    table: &Transactions<'_>,
    writes: &Writes,
    key: u32,
    reads: &[KeyRead],
    versions: &mut Versions,
) {
    if shows_repeats(table, writes, key, reads) {
        return set_aside(table, writes, key, reads, versions);
    }
    let items = |read: &KeyRead| shown(table, key, read);
    let mut longest: Option<&KeyRead> = None;
    for read in reads {
        if longest.is_none_or(|longest| items(read).len() > items(longest).len()) {
            longest = Some(read);
        }
    }
    let Some(&read) = longest else { return };
    let longest = Longest::new(table, writes, key, (read, items(&read)), versions);
    let chain = versions.chains.open().to_vec();
    // Reads mostly return what another one did.
    let mut last = Value::NULL;
    for read in reads {
        let list = items(read);
        let whole = table.history.values().as_list(read.value).unwrap_or(&[]);
        let is_whole = whole.len() == list.len();
        let repeated = |items| first_repeated(writes, key, items);
        if let Some(nth) = Some(whole).filter(|_| !is_whole).and_then(repeated) {
            versions.notes.read(Kind::DuplicateElements, read.place, whole[nth], None);
            continue;
        }
        if read.value == last && is_whole || longest.items.starts_with(list) {
            last = if is_whole { read.value } else { Value::NULL };
            let place = longest.places[list.len()];
            let source = if place == 0 { NONE } else { chain[place as usize - 1] };
            longest.check(read, list.len(), (source, place), &mut versions.notes);
            let is_open = versions.notes.goes_on && longest.ends_with_garbage(list.len());
            versions.reads[read.global as usize] = (if is_open { LOST } else { source }, place);
        } else {
            incompatible(table, writes, key, (&longest, read, list), versions);
        }
    }
}

/// Returns whether some read shows an element of which it is not known who appended it: several
/// did, or it is there several times and some of those who did aborted.
fn shows_repeats(table: &Transactions<'_>, writes: &Writes, key: u32, reads: &[KeyRead]) -> bool {
    let counts = |write: &&Write| table.outcome(write.transaction) != Outcome::Fail;
    let mut all = writes.of(key).chunk_by(|one, other| one.value == other.value);
    all.any(|same| {
        let is_shown = |most: usize| {
            reads.iter().any(|read| {
                let items = table.history.values().as_list(read.value).unwrap_or(&[]);
                items.iter().filter(|&&item| item == same[0].value).count() > most
            })
        };
        same.len() > 1 && is_shown(usize::from(same.iter().filter(counts).count() < 2))
    })
}

/// Takes from reads of a list what they tell although it is not known who appended some elements.
fn set_aside(
    table: &Transactions<'_>,
    writes: &Writes,
    key: u32,
    reads: &[KeyRead],
    versions: &mut Versions,
) {
    versions.aside[key as usize] = true;
    for read in reads {
        let items = table.history.values().as_list(read.value).unwrap_or(&[]);
        let shown = || items.iter().map(|&item| (item, origin(table, writes, key, item)));
        note_bad(&mut versions.notes, read, shown());
        if let Some(nth) = first_repeated(writes, key, items) {
            versions.notes.read(Kind::DuplicateElements, read.place, items[nth], None);
        }
        for &item in items {
            if let [write] = writes.find(key, item) {
                versions.seen[write.transaction as usize] |= !table.is_ok(write.transaction);
            }
        }
    }
}

/// Returns what a read shows of the versions of a list: without what its own transaction had
/// appended before, which is not a version yet.
fn shown<'t>(table: &'t Transactions<'_>, key: u32, read: &KeyRead) -> &'t [Value] {
    let mut items = table.history.values().as_list(read.value).unwrap_or(&[]);
    let before = &table.micros(read.place.transaction)[..read.place.micro as usize];
    let appended = |element: Value| {
        let is_it =
            |own: &Micro| (own.key, own.access, own.value) == (key, Access::Append, element);
        before.iter().any(is_it)
    };
    while let Some((&last, rest)) = items.split_last() {
        if !appended(last) {
            break;
        }
        items = rest;
    }
    items
}

/// Returns who appended `element`.
fn origin(table: &Transactions<'_>, writes: &Writes, key: u32, element: Value) -> Origin {
    let all = writes.find(key, element);
    let mut installed =
        all.iter().filter(|write| table.outcome(write.transaction) != Outcome::Fail);
    match (installed.next(), all.first()) {
        (Some(&write), _) => Origin::Installed(write),
        (None, Some(&write)) => Origin::Aborted(write),
        (None, None) => Origin::Nobody,
    }
}

/// Returns whether an append is the last of its transaction to its key.
fn is_final(table: &Transactions<'_>, key: u32, write: Write) -> bool {
    let later = &table.micros(write.transaction)[write.micro as usize + 1..];
    !later.iter().any(|micro| micro.key == key && micro.access == Access::Append)
}

impl<'v> Longest<'v> {
    fn new(
        table: &Transactions<'_>,
        writes: &Writes,
        key: u32,
        (read, items): (KeyRead, &'v [Value]),
        versions: &mut Versions,
    ) -> Longest<'v> {
        let mut longest = Longest {
            read,
            items,
            places: Vec::with_capacity(items.len() + 1),
            repeated: first_repeated(writes, key, items),
            bad: Vec::new(),
            finals: Vec::new(),
            own: Vec::new(),
        };
        longest.places.push(0);
        let mut aborted = None;
        for (nth, &element) in items.iter().enumerate() {
            let origin = origin(table, writes, key, element);
            match origin {
                Origin::Installed(write) => {
                    versions.notes.prefers |= writes.find(key, element).len() > 1;
                    let is_new = longest.install(table, key, write, versions);
                    if let Some(aborted) =
                        aborted.filter(|_| is_new && table.is_ok(write.transaction))
                    {
                        let evidence = Evidence::Update {
                            aborted,
                            committed: write.place(),
                            reader: read.place,
                        };
                        versions.notes.note(Kind::DirtyUpdate, || evidence);
                    }
                    if table.is_ok(write.transaction) {
                        aborted = None;
                    }
                }
                Origin::Aborted(write) => {
                    aborted = Some(write.place());
                    longest.bad.push((nth, origin));
                }
                Origin::Nobody => longest.bad.push((nth, origin)),
            }
            longest.places.push(versions.chains.open().len() as u32);
        }
        longest.own.sort_unstable();
        longest.check_programs(table, key, &mut versions.notes);
        longest
    }

    /// Checks that the list has the appends of each transaction in the order in which it made them,
    /// up to some of them.
    fn check_programs(&self, table: &Transactions<'_>, key: u32, notes: &mut Notes) {
        for own in self.own.chunk_by(|one, other| one.0 == other.0) {
            let t = own[0].0;
            let is_append = |micro: &Micro| micro.key == key && micro.access == Access::Append;
            let appends = table.micros(t).iter().zip(0..).filter(|(micro, _)| is_append(micro));
            // Sorted by micro-operation.
            let is_in_order = own.is_sorted_by_key(|&(_, _, place)| place);
            if is_in_order && own.iter().zip(appends).all(|(own, (_, micro))| own.1 == micro) {
                continue;
            }
            let writer = Place { transaction: t, micro: own[0].1 };
            let value = table.micros(t)[own[0].1 as usize].value;
            notes.read(Kind::IncompatibleOrder, self.read.place, value, Some(writer));
        }
    }

    /// Makes the element of `write` the next version of the chain, unless it is there already;
    /// returns whether it was not.
    fn install(
        &mut self,
        table: &Transactions<'_>,
        key: u32,
        write: Write,
        versions: &mut Versions,
    ) -> bool {
        let slot = &mut versions.reads[write.global as usize].1;
        if *slot != NONE {
            return false;
        }
        let place = versions.chains.open().len() as u32;
        *slot = place;
        versions.chains.push(write.transaction);
        versions.elements.push(write.micro);
        self.finals.push(is_final(table, key, write));
        self.own.push((write.transaction, write.micro, place));
        if !table.is_ok(write.transaction) {
            versions.seen[write.transaction as usize] = true;
        }
        true
    }

    /// Checks a read of the first `len` elements.
    fn check(&self, read: &KeyRead, len: usize, (source, place): (u32, u32), notes: &mut Notes) {
        if self.repeated.is_some_and(|nth| nth < len) {
            let value = self.items[self.repeated.unwrap_or(0)];
            notes.read(Kind::DuplicateElements, read.place, value, None);
        }
        let shown = self.bad.iter().take_while(|&&(nth, _)| nth < len);
        note_bad(notes, read, shown.map(|&(nth, origin)| (self.items[nth], origin)));
        let reader = read.place.transaction;
        if place > 0 && source != reader && !self.finals[place as usize - 1] {
            // The list may end with what nobody appended.
            let is_last = self.places[len - 1] != place;
            if is_last {
                let writer = self.writer(source, place - 1);
                notes.read(Kind::IntermediateRead, read.place, self.items[len - 1], writer);
            }
        }
        let own = self.own.partition_point(|&(t, _, _)| t < reader);
        for &(_, micro, at) in self.own[own..].iter().take_while(|own| own.0 == reader) {
            if at < place && micro > read.place.micro {
                let value = self.items[self.places.partition_point(|&count| count <= at) - 1];
                let writer = Place { transaction: reader, micro };
                notes.read(Kind::FutureRead, read.place, value, Some(writer));
                break;
            }
        }
    }

    /// Returns whether nobody appended the last of the first `len` elements.
    fn ends_with_garbage(&self, len: usize) -> bool {
        self.bad.contains(&(len.wrapping_sub(1), Origin::Nobody))
    }

    /// Returns the micro-operation by which `transaction` made the version at `place`.
    fn writer(&self, transaction: u32, place: u32) -> Option<Place> {
        let own = self.own.iter().find(|&&(t, _, at)| t == transaction && at == place);
        own.map(|&(transaction, micro, _)| Place { transaction, micro })
    }
}

/// Notes that a read shows elements which no committed transaction appended: at most one of each
/// kind.
fn note_bad(notes: &mut Notes, read: &KeyRead, shown: impl Iterator<Item = (Value, Origin)>) {
    let (mut aborted, mut garbage) = (None, None);
    for (value, origin) in shown {
        match origin {
            Origin::Aborted(write) => _ = aborted.get_or_insert((value, write)),
            Origin::Nobody => _ = garbage.get_or_insert(value),
            _ => {}
        }
    }
    if let Some((value, write)) = aborted {
        notes.read(Kind::AbortedRead, read.place, value, Some(write.place()));
    }
    if let Some(value) = garbage {
        notes.read(Kind::GarbageRead, read.place, value, None);
    }
}

/// Returns the position of the first item that was there before, and that was not appended several
/// times.
fn first_repeated(writes: &Writes, key: u32, items: &[Value]) -> Option<usize> {
    if items.is_sorted_by(|one, other| one < other) {
        return None;
    }
    let mut sorted: Vec<(Value, usize)> = items.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let is_once = |element: Value| writes.find(key, element).len() < 2;
    let pairs = sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0 && is_once(pair[0].0));
    pairs.map(|pair| pair[1].1).min()
}

/// Takes what can be taken from a read that does not begin as the longest one does.
fn incompatible(
    table: &Transactions<'_>,
    writes: &Writes,
    key: u32,
    (longest, read, list): (&Longest<'_>, &KeyRead, &[Value]),
    versions: &mut Versions,
) {
    let both = || Evidence::Reads([longest.read.place, read.place]);
    versions.notes.note(Kind::IncompatibleOrder, both);
    let mut bad = Vec::new();
    let mut last = (LOST, NONE);
    let reader = read.place.transaction;
    for (nth, &element) in list.iter().enumerate() {
        let origin = origin(table, writes, key, element);
        let Origin::Installed(write) = origin else {
            bad.push((element, origin));
            if versions.notes.goes_on && origin == Origin::Nobody {
                last = (LOST, NONE);
            }
            continue;
        };
        versions.notes.prefers |= writes.find(key, element).len() > 1;
        if !table.is_ok(write.transaction) {
            versions.seen[write.transaction as usize] = true;
        }
        // It says from whom it is, and nothing of what came next.
        last = (write.transaction, NONE);
        let is_own = write.transaction == reader;
        if is_own && write.micro > read.place.micro {
            let writer = Some(write.place());
            versions.notes.read(Kind::FutureRead, read.place, element, writer);
        }
        if nth + 1 == list.len() && !is_own && !is_final(table, key, write) {
            let writer = Some(write.place());
            versions.notes.read(Kind::IntermediateRead, read.place, element, writer);
        }
    }
    note_bad(&mut versions.notes, read, bad.into_iter());
    if let Some(nth) = first_repeated(writes, key, list) {
        versions.notes.read(Kind::DuplicateElements, read.place, list[nth], None);
    }
    versions.reads[read.global as usize] = last;
}
