//! How the values of a stack lie above each other.

use super::super::Wanted;
use super::super::cover::{Removal, merge};
use super::super::values::{Life, NEVER, NONE, Values};
use super::table::Table;

/// Why values cannot be nested.
#[derive(Debug)]
pub(super) struct Failed {
    /// A return by which that is certain, unless there are peeks.
    pub(super) by: u32,
    /// Values that nobody takes: if they were, it might go.
    pub(super) in_the_way: Vec<Removal>,
}

/// What is left to do, the next last.
enum Task {
    /// To nest the values in these positions, which cover all points from the first of them on
    /// until the last of them ends.
    Nest(usize, usize),
    /// To let an operation happen.
    Happen(u32),
}

/// Nests all values; a linearization if one is wanted.
pub(super) fn nest(values: &Values, wanted: Wanted) -> Result<Vec<u32>, Failed> {
    let mut nesting = Nesting {
        values,
        table: Table::new(values),
        tasks: Vec::new(),
        above: Vec::new(),
        order: (wanted == Wanted::Order).then(|| Vec::with_capacity(values.spans.len())),
    };
    let count = nesting.table.lives.len();
    nesting.lay(0, count, &values.empties)?;
    while let Some(task) = nesting.tasks.pop() {
        match task {
            Task::Happen(at) => nesting.happen(at),
            Task::Nest(from, to) => nesting.nest(from, to)?,
        }
    }
    let Some(order) = nesting.order else { return Ok(Vec::new()) };
    Ok(with_instants(values, &order))
}

struct Nesting<'a> {
    values: &'a Values,
    table: Table,
    tasks: Vec<Task>,
    /// The next tasks, in their order.
    above: Vec<Task>,
    order: Option<Vec<u32>>,
}

impl Nesting<'_> {
    fn happen(&mut self, at: u32) {
        if let Some(order) = &mut self.order
            && at != NONE
        {
            order.push(at);
        }
    }

    /// Finds a value that can lie at the bottom, and nests what lies above it.
    fn nest(&mut self, from: usize, to: usize) -> Result<(), Failed> {
        let in_by = self.table.in_by[from];
        let until = self.table.last_until(to, None).unwrap_or(NEVER);
        let Some(bottom) = self.bottom(from, to, in_by, until) else {
            return Err(self.failed(from, to, in_by));
        };
        let values = self.values;
        let life = self.table.lives[bottom];
        let known = &values.lives[life as usize];
        self.table.uncover(bottom);
        self.table.remove(bottom);
        self.happen(known.put);
        // What is never taken keeps all that lies below it.
        if known.take != NONE && until != NEVER {
            self.tasks.push(Task::Happen(known.take));
        }
        let next = self.table.next(from);
        self.lay(next, to, values.peeks(life))
    }

    /// A value that can lie below all others of a component, and be peeked at.
    fn bottom(&mut self, from: usize, to: usize, in_by: u32, until: u32) -> Option<usize> {
        let mut peeked = None;
        let mut start = from;
        while let Some(at) = self.table.bottom(start, to, in_by, until) {
            if self.values.peeks(self.table.lives[at]).is_empty() {
                return Some(at);
            }
            if peeked.is_none() && self.is_seen(at, from, to) {
                peeked = Some(at);
            }
            start = at + 1;
        }
        peeked
    }

    /// Whether all peeks at a value find it uncovered at some point, if it lies at the bottom.
    fn is_seen(&mut self, at: usize, from: usize, to: usize) -> bool {
        self.table.uncover(at);
        let peeks = self.values.peeks(self.table.lives[at]);
        let is_seen = peeks.iter().all(|&peek| {
            let span = self.values.spans[peek as usize];
            let start = self.table.before(span.call).max(from);
            let behind = self.table.uncovered(start, to);
            self.table.last_until(behind, Some(at)).is_none_or(|until| until < span.ret)
        });
        self.table.cover_again(at);
        is_seen
    }

    /// Splits the positions where nothing is covered, and lets each of `sights` happen in the first
    /// such place that it meets.
    fn lay(&mut self, from: usize, to: usize, sights: &[u32]) -> Result<(), Failed> {
        let values = self.values;
        let spans = &values.spans;
        let mut sights = sights.iter().copied().peekable();
        let mut start = self.table.next(from).min(to);
        let mut until = None;
        loop {
            let in_by = if start < to { self.table.in_by[start] } else { NEVER };
            while let Some(at) = sights.next_if(|&at| spans[at as usize].call < in_by) {
                let span = spans[at as usize];
                if until.is_some_and(|until| until >= span.ret) {
                    return Err(self.covered(from, to, span.ret));
                }
                self.above.push(Task::Happen(at));
            }
            if start >= to {
                break;
            }
            let end = self.table.uncovered(start + 1, to);
            self.above.push(Task::Nest(start, end));
            if sights.peek().is_some() {
                until = self.table.last_until(end, None);
            }
            start = end;
        }
        self.tasks.extend(self.above.drain(..).rev());
        Ok(())
    }

    /// The lives in a range of positions that remain.
    fn remaining(&mut self, from: usize, to: usize) -> Vec<(u32, Life)> {
        let mut lives = Vec::new();
        let mut at = self.table.next(from);
        while at < to {
            let life = self.table.lives[at];
            lives.push((life, self.values.lives[life as usize]));
            at = self.table.next(at + 1);
        }
        lives
    }

    /// A component in which nothing can lie at the bottom: all that was there before the rest is
    /// gone too early.
    fn failed(&mut self, from: usize, to: usize, in_by: u32) -> Failed {
        let remaining = self.remaining(from, to);
        let peeked_by = |life: u32| {
            let peeks = self.values.peeks(life).iter();
            peeks.map(|&peek| self.values.spans[peek as usize].ret).min().unwrap_or(NEVER)
        };
        let ends = remaining.iter().filter(|(_, life)| life.call < in_by).map(|&(at, life)| {
            if life.out_by == NEVER {
                (peeked_by(at), peeked_by(at))
            } else {
                (life.out_by, life.until)
            }
        });
        let Some((by, until)) = ends.filter(|&(by, _)| by != NEVER).max() else {
            return Failed { by: NEVER, in_the_way: Vec::new() };
        };
        let kept = remaining.iter().filter(|(_, life)| is_kept(life) && life.call > in_by);
        let removal = |&(life, _): &(u32, Life)| Removal { by: by - 1, life };
        let mut in_the_way: Vec<Removal> =
            kept.clone().filter(|(_, life)| life.in_by < until).map(removal).collect();
        if in_the_way.is_empty() {
            // They need not be above it, but nothing else is left to try.
            in_the_way.extend(kept.clone().find(|(_, life)| life.in_by < by).map(removal));
        }
        Failed { by, in_the_way }
    }

    /// A failure to find nothing above these positions by `by`.
    fn covered(&mut self, from: usize, to: usize, by: u32) -> Failed {
        let remaining = self.remaining(from, to);
        let covers = |(_, life): &&(u32, Life)| is_kept(life) && life.in_by < by;
        let covering = remaining.iter().filter(covers);
        let in_the_way = covering.map(|&(life, _)| Removal { by: by - 1, life }).collect();
        Failed { by, in_the_way }
    }
}

/// Whether nobody ever takes a value.
fn is_kept(life: &Life) -> bool {
    life.take == NONE && life.until == NEVER
}

/// The order with all values that are taken as soon as they are put in: nothing need lie above
/// them, and there is a point that all their operations share.
fn with_instants(values: &Values, order: &[u32]) -> Vec<u32> {
    let mut now = 0;
    let clock = |&at: &u32| {
        now = values.spans[at as usize].call.max(now);
        (u64::from(now), at)
    };
    let lasting: Vec<(u64, u32)> = order.iter().map(clock).collect();
    let mut instants = Vec::new();
    for life in values.sorted_by(|life| life.until) {
        let known = &values.lives[life as usize];
        if known.in_by < known.until {
            continue;
        }
        let all = [known.put].into_iter().chain(values.peeks(life).iter().copied());
        instants.extend(all.chain([known.take]).map(|at| (u64::from(known.until), at)));
    }
    merge(&[lasting, instants])
}
