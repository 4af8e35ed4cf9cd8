//! What is said of records that a history cannot have, and how to mend them.

use super::super::Value;
use super::super::operation::ClientEvent;
use super::HistoryBuilder;
use crate::error::{Code, Error};

impl HistoryBuilder {
    #[cold]
    pub(super) fn too_many(&self) -> Error {
        if self.has_ended() {
            return Error::new(Code::Syntax, "a record comes after the end of the history")
                .hint("`{\"histcheck\": {\"end\": true}}` ends it: nothing may follow");
        }
        Error::new(Code::TooMany, "a history may have up to 4,294,967,294 records")
    }

    #[cold]
    pub(super) fn double_invoke(&self, process: Value, open: u32) -> Error {
        let open = &self.history.operations[open as usize];
        Error::new(
            Code::DoubleInvoke,
            format!(
                "process {} invokes again, but its `{}` of record {} (from 0) is still open",
                self.history.values.to_json(process),
                self.history.function(open.function),
                open.invoked
            ),
        )
        .hint(
            "give each thread its own process; complete an operation whose outcome is unknown \
             with type info; or let --split-clients divide clients whose operations overlap",
        )
    }

    #[cold]
    pub(in super::super) fn no_invocation(&self, event: &ClientEvent) -> Error {
        Error::new(
            Code::NoInvocation,
            format!(
                "process {} completes `{}`, but has no open invocation",
                self.history.values.to_json(event.process),
                self.history.function(event.function)
            ),
        )
        .hint("the start of the history may be missing, or the process number be wrong")
    }

    #[cold]
    pub(super) fn mismatch(&self, event: &ClientEvent, index: u32) -> Error {
        let operation = &self.history.operations[index as usize];
        let message = if operation.function == event.function {
            "the completion has another key than its invocation".to_owned()
        } else {
            let [invoked, function] = [operation.function, event.function]
                .map(|function| self.history.function(function));
            format!("completes `{function}`, but the process invoked `{invoked}`")
        };
        Error::new(Code::Mismatch, message)
            .hint(format!("the invocation is record {} (from 0)", operation.invoked))
    }
}

/// The error about times of which only some have a unit.
pub(super) fn without_unit(message: &str) -> Error {
    Error::new(Code::BadTime, message)
        .hint("say what a number without one is: --time-unit ns (Go), us, ms or s")
}
