//! Decides which anomaly an operation shows, by how it contradicts others about an *effect*: an
//! element of a set, an entry of a log, an item, a part of a sum, the value of a register.
//!
//! Each kind of object finds the operation and proves the contradiction. What it is called is
//! decided here, for all kinds alike:
//!
//! - The effect shows although nothing can have brought it about by then ([`Origin`]): a
//!   `dirty-read` if an operation that failed would have, a `future-read` if one did later, else a
//!   `phantom-read`.
//! - The effect of an update does not show although it must ([`Missed`]). To find what was removed
//!   is to miss the removal. If nobody sees the effect later it is a `lost-update`, or what the
//!   kind says instead, such as a `resurrected-value`. Else it is `read-your-writes` if the
//!   process did the update itself, a `non-monotonic-read` if it had seen the effect before, and a
//!   `stale-read` if only others had.

use super::event::Event;
use crate::explain::anomaly::AnomalyKind;
use crate::history::OpIndex;

/// Where an effect comes from that showed before anything in force can have brought it about.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    /// From this operation, which failed.
    Failed(OpIndex),
    /// From this operation, which was called only later.
    Later(OpIndex),
    /// From none.
    Nobody,
}

impl Origin {
    /// The origin, if `failed` is an operation that failed and `later` one that came later.
    pub(super) fn of(failed: Option<OpIndex>, later: Option<OpIndex>) -> Origin {
        match (failed, later) {
            (Some(failed), _) => Origin::Failed(failed),
            (None, Some(later)) => Origin::Later(later),
            (None, None) => Origin::Nobody,
        }
    }

    /// The name of what shows the effect.
    pub(super) fn kind(self) -> AnomalyKind {
        match self {
            Origin::Failed(_) => AnomalyKind::DirtyRead,
            Origin::Later(_) => AnomalyKind::FutureRead,
            Origin::Nobody => AnomalyKind::PhantomRead,
        }
    }

    /// The operation, if there is one.
    pub(super) fn operation(self) -> Option<OpIndex> {
        match self {
            Origin::Failed(index) | Origin::Later(index) => Some(index),
            Origin::Nobody => None,
        }
    }
}

/// How an operation missed the effect of an update.
#[derive(Clone, Copy)]
pub(super) struct Missed {
    /// What it is called that the effect never shows again; `None` if it does.
    pub(super) gone: Option<AnomalyKind>,
    /// Whether the update was of the same process.
    pub(super) is_own: bool,
    /// Whether the same process had seen the effect.
    pub(super) was_seen: bool,
}

impl Missed {
    /// How `look` missed what only `known` shows: that was an update itself, or saw its effect.
    pub(super) fn as_known_by<One, Other>(
        look: &Event<One>,
        known: &Event<Other>,
        is_update: bool,
    ) -> Missed {
        let is_same = look.process == known.process;
        Missed { gone: None, is_own: is_same && is_update, was_seen: is_same && !is_update }
    }

    /// The name of what misses the effect.
    pub(super) fn kind(self) -> AnomalyKind {
        match self {
            Missed { gone: Some(kind), .. } => kind,
            Missed { is_own: true, .. } => AnomalyKind::ReadYourWrites,
            Missed { was_seen: true, .. } => AnomalyKind::NonMonotonicRead,
            _ => AnomalyKind::StaleRead,
        }
    }
}

/// Operations that show an effect which another one, the *look*, missed.
pub(super) struct Witnesses<'e, Op> {
    /// The first of the same process that returned before the look.
    pub(super) before: Option<&'e Event<Op>>,
    /// The first that was called after it.
    pub(super) later: Option<&'e Event<Op>>,
}

impl<'e, Op> Witnesses<'e, Op> {
    /// Looks for them among `events`.
    pub(super) fn of<Look>(
        look: &Event<Look>,
        events: impl IntoIterator<Item = &'e Event<Op>>,
        shows: impl Fn(&Event<Op>) -> bool,
    ) -> Self {
        let mut found = Witnesses { before: None, later: None };
        for event in events {
            let place = if look.precedes(event) {
                &mut found.later
            } else if event.process == look.process && event.precedes(look) {
                &mut found.before
            } else {
                continue;
            };
            if place.is_none() && shows(event) {
                *place = Some(event);
            }
        }
        found
    }

    /// The operations, as indices into the history.
    pub(super) fn operations(&self) -> impl Iterator<Item = OpIndex> + use<Op> {
        let [later, before] = [self.later, self.before].map(|event| event.map(|e| e.index));
        later.into_iter().chain(before)
    }

    /// How the look missed the effect of an update, its own or not. If nobody shows it later, that
    /// is called `gone`.
    pub(super) fn missed(&self, is_own: bool, gone: AnomalyKind) -> Missed {
        let gone = self.later.is_none().then_some(gone);
        Missed { gone, is_own, was_seen: self.before.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_name_is_given() {
        let kind = |gone, is_own, was_seen| Missed { gone, is_own, was_seen }.kind();
        let lost = Some(AnomalyKind::LostUpdate);
        assert_eq!(kind(lost, true, true), AnomalyKind::LostUpdate);
        assert_eq!(kind(None, true, true), AnomalyKind::ReadYourWrites);
        assert_eq!(kind(None, false, true), AnomalyKind::NonMonotonicRead);
        assert_eq!(kind(None, false, false), AnomalyKind::StaleRead);
        let op = |index| Some(OpIndex::new(index));
        assert_eq!(Origin::of(op(1), op(2)).kind(), AnomalyKind::DirtyRead);
        assert_eq!(Origin::of(None, op(2)).kind(), AnomalyKind::FutureRead);
        assert_eq!(Origin::of(None, None).kind(), AnomalyKind::PhantomRead);
    }
}
