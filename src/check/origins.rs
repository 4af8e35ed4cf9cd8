//! Which operations of a key are left where not all are.

use crate::model::Pos;

/// The positions of the operations that were kept, among all. As long as none is left out, they
/// take no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(Option<Vec<Pos>>);

impl Origins {
    /// Returns where these stand.
    pub(super) fn among_all(kept: Vec<Pos>) -> Origins {
        Origins(Some(kept))
    }

    /// Notes that the operation at `at`, which comes next, is kept.
    #[inline]
    pub(super) fn keep(&mut self, at: Pos) {
        if let Some(kept) = &mut self.0 {
            kept.push(at);
        }
    }

    /// Notes that the operation at `at`, which comes next, is left out.
    pub(super) fn leave_out(&mut self, at: Pos) {
        // All before the first that is left out were kept.
        self.0.get_or_insert_with(|| Pos::below(at.index()).collect());
    }

    /// Returns the position among all of the one at `at` of those that are left.
    pub(super) fn of(&self, at: Pos) -> Pos {
        self.0.as_ref().map_or(at, |kept| kept[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_keeps_its_place_among_all() {
        for left_out in [vec![], vec![0], vec![4], vec![1, 2], vec![0, 3, 4]] {
            let mut origins = Origins::default();
            let mut kept = Vec::new();
            for at in Pos::below(5) {
                if left_out.contains(&at.index()) {
                    origins.leave_out(at);
                } else {
                    origins.keep(at);
                    kept.push(at);
                }
            }
            let found: Vec<Pos> = Pos::below(kept.len()).map(|at| origins.of(at)).collect();
            assert_eq!(found, kept, "{left_out:?}");
        }
    }
}
