//! What a collection holds: how often each value is there.

use super::{Act, End};

/// Values that are there, ascending, with how often.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Items {
    counts: Vec<(u32, u32)>,
}

impl Items {
    pub(super) fn len(&self) -> u32 {
        self.counts.iter().map(|&(_, count)| count).sum()
    }

    pub(super) fn count(&self, value: u32) -> u32 {
        self.find(value).map_or(0, |at| self.counts[at].1)
    }

    fn find(&self, value: u32) -> Result<usize, usize> {
        self.counts.binary_search_by_key(&value, |&(other, _)| other)
    }

    pub(super) fn put(&mut self, value: u32) {
        match self.find(value) {
            Ok(at) => self.counts[at].1 += 1,
            Err(at) => self.counts.insert(at, (value, 1)),
        }
    }

    /// Takes one out that is there.
    pub(super) fn take(&mut self, value: u32) {
        if let Ok(at) = self.find(value) {
            self.counts[at].1 -= 1;
            if self.counts[at].1 == 0 {
                self.counts.remove(at);
            }
        }
    }

    /// Whether a value is there, and nothing comes before it at this end.
    pub(super) fn is_first(&self, end: End, value: u32, ranks: &[u32]) -> bool {
        let first = match end {
            End::Low => self.counts.first(),
            End::High => self.counts.last(),
            End::Any => return self.find(value).is_ok(),
        };
        let is_alike = |&(other, _): &(u32, u32)| {
            ranks[other as usize] == ranks[value as usize] && self.find(value).is_ok()
        };
        first.is_some_and(is_alike)
    }

    /// Whether an operation fits what is there.
    pub(super) fn is_legal(&self, act: Act<u32>, ranks: &[u32]) -> bool {
        match act {
            Act::Empty => self.counts.is_empty(),
            Act::Take(end, value) | Act::Peek(end, value) => self.is_first(end, value, ranks),
            Act::Put(_) | Act::TakeAny(_) | Act::PeekAny => true,
        }
    }

    /// Finds what has to be taken out before an operation fits, each as often as it is there, the
    /// first first; and tells whether a value must be put in then.
    pub(super) fn obstacles(&self, act: Act<u32>, ranks: &[u32], found: &mut Vec<u32>) -> bool {
        found.clear();
        let (Act::Take(end, value) | Act::Peek(end, value)) = act else {
            if act == Act::Empty {
                self.counts.iter().for_each(|&item| repeat(item, found));
            }
            return false;
        };
        let rank = |value: u32| ranks[value as usize];
        let own = rank(value);
        match end {
            End::Low => {
                let before = self.counts.iter().take_while(|item| rank(item.0) < own);
                before.for_each(|&item| repeat(item, found));
            }
            End::High => {
                let before = self.counts.iter().rev().take_while(|item| rank(item.0) > own);
                before.for_each(|&item| repeat(item, found));
            }
            End::Any => {}
        }
        self.find(value).is_err()
    }
}

fn repeat((value, count): (u32, u32), found: &mut Vec<u32>) {
    found.extend(std::iter::repeat_n(value, count as usize));
}
