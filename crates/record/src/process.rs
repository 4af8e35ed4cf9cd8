//! The handles that threads record with.

use std::sync::Arc;

use histcheck_history::IntoValue;

use super::event::{Ending, Field, Introduction, Note, Payload, Scratch, What};
use super::line::is_free;
use super::track::{Shared, Track};

/// One client, which does one thing at a time: see [`Recorder::process`](super::Recorder::process).
///
/// It can be moved to the thread that is this client. If an operation of it does not end in `ok` or
/// `fail`, nobody knows whether it takes effect later; so the next one belongs to another process,
/// with a number of its own.
pub struct Process {
    track: Track,
    scratch: Scratch,
    number: i64,
    fields: Vec<Field>,
    /// Whether the last operation may still be under way.
    is_open: bool,
    /// Whether it has to be told before the next operation who this is.
    is_unknown: bool,
}

impl Process {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Process {
            track: Track::new(shared),
            scratch: Scratch::default(),
            number: shared.fresh_process(),
            fields: Vec::new(),
            is_open: false,
            is_unknown: true,
        }
    }

    /// The number that this process has in the history. It changes with the first operation behind
    /// one that ended neither in `ok` nor in `fail`.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The same process, all of whose records have a further field, such as the `node` that it is a
    /// client of. A field of that name which it has already is replaced.
    ///
    /// A name that has a meaning of its own (`process`, `type`, `f`, `value`, `key`, `time`) is
    /// refused: the recorder's end reports it, and the records do without.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl IntoValue) -> Self {
        let value = self.scratch.payload(value);
        if is_allowed(name, self.track.shared()) {
            Field { name, value }.set(&mut self.fields);
        }
        self.is_unknown = true;
        self
    }

    /// Records that the operation `function` is called with `value`: comes right before the call.
    /// The [`Call`] then records how it ended.
    #[inline]
    pub fn invoke(&mut self, function: &'static str, value: impl IntoValue) -> Call<'_> {
        let value = self.scratch.payload(value);
        self.start(function, None, value)
    }

    /// The same, for an operation on one of many keys.
    #[inline]
    pub fn invoke_key(
        &mut self,
        function: &'static str,
        key: impl IntoValue,
        value: impl IntoValue,
    ) -> Call<'_> {
        let key = self.scratch.payload(key);
        let value = self.scratch.payload(value);
        self.start(function, Some(key), value)
    }

    #[inline]
    fn start(&mut self, function: &'static str, key: Option<Payload>, value: Payload) -> Call<'_> {
        if self.is_open || self.is_unknown {
            self.introduce();
        }
        self.is_open = true;
        self.track.before(What::Invoke { function, key, value });
        Call { process: self }
    }

    /// Says who this is, as a new process if the last operation may still take effect.
    #[cold]
    fn introduce(&mut self) {
        if self.is_open {
            // The last operation may have had no completion to wait with.
            self.track.between();
            self.number = self.track.shared().fresh_process();
        }
        let introduction = Introduction { process: self.number, fields: self.fields.clone() };
        self.track.before(What::Introduce(Box::new(introduction)));
        self.is_unknown = false;
    }

    #[inline]
    fn end(&mut self, outcome: Ending, value: Payload) {
        self.track.after(What::Complete { outcome, value });
        self.is_open = outcome == Ending::Info;
    }
}

/// An operation that is under way.
///
/// If it is dropped, as by a panic, the operation stays open: it may have happened, or happen
/// later. One of which it is known that its outcome is not, such as one that timed out, is better
/// ended by [`Call::info`].
#[must_use = "an operation whose end is not recorded stays open"]
pub struct Call<'p> {
    process: &'p mut Process,
}

impl Call<'_> {
    /// The same call, whose completion has a further field: the `source` that a read was answered
    /// from, the `version` that it returned, an `error`. On this record, it replaces a field of the
    /// process that has the same name; names are as in [`Process::with`].
    pub fn with(self, name: &'static str, value: impl IntoValue) -> Self {
        let process = &mut *self.process;
        let value = process.scratch.payload(value);
        if is_allowed(name, process.track.shared()) {
            process.track.aside(What::Field(Field { name, value }));
        }
        self
    }

    /// Records that it happened and returned `value`: comes right after the call returned.
    #[inline]
    pub fn ok(self, value: impl IntoValue) {
        let value = self.process.scratch.payload(value);
        self.process.end(Ending::Ok, value);
    }

    /// Records that it did not happen, and never will.
    #[inline]
    pub fn fail(self) {
        self.process.end(Ending::Fail, Payload::Null);
    }

    /// Records that nobody knows whether it happened, or will.
    #[inline]
    pub fn info(self) {
        self.process.end(Ending::Info, Payload::Null);
    }
}

/// Someone who is no client, such as a nemesis: see
/// [`Recorder::annotator`](super::Recorder::annotator).
pub struct Annotator {
    name: String,
    notes: Notes,
}

impl Annotator {
    pub(super) fn new(shared: &Arc<Shared>, name: &str) -> Self {
        Annotator { name: name.to_owned(), notes: Notes::new(shared) }
    }

    /// Records that `function` happened, such as `partition`, with a `value` that says more.
    pub fn note(&mut self, function: &str, value: impl IntoValue) {
        self.notes.note(&self.name, function, value);
    }
}

/// A track for notes of anyone.
pub(super) struct Notes {
    track: Track,
    scratch: Scratch,
}

impl Notes {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Notes { track: Track::new(shared), scratch: Scratch::default() }
    }

    pub(super) fn note(&mut self, process: &str, function: &str, value: impl IntoValue) {
        let value = self.scratch.payload(value);
        let (process, function) = (process.to_owned(), function.to_owned());
        self.track.after(What::Note(Box::new(Note { process, function, value })));
    }
}

/// Whether a further field may be called `name`; notes it as a fault if not.
#[inline]
fn is_allowed(name: &str, shared: &Shared) -> bool {
    let is_allowed = is_free(name);
    if !is_allowed {
        shared.set_fault(format!("a further field cannot be called `{name}`"));
    }
    is_allowed
}
