//! The order of the versions of registers, where it is assumed that each register by itself is
//! sequential or linearizable: an assumption about the system, which a history does not show.

use crate::facts::{Facts, Groups, LOST};
use crate::numbers::NONE;
use crate::table::KeyKind;

/// What is assumed of each register by itself.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Keys {
    /// Nothing.
    #[default]
    Unknown,
    /// Each process sees its versions in their order.
    Sequential,
    /// Whatever saw or wrote a version before another began saw or wrote the earlier one.
    Linearizable,
}

impl Keys {
    /// Returns the assumption in words, as the end of a sentence; `None` if there is none.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            Keys::Unknown => None,
            Keys::Sequential => Some("each process sees the versions of a key in their order"),
            Keys::Linearizable => Some("the versions of a key follow each other in real time"),
        }
    }
}

/// Versions of a key that are looked at, at most: their number counts squared.
const MOST: usize = 2_000;

/// A transaction, and the version of a key that it read or wrote: its writer, or [`NONE`].
type Touch = (u32, u32);

impl Facts<'_, '_> {
    /// Orders the versions of registers as far as `keys` tells: those that come before all others
    /// move from the tails to the chains. Where it contradicts itself, it tells nothing.
    pub(crate) fn assume(&mut self, keys: Keys) {
        if keys == Keys::Unknown {
            return;
        }
        let touches = self.touches();
        let mut chains = Groups::new(self.chains.len());
        let mut tails = Groups::new(self.tails.len());
        // The place of each version that got one.
        let mut places: Vec<(u32, u32, u32)> = Vec::new();
        for key in 0..self.chains.len() as u32 {
            chains.extend(self.chains.of(key).iter().copied());
            let start = touches.partition_point(|touch| touch.0 < key);
            let own = touches[start..].iter().take_while(|touch| touch.0 == key);
            let own: Vec<Touch> = own.map(|&(_, t, version)| (t, version)).collect();
            let tail = self.tails.of(key);
            let first = match self.table.kinds[key as usize] == KeyKind::Register {
                true if tail.len() <= MOST => self.in_order(keys, tail, &own),
                _ => Vec::new(),
            };
            for &t in &first {
                chains.push(t);
                places.push((t, key, chains.open().len() as u32));
            }
            tails.extend(tail.iter().copied().filter(|t| !first.contains(t)));
            chains.end();
            tails.end();
        }
        (self.chains, self.tails) = (chains, tails);
        places.sort_unstable();
        for read in self.reads.all_mut().iter_mut().filter(|read| read.source < LOST) {
            let at = places.binary_search_by_key(&(read.source, read.key), |&(t, key, _)| (t, key));
            read.place = at.map_or(read.place, |at| places[at].2);
        }
    }

    /// Returns who read or wrote which version of which register: key, transaction, version.
    fn touches(&self) -> Vec<(u32, u32, u32)> {
        let mut touches = Vec::new();
        let is_register = |key: u32| {
            self.table.kinds[key as usize] == KeyKind::Register && !self.aside[key as usize]
        };
        for t in 0..self.len() as u32 {
            let reads = self.reads.of(t).iter().filter(|read| read.source != LOST && !read.is_own);
            let read = reads.map(|read| (read.key, t, read.source));
            let written = self.writes.of(t).iter().map(|&key| (key, t, t));
            touches.extend(read.chain(written).filter(|touch| is_register(touch.0)));
        }
        // What a transaction read comes before what it wrote.
        touches.sort_by_key(|&(key, t, _)| (key, t));
        touches
    }

    /// Returns the versions of a key that come before all others, in their order.
    fn in_order(&self, keys: Keys, versions: &[u32], touches: &[Touch]) -> Vec<u32> {
        let number = |version: u32| versions.binary_search(&version).ok();
        let mut before: Vec<(usize, usize)> = Vec::new();
        let pairs = match keys {
            Keys::Unknown => return Vec::new(),
            Keys::Sequential => self.by_sessions(touches),
            Keys::Linearizable => self.by_real_time(versions, touches),
        };
        for (one, other) in pairs {
            match (number(one), number(other)) {
                (Some(one), Some(other)) => before.push((one, other)),
                // Nothing comes before the initial version.
                (_, None) => return Vec::new(),
                (None, Some(_)) => {}
            }
        }
        before.sort_unstable();
        before.dedup();
        let mut open = vec![0; versions.len()];
        before.iter().for_each(|&(_, other)| open[other] += 1);
        let mut ready: Vec<usize> = (0..versions.len()).filter(|&one| open[one] == 0).collect();
        let (mut order, mut count, mut is_first) = (Vec::new(), 0, true);
        while let Some(one) = ready.pop() {
            is_first &= ready.is_empty();
            count += 1;
            if is_first {
                order.push(versions[one]);
            }
            let start = before.partition_point(|pair| pair.0 < one);
            for &(_, other) in before[start..].iter().take_while(|pair| pair.0 == one) {
                open[other] -= 1;
                if open[other] == 0 {
                    ready.push(other);
                }
            }
        }
        if count == versions.len() { order } else { Vec::new() }
    }

    /// Returns the versions that a session touched one after the other.
    fn by_sessions(&self, touches: &[Touch]) -> Vec<(u32, u32)> {
        let mut touches: Vec<(u32, Touch)> =
            touches.iter().map(|&touch| (self.table.session(touch.0), touch)).collect();
        touches.sort_by_key(|touch| touch.0);
        let pairs = touches.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        pairs.map(|pair| (pair[0].1.1, pair[1].1.1)).filter(|(one, other)| one != other).collect()
    }

    /// Returns the versions of which one was touched by who returned before who touched the other
    /// was invoked, or by the same one before.
    fn by_real_time(&self, versions: &[u32], touches: &[Touch]) -> Vec<(u32, u32)> {
        let all = || versions.iter().copied().chain([NONE]);
        let spans: Vec<(u32, u32, u32)> = all()
            .map(|version| {
                let own = || touches.iter().filter(move |touch| touch.1 == version);
                let span = |touch: &Touch| self.table.span(touch.0);
                let first = own().filter(|touch| self.table.is_ok(touch.0));
                let first = first.map(|touch| span(touch).ret.index() as u32).min();
                let last = own().map(|touch| span(touch).call.index() as u32).max();
                (version, first.unwrap_or(NONE), last.unwrap_or(0))
            })
            .collect();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for &(one, returned, _) in &spans {
            let later =
                spans.iter().filter(|&&(other, _, called)| other != one && returned < called);
            pairs.extend(later.map(|&(other, ..)| (one, other)));
        }
        let same = touches.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        pairs.extend(same.map(|pair| (pair[0].1, pair[1].1)).filter(|(one, other)| one != other));
        pairs
    }
}
