//! A model of the caller's own behind one type, so that what explains and follows a history is not
//! compiled again for it.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::kind::{Viewed, stranger};
use super::{Amount, Call, Facts, Kind, Model, OnAmount, Reading, Rejection, Successors, Token};
use crate::history::{Value, ValueTable};

/// A model of the caller's own.
#[derive(Clone)]
pub struct Own(Arc<dyn Erased>);

/// A state of it.
#[derive(Clone)]
pub struct OwnState(Arc<dyn Item>);

/// An operation of it.
#[derive(Clone)]
pub struct OwnOp(Arc<dyn OpItem>);

impl Own {
    /// Hides the types of `model`.
    pub(super) fn new<M: Model>(model: M) -> Own {
        Own(Arc::new(Eraser { kind: Arc::new(model.kind()), model }))
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Own(..)")
    }
}

/// Any state, or the visible side of an operation.
trait Item: Send + Sync {
    fn any(&self) -> &dyn Any;
    fn is(&self, other: &dyn Any) -> bool;
    fn hash_into(&self, hasher: &mut dyn Hasher);
    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: Eq + Hash + fmt::Debug + Send + Sync + 'static> Item for T {
    fn any(&self) -> &dyn Any {
        self
    }

    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }

    fn hash_into(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn debug(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An operation together with the view on it that its model's kind gives.
trait OpItem: Send + Sync {
    fn item(&self) -> &dyn Item;
    fn viewed(&self) -> &dyn Any;
}

struct Op<O> {
    op: O,
    kind: Arc<Kind<O>>,
}

impl<O: Eq + Hash + fmt::Debug + Send + Sync + 'static> OpItem for Op<O> {
    fn item(&self) -> &dyn Item {
        &self.op
    }

    fn viewed(&self) -> &dyn Any {
        self.kind.view(&self.op)
    }
}

macro_rules! like_its_item {
    ($type:ident) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0) || self.item().is(other.item().any())
            }
        }

        impl Eq for $type {}

        impl Hash for $type {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.item().hash_into(state);
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.item().debug(f)
            }
        }
    };
}

impl OwnState {
    fn item(&self) -> &dyn Item {
        &*self.0
    }
}

impl OwnOp {
    fn item(&self) -> &dyn Item {
        self.0.item()
    }
}

like_its_item!(OwnState);
like_its_item!(OwnOp);

impl Viewed for OwnOp {
    fn viewed(&self) -> &dyn Any {
        self.0.viewed()
    }
}

/// [`Model`] without its types.
trait Erased: Send + Sync {
    fn initial(&self) -> OwnState;
    fn operation(&self, call: &Call<'_>) -> Result<OwnOp, Rejection>;
    fn step(&self, state: &OwnState, op: &OwnOp) -> Successors<OwnState>;
    fn failed(&self, call: &Call<'_>) -> Result<Option<OwnOp>, Rejection>;
    fn facts(&self, op: &OwnOp) -> Facts;
    fn token(&self, state: &OwnState) -> Option<Token>;
    fn describe(&self, state: &OwnState, values: &ValueTable) -> Option<String>;
    fn tokens_suffice(&self) -> bool;
    fn touches(&self, op: &OwnOp, touch: &mut dyn FnMut(Token)) -> bool;
    fn adds(&self, op: &OwnOp, add: &mut dyn FnMut(Token, i128)) -> bool;
    fn lacks(
        &self,
        state: &OwnState,
        op: &OwnOp,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool;
    fn on_amounts(&self, op: &OwnOp, tell: &mut dyn FnMut(Token, OnAmount)) -> bool;
    fn amount(&self, amount: Token) -> Amount;
    fn learns(&self) -> bool;
    fn is_told_late(&self) -> bool;
    fn is_mute(&self, call: &Call<'_>) -> bool;
    fn ignores_output(&self, call: &Call<'_>) -> bool;
    fn start_value(&self, state: &OwnState, values: &mut ValueTable) -> Option<Option<Value>>;
    fn starts(&self, readings: &[Reading<OwnOp>]) -> Option<Vec<Own>>;
    fn state_values(&self, state: &OwnState, hold: &mut dyn FnMut(Value)) -> bool;
    fn operation_values(&self, op: &OwnOp, hold: &mut dyn FnMut(Value)) -> bool;
    fn kind(&self) -> Kind<OwnOp>;
    fn focused(&self, operations: &[OwnOp]) -> Own;
}

struct Eraser<M: Model> {
    model: M,
    kind: Arc<Kind<M::Op>>,
}

impl<M: Model> Eraser<M> {
    fn erased(&self, op: M::Op) -> OwnOp {
        OwnOp(Arc::new(Op { op, kind: Arc::clone(&self.kind) }))
    }

    fn op<'o>(&self, op: &'o OwnOp) -> &'o M::Op {
        op.item().any().downcast_ref().unwrap_or_else(|| stranger())
    }

    fn state<'s>(&self, state: &'s OwnState) -> &'s M::State {
        state.item().any().downcast_ref().unwrap_or_else(|| stranger())
    }
}

impl<M: Model> Erased for Eraser<M> {
    fn initial(&self) -> OwnState {
        OwnState(Arc::new(self.model.initial()))
    }

    fn operation(&self, call: &Call<'_>) -> Result<OwnOp, Rejection> {
        self.model.operation(call).map(|op| self.erased(op))
    }

    fn step(&self, state: &OwnState, op: &OwnOp) -> Successors<OwnState> {
        let next = self.model.step(self.state(state), self.op(op));
        Successors::of(next.into_iter().map(|state| OwnState(Arc::new(state))))
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<OwnOp>, Rejection> {
        self.model.failed(call).map(|op| op.map(|op| self.erased(op)))
    }

    fn facts(&self, op: &OwnOp) -> Facts {
        self.model.facts(self.op(op))
    }

    fn token(&self, state: &OwnState) -> Option<Token> {
        self.model.token(self.state(state))
    }

    fn describe(&self, state: &OwnState, values: &ValueTable) -> Option<String> {
        self.model.describe(self.state(state), values)
    }

    fn tokens_suffice(&self) -> bool {
        self.model.tokens_suffice()
    }

    fn touches(&self, op: &OwnOp, touch: &mut dyn FnMut(Token)) -> bool {
        self.model.touches(self.op(op), touch)
    }

    fn adds(&self, op: &OwnOp, add: &mut dyn FnMut(Token, i128)) -> bool {
        self.model.adds(self.op(op), add)
    }

    fn lacks(
        &self,
        state: &OwnState,
        op: &OwnOp,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        self.model.lacks(self.state(state), self.op(op), way, lack)
    }

    fn on_amounts(&self, op: &OwnOp, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        self.model.on_amounts(self.op(op), tell)
    }

    fn amount(&self, amount: Token) -> Amount {
        self.model.amount(amount)
    }

    fn learns(&self) -> bool {
        self.model.learns()
    }

    fn is_told_late(&self) -> bool {
        self.model.is_told_late()
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        self.model.is_mute(call)
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        self.model.ignores_output(call)
    }

    fn start_value(&self, state: &OwnState, values: &mut ValueTable) -> Option<Option<Value>> {
        self.model.start_value(self.state(state), values)
    }

    fn starts(&self, readings: &[Reading<OwnOp>]) -> Option<Vec<Own>> {
        let inner = |reading: &Reading<OwnOp>| {
            let (index, span) = (reading.index, reading.span);
            Reading { index, op: self.op(&reading.op).clone(), span }
        };
        let readings: Vec<_> = readings.iter().map(inner).collect();
        Some(self.model.starts(&readings)?.into_iter().map(Own::new).collect())
    }

    fn state_values(&self, state: &OwnState, hold: &mut dyn FnMut(Value)) -> bool {
        self.model.state_values(self.state(state), hold)
    }

    fn operation_values(&self, op: &OwnOp, hold: &mut dyn FnMut(Value)) -> bool {
        self.model.operation_values(self.op(op), hold)
    }

    fn kind(&self) -> Kind<OwnOp> {
        self.model.kind().through()
    }

    fn focused(&self, operations: &[OwnOp]) -> Own {
        let mut model = self.model.clone();
        let operations: Vec<M::Op> = operations.iter().map(|op| self.op(op).clone()).collect();
        model.focus(&operations);
        Own::new(model)
    }
}

impl Model for Own {
    type State = OwnState;
    type Op = OwnOp;
    type Next = Successors<OwnState>;

    fn initial(&self) -> OwnState {
        self.0.initial()
    }

    fn operation(&self, call: &Call<'_>) -> Result<OwnOp, Rejection> {
        self.0.operation(call)
    }

    fn step(&self, state: &OwnState, op: &OwnOp) -> Self::Next {
        self.0.step(state, op)
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<OwnOp>, Rejection> {
        self.0.failed(call)
    }

    fn facts(&self, op: &OwnOp) -> Facts {
        self.0.facts(op)
    }

    fn token(&self, state: &OwnState) -> Option<Token> {
        self.0.token(state)
    }

    fn describe(&self, state: &OwnState, values: &ValueTable) -> Option<String> {
        self.0.describe(state, values)
    }

    fn tokens_suffice(&self) -> bool {
        self.0.tokens_suffice()
    }

    fn touches(&self, op: &OwnOp, touch: &mut dyn FnMut(Token)) -> bool {
        self.0.touches(op, touch)
    }

    fn adds(&self, op: &OwnOp, add: &mut dyn FnMut(Token, i128)) -> bool {
        self.0.adds(op, add)
    }

    fn lacks(
        &self,
        state: &OwnState,
        op: &OwnOp,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        self.0.lacks(state, op, way, lack)
    }

    fn on_amounts(&self, op: &OwnOp, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        self.0.on_amounts(op, tell)
    }

    fn amount(&self, amount: Token) -> Amount {
        self.0.amount(amount)
    }

    fn learns(&self) -> bool {
        self.0.learns()
    }

    fn is_told_late(&self) -> bool {
        self.0.is_told_late()
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        self.0.is_mute(call)
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        self.0.ignores_output(call)
    }

    fn start_value(&self, state: &OwnState, values: &mut ValueTable) -> Option<Option<Value>> {
        self.0.start_value(state, values)
    }

    fn starts(&self, readings: &[Reading<OwnOp>]) -> Option<Vec<Own>> {
        self.0.starts(readings)
    }

    fn state_values(&self, state: &OwnState, hold: &mut dyn FnMut(Value)) -> bool {
        self.0.state_values(state, hold)
    }

    fn operation_values(&self, op: &OwnOp, hold: &mut dyn FnMut(Value)) -> bool {
        self.0.operation_values(op, hold)
    }

    fn kind(&self) -> Kind<OwnOp> {
        self.0.kind()
    }

    fn focus(&mut self, operations: &[OwnOp]) {
        *self = self.0.focused(operations);
    }
}
