//! Reads the texts of a run into a history, and looks for records in them again: a text that is
//! held is one piece, one that stays in its file comes in several.

use super::Format;
use super::mapping::Mapping;
use super::position::Position;
use super::row::Piece;
use super::sink::Sink;
use super::stored::{Stop, Stored};
use super::text::{body, is_empty, start};
use crate::budget::Meter;
use crate::error::{Error, Place};
use crate::history::{History, HistoryBuilder, Settings};
use crate::progress::Phase;
use crate::threads::count_of;

/// Where a text is.
#[derive(Clone, Copy)]
pub(super) enum Text<'t> {
    Held(&'t str),
    Stored(&'t Stored),
}

impl<'t> Text<'t> {
    /// How many bytes it has, its byte order mark included.
    pub(super) fn len(self) -> usize {
        match self {
            Text::Held(text) => text.len(),
            Text::Stored(stored) => stored.len(),
        }
    }

    /// All of it, if it is held by now.
    fn held(self) -> Option<&'t str> {
        match self {
            Text::Held(text) => Some(text),
            Text::Stored(stored) => stored.held(),
        }
    }

    /// The length of its byte order mark.
    fn mark(self) -> usize {
        match self {
            Text::Held(text) => start(text).offset,
            Text::Stored(stored) => stored.mark(),
        }
    }

    /// Whether it is still what was read, as far as the system tells.
    fn is_unchanged(self) -> bool {
        match self {
            Text::Held(_) => true,
            Text::Stored(stored) => stored.is_unchanged(),
        }
    }
}

/// A whole text.
pub(super) struct Whole<'t> {
    pub(super) text: Text<'t>,
    /// The offset of its start in all texts of the run.
    pub(super) base: usize,
    pub(super) format: Format,
    pub(super) threads: usize,
    pub(super) meter: Meter,
    pub(super) mapping: Option<&'t Mapping>,
}

/// Reads the history in `texts`, one after the other.
pub(super) fn history_of(texts: &mut [Whole<'_>], settings: Settings) -> Result<History, Error> {
    if texts.is_empty() {
        return Err(is_empty());
    }
    let read = match built(texts, settings) {
        Err(None) => {
            // The whole texts tell what is wrong, if anything is.
            for whole in texts.iter_mut() {
                whole.hold()?;
            }
            built(texts, settings)
        }
        read => read,
    };
    // A text that is held is read to its end.
    let builder = read.map_err(|stop| stop.unwrap_or_else(is_empty));
    let texts = &*texts;
    let meter = &texts[0].meter;
    meter.enter(Phase::Ordering, 0);
    let history = builder.and_then(|builder| builder.finish(settings)).and_then(|history| {
        if texts.len() > 1 {
            // A process may be in several files.
            history.check_one_at_a_time()?;
        }
        Ok(history)
    });
    let history = history.map_err(|mut error| {
        if error.place.is_none() {
            let record = error.record;
            error.place = record.and_then(|record| locate(texts, &[record.index()], false).pop());
        }
        error
    });
    meter.enter(Phase::Idle, 0);
    history
}

/// Reads the records of `texts`. An error is there only if it would be the same, whatever else is
/// in the texts.
fn built(texts: &[Whole<'_>], settings: Settings) -> Result<HistoryBuilder, Stop> {
    let mut builder = HistoryBuilder::for_settings(settings);
    let Some(Whole { meter, mapping, .. }) = texts.first() else { return Ok(builder) };
    if let Some(mapping) = mapping {
        mapping.introduce(&mut builder);
    }
    meter.enter(Phase::Parsing, texts.iter().map(|whole| whole.text.len() as u64).sum());
    let mut found_rules = 0;
    for whole in texts {
        let mut sink = Sink::new(&mut builder);
        sink.bytes = whole.text.len() - whole.text.mark();
        sink.found_rules = found_rules;
        let explained = |error| match mapping {
            Some(mapping) => mapping.explain(error),
            None => error,
        };
        let read = whole.read(&mut sink, Some(&whole.meter), &mut |_, _| {});
        read.map_err(|stop| stop.map(|error| whole.located(explained(error))))?;
        found_rules = sink.found_rules;
    }
    mapping.map_or(Ok(()), |map| map.check_found(found_rules)).map_err(Some)?;
    Ok(builder)
}

/// Returns the places of the records `wanted` (ascending), as far as the texts have them and, if
/// that `is_timed`, the time allows.
pub(super) fn locate(texts: &[Whole<'_>], wanted: &[usize], is_timed: bool) -> Vec<Place> {
    let mut places = Vec::new();
    let mut builder = HistoryBuilder::default();
    for whole in texts {
        let left = &wanted[places.len()..];
        if left.is_empty() {
            break;
        }
        let meter = Some(&whole.meter).filter(|_| is_timed);
        places.extend(whole.locate(&mut builder, left, meter));
    }
    places
}

impl<'t> Whole<'t> {
    /// Returns `error`, whose place is counted from where records may start, with its line and
    /// column.
    pub(super) fn located(&self, error: Error) -> Error {
        let (Some(text), Some(_)) = (self.text.held(), error.place) else { return error };
        let mut error = start(text).locate(body(text), error);
        error.place.iter_mut().for_each(|place| place.offset += self.base);
        error
    }

    /// Holds the text from now on.
    pub(super) fn hold(&mut self) -> Result<(), Error> {
        if let Text::Stored(stored) = self.text {
            self.meter.enter(Phase::Loading, stored.len() as u64);
            self.text = Text::Held(stored.whole(Some(&self.meter))?);
        }
        Ok(())
    }

    /// Returns the places of the records `wanted` (ascending) of all that `builder` counts, as far
    /// as the text has them and `meter` allows.
    fn locate(
        &self,
        builder: &mut HistoryBuilder,
        wanted: &[usize],
        meter: Option<&Meter>,
    ) -> Vec<Place> {
        let mut position = match self.text.held() {
            Some(text) => start(text),
            None if self.text.is_unchanged() => Position::behind(self.text.mark()),
            None => return Vec::new(),
        };
        self.meter.enter(Phase::Placing, self.text.len() as u64);
        let mut places: Vec<Place> = Vec::new();
        // The reading may well end in the error that is to be located; only how far it came counts.
        let mut sink = Sink::new(builder);
        sink.wanted = wanted;
        let first = position.offset;
        let mut place = |piece: &str, found: &[usize]| {
            let mut from = 0;
            for &offset in &found[places.len()..] {
                let here = first + offset - position.offset + from;
                position.pass(&piece.as_bytes()[from..here]);
                from = here;
                let place = position.place("", 0);
                places.push(Place { offset: place.offset + self.base, ..place });
            }
            if places.len() < wanted.len() {
                position.pass(&piece.as_bytes()[from..]);
            }
        };
        let _ = self.read(&mut sink, meter, &mut place);
        self.meter.enter(Phase::Idle, 0);
        places
    }

    /// Reads the text into `sink`, for as long as `meter` allows. What of a piece was read, and
    /// where records were found so far that were looked for, is shown to `passed`.
    pub(super) fn read<'s>(
        &'s self,
        sink: &mut Sink<'s>,
        meter: Option<&'s Meter>,
        passed: &mut dyn FnMut(&str, &[usize]),
    ) -> Result<(), Stop> {
        sink.meter = meter;
        sink.mapping = self.mapping;
        sink.progress = self.meter.progress();
        let row = self.format.row();
        let mut reader = (row.reader)();
        let stored = match (self.text, self.text.held()) {
            (Text::Stored(stored), None) => stored,
            (Text::Held(text), _) | (_, Some(text)) => {
                let (text, position) = (body(text), start(text));
                let piece =
                    Piece { text, position: &position, is_last: true, threads: self.threads };
                let read = reader.read(&piece, sink);
                passed(text, sink.found());
                return read.map(drop).map_err(Some);
            }
        };
        // Errors are told anew, by the whole text.
        let position = Position::default();
        let mut take = |text: &str, is_last: bool| {
            let piece = Piece { text, position: &position, is_last, threads: self.threads };
            let read = reader.read(&piece, sink);
            let done = match &read {
                Ok(done) => *done,
                Err(_) => text.len(),
            };
            passed(&text[..done], sink.found());
            sink.base += done;
            let is_found = sink.is_seeking() && sink.found().len() == sink.wanted.len();
            match read {
                Ok(_) => Ok((!is_found).then_some(done)),
                Err(error) if error.stop_reason().is_some() => {
                    Err(Some(Error { place: None, ..error }))
                }
                Err(_) => Err(None),
            }
        };
        stored.each_piece((row.reader)(), count_of(self.threads) > 1, &mut take)
    }
}
