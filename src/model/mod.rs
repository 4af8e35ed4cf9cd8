//! Sequential models: what one copy, used by one client at a time, would do.
//!
//! A model is a small pure thing: an initial state, and a step from a state by an operation to the
//! next state, or to none if the operation could not have returned what it did. Built-in models
//! and the user's own go through one trait. Nothing here knows about concurrency, files or output.

pub mod acked_queue;
mod amounts;
mod any;
pub mod bag;
pub mod bank;
mod call;
mod catalogue;
mod change;
pub mod counter;
mod ignoring;
mod infer;
pub mod items;
mod kind;
pub mod kv;
mod kv_start;
pub mod list_append;
mod listing;
pub mod lock;
pub mod log;
pub mod multi_register;
pub mod mutex;
mod own;
pub mod owned_semaphore;
pub mod persistent;
pub mod priority_queue;
pub mod queue;
mod reading;
pub mod register;
pub mod semaphore;
pub mod set;
pub mod stack;
mod starts;
mod successors;
mod table;
#[cfg(test)]
mod tests;
mod turn;
pub mod unique_ids;
pub mod versioned_kv;
mod whole;

pub use acked_queue::AckedQueue;
pub use amounts::{Amount, OnAmount};
pub use bag::UnorderedQueue;
pub use bank::Bank;
pub use call::{Call, Rejection, View};
pub use catalogue::{Entry, FunctionEntry, ModelOptions, OptionEntry};
pub(crate) use change::{named_pair, previous};
pub use counter::Counter;
pub(crate) use infer::{Hints, infer_on, named};
pub use infer::{ModelSource, infer};
pub use kind::{Kind, View as KindView};
pub use kv::Kv;
pub use list_append::ListAppend;
pub use lock::Lock;
pub use log::Log;
pub use multi_register::MultiRegister;
pub(crate) use multi_register::name;
pub use mutex::Mutex;
pub use own::{Own, OwnOp, OwnState};
pub use owned_semaphore::OwnedSemaphore;
pub use priority_queue::PriorityQueue;
pub use queue::FifoQueue;
pub(crate) use reading::{Pos, read_each, read_one, rejected, unclear_output};
pub use reading::{Reading, read};
pub use register::Register;
pub use semaphore::Semaphore;
pub use set::Set;
pub use stack::Stack;
pub(crate) use starts::can_find_start;
pub use successors::Successors;
pub(crate) use table::ModelVisitor;
pub use table::{AnyModel, AnyOp, AnyState, CATALOGUE};
pub use turn::Turn;
pub use unique_ids::UniqueIds;
pub use versioned_kv::VersionedKv;
pub use whole::Whole;

use std::fmt::Debug;
use std::hash::Hash;

use crate::history::{Value, ValueTable};

/// A sequential specification.
///
/// Five items make a model: the types of its states and operations, how an operation is read off
/// a history, the initial state, and the step. The rest is optional knowledge that lets the
/// checker decide faster, and never changes a verdict if it is true.
///
/// A ticket dispenser, of which it is only known that no number is given out twice:
///
/// ```
/// use histcheck::model::{Call, Model, Rejection};
/// use std::collections::BTreeSet;
///
/// #[derive(Clone)]
/// struct Dispenser;
///
/// impl Model for Dispenser {
///     type State = BTreeSet<i64>; // the numbers given out
///     type Op = Option<i64>; // the number drawn, if it is known
///     type Next = Option<BTreeSet<i64>>; // Vec<…> would make the model nondeterministic
///
///     fn initial(&self) -> Self::State {
///         BTreeSet::new()
///     }
///
///     fn operation(&self, call: &Call<'_>) -> Result<Self::Op, Rejection> {
///         match call.function {
///             "draw" => Ok(call.output.and_then(|number| number.as_int())),
///             _ => Err(Rejection::UnknownFunction),
///         }
///     }
///
///     fn step(&self, given: &Self::State, number: &Self::Op) -> Self::Next {
///         let mut given = given.clone();
///         number.is_none_or(|number| given.insert(number)).then_some(given)
///     }
/// }
/// # let mut history = histcheck::History::builder();
/// # for process in [0, 1] {
/// #     history.invoke(process, "draw", ())?;
/// #     history.ok(process, "draw", 7)?;
/// # }
/// # let history = history.build()?;
/// let report = histcheck::check_with(&Dispenser, &history, &histcheck::Options::default())?;
/// assert_eq!(report.verdict, histcheck::Verdict::Invalid);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub trait Model: Clone + Send + Sync + 'static {
    /// What the one copy holds.
    type State: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// An operation together with what it returned. Equal operations are interchangeable.
    type Op: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// The states that a step may lead to: `Option<State>` for a deterministic model, `Vec<State>`
    /// for one that is not.
    type Next: IntoIterator<Item = Self::State>;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// Reads an operation off the history. Its output is `None` if it never returned; it may then
    /// have returned anything.
    ///
    /// # Errors
    /// If the model does not know the function, or its values have the wrong shape.
    fn operation(&self, call: &Call<'_>) -> Result<Self::Op, Rejection>;

    /// The states in which `op` may leave `state`; none if it could not have returned what it did.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Self::Next;

    /// What an operation that failed tells about the state, if anything. Usually nothing: it did
    /// not happen.
    ///
    /// # Errors
    /// As [`Model::operation`].
    fn failed(&self, call: &Call<'_>) -> Result<Option<Self::Op>, Rejection> {
        let _ = call;
        Ok(None)
    }

    /// What is known of `op` whatever the state. The default claims nothing, and is always true.
    fn facts(&self, op: &Self::Op) -> Facts {
        let _ = op;
        Facts::default()
    }

    /// The part of `state` that [`Facts::requires`] and [`Facts::establishes`] speak of.
    fn token(&self, state: &Self::State) -> Option<Token> {
        let _ = state;
        None
    }

    /// The state in a few words, for people; `None` if there is nothing good to say.
    fn describe(&self, state: &Self::State, values: &ValueTable) -> Option<String> {
        let _ = (state, values);
        None
    }

    /// Whether tokens tell all where they tell something: an operation that requires (or forbids) a
    /// token is legal in every state that has it (or not), and states with one token cannot be
    /// told apart by operations that require or establish one.
    fn tokens_suffice(&self) -> bool {
        false
    }

    /// Tells `touch` which things `op` deals with, where the object is made of things that are
    /// independent: operations that touch nothing in common neither see nor change what the other
    /// one deals with. False, as by default, if `op` may deal with anything.
    fn touches(&self, op: &Self::Op, touch: &mut dyn FnMut(Token)) -> bool {
        let _ = (op, touch);
        false
    }

    /// Tells `add` what `op` adds to which of the things that the object is made of, such as how
    /// often an item is there; what it takes away is negative. [`ANYTHING`] is any of them. What
    /// is added and lacked by nobody does no harm. Returns whether that is known. A guess works
    /// with it: a false answer costs time, and no more.
    fn adds(&self, op: &Self::Op, add: &mut dyn FnMut(Token, i128)) -> bool {
        let _ = (op, add);
        false
    }

    /// Tells `lack` what has to be added to `state`, in this order, for `op` to be legal. There may
    /// be several `way`s, counted from 0, the best first. False if there is no such way, or what is
    /// lacking cannot be told.
    fn lacks(
        &self,
        state: &Self::State,
        op: &Self::Op,
        way: u32,
        lack: &mut dyn FnMut(Token, i128),
    ) -> bool {
        let _ = (state, op, way, lack);
        false
    }

    /// Tells `tell` what `op` finds in which of the amounts that the object is made of, such as the
    /// value of a counter or the balances of accounts, and what it adds to them, in this order.
    /// Returns whether that is all: then `op` is legal where it finds what it found, and no amount
    /// becomes less than [`Model::amount`] allows. A guess works with it, and replays what it
    /// finds: a false answer costs time, and no more.
    fn on_amounts(&self, op: &Self::Op, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        let _ = (op, tell);
        false
    }

    /// What is known of an amount at the start.
    fn amount(&self, amount: Token) -> Amount {
        let _ = amount;
        Amount::default()
    }

    /// Whether an operation that changes nothing may tell what the object held at the start, and
    /// the state keeps that. Such a model cannot be [followed](crate::follow).
    fn learns(&self) -> bool {
        false
    }

    /// Whether what an operation returns may lead to a state that it could not lead to while that
    /// was not known. Such a model is [followed](crate::follow) by deciding all operations again,
    /// each time that there are some more.
    fn is_told_late(&self) -> bool {
        false
    }

    /// Whether what `call` returns makes no difference to what [`Model::operation`] makes of it,
    /// unless that is an error. False, as by default, is always right.
    ///
    /// Who follows a history also needs that an operation whose output is not known may lead
    /// wherever it may lead with any output, and that it changes nothing only if that is so with
    /// every output.
    fn is_mute(&self, call: &Call<'_>) -> bool {
        let _ = call;
        false
    }

    /// Whether the model does not look at what `call` returned, which may have said something: the
    /// report lists such operations. As [`Model::is_mute`] by default.
    fn ignores_output(&self, call: &Call<'_>) -> bool {
        self.is_mute(call)
    }

    /// With which initial value a model like this starts in `state`, if that can be said: none, or
    /// one of `values`.
    fn start_value(&self, state: &Self::State, values: &mut ValueTable) -> Option<Option<Value>> {
        let _ = (state, values);
        None
    }

    /// Where it is not known what the object held at the start: models that differ from this one
    /// in that alone, of which one fits `readings`, all operations in the order of their calls, if
    /// any does whatever it starts from; those that are likely come first. An empty list if there
    /// would be too many, `None`, as by default, if it has to be known.
    fn starts(&self, readings: &[Reading<Self::Op>]) -> Option<Vec<Self>> {
        let _ = readings;
        None
    }

    /// Tells `hold` of which values of the history `state` is made. False, as by default, if that
    /// is not known: then no value is forgotten while a history is [followed](crate::follow).
    fn state_values(&self, state: &Self::State, hold: &mut dyn FnMut(Value)) -> bool {
        let _ = (state, hold);
        false
    }

    /// The same for an operation.
    fn operation_values(&self, op: &Self::Op, hold: &mut dyn FnMut(Value)) -> bool {
        let _ = (op, hold);
        false
    }

    /// What kind of object this is, so that exact deciders for the kind can be used.
    fn kind(&self) -> Kind<Self::Op> {
        Kind::Other
    }

    /// Tells the model all operations of the history that is to be checked, so that it can merge
    /// states which none of them tells apart. The verifier of proofs never calls it.
    fn focus(&mut self, operations: &[Self::Op]) {
        let _ = operations;
    }

    /// Whether [`focus`](Self::focus) may change the model. True, as by default, is always right.
    #[doc(hidden)]
    fn is_focused(&self) -> bool {
        true
    }

    /// Tells the model operations that all take effect, with what they returned, in one order, so
    /// that it can refuse at once what makes one of them impossible later. Called after
    /// [`focus`](Self::focus), if at all; the verifier of proofs never calls it.
    fn foresee(&mut self, operations: &[Self::Op]) {
        let _ = operations;
    }
}

/// An aspect of a state that operations may depend on, such as the value of a register.
pub type Token = u64;

/// Any of the amounts of an object.
pub const ANYTHING: Token = Token::MAX;

/// What no operation adds.
pub(crate) const NOTHING: Token = Token::MAX - 1;

/// What holds for an operation in every state. A false claim makes verdicts wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Wherever it is legal, it leaves the state as it is.
    pub pure: bool,
    /// It is legal in every state, and the state that it leads to does not depend on the one
    /// before.
    pub overwrites: bool,
    /// It is legal only in states with this token; see also [`Model::tokens_suffice`].
    pub requires: Option<Token>,
    /// It is legal only in states without this token.
    pub forbids: Option<Token>,
    /// Which token the state has afterwards.
    pub establishes: Establishes,
    /// It is legal in every state, tells nothing, and may change places with any other operation
    /// of which this is said. A model with such operations has none that [overwrites](Facts).
    pub commutes: bool,
    /// Which part of the object it is about, where an object has independent parts.
    pub part: Part,
}

impl Facts {
    /// Returns the token that a state has after an operation that may change it, if that is known.
    pub(crate) fn leaves(&self) -> Option<Token> {
        match self.establishes {
            Establishes::Token(token) if !self.pure => Some(token),
            _ => None,
        }
    }

    /// Returns whether an operation may change the state to one whose token is not known.
    pub(crate) fn is_opaque(&self) -> bool {
        !self.pure && self.establishes == Establishes::Unknown
    }
}

/// Which token a state has after an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Establishes {
    /// Not known without the state before.
    #[default]
    Unknown,
    /// The one that it had before.
    Same,
    /// This one.
    Token(Token),
}

/// Which part of an object an operation is about.
///
/// Where no operation of a legal sequence is about
/// the whole, all operations of one part can be left out of it, together with those about any part
/// that dealt with it and never returned, and it stays legal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Part {
    /// It may depend on the whole.
    #[default]
    Whole,
    /// This part, such as one item of a queue.
    One(Token),
    /// No part in particular: it stays legal if other parts are left out.
    Any,
}
