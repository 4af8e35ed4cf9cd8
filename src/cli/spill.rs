//! Checks an input that does not fit the memory that `--max-memory` allows: its operations go to a
//! temporary file, and come back key by key.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::Instant;

use histcheck::formats::{ReadOptions, is_compressed, is_jepsen};
use histcheck::history::{Order, ValueTable};
use histcheck::report::{self, Subject, Timings};
use histcheck::spill::{self, Checked, SpillOptions, Stopped};
use histcheck::{Budget, Code, Error, Options};

use super::args::CheckArgs;
use super::awaited::is_at_hand;
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Fetched, Source};
use super::mappings::mapping;
use super::run::Run;
use super::settings::{UNKNOWN, initial, options_with, reading};
use super::stderr::complain;

/// A history needs about so many times the memory of its text.
const TIMES_TEXT: usize = 4;
/// A compressed text, or that of a file of Jepsen's, is about so many times as large as it looks.
const COMPRESSION: u64 = 8;
/// So much of a text tells whether operations have keys.
const START: usize = 1 << 20;
/// One record may take this part of the memory.
const RECORD: usize = 4;

/// What became of an input that may be too large.
pub(super) enum Beyond {
    /// It was, and this is the end of it.
    Done(Status),
    /// It is to be checked in memory. What was read of standard input comes along.
    Fits(Option<Fetched>),
}

impl Run<'_> {
    /// Checks `source` if it does not fit memory, but can be checked key by key.
    pub(super) fn spilled(&mut self, source: &Source, start: Instant) -> Beyond {
        let args = self.args;
        let settings = args.read.settings();
        let Some(memory) = args.limits.budget.max_memory else { return Beyond::Fits(None) };
        if needs_all(args, source) {
            return Beyond::Fits(None);
        }
        let Ok(mapping) = mapping(&args.read, source) else { return Beyond::Fits(None) };
        let from = args.disk_from.unwrap_or(memory / TIMES_TEXT);
        let progress = self.output.progress();
        let whole = reading(&args.limits, start);
        let deadline = whole.budget.deadline();
        let how = SpillOptions {
            memory,
            keeps_all: from,
            independent: settings.independent,
            read: ReadOptions {
                format: args.read.format(),
                budget: Budget { memory: Some(memory / RECORD), ..whole.budget },
                progress: Some(progress.clone()),
                mapping,
                ..whole
            },
        };
        let (format, mapping) = (how.read.format, how.read.mapping.clone());
        let unlimited = ReadOptions { format, mapping, ..ReadOptions::default() };
        let has_keys = |bytes: &[u8]| spill::has_keys(bytes, &unlimited, how.independent);
        match source {
            Source::File(path) if is_at_hand(path) => {
                let Some(begin) = large(path, from) else { return Beyond::Fits(None) };
                let has_keys = if is_jepsen(&begin) {
                    // Where its records are is told by its end.
                    let file = File::open(path);
                    file.is_ok_and(|file| spill::has_keys(file, &how.read, how.independent))
                } else {
                    has_keys(&begin)
                };
                if !has_keys {
                    return Beyond::Fits(None);
                }
                self.output.expect(deadline, false);
                let Ok(file) = File::open(path) else { return Beyond::Fits(None) };
                let checked = self.check_spilled(file, start, &how);
                match self.finish(checked, Some(path), &how, start) {
                    Some(status) => Beyond::Done(status),
                    None => Beyond::Fits(None),
                }
            }
            _ => {
                self.output.expect(deadline, *source == Source::Stdin && io::stdin().is_terminal());
                // An error will come again where the input is loaded.
                let most = from.max(START).saturating_add(1);
                let awaited = inputs::awaited(source, progress, deadline);
                let Ok(fetched) = awaited.and_then(|awaited| Fetched::read(most, awaited)) else {
                    return Beyond::Fits(None);
                };
                let begin = fetched.start();
                let is_large = begin.len() > from;
                if !is_large || !has_keys(&begin[..begin.len().min(START)]) {
                    return Beyond::Fits(Some(fetched));
                }
                let checked = self.check_spilled(fetched, start, &how);
                Beyond::Done(self.finish(checked, None, &how, start).unwrap_or_else(|| {
                    // What was read is gone.
                    self.unreadable(&Error::new(Code::TooLarge, "it does not fit"))
                }))
            }
        }
    }

    fn check_spilled(
        &self,
        reader: impl Read,
        start: Instant,
        how: &SpillOptions,
    ) -> Result<Checked, Stopped> {
        let scratch = tempfile::tempfile().map_err(|error| {
            Error::new(Code::Unreadable, format!("cannot make a temporary file: {error}"))
                .hint("TMPDIR names a directory for what does not fit --max-memory")
        })?;
        let (model, limits) = (&self.args.model, &self.args.limits);
        let mut values = ValueTable::new();
        let initial = initial(model, &mut values)?;
        let options = Options {
            progress: Some(self.output.progress()),
            self_check: self.args.output.self_check,
            ..options_with(model, limits, start, initial)
        };
        spill::check(reader, scratch, values, &options, how)
    }

    /// Reports what was found; `None` if it can only be found in memory.
    fn finish(
        &mut self,
        checked: Result<Checked, Stopped>,
        path: Option<&Path>,
        how: &SpillOptions,
        start: Instant,
    ) -> Option<Status> {
        let colored = self.output.colors_errors();
        let (error, input) = match checked {
            Ok(checked) => return Some(self.show(&checked, start)),
            Err(Stopped::Unfit) => return None,
            Err(Stopped::Failed(error, input)) => (*error, input.map(|input| *input)),
            Err(Stopped::Refused(error)) => {
                let again = error.record.zip(path).and_then(|(record, path)| {
                    spill::locate(File::open(path).ok()?, how.read.format, record)
                });
                match again {
                    Some((input, place)) => (Error { place: Some(place), ..*error }, Some(input)),
                    None => (*error, None),
                }
            }
        };
        if error.stop_reason().is_none() {
            complain(&diagnostic::render(self.name, &error, input.as_ref(), colored));
        }
        Some(self.unreadable(&error))
    }

    fn show(&mut self, checked: &Checked, start: Instant) -> Status {
        let done = Instant::now();
        let report = checked.report();
        let mut subject = Subject::new(checked.history(), report);
        subject.file = self.named.then_some(self.name);
        subject.jepsen.clone_from(&self.jepsen);
        let prints_early = self.prints_early(report);
        if prints_early {
            subject.places = checked.places(&self.named_records(&subject));
            self.print_verdict(&subject);
        }
        if self.explains() {
            let most = self.args.output.max_anomalies;
            (subject.explanation, subject.contexts) =
                match checked.explain(most, report::SHOWN_FAILURES) {
                    Ok(explained) => explained,
                    Err(error) => return self.unreadable(&error),
                };
        }
        subject.timings = self.args.output.timings.then(|| Timings {
            read: checked.gathered_at() - start,
            check: done - checked.gathered_at(),
            explain: done.elapsed(),
        });
        subject.places = checked.places(&self.named_records(&subject));
        self.print(&subject, prints_early);
        self.conclude(checked.history(), report)
    }
}

/// Whether all operations have to be in memory, whatever they are.
fn needs_all(args: &CheckArgs, source: &Source) -> bool {
    let settings = args.read.settings();
    settings.order != Order::File
        || settings.split_clients
        || args.model.no_partition
        || args.model.loose_values
        || args.model.init.as_deref() == Some(UNKNOWN)
        || !args.model.init_key.is_empty()
        || matches!(source, Source::Merged(_) | Source::Logs(..))
        || !args.select.selection().is_all()
}

/// The start of the file at `path`, if its text is larger than `from`.
fn large(path: &Path, from: usize) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut begin = Vec::new();
    (&mut file).take(START as u64).read_to_end(&mut begin).ok()?;
    let is_packed = is_compressed(&begin) || is_jepsen(&begin);
    let factor = if is_packed { COMPRESSION } else { 1 };
    (metadata.len().saturating_mul(factor) > from as u64).then_some(begin)
}
