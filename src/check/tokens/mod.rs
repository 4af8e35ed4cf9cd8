//! Objects whose state is one value as far as operations can tell: registers with compare-and-set,
//! key-value stores without appends, counters that always tell, and whatever else says so by its
//! facts.
//!
//! A history of such an object becomes a [`Problem`]: operations that require a token, establish
//! one, or both. A token that several operations establish is split into several where real time
//! tells whose effect each observer saw ([`split`]), and counted ([`counts`]); where each is
//! established once, zones are exact ([`zones`]), and where not they still refute. Operations that
//! only tell which token was not there are fitted into the order that zones give ([`fit`]). What
//! stays open is guessed where very many operations overlap ([`crowd`]), and goes to the general
//! search, as a model of its own ([`model`]).

mod counts;
mod crowd;
mod fit;
mod model;
mod problem;
mod split;
mod zones;

use super::answer::{Answer, Terms};
use super::exact::{Conflict, Ruling, Wanted};
use super::search::{self, Found, Space};
use crate::model::Pos;
use problem::Operation;
pub(super) use problem::Problem;

/// Decides a problem.
pub(super) fn decide(mut problem: Problem, terms: Terms<'_>) -> Answer {
    let Terms { wanted, threads, most, meter, .. } = terms;
    let invalid = |problem: &Problem, Conflict { stuck }, decided_by| {
        let stuck = problem.origins.of(stuck);
        Answer::at_once(Found::Nothing { stuck }, decided_by)
    };
    if !problem.is_unambiguous() {
        let refuted = split::split(&mut problem).and_then(|()| counts::check(&problem));
        if let Err(conflict) = refuted {
            return invalid(&problem, conflict, "refutation");
        }
    }
    let has_negatives = problem.operations.iter().any(Operation::is_negative);
    let ruling = zones::decide(&problem, if has_negatives { Wanted::Order } else { wanted });
    let reading = |at: Pos| problem.origins.of(at);
    let fitted = match ruling {
        Some(Ruling::Invalid(conflict)) => return invalid(&problem, conflict, "zones"),
        Some(Ruling::Valid(order)) if has_negatives => fit::fit(&problem, &order),
        Some(Ruling::Valid(order)) => Some(order),
        None => None,
    };
    if let Some(order) = fitted {
        let order = order.into_iter().map(|at| reading(Pos::new(at as usize))).collect();
        return Answer::at_once(Found::Order(order), "zones");
    }
    if let Some(order) = crowd::order(&problem) {
        let order = order.into_iter().map(|at| reading(Pos::new(at as usize))).collect();
        return Answer::at_once(Found::Order(order), "guess");
    }
    let space = Space::of(&model::Tokens::of(&problem), &model::readings(&problem));
    let (found, effort) = search::search_within(most, space, threads, meter);
    let found = match found {
        Found::Order(order) => Found::Order(order.into_iter().map(reading).collect()),
        Found::Nothing { stuck } => invalid(&problem, Conflict { stuck }, "search").found,
        Found::Stopped(reason) => Found::Stopped(reason),
    };
    Answer { found, decided_by: "search", effort }
}
