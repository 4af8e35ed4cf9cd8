//! What gets tell of the order of puts and appends.

use super::texts::{Kind, Texts};
use super::zones::{Mark, Zone};
use crate::check::exact::Timed;
use crate::check::exact::ends::{End, Ends, by_return, position};
use crate::history::Rank;
use crate::model::kv::{Content, Op};

/// Chains, and what belongs to none.
pub(super) struct Chains<'a> {
    /// The first begins with the initial string.
    chains: Vec<Chain<'a>>,
    /// For each operation, if it is an append: whether it belongs to a chain.
    seen: Vec<bool>,
}

/// A put with the appends that followed, as far as gets saw them.
struct Chain<'a> {
    /// None for the initial string.
    put: Option<u32>,
    /// The longest string of it that was seen.
    text: &'a [u8],
    /// The appends in their order, each with the length of the string behind it and the return by
    /// which that is known.
    appends: Vec<(u32, usize, u64)>,
    /// How long the string is before the appends.
    base: usize,
    /// Gets, each behind so many appends, and after [`Chains::told`] in that order.
    gets: Vec<(u32, u32)>,
    /// The first return of a get.
    known: u64,
}

/// Why gets do not tell the chains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// What one saw can have come about in two ways.
    Ambiguous,
    /// What this one saw cannot have come about.
    Impossible(u32),
}

impl<'a> Chains<'a> {
    /// Reads the chains off the gets, in the order of their returns; the first get that no string
    /// can look like, or that contradicts what was told. `empty` tells whether a get may have seen
    /// the initial state where that is no text.
    pub(super) fn told(
        operations: &[Timed<'a, Op>],
        texts: &Texts<'_>,
        initial: &'a Content,
        empty: impl Fn(&Content) -> bool,
    ) -> Result<Chains<'a>, Doubt> {
        let start: &[u8] = match initial {
            Content::Text(text) => text.as_str().as_bytes(),
            _ => &[],
        };
        let mut chains = vec![Chain::new(None, start)];
        // The chain that each put begins.
        let mut begun = vec![0; operations.len()];
        for (at, timed) in operations.iter().enumerate() {
            if let Op::Put(Content::Text(text)) = timed.op {
                begun[at] = chains.len();
                chains.push(Chain::new(Some(at as u32), text.as_str().as_bytes()));
            }
        }
        let mut told = Chains { chains, seen: vec![false; operations.len()] };
        for end in Ends::of(operations) {
            let End::Return(at) = end else { continue };
            let (Op::Get(Some(seen)), span) =
                (operations[at as usize].op, operations[at as usize].span)
            else {
                continue;
            };
            let chain = match seen {
                seen if empty(seen) => 0,
                Content::Text(text) => {
                    let string = text.as_str().as_bytes();
                    told.begun_by(string, texts, &begun, span.ret, operations)
                        .map_err(|doubt| doubt.unwrap_or(Doubt::Impossible(at)))?
                }
                _ => return Err(Doubt::Impossible(at)),
            };
            let string = match seen {
                Content::Text(text) => text.as_str().as_bytes(),
                _ => &[],
            };
            let known = by_return(span.ret, at);
            let chain = &mut told.chains[chain];
            let reader = Reader { texts, operations, ret: span.ret, known };
            let rank = chain
                .grow(string, &reader, &mut told.seen)
                .map_err(|doubt| doubt.unwrap_or(Doubt::Impossible(at)))?;
            chain.known = chain.known.min(known);
            chain.gets.push((rank, at));
        }
        for chain in &mut told.chains {
            chain.gets.sort_unstable();
        }
        Ok(told)
    }

    /// The chain to which a string belongs that a get saw which returned at `ret`.
    ///
    /// # Errors
    /// If it may be two, or, without a doubt, none.
    fn begun_by(
        &self,
        string: &[u8],
        texts: &Texts<'_>,
        begun: &[usize],
        ret: Rank,
        operations: &[Timed<'_, Op>],
    ) -> Result<usize, Option<Doubt>> {
        let (kinds, _) = texts.first(string);
        let called = |at: u32| operations[at as usize].span.call < ret;
        let mut found: Option<usize> = None;
        for kind in kinds {
            let chain = match kind {
                Kind::Initial => 0,
                Kind::Put(put) if called(put) => begun[put as usize],
                Kind::Append(append) if called(append) && self.chains[0].base == 0 => 0,
                _ => continue,
            };
            if found.is_some_and(|found| found != chain) {
                return Err(Some(Doubt::Ambiguous));
            }
            found = Some(chain);
        }
        found.ok_or(None)
    }

    /// The zones of the chains and of what belongs to none; an operation by whose return there is
    /// no order, if one chain has none.
    pub(super) fn zones(&self, operations: &[Timed<'_, Op>]) -> Result<Vec<Zone>, u32> {
        let mut zones = Vec::new();
        for (at, chain) in self.chains.iter().enumerate() {
            let completed = chain.put.is_some_and(|put| operations[put as usize].has_returned());
            if completed || !chain.gets.is_empty() {
                zones.push(chain.zone(at as u32, operations)?);
            }
        }
        for (at, Timed { op, span }) in operations.iter().enumerate() {
            let alone = matches!(op, Op::Append(_)) && !self.seen[at] && span.has_returned();
            if alone {
                let at = at as u32;
                let by = by_return(span.ret, at);
                zones.push(Zone {
                    first: Mark { rank: span.ret, known: by },
                    last: Mark { rank: span.call, known: by },
                    block: self.chains.len() as u32 + at,
                });
            }
        }
        Ok(zones)
    }

    /// The operations, blocks of them in this order: a chain's number, or that of an operation
    /// alone behind those.
    pub(super) fn order(&self, blocks: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut order = Vec::new();
        for block in blocks {
            let Some(chain) = self.chains.get(block as usize) else {
                order.push(block - self.chains.len() as u32);
                continue;
            };
            order.extend(chain.put);
            let mut gets = chain.gets.iter().peekable();
            for rank in 0..=chain.appends.len() {
                if let Some(before) = rank.checked_sub(1) {
                    order.push(chain.appends[before].0);
                }
                while let Some(&(_, get)) = gets.next_if(|get| get.0 as usize == rank) {
                    order.push(get);
                }
            }
        }
        order
    }
}

impl<'a> Chain<'a> {
    fn new(put: Option<u32>, text: &'a [u8]) -> Self {
        let base = text.len();
        Chain { put, text, appends: Vec::new(), base, gets: Vec::new(), known: u64::MAX }
    }

    /// How many appends lead to `string`, which may be longer than what was seen before.
    ///
    /// # Errors
    /// If it is none of this chain, or it is open which appends made it.
    fn grow(
        &mut self,
        string: &'a [u8],
        reader: &Reader<'_, 'a>,
        seen: &mut [bool],
    ) -> Result<u32, Option<Doubt>> {
        let common = self.text.len().min(string.len());
        if self.text[..common] != string[..common] {
            return Err(None);
        }
        let call = |at: u32| reader.operations[at as usize].span.call;
        let members = self.put.iter().chain(self.appends.iter().map(|append| &append.0));
        let mut latest = if self.text.len() < string.len() {
            members.map(|&at| call(at)).max().unwrap_or_default()
        } else {
            Rank::FIRST
        };
        let mut length = self.text.len();
        while length < string.len() {
            let (kinds, more) = reader.texts.first(&string[length..]);
            let append = reader.only(kinds, latest, seen)?;
            seen[append as usize] = true;
            latest = latest.max(call(append));
            length += more;
            self.appends.push((append, length, reader.known));
            self.text = &string[..length];
        }
        if string.len() == self.base {
            return Ok(0);
        }
        let rank = self.appends.binary_search_by_key(&string.len(), |append| append.1);
        rank.map(|rank| rank as u32 + 1).map_err(|_| None)
    }

    /// Its zone; an operation by whose return there is no order, if it has none.
    fn zone(&self, block: u32, operations: &[Timed<'_, Op>]) -> Result<Zone, u32> {
        let span = |at: u32| operations[at as usize].span;
        let mut first = Mark::NEVER;
        // The last call so far.
        let mut run = Mark::ALWAYS;
        let mut gets = self.gets.iter().peekable();
        for rank in 0..=self.appends.len() {
            if let Some((at, known)) = self.step(rank, operations) {
                let returned = known.max(by_return(span(at).ret, at));
                if span(at).ret != Rank::NEVER {
                    if span(at).ret < run.rank {
                        return Err(position(run.known.max(returned)));
                    }
                    first = first.min(Mark { rank: span(at).ret, known: returned });
                }
                run = run.max(Mark { rank: span(at).call, known });
            }
            let base = run;
            while let Some(&(_, get)) = gets.next_if(|get| get.0 as usize == rank) {
                let known = by_return(span(get).ret, get);
                if span(get).ret < base.rank {
                    return Err(position(base.known.max(known)));
                }
                first = first.min(Mark { rank: span(get).ret, known });
                run = run.max(Mark { rank: span(get).call, known });
            }
        }
        // The initial chain begins before everything.
        let first = if self.put.is_none() { Mark::ALWAYS } else { first };
        Ok(Zone { first, last: run, block })
    }

    /// The put, or the append with this number from 1, and the return by which it is known to
    /// belong here.
    fn step(&self, rank: usize, operations: &[Timed<'_, Op>]) -> Option<(u32, u64)> {
        match rank.checked_sub(1) {
            Some(before) => self.appends.get(before).map(|&(append, _, known)| (append, known)),
            // A put that nobody saw is all of its chain.
            None => self.put.map(|put| {
                (put, self.known.min(by_return(operations[put as usize].span.ret, put)))
            }),
        }
    }
}

/// A get that returned at `ret`, and what its string is read with.
struct Reader<'t, 'a> {
    texts: &'t Texts<'t>,
    operations: &'t [Timed<'a, Op>],
    ret: Rank,
    known: u64,
}

impl Reader<'_, '_> {
    /// The one append among `kinds` that no chain has, that was called before the get returned,
    /// and that did not return before `latest`, when something before it in the chain was called.
    ///
    /// # Errors
    /// If there are several, or, without a doubt, none.
    fn only(
        &self,
        kinds: impl Iterator<Item = Kind>,
        latest: Rank,
        seen: &[bool],
    ) -> Result<u32, Option<Doubt>> {
        let mut fitting = kinds.filter_map(|kind| match kind {
            Kind::Append(append) => {
                let span = self.operations[append as usize].span;
                let fits = !seen[append as usize] && span.call < self.ret && latest < span.ret;
                fits.then_some(append)
            }
            _ => None,
        });
        let first = fitting.next().ok_or(None)?;
        if fitting.next().is_some() { Err(Some(Doubt::Ambiguous)) } else { Ok(first) }
    }
}
