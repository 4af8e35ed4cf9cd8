//! The whole way from a history to a report: decide, then explain.

use crate::check::{self, Meter, Options, Report};
use crate::error::Error;
use crate::explain;
use crate::history::History;
use crate::model::Model;

/// Checks `history` against a model of the caller's own.
///
/// # Errors
/// If the model refuses an operation.
pub fn check_with<M: Model>(
    model: &M,
    history: &History,
    options: &Options,
) -> Result<Report, Error> {
    let name = std::any::type_name::<M>().rsplit("::").next().unwrap_or("custom");
    analyze(model, name, history, options)
}

/// Checks `history` against `model`, called `name`.
pub(crate) fn analyze<M: Model>(
    model: &M,
    name: &str,
    history: &History,
    options: &Options,
) -> Result<Report, Error> {
    let meter = Meter::start(&options.budget, history.heap_bytes());
    let mut report = check::decide(model, name, history, options, &meter)?;
    explain::refine(model, history, options, &mut report)?;
    Ok(report)
}
