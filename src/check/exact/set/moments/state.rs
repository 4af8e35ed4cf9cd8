//! Beliefs about elements, by numbers, and what is believed of all of them.

use super::belief::Config;
use crate::history::hash::{Map, spread};

/// Beliefs: sets of configurations, each once.
pub(super) struct Beliefs {
    numbers: Map<Vec<Config>, u32>,
    list: Vec<Belief>,
}

struct Belief {
    configs: Vec<Config>,
    /// Whether the element is absent in some configuration, and whether it is there in some.
    may: [bool; 2],
}

/// That an element is absent, and nothing is open.
pub(super) const ABSENT: u32 = 0;
/// That it is there, and nothing is open.
const THERE: u32 = 1;

impl Beliefs {
    pub(super) fn new() -> Beliefs {
        let mut beliefs = Beliefs { numbers: Map::default(), list: Vec::new() };
        for there in [false, true] {
            beliefs.number(&[Config::new(there)]);
        }
        beliefs
    }

    /// The belief in an element on which nothing was called.
    pub(super) fn of_start(is_there: bool) -> u32 {
        if is_there { THERE } else { ABSENT }
    }

    pub(super) fn number(&mut self, configs: &[Config]) -> u32 {
        if let Some(&number) = self.numbers.get(configs) {
            return number;
        }
        let number = self.list.len() as u32;
        let may = [false, true].map(|there| configs.iter().any(|it| it.there == there));
        self.numbers.insert(configs.to_vec(), number);
        self.list.push(Belief { configs: configs.to_vec(), may });
        number
    }

    pub(super) fn configs(&self, belief: u32) -> &[Config] {
        &self.list[belief as usize].configs
    }

    /// Whether the element may be so, without a flip.
    pub(super) fn may_be(&self, belief: u32, there: bool) -> bool {
        self.list[belief as usize].may[usize::from(there)]
    }
}

/// What is believed of all elements, where the reads so far have their moments.
#[derive(Clone)]
pub(super) struct State {
    /// Of the open reads, by their bits, those that are done.
    pub(super) done: u64,
    /// By places.
    pub(super) beliefs: Vec<u32>,
    /// By places, as bits: what may be absent, and what may be there.
    pub(super) may: [Vec<u64>; 2],
    /// The last read that was done.
    pub(super) node: u32,
    hash: u64,
}

fn hash_of(place: usize, belief: u32) -> u64 {
    let number = spread((place as u64) << 32 | u64::from(belief));
    spread(number ^ number >> 32)
}

impl State {
    pub(super) fn new(node: u32) -> State {
        State { done: 0, beliefs: Vec::new(), may: [Vec::new(), Vec::new()], node, hash: 0 }
    }

    /// Puts what is believed of the element at `place`, which is at most one behind the last.
    pub(super) fn set(&mut self, place: usize, belief: u32, beliefs: &Beliefs) {
        if place == self.beliefs.len() {
            self.beliefs.push(ABSENT);
            self.hash = self.hash.wrapping_add(hash_of(place, ABSENT));
            if place.is_multiple_of(64) {
                // Where no element is, nothing is there.
                self.may[0].push(u64::MAX);
                self.may[1].push(0);
            }
        }
        let old = std::mem::replace(&mut self.beliefs[place], belief);
        self.hash = self.hash.wrapping_sub(hash_of(place, old));
        self.hash = self.hash.wrapping_add(hash_of(place, belief));
        for there in [false, true] {
            let word = &mut self.may[usize::from(there)][place / 64];
            let bit = 1 << (place % 64);
            if beliefs.may_be(belief, there) {
                *word |= bit;
            } else {
                *word &= !bit;
            }
        }
    }

    pub(super) fn may_be_there(&self, place: usize) -> bool {
        self.may[1][place / 64] >> (place % 64) & 1 != 0
    }

    /// A hash of what [`is_same`](Self::is_same) compares.
    pub(super) fn key(&self) -> u64 {
        self.hash ^ spread(self.done)
    }

    pub(super) fn is_same(&self, other: &State) -> bool {
        self.done == other.done && self.beliefs == other.beliefs
    }

    /// By words: where it may be otherwise than `bits` have it.
    pub(super) fn otherwise(&self, bits: &[u64]) -> impl Iterator<Item = u64> {
        let may = self.may[0].iter().zip(&self.may[1]);
        bits.iter().zip(may).map(|(bits, (absent, there))| bits & absent | !bits & there)
    }
}

/// The numbers of the bits that are set.
pub(super) fn each(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let next = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (next < u64::BITS).then_some(next)
    })
}
