//! Pieces that must be in a list, and are not.

use super::super::evidence::{Event, when, who};
use super::{Base, Naming, Piece, Sight, Sources};
use crate::explain::anomaly::{Anomaly, AnomalyKind};

impl Naming<'_, '_> {
    /// When the list that a sight saw had certainly begun: the return of what put its base there;
    /// `None` if that is not known.
    fn begun(&self, sight: &Event<Sight>) -> Option<u32> {
        let others = self.list.resets.iter();
        match sight.op.base {
            Base::Start => Some(0),
            Base::Put(piece) => {
                let mut own = others.clone().filter(|event| event.op == Some(piece));
                let put = own.next().filter(|_| own.next().is_none())?;
                // Another one may have come in between, with the appends before it.
                Some(put.span.ret)
            }
            Base::Unknown => None,
        }
    }

    /// Pieces of a list that must be in a sight of the whole, and are not.
    pub(super) fn misses(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        let begun = self.begun(sight)?;
        let here: rustc_hash::FxHashSet<Piece> = sight.op.pieces.iter().copied().collect();
        // Before something that is there, anything that came before it must be there too.
        let newest = sight.op.pieces.iter().filter_map(|&piece| self.only(piece, sources));
        let newest = newest.map(|source| source.span.call).max();
        let limit = match (sight.op.is_whole, newest) {
            (true, newest) => sight.span.call.max(newest.unwrap_or(0)),
            (false, Some(newest)) => newest,
            (false, None) => return None,
        };
        let is_due = |append: &&Event<Piece>| {
            append.span.ret < limit
                && append.span.call >= begun
                && !here.contains(&append.op)
                && append.index != sight.index
                && self.only(append.op, sources).is_some()
        };
        if sight.op.from > 0 || sight.op.by_append {
            return None;
        }
        let due: Vec<&Event<Piece>> = self.list.appends.iter().filter(is_due).collect();
        let later = |piece: Piece| {
            let has = |other: &&Event<Sight>| {
                sight.precedes(other) && !other.op.by_append && other.op.pieces.contains(&piece)
            };
            self.list.sights.iter().find(has)
        };
        // A few of them tell enough.
        let due = &due[..due.len().min(4)];
        let first = *due.first()?;
        let lost = due.iter().find(|append| later(append.op).is_none());
        let append =
            *lost.or_else(|| due.iter().find(|a| a.process == sight.process)).unwrap_or(&first);
        let seen = self.list.sights.iter().find(|other| {
            other.process == sight.process
                && other.precedes(sight)
                && !other.op.by_append
                && other.op.pieces.contains(&append.op)
        });
        let kind = match seen {
            _ if lost.is_some() => AnomalyKind::LostUpdate,
            _ if append.process == sight.process => AnomalyKind::ReadYourWrites,
            Some(_) => AnomalyKind::NonMonotonicRead,
            None => AnomalyKind::StaleRead,
        };
        let ending = if lost.is_some() { ", and nobody sees it later" } else { "" };
        let summary = format!(
            "{} lacks {}, which had been acknowledged to {} {}{ending}",
            self.phrase(sight),
            self.show(append.op, sight.index, sources),
            who(self.case, append.index),
            when(self.case, append.index),
        );
        let mut shown = vec![sight.index, append.index];
        shown.extend(later(append.op).map(|other| other.index));
        shown.extend(seen.map(|other| other.index));
        if let Base::Put(piece) = sight.op.base {
            let base = self.list.resets.iter().find(|event| event.op == Some(piece));
            shown.extend(base.map(|event| event.index));
        }
        self.say(kind, shown, summary)
    }

    /// An end of the list before what had certainly been appended.
    pub(super) fn too_short(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if sight.op.base != Base::Start || !sight.op.is_whole {
            return None;
        }
        let before = || self.list.appends.iter().rev().filter(|append| append.precedes(sight));
        let sure = self.list.initial.len() + before().count();
        if sight.op.end() >= sure {
            return None;
        }
        let later = |other: &&Event<Sight>| {
            sight.precedes(other) && other.op.end() >= sure && !other.op.pieces.is_empty()
        };
        let later = self.list.sights.iter().find(later);
        let own = before().any(|append| append.process == sight.process);
        let kind = match later {
            None => AnomalyKind::LostUpdate,
            Some(_) if own => AnomalyKind::ReadYourWrites,
            Some(_) => AnomalyKind::StaleRead,
        };
        let summary = format!(
            "{} finds the end although {sure} entries had been acknowledged",
            self.phrase(sight)
        );
        let shown = [sight.index].into_iter().chain(later.map(|other| other.index));
        self.say(kind, shown.chain(before().map(|append| append.index)), summary)
    }

    /// A sight of the whole that is shorter than what was seen before.
    pub(super) fn shorter(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if !sight.op.is_whole || sight.op.base == Base::Unknown {
            return None;
        }
        let longer = |other: &&Event<Sight>| {
            other.op.base == sight.op.base
                && other.precedes(sight)
                && other.op.end() > sight.op.end()
                && !other.op.pieces.is_empty()
        };
        let all: Vec<&Event<Sight>> = self.list.sights.iter().filter(longer).collect();
        let own = all.iter().find(|other| other.process == sight.process);
        let other = *own.or(all.first())?;
        let kind = match (own.is_some(), other.op.by_append) {
            (true, true) => AnomalyKind::ReadYourWrites,
            (true, false) => AnomalyKind::NonMonotonicRead,
            (false, _) => AnomalyKind::StaleRead,
        };
        let summary = format!("{} came after {}", self.phrase(sight), self.phrase(other));
        self.say(kind, [sight.index, other.index], summary)
    }
}
