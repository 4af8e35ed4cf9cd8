//! A model that does not look at what some operations return.

use super::change::says_nothing;
use super::{AnyModel, AnyOp, AnyState, Call, Facts, Kind, Model, ModelOptions, Reading};
use super::{Rejection, Successors, Token};
use crate::error::{Code, Error};
use crate::history::{History, Operation, Outcome, Value, ValueTable};
use crate::threads::in_parts;
use crate::vocabulary::{Verb, Word, Words};

/// Operations that do the same whatever they return. What others return says whether they did
/// anything, or what: without it, models and deciders would take them for others than they were.
pub(super) const PLAIN: &[Verb] = &[
    Verb::Write,
    Verb::Delete,
    Verb::Remove,
    Verb::GetAndSet,
    Verb::Append,
    Verb::Add,
    Verb::Inc,
    Verb::Dec,
    Verb::AddAndGet,
    Verb::IncAndGet,
    Verb::DecAndGet,
    Verb::GetAndAdd,
    Verb::GetAndInc,
    Verb::GetAndDec,
    Verb::Acquire,
    Verb::Release,
    Verb::Enqueue,
    Verb::Push,
    Verb::Insert,
    Verb::Deposit,
];

impl ModelOptions {
    /// Makes the outputs of operations called `function` count for nothing.
    ///
    /// # Errors
    /// If no model has such an operation, or its output says what it did.
    pub fn ignore_outputs_of(&mut self, function: &str) -> Result<(), Error> {
        let Some(word) = Word::named(function) else {
            let message = format!("no model has an operation `{function}`");
            return Err(Error::new(Code::UnknownOperation, message)
                .hint("`histcheck models` lists the models with their operations"));
        };
        if !PLAIN.contains(&word.verb()) {
            let message = format!("the outputs of `{function}` cannot be ignored");
            return Err(Error::new(Code::UnknownOperation, message)
                .hint("they say what it did; only those of plain updates can be ignored"));
        }
        self.ignored_outputs = self.ignored_outputs.with(word);
        Ok(())
    }
}

impl AnyModel {
    /// Returns this model, for which the outputs of operations called by these words count for
    /// nothing.
    pub(crate) fn ignoring(self, words: Words) -> AnyModel {
        match self {
            // It looks at none of them.
            AnyModel::MultiRegister(_) => self,
            _ if words == Words::NONE => self,
            inner => AnyModel::own(&Ignoring { inner, words }),
        }
    }

    /// Returns the names of the operations some of whose outputs this model does not look at,
    /// though they may say something, in the order of the alphabet. O(n), on `threads` threads.
    pub(crate) fn unread_outputs(&self, history: &History, threads: usize) -> Vec<String> {
        let operations = history.operations();
        let parts = in_parts(threads, operations.len(), &|part| {
            self.unread_among(history, &operations[part])
        });
        let mut unread: Vec<String> = parts.into_iter().flatten().collect();
        unread.sort_unstable();
        unread.dedup();
        unread
    }

    fn unread_among(&self, history: &History, operations: &[Operation]) -> Vec<String> {
        let mut is_open: Vec<bool> = vec![true; history.functions().len()];
        let mut unread = Vec::new();
        for operation in operations {
            let is_usual = operation.output.is_null() || operation.output == operation.input;
            if is_usual || operation.outcome != Outcome::Ok {
                continue;
            }
            let function = operation.function;
            if !is_open[function.index()] {
                continue;
            }
            let answers = |word: Word| !word.verb().null_says_nothing();
            if history.word(function).is_some_and(answers) && !matches!(self, AnyModel::Own(_)) {
                // A model looks at every answer.
                is_open[function.index()] = false;
                continue;
            }
            if self.leaves_unread(&Call::of(history, operation, Some(operation.output))) {
                is_open[function.index()] = false;
                unread.push(history.function(function).to_owned());
            }
        }
        unread
    }

    /// Returns whether a call returned something that may say more than that it is done, and this
    /// model does not look at it.
    pub(crate) fn leaves_unread(&self, call: &Call<'_>) -> bool {
        call.output.is_some_and(|output| !says_nothing(call, output)) && self.ignores_output(call)
    }
}

/// A model for which some outputs are not known.
#[derive(Clone)]
struct Ignoring {
    inner: AnyModel,
    words: Words,
}

impl Ignoring {
    fn ignores(&self, call: &Call<'_>) -> bool {
        self.words.verb_of(call.word).is_some_and(|verb| PLAIN.contains(&verb))
    }

    fn heard<'a>(&self, call: &Call<'a>) -> Call<'a> {
        Call { output: call.output.filter(|_| !self.ignores(call)), ..*call }
    }
}

impl Model for Ignoring {
    type State = AnyState;
    type Op = AnyOp;
    type Next = Successors<AnyState>;

    fn initial(&self) -> AnyState {
        self.inner.initial()
    }

    fn operation(&self, call: &Call<'_>) -> Result<AnyOp, Rejection> {
        self.inner.operation(&self.heard(call))
    }

    fn step(&self, state: &AnyState, op: &AnyOp) -> Self::Next {
        self.inner.step(state, op)
    }

    fn failed(&self, call: &Call<'_>) -> Result<Option<AnyOp>, Rejection> {
        self.inner.failed(&self.heard(call))
    }

    fn facts(&self, op: &AnyOp) -> Facts {
        self.inner.facts(op)
    }

    fn token(&self, state: &AnyState) -> Option<Token> {
        self.inner.token(state)
    }

    fn describe(&self, state: &AnyState, values: &ValueTable) -> Option<String> {
        self.inner.describe(state, values)
    }

    fn tokens_suffice(&self) -> bool {
        self.inner.tokens_suffice()
    }

    fn touches(&self, op: &AnyOp, touch: &mut dyn FnMut(Token)) -> bool {
        self.inner.touches(op, touch)
    }

    fn learns(&self) -> bool {
        self.inner.learns()
    }

    fn is_told_late(&self) -> bool {
        self.inner.is_told_late()
    }

    fn is_mute(&self, call: &Call<'_>) -> bool {
        self.ignores(call) || self.inner.is_mute(call)
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        self.ignores(call) || self.inner.ignores_output(call)
    }

    fn start_value(&self, state: &AnyState, values: &mut ValueTable) -> Option<Option<Value>> {
        self.inner.start_value(state, values)
    }

    fn starts(&self, readings: &[Reading<AnyOp>]) -> Option<Vec<Ignoring>> {
        let with = |inner| Ignoring { inner, words: self.words };
        Some(self.inner.starts(readings)?.into_iter().map(with).collect())
    }

    fn state_values(&self, state: &AnyState, hold: &mut dyn FnMut(Value)) -> bool {
        self.inner.state_values(state, hold)
    }

    fn operation_values(&self, op: &AnyOp, hold: &mut dyn FnMut(Value)) -> bool {
        self.inner.operation_values(op, hold)
    }

    fn kind(&self) -> Kind<AnyOp> {
        self.inner.kind()
    }

    fn focus(&mut self, operations: &[AnyOp]) {
        self.inner.focus(operations);
    }

    fn foresee(&mut self, operations: &[AnyOp]) {
        self.inner.foresee(operations);
    }
}
