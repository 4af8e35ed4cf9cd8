//! One thread's memory of the steps between states, so that the model is seldom asked twice of one:
//! of those of the first states never, of others for a while.

use super::automaton::{Automaton, MAX_STATES, StateId};
use super::items::TokenId;
use crate::history::hash::{Map, spread};
use crate::model::Token;

/// Beyond every state's number: see [`Step`].
pub(super) const NO_STATE: StateId = u32::MAX;

/// A state of which only one thing is known: nothing that may still happen can tell it from any
/// other, save operations that overwrite it.
pub(super) const UNOBSERVED: StateId = MAX_STATES;

/// Where an operation leads from a state.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Illegal,
    One(StateId),
    /// Several states: an index for [`Steps::several`].
    Several(u32),
}

const SEVERAL: u32 = 1 << 30;
const UNKNOWN: u32 = u32::MAX - 1;

/// No token's number: that of this state was not asked for.
const UNLEARNED: TokenId = TokenId::new(u32::MAX as usize - 1);

/// Entries of the dense table that remembers the steps of the first states: a mebibyte.
const ROW_ENTRIES: usize = 1 << 18;

/// So many steps beyond the rows are remembered, one for each end of a hash: another mebibyte.
const RECENT_BITS: u32 = 16;

/// The steps that one thread remembers, and the tokens of states.
pub(super) struct Steps<'a> {
    pub(super) automaton: &'a dyn Automaton,
    token_ids: &'a Map<Token, TokenId>,
    classes: usize,
    /// Whether recent steps beyond the rows are remembered, too.
    is_dear: bool,
    rows: Vec<u32>,
    tokens: Vec<TokenId>,
    /// Steps beyond the rows: from where and by what, and where to.
    recent: Vec<(u64, u32)>,
    lists: Vec<Box<[StateId]>>,
    /// The states of the step that was asked for last.
    next: Vec<StateId>,
    /// Steps that asked the model.
    pub(super) asked: u64,
}

impl<'a> Steps<'a> {
    /// Returns an empty memory of the steps of `automaton`, whose operations have so many
    /// `classes`.
    pub(super) fn new(
        automaton: &'a dyn Automaton,
        token_ids: &'a Map<Token, TokenId>,
        classes: usize,
    ) -> Self {
        Steps {
            automaton,
            token_ids,
            classes,
            is_dear: automaton.is_dear(),
            rows: Vec::new(),
            tokens: Vec::new(),
            recent: Vec::new(),
            lists: Vec::new(),
            next: Vec::new(),
            asked: 0,
        }
    }

    /// Returns the token of a state; [`TokenId::NONE`] if it has none that an operation mentions.
    pub(super) fn token(&self, state: StateId) -> TokenId {
        self.tokens.get(state as usize).copied().unwrap_or(TokenId::NONE)
    }

    /// Makes the token of a state known that another thread may have met first.
    #[inline]
    pub(super) fn learn(&mut self, state: StateId) {
        if state < MAX_STATES {
            if self.tokens.len() <= state as usize {
                self.tokens.resize(state as usize + 1, UNLEARNED);
            }
            let token = &mut self.tokens[state as usize];
            if *token == UNLEARNED {
                let named = self.automaton.token(state);
                let number = named.and_then(|token| self.token_ids.get(&token));
                *token = number.copied().unwrap_or(TokenId::NONE);
            }
        }
    }

    /// Returns the states of a [`Step::Several`].
    pub(super) fn several(&self, list: u32) -> &[StateId] {
        &self.lists[list as usize]
    }

    /// Returns the approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * 4
            + self.tokens.capacity() * 4
            + self.recent.capacity() * size_of::<(u64, u32)>()
            // A list has two states or more.
            + self.lists.capacity() * (size_of::<Box<[StateId]>>() + 2 * size_of::<StateId>())
    }

    /// Returns where an operation of `class` leads from `state`.
    #[inline]
    pub(super) fn step(&mut self, state: StateId, class: u32) -> Step {
        let from = if state == UNOBSERVED { 0 } else { state };
        let row = from as usize * self.classes + class as usize;
        if row < ROW_ENTRIES {
            if let Some(&known) = self.rows.get(row).filter(|&&known| known != UNKNOWN) {
                return decode(known);
            }
            let code = self.ask(from, class);
            if self.rows.len() <= row {
                self.rows.resize((from as usize + 1) * self.classes, UNKNOWN);
            }
            self.rows[row] = code;
            return decode(code);
        }
        if !self.is_dear {
            return decode(self.ask(from, class));
        }
        let step = u64::from(from) << 32 | u64::from(class);
        let place = (spread(step) >> (u64::BITS - RECENT_BITS)) as usize;
        match self.recent.get(place) {
            Some(&(known, code)) if known == step => return decode(code),
            Some(_) => {}
            // No step has this number: the rows hold those of state 0.
            None => self.recent.resize(1 << RECENT_BITS, (0, 0)),
        }
        let code = self.ask(from, class);
        self.recent[place] = (step, code);
        decode(code)
    }

    fn ask(&mut self, state: StateId, class: u32) -> u32 {
        self.asked += 1;
        self.next.clear();
        self.automaton.step(state, class, &mut self.next);
        for at in 0..self.next.len() {
            self.learn(self.next[at]);
        }
        match self.next[..] {
            [] => NO_STATE,
            [state] => state,
            _ => {
                self.lists.push(self.next.as_slice().into());
                SEVERAL | (self.lists.len() as u32 - 1)
            }
        }
    }
}

fn decode(code: u32) -> Step {
    match code {
        NO_STATE => Step::Illegal,
        code if code & SEVERAL != 0 => Step::Several(code & !SEVERAL),
        state => Step::One(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: u32 = ROW_ENTRIES as u32;
    const CLASSES: u32 = 4;

    /// Classes 0 and 1 lead to one state, class 2 to two, and class 3 to none.
    struct Ring;

    impl Automaton for Ring {
        fn step(&self, state: StateId, class: u32, next: &mut Vec<StateId>) {
            let to = (state * 7 + class * 13 + 1) % STATES;
            match class {
                0 | 1 => next.push(to),
                2 => next.extend([to, (to + 1) % STATES]),
                _ => {}
            }
        }

        fn token(&self, _: StateId) -> Option<Token> {
            None
        }

        fn adds(&self, _: u32, _: &mut dyn FnMut(Token, i128)) -> bool {
            false
        }

        fn lacks(&self, _: StateId, _: u32, _: u32, _: &mut dyn FnMut(Token, i128)) -> bool {
            false
        }

        fn len(&self) -> u32 {
            STATES
        }

        fn bytes(&self) -> usize {
            0
        }

        fn is_dear(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_step_is_the_same_however_long_ago_it_was_asked() {
        let token_ids = Map::default();
        let mut steps = Steps::new(&Ring, &token_ids, CLASSES as usize);
        let mut expected = Vec::new();
        let mut at = 0u32;
        // Each state twice or so, most of them beyond the rows.
        for turn in 0..2 * STATES {
            at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (state, class) = ((at >> 8) % STATES, turn % CLASSES);
            expected.clear();
            Ring.step(state, class, &mut expected);
            for _ in 0..2 {
                let found = match steps.step(state, class) {
                    Step::Illegal => Vec::new(),
                    Step::One(next) => vec![next],
                    Step::Several(list) => steps.several(list).to_vec(),
                };
                assert_eq!(found, expected, "state {state}, class {class}");
            }
        }
        // What was asked last is remembered; some of the rest was forgotten.
        assert!(steps.asked <= u64::from(2 * STATES), "{}", steps.asked);
        assert!(steps.bytes() < 64 << 20, "{}", steps.bytes());
    }
}
