//! Verifies the certificates of a report with nothing but the verifiers.

use histcheck::check::Decision;
use histcheck::history::OpIndex;
use histcheck::model::{self, AnyModel, AnyOp, Model, Reading};
use histcheck::proof::{
    Minimality, Refutation, is_minimal, is_sound_projection, refute, verify_order,
};
use histcheck::{History, Options, Report};

/// Partial orders that a refutation may try.
const PARTIAL_ORDERS: usize = 1_000_000;

/// Verifies the linearization of every valid key of `report`, and the core of every other.
pub(crate) fn verify(history: &History, options: &Options, report: &Report) -> Result<(), String> {
    let initial = options.initial.or_else(|| history.metadata_field("initial"));
    let values = history.values();
    let model = AnyModel::by_name(&report.model, initial, options.model_options, values)
        .map_err(|error| error.to_string())?;
    Verifier { history, report }.run(&model)
}

struct Verifier<'a> {
    history: &'a History,
    report: &'a Report,
}

impl Verifier<'_> {
    fn run(self, model: &AnyModel) -> Result<(), String> {
        let partitions = self.history.partitions();
        if partitions.len() != self.report.keys.len() {
            return Err("the report has other keys than the history".to_owned());
        }
        for (partition, key) in partitions.iter().zip(&self.report.keys) {
            let read = |horizon| {
                model::read(model, self.history, partition.operations, horizon)
                    .map_err(|error| error.to_string())
            };
            match &key.decision {
                Decision::Valid(certificate) => {
                    verify_order(model, &read(None)?, &certificate.order)
                        .map_err(|error| format!("the linearization is none: {error}"))?;
                }
                Decision::Invalid(failure) => {
                    verify_core(model, &read(Some(failure.horizon))?, &failure.core)?;
                    if failure.is_minimal
                        && let Minimality::Smaller(core) =
                            is_minimal(model, &read(Some(failure.horizon))?, &failure.core)
                    {
                        return Err(format!("the core is not minimal: {core:?} is enough"));
                    }
                    // An operation that turned out to have done nothing gives others away, and is
                    // no part of the proof itself.
                    let is_pure = |horizon| -> Result<bool, String> {
                        let known = read(Some(horizon))?;
                        let failing = known.iter().find(|it| it.index == failure.operation);
                        Ok(failing.is_some_and(|it| model.facts(&it.op).pure))
                    };
                    let did_nothing =
                        is_pure(failure.horizon)? && !is_pure(failure.horizon.previous())?;
                    if !did_nothing && failure.core.binary_search(&failure.operation).is_err() {
                        return Err("the core lacks the failing operation".to_owned());
                    }
                }
                Decision::Unknown(reason) => return Err(format!("not decided: {reason}")),
            }
        }
        Ok(())
    }
}

fn verify_core(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    core: &[OpIndex],
) -> Result<(), String> {
    if !is_sound_projection(model, readings, core) {
        return Err(format!("the core {core:?} proves nothing about the whole"));
    }
    let part: Vec<Reading<AnyOp>> =
        readings.iter().filter(|r| core.binary_search(&r.index).is_ok()).cloned().collect();
    match refute(model, &part, PARTIAL_ORDERS) {
        Refutation::Confirmed => Ok(()),
        other => Err(format!("the core {core:?} is not refuted: {other:?}")),
    }
}
