//! Names what is wrong with registers, by the core of a violation: few operations that cannot be
//! ordered by themselves.
//!
//! A core has a name if it shows one by its structure, as a value that nobody wrote, or if one
//! change to one of its operations would repair it. The names of a specific cause are tried first.
//! Every name rests on the core, which is decided again here.

mod aftermath;
mod scene;
mod stale;
#[cfg(test)]
mod tests;
mod unwritten;
mod updates;

use super::super::anomaly::Anomaly;
use super::super::case::Case;
use super::super::violations::Violation;

use scene::Scene;

/// The anomaly that `violation` shows, if the object is a register. Takes some dozens of decisions
/// about the core, and in some cases one pass over the key.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Option<Anomaly> {
    let scene = Scene::of(case, violation)?;
    let is_refusal = scene
        .acts
        .iter()
        .any(|act| act.access.index == violation.operation && act.access.forbids.is_some());
    unwritten::name(&scene)
        .or_else(|| updates::refused(&scene).filter(|_| is_refusal))
        .or_else(|| stale::name(&scene))
        .or_else(|| stale::name_unsourced(&scene))
        .or_else(|| updates::two_from_one(&scene))
        .or_else(|| updates::refused(&scene))
        .or_else(|| updates::applied_twice(&scene, true))
        .or_else(|| updates::without_effect(&scene))
        .or_else(|| updates::applied_twice(&scene, false))
}
