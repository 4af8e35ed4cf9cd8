//! What is going to happen, in the order of virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Nanos;

/// Events that are due at points of virtual time. Those due at one time happen in the order in
/// which they were added, so that a run is determined by its seed.
pub(crate) struct Agenda<E> {
    /// When, the how manieth, and where in `events`.
    heap: BinaryHeap<Reverse<(Nanos, u64, u32)>>,
    events: Vec<Option<E>>,
    free: Vec<u32>,
    added: u64,
    now: Nanos,
}

impl<E> Agenda<E> {
    pub(crate) fn new() -> Agenda<E> {
        Agenda { heap: BinaryHeap::new(), events: Vec::new(), free: Vec::new(), added: 0, now: 0 }
    }

    /// The time of the event that happened last.
    pub(crate) fn now(&self) -> Nanos {
        self.now
    }

    /// Adds an event that is due at `time`, or now if that is over. O(log n).
    pub(crate) fn add(&mut self, time: Nanos, event: E) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.events[slot as usize] = Some(event);
                slot
            }
            None => {
                self.events.push(Some(event));
                (self.events.len() - 1) as u32
            }
        };
        self.added += 1;
        self.heap.push(Reverse((time.max(self.now), self.added, slot)));
    }

    /// Takes the next event, and moves the time on to it. O(log n).
    pub(crate) fn next(&mut self) -> Option<E> {
        let Reverse((time, _, slot)) = self.heap.pop()?;
        self.now = time;
        self.free.push(slot);
        self.events[slot as usize].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_time_and_then_of_addition() {
        let mut agenda = Agenda::new();
        for (time, name) in [(5, "c"), (1, "a"), (5, "d"), (2, "b")] {
            agenda.add(time, name);
        }
        assert_eq!(agenda.next(), Some("a"));
        agenda.add(0, "late");
        let rest: Vec<_> = std::iter::from_fn(|| agenda.next()).collect();
        assert_eq!(rest, ["late", "b", "c", "d"]);
        assert_eq!(agenda.now(), 5);
    }
}
