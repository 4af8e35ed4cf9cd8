//! A configuration: all that the rest of the search depends on; and when one makes another
//! superfluous.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::mask::Mask;
use super::prepare::Prepared;
use super::states::StateId;
use super::used::{UsedId, UsedSets};
use super::window::Window;

/// What a search has linearized so far, as seen from one event: every operation that returned
/// before it is linearized, none that is called after it is, and of those open the mask tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Config<K> {
    /// The event to come.
    pub(super) event: u32,
    /// The state of the model.
    pub(super) state: StateId,
    /// Open overwriting operations called before this event may count as linearized just before
    /// an operation that overwrote them: nobody saw them.
    pub(super) cover: u32,
    /// The crashed operations linearized.
    pub(super) used: UsedId,
    /// The open completed operations linearized.
    pub(super) mask: K,
    /// Whether the last operation was linearized for an observer, which has to come next.
    pub(super) must_be_seen: bool,
}

/// A configuration as it is stored: without the event where that is known, and in few bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Packed<K> {
    pub(super) mask: K,
    pub(super) state: StateId,
    pub(super) used: UsedId,
    /// Twice the cover, and one more if it must be seen.
    cover: u32,
}

impl<K: Mask> Packed<K> {
    pub(super) fn new(config: &Config<K>) -> Self {
        Packed {
            mask: config.mask.clone(),
            state: config.state,
            used: config.used,
            cover: config.cover << 1 | u32::from(config.must_be_seen),
        }
    }

    /// The configuration, at `event`.
    pub(super) fn at(&self, event: u32) -> Config<K> {
        Config {
            event,
            state: self.state,
            cover: self.cover >> 1,
            used: self.used,
            mask: self.mask.clone(),
            must_be_seen: self.must_be_seen(),
        }
    }

    fn must_be_seen(&self) -> bool {
        self.cover & 1 == 1
    }
}

/// What tells, at one event, which of two configurations is as good as the other.
pub(super) struct Order<'a> {
    /// Positioned at the event.
    pub(super) window: &'a Window,
    pub(super) prepared: &'a Prepared,
    pub(super) used: &'a UsedSets,
    /// The event at which the search began.
    pub(super) begin: u32,
}

impl Order<'_> {
    /// Whether `left` can do whatever `right` can; of two at the event of the window.
    pub(super) fn is_as_good<K: Mask>(&self, left: &Packed<K>, right: &Packed<K>) -> bool {
        if left.state != right.state
            || left.cover >> 1 < right.cover >> 1
            || left.must_be_seen() > right.must_be_seen()
        {
            return false;
        }
        let (more, fewer) = (self.window.more(), self.window.fewer());
        let pairs = left.mask.words().iter().zip(right.mask.words());
        for (word, (&left_word, &right_word)) in pairs.enumerate() {
            let lacks = right_word & !left_word;
            if lacks & !fewer[word] | left_word & !right_word & !more[word] != 0 {
                return false;
            }
            let mut bits = lacks;
            while bits != 0 {
                let item = self.window.item(word as u32 * 64 + bits.trailing_zeros());
                let call = self.prepared.items[item as usize].call;
                if call >= left.cover >> 1 && call >= self.begin {
                    return false;
                }
                bits &= bits - 1;
            }
        }
        self.used.is_subset(left.used, right.used)
    }

    /// A hash that is the same for any two configurations at this event of which one may be as
    /// good as the other. Takes `tag` for the state.
    pub(super) fn hash<K: Mask>(&self, config: &Packed<K>, tag: u64) -> u64 {
        let mut hasher = FxHasher::default();
        tag.hash(&mut hasher);
        let (more, fewer) = (self.window.more(), self.window.fewer());
        for (word, bits) in config.mask.words().iter().enumerate() {
            (bits & !more[word] & !fewer[word]).hash(&mut hasher);
        }
        hasher.finish()
    }
}
