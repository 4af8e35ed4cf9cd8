//! Fields that make of an operation another one, and are not read: a part of its key, a condition
//! on which it happens, the number that a lock hands out.

use crate::error::{Code, Error};
use crate::history::hash::{Map, Set};
use crate::history::{Extra, History, Operation, Outcome, Record, Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Word, plain};
use crate::words::printable;

/// Looks for such fields.
#[derive(Default)]
pub(crate) struct Conditions {
    fields: Fields<Option<Meaning>>,
    /// The first field that may be a part of keys, with its first value beside each key.
    space: Option<Value>,
    spaces: Map<Value, Value>,
    /// The ids that operations were called with.
    ids: Set<(Value, Value)>,
    first: Option<Error>,
}

/// What is known of fields by their names, of which records have few.
pub(crate) struct Fields<T>(Vec<(Value, T)>);

impl<T> Default for Fields<T> {
    fn default() -> Self {
        Fields(Vec::new())
    }
}

/// What is known of so many fields is kept.
const FIELDS: usize = 64;

impl<T: Copy> Fields<T> {
    /// Returns what is known of the field `name`, or else what `find` finds out.
    pub(crate) fn get(&mut self, name: Value, find: impl FnOnce() -> T) -> T {
        if let Some((_, known)) = self.0.iter().find(|(other, _)| *other == name) {
            return *known;
        }
        let found = find();
        if self.0.len() < FIELDS {
            self.0.push((name, found));
        }
        found
    }

    /// Replaces what is known of the field `name`.
    pub(crate) fn set(&mut self, name: Value, known: T) {
        if let Some((_, slot)) = self.0.iter_mut().find(|(other, _)| *other == name) {
            *slot = known;
        }
    }
}

/// What a field may mean that is not read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// In which of several stores a key is.
    Space,
    /// On which condition an update happens.
    Condition,
    /// The number that a lock hands out.
    Token,
    /// The id of an operation.
    Id,
}

impl Meaning {
    fn of(name: &str) -> Option<Meaning> {
        // A name with a dot in front was put aside for a field that a mapping names.
        if name.len() > LONGEST || name.starts_with('.') {
            return None;
        }
        let name = plain(name);
        match name.rsplit('.').next().unwrap_or_default() {
            "table" | "tablename" | "db" | "database" | "namespace" | "ns" | "keyspace"
            | "collection" | "bucket" | "schema" | "tenant" | "tenantid" | "topic"
            | "partition" | "column" | "field" | "hashfield" => Some(Meaning::Space),
            "ifversion" | "ifmatch" | "ifnonematch" | "ifrevision" | "expectedversion"
            | "expectedrevision" | "expectversion" | "prevversion" | "prevrevision"
            | "previndex" | "ifabsent" | "ifnotexists" | "onlyifabsent" | "nx" | "condition"
            | "precondition" | "expected" | "expect" | "old" | "oldvalue" | "prev" | "previous"
            | "prevvalue" | "previousvalue" => Some(Meaning::Condition),
            "opid" | "operationid" | "requestid" | "reqid" => Some(Meaning::Id),
            "token" | "fence" | "fencingtoken" | "fencetoken" => Some(Meaning::Token),
            _ => None,
        }
    }
}

/// Longer names are none of those that are looked for.
const LONGEST: usize = 32;

/// So many ids are remembered.
const IDS: usize = 1 << 20;

/// Whether a field of this name may say which object an operation is about, even where hardly two
/// operations are about the same.
pub(crate) fn may_name_an_object(name: &str) -> bool {
    let name = plain(name);
    let name = ["name", "id"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    matches!(Meaning::of(name), Some(Meaning::Space))
        || matches!(
            name,
            "lock"
                | "mutex"
                | "resource"
                | "queue"
                | "account"
                | "path"
                | "file"
                | "object"
                | "obj"
                | "register"
                | "row"
                | "record"
                | "item"
                | "entity"
                | "var"
                | "variable"
                | "field"
                | "counter"
                | "set"
                | "list"
                | "stack"
                | "semaphore"
                | "log"
        )
}

impl Conditions {
    /// Takes into account `record`, which tells an end of an operation,
    /// with these fields that are not read.
    pub(crate) fn add(
        &mut self,
        history: &History,
        operation: &Operation,
        record: Record,
        extras: &[Extra],
    ) {
        if self.first.is_some() {
            return;
        }
        let values = history.values();
        for extra in extras {
            let Some(name) = values.as_name(extra.name) else { continue };
            let meaning = match self.fields.get(extra.name, || Meaning::of(name)) {
                // Options of a request may stand in a map.
                None => within(values, extra.value),
                meaning => meaning,
            };
            let Some(meaning) = meaning else { continue };
            let verb = history.word(operation.function).map(Word::verb);
            let is_set = !matches!(
                values.shape(extra.value),
                Shape::Null | Shape::Bool(false) | Shape::Text("")
            ) && operation.outcome != Outcome::Fail;
            let name = printable(name);
            self.first = match (meaning, verb) {
                (Meaning::Id, _) => self.look_at_id(history, operation, record, extra),
                (Meaning::Space, _) if operation.key.is_some() => {
                    let is_first = *self.space.get_or_insert(extra.name) == extra.name;
                    let key = operation.key.filter(|_| is_first && self.spaces.len() < IDS);
                    let known = key.map(|key| *self.spaces.entry(key).or_insert(extra.value));
                    let differs = known.is_some_and(|known| known != extra.value);
                    differs.then(|| space(&name, record))
                }
                (Meaning::Condition, Some(Verb::Write | Verb::Delete)) if is_set => {
                    let function = printable(history.function(operation.function));
                    Some(condition(&function, &name, record))
                }
                (Meaning::Token, Some(Verb::Acquire | Verb::TryAcquire))
                    if is_set && operation.outcome == Outcome::Ok && operation.output.is_null() =>
                {
                    Some(token(history.has_whole_operations(), &name, record))
                }
                _ => continue,
            };
            if self.first.is_some() {
                return;
            }
        }
    }

    /// Forgets values, which may stand for others from now on.
    pub(crate) fn forget(&mut self) {
        *self = Conditions { first: self.first.take(), ..Conditions::default() };
    }

    /// Looks whether the end of an operation has the id of another one.
    fn look_at_id(
        &mut self,
        history: &History,
        operation: &Operation,
        record: Record,
        extra: &Extra,
    ) -> Option<Error> {
        let id = (extra.name, extra.value);
        if record == operation.invoked {
            if self.ids.len() < IDS {
                self.ids.insert(id);
            }
            return None;
        }
        let called = history.extras(operation.invoked).iter();
        let own = called.filter(|other| other.name == extra.name).map(|other| other.value).next();
        let is_other = own.is_some_and(|own| own != extra.value) && self.ids.contains(&id);
        is_other.then(|| {
            let name = history.values().as_name(extra.name).unwrap_or_default();
            another_id(&printable(name), record)
        })
    }

    /// Refuses a history with such a field.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.first.clone().map_or(Ok(()), Err)
    }
}

/// What the name of an entry of a map means, if it is set.
fn within(values: &ValueTable, value: Value) -> Option<Meaning> {
    let Shape::Map(entries) = values.shape(value) else { return None };
    entries.as_chunks::<2>().0.iter().find_map(|&[name, value]| {
        let is_set = !matches!(values.shape(value), Shape::Null | Shape::Bool(false));
        let meaning = Meaning::of(values.as_name(name)?);
        meaning.filter(|meaning| is_set && *meaning == Meaning::Condition)
    })
}

/// The error about an update whose condition, or old value, was not read.
fn condition(function: &str, name: &str, record: Record) -> Error {
    let message = format!(
        "this `{function}` has a field `{name}`, which is not read: a condition, or the value \
         before"
    );
    Error::new(Code::UnreadField, message)
        .hint(format!(
            "if it is a condition, record the operation that it is: cas, put-if-absent or \
             put-if-version; if it returned the value before, return {{\"previous\": VALUE}}; if \
             neither: --map ignore=.{name}"
        ))
        .record(record)
}

/// The error about the number of a lock, which was not read.
fn token(whole: bool, name: &str, record: Record) -> Error {
    let role = if whole { "output" } else { "value" };
    let message = format!("nothing says what acquiring the lock returned, and `{name}` may");
    Error::new(Code::UnreadField, message)
        .hint(format!(
            "to check that these numbers grow: --model fenced-mutex --map {role}=.{name}; if they \
             mean something else: --map ignore=.{name}"
        ))
        .record(record)
}

/// The error about a field that may be a part of the keys.
fn space(name: &str, record: Record) -> Error {
    let message = format!("the field `{name}`, which is not read, may be a part of the key");
    Error::new(Code::UnreadField, message)
        .hint(format!(
            "if it is, put both into the key: \"key\": [{name}, key]; if no two objects have the \
             same key: --map ignore=.{name}"
        ))
        .record(record)
}

/// The error about an end with the id of another operation.
fn another_id(name: &str, record: Record) -> Error {
    let message = format!("this is the end of another operation, by its `{name}`");
    Error::new(Code::Mismatch, message)
        .hint(format!(
            "--split-clients pairs operations by their ids; if it is none: --map ignore=.{name}"
        ))
        .record(record)
}
