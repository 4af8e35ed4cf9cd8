//! Versions with who made them, who saw them, and who replaced them.

use super::acts::{Content, Known};
use crate::history::hash::Map;
use crate::history::{Rank, Span, Value};

/// No operation, or no version.
pub(super) const NOBODY: u32 = u32::MAX;
/// Who made the version that is there before the first operation.
pub(super) const START: u32 = u32::MAX - 1;

/// A version from when it is made to when it is replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    /// 0 if this is the absence that a deletion of the version before left.
    pub(super) number: i64,
    pub(super) value: Option<Value>,
    /// Who made it, if that is known.
    pub(super) writer: u32,
    /// The first return and the last call of those who only saw it.
    pub(super) seen_first: Rank,
    pub(super) seen_last: Rank,
    /// The version that replaced it for certain, among [`Versions`].
    pub(super) next: u32,
    /// Whether it replaced one for certain.
    pub(super) is_next: bool,
    /// Another with the same number.
    twin: u32,
}

/// All versions.
#[derive(Default)]
pub(super) struct Versions {
    pub(super) all: Vec<Version>,
    by_number: Map<i64, u32>,
}

impl Versions {
    pub(super) fn add(&mut self, number: i64, value: Option<Value>, writer: u32) -> u32 {
        let at = self.all.len() as u32;
        let twin =
            if number == 0 { NOBODY } else { self.by_number.insert(number, at).unwrap_or(NOBODY) };
        self.all.push(Version {
            number,
            value,
            writer,
            seen_first: Rank::NEVER,
            seen_last: Rank::FIRST,
            next: NOBODY,
            is_next: false,
            twin,
        });
        at
    }

    /// The versions with this number, the last that was added first.
    pub(super) fn numbered(&self, number: i64) -> impl Iterator<Item = u32> {
        let first = self.by_number.get(&number).copied();
        std::iter::successors(first, |&at| {
            Some(self.all[at as usize].twin).filter(|&twin| twin != NOBODY)
        })
    }

    /// Notes that an operation saw a version.
    pub(super) fn see(&mut self, at: u32, span: Span) {
        let version = &mut self.all[at as usize];
        version.seen_first = version.seen_first.min(span.ret);
        version.seen_last = version.seen_last.max(span.call);
    }

    /// Notes that one version replaced another; tells whether that can be.
    pub(super) fn link(&mut self, from: u32, to: u32) -> bool {
        let [old, new] = [from, to].map(|at| self.all[at as usize]);
        let fits = old.next == NOBODY && !new.is_next && from != to;
        if fits && (new.number == 0 || old.number < new.number) {
            self.all[from as usize].next = to;
            self.all[to as usize].is_next = true;
            return true;
        }
        false
    }
}

/// Versions that follow each other without anything between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The first of them.
    pub(super) head: u32,
    pub(super) low: i64,
    pub(super) high: i64,
    /// The call of who made the first one.
    pub(super) call: Rank,
    /// The first return and the last call of all operations that belong to them.
    pub(super) first: Rank,
    pub(super) last: Rank,
    /// Whether it replaces the absent key, and whether it leaves the key absent.
    pub(super) from_absent: bool,
    pub(super) to_absent: bool,
}

impl Block {
    pub(super) fn is_start(&self, versions: &Versions) -> bool {
        versions.all[self.head as usize].writer == START
    }
}

/// The blocks of the versions, each in an order that keeps real time; else a rank by which one
/// has none.
pub(super) fn blocks(versions: &Versions, known: &[Known]) -> Result<Vec<Block>, Rank> {
    let heads = versions.all.iter().enumerate().filter(|(_, version)| !version.is_next);
    heads.map(|(head, _)| block(versions, known, head as u32)).collect()
}

fn block(versions: &Versions, known: &[Known], head: u32) -> Result<Block, Rank> {
    let mut at = head;
    let (mut first, mut last) = (Rank::NEVER, Rank::FIRST);
    let (mut call, mut high) = (None, 0);
    loop {
        let version = versions.all[at as usize];
        high = high.max(version.number);
        if let Some(writer) = known.get(version.writer as usize) {
            if writer.span.ret < last {
                return Err(last);
            }
            first = first.min(writer.span.ret);
            last = last.max(writer.span.call);
        }
        call.get_or_insert(last);
        if version.seen_first < last {
            return Err(last);
        }
        first = first.min(version.seen_first);
        last = last.max(version.seen_last);
        if version.next == NOBODY {
            break;
        }
        at = version.next;
    }
    let tail = versions.all[at as usize];
    let version = versions.all[head as usize];
    let expected = known.get(version.writer as usize).and_then(|known| known.update()?.expected);
    Ok(Block {
        head,
        low: version.number,
        high,
        call: call.unwrap_or_default(),
        first,
        last,
        from_absent: expected == Some(0),
        to_absent: tail.number == 0,
    })
}

/// Updates that told no version.
pub(super) struct Silent {
    by_value: Map<Value, Vec<u32>>,
    /// Of which it is not known what they put.
    wild: Vec<u32>,
    all: Vec<u32>,
    initial: Option<Value>,
}

impl Silent {
    pub(super) fn of(known: &[Known], initial: Option<Value>) -> Silent {
        let mut silent =
            Silent { by_value: Map::default(), wild: Vec::new(), all: Vec::new(), initial };
        for (at, known) in known.iter().enumerate() {
            let at = at as u32;
            let Some(update) = known.update().filter(|update| update.version.is_none()) else {
                continue;
            };
            match update.content {
                Content::Gone => continue,
                Content::Is(value) => silent.by_value.entry(value).or_default().push(at),
                Content::Any => silent.wild.push(at),
            }
            silent.all.push(at);
        }
        silent
    }

    /// How many were called before `ret` that may have put `value`, and the last of them.
    pub(super) fn before(
        &self,
        known: &[Known],
        value: Option<Value>,
        ret: Rank,
    ) -> (usize, Option<u32>) {
        let mut found = (0, None);
        let mut count = |list: &[u32]| {
            let count = list.partition_point(|&at| known[at as usize].span.call < ret);
            found.0 += count;
            found.1 = count.checked_sub(1).map(|last| list[last]).or(found.1);
        };
        match value {
            None => count(&self.all),
            Some(value) => {
                count(&self.wild);
                self.by_value.get(&value).into_iter().for_each(|list| count(list));
            }
        }
        if self.initial.is_some_and(|initial| value.is_none_or(|value| value == initial)) {
            found = (found.0 + 1, found.1.or(Some(START)));
        }
        found
    }

    /// Those that put `value`, in the order of their calls.
    pub(super) fn of_value(&self, value: Value) -> &[u32] {
        self.by_value.get(&value).map_or(&[], |list| list)
    }

    pub(super) fn all(&self) -> &[u32] {
        &self.all
    }
}
