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

use super::{Latest, Projections, Ruling, established};
use crate::history::hash::Map;
use crate::history::{Rank, Span};
use crate::model::{Model, Pos, Token};

/// What a part keeps and leaves out, to be asked about one operation after the other.
struct Cover<'k> {
    kept: &'k [Pos],
    /// Returns of overwriting operations that are kept, with the latest call up to each.
    covers: Latest,
    /// The latest call of those kept that establish each token.
    sources: Map<Token, Rank>,
    /// For each operation left out that is not pure, ascending: its call, and the latest return
    /// among those up to it.
    left: Vec<Span>,
}

impl<M: Model> Projections<'_, M> {
    /// O(n log n), whatever the part is.
    pub(super) fn by_covers(&self, kept: &[Pos]) -> Ruling {
        let cover = self.cover(kept);
        let observes = |at: Pos| !self.facts[at].overwrites && !self.is_idle(at);
        let is_covered = |at: Pos| self.is_covered(&cover, at);
        let gone: Vec<Pos> =
            kept.iter().copied().filter(|&at| observes(at) && !is_covered(at)).collect();
        if gone.is_empty() {
            Ruling::Sound
        } else {
            // Without one of them, the others are not covered any better.
            Ruling::Without(gone)
        }
    }

    fn cover<'k>(&self, kept: &'k [Pos]) -> Cover<'k> {
        let mut covers = Vec::new();
        let mut sources: Map<Token, Rank> = Map::default();
        for &at in kept {
            let (span, facts) = (self.readings[at].span, &self.facts[at]);
            if facts.overwrites && span.has_returned() {
                covers.push((span.ret, span.call));
            }
            if let Some(token) = established(facts) {
                let latest = sources.entry(token).or_insert(span.call);
                *latest = span.call.max(*latest);
            }
        }
        let mut latest = Rank::FIRST;
        let until = |at: Pos| {
            let Span { call, ret } = self.readings[at].span;
            latest = latest.max(ret);
            Span { call, ret: latest }
        };
        let left = self.left_out(kept).map(until).collect();
        Cover { kept, covers: Latest::new(covers), sources, left }
    }

    /// Whether nothing is left out that the operation at `at` can have found.
    fn is_covered(&self, cover: &Cover<'_>, at: Pos) -> bool {
        let span = self.readings[at].span;
        let before = cover.left.partition_point(|left| left.call <= span.ret);
        let Some(last) = before.checked_sub(1) else { return true };
        let covered = cover.covers.before(span.call);
        if covered.is_none_or(|call| cover.left[last].ret >= call) {
            return false;
        }
        let Some(token) = self.facts[at].requires else { return true };
        let source = cover.sources.get(&token);
        // The last plain write that is left out and can have been seen.
        let writes = self.writes.get(&token).map_or(&[][..], Vec::as_slice);
        let seen = writes.partition_point(|&at| self.readings[at].span.call <= span.ret);
        let is_left_out = |at: &&Pos| cover.kept.binary_search(at).is_err();
        let unseen = writes[..seen].iter().rev().find(is_left_out);
        unseen.is_none_or(|&at| source.is_some_and(|&call| call > self.readings[at].span.call))
    }
}
