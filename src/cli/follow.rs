//! `histcheck --follow`: judges a history as it comes in.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use histcheck::explain::{Anomaly, AnomalyKind};
use histcheck::follow::{Following, Violation};
use histcheck::formats::ReadOptions;
use histcheck::report::{self, Detail, Followed, Strokes, Subject};
use histcheck::{Budget, Error, Options, Session, StopReason, Verdict};

use super::args::{CheckArgs, ReportFormat};
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Source, Sources};
use super::interrupt::Stdin;
use super::output::Output;
use super::settings::{initial, model_options, options_with, reading, validate};
use super::stderr::complain;

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
    let reader: Result<Box<dyn Read>, Error> = match source {
        Ok(Source::Stdin) => Stdin::new(output.progress())
            .map(|stdin| Box::new(stdin) as Box<dyn Read>)
            .map_err(|error| inputs::unreadable("cannot read standard input", &error)),
        Ok(Source::File(path)) => File::open(path)
            .map(|file| Box::new(file) as Box<dyn Read>)
            .map_err(|error| inputs::unreadable("cannot read it", &error)),
        Err(error) => Err(error.clone()),
    };
    let mut run = Run { args, name, told: 0, output };
    let status = match reader {
        Ok(reader) => run.follow(reader),
        Err(error) => run.complain(&error, None),
    };
    if args.output.exit_zero { status.lenient() } else { status }
}

struct Run<'a> {
    args: &'a CheckArgs,
    name: &'a str,
    /// How many violations were told.
    told: usize,
    output: &'a mut Output,
}

impl Run<'_> {
    fn follow(&mut self, reader: Box<dyn Read>) -> Status {
        let start = Instant::now();
        let CheckArgs { model, read, limits, .. } = self.args;
        let progress = self.output.progress();
        let within = ReadOptions {
            format: read.format(),
            progress: Some(self.output.progress()),
            ..reading(limits, start)
        };
        let following = Following::new(reader, within, read.settings(), |values| {
            let usual = options_with(model, limits, start, initial(model, values)?);
            Ok(Options { progress: Some(progress), ..usual })
        });
        let mut following = match following {
            Ok(following) => following,
            Err(error) => return self.complain(&error, None),
        };
        let ended = loop {
            match following.step() {
                Ok(Some(violations)) => {
                    for violation in &violations {
                        self.tell(violation, following.records(), following.model());
                    }
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
                    let status = self.complain(error, Some(&following));
                    return if self.told > 0 { Status::Violation } else { status };
                }
                reason => reason,
            },
        };
        self.end(&following, reason)
    }

    /// Tells a violation at once, unless there were many.
    fn tell(&mut self, violation: &Violation, records: usize, model: Option<&str>) {
        self.told += 1;
        if self.told > self.args.output.max_anomalies {
            return;
        }
        if self.args.output.format == ReportFormat::Json {
            let text = report::violation_json(self.file(), violation, records);
            self.output.print(&text);
            return;
        }
        let line = report::violation_line(violation, self.output.palette()) + "\n";
        self.output.print(&line);
        if !self.args.output.quiet {
            let details = report::violation_details(violation, self.output.palette());
            self.output.print(&details);
            self.explain(violation, model);
        }
    }

    /// Explains a violation by the last operations on its object, if these are still known.
    fn explain(&mut self, violation: &Violation, model: Option<&str>) {
        let Some(surroundings) = &violation.surroundings else { return };
        let history = &surroundings.history;
        let limits = &self.args.limits;
        let options = Options {
            model: model.map(str::to_owned),
            initial: surroundings.initial,
            model_options: model_options(&self.args.model),
            budget: Budget {
                timeout: Some(limits.explain_timeout),
                memory: limits.max_memory,
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
            summary.stop_reason.get_or_insert(reason);
            if summary.verdict == Verdict::Valid {
                summary.verdict = Verdict::Unknown;
            }
        }
        let followed = Followed {
            summary: &summary,
            records: following.records(),
            annotations: following.annotations(),
            interrupted: reason.is_some(),
        };
        let palette = self.output.palette();
        let text = match self.args.output.format {
            ReportFormat::Json => report::end_json(self.file(), &followed),
            _ if self.args.output.quiet && summary.verdict == Verdict::Invalid => String::new(),
            _ if self.args.output.quiet => report::end_line(&followed, palette) + "\n",
            _ => {
                report::end_line(&followed, palette)
                    + "\n"
                    + &report::end_details(&followed, palette)
            }
        };
        self.output.print(&text);
        match summary.verdict {
            Verdict::Valid => Status::Valid,
            Verdict::Unknown => Status::Undecided,
            Verdict::Invalid => Status::Violation,
        }
    }

    /// Says what is wrong with the input.
    fn complain(&mut self, error: &Error, following: Option<&Following<Box<dyn Read>>>) -> Status {
        let colored = self.output.colors_errors();
        let text = match following.and_then(|following| following.excerpt(error)) {
            Some((input, error)) => diagnostic::render(self.name, &error, Some(&input), colored),
            None => diagnostic::render(self.name, error, None, colored),
        };
        complain(&text);
        if self.args.output.format == ReportFormat::Json {
            self.output.print(&report::error_json(self.name, error));
        }
        Status::Unreadable
    }

    /// The name of the file, unless it is standard input.
    fn file(&self) -> Option<&str> {
        (self.name != inputs::STDIN).then_some(self.name)
    }
}
