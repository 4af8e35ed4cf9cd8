//! Who can have established the token that an operation requires, and what excludes others.

use super::Chosen;
use crate::history::hash::Map;
use crate::history::{Rank, sort};
use crate::model::{Establishes, Facts, Pos, Reading, Token};

/// With more operations than this, all sources are kept: to tell which ones matter costs more.
const WIDE: usize = 256;

/// The operations that change the state, by what they establish.
pub(super) struct Sources {
    by_token: Map<Token, Vec<Pos>>,
    /// Those that completed, in the order of their returns, then those that did not.
    all: Vec<Pos>,
    /// Completed overwriting ones in the order of their returns; with each, the one among it and
    /// those before it that is called last.
    covers: Vec<(Rank, Pos)>,
}

/// Whether an operation that returns at `ret` depends on the state before it.
fn looks(facts: &Facts, ret: Rank) -> bool {
    !(facts.overwrites || facts.pure && ret == Rank::NEVER)
}

/// What bounds the sources of an operation: none returns before this call.
type Bound = Option<Rank>;

impl Sources {
    pub(super) fn new<Op>(readings: &[Reading<Op>], facts: &[Facts]) -> Self {
        let ret = |at: Pos| readings[at].span.ret;
        let mut all: Vec<Pos> = Pos::below(readings.len()).filter(|&at| !facts[at].pure).collect();
        sort::by(&mut all, |&at| ret(at));
        let mut by_token: Map<Token, Vec<Pos>> = Map::default();
        let mut covers: Vec<(Rank, Pos)> = Vec::new();
        for &at in &all {
            if let Establishes::Token(token) = facts[at].establishes {
                by_token.entry(token).or_default().push(at);
            }
            if facts[at].overwrites && ret(at) != Rank::NEVER {
                let best = covers.last().map_or(at, |&(_, best)| {
                    let call = |at: Pos| readings[at].span.call;
                    if call(best) > call(at) { best } else { at }
                });
                covers.push((ret(at), best));
            }
        }
        Sources { by_token, all, covers }
    }

    /// Adds to `chosen` the possible sources of all that requires a token.
    pub(super) fn complete<Op: Eq>(
        &self,
        readings: &[Reading<Op>],
        facts: &[Facts],
        chosen: &mut Chosen<'_>,
    ) {
        let mut before = usize::MAX;
        while chosen.list.len() != before {
            before = chosen.list.len();
            let mut next = 0;
            while let Some(&at) = chosen.list.get(next) {
                next += 1;
                let Facts { requires, .. } = facts[at];
                let listed = match requires {
                    Some(token) => self.by_token.get(&token).map_or(&[][..], Vec::as_slice),
                    None if looks(&facts[at], readings[at].span.ret) => &self.all,
                    None => continue,
                };
                let supply = Supply { sources: self, readings, facts, at, listed };
                if chosen.list.len() > WIDE {
                    listed.iter().for_each(|&source| chosen.add(source));
                } else {
                    supply.completed(chosen);
                    supply.crashed(chosen);
                }
            }
        }
    }

    /// Adds to `chosen` all that no overwriting operation covers.
    pub(super) fn cover<Op>(
        &self,
        readings: &[Reading<Op>],
        facts: &[Facts],
        chosen: &mut Chosen<'_>,
    ) {
        let mut next = 0;
        while let Some(&at) = chosen.list.get(next) {
            next += 1;
            if facts[at].overwrites {
                continue;
            }
            let span = readings[at].span;
            let cover = self.cover_of(span.call);
            cover.iter().for_each(|&cover| chosen.add(cover));
            let bound = cover.map_or(Rank::FIRST, |cover| readings[cover].span.call);
            let start = self.all.partition_point(|&other| readings[other].span.ret < bound);
            for &other in &self.all[start..] {
                if readings[other].span.call < span.ret {
                    chosen.add(other);
                }
            }
            if let Some(token) = facts[at].requires {
                let listed = self.by_token.get(&token).map_or(&[][..], Vec::as_slice);
                Supply { sources: self, readings, facts, at, listed }.evidence(chosen);
            }
        }
    }

    /// The overwriting operation that precedes `call` and is called last.
    fn cover_of(&self, call: Rank) -> Option<Pos> {
        let before = self.covers.partition_point(|&(ret, _)| ret < call);
        Some(self.covers[before.checked_sub(1)?].1)
    }
}

/// The sources of one operation.
struct Supply<'a, Op> {
    sources: &'a Sources,
    readings: &'a [Reading<Op>],
    facts: &'a [Facts],
    /// The operation.
    at: Pos,
    /// All operations that establish what it requires, as [`Sources::all`] lists them.
    listed: &'a [Pos],
}

impl<Op> Supply<'_, Op> {
    fn ret(&self, at: Pos) -> Rank {
        self.readings[at].span.ret
    }

    fn call(&self, at: Pos) -> Rank {
        self.readings[at].span.call
    }

    /// Adds those that completed and are not excluded, and one that excludes others.
    fn completed(&self, chosen: &mut Chosen<'_>) {
        let mut bound = self.bound(chosen);
        let possible = |bound: Bound| {
            let start = self.listed.partition_point(|&at| Some(self.ret(at)) < bound);
            let listed = self.listed[start..].iter().copied();
            listed
                .take_while(|&at| self.ret(at) != Rank::NEVER)
                .filter(|&at| at != self.at && self.call(at) < self.ret(self.at))
        };
        let missing = possible(bound).filter(|&at| !chosen.has(at)).take(2).count();
        if missing > 1
            && let Some(cover) = self.sources.cover_of(self.call(self.at))
            && Some(self.call(cover)) > bound
        {
            chosen.add(cover);
            bound = Some(self.call(cover));
        }
        possible(bound).for_each(|at| chosen.add(at));
        self.evidence(chosen);
    }

    /// The latest call of those chosen that exclude earlier sources.
    fn bound(&self, chosen: &Chosen<'_>) -> Bound {
        let requires = self.facts[self.at].requires;
        let excludes = |&&at: &&Pos| {
            let facts = &self.facts[at];
            let shows =
                requires.is_some() && facts.requires.is_some() && facts.requires != requires;
            self.ret(at) < self.call(self.at) && (!facts.pure || shows)
        };
        chosen.list.iter().filter(excludes).map(|&at| self.call(at)).max()
    }

    /// Adds the last plain write of what is required, unless a later one is there.
    fn evidence(&self, chosen: &mut Chosen<'_>) {
        if self.facts[self.at].requires.is_none() {
            return;
        }
        let is_before = |&at: &Pos| self.call(at) < self.ret(self.at);
        let listed = || self.listed.iter().copied().filter(is_before);
        let chosen_one = listed().filter(|&at| chosen.has(at)).map(|at| self.call(at)).max();
        let plain = listed()
            .filter(|&at| self.facts[at].overwrites && self.ret(at) != Rank::NEVER)
            .max_by_key(|&at| self.call(at));
        if let Some(plain) = plain.filter(|&plain| Some(self.call(plain)) > chosen_one) {
            chosen.add(plain);
        }
    }
}

impl<Op: Eq> Supply<'_, Op> {
    /// Adds those that crashed: of equal ones the earliest, as many as are needed.
    fn crashed(&self, chosen: &mut Chosen<'_>) {
        let requires = self.facts[self.at].requires;
        let facts = |at: &Pos| &self.facts[*at];
        let is_vague = |at: &&Pos| facts(at).requires.is_none() && looks(facts(at), self.ret(**at));
        let all = chosen.list.iter().any(|at| is_vague(&at));
        let needed = chosen.list.iter().filter(|at| facts(at).requires == requires).count();
        let start = self.listed.partition_point(|&at| self.ret(at) != Rank::NEVER);
        let mut counts: Vec<(Pos, usize)> = Vec::new();
        for &at in &self.listed[start..] {
            if self.call(at) > self.ret(self.at) {
                break;
            }
            let op = |at: Pos| &self.readings[at].op;
            let count = match counts.iter().position(|&(other, _)| op(other) == op(at)) {
                Some(found) => &mut counts[found].1,
                None => {
                    counts.push((at, 0));
                    let last = counts.len() - 1;
                    &mut counts[last].1
                }
            };
            if all || *count < needed {
                chosen.add(at);
                *count += 1;
            }
        }
    }
}
