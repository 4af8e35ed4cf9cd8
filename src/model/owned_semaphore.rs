//! A semaphore whose permits have owners: only who holds permits can give them back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::lock::Act;
use super::{
    Amount, Call, Establishes, Facts, Kind, Model, OnAmount, Rejection, Successors, Token, View,
};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words, plain};

/// A number of permits, each held by an owner or free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnedSemaphore {
    /// How many permits there are, all free before the first operation.
    pub permits: u64,
    /// Whether only who holds permits can give them back.
    pub check_owner: bool,
}

/// Who holds permits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Owner {
    /// Nobody knows: it may be anyone.
    Unknown,
    /// The client that the value names.
    Client(Value),
    /// The process, where no value names a client.
    Process(Value),
}

/// What an [`OwnedSemaphore`] holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    free: u64,
    /// What each owner holds, at least one permit, sorted by owner.
    held: Arc<[(Owner, u64)]>,
}

/// An operation on an [`OwnedSemaphore`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ask {
    /// What it does.
    pub act: Act,
    /// Of how many permits.
    pub count: u64,
    /// Who does it.
    pub owner: Owner,
}

/// A semaphore with owners as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "owned-semaphore",
    elsewhere: &["owner-aware-semaphore", "acquired-permits", "permits"],
    summary: "a semaphore whose permits only their owners give back",
    functions: &[
        FunctionEntry::named(&["acquire"], "takes its input, or 1, of the free permits"),
        FunctionEntry::named(
            &["release"],
            "gives its input, or 1, of the permits back that its process or client holds",
        ),
        FunctionEntry::named(
            &["try-acquire", "tryAcquire", "try_acquire"],
            "returns true, or its client, if it took them, false if too few were free",
        ),
    ],
    initial: "1 permit, or a positive number of them",
    options: &[OptionEntry { flag: "--any-owner", effect: "lets anyone give permits back." }],
    cost: "the search, with a guess by sums of permits that is near O(n) where it finds an order.",
};

const WORDS: Words = ENTRY.words();

/// Names of the fields that hold a client, and a number of permits, without case, dashes and
/// underscores.
const CLIENTS: &[&str] = &["client", "owner", "holder"];
const COUNTS: &[&str] = &["permits", "permit", "count", "amount", "n"];

/// Returns the client and the number of permits that a map names.
fn named(view: View<'_>) -> (Option<Value>, Option<View<'_>>) {
    let (mut client, mut count) = (None, None);
    let Shape::Map(fields) = view.shape() else { return (None, None) };
    for field in fields.chunks_exact(2) {
        let content = view.view(field[1]);
        match view.view(field[0]).as_name().map(plain) {
            _ if content.is_null() => {}
            Some(name) if CLIENTS.contains(&&*name) => client = Some(content.value),
            Some(name) if COUNTS.contains(&&*name) => count = Some(content),
            _ => {}
        }
    }
    (client, count)
}

/// Returns whether a value names a client and a number of permits.
pub(super) fn names_permits(view: View<'_>) -> bool {
    matches!(named(view), (Some(_), Some(count)) if count.as_int().is_some())
}

impl OwnedSemaphore {
    fn ask(act: Act, call: &Call<'_>) -> Result<Arc<Ask>, Rejection> {
        let (by, permits) = named(call.input);
        let to = call.output.and_then(|output| named(output).0);
        let count = match (permits, call.input.shape()) {
            (Some(permits), _) => Some(permits),
            (None, Shape::Map(_) | Shape::Null) => None,
            _ => Some(call.input),
        };
        let count = match count {
            None => 1,
            Some(count) => {
                let count = count.as_int().and_then(|count| u64::try_from(count).ok());
                count.filter(|&count| count > 0).ok_or_else(|| {
                    Rejection::bad(
                        "this needs a positive number of permits, a map of `owner` and `permits`, \
                         or no value",
                    )
                })?
            }
        };
        // Whose operation it was is only certain when it returned: a client may go on as another
        // process.
        let is_known = call.output.is_some() && call.process.as_int().is_some();
        let process = Owner::Process(call.process.value);
        let process = if is_known { process } else { Owner::Unknown };
        let owner = to.or(by).map_or(process, Owner::Client);
        Ok(Arc::new(Ask { act, count, owner }))
    }

    /// Who counts as the owner.
    fn owner(&self, ask: &Ask) -> Owner {
        if self.check_owner { ask.owner } else { Owner::Unknown }
    }

    fn take(&self, state: &State, ask: &Ask) -> Option<State> {
        let free = state.free.checked_sub(ask.count)?;
        let mut held: BTreeMap<Owner, u64> = state.held.iter().copied().collect();
        *held.entry(self.owner(ask)).or_default() += ask.count;
        Some(State { free, held: held.into_iter().collect() })
    }

    /// The state after `owner` gave `count` permits back: first its own, which nobody else can
    /// give, then those of whom nobody knows.
    fn give(state: &State, owner: Owner, count: u64) -> Option<State> {
        let mut held: BTreeMap<Owner, u64> = state.held.iter().copied().collect();
        let mut left = count;
        let mut take_from = |held: &mut BTreeMap<Owner, u64>, from: Owner| {
            if let Some(own) = held.get_mut(&from) {
                let given = left.min(*own);
                (*own, left) = (*own - given, left - given);
            }
        };
        take_from(&mut held, owner);
        take_from(&mut held, Owner::Unknown);
        if left > 0 {
            // Where some name clients and others do not, a client may be any process.
            let is_other = |other: &Owner| match owner {
                Owner::Client(_) => matches!(other, Owner::Process(_)),
                Owner::Process(_) => matches!(other, Owner::Client(_)),
                Owner::Unknown => false,
            };
            let others: u64 =
                held.iter().filter(|(other, _)| is_other(other)).map(|(_, count)| count).sum();
            held.retain(|other, _| !is_other(other));
            held.insert(Owner::Unknown, others.checked_sub(left)?);
        }
        held.retain(|_, count| *count > 0);
        Some(State { free: state.free.checked_add(count)?, held: held.into_iter().collect() })
    }
}

impl BuiltIn for OwnedSemaphore {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<OwnedSemaphore> {
        let permits = setup.initial.map_or(Some(1), View::as_int).filter(|&permits| permits > 0)?;
        let check_owner = setup.options.check_owner;
        Some(OwnedSemaphore { permits: permits.unsigned_abs(), check_owner })
    }
}

impl Model for OwnedSemaphore {
    type State = State;
    /// Behind a pointer, since an operation of any model takes as much room as the largest.
    type Op = Arc<Ask>;
    type Next = Successors<State>;

    fn initial(&self) -> State {
        State { free: self.permits, held: Arc::from([]) }
    }

    fn operation(&self, call: &Call<'_>) -> Result<Arc<Ask>, Rejection> {
        let answer = call.output.and_then(View::as_bool);
        match WORDS.verb_of(call.word) {
            Some(Verb::Acquire | Verb::Release) if answer == Some(false) => Err(Rejection::bad(
                "this cannot return false: record what did not happen as `fail`, or use \
                 try-acquire",
            )),
            Some(Verb::Acquire) => OwnedSemaphore::ask(Act::Take, call),
            Some(Verb::Release) => OwnedSemaphore::ask(Act::Give, call),
            Some(Verb::TryAcquire) => match (call.output, answer) {
                (None, _) => OwnedSemaphore::ask(Act::Try, call),
                (_, Some(false)) => OwnedSemaphore::ask(Act::Busy, call),
                (Some(output), None) if named(output).0.is_none() => {
                    Err(Rejection::bad("a try-acquire returns its client, true or false"))
                }
                _ => OwnedSemaphore::ask(Act::Take, call),
            },
            _ => Err(Rejection::UnknownFunction),
        }
    }

    /// The permits that are free. Who holds the others is left out: who gives one back has mostly
    /// taken it before, by the order in time.
    fn on_amounts(&self, op: &Arc<Ask>, tell: &mut dyn FnMut(Token, OnAmount)) -> bool {
        let count = i128::from(op.count);
        tell(
            0,
            match op.act {
                Act::Take | Act::Try => OnAmount::Adds(-count),
                Act::Give => OnAmount::Adds(count),
                Act::Busy => OnAmount::FoundLess(count),
            },
        );
        true
    }

    fn amount(&self, _: Token) -> Amount {
        Amount { start: Some(self.permits.into()), least: 0 }
    }

    fn step(&self, state: &State, op: &Arc<Ask>) -> Successors<State> {
        match op.act {
            Act::Take => Successors::One(self.take(state, op)),
            Act::Try => {
                Successors::One(Some(self.take(state, op).unwrap_or_else(|| state.clone())))
            }
            Act::Busy => Successors::when(state.free < op.count, || state.clone()),
            Act::Give => match self.owner(op) {
                // Anyone who holds so many.
                Owner::Unknown => {
                    let owners = state.held.iter().map(|&(owner, _)| owner);
                    let given = |owner| OwnedSemaphore::give(state, owner, op.count);
                    Successors::of(owners.filter_map(given))
                }
                owner => Successors::One(OwnedSemaphore::give(state, owner, op.count)),
            },
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        let mut text = format!("{} free", state.free);
        for (owner, count) in state.held.iter() {
            let owner = match owner {
                Owner::Unknown => "somebody".to_owned(),
                Owner::Client(value) => values.to_text(*value),
                Owner::Process(process) => format!("process {}", values.to_text(*process)),
            };
            text.push_str(&format!(", {count} held by {owner}"));
        }
        Some(text)
    }

    /// An owner that an output tells makes another state than one that is not known.
    fn is_told_late(&self) -> bool {
        true
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        matches!(WORDS.verb_of(call.word), Some(Verb::Acquire | Verb::Release))
            && call.output.is_some_and(|output| named(output).0.is_none())
    }

    fn start_value(&self, state: &State, values: &mut ValueTable) -> Option<Option<Value>> {
        let all = i64::try_from(self.permits).ok().filter(|_| state.free == self.permits)?;
        Some(Some(values.int(all)))
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        state.held.iter().for_each(|(owner, _)| hold_owner(owner, hold));
        true
    }

    fn operation_values(&self, op: &Arc<Ask>, hold: &mut dyn FnMut(Value)) -> bool {
        hold_owner(&op.owner, hold);
        true
    }

    fn kind(&self) -> Kind<Arc<Ask>> {
        Kind::Permits { semaphore: *self, view: |op| op }
    }

    fn facts(&self, op: &Arc<Ask>) -> Facts {
        let never = op.act == Act::Try && op.count > self.permits;
        let pure = op.act == Act::Busy || never;
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }
}

fn hold_owner(owner: &Owner, hold: &mut dyn FnMut(Value)) {
    if let Owner::Client(value) | Owner::Process(value) = owner {
        hold(*value);
    }
}
