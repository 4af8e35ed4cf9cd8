//! Operations on tokens as a sequential model, for the general search.

use std::sync::Arc;

use super::problem::{Problem, TokenId, ValueId};
use crate::history::{OpIndex, Span};
use crate::model::{Call, Establishes, Facts, Model, Reading, Rejection, Token};

/// An object that holds a token.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// The value of each token.
    values: Arc<[ValueId]>,
}

impl Tokens {
    /// The object that the operations of `problem` are about.
    pub(super) fn of(problem: &Problem) -> Tokens {
        Tokens { values: problem.values.as_slice().into() }
    }
}

/// An operation that requires a token, establishes one, or both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Op {
    requires: TokenId,
    establishes: TokenId,
    forbids: ValueId,
}

/// The operations of `problem`, named by their positions in it.
pub(super) fn readings(problem: &Problem) -> Vec<Reading<Op>> {
    let reading = |(at, operation): (usize, &super::problem::Operation)| Reading {
        index: OpIndex::new(at),
        op: Op {
            requires: operation.requires,
            establishes: operation.establishes,
            forbids: operation.forbids,
        },
        span: Span { call: operation.call, ret: operation.ret },
    };
    problem.operations.iter().enumerate().map(reading).collect()
}

impl Model for Tokens {
    type State = TokenId;
    type Op = Op;
    type Next = Option<TokenId>;

    fn initial(&self) -> TokenId {
        TokenId::INITIAL
    }

    /// No history has operations on tokens by name.
    fn operation(&self, _: &Call<'_>) -> Result<Op, Rejection> {
        Err(Rejection::UnknownFunction)
    }

    fn step(&self, &state: &TokenId, op: &Op) -> Option<TokenId> {
        let is_there = op.requires == TokenId::NONE || op.requires == state;
        let is_absent = op.forbids == ValueId::NONE || op.forbids != self.values[state];
        (is_there && is_absent).then_some(if op.establishes == TokenId::NONE {
            state
        } else {
            op.establishes
        })
    }

    fn facts(&self, op: &Op) -> Facts {
        let token = |token: TokenId| (token != TokenId::NONE).then(|| token.index() as Token);
        Facts {
            pure: op.establishes == TokenId::NONE,
            overwrites: op.requires == TokenId::NONE && op.establishes != TokenId::NONE,
            requires: token(op.requires),
            establishes: token(op.establishes).map_or(Establishes::Same, Establishes::Token),
            ..Facts::default()
        }
    }

    fn token(&self, &state: &TokenId) -> Option<Token> {
        Some(state.index() as Token)
    }

    fn tokens_suffice(&self) -> bool {
        true
    }
}
