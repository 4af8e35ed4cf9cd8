//! The reads of a history that are certainly stale, for who wants to see when they happened.

use super::access::Accesses;
use super::causes::stale::{StaleRead, stale_reads};
use crate::check::Models;
use crate::error::Error;
use crate::history::{History, OpIndex, Partition};
use crate::model;

/// A read that returned a value which had been replaced before it was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stale {
    /// The read, as an index into [`History::operations`].
    pub operation: OpIndex,
    /// The write that replaced the value, or replaced what did.
    pub overwrite: OpIndex,
}

/// Returns the stale reads of a history; see [`Session`](crate::Session::stale_reads).
///
/// # Errors
/// If the model cannot read an operation.
pub(crate) fn stale(models: &Models, history: &History) -> Result<Vec<Stale>, Error> {
    let mut all = Vec::new();
    let partitions = history.partitions();
    for at in 0..partitions.len() {
        let Partition { key, operations } = partitions.get(at);
        let model = models.of(key);
        let readings = model::read(model, history, operations, None)?;
        let Some(accesses) = Accesses::of_readings(model, history, &readings) else {
            continue;
        };
        let index = |at: usize| accesses.list[at].index;
        let stale =
            |one: StaleRead| Stale { operation: index(one.at), overwrite: index(one.overwrite) };
        all.extend(stale_reads(&accesses).into_iter().map(stale));
    }
    Ok(all)
}
