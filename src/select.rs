//! Some operations of a history, chosen by key, process, time or what they are.

use crate::error::{Code, Error};
use crate::formats::written_time;
use crate::history::{History, OpIndex, Operation, Time, Value, ValueTable};
use crate::model;
use crate::vocabulary::plain;
use crate::words::{counted, printable, shortened, with_thousands};

/// Which operations to look at: those that fit all criteria that are given.
///
/// ```
/// use histcheck::select::Selection;
/// let mut history = histcheck::read_text(
///     r#"
///     {"process": 0, "type": "invoke", "f": "write", "value": 1, "key": "x"}
///     {"process": 1, "type": "invoke", "f": "write", "value": 2, "key": "y"}
///     "#,
/// )?;
/// let selection = Selection { keys: vec!["y".into()], ..Selection::default() };
/// selection.apply(&mut history)?;
/// assert_eq!(history.operations().len(), 1);
/// assert!(history.selected().is_some_and(|selected| selected.keeps_invalid()));
/// # Ok::<(), histcheck::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Keys; none for all.
    pub keys: Vec<String>,
    /// Clients; none for all.
    pub processes: Vec<String>,
    /// Fields with their values. Of several values of one field, any.
    pub fields: Vec<(String, String)>,
    /// Two moments: operations that are under way between them.
    pub between: Option<[Moment; 2]>,
}

/// A moment of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// A time as records give it.
    Recorded(Time),
    /// So many nanoseconds after the first call.
    After(i64),
}

impl Moment {
    /// The moment that `text` stands for: a time as records give it, or, with a unit, one that is
    /// counted from the first call.
    pub fn parse(text: &str) -> Option<Moment> {
        let time = written_time(text)?.ok()?;
        let has_unit = text.trim_end().ends_with('s');
        Some(match time {
            Time::Whole(after) | Time::Seconds(after) | Time::Exact(after) if has_unit => {
                Moment::After(after)
            }
            time => Moment::Recorded(time),
        })
    }

    /// The same in the unit of the times of `history`, in which `start` is the first.
    fn of(self, history: &History, start: i64) -> Result<i64, Error> {
        let beyond = || Error::new(Code::BadTime, "--between is beyond 64 bits of nanoseconds");
        match self {
            Moment::After(after) => start.checked_add(after).ok_or_else(beyond),
            Moment::Recorded(Time::Whole(time)) if history.is_in_seconds() => {
                time.checked_mul(1_000_000_000).ok_or_else(beyond)
            }
            Moment::Recorded(Time::Whole(time)) => Ok(time),
            Moment::Recorded(Time::Seconds(time) | Time::Exact(time))
                if history.is_in_seconds() =>
            {
                Ok(time)
            }
            Moment::Recorded(Time::Seconds(_) | Time::Exact(_)) => {
                let whole = "--between is a fraction or a date, and the times are whole numbers";
                Err(Error::new(Code::BadTime, whole).hint(
                    "give times as the records do, or with a unit (1.5s) from the first call on",
                ))
            }
        }
    }
}

/// So many names are listed of what there is.
const LISTED: usize = 10;

impl Selection {
    /// Whether all operations are to be looked at.
    pub fn is_all(&self) -> bool {
        *self == Selection::default()
    }

    /// Leaves only these operations in `history`. What model it is of is found out before.
    ///
    /// # Errors
    /// If none is left, or they cannot be told: the history has no keys, or no times.
    pub fn apply(&self, history: &mut History) -> Result<(), Error> {
        if self.is_all() {
            return Ok(());
        }
        if !self.keys.is_empty() && history.operations().iter().all(|op| op.key.is_none()) {
            return Err(Error::new(Code::Empty, "--key selects by key, and no operation has one")
                .hint("--where input=… selects by what operations take"));
        }
        let span = self.span(history)?;
        self.check(history, span)?;
        let model = model::infer(history).ok();
        history.keep(|history, index| self.wants(history, index, span))?;
        if history.operations().is_empty() {
            return Err(none_left().hint("each criterion alone fits some: leave one out"));
        }
        if let Some(entry) = model {
            history.note_model(entry.name);
        }
        Ok(())
    }

    /// Returns the first and the last time that are selected.
    fn span(&self, history: &History) -> Result<Option<[i64; 2]>, Error> {
        let Some([from, to]) = self.between else { return Ok(None) };
        let starts = history.indices().filter_map(|index| history.times(index)[0]);
        let Some(start) = starts.min() else {
            return Err(Error::new(
                Code::BadTime,
                "--between selects by time, and no operation has one",
            ));
        };
        let [from, to] = [from.of(history, start)?, to.of(history, start)?];
        if from > to {
            return Err(Error::new(Code::BadTime, "--between ends before it starts"));
        }
        Ok(Some([from, to]))
    }

    /// Refuses a criterion that no operation fits, and lists what there is.
    fn check(&self, history: &History, span: Option<[i64; 2]>) -> Result<(), Error> {
        let values = history.values();
        let any = |fits: &dyn Fn(OpIndex) -> bool| history.indices().any(fits);
        for key in &self.keys {
            if !any(&|index| history[index].key.is_some_and(|own| is_called(values, own, key))) {
                let keys = history.operations().iter().filter_map(|op| op.key);
                return Err(nothing(&format!("no operation has the key {}", printable(key))).hint(
                    format!("there {}", listed("key", keys.map(|key| values.to_text(key)))),
                ));
            }
        }
        for process in &self.processes {
            if !any(&|index| has_process(history, &history[index], process)) {
                let all = history.operations().iter();
                let all = all.map(|op| values.to_text(history.client(op.process)));
                return Err(nothing(&format!("no operation is of process {}", printable(process)))
                    .hint(format!("there {}", listed("process", all))));
            }
        }
        for (name, value) in &self.fields {
            if !any(&|index| has_field(history, index, name, value)) {
                let all = history.indices().flat_map(|index| field(history, index, name));
                let there = listed("value", all);
                let text = format!("no operation has {}={}", printable(name), printable(value));
                return Err(nothing(&text).hint(match &*there {
                    "" => format!("no operation has a field `{}`", printable(name)),
                    there => format!("there {there}"),
                }));
            }
        }
        if span.is_some() && !any(&|index| is_under_way(history, index, span)) {
            let ends = || history.indices().flat_map(|index| history.times(index)).flatten();
            let (first, last) = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
            return Err(nothing("no operation is under way between these times")
                .hint(format!("times are from {first} to {last}")));
        }
        Ok(())
    }

    /// Refuses what cannot be told of an operation when it is called: it cannot be followed.
    ///
    /// # Errors
    /// If so.
    pub(crate) fn check_followed(&self) -> Result<(), Error> {
        let other =
            self.fields.iter().find(|(name, _)| !matches!(&**name, "f" | "process" | "key"));
        let what = match (self.between, other) {
            (None, None) => return Ok(()),
            (Some(_), _) => "--between".to_owned(),
            (None, Some((name, _))) => format!("--where {}=…", printable(name)),
        };
        Err(Error::new(Code::BadField, format!("--follow cannot select by {what}")).hint(
            "an operation is followed from its call on: select by key, process or f, or check \
                 the history as a whole",
        ))
    }

    /// Whether an operation that is followed is to be looked at, by its key and otherwise.
    pub(crate) fn wants_followed(&self, history: &History, operation: &Operation) -> [bool; 2] {
        let values = history.values();
        let one_of = |name: &str, list: &[String], fits: &dyn Fn(&str) -> bool| {
            let given = self.fields.iter().filter(|(own, _)| own == name);
            let mut fields = given.map(|(_, value)| value).peekable();
            (list.is_empty() || list.iter().any(|own| fits(own)))
                && (fields.peek().is_none() || fields.any(|own| fits(own)))
        };
        let key = |own: &str| operation.key.is_some_and(|key| is_called(values, key, own));
        let process = |own: &str| has_process(history, operation, own);
        let function = plain(history.function(operation.function));
        let named = |own: &str| plain(own) == function;
        let is_wanted = one_of("process", &self.processes, &process) && one_of("f", &[], &named);
        [one_of("key", &self.keys, &key), is_wanted]
    }

    fn wants(&self, history: &History, index: OpIndex, span: Option<[i64; 2]>) -> bool {
        self.wants_what(history, &history[index])
            && self.fields.iter().all(|(name, _)| {
                let mut values = self.fields.iter().filter(|(other, _)| other == name);
                values.any(|(_, value)| has_field(history, index, name, value))
            })
            && is_under_way(history, index, span)
    }

    /// Whether the operation has one of the keys and processes.
    fn wants_what(&self, history: &History, operation: &Operation) -> bool {
        let values = history.values();
        let is_one = |list: &[String], fits: &dyn Fn(&String) -> bool| {
            list.is_empty() || list.iter().any(fits)
        };
        is_one(&self.keys, &|key| operation.key.is_some_and(|own| is_called(values, own, key)))
            && is_one(&self.processes, &|process| has_process(history, operation, process))
    }
}

/// Whether `name` is how somebody may call `value`: as reports print it, or without its quotes.
pub fn is_called(values: &ValueTable, value: Value, name: &str) -> bool {
    values.as_name(value) == Some(name)
        || values.to_text(value) == name
        || values.to_json(value) == name
}

fn has_process(history: &History, operation: &Operation, name: &str) -> bool {
    let values = history.values();
    let client = history.client(operation.process);
    is_called(values, operation.process, name) || is_called(values, client, name)
}

fn is_under_way(history: &History, index: OpIndex, span: Option<[i64; 2]>) -> bool {
    let Some([from, to]) = span else { return true };
    let [call, ret] = history.times(index);
    // What may still happen is under way.
    let ret = ret.filter(|_| !history[index].outcome.is_indeterminate());
    call.is_some_and(|call| call <= to) && ret.is_none_or(|ret| ret >= from)
}

fn has_field(history: &History, index: OpIndex, name: &str, wanted: &str) -> bool {
    let operation = &history[index];
    let values = history.values();
    match name {
        "f" => plain(history.function(operation.function)) == plain(wanted),
        "outcome" | "type" => operation.outcome.name() == wanted,
        "process" => has_process(history, operation, wanted),
        "key" => operation.key.is_some_and(|key| is_called(values, key, wanted)),
        "input" => is_called(values, operation.input, wanted),
        "output" => is_called(values, operation.output, wanted),
        "value" => [operation.input, operation.output]
            .into_iter()
            .any(|value| is_called(values, value, wanted)),
        _ => extras(history, operation, name).any(|value| is_called(values, value, wanted)),
    }
}

/// The values of the field `name` of an operation, as people see them.
fn field(history: &History, index: OpIndex, name: &str) -> Vec<String> {
    let operation = &history[index];
    let text = |value: Value| history.values().to_text(value);
    match name {
        "f" => vec![history.function(operation.function).to_owned()],
        "outcome" | "type" => vec![operation.outcome.name().to_owned()],
        "process" => vec![text(history.client(operation.process))],
        "key" => operation.key.map(text).into_iter().collect(),
        "input" => vec![text(operation.input)],
        "output" => vec![text(operation.output)],
        "value" => [operation.input, operation.output].map(text).to_vec(),
        _ => extras(history, operation, name).map(text).collect(),
    }
}

/// The values of the further field `name` at both ends of an operation.
fn extras<'h>(
    history: &'h History,
    operation: &Operation,
    name: &str,
) -> impl Iterator<Item = Value> + 'h {
    let end = operation.completed.filter(|&end| end != operation.invoked);
    let (invoked, name) = (operation.invoked, history.values().find_text(name));
    [Some(invoked), end].into_iter().flatten().flat_map(move |record| {
        let all = history.extras(record).iter();
        all.filter(move |extra| Some(extra.name) == name).map(|extra| extra.value)
    })
}

/// The error about a selection that no operation fits.
pub(crate) fn none_left() -> Error {
    nothing("no operation fits all that is selected")
}

fn nothing(message: &str) -> Error {
    Error::new(Code::Empty, message.to_owned())
}

/// The first of the different names, and how many there are.
fn listed(noun: &str, names: impl Iterator<Item = String>) -> String {
    let mut seen = crate::history::hash::Set::default();
    let mut first: Vec<String> = Vec::new();
    for name in names {
        if seen.insert(name.clone()) && first.len() < LISTED {
            first.push(printable(&shortened(&name, 40)));
        }
    }
    let is = if seen.len() == 1 { "is" } else { "are" };
    let count = format!("{is} {}", counted(seen.len(), noun));
    match seen.len() {
        0 => String::new(),
        all if all > first.len() => {
            format!("{count}: {} and {} more", first.join(", "), with_thousands(all - first.len()))
        }
        _ => format!("{count}: {}", first.join(", ")),
    }
}
