//! Values that stand in something where they are written, and bare where they are read, or the
//! other way round. Nothing that was read could have been written then, so that every history of
//! the kind looks invalid: what it is about was not read.

use crate::error::{Code, Error};
use crate::history::hash::Set;
use crate::history::{History, Operation, Outcome, Record, Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Word, plain};

/// Looks at the shapes of what operations put into an object, and of what they get out of it.
#[derive(Default)]
pub(crate) struct Wrapped {
    /// The first that was put in as itself, and the first in a map or a list;
    put: [Option<Sample>; 2],
    /// likewise of those that were got.
    got: [Option<Sample>; 2],
    /// The first values that are bare, by what was put in and got, and those inside of others, the
    /// other way round: where some are the same, the one stands in the other.
    bare: [Set<String>; 2],
    inner: [Set<String>; 2],
}

/// The values of so many records are compared.
const COMPARED: usize = 1000;

/// An operation with such a value.
struct Sample {
    record: Record,
    function: String,
    /// The path inside of it to what may be the value: `.value`, `[0]`.
    inner: String,
}

/// The models whose reads return what was written; items of priority queues have their priorities.
const MODELS: [&str; 7] =
    ["register", "cas-register", "kv", "fifo-queue", "unordered-queue", "acked-queue", "stack"];

impl Wrapped {
    /// Takes an operation into account.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation) {
        let verb = history.word(operation.function).map(Word::verb);
        if verb == Some(Verb::Cas) && operation.invoked.index() < COMPARED {
            // What it writes stands in a list or a map at any rate.
            let inside = inside(history.values(), operation.input).unwrap_or_default();
            self.inner[0].extend(inside.iter().map(|inner| history.values().to_json(*inner)));
        }
        let (side, at, value, record) = match verb {
            Some(Verb::Write | Verb::Enqueue | Verb::Push) => {
                (&mut self.put, 0, operation.input, operation.invoked)
            }
            Some(Verb::Read | Verb::Dequeue | Verb::Pop | Verb::Peek)
                if operation.outcome == Outcome::Ok =>
            {
                let record = operation.completed.unwrap_or(operation.invoked);
                (&mut self.got, 1, operation.output, record)
            }
            _ => return,
        };
        if value.is_null() {
            return;
        }
        let values = history.values();
        let inside = inside(values, value);
        let is_in = inside.is_some();
        if record.index() < COMPARED {
            let shown = inside.iter().flatten().filter(|inner| !inner.is_null());
            self.inner[at].extend(shown.map(|inner| values.to_json(*inner)));
            if !is_in {
                self.bare[at].insert(values.to_json(value));
            }
        }
        side[usize::from(is_in)].get_or_insert_with(|| Sample {
            record,
            function: history.function(operation.function).to_owned(),
            inner: inner_path(values, value),
        });
    }

    /// Whether later operations may yet show that an invalid verdict on a history of `model` is one
    /// over the wrong values.
    pub(crate) fn may_turn(&self, model: &str) -> bool {
        let is_alike = (0..2).any(|at| self.put[at].is_some() && self.got[at].is_some());
        let has_inner = self.put[1].is_some() || self.got[1].is_some();
        has_inner && !is_alike && MODELS.contains(&model)
    }

    /// Refuses an invalid verdict on a history of `model` if it is one over the wrong values.
    ///
    /// # Errors
    /// If so.
    pub(crate) fn check(&self, history: &History, model: &str) -> Result<(), Error> {
        if !MODELS.contains(&model) {
            return Ok(());
        }
        let is_inside = |at: usize| !self.bare[1 - at].is_disjoint(&self.inner[at]);
        let whole = history.has_whole_operations();
        let (inside, bare, role, what) = match (&self.put, &self.got) {
            ([None, Some(put)], [Some(got), None]) if is_inside(0) => (put, got, "input", "takes"),
            ([Some(put), None], [None, Some(got)]) if is_inside(1) => {
                (got, put, "output", "returns")
            }
            _ => return Ok(()),
        };
        let verb = if what == "takes" { "returns" } else { "takes" };
        let message = format!(
            "every `{}` {what} a map or a list, and no `{}` {verb} one",
            inside.function, bare.function
        );
        let role = if whole { role } else { "value" };
        let mut taken = history.taken_fields().iter();
        let field = taken.find(|(other, _)| *other == role).map_or(role, |(_, name)| &**name);
        Err(Error::new(Code::UnreadField, message).record(inside.record).hint(format!(
            "say where the value stands in it: --map {role}=.{field}{}; the old and the new value \
             of a cas by --map from=.{field}.OLD --map to=.{field}.NEW",
            inside.inner
        )))
    }
}

/// What stands in a map or a list; `None` if `value` is neither.
fn inside(values: &ValueTable, value: Value) -> Option<Vec<Value>> {
    match values.shape(value) {
        Shape::List(items) => Some(items.to_vec()),
        Shape::Map(entries) => {
            Some(entries.as_chunks::<2>().0.iter().map(|entry| entry[1]).collect())
        }
        _ => None,
    }
}

/// The path inside of a map or a list to what may be the value.
fn inner_path(values: &ValueTable, value: Value) -> String {
    let Shape::Map(entries) = values.shape(value) else { return "[0]".to_owned() };
    let names = entries.as_chunks::<2>().0.iter().filter_map(|entry| values.as_name(entry[0]));
    let usual = |name: &&str| {
        matches!(&*plain(name), "value" | "val" | "v" | "data" | "item" | "element" | "payload")
    };
    let name = names.clone().find(usual).or(names.into_iter().next());
    name.map_or_else(String::new, |name| format!(".{name}"))
}

/// Refuses an invalid verdict on `history`, of `model`, if it is one over the wrong values.
///
/// # Errors
/// As [`Wrapped::check`].
pub(crate) fn check_wrapped(history: &History, model: &str) -> Result<(), Error> {
    let mut wrapped = Wrapped::default();
    history.operations().iter().for_each(|operation| wrapped.add(history, operation));
    wrapped.check(history, model)
}
