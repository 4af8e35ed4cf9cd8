//! Verifies that nothing can be left out of a core.

use super::projection::{Projections, Rule, positions};
use super::{Refutation, refute};
use crate::history::OpIndex;
use crate::history::hash::Set;
use crate::model::{Model, Pos, Reading};

/// An attempt to refute a smaller core tries so many partial orders at most.
const PARTIAL_ORDERS: usize = 200_000;

/// Whether a core is minimal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Minimality {
    /// Without any of its operations, and what must go with it, the rest is linearizable or proves
    /// nothing.
    Minimal,
    /// This smaller core proves the same.
    Smaller(Vec<OpIndex>),
    /// It would take too many orders to try.
    TooLarge,
}

/// Verifies that no operation can be left out of `core` (indices into the history, ascending),
/// which proves that `readings` are not linearizable: leaves out each of them, with what must go
/// with it by each rule of [sound projections](super::is_sound_projection), and tries every order
/// of the rest.
pub fn is_minimal<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    core: &[OpIndex],
) -> Minimality {
    let Some(all) = positions(readings, core) else { return Minimality::Smaller(Vec::new()) };
    let projections = Projections::new(model, readings);
    let mut tried: Set<Vec<Pos>> = Set::default();
    let mut minimality = Minimality::Minimal;
    for &gone in &all {
        let others: Vec<Pos> = all.iter().copied().filter(|&at| at != gone).collect();
        for rule in Rule::ALL {
            let Some(rest) = projections.sound_part(rule, &others) else { continue };
            if !tried.insert(rest.clone()) {
                continue;
            }
            let part: Vec<Reading<M::Op>> = rest.iter().map(|&at| readings[at].clone()).collect();
            match refute(model, &part, PARTIAL_ORDERS) {
                Refutation::Confirmed => {
                    return Minimality::Smaller(part.iter().map(|one| one.index).collect());
                }
                Refutation::TooLarge => minimality = Minimality::TooLarge,
                Refutation::Wrong => {}
            }
        }
    }
    minimality
}
