//! Isolation levels of transactions that are still being recorded: whatever rules out a level may
//! lie far back, so that all transactions are kept, and decided again each time that there are some
//! more of them.
//!
//! What is told before the end is certain, whatever comes: a transaction whose outcome is open may
//! still commit or abort, and a value that nobody wrote may be that of one to come.

use std::io::Read;
use std::sync::Arc;

use super::check_order;
use crate::error::{Code, Error};
use crate::formats::stream::Stream;
use crate::formats::{Input, ReadOptions};
use crate::history::{History, Settings, Value, ValueTable};
use crate::isolation::{self, Level, Report, Status};
use crate::progress::{Phase, Progress};

/// Decided again when a quarter is new, a history takes five times as long in all as if it were
/// decided once. While nothing more comes, there is time for more.
const GROWTH: usize = 4;
const IDLE_GROWTH: usize = 64;
/// A few are not worth it, unless nothing more comes.
const LEAST: usize = 512;

/// Follows the isolation levels of the transactions in a text that may still grow. Memory grows
/// with the history.
///
/// ```
/// use histcheck::follow::FollowingLevels;
/// use histcheck::formats::ReadOptions;
/// use histcheck::history::Settings;
/// use histcheck::isolation::{Level, Options, Status};
///
/// let text = r#"{"process": 0, "type": "invoke", "f": "txn", "value": [["w", "x", 1]]}
/// {"process": 0, "type": "fail", "f": "txn", "value": [["w", "x", 1]]}
/// {"process": 1, "type": "invoke", "f": "txn", "value": [["r", "x", null]]}
/// {"process": 1, "type": "ok", "f": "txn", "value": [["r", "x", 1]]}
/// "#;
/// let read = ReadOptions::default();
/// let mut following = FollowingLevels::new(text.as_bytes(), read, Settings::default())?;
/// while following.step()?.is_some() {}
/// let options = Options { asked: Level::parse("read-committed"), ..Options::default() };
/// let so_far = following.decide(&options)?;
/// assert!(so_far.new.contains(&options.asked.unwrap()));
/// assert_eq!(so_far.report.found[0].kind.name(), "G1a");
/// # Ok::<(), histcheck::Error>(())
/// ```
pub struct FollowingLevels<R: Read> {
    stream: Stream<R>,
    settings: Settings,
    progress: Option<Arc<Progress>>,
    /// The line of each record.
    lines: Vec<u32>,
    /// How many transactions there were when they were last decided.
    decided: usize,
    /// What registers held at the start, when they were first decided.
    initial: Option<Value>,
    /// The levels that were found to be ruled out, by their positions.
    ruled_out: Vec<bool>,
}

/// What is known of transactions so far.
pub struct SoFar<'a> {
    /// What is ruled out, whatever comes.
    pub report: Report<'a>,
    /// The levels that were not ruled out when they were decided before.
    pub new: Vec<Level>,
    /// On which line, from 1, each record starts.
    pub lines: &'a [u32],
}

impl<R: Read> FollowingLevels<R> {
    /// Follows what `reader` yields.
    ///
    /// # Errors
    /// If the settings order events by time, which only a whole history can tell.
    pub fn new(
        reader: R,
        read: ReadOptions,
        settings: Settings,
    ) -> Result<FollowingLevels<R>, Error> {
        check_order(settings)?;
        let progress = read.progress.clone();
        let threads = read.threads;
        let mut stream = Stream::new(reader, read).in_blocks().with_lines().keeping_all();
        if settings.split_clients {
            stream.split_clients();
        }
        stream.use_threads(threads);
        Ok(FollowingLevels {
            stream,
            settings,
            progress,
            lines: Vec::new(),
            decided: 0,
            initial: None,
            ruled_out: vec![false; Level::all().count()],
        })
    }

    /// Waits for more of the history. Returns whether there is so much more that it is worth to
    /// decide it again, or `None` at the end.
    ///
    /// # Errors
    /// If reading fails, or the text is no history. See [`FollowingLevels::excerpt`].
    pub fn step(&mut self) -> Result<Option<bool>, Error> {
        if let Some(progress) = &self.progress {
            progress.turn_to(Phase::Following);
            progress.reach(self.stream.bytes_read() as u64);
        }
        if !self.stream.next()? {
            return Ok(None);
        }
        self.lines.extend_from_slice(self.stream.lines());
        let operations = self.history().operations().len();
        let least = match self.stream.waited() {
            true => (operations / IDLE_GROWTH).max(1),
            false => (operations / GROWTH).max(LEAST),
        };
        Ok(Some(operations >= self.decided + least))
    }

    /// Decides the levels of the transactions so far: what is ruled out is so whatever comes.
    ///
    /// # Errors
    /// If something is no transaction, or the metadata that tells what registers held at the start
    /// came too late.
    pub fn decide(&mut self, options: &isolation::Options) -> Result<SoFar<'_>, Error> {
        let history = self.stream.history();
        self.decided = history.operations().len();
        if *self.initial.get_or_insert(options.initial) != options.initial {
            let message = "the metadata comes too late: what came before it was followed already";
            return Err(Error::new(Code::Syntax, message)
                .hint("put it first, or check the history as a whole"));
        }
        let options = isolation::Options { goes_on: true, ..*options };
        let report = isolation::check(history, &options)?;
        let is_new = |level: &Level| {
            report.statuses[level.index()] == Status::RuledOut && !self.ruled_out[level.index()]
        };
        let new: Vec<Level> = Level::all().filter(is_new).collect();
        new.iter().for_each(|level| self.ruled_out[level.index()] = true);
        Ok(SoFar { report, new, lines: &self.lines })
    }

    /// Returns the table of values, to add others.
    pub fn values_mut(&mut self) -> &mut ValueTable {
        self.stream.values_mut()
    }

    /// Returns the history so far.
    pub fn history(&self) -> &History {
        self.stream.history()
    }

    /// Counts the records that were read.
    pub fn records(&self) -> usize {
        self.stream.records()
    }

    /// Returns the line that `error` is about as an input of its own, with the error as it is to be
    /// shown together with that; `None` if the line is not there any more.
    pub fn excerpt(&self, error: &Error) -> Option<(Input, Error)> {
        self.stream.excerpt(error)
    }

    /// Ends the history, and returns it with the line of each record.
    ///
    /// # Errors
    /// If there was no operation, or it is no history.
    pub fn finish(self) -> Result<(History, Vec<u32>), Error> {
        let history = self.stream.into_builder().finish(self.settings)?;
        Ok((history, self.lines))
    }
}
