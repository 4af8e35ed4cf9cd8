//! A configuration: all that the rest of the search depends on; and when one makes another
//! superfluous.

use std::hash::{BuildHasher, Hasher};

use super::automaton::StateId;
use super::items::Item;
use super::mask::{Mask, difference};
use super::path::SHARDS;
use super::prepare::Prepared;
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
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
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

/// Exchanges are sought among the slots of so many words.
const EXCHANGES: usize = 4;

impl Order<'_> {
    /// Whether `left` can do whatever `right` can; of two at the event of the window.
    pub(super) fn is_as_good<K: Mask>(&self, left: &Packed<K>, right: &Packed<K>) -> bool {
        if left.state != right.state
            || left.cover >> 1 < right.cover >> 1
            || left.must_be_seen() && !right.must_be_seen()
        {
            return false;
        }
        let (more, fewer) = (self.window.more(), self.window.fewer());
        for (word, &left) in left.mask.words().iter().enumerate() {
            let right = right.mask.words()[word];
            if right & !left & !fewer[word] | left & !right & !(more[word] | fewer[word]) != 0 {
                return false;
            }
        }
        self.used.is_subset(left.used, right.used)
            && self.can_drop_surplus(left, right)
            && self.can_exchange(left, right)
    }

    /// Whether all that only `right` has linearized need never be in `left`.
    fn can_drop_surplus<K: Mask>(&self, left: &Packed<K>, right: &Packed<K>) -> bool {
        difference(right.mask.words(), left.mask.words(), |slot| {
            let call = self.item(slot).call;
            call < left.cover >> 1 || call < self.begin
        })
    }

    /// Whether for each operation that is not pure and that only `left` has linearized, there is
    /// another one, of the same class and with a later return, that only `right` has linearized.
    fn can_exchange<K: Mask>(&self, left: &Packed<K>, right: &Packed<K>) -> bool {
        let fewer = self.window.fewer();
        let mut taken = [0u64; EXCHANGES];
        for (word, fewer) in fewer.iter().enumerate() {
            let mut extra = left.mask.words()[word] & !right.mask.words()[word] & fewer;
            while extra != 0 {
                let own = self.item(word as u32 * 64 + extra.trailing_zeros());
                extra &= extra - 1;
                let none = difference(right.mask.words(), left.mask.words(), |slot| {
                    let other = self.item(slot);
                    let place = slot as usize / 64;
                    let fits = other.class == own.class
                        && other.ret > own.ret
                        && place < EXCHANGES
                        && taken[place] >> (slot % 64) & 1 == 0;
                    if fits {
                        taken[place] |= 1 << (slot % 64);
                    }
                    !fits
                });
                if none {
                    return false;
                }
            }
        }
        true
    }

    fn item(&self, slot: u32) -> &Item {
        &self.prepared.items[self.window.item(slot) as usize]
    }

    /// A hash that is the same for any two configurations at this event of which one may be as
    /// good as the other. Takes `tag` for the state.
    #[inline]
    pub(super) fn hash<K: Mask>(&self, config: &Packed<K>, tag: u64) -> u64 {
        let mut hasher = self.used.seed().build_hasher();
        hasher.write_u64(tag);
        // Of shorter numbers, the hasher gathers several before it mixes them, and counts them.
        self.decisive(config).for_each(|bits| hasher.write_u128(bits.into()));
        hasher.finish()
    }

    /// Returns one of [`SHARDS`] that is the same whenever the hash is, and in every process: what
    /// a shard holds decides the order of the search.
    #[inline]
    pub(super) fn shard<K: Mask>(&self, config: &Packed<K>, tag: u64) -> usize {
        // The multiplier of Fx, the hash function of the Rust compiler.
        let add = |hash: u64, bits| hash.wrapping_add(bits).wrapping_mul(0xf135_7aea_2e62_a9c5);
        let hash = self.decisive(config).fold(add(0, tag), add);
        (hash >> 22) as usize % SHARDS
    }

    /// Returns whether two configurations with one state have the same hash by necessity.
    #[inline]
    pub(super) fn is_alike<K: Mask>(&self, left: &Packed<K>, right: &Packed<K>) -> bool {
        self.decisive(left).eq(self.decisive(right))
    }

    /// Returns the slots that must be alike, by words, for one configuration to be as good as
    /// another.
    #[inline]
    fn decisive<K: Mask>(&self, config: &Packed<K>) -> impl Iterator<Item = u64> {
        let (more, fewer) = (self.window.more(), self.window.fewer());
        let words = config.mask.words().iter().enumerate();
        words.map(|(word, bits)| bits & !more[word] & !fewer[word])
    }
}
