//! Verifies that an anomaly is there: by looking at the micro-operations that it names.

use histcheck_history::{Outcome, Value};

use crate::anomaly::{Class, Evidence, Found, Kind, Place, Step, Why};
use crate::keys::Keys;
use crate::table::{Access, KeyKind, Micro, Transactions};

/// Transactions of a core that all orders are tried of, at most.
const MOST: usize = 7;

/// Returns whether the evidence shows the anomaly; `None` if it is too large to be verified.
pub(super) fn verify(
    (table, keys): (&Transactions<'_>, Keys),
    initial: Value,
    found: &Found,
) -> Option<bool> {
    let scene = Scene { table, keys, initial };
    let is_shown = match (&found.evidence, found.kind) {
        (Evidence::Read { reader, value, writer }, kind) => {
            scene.shows(*reader, *value) && scene.read(kind, *reader, *value, *writer)
        }
        (Evidence::Reads([one, other]), kind) => scene.reads(kind, *one, *other),
        (Evidence::Updates([one, other]), Kind::LostUpdate) => scene.updates(*one, *other),
        (Evidence::Update { aborted, committed, reader }, Kind::DirtyUpdate) => {
            let at = |place: &Place| {
                let value = scene.micro(*place).value;
                scene.items(*reader).iter().position(|&item| item == value)
            };
            let (first, second) = (at(aborted), at(committed));
            scene.is_failed(*aborted)
                && table.is_ok(committed.transaction)
                && first.is_some()
                && first < second
        }
        (Evidence::Cycle(steps), kind) => scene.cycle(kind, steps),
        (Evidence::Core(transactions), _) if transactions.len() > MOST => return None,
        // Its transactions are not a history by themselves: this is left to who tries all orders.
        (Evidence::Core(_), _) => return None,
        _ => false,
    };
    Some(is_shown)
}

struct Scene<'s, 'h> {
    table: &'s Transactions<'h>,
    /// What is assumed of each register by itself.
    keys: Keys,
    initial: Value,
}

impl Scene<'_, '_> {
    fn micro(&self, place: Place) -> Micro {
        self.table.micros(place.transaction)[place.micro as usize]
    }

    /// Returns the elements of a list that was read.
    fn items(&self, place: Place) -> &[Value] {
        self.table.history.values().as_list(self.micro(place).value).unwrap_or(&[])
    }

    /// Returns the elements of a list that was read, without the end of it that its transaction had
    /// appended itself.
    fn shown(&self, place: Place) -> &[Value] {
        let key = self.micro(place).key;
        let before = &self.table.micros(place.transaction)[..place.micro as usize];
        let is_own = |element: &Value| {
            before
                .iter()
                .any(|own| (own.key, own.access, own.value) == (key, Access::Append, *element))
        };
        let items = self.items(place);
        let end = items.iter().rposition(|element| !is_own(element)).map_or(0, |at| at + 1);
        &items[..end]
    }

    fn is_list(&self, place: Place) -> bool {
        self.table.kinds[self.micro(place).key as usize] == KeyKind::List
    }

    fn is_read(&self, place: Place) -> bool {
        self.micro(place).access == Access::Read && self.table.is_ok(place.transaction)
    }

    fn is_failed(&self, place: Place) -> bool {
        self.table.outcome(place.transaction) == Outcome::Fail
    }

    /// Returns whether a read returned a value, or a list with it.
    fn shows(&self, reader: Place, value: Value) -> bool {
        let is_there = match self.is_list(reader) {
            true => self.items(reader).contains(&value),
            false => self.micro(reader).value == value,
        };
        self.is_read(reader) && is_there
    }

    /// Returns all writes of a value to a key.
    fn writes(&self, key: u32, value: Value) -> Vec<Place> {
        let mut all = Vec::new();
        for transaction in self.table.all() {
            for (micro, nth) in self.table.micros(transaction).iter().zip(0..) {
                if micro.key == key && micro.access != Access::Read && micro.value == value {
                    all.push(Place { transaction, micro: nth });
                }
            }
        }
        all
    }

    fn read(&self, kind: Kind, reader: Place, value: Value, writer: Option<Place>) -> bool {
        let key = self.micro(reader).key;
        let is_writer = writer.is_none_or(|writer| {
            let micro = self.micro(writer);
            micro.key == key && micro.access != Access::Read && micro.value == value
        });
        let same = |write: &Place| write.transaction == reader.transaction;
        is_writer
            && match kind {
                Kind::GarbageRead => {
                    self.writes(key, value).is_empty()
                        && (value != self.initial || self.is_list(reader))
                }
                Kind::AbortedRead => {
                    let writes = self.writes(key, value);
                    !writes.is_empty() && writes.iter().all(|&write| self.is_failed(write))
                }
                Kind::IntermediateRead => writer.is_some_and(|writer| {
                    let later = &self.table.micros(writer.transaction)[writer.micro as usize + 1..];
                    let is_last =
                        !self.is_list(reader) || self.shown(reader).last() == Some(&value);
                    let overwrites =
                        |micro: &Micro| micro.key == key && micro.access != Access::Read;
                    is_last && !same(&writer) && later.iter().any(overwrites)
                }),
                Kind::FutureRead => {
                    writer.is_some_and(|writer| same(&writer) && writer.micro > reader.micro)
                }
                Kind::DuplicateElements => {
                    self.items(reader).iter().filter(|&&item| item == value).count() > 1
                        && self.writes(key, value).len() < 2
                }
                Kind::IncompatibleOrder => {
                    writer.is_some_and(|writer| self.is_scrambled(reader, writer.transaction))
                }
                _ => false,
            }
    }

    /// Returns whether a list shows appends of a transaction in another order than it made them, or
    /// without one of them.
    fn is_scrambled(&self, reader: Place, writer: u32) -> bool {
        let key = self.micro(reader).key;
        let is_append = |micro: &&Micro| micro.key == key && micro.access == Access::Append;
        let own = self.table.micros(writer).iter().filter(is_append);
        let own: Vec<Value> = own.map(|micro| micro.value).collect();
        let shown: Vec<Value> =
            self.items(reader).iter().copied().filter(|item| own.contains(item)).collect();
        !own.starts_with(&shown)
    }

    fn reads(&self, kind: Kind, one: Place, other: Place) -> bool {
        let (first, second) = (self.micro(one), self.micro(other));
        if first.key != second.key || !self.is_read(other) {
            return false;
        }
        match kind {
            Kind::IncompatibleOrder => {
                let (first, second) = (self.items(one), self.items(other));
                self.is_read(one) && !first.starts_with(second) && !second.starts_with(first)
            }
            Kind::Internal | Kind::NonRepeatableRead => {
                one.transaction == other.transaction
                    && one.micro < other.micro
                    && self.contradicts(kind, other)
            }
            _ => false,
        }
    }

    /// Returns whether a read contradicts what its transaction did to the key before.
    fn contradicts(&self, kind: Kind, read: Place) -> bool {
        let key = self.micro(read).key;
        // What is held, whether all of it is known, and whether the transaction wrote it.
        let (mut held, mut is_whole, mut wrote): (Vec<Value>, bool, bool) = (vec![], false, false);
        let before = &self.table.micros(read.transaction)[..read.micro as usize];
        let returned = |micro: &Micro| match self.table.kinds[key as usize] {
            KeyKind::Register => vec![micro.value],
            KeyKind::List => {
                self.table.history.values().as_list(micro.value).unwrap_or(&[]).to_vec()
            }
        };
        for micro in before.iter().filter(|micro| micro.key == key) {
            match micro.access {
                Access::Write => (held, is_whole, wrote) = (vec![micro.value], true, true),
                Access::Append => {
                    held.push(micro.value);
                    wrote = true;
                }
                Access::Read => (held, is_whole) = (returned(micro), true),
            }
        }
        let now = returned(&self.micro(read));
        let fits = if is_whole { now == held } else { now.ends_with(&held) };
        !fits && wrote == (kind == Kind::Internal)
    }

    fn updates(&self, one: (Place, Place), other: (Place, Place)) -> bool {
        let is_update = |(read, write): (Place, Place)| {
            let (first, second) = (self.micro(read), self.micro(write));
            self.is_read(read)
                && second.access != Access::Read
                && first.key == second.key
                && read.transaction == write.transaction
                && read.micro < write.micro
        };
        let (first, second) = (self.micro(one.0), self.micro(other.0));
        let is_same = match self.is_list(one.0) {
            true => self.items(one.0) == self.items(other.0),
            false => first.value == second.value,
        };
        is_update(one)
            && is_update(other)
            && one.0.transaction != other.0.transaction
            && first.key == second.key
            && is_same
    }

    /// Returns whether steps are a cycle of the kind that is claimed.
    fn cycle(&self, kind: Kind, steps: &[Step]) -> bool {
        let joined = steps.iter().zip(steps.iter().cycle().skip(1));
        let is_closed = joined.clone().all(|(one, other)| one.to == other.from);
        let mut all: Vec<u32> = steps.iter().map(|step| step.from).collect();
        all.sort_unstable();
        all.dedup();
        let is_rw = |step: &Step| matches!(step.why, Why::Rw(..));
        let count = steps.iter().filter(|step| is_rw(step)).count();
        let is_adjacent = joined.clone().any(|(one, other)| is_rw(one) && is_rw(other));
        let has_wr = steps.iter().any(|step| matches!(step.why, Why::Wr(..)));
        let is_kind = match kind {
            Kind::Cycle(Class::G0, _) => count == 0 && !has_wr,
            Kind::Cycle(Class::G1c, _) => count == 0 && has_wr,
            Kind::Cycle(Class::GSingle, _) => count == 1,
            Kind::Cycle(Class::GNonadjacent, _) => count > 1 && !is_adjacent,
            Kind::Cycle(Class::G2, _) => count > 1 && is_adjacent,
            _ => true,
        };
        is_closed && all.len() == steps.len() && is_kind && steps.iter().all(|step| self.step(step))
    }

    /// Returns whether the micro-operations of a step make one transaction come before the other.
    fn step(&self, step: &Step) -> bool {
        let Step { from, to, why } = *step;
        let (first, second) = (self.table.span(from), self.table.span(to));
        match why {
            Why::Session => {
                self.table.session(from) == self.table.session(to)
                    && self.table.is_ok(from)
                    && from < to
            }
            Why::RealTime => self.table.is_ok(from) && first.precedes(second),
            Why::Wr(write, read) => {
                (write.transaction, read.transaction) == (from, to)
                    && self.is_write(write)
                    && self.micro(write).key == self.micro(read).key
                    && self.shows(read, self.micro(write).value)
            }
            Why::Ww(one, other) => {
                (one.transaction, other.transaction) == (from, to)
                    && self.is_write(one)
                    && self.is_write(other)
                    && self.is_overwritten(one, other)
            }
            Why::Rw(read, write) => {
                (read.transaction, write.transaction) == (from, to)
                    && self.is_read(read)
                    && self.is_write(write)
                    && self.is_missed(read, write)
            }
            Why::Seen(write, read) => {
                let (written, returned) = (self.micro(write), self.micro(read));
                let is_initial = from == to;
                write.transaction == from
                    && self.is_write(write)
                    && self.is_read(read)
                    && written.key == returned.key
                    && self.sees(read.transaction, from)
                    && match is_initial {
                        true => {
                            returned.value == self.initial
                                || self.is_list(read) && self.shown(read).is_empty()
                        }
                        false => self.is_from(read, to),
                    }
            }
        }
    }

    /// Returns whether a write counts: its transaction committed, or somebody saw it.
    fn is_write(&self, write: Place) -> bool {
        self.micro(write).access != Access::Read && !self.is_failed(write)
    }

    /// Returns whether a read returned the version of `writer`.
    fn is_from(&self, read: Place, writer: u32) -> bool {
        let micro = self.micro(read);
        let value = match self.is_list(read) {
            true => self.shown(read).last().copied(),
            false => Some(micro.value),
        };
        let writes = |value: Value| {
            let own = self.table.micros(writer).iter();
            own.clone()
                .any(|own| own.key == micro.key && own.access != Access::Read && own.value == value)
        };
        writer != read.transaction && value.is_some_and(writes)
    }

    /// Returns whether a read returned something that `writer` wrote.
    fn has_seen(&self, read: Place, writer: u32) -> bool {
        if !self.is_list(read) {
            return self.is_from(read, writer);
        }
        let key = self.micro(read).key;
        let items = self.items(read);
        self.table
            .micros(writer)
            .iter()
            .any(|own| own.key == key && own.access != Access::Read && items.contains(&own.value))
    }

    /// Returns whether a version came before another one of its key: who wrote the other one had
    /// seen the first, or a read of a list shows it so.
    fn is_overwritten(&self, one: Place, other: Place) -> bool {
        let (first, second) = (self.micro(one), self.micro(other));
        if first.key != second.key {
            return false;
        }
        if self.sees(other.transaction, one.transaction)
            || self.is_assumed(first.key, first.value, second.value)
        {
            return true;
        }
        let is_list = self.table.kinds[first.key as usize] == KeyKind::List;
        is_list
            && self.reads_of(first.key).any(|read| {
                let at = |value: Value| self.shown(read).iter().position(|&item| item == value);
                match (at(first.value), at(second.value)) {
                    (Some(one), Some(other)) => one < other,
                    (Some(_), None) => true,
                    _ => false,
                }
            })
    }

    /// Returns whether a write replaced what a read returned, or came later.
    fn is_missed(&self, read: Place, write: Place) -> bool {
        let (returned, written) = (self.micro(read), self.micro(write));
        if returned.key != written.key {
            return false;
        }
        if self.is_list(read) {
            return !self.items(read).contains(&written.value);
        }
        let sources = self.writes(returned.key, returned.value);
        returned.value != written.value
            && match sources.iter().find(|&&source| !self.is_failed(source)) {
                None => returned.value == self.initial,
                Some(source) => {
                    self.sees(write.transaction, source.transaction)
                        || self.is_assumed(returned.key, returned.value, written.value)
                }
            }
    }

    /// Returns whether one value of a register was before another one by what is assumed.
    fn is_assumed(&self, key: u32, one: Value, other: Value) -> bool {
        if self.keys == Keys::Unknown || self.table.kinds[key as usize] == KeyKind::List {
            return false;
        }
        let mut touches: Vec<(Place, Value)> = Vec::new();
        for transaction in self.table.all() {
            for (micro, nth) in self.table.micros(transaction).iter().zip(0..) {
                let place = Place { transaction, micro: nth };
                let counts = self.is_read(place) || self.is_write(place);
                if micro.key == key && counts {
                    touches.push((place, micro.value));
                }
            }
        }
        let follows = |first: Place, second: Place| {
            let (one, other) = (first.transaction, second.transaction);
            let is_same = one == other && first.micro < second.micro;
            is_same
                || match self.keys {
                    Keys::Linearizable => self.table.span(one).precedes(self.table.span(other)),
                    _ => self.table.session(one) == self.table.session(other) && one < other,
                }
        };
        let mut reached = vec![one];
        let mut at = 0;
        while at < reached.len() {
            let own = touches.iter().filter(|touch| touch.1 == reached[at]);
            let next = own.flat_map(|&(first, _)| {
                touches.iter().filter(move |touch| follows(first, touch.0))
            });
            let new: Vec<Value> = next.map(|touch| touch.1).collect();
            new.into_iter().for_each(|value| {
                if !reached.contains(&value) {
                    reached.push(value);
                }
            });
            at += 1;
        }
        reached.contains(&other)
    }

    fn reads_of(&self, key: u32) -> impl Iterator<Item = Place> + '_ {
        self.table.all().flat_map(move |transaction| {
            let micros = self.table.micros(transaction).iter().zip(0..);
            let reads = micros.filter(move |(micro, _)| micro.key == key);
            let places = reads.map(move |(_, micro)| Place { transaction, micro });
            places.filter(|&place| self.is_read(place)).collect::<Vec<Place>>()
        })
    }

    /// Returns whether a transaction had seen another one when it committed: by reads, and the
    /// order of sessions and real time.
    fn sees(&self, reader: u32, seen: u32) -> bool {
        let mut is_met = vec![false; self.table.len()];
        let mut queue = vec![reader];
        while let Some(t) = queue.pop() {
            for other in self.table.all().filter(|&other| other != t) {
                if is_met[other as usize] {
                    continue;
                }
                let same = self.table.session(other) == self.table.session(t);
                let is_before = self.table.is_ok(other)
                    && (same && other < t || self.table.span(other).precedes(self.table.span(t)));
                let reads = self.table.micros(t).iter().zip(0..);
                let mut reads = reads.map(|(_, micro)| Place { transaction: t, micro });
                if is_before || reads.any(|read| self.is_read(read) && self.has_seen(read, other)) {
                    is_met[other as usize] = true;
                    queue.push(other);
                }
            }
        }
        is_met[seen as usize]
    }
}
