//! Updates that cannot all have had their effect, and refusals without a reason.

use super::scene::{Act, Repair, Scene};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::explain::naming::words;
use crate::words::{call_phrase, operation_phrase, process_phrase, return_phrase};

/// So many updates are tried.
const TRIED: usize = 24;

/// Two updates that both replaced one version: had one of them not been acknowledged, the core
/// could be ordered.
pub(super) fn two_from_one(scene: &Scene<'_>) -> Option<Anomaly> {
    let replaces = |act: &Act| act.is_done() && act.updates && act.access.reads.is_some();
    let list = positions(scene, replaces);
    for (nth, &second) in list.iter().enumerate() {
        for &first in &list[nth + 1..] {
            let same = scene.acts[first].access.reads == scene.acts[second].access.reads;
            if !same || !scene.is_repaired_by(Repair::Open(second)) {
                continue;
            }
            let history = scene.case.history;
            let [one, two] = [first, second].map(|at| scene.acts[at].access.index);
            let summary = format!(
                "{}, and {}: they replaced the same {}, so that one of the two updates is lost",
                words::event(history, one),
                words::event(history, two),
                words::seen(history, one),
            );
            return Some(scene.anomaly(AnomalyKind::LostUpdate, &[], summary));
        }
    }
    None
}

/// An update that may have taken effect twice: with one more of it the core could be ordered. With
/// `only_open`, only those are tried of which nobody knows whether they happened.
pub(super) fn applied_twice(scene: &Scene<'_>, only_open: bool) -> Option<Anomaly> {
    let is_open = |act: &Act| scene.case.operation(act.access.index).outcome.is_indeterminate();
    let list = positions(scene, |act| act.updates && (!only_open || is_open(act)));
    let at = list.into_iter().find(|&at| scene.is_repaired_by(Repair::Again(at)))?;
    let history = scene.case.history;
    let index = scene.acts[at].access.index;
    let summary = format!(
        "{}, which needs {}'s {}, called {}, to have taken effect twice",
        words::event(history, scene.violation.operation),
        process_phrase(history, index),
        words::thing(history, index),
        call_phrase(history, index),
    );
    Some(scene.anomaly(AnomalyKind::DuplicateApply, &[], summary))
}

/// An update that was acknowledged and that the core can only do without.
pub(super) fn without_effect(scene: &Scene<'_>) -> Option<Anomaly> {
    let list = positions(scene, |act| act.updates && act.is_done());
    let at = list.into_iter().find(|&at| scene.is_repaired_by(Repair::Open(at)))?;
    let history = scene.case.history;
    let index = scene.acts[at].access.index;
    let summary = format!(
        "{}, but {}, which leaves no place for it",
        words::acknowledged(history, index),
        words::event(history, scene.violation.operation),
    );
    Some(scene.anomaly(AnomalyKind::LostUpdate, &[], summary))
}

/// An operation that says that it did not find a value, which was there all the time.
pub(super) fn refused(scene: &Scene<'_>) -> Option<Anomaly> {
    let refused =
        scene.observers(TRIED).into_iter().find(|&at| scene.acts[at].access.forbids.is_some())?;
    let history = scene.case.history;
    let index = scene.acts[refused].access.index;
    let summary = format!(
        "{}'s `{}` was refused {}, though what it asked for was there all the time",
        process_phrase(history, index),
        operation_phrase(history, scene.case.operation(index)),
        return_phrase(history, index),
    );
    Some(scene.anomaly(AnomalyKind::SpuriousFailure, &[], summary))
}

/// The positions of some operations, the last called first.
fn positions(scene: &Scene<'_>, wanted: impl Fn(&Act) -> bool) -> Vec<usize> {
    let all = (0..scene.acts.len()).rev();
    all.filter(|&at| wanted(&scene.acts[at])).take(TRIED).collect()
}
