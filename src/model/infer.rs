//! Which model a history means, by the names of its operations, and where these fit several, by
//! the shapes of its values.

use super::any::no_such_model;
use super::list_append::{has_micro, shows_list};
use super::lock::names_holder;
use super::owned_semaphore::names_permits;
use super::versioned_kv::{names_both, names_version};
use super::{CATALOGUE, Entry, View, previous};
use crate::error::{Code, Error};
use crate::history::{History, Operation, Outcome, Record, Shape, Value, is_transaction};
use crate::threads::in_parts;
use crate::vocabulary::{Verb, Word, micro_operation, plain};

/// Models of which the first is meant where nothing but the names of operations is known.
const USUAL: &[&[&str]] = &[
    &["kv", "register", "cas-register", "multi-register", "list-append"],
    &["fifo-queue", "unordered-queue", "priority-queue", "acked-queue"],
    &["mutex", "fenced-mutex", "reentrant-mutex", "semaphore"],
];

/// The words by which `kv` is meant even where others know all of them. It knows those of registers
/// and counters, too: it is what is left where no other model has all of them together.
const KEY_WORDS: &[&str] = &["get", "put", "append", "delete"];

/// The models that the values of operations tell from others with the same words.
const BY_VALUES: &[&str] =
    &["versioned-kv", "owned-semaphore", "fenced-mutex", "list-append", "counter", "set", "kv"];

/// The built-in model that the operations of `history` belong to. Its metadata may name it.
///
/// ```
/// let mut history = histcheck::History::builder();
/// history.invoke(0, "push", 1)?;
/// history.ok(0, "push", 1)?;
/// assert_eq!(histcheck::model::infer(&history.build()?)?.name, "stack");
/// # Ok::<(), histcheck::Error>(())
/// ```
///
/// # Errors
/// If no model knows all operations, or several do and none is more usual.
pub fn infer(history: &History) -> Result<&'static Entry, Error> {
    infer_on(1, history)
}

/// As [`infer`], on `threads` threads (0: one a processor).
///
/// # Errors
/// As [`infer`].
pub(crate) fn infer_on(threads: usize, history: &History) -> Result<&'static Entry, Error> {
    if let Some(named) = named(None, history) {
        return named.map(|(entry, _)| entry);
    }
    // A part of the operations may look like another model.
    let whole = history.selected().and_then(|selected| selected.model);
    if let Some(entry) = whole.and_then(|name| CATALOGUE.iter().find(|entry| entry.name == name)) {
        return Ok(entry);
    }
    let operations = history.operations();
    let parts = in_parts(threads, operations.len(), &|part| {
        let mut hints = Hints::default();
        operations[part].iter().for_each(|operation| hints.note(history, operation));
        hints
    });
    let mut hints = Hints::default();
    parts.into_iter().for_each(|part| hints.join(part));
    hints.infer()
}

/// Where the choice of a model came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ModelSource {
    /// The caller named it.
    #[default]
    Given,
    /// The history's metadata names it.
    Metadata,
    /// It was inferred from the names of the operations.
    Inferred,
}

impl ModelSource {
    /// The word for programs: `given`, `metadata`, `inferred`.
    pub fn name(self) -> &'static str {
        match self {
            ModelSource::Given => "given",
            ModelSource::Metadata => "metadata",
            ModelSource::Inferred => "inferred",
        }
    }
}

/// Returns the model that the caller or else the metadata of `history` names; `None` if neither
/// does.
///
/// # Errors
/// If there is no such model.
pub(crate) fn named(
    given: Option<&str>,
    history: &History,
) -> Option<Result<(&'static Entry, ModelSource), Error>> {
    let find = |name: &str| Entry::find(name).ok_or_else(|| no_such_model(name));
    if let Some(name) = given {
        return Some(find(name).map(|entry| (entry, ModelSource::Given)));
    }
    let named = history.metadata_field("model")?;
    let text = history.values().to_json(named);
    let name = history.values().as_name(named).unwrap_or(&text);
    Some(find(name).map(|entry| (entry, ModelSource::Metadata)))
}

/// What operations tell of the model that they belong to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Hints {
    /// Their names as the vocabulary spells them, in the order of their first appearance.
    functions: Vec<String>,
    /// Which of the history's names were seen.
    seen: Vec<bool>,
    /// Whether a completed read returned an integer, and whether one returned a collection.
    reads: [bool; 2],
    /// Whether an input is an integer.
    counts: bool,
    /// Whether an update told what was there before.
    olds: bool,
    /// Whether a lock told its holder, or a fence.
    holders: bool,
    /// Of transactions: whether one appends, whether one writes, and whether one read a list.
    micros: [bool; 3],
    /// Whether some operation is no list of micro-operations.
    is_plain: bool,
    /// The first operation on a log with offsets, as Jepsen's workload for Kafka writes them.
    kafka: Option<Record>,
    versions: Versions,
    /// Whether an operation on permits names their owner and their number.
    owned: bool,
}

/// Sets the flags that are set in `others`.
fn join_flags(flags: &mut [bool], others: impl IntoIterator<Item = bool>) {
    flags.iter_mut().zip(others).for_each(|(flag, other)| *flag |= other);
}

/// What operations tell of versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Versions {
    /// Whether a read returned a value with its version, and whether one returned anything else.
    reads: [bool; 2],
    /// Whether a write took a value with a version, and whether one took anything else.
    writes: [bool; 2],
    /// Whether an update demanded a version for certain, or returned nothing but one.
    is_certain: bool,
}

impl Versions {
    /// Takes an operation into account.
    fn add(&mut self, verb: Verb, input: View<'_>, output: Option<View<'_>>) {
        let output = output.filter(|output| !output.is_null() && output.value != input.value);
        match verb {
            Verb::Read => {
                if let Some(output) = output {
                    self.reads[usize::from(!names_both(output))] = true;
                }
            }
            Verb::Write => {
                self.writes[usize::from(!names_both(input))] |= !input.is_null();
                self.is_certain |= output.is_some_and(names_version);
            }
            Verb::Cas | Verb::PutIfVersion => self.is_certain |= names_both(input),
            _ => {}
        }
    }

    /// Whether values have versions; `None` if they may.
    fn are_there(self) -> Option<bool> {
        match (self.reads, self.writes) {
            _ if self.is_certain => Some(true),
            ([true, false], [_, true]) => Some(true),
            // Such maps may be the values.
            ([true, false], [true, false]) => None,
            _ => Some(false),
        }
    }
}

impl Hints {
    /// Takes one more operation of `history` into account; whether that tells anything new.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation) -> bool {
        let before = self.known();
        self.note(history, operation);
        before != self.known()
    }

    /// Takes one more operation of `history` into account.
    fn note(&mut self, history: &History, operation: &Operation) {
        let number = operation.function.index();
        if !self.seen.get(number).copied().unwrap_or(false) {
            self.seen.resize(self.seen.len().max(number + 1), false);
            self.seen[number] = true;
            let name = history.function(operation.function);
            let word = history.word(operation.function);
            let name = word.map_or_else(|| name.to_owned(), |word| word.name().to_owned());
            if !self.functions.contains(&name) {
                self.functions.push(name);
            }
        }
        let values = history.values();
        self.is_plain = self.is_plain || !is_transaction(values, operation.input);
        self.counts = self.counts || values.as_int(history.without_key(operation.input)).is_some();
        let verb = history.word(operation.function).map(Word::verb);
        if self.kafka.is_none()
            && matches!(verb, Some(Verb::Enqueue | Verb::Dequeue | Verb::Txn))
            && has_micro(View { table: values, value: operation.input }, |name| {
                matches!(name, "send" | "poll")
            })
        {
            self.kafka = Some(operation.invoked);
        }
        if verb == Some(Verb::Txn) && !self.micros[0] {
            let input = View { table: values, value: history.without_key(operation.input) };
            let output = View { value: history.without_key(operation.output), ..input };
            let is = |verb| move |name: &str| micro_operation(name) == Some(verb);
            self.micros[0] = has_micro(input, is(Verb::Append));
            self.micros[1] |= has_micro(input, is(Verb::Write));
            self.micros[2] |= operation.outcome == Outcome::Ok && shows_list(output);
        }
        if let Some(verb) = verb {
            let view = |value: Value| View { table: values, value: history.without_key(value) };
            let output = (operation.outcome == Outcome::Ok).then(|| view(operation.output));
            if matches!(verb, Verb::Acquire | Verb::Release | Verb::TryAcquire) {
                self.owned |= names_permits(view(operation.input));
                self.owned |= output.is_some_and(names_permits);
            }
            self.versions.add(verb, view(operation.input), output);
        }
        if operation.outcome != Outcome::Ok {
            return;
        }
        if !self.olds && matches!(verb, Some(Verb::Write | Verb::Delete)) {
            let output = View { table: values, value: history.without_key(operation.output) };
            self.olds = operation.output != operation.input && previous(output).is_some();
        }
        if !self.holders && matches!(verb, Some(Verb::Acquire | Verb::TryAcquire)) {
            let output = View { table: values, value: history.without_key(operation.output) };
            self.holders = operation.output != operation.input && names_holder(output);
        }
        if self.reads != [true; 2] && verb == Some(Verb::Read) {
            match values.shape(history.without_key(operation.output)) {
                Shape::Int(_) | Shape::BigInt(_) => self.reads[0] = true,
                Shape::List(_) | Shape::Set(_) => self.reads[1] = true,
                _ => {}
            }
        }
    }

    /// Takes into account what `later` operations of the same history tell.
    fn join(&mut self, later: Hints) {
        let Hints { functions, seen, reads, counts, olds, holders, micros, .. } = later;
        for name in functions {
            if !self.functions.contains(&name) {
                self.functions.push(name);
            }
        }
        join_flags(&mut self.reads, reads);
        // Behind a transaction that appends, others are not looked at.
        if !self.micros[0] {
            join_flags(&mut self.micros, micros);
        }
        self.seen.resize(self.seen.len().max(seen.len()), false);
        join_flags(&mut self.seen, seen);
        self.counts |= counts;
        self.olds |= olds;
        self.holders |= holders;
        self.is_plain |= later.is_plain;
        self.kafka = self.kafka.or(later.kafka);
        join_flags(&mut self.versions.reads, later.versions.reads);
        join_flags(&mut self.versions.writes, later.versions.writes);
        self.versions.is_certain |= later.versions.is_certain;
        self.owned |= later.owned;
    }

    /// What is known so far, to tell whether something new comes.
    fn known(&self) -> (usize, [bool; 2], [bool; 6], [bool; 3], Versions) {
        let is_kafka = self.kafka.is_some();
        let known = [self.counts, self.olds, self.holders, self.is_plain, self.owned, is_kafka];
        (self.functions.len(), self.reads, known, self.micros, self.versions)
    }

    /// Whether all operations may belong to several models, and would be taken for reads of a
    /// register.
    pub(crate) fn are_vague(&self) -> bool {
        let verb = |function: &String| Word::named(function).map(Word::verb);
        self.functions.iter().all(|function| verb(function) == Some(Verb::Read))
    }

    /// Returns the models that more operations may show to be meant, where `known` was so far.
    pub(crate) fn rivals(&self, known: &str) -> impl Iterator<Item = &'static Entry> {
        let meant = Entry::find(known);
        self.fitting().filter(move |entry| {
            // Where it has no word of its own, only the values tell.
            let is_told =
                meant.is_none_or(|meant| entry.functions.iter().any(|f| !meant.knows(f.name)));
            entry.name != known && (is_told || BY_VALUES.contains(&entry.name))
        })
    }

    /// Returns the built-in models that know all operations.
    pub(crate) fn fitting(&self) -> impl Iterator<Item = &'static Entry> {
        let knows = |entry: &&Entry| self.functions.iter().all(|function| entry.knows(function));
        CATALOGUE.iter().filter(knows)
    }

    /// The built-in model that the operations belong to.
    ///
    /// # Errors
    /// As [`infer`].
    pub(crate) fn infer(&self) -> Result<&'static Entry, Error> {
        if let Some(record) = self.kafka {
            return Err(sends_and_polls().record(record));
        }
        let functions: Vec<&str> = self.functions.iter().map(String::as_str).collect();
        let mut fitting: Vec<&'static Entry> = self.fitting().collect();
        if !self.is_plain
            && functions != ["txn"]
            && let Some(registers) = fitting.iter().find(|entry| entry.name == "multi-register")
        {
            return Ok(registers);
        }
        if let Some(at) = fitting.iter().position(|entry| entry.name == "versioned-kv") {
            match self.versions.are_there() {
                Some(true) => return Ok(fitting[at]),
                None => {
                    let hint = "where reads return the version of a value, name --model \
                                versioned-kv; where such maps are the values, --model kv";
                    let names: Vec<&str> = fitting.iter().map(|entry| entry.name).collect();
                    return Err(ambiguous(&functions, &names).hint(hint));
                }
                Some(false) if fitting.len() > 1 => _ = fitting.remove(at),
                Some(false) => {}
            }
        }
        if let Some(at) = fitting.iter().position(|entry| entry.name == "owned-semaphore") {
            if self.owned {
                return Ok(fitting[at]);
            }
            fitting.remove(at);
        }
        if self.olds
            && let Some(kv) = fitting.iter().copied().find(|entry| entry.name == "kv")
        {
            return Ok(kv);
        }
        let is_of_keys = functions.iter().all(|function| KEY_WORDS.contains(function));
        if fitting.len() > 1 && !is_of_keys {
            fitting.retain(|entry| entry.name != "kv");
        }
        match fitting[..] {
            [] => Err(unknown(&functions)),
            [entry] => Ok(entry),
            _ => self.choose(&functions, &fitting),
        }
    }

    fn choose(
        &self,
        functions: &[&str],
        fitting: &[&'static Entry],
    ) -> Result<&'static Entry, Error> {
        let names: Vec<&str> = fitting.iter().map(|entry| entry.name).collect();
        let named = |name: &str| fitting.iter().copied().find(|entry| entry.name == name);
        if self.are_vague()
            && let Some(register) = named("register")
        {
            return Ok(register);
        }
        if names == ["counter", "set"] {
            return match self.reads {
                [true, false] => named("counter"),
                [false, true] => named("set"),
                _ => None,
            }
            .ok_or_else(|| ambiguous(functions, &names));
        }
        if names.contains(&"semaphore") && self.counts {
            return Err(ambiguous(functions, &names).hint(
                "these count permits: name the model and their number with --model semaphore \
                 --init N",
            ));
        }
        if self.holders
            && let Some(lock) = named("fenced-mutex")
        {
            return Ok(lock);
        }
        let [appends, writes, lists] = self.micros;
        if (appends || lists && !writes)
            && let Some(lists) = named("list-append")
        {
            return Ok(lists);
        }
        let usual = USUAL
            .iter()
            .find(|group| names.iter().all(|name| group.contains(name)))
            .and_then(|group| group.iter().find_map(|name| named(name)));
        usual.ok_or_else(|| ambiguous(functions, &names))
    }
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn ambiguous(functions: &[&str], names: &[&str]) -> Error {
    Error::new(
        Code::NoModel,
        format!("the operations {} fit several models: {}", quoted(functions), quoted(names)),
    )
    .hint("name the one that is meant with --model")
}

/// The error for operations on a log with offsets.
fn sends_and_polls() -> Error {
    Error::new(Code::NoModel, "no model knows sends and polls of logs with offsets, as of Kafka")
        .hint(
            "they are no operations of a queue: consumers have positions of their own; Jepsen's \
             own checker of this workload is tests.kafka",
        )
}

/// The error for operations that no model knows all of; it lists the models that know most.
fn unknown(functions: &[&str]) -> Error {
    let known = |entry: &Entry| functions.iter().filter(|f| entry.knows(f)).count();
    let most = CATALOGUE.iter().map(known).max().unwrap_or(0);
    if most == 0 {
        if let Some(hint) = words_of_several(functions) {
            let message =
                format!("the operations {} may mean several things", shortened(functions));
            return Error::new(Code::NoModel, message).hint(hint);
        }
        let message = format!("no model knows the operations {}", shortened(functions));
        return Error::new(Code::NoModel, message).hint(if functions == ["echo"] {
            "an echo tells nothing of an object that clients share: there is nothing to check"
        } else {
            "`histcheck models` lists the models with their operations"
        });
    }
    if let Some(hint) = words_of_several(functions) {
        let message = format!("the operations {} may mean several things", shortened(functions));
        return Error::new(Code::NoModel, message).hint(hint);
    }
    let nearest: Vec<&Entry> = CATALOGUE.iter().filter(|entry| known(entry) == most).collect();
    let nearest_names: Vec<&str> = nearest.iter().map(|entry| entry.name).collect();
    let missing: Vec<&str> = functions
        .iter()
        .copied()
        .filter(|function| nearest.iter().any(|entry| !entry.knows(function)))
        .collect();
    let has: Vec<String> = nearest
        .iter()
        .map(|entry| format!("{} has {}", entry.name, entry.function_names()))
        .collect();
    Error::new(
        Code::NoModel,
        format!(
            "no model knows all of {}; nearest: {}, without {}",
            shortened(functions),
            quoted(&nearest_names),
            shortened(&missing)
        ),
    )
    .hint(has.join("; "))
}

/// Words that mean something together which neither means alone, the word that each stands for, and
/// what that is.
const TOGETHER: &[([&str; 2], [&str; 2], &str)] = &[
    (["lpush", "rpop"], ["enqueue", "dequeue"], "a queue"),
    (["rpush", "lpop"], ["enqueue", "dequeue"], "a queue"),
    (["lpush", "lpop"], ["push", "pop"], "a stack"),
    (["rpush", "rpop"], ["push", "pop"], "a stack"),
    (["put", "take"], ["enqueue", "dequeue"], "a queue"),
    (["offer", "take"], ["enqueue", "dequeue"], "a queue"),
    (["add", "take"], ["enqueue", "dequeue"], "a queue"),
    (["p", "v"], ["acquire", "release"], PERMITS),
    (["down", "up"], ["acquire", "release"], PERMITS),
    (["wait", "signal"], ["acquire", "release"], PERMITS),
    (["wait", "post"], ["acquire", "release"], PERMITS),
];
/// What counts permits.
const PERMITS: &str = "a lock (for a semaphore of N permits, with --model semaphore --init N)";

/// How to say what operations mean whose names mean something only together.
fn words_of_several(functions: &[&str]) -> Option<String> {
    let named = |wanted: &str| functions.iter().find(|function| plain(function) == wanted);
    let (names, words, object) = TOGETHER.iter().find_map(|&(pair, words, object)| {
        Some(([*named(pair[0])?, *named(pair[1])?], words, object))
    })?;
    let rule = |at: usize| match names[at].chars().all(|c| c.is_alphanumeric()) {
        true => format!("--map f:{}={}", names[at], words[at]),
        false => format!("--map 'f:{}={}'", names[at], words[at]),
    };
    Some(format!("{} {} if these are operations on {object}", rule(0), rule(1)))
}

/// At most ten of the names.
fn shortened(functions: &[&str]) -> String {
    match functions.get(..10) {
        Some(first) if functions.len() > 10 => {
            format!("{} and {} more", quoted(first), functions.len() - 10)
        }
        _ => quoted(functions),
    }
}
