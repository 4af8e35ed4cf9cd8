//! Whether a guarantee holds, and if not, where.

use super::versions::{OpId, Versions};
use crate::history::OpIndex;

/// Whether a guarantee holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Outcome {
    /// Whether it does.
    pub(super) holds: bool,
    /// Indices into the history, ascending, of operations that show that it does not.
    pub(super) broken_by: Vec<OpIndex>,
    /// How many processes lack it, where it is each one's own.
    pub(super) processes: usize,
}

impl Outcome {
    /// It holds.
    pub(super) const HOLDS: Outcome = Outcome { holds: true, broken_by: Vec::new(), processes: 0 };

    /// It does not, as the operations at `culprits` show; positions that are none are left out.
    pub(super) fn broken(versions: &Versions, culprits: &[OpId]) -> Outcome {
        let index = |&at: &OpId| versions.ops.get(at.index()).map(|op| op.index);
        let mut broken_by: Vec<OpIndex> = culprits.iter().filter_map(index).collect();
        broken_by.sort_unstable();
        broken_by.dedup();
        Outcome { holds: false, broken_by, processes: 1 }
    }

    /// One more process breaks it; the first one's operations are kept.
    pub(super) fn breaks(&mut self, versions: &Versions, culprits: impl FnOnce() -> Vec<OpId>) {
        if self.holds {
            *self = Outcome::broken(versions, &culprits());
        } else {
            self.processes += 1;
        }
    }
}
