//! Checks a history while it is still being recorded: operations are judged as they come, a
//! violation is told the moment that it is certain, and what is decided is forgotten. Memory
//! depends on how much is open at once, on how many keys there are, and on what the objects hold;
//! not on how long it goes on.
//!
//! [`Following`] reads text, such as a pipe that stays open; [`Follower`] takes events in code. The
//! verdict is the one that the whole history would have. Data flows one way: events make windows of
//! a history, windows go through the course to the object of their key, and each object has its
//! frontier of configurations. Where that would hold too much, the operations on the object are
//! kept and decided again from time to time, as those of a whole history are. So are transactions
//! whose isolation level is followed ([`FollowingLevels`]).

mod course;
mod deferred;
mod frontier;
mod keys;
mod levels;
mod objects;
mod recent;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod violation;

use std::io::Read;
use std::sync::Arc;

pub use course::Summary;
pub use levels::{FollowingLevels, SoFar};
pub use objects::Standing;
pub use violation::{Surroundings, Violation};

use crate::check::Options;
use crate::error::{Code, Error};
use crate::formats::stream::Stream;
use crate::formats::{Input, ReadOptions};
use crate::history::{HistoryBuilder, Order, Settings, ValueTable, WindowEnd};
use crate::model::{AnyModel, Model};
use crate::progress::{Phase, Progress};
use crate::select::Selection;
use course::Course;

/// Follows a history in code, event by event.
///
/// ```
/// use histcheck::{Options, Verdict, follow::Follower};
///
/// let mut follower = Follower::new(Options::default());
/// follower.events().invoke(0, "write", 1)?;
/// follower.events().ok(0, "write", 1)?;
/// assert!(follower.check()?.is_empty());
/// follower.events().invoke(1, "read", ())?;
/// follower.events().ok(1, "read", 2)?;
/// let violations = follower.check()?;
/// assert_eq!(violations[0].operation, "read → 2");
/// assert_eq!(follower.finish()?.verdict, Verdict::Invalid);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub struct Follower {
    builder: HistoryBuilder,
    ends: Vec<WindowEnd>,
    course: Course,
    found: Vec<Violation>,
}

impl Follower {
    /// A follower of a history without events so far. Where the options name no model, it is
    /// inferred from the first operations.
    pub fn new(options: Options) -> Follower {
        Follower {
            builder: HistoryBuilder::forgetting(),
            ends: Vec::new(),
            course: Course::new(options, Settings::default().independent),
            found: Vec::new(),
        }
    }

    /// A follower of a history of a model of the caller's own.
    ///
    /// # Errors
    /// If the model [learns](Model::learns) what the object held at the start.
    pub fn with_model<M: Model>(model: &M, options: Options) -> Result<Follower, Error> {
        let course = Course::of_model(AnyModel::own(model), AnyModel::own_name::<M>(), options)?;
        Ok(Follower { course, ..Follower::new(Options::default()) })
    }

    /// Where events go.
    pub fn events(&mut self) -> &mut HistoryBuilder {
        &mut self.builder
    }

    /// Judges the events that came since the last time, and returns the violations that became
    /// certain. Costs little per event, and a little per call.
    ///
    /// # Errors
    /// If it is not known what the operations mean, or the model refuses one.
    pub fn check(&mut self) -> Result<Vec<Violation>, Error> {
        let taken = self.take(false);
        // Those before an error come first; the error comes again.
        if self.found.is_empty() {
            taken?;
        }
        Ok(std::mem::take(&mut self.found))
    }

    /// As [`Follower::check`], and decides what was put off because too much could still take
    /// effect: the violations among that, too, are there then.
    ///
    /// # Errors
    /// As [`Follower::check`].
    pub fn check_all(&mut self) -> Result<Vec<Violation>, Error> {
        let taken = self.take(true);
        if self.found.is_empty() {
            taken?;
        }
        Ok(std::mem::take(&mut self.found))
    }

    /// Ends the history, and says what became of it. Operations that are still open may have taken
    /// effect, or not.
    ///
    /// # Errors
    /// As [`Follower::check`], or if there was no operation.
    pub fn finish(mut self) -> Result<Summary, Error> {
        self.take(true)?;
        self.builder.check_not_empty()?;
        Ok(self.course.summary())
    }

    fn take(&mut self, last: bool) -> Result<(), Error> {
        self.builder.find_ends(&mut self.ends);
        if self.course.take(self.builder.window(&self.ends), last, &mut self.found)? {
            self.builder.forget();
            self.builder.sweep_if_grown(|marks| self.course.hold(marks));
        }
        Ok(())
    }
}

/// Checks that the order of the records is that of the events.
fn check_order(settings: Settings) -> Result<(), Error> {
    if settings.order == Order::File {
        return Ok(());
    }
    let message =
        "an order by time cannot be followed: a record may come that belongs before others";
    Err(Error::new(Code::BadTime, message)
        .hint("follow the order of the records, or check the history as a whole"))
}

/// Follows the history in a text that may still grow.
///
/// ```
/// use histcheck::formats::ReadOptions;
/// use histcheck::{Options, Verdict, follow::Following, history::Settings};
///
/// let text = r#"{"process": 0, "type": "invoke", "f": "read", "value": null}
/// {"process": 0, "type": "ok", "f": "read", "value": 1}
/// "#;
/// let options = Options { model: Some("register".into()), ..Options::default() };
/// let mut following = Following::new(
///     text.as_bytes(),
///     ReadOptions::default(),
///     Settings::default(),
///     |_| Ok(options),
/// )?;
/// let mut found = Vec::new();
/// while let Some(violations) = following.step()? {
///     found.extend(violations);
/// }
/// assert_eq!(found[0].operation, "read → 1");
/// assert_eq!(following.summary().verdict, Verdict::Invalid);
/// # Ok::<(), histcheck::Error>(())
/// ```
pub struct Following<R: Read> {
    stream: Stream<R>,
    course: Course,
    found: Vec<Violation>,
    progress: Option<Arc<Progress>>,
    /// What ended it, while violations are told that came before.
    failed: Option<Error>,
}

impl<R: Read> Following<R> {
    /// Follows what `reader` yields, read with `read` but for the threads, which are those of
    /// `options`. That one is handed the table of values, for an initial one.
    ///
    /// # Errors
    /// If the settings order events by time, which only a whole history can tell, or `options`
    /// fails.
    pub fn new(
        reader: R,
        read: ReadOptions,
        settings: Settings,
        options: impl FnOnce(&mut ValueTable) -> Result<Options, Error>,
    ) -> Result<Following<R>, Error> {
        check_order(settings)?;
        let progress = read.progress.clone();
        let mut stream = Stream::new(reader, read).in_blocks();
        if settings.split_clients {
            stream.split_clients();
        }
        let options = options(stream.values_mut())?;
        stream.use_threads(options.threads);
        let course = Course::new(options, settings.independent);
        Ok(Following { stream, course, found: Vec::new(), progress, failed: None })
    }

    /// Looks at no other operations than those of `selection`, from the next step on.
    ///
    /// # Errors
    /// If it cannot be told of an operation that is called whether it is one.
    pub fn select(&mut self, selection: Selection) -> Result<(), Error> {
        self.course.select(selection)
    }

    /// Waits for more of the history, and judges it. Returns the violations that became certain, or
    /// `None` at the end.
    ///
    /// # Errors
    /// If reading fails, the text is no history, it is not known what the operations mean, or the
    /// model refuses one. See [`Following::excerpt`].
    pub fn step(&mut self) -> Result<Option<Vec<Violation>>, Error> {
        if let Some(progress) = &self.progress {
            progress.turn_to(Phase::Following);
            progress.reach(self.stream.bytes_read() as u64);
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match self.stream.next() {
            Ok(true) => self.judge(None),
            Ok(false) => Ok(None),
            Err(error) => self.judge(Some(error)),
        }
    }

    /// Judges the records that were read, of which those are the last that come before an error in
    /// the text. If these hold a violation, the error is kept for later.
    fn judge(&mut self, error: Option<Error>) -> Result<Option<Vec<Violation>>, Error> {
        let Following { stream, course, found, .. } = self;
        let last = error.is_some() || stream.has_ended();
        let window = if error.is_some() { stream.window_of_rest() } else { stream.window() };
        let taken = course.take(window, last, found);
        for violation in &mut *found {
            violation.line = stream.place_of(violation.completed).map(|place| place.line);
        }
        let error = match taken {
            // It is about a record before that of the other.
            Err(refused) => Some(stream.located(refused)),
            Ok(true) if error.is_none() => {
                stream.forget(|marks| course.hold(marks));
                None
            }
            Ok(_) => error,
        };
        if let Some(error) = error {
            if found.is_empty() {
                return Err(error);
            }
            // Violations before it come first.
            self.failed = Some(error);
        }
        Ok(Some(std::mem::take(&mut self.found)))
    }

    /// What became of the history so far.
    pub fn summary(&self) -> Summary {
        self.course.summary()
    }

    /// The model's name, once it is known.
    pub fn model(&self) -> Option<&'static str> {
        self.course.model()
    }

    /// How many records were read.
    pub fn records(&self) -> usize {
        self.stream.records()
    }

    /// How many bytes of text were read.
    pub fn bytes(&self) -> usize {
        self.stream.bytes_read()
    }

    /// How many records were no client's.
    pub fn annotations(&self) -> u64 {
        self.stream.totals().1
    }

    /// The line that `error` is about as an input of its own, with the error as it is to be shown
    /// together with that; `None` if the line is not there any more.
    pub fn excerpt(&self, error: &Error) -> Option<(Input, Error)> {
        self.stream.excerpt(error)
    }
}
