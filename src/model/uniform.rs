//! Every built-in model as one type, whose states and operations are those of any of them.
//!
//! Code that is generic over models is compiled for each of them. That pays where speed counts: in
//! the deciders. What runs seldom, such as an explanation, is compiled for this one type instead,
//! and asks the model that is in it each time.

use super::{
    AnyModel, Bank, Call, Counter, Facts, FifoQueue, Kind, Kv, Log, Model, MultiRegister, Mutex,
    PriorityQueue, Register, Rejection, Semaphore, Set, Stack, Successors, Token, UnorderedQueue,
    Whole,
};
use crate::history::ValueTable;

macro_rules! uniform {
    ($($variant:ident,)*) => {
        /// One of the built-in models.
        #[derive(Clone, Debug)]
        pub(crate) enum Uniform {
            $($variant($variant),)*
        }

        /// What one object holds.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum UniformState {
            $($variant(<$variant as Model>::State),)*
        }

        /// An operation on one object.
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum UniformOp {
            $($variant(<$variant as Model>::Op),)*
        }

        impl Uniform {
            /// The model.
            ///
            /// # Errors
            /// One of several keys is returned as it is.
            pub(crate) fn of(model: &AnyModel) -> Result<Uniform, &Whole> {
                match model {
                    $(AnyModel::$variant(model) => Ok(Uniform::$variant(model.clone())),)*
                    AnyModel::Whole(whole) => Err(whole),
                }
            }
        }

        impl Model for Uniform {
            type State = UniformState;
            type Op = UniformOp;
            type Next = Successors<UniformState>;

            fn initial(&self) -> UniformState {
                match self {
                    $(Uniform::$variant(model) => UniformState::$variant(model.initial()),)*
                }
            }

            fn operation(&self, call: &Call<'_>) -> Result<UniformOp, Rejection> {
                match self {
                    $(Uniform::$variant(model) => {
                        model.operation(call).map(UniformOp::$variant)
                    })*
                }
            }

            fn failed(&self, call: &Call<'_>) -> Result<Option<UniformOp>, Rejection> {
                match self {
                    $(Uniform::$variant(model) => {
                        model.failed(call).map(|op| op.map(UniformOp::$variant))
                    })*
                }
            }

            fn step(&self, state: &UniformState, op: &UniformOp) -> Self::Next {
                match (self, state, op) {
                    $((
                        Uniform::$variant(model),
                        UniformState::$variant(state),
                        UniformOp::$variant(op),
                    ) => {
                        let next = model.step(state, op);
                        successors(next.into_iter().map(UniformState::$variant))
                    })*
                    _ => stranger(),
                }
            }

            fn facts(&self, op: &UniformOp) -> Facts {
                match (self, op) {
                    $((Uniform::$variant(model), UniformOp::$variant(op)) => model.facts(op),)*
                    _ => stranger(),
                }
            }

            fn token(&self, state: &UniformState) -> Option<Token> {
                match (self, state) {
                    $((Uniform::$variant(model), UniformState::$variant(state)) => {
                        model.token(state)
                    })*
                    _ => stranger(),
                }
            }

            fn describe(&self, state: &UniformState, values: &ValueTable) -> Option<String> {
                match (self, state) {
                    $((Uniform::$variant(model), UniformState::$variant(state)) => {
                        model.describe(state, values)
                    })*
                    _ => stranger(),
                }
            }

            fn tokens_suffice(&self) -> bool {
                match self { $(Uniform::$variant(model) => model.tokens_suffice(),)* }
            }

            fn touches(&self, op: &UniformOp, touch: &mut dyn FnMut(Token)) -> bool {
                match (self, op) {
                    $((Uniform::$variant(model), UniformOp::$variant(op)) => {
                        model.touches(op, touch)
                    })*
                    _ => stranger(),
                }
            }

            fn kind(&self) -> Kind<UniformOp> {
                self.uniform_kind()
            }

            fn focus(&mut self, operations: &[UniformOp]) {
                match self {
                    $(Uniform::$variant(model) => {
                        let own = |op: &UniformOp| match op {
                            UniformOp::$variant(op) => op.clone(),
                            _ => stranger(),
                        };
                        let operations: Vec<_> = operations.iter().map(own).collect();
                        model.focus(&operations);
                    })*
                }
            }
        }
    };
}

uniform! {
    Register, MultiRegister, Kv, Counter, Set, Mutex, Semaphore, FifoQueue, UnorderedQueue, Stack,
    PriorityQueue, Log, Bank,
}

/// A uniform operation as one of the model that it belongs to.
macro_rules! view {
    ($variant:ident) => {
        |op| match op {
            UniformOp::$variant(op) => op,
            _ => stranger(),
        }
    };
}

impl Uniform {
    /// The kind of the model that is in it.
    fn uniform_kind(&self) -> Kind<UniformOp> {
        match self {
            Uniform::Register(_) => Kind::Other,
            Uniform::MultiRegister(model) => {
                Kind::Transactions { registers: model.clone(), view: view!(MultiRegister) }
            }
            Uniform::Kv(model) => match model.kind() {
                Kind::Kv { initial, absent_is_empty, .. } => {
                    Kind::Kv { initial, absent_is_empty, view: view!(Kv) }
                }
                _ => Kind::Other,
            },
            Uniform::Counter(model) => {
                Kind::Counter { initial: model.initial.into(), view: view!(Counter) }
            }
            Uniform::Set(model) => match model.kind() {
                Kind::Set { initial, .. } => Kind::Set { initial, view: view!(Set) },
                _ => Kind::Other,
            },
            Uniform::Mutex(model) => match model.kind() {
                Kind::Mutex { .. } => Kind::Mutex { view: view!(Mutex) },
                _ => Kind::Other,
            },
            Uniform::Semaphore(model) => {
                Kind::Semaphore { permits: model.permits, view: view!(Semaphore) }
            }
            Uniform::FifoQueue(model) => match model.kind() {
                Kind::Queue { initial, .. } => Kind::Queue { initial, view: view!(FifoQueue) },
                _ => Kind::Other,
            },
            Uniform::UnorderedQueue(model) => match model.kind() {
                Kind::Bag { initial, .. } => Kind::Bag { initial, view: view!(UnorderedQueue) },
                _ => Kind::Other,
            },
            Uniform::Stack(model) => match model.kind() {
                Kind::Stack { initial, .. } => Kind::Stack { initial, view: view!(Stack) },
                _ => Kind::Other,
            },
            Uniform::PriorityQueue(model) => match model.kind() {
                Kind::PriorityQueue { initial, .. } => {
                    Kind::PriorityQueue { initial, view: view!(PriorityQueue) }
                }
                _ => Kind::Other,
            },
            Uniform::Log(model) => match model.kind() {
                Kind::Log { initial, .. } => Kind::Log { initial, view: view!(Log) },
                _ => Kind::Other,
            },
            Uniform::Bank(model) => Kind::Bank { bank: model.clone(), view: view!(Bank) },
        }
    }
}

/// These states, of which there is mostly one.
fn successors(mut states: impl Iterator<Item = UniformState>) -> Successors<UniformState> {
    match (states.next(), states.next()) {
        (first, None) => Successors::One(first),
        (first, Some(second)) => {
            first.into_iter().chain([second]).chain(states).collect::<Vec<_>>().into()
        }
    }
}

/// A model is only ever given its own states and operations.
fn stranger() -> ! {
    unreachable!("a state or an operation of another model")
}
