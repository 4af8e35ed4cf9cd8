//! A history as operations on tokens.

use crate::check::origins::Origins;
use crate::error::Error;
use crate::history::hash::Map;
use crate::history::{History, OpIndex, Rank, Span, position};
use crate::model::{Establishes, Facts, Model, Pos, Reading, Token, read_each};

position! {
    /// A token's dense number.
    pub(in crate::check) struct TokenId;
}

impl TokenId {
    /// No token.
    pub(super) const NONE: TokenId = TokenId::MAX;

    /// The token that is there before the first operation.
    pub(super) const INITIAL: TokenId = TokenId::new(0);
}

position! {
    /// What a token was before it was split: tokens of one value differ only in who established
    /// them.
    pub(in crate::check) struct ValueId;
}

impl ValueId {
    /// No value.
    pub(super) const NONE: ValueId = ValueId::MAX;
}

/// An operation on tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The rank of its call.
    pub(super) call: Rank,
    /// The rank of its return; [`Rank::NEVER`] if it may also never take effect.
    pub(super) ret: Rank,
    /// The token without which it is not legal; [`TokenId::NONE`] if it always is.
    pub(super) requires: TokenId,
    /// The token after it; [`TokenId::NONE`] if that stays as it is.
    pub(super) establishes: TokenId,
    /// The value with which it is not legal; [`ValueId::NONE`] if there is none.
    pub(super) forbids: ValueId,
}

impl Operation {
    pub(super) fn returns(&self) -> bool {
        self.ret != Rank::NEVER
    }

    /// Whether it neither requires nor establishes a token: all that it tells is which value is not
    /// there.
    pub(super) fn is_negative(&self) -> bool {
        self.requires == TokenId::NONE && self.establishes == TokenId::NONE
    }
}

/// Operations on tokens, in the order of their calls.
#[derive(Clone, Debug)]
pub(in crate::check) struct Problem {
    pub(super) operations: Vec<Operation>,
    /// The value of each token; that of [`TokenId::INITIAL`] first.
    pub(super) values: Vec<ValueId>,
    /// Which of the operations given each of these is.
    pub(super) origins: Origins,
}

impl Problem {
    /// The problem that `readings` are; `None` if the legality or the effect of one of them rests
    /// on more than a token.
    pub(in crate::check) fn of<M: Model>(
        model: &M,
        readings: &[Reading<M::Op>],
    ) -> Option<Problem> {
        let opaque = |reading: &Reading<M::Op>| {
            let Facts { pure, establishes, .. } = model.facts(&reading.op);
            !pure && !matches!(establishes, Establishes::Token(_))
        };
        if !model.tokens_suffice() || readings.iter().any(opaque) {
            return None;
        }
        let mut model = model.clone();
        if model.is_focused() {
            let ops: Vec<M::Op> = readings.iter().map(|reading| reading.op.clone()).collect();
            model.focus(&ops);
        }
        let mut building = Building::of(&model, readings.len())?;
        for (at, reading) in Pos::below(readings.len()).zip(readings) {
            building.add(&model, at, &reading.op, reading.span)?;
        }
        Some(building.problem())
    }

    /// The problem that `operations` of `history` are, read without a list of readings, which take
    /// more memory than the problem: each is named by its position among these. `None` as above, or
    /// if the model has to know all operations before.
    ///
    /// # Errors
    /// If the model refuses an operation, and all before it are operations on tokens.
    pub(in crate::check) fn read<M: Model>(
        model: &M,
        history: &History,
        operations: &[OpIndex],
    ) -> Result<Option<Problem>, Error> {
        if !model.tokens_suffice() || model.is_focused() {
            return Ok(None);
        }
        let Some(mut building) = Building::of(model, operations.len()) else { return Ok(None) };
        let is_read = read_each(model, history, operations, None, |at, reading| match reading {
            Some(Reading { op, span, .. }) => building.add(model, at, &op, span).is_some(),
            None => {
                building.origins.leave_out(at);
                true
            }
        })?;
        Ok(is_read.then(|| building.problem()))
    }

    /// Whether every token is established at most once, the initial one never again.
    pub(super) fn is_unambiguous(&self) -> bool {
        let mut established = vec![false; self.values.len()];
        established[TokenId::INITIAL] = true;
        self.operations.iter().all(|operation| {
            let token = operation.establishes;
            token == TokenId::NONE || !std::mem::replace(&mut established[token], true)
        })
    }

    /// Whether each operation that returned is in `order` once, in time, and finds what it requires
    /// and not what it forbids.
    pub(super) fn is_linearization(&self, order: &[u32]) -> bool {
        let mut token = TokenId::INITIAL;
        let mut latest = Rank::FIRST;
        let mut is_there = vec![false; self.operations.len()];
        for &at in order {
            let operation = &self.operations[at as usize];
            latest = latest.max(operation.call);
            let fits = (operation.requires == TokenId::NONE || operation.requires == token)
                && operation.forbids != self.values[token];
            let is_twice = std::mem::replace(&mut is_there[at as usize], true);
            if !fits || operation.ret < latest || is_twice {
                return false;
            }
            if operation.establishes != TokenId::NONE {
                token = operation.establishes;
            }
        }
        let mut all = self.operations.iter().zip(is_there);
        all.all(|(operation, is_there)| is_there || !operation.returns())
    }
}

/// A problem as far as operations were added to it.
struct Building {
    operations: Vec<Operation>,
    origins: Origins,
    ids: Ids,
}

impl Building {
    /// A problem with room for so many operations; `None` if the initial state has no token.
    fn of<M: Model>(model: &M, operations: usize) -> Option<Building> {
        let mut ids = Ids::new(operations);
        ids.id(model.token(&model.initial())?);
        Some(Building {
            operations: Vec::with_capacity(operations),
            origins: Origins::default(),
            ids,
        })
    }

    /// Adds the operation at `at`; `None` if its legality or its effect rests on more than a token.
    #[inline]
    fn add<M: Model>(&mut self, model: &M, at: Pos, op: &M::Op, span: Span) -> Option<()> {
        let Facts { pure, overwrites, requires, forbids, establishes, .. } = model.facts(op);
        if pure && !span.has_returned() {
            self.origins.leave_out(at);
            return Some(());
        }
        let is_negative = pure && forbids.is_some();
        if requires.is_none() && !overwrites && !is_negative || forbids.is_some() && !is_negative {
            return None;
        }
        let ids = &mut self.ids;
        let requires = requires.map_or(TokenId::NONE, |token| ids.id(token));
        let establishes = match establishes {
            _ if pure => TokenId::NONE,
            Establishes::Token(token) => ids.id(token),
            Establishes::Same | Establishes::Unknown => return None,
        };
        self.operations.push(Operation {
            call: span.call,
            ret: span.ret,
            requires,
            establishes: if establishes == requires { TokenId::NONE } else { establishes },
            forbids: forbids.map_or(ValueId::NONE, |token| ValueId::new(ids.id(token).index())),
        });
        self.origins.keep(at);
        Some(())
    }

    fn problem(self) -> Problem {
        let Building { operations, origins, ids } = self;
        Problem { operations, values: ValueId::below(ids.next).collect(), origins }
    }
}

/// Gives dense numbers to tokens. Tokens are mostly small numbers: these index a table.
struct Ids {
    /// One more than the token's number, and 0 for none: what is never touched takes no memory.
    small: Vec<u32>,
    others: Map<Token, u32>,
    next: usize,
}

/// Handles of values with small integers have this bit: it says nothing more about them.
const INLINE: Token = 1 << 31;

impl Ids {
    fn new(operations: usize) -> Ids {
        Ids { small: vec![0; 2 * operations + 64], others: Map::default(), next: 0 }
    }

    fn id(&mut self, token: Token) -> TokenId {
        let slot = match self.small.get_mut((token ^ INLINE) as usize) {
            Some(slot) => slot,
            None => {
                if self.others.is_empty() {
                    self.others.reserve(self.small.len() / 4);
                }
                self.others.entry(token).or_insert(0)
            }
        };
        if *slot == 0 {
            self.next += 1;
            *slot = self.next as u32;
        }
        TokenId::new(*slot as usize - 1)
    }
}

/// What tests of a decider make.
#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::history::testing::span;

    /// No token.
    pub(in crate::check::tokens) const NONE: u32 = u32::MAX;
    /// The token that is there at the start.
    pub(in crate::check::tokens) const INITIAL: u32 = 0;

    /// An operation that needs one token, and makes another.
    pub(in crate::check::tokens) fn operation(
        call: u32,
        ret: u32,
        requires: u32,
        establishes: u32,
    ) -> Operation {
        let [requires, establishes] =
            [requires, establishes].map(|token| TokenId::new(token as usize));
        let Span { call, ret } = span(call, ret);
        Operation { call, ret, requires, establishes, forbids: ValueId::NONE }
    }
}
