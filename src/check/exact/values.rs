//! The lives of the values in a collection that gives out what was put in: what queues, stacks and
//! bags have in common before their order matters.
//!
//! A value that comes out was put in at most once, so that each operation speaks of one life: a
//! put, perhaps a take, and peeks in between. What the collection holds before the first operation
//! was put in before everything else.

use super::{Conflict, Timed};
use crate::history::hash::Map;
use crate::history::{Rank, sort};

/// No operation.
pub(super) const NONE: u32 = u32::MAX;

/// The time of a return that never comes.
pub(super) const NEVER: u32 = u32::MAX;

/// The ends of an operation as [`dense_spans`] makes them: times that tables can be indexed by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Times {
    pub(super) call: u32,
    pub(super) ret: u32,
}

/// What an operation does to a collection; values are numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Act {
    Put(u32),
    Take(u32),
    Peek(u32),
    /// A take or peek that found nothing.
    Empty,
    /// A take of which nobody knows what it found.
    TakeAny,
    /// A peek of which nobody knows what it found.
    PeekAny,
}

/// What is known of one value's time in the collection. Ranks as in [`Values::spans`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) value: u32,
    /// Who put it in; [`NONE`] if it was there from the start.
    pub(super) put: u32,
    /// Who took it out, or [`NONE`].
    pub(super) take: u32,
    /// The call of the put: it cannot be in earlier.
    pub(super) call: u32,
    /// The least return of all its operations: it must be in by then. Never if its put crashed
    /// and nobody saw it.
    pub(super) in_by: u32,
    /// The least return of its take and peeks.
    pub(super) seen_by: u32,
    /// The greatest call of all its operations: it cannot be out earlier.
    pub(super) until: u32,
    /// The return of the take.
    pub(super) out_by: u32,
}

/// The lives of all values, and the operations that belong to none.
#[derive(Debug)]
pub(super) struct Values {
    /// In the order of the calls of the puts, what was there from the start first; except for
    /// values that were put again and that nobody saw, which come last.
    pub(super) lives: Vec<Life>,
    /// The ends of all operations, on a scale without large gaps: initial puts come first.
    pub(super) spans: Vec<Times>,
    /// All finite ranks are below.
    pub(super) horizon: u32,
    /// Completed operations that found nothing, in the order of their calls.
    pub(super) empties: Vec<u32>,
    /// Takes that crashed, in the order of their calls.
    pub(super) unknown: Vec<u32>,
    /// The peeks, by lives, in the order of their calls.
    peeks: Vec<u32>,
    /// Where each life's peeks start; empty if there are no peeks.
    starts: Vec<u32>,
}

impl Values {
    /// Reads operations, as `act` understands them. `None` if a value that comes out was put in
    /// more than once, or if an operation is not known well enough; an error if an operation is
    /// impossible by itself. Linear time.
    pub(super) fn read<Op>(
        initial: &[u32],
        operations: &[Timed<'_, Op>],
        act: impl Fn(&Op) -> Act,
    ) -> Option<Result<Values, Conflict>> {
        let (spans, horizon) = dense_spans(operations, 2 * u32::try_from(initial.len()).ok()?)?;
        let mut reader = Reader::new(spans, horizon, initial.len() + operations.len());
        reader.ids = Ids::new(initial.iter().copied().chain(operations.iter().filter_map(
            |timed| match act(timed.op) {
                Act::Put(value) => Some(value),
                _ => None,
            },
        )));
        for (at, &value) in initial.iter().enumerate() {
            let call = 2 * at as u32;
            reader.put(value, NONE, Times { call, ret: call + 1 });
        }
        for (at, timed) in operations.iter().enumerate() {
            if let Act::Put(value) = act(timed.op) {
                reader.put(value, at as u32, reader.values.spans[at]);
            }
        }
        let mut conflict = Ok(());
        for (at, timed) in operations.iter().enumerate() {
            let seen = reader.see(at as u32, act(timed.op))?;
            conflict = conflict.and(seen);
        }
        if reader.repeats() {
            return None;
        }
        if let Err(conflict) = conflict.and_then(|()| reader.check()) {
            return Some(Err(conflict));
        }
        reader.group_peeks();
        Some(Ok(reader.values))
    }

    /// The peeks of a life, in the order of their calls.
    pub(super) fn peeks(&self, life: u32) -> &[u32] {
        match self.starts.get(life as usize..life as usize + 2) {
            Some(ends) => &self.peeks[ends[0] as usize..ends[1] as usize],
            None => &[],
        }
    }

    /// Whether anything is ever peeked at.
    pub(super) fn has_peeks(&self) -> bool {
        !self.peeks.is_empty()
    }

    /// The lives that matter: not those of values whose put crashed and that nobody saw.
    pub(super) fn needed(&self) -> impl Iterator<Item = (u32, &Life)> {
        let numbered = self.lives.iter().enumerate().map(|(at, life)| (at as u32, life));
        numbered.filter(|(_, life)| life.in_by != NEVER)
    }

    /// What cannot be taken by a crashed operation is there for ever, unless its take is known.
    pub(super) fn keep_untaken(&mut self) {
        for life in self.lives.iter_mut().filter(|life| life.take == NONE) {
            life.until = NEVER;
        }
    }

    /// The conflict of what is known at `rank`, once all takes and peeks that were called before
    /// have returned: what is called later cannot have helped.
    pub(super) fn conflict_at(&self, rank: u32) -> Conflict {
        let mut is_put = vec![false; self.spans.len()];
        for life in self.lives.iter().filter(|life| life.put != NONE) {
            is_put[life.put as usize] = true;
        }
        let called = self.spans.iter().zip(is_put).enumerate();
        let known =
            called.filter(|(_, (span, is_put))| !is_put && span.call <= rank && span.ret != NEVER);
        let stuck = known.max_by_key(|(_, (span, _))| span.ret).map_or(0, |(at, _)| at as u32);
        Conflict::at(stuck)
    }

    /// The conflict of all that is known.
    pub(super) fn conflict(&self) -> Conflict {
        self.conflict_at(NEVER)
    }

    /// Sorts lives by a rank; those where it is [`NEVER`] come last. Linear time if no two share a
    /// rank.
    pub(super) fn sorted_by(&self, rank: impl Fn(&Life) -> u32) -> Vec<u32> {
        let mut at_rank = vec![NONE; self.horizon as usize];
        let mut never = Vec::new();
        let mut shared = false;
        for (at, life) in self.needed() {
            match at_rank.get_mut(rank(life) as usize) {
                Some(place) => shared |= std::mem::replace(place, at) != NONE,
                None => never.push(at),
            }
        }
        if shared {
            return self.sorted_by_shared(&rank);
        }
        at_rank.retain(|&at| at != NONE);
        at_rank.append(&mut never);
        at_rank
    }

    /// Sorts lives by a rank that some share.
    fn sorted_by_shared(&self, rank: &dyn Fn(&Life) -> u32) -> Vec<u32> {
        let mut sorted: Vec<u32> = self.needed().map(|(at, _)| at).collect();
        sort::by(&mut sorted, |&at| rank(&self.lives[at as usize]));
        sorted
    }
}

/// The spans with all ranks moved up by `shift`, and a bound on the finite ones. Ranks with large
/// gaps are replaced by their positions. `None` if they do not fit.
pub(super) fn dense_spans<Op>(
    operations: &[Timed<'_, Op>],
    shift: u32,
) -> Option<(Vec<Times>, u32)> {
    let time = |rank: Rank| rank.index() as u32;
    let times =
        |timed: &Timed<'_, Op>| Times { call: time(timed.span.call), ret: time(timed.span.ret) };
    let mut spans: Vec<Times> = operations.iter().map(times).collect();
    let last = |times: &Times| if times.ret == NEVER { times.call } else { times.ret };
    let top = spans.iter().map(last).max().unwrap_or(0);
    let mut horizon = top.checked_add(1)?;
    if u64::from(top) > 4 * operations.len() as u64 + 64 {
        horizon = compress(&mut spans)?;
    }
    if shift > 0 {
        for span in &mut spans {
            span.call = span.call.checked_add(shift)?;
            span.ret = if span.ret == NEVER { NEVER } else { span.ret.checked_add(shift)? };
        }
    }
    let horizon = horizon.checked_add(shift).filter(|&horizon| horizon < NEVER)?;
    Some((spans, horizon))
}

/// Replaces ranks by their positions among all; returns how many there are.
fn compress(spans: &mut [Times]) -> Option<u32> {
    let mut ends: Vec<(u32, u32)> = Vec::with_capacity(2 * spans.len());
    for (at, span) in spans.iter().enumerate() {
        let at = u32::try_from(at).ok().filter(|&at| at < NEVER / 2)?;
        ends.push((span.call, 2 * at));
        if span.ret != NEVER {
            ends.push((span.ret, 2 * at + 1));
        }
    }
    ends.sort_unstable();
    for (rank, &(_, end)) in ends.iter().enumerate() {
        let span = &mut spans[end as usize / 2];
        *(if end % 2 == 0 { &mut span.call } else { &mut span.ret }) = rank as u32;
    }
    Some(ends.len() as u32)
}

/// The lives of values by their numbers: an array where these are dense, else a table.
pub(super) enum Ids {
    Dense { first: u32, ids: Vec<u32> },
    Sparse(Map<u32, u32>),
}

impl Ids {
    pub(super) fn new(values: impl Iterator<Item = u32> + Clone) -> Ids {
        let (mut first, mut last, mut count) = (u32::MAX, 0, 0_u64);
        for value in values {
            (first, last, count) = (first.min(value), last.max(value), count + 1);
        }
        let range = u64::from(last.saturating_sub(first)) + 1;
        if range <= 4 * count + 64 {
            Ids::Dense { first, ids: vec![NONE; range as usize] }
        } else {
            Ids::Sparse(Map::with_capacity_and_hasher(count as usize, Default::default()))
        }
    }

    pub(super) fn get(&self, value: u32) -> Option<u32> {
        match self {
            Ids::Dense { first, ids } => {
                let id = ids.get(value.checked_sub(*first)? as usize).copied();
                id.filter(|&id| id != NONE)
            }
            Ids::Sparse(ids) => ids.get(&value).copied(),
        }
    }

    /// Sets the id of a value that was among those at the start.
    pub(super) fn set(&mut self, value: u32, id: u32) {
        match self {
            Ids::Dense { first, ids } => ids[(value - *first) as usize] = id,
            Ids::Sparse(ids) => _ = ids.insert(value, id),
        }
    }
}

struct Reader {
    values: Values,
    ids: Ids,
    /// Lives of values that had been put in before.
    again: Vec<Life>,
    /// Peeks with their lives, in the order of their calls.
    peeks: Vec<(u32, u32)>,
}

impl Reader {
    fn new(spans: Vec<Times>, horizon: u32, count: usize) -> Reader {
        let values = Values {
            lives: Vec::with_capacity(count),
            spans,
            horizon,
            empties: Vec::new(),
            unknown: Vec::new(),
            peeks: Vec::new(),
            starts: Vec::new(),
        };
        Reader { values, ids: Ids::Sparse(Map::default()), again: Vec::new(), peeks: vec![] }
    }

    fn put(&mut self, value: u32, put: u32, Times { call, ret }: Times) {
        let life = Life {
            value,
            put,
            take: NONE,
            call,
            in_by: ret,
            seen_by: NEVER,
            until: call,
            out_by: NEVER,
        };
        if self.ids.get(value).is_some() {
            self.again.push(life);
        } else {
            self.ids.set(value, self.values.lives.len() as u32);
            self.values.lives.push(life);
        }
    }

    /// Takes in an operation that is no put; `None` if too little is known of it.
    fn see(&mut self, at: u32, act: Act) -> Option<Result<(), Conflict>> {
        let span = self.values.spans[at as usize];
        let completed = span.ret != NEVER;
        let value = match act {
            Act::Put(_) => return Some(Ok(())),
            Act::PeekAny if !completed => return Some(Ok(())),
            Act::TakeAny if !completed => {
                self.values.unknown.push(at);
                return Some(Ok(()));
            }
            Act::Empty if completed => {
                self.values.empties.push(at);
                return Some(Ok(()));
            }
            Act::Take(value) | Act::Peek(value) if completed => value,
            _ => return None,
        };
        let Some(id) = self.ids.get(value) else { return Some(Err(Conflict::at(at))) };
        let life = &mut self.values.lives[id as usize];
        let mut conflict = Ok(());
        if matches!(act, Act::Take(_)) {
            if life.take != NONE {
                let other = self.values.spans[life.take as usize];
                let stuck = if other.ret > span.ret { life.take } else { at };
                conflict = Err(Conflict::at(stuck));
            }
            (life.take, life.out_by) = (at, span.ret);
        } else {
            self.peeks.push((id, at));
        }
        if span.ret < life.call {
            conflict = Err(Conflict::at(at));
        }
        life.in_by = life.in_by.min(span.ret);
        life.seen_by = life.seen_by.min(span.ret);
        life.until = life.until.max(span.call);
        Some(conflict)
    }

    /// Whether a value that comes out was put in more than once. The others that were are lives of
    /// their own.
    fn repeats(&mut self) -> bool {
        let is_seen = |life: &Life| {
            let first = self.ids.get(life.value).map(|id| self.values.lives[id as usize]);
            first.is_some_and(|first| first.seen_by != NEVER)
        };
        let repeats = self.again.iter().any(is_seen);
        self.values.lives.append(&mut self.again);
        repeats
    }

    /// Whether nothing is peeked at after it was taken.
    fn check(&self) -> Result<(), Conflict> {
        let late = |&&(life, at): &&(u32, u32)| {
            self.values.spans[at as usize].call > self.values.lives[life as usize].out_by
        };
        match self.peeks.iter().find(late) {
            Some(&(_, stuck)) => Err(Conflict::at(stuck)),
            None => Ok(()),
        }
    }

    fn group_peeks(&mut self) {
        if self.peeks.is_empty() {
            return;
        }
        let values = &mut self.values;
        values.starts = vec![0; values.lives.len() + 2];
        for &(life, _) in &self.peeks {
            values.starts[life as usize + 2] += 1;
        }
        for at in 2..values.starts.len() {
            values.starts[at] += values.starts[at - 1];
        }
        values.peeks = vec![0; self.peeks.len()];
        for &(life, at) in &self.peeks {
            let next = &mut values.starts[life as usize + 1];
            values.peeks[*next as usize] = at;
            *next += 1;
        }
    }
}
