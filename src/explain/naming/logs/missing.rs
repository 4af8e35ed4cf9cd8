//! Pieces that must be in a list, and are not.

use super::super::classify::{Missed, Witnesses};
use super::super::event::Event;
use super::{Base, Naming, Piece, Sight};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::hash::Set;
use crate::history::{OpIndex, Rank};

impl Naming<'_> {
    /// When the list that a sight saw had certainly begun: the return of what put its base there;
    /// `None` if that is not known.
    fn begun(&self, sight: &Event<Sight>) -> Option<Rank> {
        match sight.op.base {
            Base::Start => Some(Rank::FIRST),
            Base::Put(piece) => {
                let mut own = self.putting(piece);
                let put = own.next().filter(|_| own.next().is_none())?;
                // Another one may have come in between, with the appends before it.
                Some(put.span.ret)
            }
            Base::Unknown => None,
        }
    }

    /// Pieces of a list that must be in a sight of the whole, and are not.
    pub(super) fn misses(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        let begun = self.begun(sight)?;
        let here: Set<Piece> = sight.op.pieces.iter().copied().collect();
        // Before something that is there, anything that came before it must be there too.
        let newest = sight.op.pieces.iter().filter_map(|&piece| self.only(piece));
        let newest = newest.map(|source| source.span.call).max();
        let limit = match (sight.op.is_whole, newest) {
            (true, newest) => sight.span.call.max(newest.unwrap_or_default()),
            (false, Some(newest)) => newest,
            (false, None) => return None,
        };
        let is_due = |append: &&Event<Piece>| {
            append.span.ret < limit
                && append.span.call >= begun
                && !here.contains(&append.op)
                && append.index != sight.index
                && self.only(append.op).is_some()
        };
        if sight.op.from > 0 || sight.op.by_append {
            return None;
        }
        let due: Vec<&Event<Piece>> = self.list.appends.iter().filter(is_due).collect();
        // A few of them tell enough.
        let due = &due[..due.len().min(4)];
        let is_lost = |append: &&&Event<Piece>| self.witnesses(sight, append.op).later.is_none();
        let own = || due.iter().find(|append| append.process == sight.process);
        let append = *due.iter().find(is_lost).or_else(own).or(due.first())?;
        let base = match sight.op.base {
            Base::Put(piece) => self.putting(piece).next().map(|event| event.index),
            _ => None,
        };
        self.lacks(sight, append, base)
    }

    /// Reads that have a piece which `sight` lacks.
    fn witnesses(&self, sight: &Event<Sight>, piece: Piece) -> Witnesses<'_, Sight> {
        let has = |other: &Event<Sight>| !other.op.by_append && other.op.pieces.contains(&piece);
        Witnesses::of(sight, &self.list.sights, has)
    }

    /// The anomaly of a sight that lacks a piece which `update` certainly put into the list. `more`
    /// is an operation that is needed to show it.
    pub(super) fn lacks(
        &self,
        sight: &Event<Sight>,
        update: &Event<Piece>,
        more: Option<OpIndex>,
    ) -> Option<Anomaly> {
        let witnesses = self.witnesses(sight, update.op);
        let missed = witnesses.missed(update.process == sight.process, AnomalyKind::LostUpdate);
        let summary = format!(
            "{} lacks {}, which had been acknowledged to {} {}{}",
            self.phrase(sight),
            self.show(update.op, sight.index),
            self.scope.who(update.index),
            self.scope.when(update.index),
            if witnesses.later.is_none() { ", and nobody sees it later" } else { "" },
        );
        let shown = [sight.index, update.index].into_iter().chain(witnesses.operations());
        self.say(missed.kind(), shown.chain(more), summary)
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
        let reaches = |other: &Event<Sight>| other.op.end() >= sure && !other.op.pieces.is_empty();
        let witnesses = Witnesses::of(sight, &self.list.sights, reaches);
        let is_own = before().any(|append| append.process == sight.process);
        let missed = witnesses.missed(is_own, AnomalyKind::LostUpdate);
        let summary = format!(
            "{} finds the end although {sure} entries had been acknowledged",
            self.phrase(sight)
        );
        let shown = [sight.index].into_iter().chain(witnesses.operations());
        self.say(missed.kind(), shown.chain(before().map(|append| append.index)), summary)
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
        let kind = Missed::as_known_by(sight, other, other.op.by_append).kind();
        let summary = format!("{} came after {}", self.phrase(sight), self.phrase(other));
        self.say(kind, [sight.index, other.index], summary)
    }
}
