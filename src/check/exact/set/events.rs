//! The ends of operations by elements, in the order of time; and operations by points in time.

use super::super::Timed;
use super::act::{Act, act};
use crate::history::hash::Map;
use crate::history::{Rank, sort};
use crate::model::set::Op;

/// An operation on an element, with its ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) at: u32,
    pub(super) act: Act,
    pub(super) call: Rank,
    pub(super) ret: Rank,
}

/// The operations of each element, in the order of their calls.
pub(super) struct Elements {
    /// The elements by their handles, in the order of their first operations.
    pub(super) handles: Vec<u32>,
    steps: Vec<Step>,
    starts: Vec<u32>,
    ids: Map<u32, u32>,
}

impl Elements {
    /// Groups operations by the elements that they are about; those on the whole are left out.
    pub(super) fn new(operations: &[Timed<'_, Op>]) -> Elements {
        let mut ids: Map<u32, u32> = Map::default();
        let mut handles = Vec::new();
        let mut starts: Vec<u32> = vec![0, 0];
        let mut of: Vec<u32> = Vec::with_capacity(operations.len());
        for timed in operations {
            let Some((handle, _)) = act(timed.op) else {
                of.push(u32::MAX);
                continue;
            };
            let id = *ids.entry(handle).or_insert_with(|| {
                handles.push(handle);
                starts.push(0);
                handles.len() as u32 - 1
            });
            starts[id as usize + 2] += 1;
            of.push(id);
        }
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let count = starts.last().copied().unwrap_or(0) as usize;
        let none = Step { at: 0, act: Act::Any, call: Rank::FIRST, ret: Rank::NEVER };
        let mut steps = vec![none; count];
        for (at, (timed, &id)) in operations.iter().zip(&of).enumerate() {
            let Some((_, act)) = act(timed.op) else { continue };
            let next = &mut starts[id as usize + 1];
            let (call, ret) = (timed.span.call, timed.span.ret);
            steps[*next as usize] = Step { at: at as u32, act, call, ret };
            *next += 1;
        }
        Elements { handles, steps, starts, ids }
    }

    /// The number of the element with a handle, if there are operations on it.
    pub(super) fn number(&self, handle: u32) -> Option<usize> {
        self.ids.get(&handle).map(|&id| id as usize)
    }

    /// The operations of an element by its number.
    pub(super) fn steps(&self, element: usize) -> &[Step] {
        &self.steps[self.starts[element] as usize..self.starts[element + 1] as usize]
    }
}

/// When operations happen: at a point, named by the rank of the event right before it.
#[derive(Default)]
pub(super) struct Times(Vec<(u64, u32)>);

/// The order of operations at one point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// What sees an element before it changes.
    Before,
    /// What changes an element, or must stay in the order in which it was given.
    Change,
    /// What sees an element after it changed.
    After,
}

impl Times {
    pub(super) fn with_capacity(capacity: usize) -> Times {
        Times(Vec::with_capacity(capacity))
    }

    pub(super) fn push(&mut self, time: Rank, phase: Phase, at: u32) {
        self.0.push((4 * time.index() as u64 + phase as u64, at));
    }

    /// The operations in order; those of one point and phase stay as they were given.
    pub(super) fn into_order(mut self) -> Vec<u32> {
        sort::by(&mut self.0, |&(time, _)| time);
        self.0.into_iter().map(|(_, at)| at).collect()
    }
}
