//! A transaction over registers: reads some of them, works, and commits what it writes.

use std::sync::Arc;

use super::{Given, Step};
use crate::knobs::{Isolation, Knobs};
use crate::object::{Answer, Command, Expected};
use crate::origin::Stamp;
use crate::recording::Shown;
use crate::sim::Nanos;

/// One step of a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::client) struct Micro {
    /// What the history calls the register.
    pub(in crate::client) name: i64,
    pub(in crate::client) cell: u32,
    /// The value that is written; none to read.
    pub(in crate::client) value: Option<i64>,
}

/// A transaction. Its writes are kept back until it commits.
///
/// Serializable ones read one register after the other, and commit only if none of them has changed
/// (Kung and Robinson 1981). Those with a snapshot read all that they touch when they begin, and
/// commit only if what they write has not changed since: of two, the first to commit wins. What is
/// read committed is read one after the other, and never looked at again.
#[derive(Debug)]
pub(in crate::client) struct Transact {
    steps: Vec<Micro>,
    isolation: Isolation,
    /// How long it works between two steps.
    work: Nanos,
    state: State,
    /// The registers that it has read, with value and version.
    seen: Vec<(u32, Option<i64>, Stamp)>,
    /// What each step read, or wrote, so far.
    results: Vec<Option<i64>>,
}

/// What it did last.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Begun,
    /// It asked for a snapshot.
    Starting,
    /// It asked for what its next step reads.
    Reading,
    Working,
    Committing,
}

impl Transact {
    pub(in crate::client) fn new(knobs: &Knobs, steps: Vec<Micro>) -> Transact {
        let (isolation, work) = (knobs.isolation, knobs.work);
        let (seen, results) = (Vec::new(), Vec::new());
        Transact { steps, isolation, work, state: State::Begun, seen, results }
    }

    /// What the history shows of `steps`, of which so many have these `results`.
    pub(in crate::client) fn show(steps: &[Micro], results: &[Option<i64>]) -> Shown {
        let shown = steps.iter().enumerate().map(|(at, step)| {
            let read = results.get(at).copied().flatten();
            let f = if step.value.is_some() { "w" } else { "r" };
            let value = step.value.or(read).map_or(Shown::Null, Shown::Int);
            Shown::List([Shown::Text(f), Shown::Int(step.name), value].into())
        });
        Shown::List(shown.collect())
    }

    fn has_snapshot(&self) -> bool {
        matches!(self.isolation, Isolation::Snapshot | Isolation::ParallelSnapshot)
    }

    pub(super) fn step(&mut self, given: Given) -> Step {
        match (self.state, given) {
            (State::Begun, _) if self.has_snapshot() => {
                self.state = State::Starting;
                let cells = self.cells(|_| true);
                Step::call(cells[0], Command::ReadMany(cells.into()))
            }
            (State::Starting, Given::Answer(Answer::Cells(cells), _)) => {
                let keys = self.cells(|_| true).into_iter();
                self.seen = keys.zip(cells.iter()).map(|(key, &(v, s))| (key, v, s)).collect();
                self.next()
            }
            (State::Reading, Given::Answer(answer, version)) => {
                let cell = self.steps[self.results.len()].cell;
                self.seen.push((cell, answer.value(), version));
                self.results.push(answer.value());
                self.state = State::Working;
                Step::Pause(self.work)
            }
            (State::Committing, Given::Answer(answer, _)) if answer.is_refusal() => {
                Step::Fail("conflict")
            }
            (State::Committing, _) => self.done(),
            (State::Begun | State::Starting | State::Reading | State::Working, _) => self.next(),
        }
    }

    fn done(&self) -> Step {
        Step::Done(Transact::show(&self.steps, &self.results))
    }

    /// The registers of all steps for which `counts` holds, each once.
    fn cells(&self, counts: impl Fn(&Micro) -> bool) -> Vec<u32> {
        let steps = self.steps.iter().filter(|step| counts(step));
        let mut cells: Vec<u32> = steps.map(|step| step.cell).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// Does the next step.
    fn next(&mut self) -> Step {
        let at = self.results.len();
        let Some(&step) = self.steps.get(at) else { return self.commit() };
        if step.value.is_none() {
            let known = self.known(step.cell);
            let Some(value) = known else {
                self.state = State::Reading;
                return Step::call(step.cell, Command::Read);
            };
            self.results.push(value);
        } else {
            self.results.push(step.value);
        }
        self.state = State::Working;
        Step::Pause(self.work)
    }

    /// What the next step reads of `cell` without asking: what the transaction wrote itself, or
    /// what its snapshot shows.
    fn known(&self, cell: u32) -> Option<Option<i64>> {
        let before = self.steps[..self.results.len()].iter().rev();
        let own = before.filter(|step| step.cell == cell).find_map(|step| step.value);
        let snapshot = || self.seen.iter().find(|seen| seen.0 == cell).map(|seen| seen.1);
        own.map(Some).or_else(|| snapshot().filter(|_| self.has_snapshot()))
    }

    fn commit(&mut self) -> Step {
        let written = self.cells(|step| step.value.is_some());
        if written.is_empty() && self.isolation != Isolation::Serializable {
            return self.done();
        }
        self.state = State::Committing;
        let is_checked = |cell: u32| match self.isolation {
            Isolation::Serializable => true,
            Isolation::Snapshot | Isolation::ParallelSnapshot => written.contains(&cell),
            Isolation::ReadCommitted => false,
        };
        let checked = self.seen.iter().filter(|seen| is_checked(seen.0));
        let checks = checked.map(|seen| (seen.0, Expected::Version(seen.2))).collect();
        let last = |&cell: &u32| {
            let of_cell = self.steps.iter().rev().filter(|step| step.cell == cell);
            (cell, of_cell.filter_map(|step| step.value).next().unwrap_or(0))
        };
        let writes: Arc<[(u32, i64)]> = written.iter().map(last).collect();
        let place = written.first().copied().unwrap_or(self.steps[0].cell);
        Step::call(place, Command::Commit { checks, writes })
    }
}
