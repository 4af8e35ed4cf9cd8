//! What was not read, and may mean what is missing: fields of no known name that stand where the
//! value, the result or the end of an operation should. A verdict over the rest would be wrong.

use crate::amounts::Amounts;
use crate::aside::Aside;
use crate::check::Verdict;
use crate::conditions::{Conditions, Fields, may_name_an_object};
use crate::contradicted::Contradicted;
use crate::error::{Code, Error};
use crate::formats::{Kind, NEW, OLD, is_of_no_consequence, map_option};
use crate::history::hash::Set;
use crate::history::{
    EventType, History, OpIndex, Operation, Outcome, Record, Shape, Value, ValueTable,
};
use crate::threads::in_parts;
use crate::vocabulary::{Verb, Word, plain};
use crate::words::{printable, shortened};

/// Looks whether what operations take, return, or when they end stands in a field that was not
/// read: it is not there where it should be, and another field is there only where that would be.
#[derive(Default)]
pub(crate) struct Unread {
    /// By the name of the operation: whether none takes anything that has to, and likewise returns.
    lacking: Vec<[bool; 2]>,
    /// Those names.
    functions: Vec<String>,
    fields: Vec<Field>,
    /// Which of them has which name, if any.
    by_name: Fields<Option<usize>>,
    aside: Aside,
    contradicted: Contradicted,
    conditions: Conditions,
    amounts: Amounts,
    places: Places,
}

/// A field of no known meaning.
struct Field {
    name: String,
    /// By the name of the operation: where it first was at its call, and at its end.
    seen: Vec<[Option<Record>; 2]>,
    /// The first record that has it, but nothing for what the operation takes, returns, or when it
    /// does,
    /// with the number of the operation's name;
    instead: [Option<(Record, usize)>; 3],
    /// and whether one has both.
    beside: [bool; 3],
    /// Whether all values are words for how operations end,
    all_ends: bool,
    /// whether one says that it succeeded,
    has_ok: bool,
    /// and the first record with another than that they succeeded.
    not_ok: Option<Record>,
}

/// Names longer than this are cut in errors.
const LONGEST: usize = 100;

/// So many fields are looked at.
const FIELDS: usize = 64;

/// What may be missing: what is said of that, and what the field is called that tells it.
const MISSING: [(&str, &str, &str); 3] = [
    ("take nothing", "it", "input"),
    ("return nothing", "it", "output"),
    ("never return", "when they did", "return"),
];

impl Unread {
    /// Takes into account an operation that was called, or that ended if `ends`; both if it is
    /// whole.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation, ends: bool) {
        let record = operation.completed.filter(|_| ends).unwrap_or(operation.invoked);
        let extras = match history.all_extras() {
            [] => &[],
            _ => history.extras(record),
        };
        self.aside.add(history, operation);
        if ends {
            self.contradicted.add(history, operation, extras);
        }
        let function = operation.function.index();
        while self.lacking.len() <= function {
            let name = history.functions().get(self.lacking.len());
            let verb = name.and_then(|name| Word::meant(name)).map(Word::verb);
            self.functions.push(name.cloned().unwrap_or_default());
            self.lacking
                .push(verb.map_or([false; 2], |verb| [verb.takes_something(), verb.answers()]));
        }
        let [input, output] = &mut self.lacking[function];
        *input &= history.without_key(operation.input).is_null();
        *output &=
            operation.outcome != Outcome::Ok || history.without_key(operation.output).is_null();
        if extras.is_empty() {
            return;
        }
        self.conditions.add(history, operation, record, extras);
        self.amounts.add(history, operation, record, extras);
        self.places.add(operation);
        for extra in extras.iter().filter(|extra| !extra.value.is_null()) {
            let Some(field) = self.field(history, extra.name) else { continue };
            if field.seen.len() <= function {
                field.seen.resize(function + 1, [None; 2]);
            }
            field.seen[function][usize::from(ends)].get_or_insert(record);
            field.look(history, operation, ends, record, extra.value);
        }
    }

    /// Forgets values, as the history does that they are of.
    pub(crate) fn forget(&mut self) {
        self.by_name = Fields::default();
        self.contradicted.forget();
        self.conditions.forget();
        self.amounts.forget();
    }

    /// Takes into account the records that are no client's.
    pub(crate) fn add_notes(&mut self, history: &History) {
        self.aside.add_notes(history);
    }

    /// Takes into account when a whole operation returned.
    fn add_return(&mut self, history: &History, index: OpIndex) {
        let record = history[index].invoked;
        let lacks = history.lacking(record).ret;
        for extra in history.extras(record) {
            if may_be_end(history, extra.value, history.times(index)[0])
                && let Some(field) = self.field(history, extra.name)
            {
                field.beside[2] |= !lacks;
                if lacks {
                    field.instead[2].get_or_insert((record, history[index].function.index()));
                }
            }
        }
    }

    /// The field `name`, unless nothing depends on it.
    fn field(&mut self, history: &History, name: Value) -> Option<&mut Field> {
        let fields = &mut self.fields;
        let places = &mut self.places;
        let at = self.by_name.get(name, || {
            places.look(history);
            let name = history.values().as_name(name)?;
            let at = fields.iter().position(|field| field.name == name);
            // A name with a dot in front was put aside for a field that a mapping names.
            let is_aside = name.starts_with('.') || is_of_no_consequence(name);
            if at.is_some() || is_aside || fields.len() == FIELDS {
                return at;
            }
            fields.push(Field {
                name: name.to_owned(),
                seen: Vec::new(),
                instead: [None; 3],
                beside: [false; 3],
                all_ends: true,
                has_ok: false,
                not_ok: None,
            });
            Some(fields.len() - 1)
        });
        self.fields.get_mut(at?)
    }

    /// Refuses what was added if something was not read that should have been.
    ///
    /// # Errors
    /// If so.
    pub(crate) fn check(&self, whole: bool) -> Result<(), Error> {
        self.aside.check()?;
        self.contradicted.check()?;
        self.conditions.check()?;
        self.amounts.check(whole)?;
        for (what, missing, role) in
            [(0, "takes anything", "input"), (1, "returns anything", "output")]
        {
            for field in &self.fields {
                if let Some((record, function)) = self.holder(field, what) {
                    let role = if whole { role } else { "value" };
                    let missing = format!("no `{}` {missing}", self.name(function));
                    let error = unread(record, &field.name, &missing, "it", role);
                    return Err(match (self.amount(), self.pair_of(&field.name)) {
                        (Some(hint), _) => error.hint(hint),
                        (None, Some([old, new])) => error.hint(format!(
                            "{} {} reads both",
                            map_option("from", old),
                            map_option("to", new)
                        )),
                        (None, None) => error,
                    });
                }
            }
        }
        self.check_places(whole)?;
        for field in &self.fields {
            for (what, (missing, told, role)) in MISSING.into_iter().enumerate() {
                if let (Some((record, function)), false) = (field.instead[what], field.beside[what])
                {
                    let is_both = field.instead[0].is_some() && field.instead[1].is_some();
                    let role = if whole && (what == 2 || !is_both) { role } else { "value" };
                    let missing = format!("some `{}` {missing}", self.name(function));
                    let error = unread(record, &field.name, &missing, told, role);
                    return Err(match self.key_and_value(what, role) {
                        Some(hint) => error.hint(hint),
                        None => error,
                    });
                }
            }
            if let (Some(record), true) = (field.not_ok, field.all_ends && field.has_ok && whole) {
                let missing = "nothing says how operations ended";
                return Err(unread(record, &field.name, missing, "it", "outcome"));
            }
        }
        Ok(())
    }

    /// How to read two fields that are there instead of what is missing, of which one may be the
    /// key.
    fn key_and_value(&self, what: usize, role: &str) -> Option<String> {
        let is_there = |field: &&Field| field.instead[what].is_some() && !field.beside[what];
        let named = |is_place: bool| {
            let mut fields = self.fields.iter().filter(is_there);
            fields.find(|field| names_a_place(&field.name) == is_place)
        };
        let (place, other) = (named(true)?, named(false)?);
        Some(format!(
            "map both ({} {}), or say what they are not ({}, {})",
            map_option("key", &printable(&place.name)),
            map_option(role, &printable(&other.name)),
            map_option("ignore", &printable(&place.name)),
            map_option("ignore", &printable(&other.name))
        ))
    }

    /// Refuses what operations take if it is read from a field that names an object, and another
    /// one is not read that all have which take something.
    fn check_places(&self, whole: bool) -> Result<(), Error> {
        let Some((role, place)) = self.places.taken.as_ref().filter(|_| !self.places.has_key)
        else {
            return Ok(());
        };
        let takes_something =
            |name: &String| Word::meant(name).is_some_and(|word| word.verb().takes_something());
        let takers =
            || (0..self.functions.len()).filter(|&at| takes_something(&self.functions[at]));
        let seen = |field: &Field, function: usize| {
            field.seen.get(function).and_then(|[call, end]| call.or(*end))
        };
        let are_beside = |field: &&Field| takers().all(|function| seen(field, function).is_some());
        let mut fields = self.fields.iter().filter(|field| !names_a_place(&field.name));
        let Some(field) = fields.find(are_beside) else { return Ok(()) };
        let Some(record) = takers().filter_map(|function| seen(field, function)).min() else {
            return Ok(());
        };
        let role = if whole { role } else { "value" };
        let [place, name] = [place, &field.name].map(|name| printable(name));
        let message = format!(
            "the field `{place}` is read as the {role}, and may be the key; the field `{name}` is \
             not read"
        );
        Err(Error::new(Code::UnreadField, message)
            .hint(format!(
                "map both ({} {}), or say that the other is not to be used ({})",
                map_option("key", &place),
                map_option(role, &name),
                map_option("ignore", &name)
            ))
            .record(record))
    }

    /// The name of the operations with this number.
    fn name(&self, function: usize) -> String {
        shortened(self.functions.get(function).map_or("", String::as_str), LONGEST)
    }

    /// How to write what operations of a bank take that stands in several fields, if it does.
    fn amount(&self) -> Option<String> {
        let named = |wanted: &[&str]| {
            let mut fields = self.fields.iter().map(|field| &*field.name);
            fields.find(|name| wanted.contains(&&*plain(name)))
        };
        let amount = named(&["amount", "amt", "sum"])?;
        let part = |name: &str, field: &str| match name == field {
            true => name.to_owned(),
            false => format!("{name}: .[\"{field}\"]"),
        };
        let input = match (named(&["from"]), named(&["to"]), named(&["account", "acct"])) {
            (Some(from), Some(to), None) => format!("{}, {}", part("from", from), part("to", to)),
            (None, None, Some(account)) => part("account", account),
            _ => return None,
        };
        Some(format!(
            "put what it takes into one field: jq -c '. + {{input: {{{input}, {}}}}}' FILE | \
             histcheck",
            part("amount", amount)
        ))
    }

    /// The fields for the two values of a compare-and-set, if this is one of them.
    fn pair_of(&self, name: &str) -> Option<[&str; 2]> {
        let named = |names: &[&str]| {
            let mut fields = self.fields.iter().map(|field| &*field.name);
            fields.find(|name| names.contains(&&*plain(name)))
        };
        let pair = [named(OLD)?, named(NEW)?];
        pair.contains(&name).then_some(pair)
    }

    /// The first record that has this field, if that is there only where something is missing: what
    /// is taken, or what is returned. An end repeats what was taken, but a call does not tell what
    /// will be returned.
    fn holder(&self, field: &Field, what: usize) -> Option<(Record, usize)> {
        let mut first: Option<(Record, usize)> = None;
        for (function, (seen, lacking)) in field.seen.iter().zip(&self.lacking).enumerate() {
            let [call, end] = *seen;
            let Some(record) = call.or(end) else { continue };
            if !lacking[what] || what == 1 && call.is_some() {
                return None;
            }
            first = Some(first.map_or((record, function), |first| first.min((record, function))));
        }
        first
    }
}

/// Which field that may name an object is read as what operations take.
#[derive(Default)]
struct Places {
    /// As what, and its name.
    taken: Option<(&'static str, String)>,
    /// Whether operations have keys.
    has_key: bool,
}

impl Places {
    fn add(&mut self, operation: &Operation) {
        self.has_key |= operation.key.is_some();
    }

    fn look(&mut self, history: &History) {
        if self.taken.is_none() {
            let mut taken = history.taken_fields().iter();
            let is_one = |(role, name): &&(&'static str, String)| {
                ["value", "input"].contains(role) && names_a_place(name)
            };
            self.taken = taken.find(is_one).cloned();
        }
    }
}

/// Whether a field of this name says where something is, rather than what.
fn names_a_place(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or_default();
    let is_content =
        matches!(&*plain(name), "item" | "record" | "row" | "field" | "object" | "obj");
    !is_content && may_name_an_object(name)
}

impl Field {
    /// Notes what `record`, an end of `operation` that has this field with `value`, has no field
    /// for.
    fn look(
        &mut self,
        history: &History,
        operation: &Operation,
        ends: bool,
        record: Record,
        value: Value,
    ) {
        let whole = history.has_whole_operations();
        let verb = history.word(operation.function).map(Word::verb);
        let lacking = history.lacking(record);
        let is_ok = operation.outcome == Outcome::Ok;
        let looks = [
            (whole || !ends) && verb.is_some_and(Verb::takes_something),
            ends && is_ok && verb.is_some_and(Verb::answers),
        ];
        for (what, lacks) in [lacking.input, lacking.output].into_iter().enumerate() {
            if looks[what] && lacks {
                self.instead[what].get_or_insert((record, operation.function.index()));
            }
            self.beside[what] |= looks[what] && !lacks;
        }
        let name = history.values().as_name(value);
        match name.and_then(EventType::meant) {
            Some(EventType::Ok) => self.has_ok = true,
            Some(EventType::Fail | EventType::Info) => {
                self.not_ok.get_or_insert(record);
            }
            Some(EventType::Invoke) | None => self.all_ends = false,
        }
    }
}

/// Whether `value` may be the time when an operation returned that was called at `call`.
fn may_be_end(history: &History, value: Value, call: Option<i64>) -> bool {
    match history.values().shape(value) {
        Shape::Int(end) => call.is_some_and(|call| end >= call),
        Shape::Decimal(_) => true,
        Shape::Text(text) => text.len() >= 8 && text.starts_with(|c: char| c.is_ascii_digit()),
        _ => false,
    }
}

/// Refuses a history of which something was not read, which up to `threads` threads find out.
///
/// # Errors
/// As [`Unread::check`], or if no operation returns, and a field may tell when it did.
pub(crate) fn check_read(history: &History, threads: usize) -> Result<(), Error> {
    if history.is_excerpt() {
        return Ok(());
    }
    if history.all_extras().is_empty() && history.annotations().is_empty() {
        let operations = history.operations();
        let checked = in_parts(threads, operations.len(), &|part| {
            let mut contradicted = Contradicted::default();
            operations[part].iter().for_each(|it| contradicted.add(history, it, &[]));
            contradicted.check()
        });
        return checked.into_iter().collect();
    }
    let whole = history.has_whole_operations();
    let mut unread_fields = Unread::default();
    unread_fields.add_notes(history);
    for (index, operation) in history.indexed() {
        if whole {
            unread_fields.add_return(history, index);
        }
        if !whole {
            unread_fields.add(history, &operation.unanswered(), false);
        }
        if whole || operation.completed.is_some() {
            unread_fields.add(history, operation, true);
        }
    }
    unread_fields.check(whole)
}

fn unread(record: Record, name: &str, missing: &str, what: &str, role: &str) -> Error {
    let name = printable(name);
    Error::new(Code::UnreadField, format!("{missing}, and the field `{name}` may tell {what}"))
        .hint(format!(
            "map it ({}), or say that it is not that ({})",
            map_option(role, &name),
            map_option("ignore", &name)
        ))
        .record(record)
}

/// The names of the fields that may be the key of an object: of no known meaning, in a history
/// without keys.
pub(crate) fn possible_keys(history: &History) -> Vec<&str> {
    if history.is_excerpt() || history.is_whole() || history.all_extras().is_empty() {
        return Vec::new();
    }
    let tally = history.tally();
    let names = tally.other_fields.iter().map(String::as_str);
    let names = names.filter(|name| !tally.has_key && may_be_key(name));
    names.filter(|name| holds_keys(history, name)).take(KEYS).collect()
}

/// Whether a field of this name may be the key of an object.
fn may_be_key(name: &str) -> bool {
    const OTHERS: [&str; 24] = [
        "region",
        "zone",
        "az",
        "role",
        "term",
        "epoch",
        "stage",
        "iteration",
        "batch",
        "round",
        "connid",
        "connection",
        "backend",
        "servedby",
        "sql",
        "method",
        "httpmethod",
        "mode",
        "category",
        "env",
        "datacenter",
        "dc",
        "isolation",
        "consistency",
    ];
    let is_told = matches!(Kind::of(name), Kind::Other | Kind::Done);
    is_told && !is_of_no_consequence(name) && !OTHERS.contains(&&*plain(name))
}

/// Whether what the first operation has in the field `name` may be a key: no flag, and no map.
fn holds_keys(history: &History, name: &str) -> bool {
    let values = history.values();
    let mut extras = history.all_extras().iter();
    let first = extras.find(|extra| values.as_name(extra.name) == Some(name));
    first.is_some_and(|extra| may_hold_key(values, extra.value))
}

fn may_hold_key(values: &ValueTable, value: Value) -> bool {
    match values.shape(value) {
        Shape::Int(_) | Shape::BigInt(_) | Shape::Keyword(_) | Shape::Symbol(_) => true,
        Shape::Text(text) => !matches!(text.to_ascii_lowercase().as_str(), "true" | "false"),
        Shape::List(_) => true,
        _ => false,
    }
}

/// So many fields are tried as keys.
const KEYS: usize = 4;

/// The fields that may be the key of an object in a history that is followed, of whose operations
/// none has a key: who cannot go back judges with one, or without.
#[derive(Default)]
pub(crate) struct KeyFields {
    calls: usize,
    /// Those that all operations so far have, with their values: up to [`KEY_VALUES`] of them.
    fields: Vec<(String, Set<String>)>,
}

/// So many values of a field are told apart.
const KEY_VALUES: usize = 1024;

impl KeyFields {
    /// Takes an operation that is called into account.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation) {
        let is_first = self.calls == 0;
        self.calls += 1;
        if self.fields.is_empty() && !is_first {
            return;
        }
        let values = history.values();
        let extras = history.extras(operation.invoked);
        if is_first {
            let keys = extras.iter().filter(|extra| may_hold_key(values, extra.value));
            let names = keys.filter_map(|extra| values.as_name(extra.name));
            let names = names.filter(|name| may_be_key(name)).take(KEYS);
            self.fields = names.map(|name| (name.to_owned(), Set::default())).collect();
        }
        self.fields.retain_mut(|(name, seen)| {
            let mut named = extras.iter().filter(|extra| values.as_name(extra.name) == Some(name));
            let Some(extra) = named.next().filter(|extra| !extra.value.is_null()) else {
                return false;
            };
            if seen.len() < KEY_VALUES {
                seen.insert(values.to_json(extra.value));
            }
            true
        });
    }

    /// Whether it may turn out yet that a field is the key. As long as all operations have the same
    /// value of it, it makes no difference.
    pub(crate) fn may_be(&self) -> bool {
        self.fields.iter().any(|(_, seen)| seen.len() >= 2)
    }

    /// Refuses a verdict if a field may be the key: every operation has it, and several have the
    /// same value.
    ///
    /// # Errors
    /// If so.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let may_be = |(name, seen): &&(String, Set<String>)| {
            seen.len() >= 2 && (seen.len() <= self.calls / 2 || may_name_an_object(name))
        };
        let Some((name, _)) = self.fields.iter().find(may_be) else {
            return Ok(());
        };
        let name = printable(name);
        let message = format!("the field `{name}`, which is not read, may be the key");
        Err(Error::new(Code::UnreadField, message).hint(format!(
            "say what it is: {} if it is the key, {} if it is not; or check the history as a \
             whole, which tries both",
            map_option("key", &name),
            map_option("ignore", &name)
        )))
    }
}

/// The error about a field that turns the verdict if it is the key.
pub(crate) fn unread_key(name: &str, verdict: [Verdict; 2]) -> Error {
    let name = printable(name);
    let [without, with] = verdict.map(Verdict::name);
    let message = format!(
        "the verdict hangs on the field `{name}`, which is not read: {without} without it, {with} \
         if it is the key"
    );
    Error::new(Code::UnreadField, message).hint(format!(
        "say what it is: {} if it is the key, {} if it is not",
        map_option("key", &name),
        map_option("ignore", &name)
    ))
}
