//! Locks whose acquire returns who holds them, or a fencing token, and locks that their holder may
//! take again.
//!
//! A fencing token (Kleppmann 2016, "How to do distributed locking") grows with every holder, so
//! that what a lock guards can refuse those who held it before.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, OptionEntry, Setup};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Token, View};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A lock with one holder at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lock {
    /// Whether its holder may take it again, and has to give it back as often.
    pub is_reentrant: bool,
    /// Whether only its holder may give it back.
    pub check_owner: bool,
}

/// Who did something: what is not known may be anyone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Owner {
    /// The process.
    pub process: Option<Value>,
    /// The client that the value names: it counts for more than the process.
    pub client: Option<Value>,
}

/// What a [`Lock`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct State {
    /// Who holds it, with which fence, and how many times.
    pub holder: Option<Holder>,
    /// The greatest fence that anyone got.
    pub fence: Option<i64>,
}

/// The holder of a [`Lock`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Holder {
    owner: Owner,
    fence: Option<i64>,
    times: u32,
}

/// An operation on a [`Lock`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ask {
    /// What it does.
    pub act: Act,
    /// Who does it.
    pub owner: Owner,
    /// The fence that it returned or gave, if that is known.
    pub fence: Option<i64>,
}

/// What is done to a [`Lock`], or to permits that have owners.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// Takes it.
    Take,
    /// Gives it back.
    Give,
    /// Found it held by someone else.
    Busy,
    /// Takes it, unless someone else holds it; whether that was so is not known.
    Try,
}

/// A lock with fences, as the catalogue has it.
pub(super) const FENCED: Entry = Entry {
    name: "fenced-mutex",
    elsewhere: &["owner-aware-mutex", "fenced-lock"],
    summary: "a mutex that tells its holder, or a fencing token that grows",
    functions: &[ACQUIRE, RELEASE, TRY],
    initial: INITIAL,
    options: &[ANY_OWNER],
    cost: COST,
};

/// A lock that its holder may take again, as the catalogue has it.
pub(super) const REENTRANT: Entry = Entry {
    name: "reentrant-mutex",
    elsewhere: &["reentrant-fenced-mutex", "reentrant-lock"],
    summary: "a mutex that its holder may take again",
    functions: &[ACQUIRE, RELEASE, TRY],
    initial: INITIAL,
    options: &[ANY_OWNER],
    cost: COST,
};

const ACQUIRE: FunctionEntry =
    FunctionEntry::of(Verb::Acquire, "takes the lock; may return its client and its fence");
const RELEASE: FunctionEntry =
    FunctionEntry::of(Verb::Release, "gives the lock back; only its holder can");
const TRY: FunctionEntry = FunctionEntry::of(
    Verb::TryAcquire,
    "returns true, or its client and fence, if it took the lock, false if someone held it",
);
const INITIAL: &str = "free";
const ANY_OWNER: OptionEntry =
    OptionEntry { flag: "--any-owner", effect: "lets anyone release the lock." };
const COST: &str = "the search, which has little to choose.";
const WORDS: Words = FENCED.words();

/// The names of the fields that hold a fence, and those that hold a client.
const FENCES: &[&str] = &["fence", "token", "fencing-token", "fencing_token"];
const CLIENTS: &[&str] = &["client", "owner", "holder"];

/// Returns the fence and the client that a value of an operation on a lock names.
///
/// # Errors
/// If the fence is no integer.
fn named(value: View<'_>) -> Result<(Option<i64>, Option<Value>), Rejection> {
    let (mut fence, mut client) = (None, None);
    let Shape::Map(fields) = value.shape() else { return Ok((None, None)) };
    for field in fields.chunks_exact(2) {
        let content = value.view(field[1]);
        match value.view(field[0]).as_name() {
            _ if content.is_null() => {}
            Some(name) if FENCES.contains(&name) => {
                let number = content.as_int();
                fence = Some(number.ok_or_else(|| Rejection::bad("a fence is a 64-bit integer"))?);
            }
            Some(name) if CLIENTS.contains(&name) => client = Some(content.value),
            _ => {}
        }
    }
    Ok((fence, client))
}

/// Whether a value of an operation on a lock names a fence or a client.
pub(super) fn names_holder(value: View<'_>) -> bool {
    named(value).map_or(true, |(fence, client)| fence.is_some() || client.is_some())
}

impl Owner {
    /// Whether both may be the same.
    fn may_be(&self, other: &Owner) -> bool {
        match (self.client, other.client, self.process, other.process) {
            (Some(client), Some(other), ..) => client == other,
            (_, _, Some(process), Some(other)) => process == other,
            _ => true,
        }
    }

    /// Whether both are certainly the same.
    fn is(&self, other: &Owner) -> bool {
        let is_known = self.client.and(other.client).is_some();
        (is_known || self.process.and(other.process).is_some()) && self.may_be(other)
    }
}

impl Lock {
    fn operation_as(&self, act: Act, call: &Call<'_>) -> Result<Arc<Ask>, Rejection> {
        let (given, by) = named(call.input)?;
        let (got, to) = match call.output {
            Some(output) if act == Act::Take && self.is_fence(call, output) => {
                (output.as_int(), None)
            }
            Some(output) => named(output)?,
            None => (None, None),
        };
        let client = to.or(by);
        // Whose operation it was is only certain when it returned: a client may go on as another
        // process.
        let is_known = call.output.is_some() && call.process.as_int().is_some();
        let owner = Owner { process: is_known.then_some(call.process.value), client };
        Ok(Arc::new(Ask { act, owner, fence: got.or(given) }))
    }

    /// Whether an output is a fence by itself. Where the same may take the lock again, a number may
    /// say how often it did.
    fn is_fence(&self, call: &Call<'_>, output: View<'_>) -> bool {
        !self.is_reentrant && output.as_int().is_some() && output.value != call.input.value
    }

    fn take(&self, state: State, op: &Ask) -> Option<State> {
        let grows = op.fence.is_none_or(|fence| state.fence.is_none_or(|last| fence > last));
        let fence = op.fence.or(state.fence);
        let holder = match state.holder {
            None if grows => Holder { owner: op.owner, fence: op.fence, times: 1 },
            Some(holder) if self.is_reentrant && holder.owner.may_be(&op.owner) => {
                // The fence is that of the first time, which may not have told it.
                let is_same = match (holder.fence, op.fence) {
                    (Some(fence), Some(other)) => fence == other,
                    (None, Some(_)) => grows,
                    (_, None) => true,
                };
                let owner = Owner {
                    process: holder.owner.process.or(op.owner.process),
                    client: holder.owner.client.or(op.owner.client),
                };
                let times = holder.times.checked_add(1).filter(|_| is_same)?;
                Holder { owner, fence: holder.fence.or(op.fence), times }
            }
            _ => return None,
        };
        Some(State { holder: Some(holder), fence })
    }

    fn give(&self, state: State, op: &Ask) -> Option<State> {
        let holder = state.holder?;
        let differs = holder.fence.zip(op.fence).is_some_and(|(fence, other)| fence != other);
        if differs || self.check_owner && !holder.owner.may_be(&op.owner) {
            return None;
        }
        let times = holder.times - 1;
        let holder = (times > 0).then_some(Holder { times, ..holder });
        Some(State { holder, ..state })
    }

    /// Whether someone who asks may find that the lock is held by another.
    fn may_refuse(&self, state: State, op: &Ask) -> bool {
        state.holder.is_some_and(|holder| !(self.is_reentrant && holder.owner.is(&op.owner)))
    }
}

impl BuiltIn for Lock {
    fn start(entry: &Entry, setup: &Setup<'_>) -> Option<Lock> {
        let is_reentrant = *entry == REENTRANT;
        let is_free = setup.initial.is_none_or(View::is_null);
        is_free.then_some(Lock { is_reentrant, check_owner: setup.options.check_owner })
    }
}

impl Model for Lock {
    type State = State;
    /// Behind a pointer, since an operation of any model takes as much room as the largest.
    type Op = Arc<Ask>;
    type Next = Option<State>;

    fn initial(&self) -> State {
        State::default()
    }

    fn operation(&self, call: &Call<'_>) -> Result<Arc<Ask>, Rejection> {
        let answer = call.output.and_then(View::as_bool);
        match WORDS.verb_of(call.word) {
            Some(Verb::Acquire | Verb::Release) if answer == Some(false) => Err(Rejection::bad(
                "this cannot return false: record what did not happen as `fail`, or use \
                 try-acquire",
            )),
            Some(Verb::Acquire) => self.operation_as(Act::Take, call),
            Some(Verb::Release) => self.operation_as(Act::Give, call),
            Some(Verb::TryAcquire) => match (call.output, answer) {
                (None, _) => self.operation_as(Act::Try, call),
                (_, Some(false)) => self.operation_as(Act::Busy, call),
                (Some(output), None) if !names_holder(output) && !self.is_fence(call, output) => {
                    Err(Rejection::bad("a try-acquire returns its client or fence, true or false"))
                }
                _ => self.operation_as(Act::Take, call),
            },
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        let Some(Holder { owner, fence, times }) = state.holder else {
            return Some("free".to_owned());
        };
        let who = owner.client.or(owner.process);
        let who = who.map_or(String::new(), |who| format!(" by {}", values.to_text(who)));
        let fence = fence.map_or(String::new(), |fence| format!(", fence {fence}"));
        let times = if times == 1 { String::new() } else { format!(" {times} times") };
        Some(format!("held{times}{who}{fence}"))
    }

    fn step(&self, &state: &State, op: &Arc<Ask>) -> Option<State> {
        match op.act {
            Act::Take => self.take(state, op),
            Act::Give => self.give(state, op),
            Act::Busy => self.may_refuse(state, op).then_some(state),
            Act::Try => self.take(state, op).or(Some(state)),
        }
    }

    /// A holder or a fence that an output tells makes another state than one that is not known.
    fn is_told_late(&self) -> bool {
        true
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        let Some(output) = call.output.filter(|output| !names_holder(*output)) else {
            return false;
        };
        match WORDS.verb_of(call.word) {
            Some(Verb::Acquire) => !self.is_fence(call, output),
            verb => verb == Some(Verb::Release),
        }
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        if let Some(Holder { owner, .. }) = state.holder {
            owner.process.into_iter().chain(owner.client).for_each(hold);
        }
        true
    }

    fn operation_values(&self, op: &Arc<Ask>, hold: &mut dyn FnMut(Value)) -> bool {
        op.owner.process.into_iter().chain(op.owner.client).for_each(hold);
        true
    }

    fn kind(&self) -> Kind<Arc<Ask>> {
        Kind::Lock { lock: *self, view: |op| op }
    }

    fn facts(&self, op: &Arc<Ask>) -> Facts {
        let held = Establishes::Token(HELD);
        let (requires, establishes) = match op.act {
            Act::Take if self.is_reentrant => (None, held),
            Act::Take => (Some(FREE), held),
            Act::Give if self.is_reentrant => (Some(HELD), Establishes::Unknown),
            Act::Give => (Some(HELD), Establishes::Token(FREE)),
            Act::Busy => (Some(HELD), Establishes::Same),
            Act::Try => (None, held),
        };
        Facts { pure: op.act == Act::Busy, requires, establishes, ..Facts::default() }
    }

    fn token(&self, state: &State) -> Option<Token> {
        Some(if state.holder.is_none() { FREE } else { HELD })
    }
}

/// Tokens tell whether the lock is held.
const FREE: Token = 0;
const HELD: Token = 1;
