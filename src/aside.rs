//! Named processes whose operations no model knows. They count as the test's own, such as a
//! nemesis; but where other clients have names, too, they may be clients, and a verdict without
//! what they did would be wrong.

use crate::error::{Code, Error};
use crate::history::{Annotation, EventType, History, Operation};
use crate::vocabulary::plain;
use crate::words::shortened;

/// Looks for such processes.
#[derive(Default)]
pub(crate) struct Aside {
    has_named_clients: bool,
    first: Option<Error>,
}

impl Aside {
    /// Takes a client's operation into account.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation) {
        self.has_named_clients |= history.values().as_name(operation.process).is_some();
    }

    /// Takes into account the records of others that `history` has at hand.
    pub(crate) fn add_notes(&mut self, history: &History) {
        if self.first.is_some() || history.clients_are_given() {
            return;
        }
        let mut notes = history.annotations().iter();
        if let Some(note) = notes.find(|note| may_be_an_operation(history, note)) {
            let shown = |text: &str| shortened(text, SHOWN);
            let process = shown(history.values().as_name(note.process).unwrap_or_default());
            let function = shown(history.function(note.function));
            let message =
                format!("no model knows `{function}`, which `{process}` did as clients do");
            let hint = format!(
                "say what it means, as in --map f:{function}=write; or that `{process}` is no \
                 client: --ignore-process {process}"
            );
            let error = Error::new(Code::UnknownOperation, message).record(note.record).hint(hint);
            self.first = Some(error);
        }
    }

    /// Refuses a history with such a process.
    ///
    /// # Errors
    /// If there is one.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.first {
            Some(error) if self.has_named_clients => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// Names are shown up to this length.
const SHOWN: usize = 40;

/// Whether what a process did that is no client may be an operation on an object.
fn may_be_an_operation(history: &History, note: &Annotation) -> bool {
    let function = plain(history.function(note.function));
    let Some(process) = history.values().as_name(note.process).map(plain) else { return false };
    // A nemesis has a type for everything: `info`.
    let is_done = note.kind != EventType::Info || history.has_whole_operations();
    let is_fault = |name: &str| FAULTS.iter().any(|part| name.contains(part));
    is_done
        && !function.is_empty()
        && history.word(note.function).is_none()
        && !is_fault(&function)
        && !ABOUT_NOTHING.contains(&&*function)
        && !is_fault(&process)
}

/// What clients do that concerns no object.
const ABOUT_NOTHING: [&str; 16] = [
    "ping",
    "pong",
    "heartbeat",
    "keepalive",
    "hello",
    "connect",
    "connected",
    "reconnect",
    "disconnect",
    "login",
    "logout",
    "auth",
    "authenticate",
    "health",
    "healthcheck",
    "ready",
];

/// What the names have in them of those who disturb or control a system, and of what they do.
const FAULTS: [&str; 40] = [
    "nemesis",
    "chaos",
    "fault",
    "monkey",
    "kill",
    "start",
    "stop",
    "pause",
    "resume",
    "partition",
    "heal",
    "crash",
    "isolat",
    "clock",
    "skew",
    "inject",
    "delay",
    "drop",
    "corrupt",
    "bump",
    "strobe",
    "reboot",
    "shutdown",
    "setup",
    "teardown",
    "recover",
    "fail",
    "promot",
    "elect",
    "leader",
    "snapshot",
    "compact",
    "sleep",
    "wait",
    "checkpoint",
    "member",
    "join",
    "leave",
    "test",
    "admin",
];
