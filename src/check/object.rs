//! The seam between the deciders and a model.
//!
//! Deciders are compiled once, and a model takes part in them through [`Object`]: the operations
//! of one object without the types of its model. All that is generic over models is here and in
//! the constructors that this calls.

use std::borrow::Cow;

use super::exact::{self, Ruling, Wanted};
use super::search::Space;
use super::tokens::Problem;
use crate::budget::Meter;
use crate::history::Span;
use crate::model::{Facts, Model, Pos, Reading, Token};

/// The operations of one object in the order of their calls, each named by its position.
pub(super) trait Object {
    /// Returns the number of operations.
    fn len(&self) -> usize;

    /// Returns when an operation is called and returns.
    fn span(&self, at: Pos) -> Span;

    /// Returns what is known of an operation in every state.
    fn facts(&self, at: Pos) -> Facts;

    /// Returns the token of the initial state.
    fn initial_token(&self) -> Option<Token>;

    /// Passes what an operation deals with to `touch`; see [`Model::touches`].
    fn touches(&self, at: Pos, touch: &mut dyn FnMut(Token)) -> bool;

    /// Returns the object of some of the operations, in the order of their calls.
    fn part(&self, positions: &[Pos]) -> Box<dyn Object + '_>;

    /// Returns the operations as operations on tokens, if their legality rests on nothing else.
    fn on_tokens(&self) -> Option<Problem>;

    /// Returns the ruling of the exact decider for this kind of object, and the decider's name;
    /// `None` if there is none, or it does not fit.
    fn rule(&self, wanted: Wanted, meter: &Meter) -> Option<(Ruling, &'static str)>;

    /// Returns the operations as the general search needs them.
    fn space(&self) -> Space;
}

/// Readings of a model.
pub(super) struct Readings<'a, M: Model> {
    model: &'a M,
    readings: Cow<'a, [Reading<M::Op>]>,
}

impl<'a, M: Model> Readings<'a, M> {
    /// Returns the object of `readings`, which are in the order of their calls.
    pub(super) fn new(model: &'a M, readings: &'a [Reading<M::Op>]) -> Self {
        Readings { model, readings: Cow::Borrowed(readings) }
    }
}

impl<M: Model> Object for Readings<'_, M> {
    fn len(&self) -> usize {
        self.readings.len()
    }

    fn span(&self, at: Pos) -> Span {
        self.readings[at].span
    }

    fn facts(&self, at: Pos) -> Facts {
        self.model.facts(&self.readings[at].op)
    }

    fn initial_token(&self) -> Option<Token> {
        self.model.token(&self.model.initial())
    }

    fn touches(&self, at: Pos, touch: &mut dyn FnMut(Token)) -> bool {
        self.model.touches(&self.readings[at].op, touch)
    }

    fn part(&self, positions: &[Pos]) -> Box<dyn Object + '_> {
        let readings = positions.iter().map(|&at| self.readings[at].clone()).collect();
        Box::new(Readings { model: self.model, readings: Cow::Owned(readings) })
    }

    fn on_tokens(&self) -> Option<Problem> {
        Problem::of(self.model, &self.readings)
    }

    fn rule(&self, wanted: Wanted, meter: &Meter) -> Option<(Ruling, &'static str)> {
        let stop = |steps| {
            meter.steps(steps);
            meter.poll().is_err()
        };
        exact::decide(self.model, &self.readings, wanted, &stop)
    }

    fn space(&self) -> Space {
        Space::of(self.model, &self.readings)
    }
}
