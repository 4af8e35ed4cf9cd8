//! The table of models: any of them as one type, whose states and operations are those of any of
//! them.
//!
//! Code that is generic over models is compiled for each of them. What explains and follows a
//! history is compiled for this one type instead, and matches on the model that is in it.

use std::any::Any;

use super::catalogue::{BuiltIn, Entry, Setup};
use super::kind::{Viewed, stranger};
use super::{Amount, Call, Facts, Kind, Model, OnAmount, Reading, Rejection, Successors, Token};
use crate::history::{Value, ValueTable};

/// Code that works with every model, as a closure cannot be generic.
pub(crate) trait ModelVisitor {
    /// What it makes of a model.
    type Output;

    /// Works with `model`.
    fn visit<M: Model>(self, model: &M) -> Self::Output;
}

macro_rules! models {
    ($($module:ident::$variant:ident: $meaning:literal, [$($entry:ident),*];)*) => {
        $(use super::$module::$variant;)*

        /// Every built-in model.
        pub const CATALOGUE: &[Entry] = &[$($(super::$module::$entry,)*)*];

        /// Returns the model of `entry` as `setup` has it; `None` if it cannot start so.
        pub(super) fn start(entry: &Entry, setup: &Setup<'_>) -> Option<AnyModel> {
            match entry.name {
                $($(name if name == super::$module::$entry.name => {
                    $variant::start(entry, setup).map(AnyModel::$variant)
                })*)*
                _ => None,
            }
        }

        /// Any model.
        #[derive(Clone, Debug)]
        pub enum AnyModel {
            $(#[doc = $meaning] $variant($variant),)*
        }

        /// What an object of any model holds.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum AnyState {
            $($variant(<$variant as Model>::State),)*
        }

        /// An operation of any model.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum AnyOp {
            $($variant(<$variant as Model>::Op),)*
        }

        impl AnyModel {
            /// Passes the model that is in this one to `visitor`.
            pub(crate) fn visit<V: ModelVisitor>(&self, visitor: V) -> V::Output {
                match self { $(AnyModel::$variant(model) => visitor.visit(model),)* }
            }
        }

        impl Viewed for AnyOp {
            fn viewed(&self) -> &dyn Any {
                if let AnyOp::Own(op) = self {
                    return op.viewed();
                }
                match self { $(AnyOp::$variant(op) => op,)* }
            }
        }

        impl Model for AnyModel {
            type State = AnyState;
            type Op = AnyOp;
            type Next = Successors<AnyState>;

            fn initial(&self) -> AnyState {
                match self {
                    $(AnyModel::$variant(model) => AnyState::$variant(model.initial()),)*
                }
            }

            fn operation(&self, call: &Call<'_>) -> Result<AnyOp, Rejection> {
                match self {
                    $(AnyModel::$variant(model) => model.operation(call).map(AnyOp::$variant),)*
                }
            }

            fn failed(&self, call: &Call<'_>) -> Result<Option<AnyOp>, Rejection> {
                match self {
                    $(AnyModel::$variant(model) => {
                        model.failed(call).map(|op| op.map(AnyOp::$variant))
                    })*
                }
            }

            fn step(&self, state: &AnyState, op: &AnyOp) -> Self::Next {
                match (self, state, op) {
                    $((
                        AnyModel::$variant(model),
                        AnyState::$variant(state),
                        AnyOp::$variant(op),
                    ) => {
                        let next = model.step(state, op);
                        Successors::of(next.into_iter().map(AnyState::$variant))
                    })*
                    _ => stranger(),
                }
            }

            fn facts(&self, op: &AnyOp) -> Facts {
                match (self, op) {
                    $((AnyModel::$variant(model), AnyOp::$variant(op)) => model.facts(op),)*
                    _ => stranger(),
                }
            }

            fn token(&self, state: &AnyState) -> Option<Token> {
                match (self, state) {
                    $((AnyModel::$variant(model), AnyState::$variant(state)) => {
                        model.token(state)
                    })*
                    _ => stranger(),
                }
            }

            fn describe(&self, state: &AnyState, values: &ValueTable) -> Option<String> {
                match (self, state) {
                    $((AnyModel::$variant(model), AnyState::$variant(state)) => {
                        model.describe(state, values)
                    })*
                    _ => stranger(),
                }
            }

            fn tokens_suffice(&self) -> bool {
                match self { $(AnyModel::$variant(model) => model.tokens_suffice(),)* }
            }

            fn touches(&self, op: &AnyOp, touch: &mut dyn FnMut(Token)) -> bool {
                match (self, op) {
                    $((AnyModel::$variant(model), AnyOp::$variant(op)) => {
                        model.touches(op, touch)
                    })*
                    _ => stranger(),
                }
            }

            fn adds(&self, op: &AnyOp, add: &mut dyn FnMut(Token, i128)) -> bool {
                match (self, op) {
                    $((AnyModel::$variant(model), AnyOp::$variant(op)) => model.adds(op, add),)*
                    _ => stranger(),
                }
            }

            fn lacks(
                &self,
                state: &AnyState,
                op: &AnyOp,
                way: u32,
                lack: &mut dyn FnMut(Token, i128),
            ) -> bool {
                match (self, state, op) {
                    $((
                        AnyModel::$variant(model),
                        AnyState::$variant(state),
                        AnyOp::$variant(op),
                    ) => model.lacks(state, op, way, lack),)*
                    _ => stranger(),
                }
            }

            fn on_amounts(&self, op: &AnyOp, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
                match (self, op) {
                    $((AnyModel::$variant(model), AnyOp::$variant(op)) => {
                        model.on_amounts(op, tell)
                    })*
                    _ => stranger(),
                }
            }

            fn amount(&self, amount: Token) -> Amount {
                match self { $(AnyModel::$variant(model) => model.amount(amount),)* }
            }

            fn learns(&self) -> bool {
                match self { $(AnyModel::$variant(model) => model.learns(),)* }
            }

            fn is_told_late(&self) -> bool {
                match self { $(AnyModel::$variant(model) => model.is_told_late(),)* }
            }

            fn is_mute(&self, call: &Call<'_>) -> bool {
                match self { $(AnyModel::$variant(model) => model.is_mute(call),)* }
            }

            fn ignores_output(&self, call: &Call<'_>) -> bool {
                match self { $(AnyModel::$variant(model) => model.ignores_output(call),)* }
            }

            fn start_value(
                &self,
                state: &AnyState,
                values: &mut ValueTable,
            ) -> Option<Option<Value>> {
                match (self, state) {
                    $((AnyModel::$variant(model), AnyState::$variant(state)) => {
                        model.start_value(state, values)
                    })*
                    _ => stranger(),
                }
            }

            fn starts(&self, readings: &[Reading<AnyOp>]) -> Option<Vec<AnyModel>> {
                match self {
                    $(AnyModel::$variant(model) => {
                        let inner = |reading: &Reading<AnyOp>| match &reading.op {
                            AnyOp::$variant(op) => {
                                let (index, span) = (reading.index, reading.span);
                                Reading { index, op: op.clone(), span }
                            }
                            _ => stranger(),
                        };
                        let readings: Vec<_> = readings.iter().map(inner).collect();
                        let starts = model.starts(&readings)?;
                        Some(starts.into_iter().map(AnyModel::$variant).collect())
                    })*
                }
            }

            fn state_values(&self, state: &AnyState, hold: &mut dyn FnMut(Value)) -> bool {
                match (self, state) {
                    $((AnyModel::$variant(model), AnyState::$variant(state)) => {
                        model.state_values(state, hold)
                    })*
                    _ => stranger(),
                }
            }

            fn operation_values(&self, op: &AnyOp, hold: &mut dyn FnMut(Value)) -> bool {
                match (self, op) {
                    $((AnyModel::$variant(model), AnyOp::$variant(op)) => {
                        model.operation_values(op, hold)
                    })*
                    _ => stranger(),
                }
            }

            fn kind(&self) -> Kind<AnyOp> {
                match self { $(AnyModel::$variant(model) => model.kind().through(),)* }
            }

            fn is_focused(&self) -> bool {
                match self { $(AnyModel::$variant(model) => model.is_focused(),)* }
            }

            fn focus(&mut self, operations: &[AnyOp]) {
                match self {
                    $(AnyModel::$variant(model) => {
                        let inner = |op: &AnyOp| match op {
                            AnyOp::$variant(op) => op.clone(),
                            _ => stranger(),
                        };
                        let operations: Vec<_> = operations.iter().map(inner).collect();
                        model.focus(&operations);
                    })*
                }
            }

            fn foresee(&mut self, operations: &[AnyOp]) {
                match self {
                    $(AnyModel::$variant(model) => {
                        let inner = |op: &AnyOp| match op {
                            AnyOp::$variant(op) => op.clone(),
                            _ => stranger(),
                        };
                        let operations: Vec<_> = operations.iter().map(inner).collect();
                        model.foresee(&operations);
                    })*
                }
            }
        }
    };
}

models! {
    register::Register: "`register` and `cas-register`.", [REGISTER, CAS_REGISTER];
    multi_register::MultiRegister: "`multi-register`.", [ENTRY];
    list_append::ListAppend: "`list-append`.", [ENTRY];
    kv::Kv: "`kv`.", [ENTRY];
    versioned_kv::VersionedKv: "`versioned-kv`.", [ENTRY];
    counter::Counter: "`counter`.", [ENTRY];
    set::Set: "`set`.", [ENTRY];
    mutex::Mutex: "`mutex`.", [ENTRY];
    lock::Lock: "`fenced-mutex` and `reentrant-mutex`.", [FENCED, REENTRANT];
    semaphore::Semaphore: "`semaphore`.", [ENTRY];
    owned_semaphore::OwnedSemaphore: "`owned-semaphore`.", [ENTRY];
    queue::FifoQueue: "`fifo-queue`.", [ENTRY];
    bag::UnorderedQueue: "`unordered-queue`.", [ENTRY];
    acked_queue::AckedQueue: "`acked-queue`.", [ENTRY];
    stack::Stack: "`stack`.", [ENTRY];
    priority_queue::PriorityQueue: "`priority-queue`.", [ENTRY];
    log::Log: "`log`.", [ENTRY];
    bank::Bank: "`bank`.", [ENTRY];
    unique_ids::UniqueIds: "`unique-ids`.", [ENTRY];
    whole::Whole: "One of the others for each key.", [];
    own::Own: "A model of the caller's own.", [];
}
