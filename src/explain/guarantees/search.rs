//! Sequential consistency of any model, by search.
//!
//! A configuration is how far each process got, which crashed operations took effect, and the
//! state. Only changes of state are choices: a pure operation that is legal next for its process is
//! taken at once, for in whatever order completes the configuration it can move to the front and
//! stay legal, as can all others without it. Configurations that led nowhere are remembered.

use crate::check::Meter;
use crate::history::hash::{Map, Set};
use crate::history::{OpIndex, Rank, Value, position, sort};
use crate::model::{AnyModel, AnyOp, AnyState, Establishes, Facts, Model, Pos, Reading, Token};

/// So many configurations may lead nowhere.
const DEAD_ENDS: usize = 50_000;

/// So many operations may be looked at, beyond twice what a search without dead ends needs.
const LOOKS: u64 = 1_500_000;

/// What dead ends are remembered by may take so many words.
const WORDS: usize = 1 << 24;

position! {
    /// The number of a token.
    struct TokenId;
}

impl TokenId {
    /// No token.
    const NONE: TokenId = TokenId::MAX;
}

position! {
    /// The number of a process.
    struct ProcessId;
}

position! {
    /// The position of a crashed operation in [`Search::crashed`].
    struct CrashedId;
}

/// Whether the completed ones of `readings`, and of the crashed ones as many as one likes, have an
/// order that agrees with that of each process and that `model` allows; `None` if the budget ends
/// before that is known. A crashed operation comes after what its process did before it, and
/// nothing comes after it on its account. `process` tells who did the operation at an index.
pub(super) fn is_sequential(
    model: &AnyModel,
    readings: &[Reading<AnyOp>],
    process: impl Fn(OpIndex) -> Value,
    meter: &Meter,
) -> Option<bool> {
    let mut model = model.clone();
    let ops: Vec<AnyOp> = readings.iter().map(|reading| reading.op.clone()).collect();
    model.focus(&ops);
    drop(ops);
    let mut search = Search::new(model, readings, process, meter);
    let found = search.run();
    // Reading them is as much work as looking at them.
    meter.work(readings.len() + search.looks as usize);
    found
}

/// What is known of an operation.
#[derive(Clone, Copy)]
struct Known {
    is_pure: bool,
    requires: TokenId,
    establishes: TokenId,
}

/// A crashed operation that changes something.
struct Crashed {
    reading: Pos,
    process: ProcessId,
    /// How many operations of its process come before it.
    after: u32,
    is_taken: bool,
}

/// What may be done next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Move {
    /// The next operation of a process.
    Process(ProcessId),
    /// A crashed one.
    Crashed(CrashedId),
}

/// A configuration on the way.
struct Frame<S> {
    state: S,
    /// The move that led here.
    by: Option<Move>,
    /// How many pure operations had been taken before.
    trail: usize,
    /// Which choice is next, and which of the states that it may lead to.
    next: (usize, usize),
}

/// A choice: whether it is crashed, whether nobody waits for what it leaves, when it was called,
/// and the move.
type Choice = (bool, bool, Rank, Move);

struct Search<'a> {
    model: AnyModel,
    readings: &'a [Reading<AnyOp>],
    known: Vec<Known>,
    ids: Map<Token, TokenId>,
    /// Whether tokens tell what each operation that changes something leaves.
    has_tokens: bool,
    has_forbidden: bool,
    processes: Vec<Vec<Pos>>,
    cursors: Vec<u32>,
    crashed: Vec<Crashed>,
    left: usize,
    /// How many operations that are left require, or may establish, each token.
    required: Vec<u32>,
    established: Vec<u32>,
    /// Processes whose pure operations were taken.
    trail: Vec<ProcessId>,
    dead: Set<(Box<[u32]>, AnyState)>,
    looks: u64,
    limit: u64,
    meter: &'a Meter,
}

impl<'a> Search<'a> {
    fn new(
        model: AnyModel,
        readings: &'a [Reading<AnyOp>],
        process: impl Fn(OpIndex) -> Value,
        meter: &'a Meter,
    ) -> Self {
        let mut search = Search {
            has_tokens: model.tokens_suffice(),
            has_forbidden: false,
            model,
            readings,
            known: Vec::with_capacity(readings.len()),
            ids: Map::default(),
            processes: Vec::new(),
            cursors: Vec::new(),
            crashed: Vec::new(),
            left: 0,
            required: Vec::new(),
            established: Vec::new(),
            trail: Vec::new(),
            dead: Set::default(),
            looks: 0,
            limit: 0,
            meter,
        };
        let mut numbers: Map<Value, ProcessId> = Map::default();
        for (at, reading) in Pos::below(readings.len()).zip(readings) {
            let next = ProcessId::new(numbers.len());
            let number = *numbers.entry(process(reading.index)).or_insert(next);
            if number == next {
                search.processes.push(Vec::new());
                search.cursors.push(0);
            }
            search.add(at, reading, number);
        }
        let lanes = search.processes.len() as u64 + 1;
        search.limit = LOOKS + 4 * lanes.saturating_mul(readings.len() as u64).min(1 << 28);
        search
    }

    fn add(&mut self, at: Pos, reading: &Reading<AnyOp>, process: ProcessId) {
        let Facts { pure, requires, forbids, establishes, .. } = self.model.facts(&reading.op);
        let is_crashed = !reading.span.has_returned();
        let establishes = match establishes {
            _ if pure => TokenId::NONE,
            Establishes::Token(token) => self.id(token),
            Establishes::Same => TokenId::NONE,
            Establishes::Unknown => {
                self.has_tokens = false;
                TokenId::NONE
            }
        };
        let requires = requires.map_or(TokenId::NONE, |token| self.id(token));
        self.has_forbidden |= forbids.is_some();
        self.known.push(Known { is_pure: pure, requires, establishes });
        if is_crashed && pure {
            return;
        }
        if establishes != TokenId::NONE {
            self.established[establishes] += 1;
        }
        if is_crashed {
            let after = self.processes[process].len() as u32;
            self.crashed.push(Crashed { reading: at, process, after, is_taken: false });
        } else {
            if requires != TokenId::NONE {
                self.required[requires] += 1;
            }
            self.processes[process].push(at);
            self.left += 1;
        }
    }

    fn id(&mut self, token: Token) -> TokenId {
        let next = TokenId::new(self.required.len());
        let id = *self.ids.entry(token).or_insert(next);
        if id == next {
            self.required.push(0);
            self.established.push(0);
        }
        id
    }

    fn run(&mut self) -> Option<bool> {
        let mut frames: Vec<Frame<AnyState>> = Vec::new();
        let mut entered: Option<(AnyState, Option<Move>)> = Some((self.model.initial(), None));
        let mut choices = Vec::new();
        loop {
            if let Some((state, by)) = entered.take() {
                let trail = self.trail.len();
                self.take_pure(&state);
                if self.left == 0 {
                    return Some(true);
                }
                frames.push(Frame { state, by, trail, next: (0, 0) });
                if self.is_dead(&frames[frames.len() - 1].state) {
                    self.leave(&mut frames);
                }
            }
            if self.looks > self.limit || frames.len() % 1024 == 1 && self.meter.poll().is_err() {
                return None;
            }
            let Some(frame) = frames.last_mut() else { return Some(false) };
            self.choices(&frame.state, &mut choices);
            match self.follow(frame, &choices) {
                Some((next, choice)) => {
                    self.account(choice, true);
                    entered = Some((next, Some(choice)));
                }
                None => {
                    let words = self.cursors.len() + self.crashed.len() / 32 + 8;
                    let is_full = self.dead.len() >= DEAD_ENDS.min(WORDS / words);
                    if is_full || self.meter.poll().is_err() {
                        return None;
                    }
                    self.dead.insert(self.key(&frame.state));
                    self.leave(&mut frames);
                }
            }
        }
    }

    /// Takes all pure operations that are legal in `state`.
    fn take_pure(&mut self, state: &AnyState) {
        for process in ProcessId::below(self.processes.len()) {
            while let Some(&at) = self.processes[process].get(self.cursors[process] as usize) {
                self.looks += 1;
                let known = self.known[at];
                let op = &self.readings[at].op;
                if !known.is_pure || self.model.step(state, op).next().is_none() {
                    break;
                }
                self.account(Move::Process(process), true);
                self.trail.push(process);
            }
        }
    }

    fn reading(&self, choice: Move) -> Pos {
        match choice {
            Move::Process(process) => self.processes[process][self.cursors[process] as usize],
            Move::Crashed(nth) => self.crashed[nth].reading,
        }
    }

    /// Takes a move, or takes it back.
    fn account(&mut self, choice: Move, is_taken: bool) {
        if let (Move::Process(process), false) = (choice, is_taken) {
            self.cursors[process] -= 1;
        }
        let Known { requires, establishes, .. } = self.known[self.reading(choice)];
        let by = |count: &mut u32| *count = if is_taken { *count - 1 } else { *count + 1 };
        if establishes != TokenId::NONE {
            by(&mut self.established[establishes]);
        }
        match choice {
            Move::Process(process) => {
                if requires != TokenId::NONE {
                    by(&mut self.required[requires]);
                }
                if is_taken {
                    self.cursors[process] += 1;
                    self.left -= 1;
                } else {
                    self.left += 1;
                }
            }
            Move::Crashed(nth) => self.crashed[nth].is_taken = is_taken,
        }
    }

    /// The next state that a choice leads to, with the choice. Mostly the first choice leads on:
    /// what others lead to is not asked before they are needed.
    fn follow(&self, frame: &mut Frame<AnyState>, choices: &[Choice]) -> Option<(AnyState, Move)> {
        while let Some(&(_, _, _, choice)) = choices.get(frame.next.0) {
            let op = &self.readings[self.reading(choice)].op;
            let found = self.model.step(&frame.state, op).nth(frame.next.1);
            if let Some(state) = found {
                frame.next.1 += 1;
                return Some((state, choice));
            }
            frame.next = (frame.next.0 + 1, 0);
        }
        None
    }

    /// What may be legal in `state`, the most promising first.
    fn choices(&mut self, state: &AnyState, into: &mut Vec<Choice>) {
        into.clear();
        let current = self.model.token(state).and_then(|token| self.ids.get(&token).copied());
        let mut wanted: Vec<TokenId> = Vec::new();
        for (own, &cursor) in self.processes.iter().zip(&self.cursors) {
            if let Some(&at) = own.get(cursor as usize) {
                wanted.push(self.known[at].requires);
            }
        }
        let by_heads = wanted.len();
        let is_open = |crashed: &&Crashed| {
            !crashed.is_taken && crashed.after <= self.cursors[crashed.process]
        };
        let requires = |crashed: &Crashed| self.known[crashed.reading].requires;
        wanted.extend(self.crashed.iter().filter(is_open).map(requires));
        let processes = ProcessId::below(self.processes.len()).map(Move::Process);
        let crashed = CrashedId::below(self.crashed.len()).map(Move::Crashed);
        for choice in processes.chain(crashed) {
            self.looks += 1;
            let is_crashed = match choice {
                Move::Process(process) => {
                    if self.cursors[process] as usize == self.processes[process].len() {
                        continue;
                    }
                    false
                }
                Move::Crashed(nth) => {
                    if !is_open(&&self.crashed[nth]) {
                        continue;
                    }
                    true
                }
            };
            let at = self.reading(choice);
            let known = self.known[at];
            let is_wanted = |among: &[TokenId]| {
                known.establishes != TokenId::NONE && among.contains(&known.establishes)
            };
            // A crashed operation that nobody would see next can wait until somebody would.
            let is_idle = self.has_tokens && !self.has_forbidden && !is_wanted(&wanted);
            if known.is_pure || is_crashed && is_idle || self.loses(current, known, is_crashed) {
                continue;
            }
            let call = self.readings[at].span.call;
            let helps = is_wanted(&wanted[..by_heads]);
            into.push((is_crashed, !helps, call, choice));
        }
        sort::by(into, |&(is_crashed, idle, call, ..)| (is_crashed, idle, call));
    }

    /// Whether an operation would replace the current token for ever, though others require it.
    fn loses(&self, current: Option<TokenId>, known: Known, is_crashed: bool) -> bool {
        let Some(current) = current.filter(|_| self.has_tokens) else { return false };
        let is_own = !is_crashed && known.requires == current;
        known.establishes != current
            && self.required[current] > u32::from(is_own)
            && self.established[current] == 0
    }

    fn key(&self, state: &AnyState) -> (Box<[u32]>, AnyState) {
        let taken = self.crashed.chunks(32).map(|some| {
            some.iter()
                .enumerate()
                .fold(0, |bits, (bit, one)| bits | u32::from(one.is_taken) << bit)
        });
        (self.cursors.iter().copied().chain(taken).collect(), state.clone())
    }

    fn is_dead(&self, state: &AnyState) -> bool {
        !self.dead.is_empty() && self.dead.contains(&self.key(state))
    }

    /// Goes back from the last configuration.
    fn leave(&mut self, frames: &mut Vec<Frame<AnyState>>) {
        let Some(frame) = frames.pop() else { return };
        while self.trail.len() > frame.trail {
            if let Some(process) = self.trail.pop() {
                self.account(Move::Process(process), false);
            }
        }
        if let Some(by) = frame.by {
            self.account(by, false);
        }
    }
}
