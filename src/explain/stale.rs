//! The reads of a history that are certainly stale, for who wants to see when they happened.

use super::access::Accesses;
use super::causes::stale::stale_reads;
use crate::analysis;
use crate::check::Options;
use crate::error::Error;
use crate::history::History;
use crate::model::{self, Model, ModelVisitor};

/// A read that returned a value which had been replaced before it was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stale {
    /// The read, as an index into [`History::operations`].
    pub operation: u32,
    /// The write that replaced the value, or replaced what did.
    pub overwrite: u32,
}

/// All reads of registers that are certainly stale: of values that were written once, after another
/// one is known to have replaced them. Key by key, each in the order of the calls; none of objects
/// that are no registers. O(n log n).
///
/// # Errors
/// If no model fits the history, or it cannot read an operation.
pub fn stale(history: &History, options: &Options) -> Result<Vec<Stale>, Error> {
    let chosen = analysis::choose(history, options)?;
    chosen.model.visit_uniform(Looking { history })
}

struct Looking<'a> {
    history: &'a History,
}

impl ModelVisitor for Looking<'_> {
    type Output = Result<Vec<Stale>, Error>;

    fn visit<M: Model>(self, model: &M) -> Self::Output {
        let mut all = Vec::new();
        let partitions = self.history.partitions();
        for at in 0..partitions.len() {
            let operations = partitions.get(at).operations;
            let readings = model::read(model, self.history, operations, None)?;
            let Some(accesses) = Accesses::of_readings(model, self.history, &readings) else {
                continue;
            };
            let index = |at: usize| accesses.list[at].index;
            all.extend(
                stale_reads(&accesses)
                    .into_iter()
                    .map(|one| Stale { operation: index(one.at), overwrite: index(one.overwrite) }),
            );
        }
        Ok(all)
    }
}
