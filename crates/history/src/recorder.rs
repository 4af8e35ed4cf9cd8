//! Recording in code: events from Rust values.

use super::{Event, EventType, History, HistoryBuilder, IntoValue, Settings};
use crate::error::Error;

/// The same, for histories recorded in code.
impl HistoryBuilder {
    /// Process `process` invokes `function` with `value`.
    ///
    /// # Errors
    /// As [`HistoryBuilder::event`].
    pub fn invoke(
        &mut self,
        process: i64,
        function: &str,
        value: impl IntoValue,
    ) -> Result<(), Error> {
        self.record(process, EventType::Invoke, function, value)
    }

    /// Its operation happened and returned `value`.
    ///
    /// # Errors
    /// As [`HistoryBuilder::event`].
    pub fn ok(&mut self, process: i64, function: &str, value: impl IntoValue) -> Result<(), Error> {
        self.record(process, EventType::Ok, function, value)
    }

    /// Its operation did not happen.
    ///
    /// # Errors
    /// As [`HistoryBuilder::event`].
    pub fn fail(&mut self, process: i64, function: &str) -> Result<(), Error> {
        self.record(process, EventType::Fail, function, ())
    }

    /// Whether its operation happened is not known.
    ///
    /// # Errors
    /// As [`HistoryBuilder::event`].
    pub fn info(&mut self, process: i64, function: &str) -> Result<(), Error> {
        self.record(process, EventType::Info, function, ())
    }

    /// Makes the history with the usual settings.
    ///
    /// # Errors
    /// As [`HistoryBuilder::finish`].
    pub fn build(self) -> Result<History, Error> {
        self.finish(Settings::default())
    }

    fn record(
        &mut self,
        process: i64,
        kind: EventType,
        function: &str,
        value: impl IntoValue,
    ) -> Result<(), Error> {
        let values = self.values();
        let process = values.int(process);
        let value = value.into_value(values);
        self.event(&Event { process, kind, function, value, key: None, time: None })
    }
}
