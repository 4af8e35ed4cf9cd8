//! What operations returned, without what it stands in: a map `{"value": 1}` that holds the answer,
//! a 0 that says that an update is done, a `<nil>` that says that there is nothing.

use super::{History, Operation, Shape, Value, ValueTable};
use crate::vocabulary::{Verb, Word, plain};

/// What returned values stand in, going by the operations that were added. Whole histories add all
/// before they take any; who follows a history takes each as soon as it is added, and learns when a
/// later one contradicts that.
#[derive(Clone, Copy, Default)]
pub(super) struct Answers {
    /// Whether an operation is called with a map, so that maps are values.
    takes_maps: bool,
    /// Whether a map that was returned holds the answer, and whether one does not.
    maps: [bool; 2],
    /// Of which names an operation returned what says nothing, and of which something else.
    zeros: [Names; 2],
    /// Whether a read returned a word for nothing, and whether an update is called with one.
    nils: [bool; 2],
    taken: Taken,
}

/// What was taken already.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Taken {
    maps: bool,
    zeros: Names,
    nils: bool,
}

/// The first names of operations, a bit each. Others are never among them.
type Names = u64;

/// What Go and Redis print where there is nothing.
const NILS: [&str; 2] = ["<nil>", "(nil)"];

/// Takes what the operations of a history returned out of what it stands in.
///
/// Maps hold the answer if all that were returned do and no operation was called with one; a 0 or
/// an empty text says nothing if an update of that name returns nothing else. Nor does what Go and
/// Redis print where there is nothing, if a read returned it and no update was called with it: not
/// in events, which may be forgotten before that is known.
pub(super) fn take(history: &mut History) {
    if !has_odd(history) {
        return;
    }
    let mut answers = Answers::default();
    answers.add(history, &history.operations);
    for at in 0..history.operations.len() {
        history.operations[at] = answers.bare(history, history.operations[at]);
    }
}

/// Whether an operation returned a map, or what may stand for nothing. Most histories have none.
fn has_odd(history: &mut History) -> bool {
    let History { values, operations, words, whole_operations, .. } = history;
    let [zero, empty] = [values.int(0), values.text("")];
    let nils = if *whole_operations { NILS.map(|nil| values.text(nil)) } else { [empty; 2] };
    let are_writes = |word: &Option<Word>| word.is_some_and(|word| word.verb() == Verb::Write);
    let writes: Vec<bool> = words.iter().map(are_writes).collect();
    operations.iter().any(|operation| {
        let output = operation.output;
        if !output.is_stored() {
            return output == zero && writes[operation.function.index()];
        }
        output == empty || nils.contains(&output) || matches!(values.shape(output), Shape::Map(_))
    })
}

impl Answers {
    /// Adds operations, before any is taken.
    pub(super) fn add(&mut self, history: &History, operations: &[Operation]) {
        operations.iter().for_each(|operation| self.add_maps(history, operation));
        for operation in operations {
            self.add_rest(history, &self.out_of_map(history, *operation));
        }
    }

    /// Adds an operation that was called, or that ended, and returns it without what its values
    /// stand in; `None` if that contradicts what was taken before.
    pub(super) fn next(&mut self, history: &History, operation: Operation) -> Option<Operation> {
        self.add_maps(history, &operation);
        let unwrapped = self.out_of_map(history, operation);
        self.add_rest(history, &unwrapped);
        let is_contradicted = self.taken.maps && !self.are_in_maps()
            || self.taken.zeros & !self.silent() != 0
            || self.taken.nils && !self.are_nils_nothing();
        if is_contradicted {
            return None;
        }
        self.taken.maps |= unwrapped.output != operation.output;
        let bare = self.without_nothing(history, unwrapped);
        if bare.output != unwrapped.output {
            let name = name(&operation);
            match self.silent() & name {
                0 => self.taken.nils = true,
                zeros => self.taken.zeros |= zeros,
            }
        }
        Some(bare)
    }

    /// An operation without what its values stand in, as far as that is known.
    pub(super) fn bare(&self, history: &History, operation: Operation) -> Operation {
        self.without_nothing(history, self.out_of_map(history, operation))
    }

    /// Whether something was taken, which a later operation may contradict.
    pub(super) fn has_taken(&self) -> bool {
        self.taken.maps || self.taken.nils || self.taken.zeros != 0
    }

    /// Whether as much was taken as of `other`.
    pub(super) fn has_taken_as(&self, other: &Answers) -> bool {
        self.taken == other.taken
    }

    fn add_maps(&mut self, history: &History, operation: &Operation) {
        let values = &history.values;
        let is_map =
            |value: Value| value.is_stored() && matches!(values.shape(value), Shape::Map(_));
        if operation.input.is_stored() {
            let items = values.as_list(operation.input).unwrap_or_default();
            self.takes_maps |= is_map(operation.input) || items.iter().any(|&item| is_map(item));
        }
        if is_map(operation.output) {
            let is_odd = only_answer(history, operation).is_none();
            self.maps[usize::from(is_odd)] = true;
        }
    }

    /// Whether all maps that were returned hold answers.
    fn are_in_maps(&self) -> bool {
        self.maps == [true, false] && !self.takes_maps
    }

    fn out_of_map(&self, history: &History, operation: Operation) -> Operation {
        let answer = if self.are_in_maps() { only_answer(history, &operation) } else { None };
        Operation { output: answer.unwrap_or(operation.output), ..operation }
    }

    fn add_rest(&mut self, history: &History, operation: &Operation) {
        let repeats_zero = operation.output == operation.input && is_zero(history, operation);
        if !operation.output.is_null() && !repeats_zero {
            let is_else = !is_zero(history, operation);
            self.zeros[usize::from(is_else)] |= name(operation);
        }
        if !history.whole_operations {
            return;
        }
        if asks(history, operation) {
            self.nils[0] |= is_nil(&history.values, operation.output);
        } else {
            // A read may repeat at its call what it returned.
            self.nils[1] |= is_nil(&history.values, operation.input);
        }
    }

    /// The names of operations that return nothing that says anything.
    fn silent(&self) -> Names {
        self.zeros[0] & !self.zeros[1]
    }

    fn are_nils_nothing(&self) -> bool {
        self.nils == [true, false]
    }

    fn without_nothing(&self, history: &History, mut operation: Operation) -> Operation {
        let is_silent =
            self.silent() & name(&operation) != 0 && operation.output != operation.input;
        if is_silent && is_zero(history, &operation) {
            operation.output = Value::NULL;
        }
        if self.are_nils_nothing() && asks(history, &operation) {
            let values = &history.values;
            if is_nil(values, operation.output) {
                operation.output = Value::NULL;
                if is_nil(values, operation.input) {
                    operation.input = Value::NULL;
                }
            }
        }
        operation
    }
}

fn name(operation: &Operation) -> Names {
    1_u64.checked_shl(operation.function.index() as u32).unwrap_or(0)
}

/// Whether an operation returned the 0 or the empty text that an update may return for nothing:
/// what a structure holds where nothing was set, or a status. What puts items in may return a
/// place, such as 0.
fn is_zero(history: &History, operation: &Operation) -> bool {
    let values = &history.values;
    let output = operation.output;
    let is_empty = || output.is_stored() && values.as_name(output) == Some("");
    match history.word(operation.function).map(Word::verb) {
        Some(Verb::Write) => values.as_int(output) == Some(0) || is_empty(),
        Some(verb) if verb.adds_items() => is_empty(),
        _ => false,
    }
}

fn asks(history: &History, operation: &Operation) -> bool {
    history.word(operation.function).is_some_and(|word| word.verb().takes_nothing())
}

fn is_nil(values: &ValueTable, value: Value) -> bool {
    value.is_stored() && values.as_name(value).is_some_and(|name| NILS.contains(&name))
}

/// The value in the map that `operation` returned, if all else in it says that all was well.
fn only_answer(history: &History, operation: &Operation) -> Option<Value> {
    let values = &history.values;
    let Shape::Map(pairs) = values.shape(operation.output) else { return None };
    let verb = history.word(operation.function).map(Word::verb);
    let (mut answer, mut is_missing) = (None, false);
    for pair in pairs.chunks_exact(2) {
        let (name, value) = (plain(values.as_name(pair[0])?), pair[1]);
        match &*name {
            "value" | "val" | "v" | "some" | "data" if answer.is_none() => answer = Some(value),
            "ok" if pairs.len() == 2 && !matches!(value, Value::TRUE | Value::FALSE) => {
                answer = Some(value);
            }
            "ok" | "success" | "found" | "exists" if value == Value::TRUE => {}
            "err" | "error" | "status" => match error_of(values, value)? {
                Said::Nothing => {}
                Said::NotFound => is_missing = true,
            },
            _ => return None,
        }
    }
    if is_missing {
        // Beside that, a structure holds what was never set.
        let is_unset = answer.is_none_or(|answer| {
            let is_zero = values.as_int(answer) == Some(0);
            answer.is_null() || is_zero || values.as_name(answer) == Some("")
        });
        return (is_unset && verb.is_some_and(Verb::takes_nothing)).then_some(Value::NULL);
    }
    answer.or_else(|| verb.filter(|verb| verb.only_has_effect()).map(|_| Value::NULL))
}

/// What the error in an answer says.
enum Said {
    /// That there was none.
    Nothing,
    /// That there was no value.
    NotFound,
}

/// What `error`, which stands beside an answer or in its place, says; `None` if that may be
/// something else.
fn error_of(values: &ValueTable, error: Value) -> Option<Said> {
    if error.is_null() {
        return Some(Said::Nothing);
    }
    let word = plain(values.as_name(error)?);
    match word.strip_prefix("err").unwrap_or(&word) {
        "" if word.is_empty() => Some(Said::Nothing),
        "ok" | "success" => Some(Said::Nothing),
        "nokey" | "keynotfound" | "notfound" | "nosuchkey" => Some(Said::NotFound),
        _ => None,
    }
}
