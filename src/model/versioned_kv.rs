//! One key of a store that numbers what it holds: a `get` tells the version, an update may demand
//! one, as with etcd's `mod_revision`, Consul's `ModifyIndex` or an ETag that is a number.
//!
//! Versions grow with every update, by how much is not said. Where an operation does not tell which
//! version it made, that is any greater one, until a later operation tells.

use std::sync::Arc;

use super::catalogue::{BuiltIn, Entry, FunctionEntry, Setup};
use super::change::{says_nothing, takes_nothing};
use super::{Call, Establishes, Facts, Kind, Model, Rejection, Successors, View};
use crate::history::{Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Words};

/// A key with its value and the version of that.
#[derive(Clone, Debug, Default)]
pub struct VersionedKv {
    initial: Option<Value>,
}

/// What a [`VersionedKv`] holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// The value; none if the key is absent, whose version is 0.
    value: Option<Value>,
    /// The version, if it is known.
    version: Option<i64>,
    /// Else it is greater than this.
    above: i64,
    /// And none of these, ascending.
    not: Arc<[i64]>,
}

/// An operation on a [`VersionedKv`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// A read that may have seen anything.
    GetAny,
    /// Reads the value, if there is one, and perhaps its version.
    Get(Option<Value>, Option<i64>),
    /// Replaces the value, or deletes it.
    Put {
        /// The version that it found, if it demands one.
        expected: Option<i64>,
        /// The new value; none deletes.
        value: Option<Value>,
        /// The version that it made, if it tells.
        version: Option<i64>,
    },
    /// Found another version than it demanded; which one, if it tells.
    Mismatch(i64, Option<i64>),
    /// Replaces the value, or deletes it, if it finds this version; whether it did is not known.
    Try(i64, Option<Value>),
}

/// A key with versions as the catalogue has it.
pub(super) const ENTRY: Entry = Entry {
    name: "versioned-kv",
    elsewhere: &["versioned-register", "revisioned-kv", "etag-kv"],
    summary: "a key whose value has a version, which updates may demand",
    functions: &[
        FunctionEntry::named(
            &["get", "read", "r"],
            "returns {\"value\": v, \"version\": n}, or v; null if the key is absent",
        ),
        FunctionEntry::named(
            &["put", "write", "w", "set"],
            "takes v, or {\"value\": v, \"version\": n} for only if the version is n; may return \
             the new version",
        ),
        FunctionEntry::of(
            Verb::PutIfVersion,
            "takes {\"value\": v, \"version\": n}; returns false if the version is not n",
        ),
        FunctionEntry::of(Verb::Cas, "as put-if-version"),
        FunctionEntry::named(&["delete"], "takes nothing, or {\"version\": n}"),
    ],
    initial: "an absent key, or a value whose version is not known",
    options: &[],
    cost: "\
           O(n log n), if the versions that operations tell give the order of the updates, as \
           they do unless most updates tell none. Else the search, exponential in the number of \
           clients at worst.",
};

const WORDS: Words = ENTRY.words();

/// Names of the fields that hold a value, and a version, without case, dashes and underscores.
const VALUES: &[&str] = &["value", "val", "data"];
const VERSIONS: &[&str] = &[
    "version",
    "revision",
    "rev",
    "modrevision",
    "modifyindex",
    "etag",
    "resourceversion",
    "expectedversion",
    "expectedrevision",
    "prevversion",
    "prevrevision",
    "ifversion",
    "ifmatch",
];

/// Returns the value and the version that a map names, if it has nothing else and at least one of
/// them.
pub(super) fn named(view: View<'_>) -> Option<(Option<View<'_>>, Option<View<'_>>)> {
    let Shape::Map(fields) = view.shape() else { return None };
    let (mut value, mut version) = (None, None);
    for field in fields.chunks_exact(2) {
        let name = crate::vocabulary::plain(view.view(field[0]).as_name()?);
        let known = match &*name {
            name if VALUES.contains(&name) => &mut value,
            name if VERSIONS.contains(&name) => &mut version,
            _ => return None,
        };
        if known.replace(view.view(field[1])).is_some() {
            return None;
        }
    }
    (value.is_some() || version.is_some()).then_some((value, version))
}

/// Returns whether a map names a value and a version of it, and nothing else.
pub(super) fn names_both(view: View<'_>) -> bool {
    matches!(named(view), Some((Some(_), Some(version))) if version.as_int().is_some())
}

/// Returns whether a map names a version, and nothing else.
pub(super) fn names_version(view: View<'_>) -> bool {
    matches!(named(view), Some((None, Some(version))) if version.as_int().is_some())
}

impl BuiltIn for VersionedKv {
    fn start(_: &Entry, setup: &Setup<'_>) -> Option<VersionedKv> {
        let value = setup.initial.map(|view| view.value).filter(|value| !value.is_null());
        Some(VersionedKv { initial: value })
    }
}

#[cfg(test)]
impl VersionedKv {
    /// Returns the model of a key that holds this at first.
    pub(crate) fn holding(initial: Option<Value>) -> VersionedKv {
        VersionedKv { initial }
    }
}

impl State {
    /// A value of which only is known that its version is greater than `above`.
    fn unknown(value: Option<Value>, above: i64) -> State {
        State { value, version: None, above, not: Arc::from([]) }
    }

    /// The least version that it may have.
    fn least(&self) -> i64 {
        match (self.value, self.version) {
            (None, _) => 0,
            (_, Some(known)) => known,
            (_, None) => self.not.iter().fold(self.above.saturating_add(1), |least, &not| {
                if not == least { least.saturating_add(1) } else { least }
            }),
        }
    }

    /// The same state, if its version is this one.
    fn told(&self, version: i64) -> Option<State> {
        let fits = match (self.value, self.version) {
            (None, _) => version == 0,
            (_, Some(known)) => version == known,
            (_, None) => version > self.above && self.not.binary_search(&version).is_err(),
        };
        let known = State { version: Some(version), ..State::unknown(self.value, version) };
        fits.then(|| if self.value.is_none() { self.clone() } else { known })
    }

    /// The same state, if its version is another one.
    fn told_not(&self, version: i64) -> Option<State> {
        match (self.value, self.version) {
            (None, _) => (version != 0).then(|| self.clone()),
            (_, Some(known)) => (version != known).then(|| self.clone()),
            (_, None) if version <= self.above => Some(self.clone()),
            (_, None) => Some(match self.not.binary_search(&version) {
                Ok(_) => self.clone(),
                Err(at) => {
                    let (lower, higher) = self.not.split_at(at);
                    State { not: [lower, &[version], higher].concat().into(), ..self.clone() }
                }
            }),
        }
    }

    /// The state after an update, which told the version that it made.
    fn put(&self, value: Option<Value>, version: Option<i64>) -> Option<State> {
        if value.is_none() {
            // Where the key is created again, versions may start anew.
            return Some(State::unknown(None, 0));
        }
        let least = self.least();
        match version {
            None => Some(State::unknown(value, least)),
            Some(version) => (version > least)
                .then(|| State { version: Some(version), ..State::unknown(value, version) }),
        }
    }
}

impl Model for VersionedKv {
    type State = State;
    /// Behind a pointer, since an operation of any model takes as much room as the largest.
    type Op = Arc<Op>;
    type Next = Successors<State>;

    fn initial(&self) -> State {
        State::unknown(self.initial, 0)
    }

    fn operation(&self, call: &Call<'_>) -> Result<Arc<Op>, Rejection> {
        let op = match WORDS.verb_of(call.word) {
            Some(Verb::Read) => get(call),
            Some(verb @ (Verb::Write | Verb::Cas | Verb::PutIfVersion)) => {
                let (value, expected) = match named(call.input) {
                    Some((Some(value), version)) => (value, version.map(number).transpose()?),
                    _ => (call.input, None),
                };
                if verb != Verb::Write && expected.is_none() {
                    return Err(Rejection::bad(
                        "this needs a map of a value and a version: {\"value\": 1, \"version\": 2}",
                    ));
                }
                let value = Some(value.value).filter(|value| !value.is_null());
                update(call, expected, value)
            }
            Some(Verb::Delete) => {
                let expected = match named(call.input) {
                    Some((None, Some(version))) => Some(number(version)?),
                    _ if call.input.is_null() => None,
                    _ => return Err(Rejection::bad("a delete takes nothing, or a version")),
                };
                update(call, expected, None)
            }
            _ => Err(Rejection::UnknownFunction),
        };
        op.map(Arc::new)
    }

    fn step(&self, state: &State, op: &Arc<Op>) -> Successors<State> {
        let after = |expected: Option<i64>, value, version| {
            let found = expected.map_or_else(|| Some(state.clone()), |it| state.told(it));
            found.and_then(|found| found.put(value, version))
        };
        Successors::One(match **op {
            Op::GetAny => Some(state.clone()),
            Op::Get(value, _) if value != state.value => None,
            Op::Get(_, version) => match version {
                Some(version) => state.told(version),
                None => Some(state.clone()),
            },
            Op::Put { expected, value, version } => after(expected, value, version),
            Op::Mismatch(expected, None) => state.told_not(expected),
            Op::Mismatch(expected, Some(found)) => state.told(found).filter(|_| found != expected),
            Op::Try(expected, value) => {
                let nexts = after(Some(expected), value, None).into_iter();
                return Successors::of(nexts.chain(state.told_not(expected)));
            }
        })
    }

    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        let Some(value) = state.value else { return Some("absent".to_owned()) };
        let version = match state.version {
            Some(version) => format!("version {version}"),
            None => format!("a version above {}", state.above),
        };
        Some(format!("{} in {version}", values.to_text(value)))
    }

    /// A version that an output tells makes another state than one that is not known.
    fn is_told_late(&self) -> bool {
        true
    }

    fn ignores_output(&self, call: &Call<'_>) -> bool {
        WORDS.verb_of(call.word) == Some(Verb::Delete) && call.input.is_null()
    }

    /// Not known once it has a version.
    fn start_value(&self, state: &State, _: &mut ValueTable) -> Option<Option<Value>> {
        state.value.is_none().then_some(None)
    }

    fn state_values(&self, state: &State, hold: &mut dyn FnMut(Value)) -> bool {
        state.value.into_iter().for_each(hold);
        true
    }

    fn operation_values(&self, op: &Arc<Op>, hold: &mut dyn FnMut(Value)) -> bool {
        match **op {
            Op::Get(value, _) | Op::Put { value, .. } | Op::Try(_, value) => {
                value.into_iter().for_each(hold);
            }
            Op::GetAny | Op::Mismatch(..) => {}
        }
        true
    }

    fn kind(&self) -> Kind<Arc<Op>> {
        Kind::Versions { initial: self.initial, view: |op| op }
    }

    /// A read that tells a version changes what is known, if nothing else.
    fn facts(&self, op: &Arc<Op>) -> Facts {
        let pure = matches!(**op, Op::GetAny | Op::Get(_, None) | Op::Get(None, _));
        let establishes = if pure { Establishes::Same } else { Establishes::Unknown };
        Facts { pure, establishes, ..Facts::default() }
    }
}

fn number(version: View<'_>) -> Result<i64, Rejection> {
    let number = version.as_int().filter(|&version| version >= 0);
    number.ok_or_else(|| {
        Rejection::bad("a version is an integer within 64 bits, 0 for that of an absent key")
    })
}

fn get(call: &Call<'_>) -> Result<Op, Rejection> {
    takes_nothing(call)?;
    let Some(output) = call.output else { return Ok(Op::GetAny) };
    let (value, version) = match named(output) {
        Some((Some(value), version)) => (value, version.filter(|version| !version.is_null())),
        _ => (output, None),
    };
    let version = version.map(number).transpose()?;
    let value = Some(value.value).filter(|value| !value.is_null());
    if value.is_none() != (version == Some(0)) && version.is_some() {
        return Err(Rejection::bad("an absent key has the version 0, and no other one has it"));
    }
    Ok(Op::Get(value, version))
}

/// Reads an update to `value`, if the version is `expected`.
fn update(call: &Call<'_>, expected: Option<i64>, value: Option<Value>) -> Result<Op, Rejection> {
    let done = |version| Op::Put { expected, value, version };
    let Some(output) = call.output else {
        return Ok(expected.map_or_else(|| done(None), |expected| Op::Try(expected, value)));
    };
    match (named(output), expected, output.as_bool()) {
        (_, Some(expected), Some(false)) => Ok(Op::Mismatch(expected, None)),
        _ if says_nothing(call, output) => Ok(done(None)),
        // The version of what is not there any more tells nothing.
        (Some((None, Some(version))), ..) if value.is_none() => number(version).map(|_| done(None)),
        (Some((written, Some(version))), ..)
            if written.is_none_or(|written| Some(written.value) == value) =>
        {
            number(version).map(|version| done(Some(version)))
        }
        _ => Err(Rejection::bad(
            "an update returns null, true, or {\"version\": n}; false if it found another version \
             than it demanded",
        )),
    }
}
