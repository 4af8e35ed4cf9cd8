//! Objects made of parts: all operations of a part may go at once, see [`Part`].
//!
//! *Condition.* No operation that is kept, and none left out but pure ones, is about the whole.
//!
//! An operation about any part, such as a crashed take, may have dealt with a part that is kept, so
//! that it stays. Of a queue, stack or the like, as many crashed takes suffice as things are kept
//! that they can have taken, of equal ones the earliest: another one takes the place of one that
//! is left out, since it was called no later and takes nothing that is kept.

use super::{Projections, Ruling};
use crate::history::hash::Set;
use crate::model::{Kind, Model, Part, Pos, Token};

impl<M: Model> Projections<'_, M> {
    pub(super) fn by_parts(&self, kept: &[Pos]) -> Ruling {
        let of = |part: Part| {
            let of_it = move |&at: &Pos| self.facts[at].part == part;
            kept.iter().copied().filter(of_it)
        };
        let wholes: Vec<Pos> = of(Part::Whole).filter(|&at| !self.is_idle(at)).collect();
        if !wholes.is_empty() {
            return Ruling::Without(wholes);
        }
        let mut touched: Set<Token> = Set::default();
        let mut changes = 0;
        for &at in kept.iter().filter(|&&at| !self.is_idle(at)) {
            match self.facts[at].part {
                Part::One(part) => {
                    touched.insert(part);
                    changes += usize::from(!self.facts[at].pure);
                }
                Part::Any | Part::Whole => {}
            }
        }
        let holds_items = matches!(
            self.model.kind(),
            Kind::Queue { .. } | Kind::Stack { .. } | Kind::Bag { .. } | Kind::PriorityQueue { .. }
        );
        let mut torn: Set<Token> = Set::default();
        for at in self.left_out(kept) {
            match self.facts[at].part {
                Part::One(part) if touched.contains(&part) => {
                    torn.insert(part);
                }
                Part::One(_) => {}
                // Fewer may do without what is torn.
                Part::Any if !torn.is_empty() => {}
                Part::Any if holds_items && self.earlier_equals(kept, at) >= changes => {}
                Part::Any | Part::Whole => return Ruling::Unsound,
            }
        }
        if torn.is_empty() {
            return Ruling::Sound;
        }
        let is_torn = |part: Part| matches!(part, Part::One(part) if torn.contains(&part));
        let gone = kept.iter().copied().filter(|&at| is_torn(self.facts[at].part));
        Ruling::Without(gone.collect())
    }

    /// How many crashed operations are kept that equal the one at `at`, if it is one, and were
    /// called before it.
    fn earlier_equals(&self, kept: &[Pos], at: Pos) -> usize {
        let reading = &self.readings[at];
        let is_equal = |&&other: &&Pos| {
            let other = &self.readings[other];
            !other.span.has_returned()
                && other.span.call < reading.span.call
                && other.op == reading.op
        };
        if !reading.span.has_returned() { kept.iter().filter(is_equal).count() } else { 0 }
    }
}
