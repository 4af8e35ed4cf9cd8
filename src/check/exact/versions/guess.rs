//! The order that a store would have which numbers updates one after the other.

use super::acts::{Act, Content, Known, Update};
use super::place::Step;
use super::problem::{Course, Item, Problem};
use super::sweep::Sweep;
use super::table::{NOBODY, START, Silent, Versions, blocks};
use crate::history::hash::Map;
use crate::history::{Rank, Span, Value};

/// How an order is guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Manner {
    pub(super) course: Course,
    /// Those who saw a version after a greater one was there saw another one with its number.
    pub(super) strays: bool,
}

/// Updates in an order that may be one, and the version that is there first.
pub(super) fn order(
    known: &[Known],
    initial: Option<Value>,
    manner: Manner,
) -> Option<(Vec<Step>, i64)> {
    let mut guess = Guess::new(known, initial, manner.strays)?;
    guess.see();
    guess.replace();
    guess.find_writers()?;
    guess.finish();
    let blocks = blocks(&guess.versions, known).ok()?;
    let start = blocks.iter().find(|block| block.is_start(&guess.versions));
    let first = start.map_or(i64::from(initial.is_some()), |block| block.low);
    let mut spare = guess.spare;
    spare.sort_unstable();
    let table = (known, &guess.versions, &blocks[..]);
    let problem = Problem::new(table, guess.releases, guess.deadlines, spare, manner.course);
    let mut sweep = Sweep::new(&problem, i64::from(initial.is_some()), initial);
    sweep.run().ok()?;
    Some((sweep.steps, first))
}

struct Guess<'a> {
    known: &'a [Known],
    initial: Option<Value>,
    strays: bool,
    silent: Silent,
    versions: Versions,
    /// The version that each update made.
    made: Vec<u32>,
    /// Versions that were told, ascending, each with the first return of those that told one at
    /// least as high.
    bounds: Vec<(i64, Rank)>,
    told: Map<Value, Vec<u32>>,
    /// Updates that told no version, by their value, with the version that they replace,
    /// ascending; and those that crashed together.
    conditional: Vec<(Value, i64, u32)>,
    lost: Vec<(Value, i64, u32)>,
    /// Crashed updates that replace any version, by value.
    crashed: Map<Value, Pool>,
    all_crashed: Pool,
    spare: Vec<u32>,
    releases: Vec<(Rank, Item)>,
    deadlines: Vec<(Rank, Item)>,
}

/// An update that completed without telling its version is looked for among so many.
const NEAR: usize = 128;
/// And so many that replaced a version one after the other tell when it was there.
const NEXT: usize = 8;

impl<'a> Guess<'a> {
    fn new(known: &'a [Known], initial: Option<Value>, strays: bool) -> Option<Self> {
        let mut guess = Guess {
            known,
            initial,
            strays,
            silent: Silent::of(known, initial),
            versions: Versions::default(),
            made: vec![NOBODY; known.len()],
            bounds: Vec::new(),
            told: Map::default(),
            conditional: Vec::new(),
            lost: Vec::new(),
            crashed: Map::default(),
            all_crashed: Pool::default(),
            spare: Vec::new(),
            releases: Vec::new(),
            deadlines: Vec::new(),
        };
        for (at, &Known { act, span }) in (0..).zip(known) {
            match act {
                Act::Impossible => return None,
                Act::SeeAbsent => guess.item(Item::Absent(at), span),
                Act::Not(_) => guess.item(Item::Not(at), span),
                Act::Update(update) => guess.update(at, update, span),
                _ => {}
            }
        }
        guess.conditional.sort_unstable();
        guess.lost.sort_unstable();
        guess.bounds.sort_unstable();
        for at in (1..guess.bounds.len()).rev() {
            guess.bounds[at - 1].1 = guess.bounds[at - 1].1.min(guess.bounds[at].1);
        }
        Some(guess)
    }

    fn update(&mut self, at: u32, update: Update, span: Span) {
        match update {
            Update { content: Content::Gone, expected: None, .. } => {
                self.item(Item::Delete(at), span);
            }
            Update { content: Content::Is(value), version: Some(number), .. } => {
                self.made[at as usize] = self.versions.add(number, Some(value), at);
                self.bounds.push((number, span.ret));
                self.told.entry(value).or_default().push(at);
            }
            Update { content: Content::Is(value), expected: Some(expected), .. } => {
                self.conditional.push((value, expected, at));
                if !span.has_returned() {
                    self.lost.push((Value::NULL, expected, at));
                }
            }
            Update { content: Content::Is(value), .. } if !span.has_returned() => {
                self.crashed.entry(value).or_default().push(at);
                self.all_crashed.push(at);
            }
            _ => {}
        }
    }

    fn item(&mut self, item: Item, span: Span) {
        self.releases.push((span.call, item));
        if span.has_returned() {
            self.deadlines.push((span.ret, item));
        }
    }

    /// Whether a version was told that is greater, before something was called.
    fn is_behind(&self, number: i64, call: Rank) -> bool {
        let above = self.bounds.partition_point(|&(told, _)| told <= number);
        self.bounds.get(above).is_some_and(|&(_, ret)| ret < call)
    }

    /// The version that an operation saw.
    fn source(&mut self, number: i64, value: Option<Value>, span: Span) -> u32 {
        let mut orphan = NOBODY;
        let mut told = NOBODY;
        let is_behind = self.strays && self.is_behind(number, span.call);
        for at in self.versions.numbered(number) {
            let version = self.versions.all[at as usize];
            if value.is_some() && version.value.is_some() && version.value != value {
                continue;
            }
            match self.known.get(version.writer as usize) {
                Some(writer) if writer.span.call < span.ret && !is_behind => {
                    told = at;
                    break;
                }
                Some(_) => {}
                None => orphan = at,
            }
        }
        if told != NOBODY {
            return told;
        }
        if orphan == NOBODY || is_behind {
            return self.versions.add(number, value, NOBODY);
        }
        let version = &mut self.versions.all[orphan as usize];
        version.value = version.value.or(value);
        orphan
    }

    fn see(&mut self) {
        for with_value in [true, false] {
            for (at, &Known { act, span }) in (0..).zip(self.known) {
                match act {
                    Act::See(number, value) if value.is_some() == with_value => {
                        let source = self.source(number, value, span);
                        self.versions.see(source, span);
                    }
                    Act::SeeValue(value) if with_value => {
                        let told = self.told.get(&value).map_or(&[][..], |told| told);
                        match told {
                            [only] if self.silent.of_value(value).is_empty() => {
                                self.versions.see(self.made[*only as usize], span);
                            }
                            _ => self.item(Item::Value(at), span),
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// What completed updates replaced, those first that made the lowest versions.
    fn replace(&mut self) {
        let mut replacing: Vec<(i64, u32, i64)> = Vec::new();
        for (at, known) in (0..).zip(self.known) {
            let Some(Update { expected: Some(expected @ 1..), content, version }) = known.update()
            else {
                continue;
            };
            if known.has_returned() && (version.is_some() || content == Content::Gone) {
                replacing.push((version.unwrap_or(i64::MAX), at, expected));
            }
        }
        replacing.sort_unstable();
        for (_, at, expected) in replacing {
            let made = match self.made[at as usize] {
                NOBODY => self.versions.add(0, None, at),
                made => made,
            };
            self.link(expected, made, self.known[at as usize].span);
        }
    }

    fn link(&mut self, expected: i64, made: u32, span: Span) {
        let source = self.source(expected, None, span);
        if !self.versions.link(source, made) {
            let other = self.versions.add(expected, None, NOBODY);
            self.versions.link(other, made);
        }
    }

    /// Finds who made the versions of which none told that it made them.
    fn find_writers(&mut self) -> Option<()> {
        let mut ascending: Vec<(i64, u32)> = (0..)
            .zip(&self.versions.all)
            .filter(|(_, version)| version.number > 0)
            .map(|(at, version)| (version.number, at))
            .collect();
        ascending.sort_unstable();
        let mut late: Vec<(u32, (i64, u32))> = Vec::new();
        let (mut before, mut same, mut latest) = ((0, NOBODY), (0, NOBODY), Rank::FIRST);
        for (nth, &(number, at)) in ascending.iter().enumerate() {
            if number != same.0 {
                before = same;
            }
            same = (number, at);
            let version = self.versions.all[at as usize];
            if version.writer == NOBODY {
                let is_start = nth == 0 && self.initial.is_some();
                if is_start && version.value.is_none_or(|value| self.initial == Some(value)) {
                    self.versions.all[at as usize].writer = START;
                    self.versions.all[at as usize].value = self.initial;
                } else if !self.find_completed(at, before, latest) {
                    late.push((at, before));
                }
            }
            let version = self.versions.all[at as usize];
            latest = latest.max(version.seen_last);
            if let Some(writer) = self.known.get(version.writer as usize) {
                latest = latest.max(writer.span.call);
            }
        }
        // Those of whom fewer may have made it come first.
        late.sort_by_key(|&(at, before)| match self.versions.all[at as usize].value {
            None => 3,
            Some(_) => match self.crashed_after(at, before) {
                None => 0,
                Some((expected, _)) => 1 + u8::from(expected == before.0),
            },
        });
        for (at, before) in late {
            let mut next = Some(at);
            while let Some(at) = next {
                next = self.find_crashed(at, before)?;
            }
        }
        Some(())
    }

    /// Before a version must be there, by those who saw it, or one of the next that replaced it.
    fn first(&self, at: u32) -> Rank {
        let (mut first, mut next) = (Rank::NEVER, at);
        for _ in 0..NEXT {
            let Some(version) = self.versions.all.get(next as usize) else { break };
            first = first.min(version.seen_first);
            next = version.next;
            let replaced = self.versions.all.get(next as usize);
            if let Some(by) = replaced.and_then(|next| self.known.get(next.writer as usize)) {
                first = first.min(by.span.ret);
            }
        }
        first
    }

    fn wrote(&mut self, writer: u32, at: u32) -> bool {
        self.made[writer as usize] = at;
        let version = &mut self.versions.all[at as usize];
        version.writer = writer;
        if let Some(Update { content: Content::Is(value), .. }) =
            self.known[writer as usize].update()
        {
            version.value = Some(value);
        }
        true
    }

    /// Lets an update that completed without telling its version have made it: one that must
    /// return soon, but after `latest`.
    fn find_completed(&mut self, at: u32, before: (i64, u32), latest: Rank) -> bool {
        let Some(value) = self.versions.all[at as usize].value else { return false };
        let first = self.first(at);
        let fits = |&&writer: &&u32| {
            let span = self.known[writer as usize].span;
            let is_free = self.made[writer as usize] == NOBODY && span.has_returned();
            is_free && span.call < first && span.ret > latest
        };
        let from = self.replacing(Some(value), before.0, before.0.saturating_add(1));
        if let Some(writer) = from.iter().map(|update| &update.2).find(fits).copied() {
            if before.1 != NOBODY && !self.versions.link(before.1, at) {
                return false;
            }
            return self.wrote(writer, at);
        }
        let list = self.silent.of_value(value);
        let called = list.partition_point(|&it| self.known[it as usize].span.call < first);
        let near = list[called.saturating_sub(NEAR)..called].iter().filter(fits);
        let free = near.filter(|&&it| {
            self.known[it as usize].update().is_some_and(|update| update.expected.is_none())
        });
        let soonest = free.min_by_key(|&&it| self.known[it as usize].span.ret).copied();
        soonest.is_some_and(|writer| self.wrote(writer, at))
    }

    /// Updates that replace a version within bounds, and put `value` or, crashed, any.
    fn replacing(&self, value: Option<Value>, from: i64, to: i64) -> &[(Value, i64, u32)] {
        let all = if value.is_some() { &self.conditional } else { &self.lost };
        let value = value.unwrap_or(Value::NULL);
        let below = |number: i64| {
            all.partition_point(|&(put, expected, _)| (put, expected) < (value, number))
        };
        &all[below(from)..below(to)]
    }

    /// A crashed update that can have made a version by replacing the one before, or one between
    /// the two that nobody saw.
    fn crashed_after(&self, at: u32, before: (i64, u32)) -> Option<(i64, u32)> {
        let version = self.versions.all[at as usize];
        let first = self.first(at);
        let free = |&&(_, expected, it): &&(Value, i64, u32)| {
            let span = self.known[it as usize].span;
            let is_free = self.made[it as usize] == NOBODY && !span.has_returned();
            let old = self.versions.all.get(before.1 as usize);
            let is_open = expected > before.0 || old.is_some_and(|old| old.next == NOBODY);
            is_free && span.call < first && is_open
        };
        let list = self.replacing(version.value, before.0.max(1), version.number);
        list.iter().take(NEAR).find(free).map(|&(_, expected, it)| (expected, it))
    }

    /// Lets a crashed update have made a version; the version that it replaced, if that is a new
    /// one.
    fn find_crashed(&mut self, at: u32, before: (i64, u32)) -> Option<Option<u32>> {
        let first = self.first(at);
        let value = self.versions.all[at as usize].value;
        if let Some(writer) = self.plain(value, first) {
            self.wrote(writer, at);
            return Some(None);
        }
        if let Some((expected, writer)) = self.crashed_after(at, before) {
            self.wrote(writer, at);
            if expected == before.0 {
                return self.versions.link(before.1, at).then_some(None);
            }
            let between = self.versions.add(expected, None, NOBODY);
            return self.versions.link(between, at).then_some(Some(between));
        }
        let free = |&&(_, _, it): &&(Value, i64, u32)| {
            let span = self.known[it as usize].span;
            self.made[it as usize] == NOBODY && !span.has_returned() && span.call < first
        };
        let writer = self.replacing(value, 0, 1).iter().find(free)?.2;
        self.wrote(writer, at);
        Some(None)
    }

    /// The crashed update that was called last by `first` and may replace any version.
    fn plain(&mut self, value: Option<Value>, first: Rank) -> Option<u32> {
        let pool = match value {
            Some(value) => self.crashed.get_mut(&value)?,
            None => &mut self.all_crashed,
        };
        pool.last(self.known, &self.made, first)
    }

    /// What is left: updates whose version nobody saw.
    fn finish(&mut self) {
        for (at, known) in (0..).zip(self.known) {
            let Some(update) = known.update().filter(|_| self.made[at as usize] == NOBODY) else {
                continue;
            };
            let Content::Is(value) = update.content else { continue };
            match (known.has_returned(), update.expected) {
                (true, None) => self.item(Item::Filler(at), known.span),
                (true, Some(expected)) => {
                    let made = self.versions.add(expected.saturating_add(1), Some(value), at);
                    self.made[at as usize] = made;
                    if expected > 0 {
                        self.link(expected, made, known.span);
                    }
                }
                (false, None) => self.spare.push(at),
                (false, Some(_)) => {}
            }
        }
    }
}

/// Updates in the order of their calls, of which some are taken.
#[derive(Default)]
struct Pool {
    list: Vec<u32>,
    /// For each, one that is not before the last one up to it that is free, plus one.
    free: Vec<u32>,
}

impl Pool {
    fn push(&mut self, at: u32) {
        self.list.push(at);
        self.free.push(self.list.len() as u32);
    }

    /// The last free one that was called before `first`.
    fn last(&mut self, known: &[Known], made: &[u32], first: Rank) -> Option<u32> {
        let called = self.list.partition_point(|&it| known[it as usize].span.call < first);
        let mut end = called as u32;
        loop {
            let place = end.checked_sub(1)? as usize;
            if self.free[place] != end {
                let next = self.free[place];
                self.free[place] = next.checked_sub(1).map_or(0, |it| self.free[it as usize]);
                end = next;
            } else if made[self.list[place] as usize] == NOBODY {
                return Some(self.list[place]);
            } else {
                self.free[place] = place as u32;
            }
        }
    }
}
