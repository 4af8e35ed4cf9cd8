//! What overwriting operations cover may go, whatever the object.
//!
//! Let every operation kept that does not overwrite the state be called *k*. If each operation left
//! out that is not pure is called after *k* returns, or precedes an overwriting operation *o* that
//! is kept, completed, and precedes *k*, for every *k*, the part is sound. *Proof.* Take a
//! linearization and in it the last overwriting operation that is kept and comes before *k*, or
//! its beginning if there is none. Nothing that is left out stands between it and *k*, but for
//! pure operations: what is called after *k* returns stands behind it, and every other one stands
//! before an *o* that stands before *k*. So *k* finds the same state in what is left, by induction.
//!
//! As for sources, the last plain write that can have been seen is not left out.

use super::{Projections, Ruling, established};
use crate::history::Rank;
use crate::model::{Model, Pos};

impl<M: Model> Projections<'_, M> {
    pub(super) fn by_covers(&self, kept: &[Pos]) -> Ruling {
        let span = |at: Pos| self.readings[at].span;
        let facts = |at: Pos| &self.facts[at];
        let observes = |at: Pos| !facts(at).overwrites && !self.is_idle(at);
        let mut gone = Vec::new();
        for &at in kept.iter().filter(|&&at| observes(at)) {
            let before =
                |other: &Pos| span(*other).ret != Rank::NEVER && span(*other).ret < span(at).call;
            let covers = kept.iter().filter(|&&other| facts(other).overwrites);
            let cover = covers.filter(|other| before(other)).map(|&other| span(other).call).max();
            let sources = kept.iter().filter(|&&other| {
                established(facts(other)).is_some_and(|token| facts(at).requires == Some(token))
            });
            let source = sources.map(|&other| span(other).call).max();
            let spares = |other: Pos| {
                let (other, left) = (self.readings[other].span, &self.facts[other]);
                let token = established(left).filter(|_| left.overwrites);
                let is_seen = token.is_some() && token == facts(at).requires;
                let is_evident = !is_seen || source.is_some_and(|call| call > other.call);
                let covered = other.ret != Rank::NEVER
                    && cover.is_some_and(|call| other.ret < call)
                    && is_evident;
                span(at).ret < other.call || covered
            };
            if !self.left_out(kept).all(spares) {
                gone.push(at);
            }
        }
        if gone.is_empty() {
            Ruling::Sound
        } else {
            // Without one of them, the others are not covered any better.
            Ruling::Without(gone)
        }
    }
}
