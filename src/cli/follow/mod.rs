//! `histcheck --follow`: judges a history as it comes in.

mod levels;

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use histcheck::caveats::Noted;
use histcheck::check::KeyCounts;
use histcheck::explain::{Anomaly, AnomalyKind};
use histcheck::follow::{Following, Summary, Violation};
use histcheck::formats::{Input, Mapping, ReadOptions};
use histcheck::isolation::Kind;
use histcheck::model::ModelSource;
use histcheck::report::{self, Detail, Followed, Palette, Strokes, Subject};
use histcheck::{Budget, Error, Options, Session, StopReason, Verdict};

use crate::cli::args::{CheckArgs, CheckOutputArgs, ReportFormat};
use crate::cli::awaited::is_at_hand;
use crate::cli::diagnostic;
use crate::cli::exit::Status;
use crate::cli::inputs::{self, Source, Sources};
use crate::cli::mappings::mapping;
use crate::cli::output::{Output, write_at_once};
use crate::cli::run::refuse_vacuous;
use crate::cli::settings::{budget, initial, model_options, options_with, reading, validate};
use crate::cli::stderr::{complain, lock};
use crate::cli::tail::{Patient, Rotations, Tail, Waiting};

/// So long a violation is decided once more before it is explained, if the user gives no other
/// time.
const DECIDING: Duration = Duration::from_secs(10);

/// What is known is put down so often, for whoever ends the program.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Follows what the arguments name, one input.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Status {
    if let Err(error) = validate(&args.model) {
        complain(&diagnostic::render("<command line>", &error, None, output.colors_errors()));
        return Status::Unreadable;
    }
    if !matches!(args.output.format, ReportFormat::Human | ReportFormat::Json) {
        complain("error: --follow reports as it goes: use --format human or json");
        return Status::Unreadable;
    }
    let sources = Sources::of(&args.files);
    let [(name, source)] = &sources.list[..] else {
        complain("error: --follow follows one history, and there are several: name one file");
        return Status::Unreadable;
    };
    output.turn_to(name, 0, 1);
    let mut run = Run {
        args,
        name,
        told: 0,
        told_kinds: Vec::new(),
        rotations: Rotations::default(),
        output,
    };
    let start = Instant::now();
    run.watch(budget(&args.limits, start), &nothing_known(), 0);
    let reader = source
        .clone()
        .and_then(|source| Ok((run.open(&source, start)?, mapping(&args.read, &source)?)));
    let status = match reader {
        Ok((reader, mapping)) if args.isolation.names_level() => {
            run.follow_levels(reader, mapping, start)
        }
        Ok((reader, mapping)) => run.follow(reader, mapping, start),
        Err(error) => run.complain(&error, None),
    };
    run.output.relax();
    if args.output.exit_zero { status.lenient() } else { status }
}

struct Run<'a> {
    args: &'a CheckArgs,
    name: &'a str,
    /// How many violations were told.
    told: usize,
    /// The anomalies of transactions that were told.
    told_kinds: Vec<Kind>,
    /// The rotations of the file.
    rotations: Rotations,
    output: &'a mut Output,
}

impl Run<'_> {
    /// Opens what is followed.
    fn open(&self, source: &Source, start: Instant) -> Result<Box<dyn Read>, Error> {
        let CheckArgs { wait, idle, .. } = *self.args;
        let deadline = budget(&self.args.limits, start).deadline();
        let waiting = Waiting { progress: self.output.progress(), deadline, idle };
        if let Source::File(path) = source
            && is_at_hand(path)
        {
            if wait || idle.is_some() {
                let tail = Tail::open(path, waiting, Arc::clone(&self.rotations));
                let tail = tail.map_err(|error| inputs::unreadable("cannot read it", &error))?;
                return Ok(Box::new(tail));
            }
            let file = File::open(path);
            let file = file.map_err(|error| inputs::unreadable("cannot read it", &error))?;
            return Ok(Box::new(file));
        }
        let awaited = inputs::awaited(source, self.output.progress(), deadline)?;
        let impatient = awaited.impatient();
        let impatient = impatient.map_err(|error| inputs::unreadable("reading failed", &error))?;
        Ok(Box::new(Patient { reader: impatient, waiting, last: Instant::now() }))
    }

    /// How to read what is followed.
    fn reading(&self, mapping: Option<Arc<Mapping>>, start: Instant) -> ReadOptions {
        ReadOptions {
            format: self.args.read.format(),
            progress: Some(self.output.progress()),
            mapping,
            ..reading(&self.args.limits, start)
        }
    }

    /// Tells that another file took the place of the one that is followed.
    fn tell_rotations(&mut self) {
        let rotations = std::mem::take(&mut *lock(&self.rotations));
        for bytes in rotations {
            if self.args.output.format == ReportFormat::Json {
                self.output.print(&report::rotation_json(self.name, bytes));
            } else {
                complain(&format!(
                    "note: {} was rotated after {bytes} bytes of text, and goes on in the new file",
                    report::printable(self.name)
                ));
            }
        }
    }

    /// Sees to it that what follows ends within the limits, or what is known so far is said:
    /// `summary`, after so many records.
    fn watch(&self, within: Budget, summary: &Summary, records: usize) {
        let status = if self.told > 0 { Status::Violation } else { Status::Undecided };
        let status = if self.args.output.exit_zero { status.lenient() } else { status };
        let (output, mut summary) = (&self.args.output, summary.clone());
        let (format, quiet, palette) = (output.format, output.quiet, *self.output.palette());
        self.output.watch(within, status, move |reason| {
            end_with(&mut summary, reason);
            let followed =
                Followed { summary: &summary, records, annotations: 0, interrupted: true };
            let text = end_text(&followed, format, quiet, &palette);
            let _ = write_at_once(text.as_bytes());
        });
    }

    fn follow(
        &mut self,
        reader: Box<dyn Read>,
        mapping: Option<Arc<Mapping>>,
        start: Instant,
    ) -> Status {
        let CheckArgs { model, read, limits, .. } = self.args;
        let progress = self.output.progress();
        let within = self.reading(mapping, start);
        let following = Following::new(reader, within, read.settings(), |values| {
            let usual = options_with(model, limits, start, initial(model, values)?);
            Ok(Options { progress: Some(progress), ..usual })
        });
        let following = following.and_then(|mut following| {
            following.select(self.args.select.selection()).map(|()| following)
        });
        let mut following = match following {
            Ok(following) => following,
            Err(error) => return self.complain(&error, None),
        };
        let within = budget(limits, start);
        let (mut looked, mut told) = (start, 0);
        let ended = loop {
            if looked.elapsed() > LOOK_EVERY || self.told > told {
                (looked, told) = (Instant::now(), self.told);
                self.watch(within, &following.summary(), following.records());
            }
            let step = following.step();
            self.tell_rotations();
            match step {
                Ok(Some(violations)) => {
                    violations.iter().for_each(|violation| self.tell(violation));
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let reason = match &ended {
            None if self.output.progress().is_cancelled() => Some(StopReason::Cancelled),
            None => None,
            Some(error) => match error.stop_reason() {
                None => {
                    let status = self.complain(error, following.excerpt(error));
                    return if self.told > 0 { Status::Violation } else { status };
                }
                reason => reason,
            },
        };
        self.end(&following, reason)
    }

    /// Tells a violation at once, unless there were many.
    fn tell(&mut self, violation: &Violation) {
        self.told += 1;
        if self.told > self.args.output.max_anomalies {
            return;
        }
        if self.args.output.format == ReportFormat::Json {
            let text = report::violation_json(violation);
            self.output.print(&text);
            return;
        }
        let line = report::violation_line(violation, self.output.palette()) + "\n";
        self.output.print(&line);
        if !self.args.output.quiet {
            let details = report::violation_details(violation, self.output.palette());
            self.output.print(&details);
            self.explain(violation);
        }
    }

    /// Explains a violation by the last operations on its object, if these are still known.
    fn explain(&mut self, violation: &Violation) {
        let Some(surroundings) = &violation.surroundings else { return };
        let history = &surroundings.history;
        let limits = &self.args.limits;
        let options = Options {
            model: Some(violation.model.to_owned()),
            initial: surroundings.initial,
            model_options: model_options(&self.args.model),
            budget: Budget {
                timeout: Some(limits.explain_timeout.unwrap_or(DECIDING)),
                memory: limits.budget.max_memory,
                ..Budget::default()
            },
            threads: limits.threads,
            explain_timeout: limits.explain_timeout,
            progress: Some(self.output.progress()),
            ..Options::default()
        };
        // What was forgotten may be needed to tell that this is a violation.
        let Ok(session) = Session::new(history, &options) else { return };
        let Ok(report) = session.check() else { return };
        if report.verdict != Verdict::Invalid {
            return;
        }
        let mut subject = Subject::new(history, &report);
        let explained = session.explain(&report, self.args.output.max_anomalies);
        let contexts = session.contexts(&report, report::SHOWN_FAILURES);
        let (Ok(explanation), Ok(contexts)) = (explained, contexts) else { return };
        (subject.explanation, subject.contexts) = (explanation, contexts);
        // It may have been written before.
        let is_known = |anomaly: &Anomaly| anomaly.kind != AnomalyKind::PhantomRead;
        subject.explanation.anomalies.retain(is_known);
        let mut palette = *self.output.palette();
        if self.args.output.ascii {
            palette.strokes = Strokes::ASCII;
        }
        let from = report::surroundings_line(violation, &palette);
        self.output.print(&(from + &report::details(&subject, Detail::Usual, &palette)));
    }

    /// Says what became of the history, which `reason` ended if it did not end by itself.
    fn end<R: Read>(&mut self, following: &Following<R>, reason: Option<StopReason>) -> Status {
        let mut summary = following.summary();
        if let Some(reason) = reason {
            end_with(&mut summary, reason);
        }
        let followed = Followed {
            summary: &summary,
            records: following.records(),
            annotations: following.annotations(),
            interrupted: reason.is_some(),
        };
        let CheckOutputArgs { format, quiet, .. } = self.args.output;
        let text = end_text(&followed, format, quiet, self.output.palette());
        self.output.print(&text);
        match summary.verdict {
            Verdict::Valid => self.vacuous(&summary),
            Verdict::Unknown => Status::Undecided,
            Verdict::Invalid => Status::Violation,
        }
    }

    /// Says that a valid verdict says nothing, if it does not; the status that this stands for.
    fn vacuous(&self, summary: &Summary) -> Status {
        let caveats = summary.noted.caveats();
        let vacuous = caveats.iter().find(|caveat| caveat.is_vacuous());
        vacuous.map_or(Status::Valid, |caveat| refuse_vacuous(self.name, caveat, self.args))
    }

    /// Says what is wrong with the input.
    fn complain(&mut self, error: &Error, excerpt: Option<(Input, Error)>) -> Status {
        let colored = self.output.colors_errors();
        let text = match excerpt {
            Some((input, error)) => diagnostic::render(self.name, &error, Some(&input), colored),
            None => diagnostic::render(self.name, error, None, colored),
        };
        complain(&text);
        if self.args.output.format == ReportFormat::Json {
            self.output.print(&report::error_json(self.name, error));
        }
        Status::Unreadable
    }
}

/// The summary of a history that was not read.
fn nothing_known() -> Summary {
    Summary {
        verdict: Verdict::Unknown,
        model: None,
        model_source: ModelSource::default(),
        operations: 0,
        is_keyed: false,
        keys: KeyCounts::default(),
        stop_reason: None,
        noted: Noted::default(),
    }
}

/// Notes in the summary of a history that `reason` ended it.
fn end_with(summary: &mut Summary, reason: StopReason) {
    summary.stop_reason.get_or_insert(reason);
    if summary.verdict == Verdict::Valid {
        summary.verdict = Verdict::Unknown;
    }
}

/// What to say at the end.
fn end_text(
    followed: &Followed<'_>,
    format: ReportFormat,
    quiet: bool,
    palette: &Palette,
) -> String {
    if format == ReportFormat::Json {
        return report::end_json(followed);
    }
    if quiet && followed.summary.verdict == Verdict::Invalid {
        return String::new();
    }
    let line = report::end_line(followed, palette) + "\n";
    if quiet { line } else { line + &report::end_details(followed, palette) }
}
