//! Who is a client, and that a client does one thing at a time.

use super::builder::{HistoryBuilder, IDLE, NUMBERED};
use super::dense::ValueMap;
use super::{EventType, History, OpIndex, Outcome, Shape, Value};
use crate::error::{Code, Error};
use crate::vocabulary::Word;

/// Who is a client, where the user says so: names or numbers of processes, which may end in `*` for
/// whatever follows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clients {
    /// Only these are clients, if there are any.
    pub only: Vec<String>,
    /// These are none.
    pub never: Vec<String>,
}

impl Clients {
    /// Whether the process called `name` is a client; `None` if nothing says so.
    fn tells(&self, name: &str) -> Option<bool> {
        let is_named = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        if self.never.iter().any(is_named) {
            return Some(false);
        }
        (!self.only.is_empty()).then(|| self.only.iter().any(is_named))
    }
}

impl HistoryBuilder {
    /// Lets `clients` say who is a client.
    #[doc(hidden)]
    pub fn set_clients(&mut self, clients: Clients) {
        self.history.clients_are_given = clients != Clients::default();
        self.clients = Some(clients).filter(|clients| *clients != Clients::default());
    }

    /// Whether an event is a client's: its process is a number, or a name that invokes an operation
    /// of the vocabulary and completes it. A nemesis is none, whatever it does.
    #[doc(hidden)]
    #[inline]
    pub fn is_client(&mut self, process: Value, function: &str, kind: EventType) -> bool {
        let is_number = !process.is_stored() && self.history.values.as_int(process).is_some();
        self.clients.is_none() && is_number || self.is_client_called(process, function, kind)
    }

    fn is_client_called(&mut self, process: Value, function: &str, kind: EventType) -> bool {
        if let Some(clients) = &self.clients {
            let values = &self.history.values;
            let number = values.as_int(process).map(|number| number.to_string());
            let name = values.as_name(process).or(number.as_deref());
            if let Some(told) = name.and_then(|name| clients.tells(name)) {
                return told;
            }
        }
        match self.history.values.shape(process) {
            Shape::Int(_) => true,
            Shape::Text(name) | Shape::Keyword(name) if !is_nemesis(name) => {
                let tells_each = self.waiting.is_some() || self.tolerant.is_some();
                if kind == EventType::Invoke || tells_each {
                    Word::meant(function).is_some()
                } else {
                    self.has_open(process) || self.may_be_alone(function)
                }
            }
            _ => false,
        }
    }
}

/// Whether a process of this name does what the test does to the system.
fn is_nemesis(name: &str) -> bool {
    name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("nemesis"))
}

/// The error about an input without operations, which may have annotations.
pub(super) fn no_operation(history: &History, has_annotations: bool) -> Error {
    let error = Error::new(Code::Empty, "the input holds no operation of a client");
    let is_known =
        |value| history.values.as_name(value).is_some_and(|it| Word::meant(it).is_some());
    let is_nameless =
        history.annotations.iter().all(|note| history.function(note.function).is_empty());
    let named = history.extras.iter().find(|extra| is_known(extra.value));
    if let Some(name) = named.filter(|_| is_nameless).and_then(|it| history.values.as_name(it.name))
    {
        error.hint(format!("`f` names the operation: --map 'f=.\"{name}\"' if that is what it is"))
    } else if has_annotations {
        error.hint(
            "clients are processes with a number, or with a name if they invoke operations that \
             `histcheck models` lists; all others are the test's own (a nemesis)",
        )
    } else {
        error.hint("was the recorder running, and is this the right file?")
    }
}

impl History {
    /// Refuses a history in which a process, by the times, calls while its operation is open.
    ///
    /// # Errors
    /// If so.
    #[doc(hidden)]
    pub fn check_one_at_a_time(&self) -> Result<(), Error> {
        check_processes(self)
    }
}

/// A process does one thing at a time also where records tell both ends.
pub(super) fn check_processes(history: &History) -> Result<(), Error> {
    let mut last = ValueMap::new(IDLE, NUMBERED);
    for (index, operation) in history.indexed() {
        let previous = std::mem::replace(last.slot(operation.process), index.index() as u32);
        if previous == IDLE {
            continue;
        }
        let previous = OpIndex::new(previous as usize);
        let (before, now) = (history.times(previous), history.times(index));
        let overlaps = match before[1] {
            Some(ret) => now[0].is_some_and(|call| call < ret),
            None => history[previous].outcome == Outcome::Open,
        };
        if overlaps {
            return Err(Error::new(
                Code::DoubleInvoke,
                format!(
                    "process {} calls while its operation of record {} (from 0) is still open",
                    history.values.to_json(operation.process),
                    history[previous].invoked
                ),
            )
            .hint(
                "give each thread its own process; an unknown outcome has the type info; or let \
                 --split-clients divide clients whose operations overlap",
            )
            .record(operation.invoked));
        }
    }
    Ok(())
}
