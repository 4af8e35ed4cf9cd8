//! Stale reads with the signature of a cache: one source keeps the value that it had, while it was
//! replaced elsewhere, and then has the newest.
//!
//! For each source, the stale reads of a key that follow each other and return one value are a
//! spell. A spell is *filled* if the source had returned the value before it was replaced. A
//! replica that lags passes through the versions: spells of different values follow each other
//! there without a fresh read between.
//!
//! A source that calls itself a cache is suspected with one stale read. Any other one with
//! [`READS`] in filled spells, if other sources had seen the newer value before each of them,
//! [`SHARE`] percent of its keys' stale reads are its own, and no more than one spell of ten
//! follows upon another without a fresh read between; but not if the history says of every answer
//! what gave it, and says something else here, nor if it calls itself a replica.

use super::source::{Source, Sources};
use super::stale::{StaleRead, stale_reads};
use super::subject::Subject;
use crate::explain::access::Accesses;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::naming::words;
use crate::history::hash::{Map, Set};
use crate::history::{History, OpIndex, Rank, sort};
use crate::model::Token;
use crate::words::{counted, duration_phrase};

/// So many stale reads, after which the newer value had been seen elsewhere, make one suspect a
/// source that does not call itself a cache.
const READS: usize = 2;

/// The share of its keys' stale reads that such a source must have, in percent.
const SHARE: usize = 50;

/// So many sources are named at most.
const SOURCES: usize = 8;

/// So many operations of a spell are named at most.
const NAMED: usize = 10;

/// Stale reads of one source and key that follow each other and return one value.
struct Spell {
    key_at: usize,
    token: Token,
    /// The last read of the value by the source before it was replaced.
    fill: Option<OpIndex>,
    overwrite: OpIndex,
    stale: Vec<OpIndex>,
    /// How many of them were called after another source had returned the newer value.
    seen_elsewhere: usize,
    /// Whether the source's next read was fresh.
    is_ended: bool,
    /// Whether a spell with another value came right before.
    follows: bool,
}

/// A source with its spells on all keys.
struct Suspect {
    source: Source,
    spells: Vec<Spell>,
}

/// The caches that are suspected.
pub(super) struct Caches {
    /// An anomaly for each.
    pub(super) anomalies: Vec<Anomaly>,
    /// Whether all stale reads came from sources that call themselves caches.
    pub(super) are_all: bool,
}

/// The caches that the stale reads of all failing keys suggest. With `only_named`, only
/// sources that call themselves caches are suspected.
pub(super) fn anomalies(history: &History, subjects: &[Subject], only_named: bool) -> Caches {
    let sources = Sources::of(history);
    let mut suspects: Vec<Suspect> = Vec::new();
    let mut places: Map<Source, usize> = Map::default();
    let mut stale_of_key: Map<usize, usize> = Map::default();
    for subject in subjects {
        let stale = stale_reads(&subject.accesses);
        stale_of_key.insert(subject.key_at, stale.len());
        for (source, spells) in spells(&sources, subject, &stale) {
            let at = *places.entry(source).or_insert_with(|| {
                suspects.push(Suspect { source, spells: Vec::new() });
                suspects.len() - 1
            });
            suspects[at].spells.extend(spells);
        }
    }
    let is_cache = |suspect: &&Suspect| suspect.is_cache(history, &stale_of_key, only_named);
    let caches = suspects.iter().filter(is_cache).take(SOURCES);
    let is_named = |suspect: &Suspect| suspect.source.is_named_cache(history);
    Caches {
        anomalies: caches.filter_map(|suspect| suspect.anomaly(history)).collect(),
        are_all: !suspects.is_empty() && suspects.iter().all(is_named),
    }
}

/// The spells of a key by source, the sources in the order of their first stale reads.
fn spells(
    sources: &Sources<'_>,
    subject: &Subject,
    stale: &[StaleRead],
) -> Vec<(Source, Vec<Spell>)> {
    let list = &subject.accesses.list;
    let source_at = |at: usize| sources.at(list[at].index);
    let mut found: Vec<(Source, Vec<Spell>)> = Vec::new();
    let mut places: Map<Source, usize> = Map::default();
    for one in stale {
        let source = source_at(one.at);
        places.entry(source).or_insert_with(|| {
            found.push((source, Vec::new()));
            found.len() - 1
        });
    }
    if found.is_empty() {
        return found;
    }
    let sightings = Sightings::of(sources, &subject.accesses, stale);
    // The last fresh read of each source: its value and itself.
    let mut fresh: Vec<Option<(Token, OpIndex)>> = vec![None; found.len()];
    let mut stale = stale.iter().peekable();
    for (at, access) in list.iter().enumerate() {
        let Some(token) = access.reads.filter(|_| access.span.has_returned()) else { continue };
        let source = source_at(at);
        let one = stale.next_if(|one| one.at == at);
        let Some(&place) = places.get(&source) else { continue };
        let spells = &mut found[place].1;
        let Some(one) = one else {
            fresh[place] = Some((token, access.index));
            if let Some(spell) = spells.last_mut() {
                spell.is_ended = true;
            }
            continue;
        };
        let newer = list[one.overwrite].writes.unwrap_or(one.token);
        let is_seen = sightings.elsewhere(newer, source).is_some_and(|ret| ret < access.span.call);
        let open = spells.last_mut().filter(|spell| !spell.is_ended);
        if let Some(spell) = open.filter(|spell| spell.token == token) {
            spell.stale.push(access.index);
            spell.seen_elsewhere += usize::from(is_seen);
            continue;
        }
        let follows = spells.last().is_some_and(|spell| !spell.is_ended);
        let fill = fresh[place].filter(|fresh| fresh.0 == token).map(|fresh| fresh.1);
        spells.push(Spell {
            key_at: subject.key_at,
            token,
            fill,
            overwrite: list[one.overwrite].index,
            stale: vec![access.index],
            seen_elsewhere: usize::from(is_seen),
            is_ended: false,
            follows,
        });
    }
    found
}

/// When the values were first seen that replaced others which were read after that: by which
/// source, and by another one.
struct Sightings(Map<Token, [Option<(Rank, Source)>; 2]>);

impl Sightings {
    fn of(sources: &Sources<'_>, accesses: &Accesses, stale: &[StaleRead]) -> Sightings {
        let newer = stale.iter().filter_map(|one| accesses.list[one.overwrite].writes);
        let newer: Set<Token> = newer.collect();
        let mut returns: Vec<(Rank, Token, OpIndex)> = accesses
            .list
            .iter()
            .filter(|access| access.span.has_returned())
            .filter_map(|access| Some((access.span.ret, access.reads?, access.index)))
            .filter(|entry| newer.contains(&entry.1))
            .collect();
        sort::by(&mut returns, |&(ret, ..)| ret);
        let mut seen: Map<Token, [Option<(Rank, Source)>; 2]> = Map::default();
        for (ret, token, index) in returns {
            let entry = seen.entry(token).or_default();
            if entry[1].is_some() {
                continue;
            }
            let source = sources.at(index);
            match entry[0] {
                None => entry[0] = Some((ret, source)),
                Some((_, first)) if first != source => entry[1] = Some((ret, source)),
                Some(_) => {}
            }
        }
        Sightings(seen)
    }

    /// The rank at which another source than this one first returned the value.
    fn elsewhere(&self, token: Token, source: Source) -> Option<Rank> {
        let entries = self.0.get(&token)?.iter().flatten();
        entries.copied().find(|entry| entry.1 != source).map(|entry| entry.0)
    }
}

impl Suspect {
    fn stale(&self) -> usize {
        self.spells.iter().map(|spell| spell.stale.len()).sum()
    }

    fn is_cache(
        &self,
        history: &History,
        stale_of_key: &Map<usize, usize>,
        only_named: bool,
    ) -> bool {
        if self.source.is_named_cache(history) {
            return true;
        }
        let passing = self.spells.iter().filter(|spell| spell.follows).count();
        let says_otherwise = self.source.names_its_role() || self.source.is_named_copy(history);
        if only_named || says_otherwise || passing * 10 > self.spells.len() {
            return false;
        }
        let filled = self.spells.iter().filter(|spell| spell.fill.is_some());
        let evidence: usize = filled.map(|spell| spell.seen_elsewhere).sum();
        let mut keys: Vec<usize> = self.spells.iter().map(|spell| spell.key_at).collect();
        keys.dedup();
        let all: usize = keys.iter().filter_map(|key| stale_of_key.get(key)).sum();
        evidence >= READS && self.stale() * 100 >= all * SHARE
    }

    /// The anomaly, told by the spell that lasted longest, as far as the history has times.
    fn anomaly(&self, history: &History) -> Option<Anomaly> {
        let window = |spell: &Spell| {
            words::nanoseconds_between(history, spell.overwrite, *spell.stale.last()?)
        };
        let spell = self.spells.iter().max_by_key(|spell| {
            (window(spell), spell.stale.len(), std::cmp::Reverse(spell.stale.first().copied()))
        })?;
        let last = *spell.stale.last()?;
        let after = match window(spell) {
            Some(window) => format!(", {} after that", duration_phrase(window)),
            None => String::new(),
        };
        let end = if spell.is_ended { "; then it had the newer one" } else { "" };
        let spells = match self.spells.len() {
            1 => String::new(),
            several => format!(", in {}", counted(several, "spell")),
        };
        let summary = format!(
            "{} kept returning {} as a cache does: {}, and {}{after}{end} ({}{spells})",
            self.source.phrase(history),
            words::seen(history, last),
            words::acknowledged(history, spell.overwrite),
            words::event(history, last),
            counted(self.stale(), "stale read"),
        );
        let stale = spell.stale.iter().copied();
        let mut operations: Vec<OpIndex> = stale.take(NAMED - 1).chain([last]).collect();
        operations.extend(spell.fill);
        operations.push(spell.overwrite);
        operations.sort_unstable();
        operations.dedup();
        let is_one_key = self.spells.iter().all(|other| other.key_at == spell.key_at);
        Some(Anomaly {
            kind: AnomalyKind::StaleCacheRead,
            key_at: is_one_key.then_some(spell.key_at),
            operations,
            certainty: Certainty::Suggested,
            summary,
            count: self.stale(),
        })
    }
}
