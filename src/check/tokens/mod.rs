//! Objects whose state is one value as far as operations can tell: registers with compare-and-set,
//! key-value stores without appends, counters that always tell, and whatever else says so by its
//! facts.
//!
//! A history of such an object becomes a [`Problem`]: operations that require a token, establish
//! one, or both. A token that several operations establish is split into several where real time
//! tells whose effect each observer saw ([`split`]); where each is established once, zones are
//! exact ([`zones`]), and where not they still refute. What stays ambiguous goes to the general
//! search, as a model of its own ([`model`]).

mod model;
mod problem;
mod split;
mod zones;

use super::budget::Meter;
use super::decide::Answer;
use super::exact::{Conflict, Ruling, Wanted};
use super::search::{self, Effort, Found};
use crate::model::{Model, Reading};
use problem::Problem;

/// Decides `readings`, which are in the order of their calls; `None` if tokens do not tell all
/// that their legality rests on.
pub(super) fn decide<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    wanted: Wanted,
    meter: &Meter,
) -> Option<Answer> {
    let mut problem = Problem::of(model, readings)?;
    let invalid = |problem: &Problem, Conflict { stuck }, decided_by| {
        let stuck = problem.operations[stuck as usize].reading;
        Answer { found: Found::Nothing { stuck }, decided_by, effort: Effort::default() }
    };
    if !problem.is_unambiguous()
        && let Err(conflict) = split::split(&mut problem)
    {
        return Some(invalid(&problem, conflict, "refutation"));
    }
    let (order, decided_by, effort) = match zones::decide(&problem, wanted) {
        Some(Ruling::Invalid(conflict)) => return Some(invalid(&problem, conflict, "zones")),
        Some(Ruling::Valid(order)) => (order, "zones", Effort::default()),
        None => {
            let readings = model::readings(&problem);
            match search::search(&model::Tokens, &readings, meter) {
                (Found::Order(order), effort) => (order, "search", effort),
                (Found::Nothing { stuck }, effort) => {
                    return Some(Answer {
                        effort,
                        ..invalid(&problem, Conflict { stuck }, "search")
                    });
                }
                (found, effort) => return Some(Answer { found, decided_by: "search", effort }),
            }
        }
    };
    let order = order.into_iter().map(|at| problem.operations[at as usize].reading).collect();
    Some(Answer { found: Found::Order(order), decided_by, effort })
}
