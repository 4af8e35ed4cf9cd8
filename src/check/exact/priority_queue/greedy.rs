//! Places the values of a priority queue in time, by priority.

use super::super::Wanted;
use super::super::minima::Free;
use super::super::values::{NEVER, NONE, Values};
use super::Groups;
use crate::history::sort;

/// Why the values cannot be placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    /// The return by which something should have happened.
    pub(super) by: u32,
    /// The priority of what should have; nothing if the queue should have been empty.
    pub(super) priority: Option<u64>,
}

/// Places all values; a linearization if one is wanted. A point is named by the rank of the event
/// right before it.
pub(super) fn place(values: &Values, groups: &Groups, wanted: Wanted) -> Result<Vec<u32>, Failed> {
    let mut placing = Placing {
        values,
        next: Free::new(values.horizon),
        previous: values.has_peeks().then(|| Free::new(values.horizon)),
        events: (wanted == Wanted::Order).then(|| Vec::with_capacity(values.spans.len())),
    };
    let mut stays: Vec<(u32, u32)> = Vec::new();
    let mut nth = 0;
    for group in groups.iter() {
        stays.clear();
        for &(priority, life) in group {
            let stay = placing.stay(life, nth);
            stays.push(stay.map_err(|by| Failed { by, priority: Some(priority) })?);
            nth += 1;
        }
        for &(put, taken) in &stays {
            placing.occupy(put + 1, taken);
        }
    }
    for &at in &values.empties {
        let span = values.spans[at as usize];
        let point = placing.next.from(span.call);
        if point >= span.ret {
            return Err(Failed { by: span.ret, priority: None });
        }
        placing.happen(point, Phase::Empty, 0, at);
    }
    let mut events = placing.events.unwrap_or_default();
    sort::by(&mut events, |&(time, _)| time);
    Ok(events.into_iter().map(|(_, at)| at).collect())
}

/// What happens at one point, in this order.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Values are taken and peeked at, those of the highest priority first.
    Take,
    /// Nothing is there.
    Empty,
    /// Values are put in, and peeked at, those of the highest priority last.
    Put,
}

struct Placing<'a> {
    values: &'a Values,
    /// Points at which nothing of a higher priority must be there.
    next: Free,
    /// The same, counted from the end, where there are peeks.
    previous: Option<Free>,
    /// Operations by time.
    events: Option<Vec<(u64, u32)>>,
}

impl Placing<'_> {
    /// When a value is put in and taken out; an error is a return that should have come later.
    fn stay(&mut self, life: u32, nth: u32) -> Result<(u32, u32), u32> {
        let values = self.values;
        let known = &values.lives[life as usize];
        let mut taken = self.next.from(known.until);
        if known.out_by != NEVER && taken >= known.out_by {
            return Err(known.out_by);
        }
        if taken >= values.horizon {
            taken = NEVER;
        }
        let mut put = taken.min(known.in_by - 1);
        for &peek in values.peeks(life) {
            let span = values.spans[peek as usize];
            if self.next.from(span.call.max(known.call)) >= span.ret {
                return Err(span.ret);
            }
            put = put.min(self.last_before(span.ret));
        }
        if self.events.is_some() {
            self.record(life, nth, put, taken);
        }
        Ok((put, taken))
    }

    /// The last free point before `rank`; there must be one.
    fn last_before(&mut self, rank: u32) -> u32 {
        let horizon = self.values.horizon;
        let last = |previous: &mut Free| horizon - 1 - previous.from(horizon - rank);
        self.previous.as_mut().map_or(rank - 1, last)
    }

    fn occupy(&mut self, start: u32, end: u32) {
        let end = end.min(self.values.horizon);
        if start < end {
            self.next.occupy(start, end);
            if let Some(previous) = &mut self.previous {
                previous.occupy(self.values.horizon - end, self.values.horizon - start);
            }
        }
    }

    /// Lets the operations on the `nth` value happen.
    fn record(&mut self, life: u32, nth: u32, put: u32, taken: u32) {
        let values = self.values;
        let known = &values.lives[life as usize];
        let (phase, place) =
            if put == taken { (Phase::Take, nth) } else { (Phase::Put, NEVER - nth) };
        if known.put != NONE {
            self.happen(put, phase, place, known.put);
        }
        for &peek in values.peeks(life) {
            let span = values.spans[peek as usize];
            let first = self.next.from(span.call.max(known.call));
            let last = self.last_before(span.ret);
            if first > put {
                self.happen(first, Phase::Take, nth, peek);
            } else if last == put {
                self.happen(put, phase, place, peek);
            } else {
                self.happen(last.min(taken), Phase::Take, nth, peek);
            }
        }
        if taken != NEVER {
            self.happen(taken, Phase::Take, nth, known.take);
        }
    }

    fn happen(&mut self, point: u32, phase: Phase, place: u32, at: u32) {
        if let Some(events) = &mut self.events {
            events.push((u64::from(point) << 34 | (phase as u64) << 32 | u64::from(place), at));
        }
    }
}
