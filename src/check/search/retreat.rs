//! Where a guess goes back to when it is stuck, and how many configurations it keeps from there on:
//! further back each time, and more; once that does not help, from the start, and more all the way.

/// How long a guess goes on where it is stuck.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// So often it goes back from one place before it starts again.
    pub(super) tries: u32,
    /// So many configurations are kept at most after it went back.
    pub(super) widest: usize,
    /// Where it starts again, it keeps so many times as many, up to `most`.
    pub(super) growth: usize,
    pub(super) most: usize,
}

/// Each time that a guess goes back it keeps so many times as many, in powers of two.
const WIDER: u32 = 2;

/// Between two places to which a guess can go back, so many events lie for each operation that is
/// open at once.
const STRIDE: u32 = 4;

/// The places that a guess of configurations came by, and how it fares.
pub(super) struct Retreat<P> {
    patience: Patience,
    stride: u32,
    /// How many configurations are kept now.
    pub(super) width: usize,
    /// How many are where all goes well.
    pub(super) usual: usize,
    /// Where it got stuck last; behind it, few are kept again.
    obstacle: u32,
    /// How often it got stuck there.
    tries: u32,
    /// How often it started again.
    restarts: u32,
    /// The furthest event since then, and of all.
    reached: u32,
    furthest: u32,
    marks: Vec<(u32, P)>,
}

impl<P: Clone> Retreat<P> {
    /// For a guess that keeps `usual` configurations of a history in which so many operations are
    /// open at once.
    pub(super) fn new(patience: Patience, usual: usize, open: usize) -> Self {
        Retreat {
            patience,
            stride: STRIDE * open as u32,
            width: usual,
            usual,
            obstacle: 0,
            tries: 0,
            restarts: 0,
            reached: 0,
            furthest: 0,
            marks: Vec::new(),
        }
    }

    /// Keeps `width` configurations up to an event.
    pub(super) fn start_wide(&mut self, width: usize, until: u32) {
        (self.width, self.obstacle) = (width, until);
    }

    /// How much is to be tried.
    pub(super) fn effort(&self) -> u32 {
        self.tries + 2 * self.restarts
    }

    /// The furthest event.
    pub(super) fn furthest(&self) -> u32 {
        self.furthest
    }

    /// The guess is at an event, which it remembers now and then. Returns whether it was never so
    /// far.
    pub(super) fn arrive(&mut self, event: u32, place: impl FnOnce() -> P) -> bool {
        if event > self.obstacle {
            self.width = self.usual;
        }
        self.reached = self.reached.max(event);
        if self.marks.last().is_none_or(|&(mark, _)| event >= mark + self.stride) {
            self.marks.push((event, place()));
        }
        let is_new = event > self.furthest;
        self.furthest = self.furthest.max(event);
        is_new
    }

    /// Where a guess that is stuck goes on; `None` if it tried enough.
    pub(super) fn go_back(&mut self) -> Option<P> {
        if self.reached > self.obstacle {
            (self.obstacle, self.tries) = (self.reached, 0);
        }
        self.tries += 1;
        self.width = self.usual << (WIDER * self.tries);
        let Patience { tries, widest, growth, most } = self.patience;
        if self.tries > tries || self.width > widest.max(self.usual) {
            if self.usual >= most {
                return None;
            }
            // What is missing here was perhaps lost long before.
            self.restarts += 1;
            self.usual *= growth;
            self.width = self.usual;
            (self.obstacle, self.reached, self.tries) = (0, 0, 0);
            self.marks.truncate(1);
        }
        let until = self.obstacle.saturating_sub(self.stride << self.tries);
        while self.marks.len() > 1 && self.marks.last().is_some_and(|&(mark, _)| mark > until) {
            self.marks.pop();
        }
        self.marks.last().map(|(_, place)| place.clone())
    }

    /// The places to which it can go back.
    pub(super) fn places(&mut self) -> impl Iterator<Item = &mut P> {
        self.marks.iter_mut().map(|(_, place)| place)
    }

    /// Forgets all of them.
    pub(super) fn forget(&mut self) {
        self.marks.clear();
    }
}
