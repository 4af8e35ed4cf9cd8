//! What was learnt from a part of a history that has no order: a choice among sets of bounds.

use super::bounds::{Bounds, Difference};
use super::orders::Alternative;

/// What a core or a window taught: offsets must keep one of these sets of bounds.
pub(super) struct Lesson {
    /// The bound that was kept last; a look at it is enough most of the time.
    kept: Difference,
    /// The sets of a single bound, apart from the others so that they lie side by side.
    single: Vec<Difference>,
    /// The other sets.
    sets: Vec<Alternative>,
}

impl Lesson {
    pub(super) fn new(alternatives: Vec<Alternative>) -> Lesson {
        let (single, sets): (Vec<_>, Vec<_>) =
            alternatives.into_iter().partition(|set| set.len() == 1);
        let single: Vec<Difference> = single.into_iter().flatten().collect();
        let kept = single.first().copied().unwrap_or(Difference { of: 0, over: 0, most: -1 });
        Lesson { kept, single, sets }
    }

    /// Whether `offsets` keep one of the sets.
    pub(super) fn is_kept(&mut self, offsets: &[i64]) -> bool {
        if self.kept.holds(offsets) {
            return true;
        }
        match self.single.iter().find(|bound| bound.holds(offsets)) {
            Some(&bound) => self.kept = bound,
            None => return self.sets.iter().any(|set| set.iter().all(|b| b.holds(offsets))),
        }
        true
    }

    /// How many of the sets may be kept within `bounds`, about.
    pub(super) fn count(&self, bounds: &Bounds) -> usize {
        let sets = self.sets.iter().filter(|set| set.iter().all(|bound| bounds.permits(bound)));
        self.single.iter().filter(|bound| bounds.permits(bound)).count() + sets.count()
    }

    /// The sets.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = &[Difference]> {
        self.single.iter().map(std::slice::from_ref).chain(self.sets.iter().map(Vec::as_slice))
    }

    /// The sets that may be kept within `bounds`, each with the least spread that this leaves.
    pub(super) fn choices(&self, bounds: &Bounds) -> impl Iterator<Item = (i64, &[Difference])> {
        self.alternatives().filter_map(|set| {
            let mut bounds = bounds.clone();
            bounds.add_all(set).then(|| (bounds.spread(), set))
        })
    }
}
