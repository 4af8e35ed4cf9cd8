//! Where a walk goes back to when it is stuck, and how much it keeps from there on: further back
//! each time, and more, until it is past the place.

use std::collections::VecDeque;

/// How a walk retreats. What grows does so by powers of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// So many configurations are kept where all goes well, and so many at most.
    pub(super) width: usize,
    pub(super) widest: usize,
    /// By this power more are kept each time that it goes back.
    pub(super) wider: u32,
    /// Between two places that are remembered, there are so many steps.
    pub(super) stride: u32,
    /// So many steps back it goes, further by this power each time.
    pub(super) back: u32,
    pub(super) further: u32,
}

/// So many places are remembered.
const PLACES: usize = 1 << 10;

/// The places that a walk came by.
pub(super) struct Retreat<P> {
    manner: Manner,
    /// How many configurations are kept now.
    width: usize,
    /// Where it got stuck last; behind it, few are kept again.
    obstacle: u32,
    /// How often it got stuck there.
    tries: u32,
    places: VecDeque<(u32, P)>,
}

impl<P: Clone> Retreat<P> {
    /// For a walk that begins at a place.
    pub(super) fn new(manner: Manner, start: P) -> Retreat<P> {
        let places = VecDeque::from([(0, start)]);
        Retreat { manner, width: manner.width, obstacle: 0, tries: 0, places }
    }

    /// Returns how many configurations to keep.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Returns how often the walk got stuck at what is ahead; 0 once it is past.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// The walk made so many steps in all, and comes by a place, which it may remember.
    pub(super) fn pass(&mut self, steps: u32, place: impl FnOnce() -> P) {
        if steps > self.obstacle {
            (self.width, self.tries) = (self.manner.width, 0);
        }
        if self.places.back().is_none_or(|&(at, _)| steps >= at + self.manner.stride) {
            self.places.push_back((steps, place()));
        }
        if self.places.len() > PLACES {
            self.places.pop_front();
        }
    }

    /// The walk is stuck after so many steps: returns the place at which it goes on; `None` if it
    /// went back often enough.
    pub(super) fn go_back(&mut self, steps: u32) -> Option<P> {
        let Manner { width, widest, wider, back, further, .. } = self.manner;
        if steps > self.obstacle {
            (self.obstacle, self.tries) = (steps, 0);
        }
        self.tries += 1;
        self.width = width << (wider * self.tries);
        if self.width > widest {
            return None;
        }
        let until = self.obstacle.saturating_sub(back << (further * self.tries));
        while self.places.len() > 1 && self.places.back().is_some_and(|&(at, _)| at > until) {
            self.places.pop_back();
        }
        self.places.back().map(|(_, place)| place.clone())
    }

    /// Forgets all places but the last, which it returns.
    pub(super) fn keep_last(&mut self) -> impl Iterator<Item = &mut P> {
        self.places.drain(..self.places.len().saturating_sub(1));
        self.places.iter_mut().map(|(_, place)| place)
    }
}
