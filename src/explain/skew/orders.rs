//! What the offsets must be for a few operations to have an order: a choice among sets of bounds.
//!
//! For operations that cannot be ordered as they are timed, every order that the model allows
//! breaks real time somewhere. Each such order asks for bounds on the differences of offsets, and
//! the operations are linearizable under some offsets if and only if these keep all the bounds of
//! one order. Only the weakest sets of bounds matter.

use super::bounds::Difference;
use crate::model::{AnyModel, AnyOp, AnyState, Model};

/// With more operations than this, orders are not enumerated.
pub(super) const FEW: usize = 10;

/// So many partial orders are followed at most.
const PARTIAL_ORDERS: usize = 40_000;

/// Of so many sets of bounds at once, none is worth following.
const SETS: usize = 200;

/// Bounds that belong together, ascending, at most one for each pair of groups.
pub(super) type Alternative = Vec<Difference>;

/// An operation of a core, with its recorded times.
#[derive(Clone, Debug)]
pub(super) struct Timed<Op> {
    pub(super) op: Op,
    pub(super) group: u16,
    pub(super) call: i64,
    /// When it returned; `None` if it may take effect at any time after its call, or never.
    pub(super) ret: Option<i64>,
    /// Whether it replaces the state, whatever that was.
    pub(super) is_write: bool,
}

/// What it takes for one operation to stand before others in an order.
pub(super) trait Precedence<Op> {
    /// The choices of bounds under which `before` may stand before operations of which the earliest
    /// to return does so at `by`, and which is done by `group`; none if it never may.
    fn bounds(&self, before: &Timed<Op>, by: i64, group: u16) -> Choice;

    /// Whether only the earliest return behind an operation counts, whoever's it is.
    fn is_about_the_earliest(&self) -> bool;
}

/// Bounds one of which must hold.
pub(super) enum Choice {
    /// There is nothing to keep.
    Free,
    /// One of these must hold.
    OneOf(Vec<Difference>),
}

/// The weakest sets of bounds under which `ops` can be ordered, in an order of their own that does
/// not depend on anything else. None of them at all if there is no legal order. `None` if there are
/// too many orders.
pub(super) fn alternatives(
    model: &AnyModel,
    ops: &[Timed<AnyOp>],
    precedence: &impl Precedence<AnyOp>,
) -> Option<Vec<Alternative>> {
    if ops.len() > FEW {
        return None;
    }
    let mut walk = Walk { model, ops, precedence, found: Vec::new(), left: PARTIAL_ORDERS };
    let open = Partial { earliest: vec![None; ops.len()], bounds: Vec::new() };
    walk.place(0, &model.initial(), &open);
    let Walk { mut found, left, .. } = walk;
    found.sort_unstable();
    (left > 0).then_some(found)
}

struct Walk<'a, P> {
    model: &'a AnyModel,
    ops: &'a [Timed<AnyOp>],
    precedence: &'a P,
    found: Vec<Alternative>,
    /// How many more partial orders may be followed.
    left: usize,
}

/// What some first operations of an order ask for.
#[derive(Clone)]
struct Partial {
    /// For each operation that is placed, the earliest return behind it.
    earliest: Vec<Option<i64>>,
    /// The bounds that there is no choice about.
    bounds: Alternative,
}

impl<P: Precedence<AnyOp>> Walk<'_, P> {
    /// Places each of the operations that are left, behind those in the set `placed`. It goes no
    /// deeper than there are operations.
    fn place(&mut self, placed: u16, state: &AnyState, partial: &Partial) {
        self.left = if self.found.len() > SETS { 0 } else { self.left.saturating_sub(1) };
        if self.left == 0 || self.found.iter().any(|known| is_weaker(known, &partial.bounds)) {
            return;
        }
        let is_open = |at: usize| placed >> at & 1 == 0;
        if (0..self.ops.len()).all(|at| !is_open(at) || self.ops[at].ret.is_none()) {
            self.complete(partial);
        }
        for at in (0..self.ops.len()).filter(|&at| is_open(at)) {
            let Some(longer) = self.behind(placed, at, partial) else { continue };
            for next in self.model.step(state, &self.ops[at].op) {
                self.place(placed | 1 << at, &next, &longer);
            }
        }
    }

    /// What is asked for with operation `at` behind those placed; `None` if it can never be there.
    fn behind(&self, placed: u16, at: usize, partial: &Partial) -> Option<Partial> {
        let mut longer = partial.clone();
        let Some(ret) = self.ops[at].ret else { return Some(longer) };
        let group = self.ops[at].group;
        for before in (0..self.ops.len()).filter(|&before| placed >> before & 1 == 1) {
            let earliest = &mut longer.earliest[before];
            *earliest = Some(earliest.map_or(ret, |earliest| earliest.min(ret)));
            match self.precedence.bounds(&self.ops[before], ret, group) {
                Choice::Free => {}
                Choice::OneOf(choices) => match choices[..] {
                    [] => return None,
                    [only] if !self.precedence.is_about_the_earliest() => {
                        tighten(&mut longer.bounds, only);
                    }
                    _ => {}
                },
            }
        }
        Some(longer)
    }

    /// Takes down what a whole order asks for.
    fn complete(&mut self, partial: &Partial) {
        let mut sets = vec![partial.bounds.clone()];
        if self.precedence.is_about_the_earliest() {
            for (op, earliest) in self.ops.iter().zip(&partial.earliest) {
                let Some(by) = *earliest else { continue };
                let Choice::OneOf(choices) = self.precedence.bounds(op, by, op.group) else {
                    continue;
                };
                let mut longer = Vec::new();
                for set in &sets {
                    for &choice in &choices {
                        let mut set = set.clone();
                        tighten(&mut set, choice);
                        longer.push(set);
                    }
                }
                self.left = self.left.saturating_sub(longer.len());
                if self.left == 0 {
                    return;
                }
                sets = longer;
            }
        }
        for set in sets {
            if !self.found.iter().any(|known| is_weaker(known, &set)) {
                self.found.retain(|known| !is_weaker(&set, known));
                self.found.push(set);
            }
        }
    }
}

/// Adds a bound to a set.
fn tighten(set: &mut Alternative, bound: Difference) {
    let place = set.binary_search_by_key(&(bound.of, bound.over), |known| (known.of, known.over));
    match place {
        Ok(at) => set[at].most = set[at].most.min(bound.most),
        Err(at) => set.insert(at, bound),
    }
}

/// Whether all offsets that keep `other` also keep `set`, as far as single bounds tell.
fn is_weaker(set: &Alternative, other: &Alternative) -> bool {
    set.iter().all(|bound| {
        let place =
            other.binary_search_by_key(&(bound.of, bound.over), |known| (known.of, known.over));
        place.is_ok_and(|at| other[at].most <= bound.most)
    })
}
