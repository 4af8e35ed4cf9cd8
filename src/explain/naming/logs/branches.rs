//! Lists that are two: sights of different branches, and of what had been replaced or emptied.

use super::super::classify::Witnesses;
use super::super::event::Event;
use super::{Base, Naming, Piece, Sight};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::explain::causes::source::Sources as Places;

impl Naming<'_> {
    /// Another sight that tells something else of the same place.
    pub(super) fn forked(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if sight.op.base == Base::Unknown {
            return None;
        }
        let rivals = self.list.sights.iter().filter(|other| other.op.base == sight.op.base);
        let twin = |other: &&Event<Sight>| {
            let by_append = other.op.by_append && sight.op.by_append;
            by_append && other.op.from == sight.op.from && other.index != sight.index
        };
        if let Some(twin) = rivals.clone().find(twin) {
            let summary = format!("{} got the place of {}", self.phrase(sight), self.phrase(twin));
            return self.say(AnomalyKind::LostUpdate, [twin.index, sight.index], summary);
        }
        let conflict = |other: &Event<Sight>| sight.op.conflict(&other.op);
        let (place, other) = rivals.filter_map(|o| conflict(o).map(|at| (at, o))).next()?;
        let is_later = sight.span.ret > other.span.ret;
        let (first, second) = if is_later { (other, sight) } else { (sight, other) };
        let shown = [first.index, second.index];
        let places = Places::of(self.scope.case.history);
        // Whether one of the two branches had been acknowledged, and is gone for good.
        for (gone, left) in [(first, second), (second, first)] {
            let piece = gone.op.pieces[place - gone.op.from];
            let [source] = self.appending(piece) else { continue };
            let has = |sight: &Event<Sight>| sight.op.pieces.contains(&piece);
            let others = || self.list.sights.iter().filter(|other| other.index != source.index);
            let again = others().any(|other| left.precedes(other) && has(other));
            // A look at all of it, after what is gone was acknowledged, or seen at the same place.
            let lacks = |other: &&Event<Sight>| {
                let is_one = places.at(gone.index) == places.at(other.index);
                let is_after = source.precedes(*other) || is_one && gone.precedes(*other);
                other.op.is_whole && is_after && !has(other)
            };
            let late = || others().filter(|other| left.precedes(*other)).find(lacks);
            if let Some(left) = Some(left).filter(lacks).or_else(late).filter(|_| !again) {
                return self.lacks(left, source, Some(gone.index));
            }
        }
        let saw = |sight: &Event<Sight>| {
            let piece = self.show(sight.op.pieces[place - sight.op.from], sight.index);
            let (who, when) = (self.scope.who(sight.index), self.scope.when(sight.index));
            format!("{who} {when} saw {piece}")
        };
        let summary = format!(
            "at one place {} and {}: two branches of what should be one",
            saw(first),
            saw(second)
        );
        self.say(AnomalyKind::SplitBrain, shown, summary)
    }

    /// A list that had been replaced as a whole before it was seen.
    pub(super) fn overwritten(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        let base = match sight.op.base {
            Base::Put(piece) => Some(self.putting(piece).next()?),
            Base::Start => None,
            Base::Unknown => return None,
        };
        let over = |event: &&Event<Option<Piece>>| {
            base.is_none_or(|base| base.precedes(*event)) && event.precedes(sight)
        };
        let over = self.list.resets.iter().filter(over).max_by_key(|event| event.span.call)?;
        let newer = |other: &Event<Sight>| match over.op {
            Some(piece) => other.op.base == Base::Put(piece),
            None => other.op.pieces.is_empty(),
        };
        let witnesses = Witnesses::of(sight, &self.list.sights, newer);
        let is_own = over.process == sight.process;
        let mut missed = witnesses.missed(is_own, AnomalyKind::ResurrectedValue);
        if over.op.is_some() {
            // What a put replaced it by is lost only if nobody ever saw it.
            let is_lost = !self.list.sights.iter().any(newer);
            missed.gone = is_lost.then_some(AnomalyKind::LostUpdate);
        }
        let summary =
            format!("{} came after {}, and sees none of it", self.phrase(sight), self.phrase(over));
        let shown = [sight.index, over.index].into_iter().chain(base.map(|base| base.index));
        self.say(missed.kind(), shown.chain(witnesses.operations()), summary)
    }

    /// Nothing at all, though something was put there or appended, and nobody deleted it.
    pub(super) fn emptied(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if sight.op.base != Base::Unknown || !sight.op.pieces.is_empty() {
            return None;
        }
        let puts = self.list.resets.iter().filter_map(|e| e.op.map(|piece| e.with(piece)));
        let updates = self.list.appends.iter().cloned().chain(puts);
        let deletes = || self.list.resets.iter().filter(|event| event.op.is_none());
        let stays = |update: &Event<Piece>| {
            let gone = |delete: &Event<Option<Piece>>| {
                delete.span.call < sight.span.ret && delete.span.ret > update.span.call
            };
            update.precedes(sight) && !deletes().any(gone)
        };
        let update = updates.filter(stays).max_by_key(|update| update.span.call)?;
        self.lacks(sight, &update, None)
    }
}
