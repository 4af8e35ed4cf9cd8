//! Checks an object that is not built in, with a model of one's own: a document with versions, as
//! behind an HTTP API with `ETag` and `If-Match`. The model says what one copy would do, in a state
//! and a step; the checker, the proofs and the explanation are the same as for built-in models.
//!
//!     cargo run --example own_model
//!
//! The program checks two histories of the document. In the second one, two clients both replace
//! version 1, and both are told that they did: the update of one is lost.

use std::error::Error;
use std::io::{self, Write};

use histcheck::history::{Value, ValueTable};
use histcheck::model::{Call, Establishes, Facts, Model, Rejection, View};
use histcheck::report::{Detail, Palette, SHOWN_FAILURES, Subject, text};
use histcheck::{History, Options, Session};

/// A document that is replaced only by those who know its version.
///
/// | operation | input | output |
/// |---|---|---|
/// | `get` | | `[version, text]` |
/// | `put` | `[version, text]`: replace that version | the new version, or `null`: it was another |
#[derive(Clone)]
struct Document;

/// What the one copy holds. The text is a handle: two of them are equal if the values are.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    version: i64,
    text: Value,
}

/// An operation together with what it returned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Op {
    /// Saw this; `None` if it never returned.
    Get(Option<State>),
    /// Replaced `expected` by a text and was told the new version, or was told that it did not.
    Put { expected: i64, text: Value, told: Told },
}

/// What a put returned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Told {
    Replaced(i64),
    Refused,
    /// It never returned, so that either may have happened.
    Nothing,
}

impl Model for Document {
    type State = State;
    type Op = Op;
    /// At most one state: what an operation does is determined by the state before it.
    type Next = Option<State>;

    fn initial(&self) -> State {
        State { version: 0, text: Value::NULL }
    }

    fn operation(&self, call: &Call<'_>) -> Result<Op, Rejection> {
        match call.function {
            "get" => {
                let read = |seen| state(seen).ok_or(Rejection::bad("a get returns [version text]"));
                Ok(Op::Get(call.output.map(read).transpose()?))
            }
            "put" => {
                let State { version: expected, text } =
                    state(call.input).ok_or(Rejection::bad("a put needs [version text]"))?;
                Ok(Op::Put { expected, text, told: told(call.output)? })
            }
            _ => Err(Rejection::UnknownFunction),
        }
    }

    fn step(&self, state: &State, op: &Op) -> Option<State> {
        match op {
            Op::Get(None) => Some(state.clone()),
            Op::Get(Some(seen)) => (seen == state).then(|| state.clone()),
            Op::Put { expected, text, told } => {
                let fits = *expected == state.version;
                // Beyond 64 bits there is no next version, and none that could be told.
                let next = state.version.checked_add(1).filter(|_| fits);
                let is_told = match *told {
                    Told::Replaced(version) => next == Some(version),
                    Told::Refused => next.is_none(),
                    Told::Nothing => true,
                };
                let state = match next {
                    Some(version) => State { version, text: *text },
                    None => state.clone(),
                };
                is_told.then_some(state)
            }
        }
    }

    /// From here on all is optional. This lets the checker put reads where they fit, without
    /// trying all orders; it has to be true, or verdicts would be wrong.
    fn facts(&self, op: &Op) -> Facts {
        match op {
            Op::Get(_) | Op::Put { told: Told::Refused, .. } => {
                Facts { pure: true, establishes: Establishes::Same, ..Facts::default() }
            }
            Op::Put { .. } => Facts::default(),
        }
    }

    /// And this lets reports say states in the object's own terms.
    fn describe(&self, state: &State, values: &ValueTable) -> Option<String> {
        Some(format!("version {}: {}", state.version, values.to_json(state.text)))
    }
}

/// What `[version, text]` means.
fn state(pair: View<'_>) -> Option<State> {
    let (version, text) = pair.as_pair()?;
    Some(State { version: pair.view(version).as_int()?, text })
}

/// What the output of a put means.
fn told(output: Option<View<'_>>) -> Result<Told, Rejection> {
    match output {
        None => Ok(Told::Nothing),
        Some(answer) if answer.is_null() => Ok(Told::Refused),
        Some(answer) => answer
            .as_int()
            .map(Told::Replaced)
            .ok_or(Rejection::bad("a put returns the new version, or null")),
    }
}

/// Two clients replace the document in turn, and the second one is refused first.
fn right() -> Result<History, histcheck::Error> {
    let mut history = History::builder();
    history.invoke(0, "put", (0, "draft"))?;
    history.invoke(1, "put", (0, "plan"))?;
    history.ok(0, "put", 1)?;
    history.ok(1, "put", ())?;
    history.invoke(1, "get", ())?;
    history.ok(1, "get", (1, "draft"))?;
    history.invoke(1, "put", (1, "plan"))?;
    history.ok(1, "put", 2)?;
    history.build()
}

/// Both replace version 1, as if the server compared versions before it took its lock.
fn wrong() -> Result<History, histcheck::Error> {
    let mut history = History::builder();
    history.invoke(0, "put", (0, "draft"))?;
    history.ok(0, "put", 1)?;
    history.invoke(0, "put", (1, "draft, amended"))?;
    history.invoke(1, "put", (1, "plan"))?;
    history.ok(0, "put", 2)?;
    history.ok(1, "put", 2)?;
    history.invoke(0, "get", ())?;
    history.ok(0, "get", (2, "plan"))?;
    history.build()
}

/// Writes to `out` what the model says of each history.
pub(crate) fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let options = Options::default();
    for history in [right()?, wrong()?] {
        let session = Session::with_model(&Document, &history, &options);
        let report = session.check()?;
        let explanation = session.explain(&report, 3)?;
        let contexts = session.contexts(&report, SHOWN_FAILURES)?;
        let subject = Subject::new(&history, &report).explained(explanation, contexts);
        writeln!(out, "{}", text(&subject, Detail::Usual, &Palette::PLAIN))?;
    }
    Ok(())
}

#[allow(dead_code)] // A test of the same name includes this file.
fn main() -> Result<(), Box<dyn Error>> {
    run(&mut io::stdout().lock())
}
