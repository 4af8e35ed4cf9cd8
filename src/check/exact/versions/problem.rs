//! What is to be put in order: blocks of versions, deletions and looks, with the times between
//! which each has its place.

use super::acts::Known;
use super::table::{Block, Versions};
use crate::history::Rank;

/// What has to happen at some time, with its position among operations or blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Block(u32),
    /// The first update of a block was called.
    Head(u32),
    Delete(u32),
    /// Finds the key absent.
    Absent(u32),
    /// Finds another version than the one there.
    Not(u32),
    /// Finds a value in whatever version.
    Value(u32),
    /// An update whose version nobody saw.
    Filler(u32),
}

/// What is swept over.
pub(super) struct Problem<'a> {
    pub(super) known: &'a [Known],
    pub(super) versions: &'a Versions,
    pub(super) blocks: &'a [Block],
    /// The items, in the order of the times from which on they can have their places.
    pub(super) releases: Vec<(Rank, Item)>,
    /// And in the order of the times before which they must.
    pub(super) deadlines: Vec<(Rank, Item)>,
    /// Crashed updates that may happen anywhere, in the order of their calls.
    pub(super) spare: Vec<u32>,
    pub(super) course: Course,
}

/// How to sweep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Course {
    /// Versions grow from the first update to the last, also where the key is deleted.
    Ascending,
    /// They may start anew where the key is deleted.
    Free,
    /// The same, and nothing is chosen that may not be the best.
    Exact,
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        (known, versions, blocks): (&'a [Known], &'a Versions, &'a [Block]),
        mut releases: Vec<(Rank, Item)>,
        mut deadlines: Vec<(Rank, Item)>,
        spare: Vec<u32>,
        course: Course,
    ) -> Self {
        for (at, block) in (0..).zip(blocks) {
            releases.push((block.call, Item::Head(at)));
            releases.push((block.last, Item::Block(at)));
            if block.first != Rank::NEVER {
                deadlines.push((block.first, Item::Block(at)));
            }
        }
        releases.sort_by_key(|release| release.0);
        deadlines.sort_by_key(|deadline| deadline.0);
        Problem { known, versions, blocks, releases, deadlines, spare, course }
    }

    /// Forgets what may have happened by `time`, but for deletions that may still happen.
    pub(super) fn forget(&mut self, time: Rank) {
        let (known, blocks) = (self.known, self.blocks);
        let call = |item: Item| match item {
            Item::Block(at) | Item::Head(at) => blocks[at as usize].call,
            Item::Delete(at)
            | Item::Absent(at)
            | Item::Not(at)
            | Item::Value(at)
            | Item::Filler(at) => known[at as usize].span.call,
        };
        self.deadlines.retain(|&(_, item)| call(item) > time);
        self.releases.retain(|&(_, item)| match item {
            Item::Delete(at) => known[at as usize].span.ret > time,
            _ => call(item) > time,
        });
    }
}
