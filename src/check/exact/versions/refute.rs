//! What certainly cannot be: of every version told, only those who certainly made, saw or replaced
//! it count, and updates of which nothing certain is known are left out.

use super::acts::{Act, Content, Known, Update};
use super::problem::{Course, Item, Problem};
use super::sweep::Sweep;
use super::table::{NOBODY, START, Silent, Versions, blocks};
use crate::history::hash::Map;
use crate::history::{Rank, Span, Value};

/// A rank by which the operations, as far as they are known, contradict each other; `None` if they
/// may not.
pub(super) fn contradiction(known: &[Known], initial: Option<Value>) -> Option<Rank> {
    refute(known, initial).err()
}

fn refute(known: &[Known], initial: Option<Value>) -> Result<(), Rank> {
    let mut certain = Certain::new(known, initial)?;
    certain.see()?;
    certain.replace()?;
    certain.continue_crashed()?;
    certain.count()?;
    certain.differ()?;
    let blocks = blocks(&certain.versions, known)?;
    // Whoever is known to have made a version has its place with that.
    let made = &certain.made;
    let is_apart = |item: Item| !matches!(item, Item::Absent(at) if made[at as usize] != NOBODY);
    let apart = |mut items: Vec<(Rank, Item)>| {
        items.retain(|&(_, item)| is_apart(item));
        items
    };
    let (releases, deadlines) = (apart(certain.releases), apart(certain.deadlines));
    let table = (known, &certain.versions, &blocks[..]);
    let mut problem = Problem::new(table, releases, deadlines, Vec::new(), Course::Exact);
    // Of what is there first nobody knows the version.
    let mut level = if initial.is_some() { -1 } else { 0 };
    for _ in 0..PARTS {
        let mut sweep = Sweep::new(&problem, level, initial);
        let Err(by) = sweep.run() else { break };
        let Some(doubt) = sweep.doubt else { return Err(by) };
        // Perhaps what was called after that contradicts itself, whatever is there by then.
        problem.forget(doubt);
        level = 0;
    }
    Ok(())
}

/// So many parts of a history are tried.
const PARTS: usize = 6;

/// What is certain of versions.
struct Certain<'a> {
    known: &'a [Known],
    silent: Silent,
    /// Whether nothing can delete the key, so that there is one version of each number.
    is_one_life: bool,
    versions: Versions,
    /// The version that each update made, if that is certain.
    made: Vec<u32>,
    /// The version that was there first, if it is certain which.
    start: u32,
    told: Map<Value, Vec<u32>>,
    /// Versions that were replaced by what did not tell its version.
    replaced: Map<u32, Rank>,
    /// Versions that none told who made them: the value, the number, and who saw it first.
    needs: Vec<(Value, i64, Rank)>,
    releases: Vec<(Rank, Item)>,
    deadlines: Vec<(Rank, Item)>,
}

/// Where a version comes from.
enum Source {
    Version(u32),
    /// It is not certain.
    Open,
}

impl<'a> Certain<'a> {
    fn new(known: &'a [Known], initial: Option<Value>) -> Result<Self, Rank> {
        let deletes = |update: Update| match update.content {
            Content::Gone => true,
            Content::Any => update.expected.is_some(),
            Content::Is(_) => false,
        };
        let mut certain = Certain {
            known,
            silent: Silent::of(known, initial),
            is_one_life: !known.iter().filter_map(Known::update).any(deletes),
            versions: Versions::default(),
            made: vec![NOBODY; known.len()],
            start: NOBODY,
            told: Map::default(),
            replaced: Map::default(),
            needs: Vec::new(),
            releases: Vec::new(),
            deadlines: Vec::new(),
        };
        for (at, &Known { act, span }) in (0..).zip(known) {
            match act {
                Act::Impossible => return Err(span.ret),
                Act::SeeAbsent => certain.item(Item::Absent(at), span),
                Act::Update(update) => certain.update(at, update, span)?,
                _ => {}
            }
        }
        Ok(certain)
    }

    fn update(&mut self, at: u32, update: Update, span: Span) -> Result<(), Rank> {
        match (update.content, update.version) {
            (Content::Gone, _) => self.item(Item::Delete(at), span),
            (Content::Any, _) => self.item(Item::Delete(at), span),
            (Content::Is(value), Some(number)) => {
                if self.is_one_life && self.versions.numbered(number).next().is_some() {
                    return Err(span.ret);
                }
                self.made[at as usize] = self.versions.add(number, Some(value), at);
                self.told.entry(value).or_default().push(at);
            }
            (Content::Is(_), None) => {
                if update.expected == Some(0) && span.has_returned() {
                    self.item(Item::Absent(at), span);
                }
            }
        }
        Ok(())
    }

    fn item(&mut self, item: Item, span: Span) {
        self.releases.push((span.call, item));
        if span.has_returned() {
            self.deadlines.push((span.ret, item));
        }
    }

    fn call(&self, at: u32) -> Rank {
        self.known[at as usize].span.call
    }

    /// Where the version comes from that was seen by `ret`.
    fn source(&mut self, number: i64, value: Option<Value>, ret: Rank) -> Result<Source, Rank> {
        if self.is_one_life {
            return self.only(number, value, ret).map(Source::Version);
        }
        let fits = |&at: &u32| {
            let version = self.versions.all[at as usize];
            let told = self.known.get(version.writer as usize);
            told.is_some_and(|told| {
                told.update().is_some_and(|update| update.version.is_some()) && told.span.call < ret
            }) && value.is_none_or(|value| version.value == Some(value))
        };
        let told: Vec<u32> = self.versions.numbered(number).filter(fits).take(2).collect();
        let first = told.first().copied();
        let (others, other) = self.silent.before(self.known, value, ret);
        if first.is_none()
            && let Some(value) = value
        {
            self.needs.push((value, number, ret));
        }
        match (first, others, other) {
            (Some(version), 0, _) if told.len() == 1 => Ok(Source::Version(version)),
            (None, 0, _) => Err(ret),
            (None, 1, Some(writer)) => self.written_by(writer, number, value, ret),
            _ => Ok(Source::Open),
        }
    }

    /// The version of this number, where there is one of each.
    fn only(&mut self, number: i64, value: Option<Value>, ret: Rank) -> Result<u32, Rank> {
        let Some(at) = self.versions.numbered(number).next() else {
            if self.silent.before(self.known, value, ret).0 == 0 {
                return Err(ret);
            }
            return Ok(self.versions.add(number, value, NOBODY));
        };
        let version = &mut self.versions.all[at as usize];
        let is_late = self.known.get(version.writer as usize).is_some_and(|it| it.span.call > ret);
        if is_late || value.is_some_and(|value| version.value.is_some_and(|it| it != value)) {
            return Err(ret);
        }
        version.value = version.value.or(value);
        Ok(at)
    }

    /// The version that only `writer` can have made.
    fn written_by(
        &mut self,
        writer: u32,
        number: i64,
        value: Option<Value>,
        ret: Rank,
    ) -> Result<Source, Rank> {
        let made = if writer == START { &mut self.start } else { &mut self.made[writer as usize] };
        if *made == NOBODY {
            let update = self.known.get(writer as usize).and_then(Known::update);
            if update.is_some_and(|it| it.expected.is_some_and(|found| found >= number)) {
                return Err(ret);
            }
            *made = self.versions.add(number, value, writer);
        } else if self.versions.all[*made as usize].number != number {
            return Err(ret);
        }
        Ok(Source::Version(*made))
    }

    /// What reads saw.
    fn see(&mut self) -> Result<(), Rank> {
        for &Known { act, span } in self.known {
            let source = match act {
                Act::See(number, value) => self.source(number, value, span.ret)?,
                Act::SeeValue(value) => self.holder(value, span.ret)?,
                _ => continue,
            };
            if let Source::Version(version) = source {
                self.versions.see(version, span);
            }
        }
        Ok(())
    }

    /// The version that holds a value which was seen by `ret`.
    fn holder(&self, value: Value, ret: Rank) -> Result<Source, Rank> {
        let told = self.told.get(&value).map_or(&[][..], |told| told);
        let count = told.partition_point(|&at| self.call(at) < ret);
        match (count, self.silent.before(self.known, Some(value), ret).0) {
            (0, 0) => Err(ret),
            (1, 0) => Ok(Source::Version(self.made[told[0] as usize])),
            _ => Ok(Source::Open),
        }
    }

    /// What completed updates replaced.
    fn replace(&mut self) -> Result<(), Rank> {
        for (at, &Known { act, span }) in self.known.iter().enumerate() {
            let Act::Update(Update { expected: Some(expected @ 1..), .. }) = act else { continue };
            if !span.has_returned() {
                continue;
            }
            let Source::Version(version) = self.source(expected, None, span.ret)? else { continue };
            self.replaced_by(version, self.made[at], span)?;
        }
        Ok(())
    }

    fn replaced_by(&mut self, version: u32, made: u32, span: Span) -> Result<(), Rank> {
        if self.replaced.contains_key(&version) {
            return Err(span.ret);
        }
        if made != NOBODY {
            return if self.versions.link(version, made) { Ok(()) } else { Err(span.ret) };
        }
        if self.versions.all[version as usize].next != NOBODY {
            return Err(span.ret);
        }
        self.replaced.insert(version, span.ret);
        self.versions.see(version, span);
        Ok(())
    }

    /// What crashed updates replaced, if it is certain what they made.
    fn continue_crashed(&mut self) -> Result<(), Rank> {
        for made in 0..self.versions.all.len() {
            let version = self.versions.all[made];
            let Some(&writer) = self.known.get(version.writer as usize) else { continue };
            let Some(Update { expected: Some(expected @ 1..), .. }) = writer.update() else {
                continue;
            };
            if writer.has_returned() {
                continue;
            }
            let seen = version.seen_first;
            if let Source::Version(replaced) = self.source(expected, None, seen)? {
                let span = Span { call: writer.span.call, ret: seen };
                self.replaced_by(replaced, made as u32, span)?;
            }
        }
        Ok(())
    }

    /// Whether there are enough updates for the versions of which none told that it made them.
    fn count(&mut self) -> Result<(), Rank> {
        for version in &self.versions.all {
            if let (NOBODY, Some(value)) = (version.writer, version.value) {
                self.needs.push((value, version.number, version.seen_first));
            }
        }
        self.needs.sort_unstable();
        self.needs.dedup_by_key(|need| (need.0, need.1));
        let mut needs: Vec<(Value, Rank)> =
            self.needs.iter().map(|&(value, _, ret)| (value, ret)).collect();
        needs.sort_unstable();
        let mut before = (Value::NULL, 0);
        for (value, ret) in needs {
            before = if before.0 == value { (value, before.1 + 1) } else { (value, 1) };
            if self.silent.before(self.known, Some(value), ret).0 < before.1 {
                return Err(ret);
            }
        }
        Ok(())
    }

    /// Whether operations that found another version than one had a time when it was not there.
    fn differ(&self) -> Result<(), Rank> {
        let mut highest = Vec::new();
        for known in self.known {
            let made = known.update().and_then(|update| update.version);
            highest.push((known.span.call, made.unwrap_or(0)));
        }
        for at in 1..highest.len() {
            highest[at].1 = highest[at].1.max(highest[at - 1].1);
        }
        for &Known { act, span } in self.known {
            let Act::Not(number) = act else { continue };
            let differs = |at: u32| {
                let version = self.versions.all[at as usize];
                let [writer, next] = [version.writer, version.next].map(|at| at as usize);
                let mut from = version.seen_first;
                let mut until = version.seen_last;
                if let Some(writer) = self.known.get(writer) {
                    from = from.min(writer.span.ret);
                }
                if let Some(next) = self.versions.all.get(next)
                    && let Some(next) = self.known.get(next.writer as usize)
                {
                    (from, until) = (from.min(next.span.ret), until.max(next.span.call));
                }
                if self.is_one_life && from < span.call {
                    let called = highest.partition_point(|&(call, _)| call < span.ret);
                    let higher = called.checked_sub(1).map_or(0, |last| highest[last].1);
                    let silent = self.silent.all().first();
                    let none = silent.is_none_or(|&at| self.call(at) > span.ret);
                    if higher <= number && none {
                        return false;
                    }
                }
                !(from < span.call && span.ret < until)
            };
            if !self.versions.numbered(number).all(differs) {
                return Err(span.ret);
            }
        }
        Ok(())
    }
}
