//! Operations as one event by itself makes them: an invocation that nothing completes yet, and a
//! completion that nothing invoked.

use super::builder::HistoryBuilder;
use super::operation::ClientEvent;
use super::{NO_TIME, Operation, Outcome, Record, Value};

impl HistoryBuilder {
    /// Adds an operation that was invoked.
    pub(super) fn push_invoked(&mut self, record: Record, event: &ClientEvent) {
        self.push(
            Operation {
                process: event.process,
                key: event.key,
                input: event.value,
                output: Value::NULL,
                invoked: record,
                completed: None,
                function: event.function,
                outcome: Outcome::Open,
            },
            [event.time, NO_TIME],
        );
    }

    /// Adds an operation of which only the completion was recorded: its invocation is that record.
    pub(super) fn push_uninvoked(&mut self, record: Record, event: &ClientEvent) {
        self.push(
            Operation {
                process: event.process,
                key: event.key,
                input: event.value,
                output: event.value,
                invoked: record,
                completed: Some(record),
                function: event.function,
                outcome: Outcome::of(event.kind),
            },
            [NO_TIME, event.time],
        );
    }
}
