//! `histcheck [FILES…]`: checks each input and reports on it.

use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;

use histcheck::check::Deciders;
use histcheck::formats::{Input, json_value};
use histcheck::history::{Record, Value, ValueTable};
use histcheck::model::{AnyModel, ModelOptions};
use histcheck::proof::Proof;
use histcheck::report::ci::{self, Outcome};
use histcheck::report::{self, Detail, Strokes, Subject, Timings};
use histcheck::{Budget, Code, Error, History, Options, Report, Session, Verdict};

use super::args::{CheckArgs, Decider, FailedCas, LimitArgs, ModelArgs, ReportFormat};
use super::exit::Status;
use super::inputs::{self, Allowance, Source, Sources};
use super::output::{Output, complain};
use super::single::{base_name, deliver_to};
use super::spill::Beyond;
use super::{diagnostic, follow, witness};

/// Checks what the arguments name.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Status {
    if let Err(error) = validate(&args.model) {
        complain(&diagnostic::render("<command line>", &error, None, output.colors_errors()));
        return Status::Unreadable;
    }
    if args.follow {
        return follow::run(args, output);
    }
    let mut witnesses = match args.output.witness.as_ref().map(File::create).transpose() {
        Ok(file) => file.map(BufWriter::new),
        Err(error) => {
            complain(&format!("error: cannot write the witness file: {error}"));
            return Status::Unreadable;
        }
    };
    let sources = Sources::of(&args.files);
    for (option, path) in [("svg", &args.output.svg), ("html", &args.output.html)] {
        if path.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            let instead = format!("use `histcheck report --to {option}`");
            complain(&format!("error: --{option} needs a file; for standard output, {instead}"));
            return Status::Unreadable;
        }
        if path.is_some() && sources.list.len() > 1 {
            let several = "shows one history, and there are several: name one file";
            complain(&format!("error: --{option} {several}"));
            return Status::Unreadable;
        }
    }
    let mut worst = Status::Valid;
    let mut outcomes = Vec::new();
    for (at, (name, source)) in sources.list.iter().enumerate() {
        output.turn_to(name, at, sources.list.len());
        let mut run = Run {
            args,
            name,
            named: sources.named,
            file: (name != inputs::STDIN).then_some(name),
            output,
            witnesses: &mut witnesses,
            outcomes: &mut outcomes,
        };
        let status = match source {
            Ok(source) => run.check(source),
            Err(error) => {
                let shown = diagnostic::render(name, error, None, run.output.colors_errors());
                complain(&shown);
                run.unreadable(error)
            }
        };
        worst = worst.max(if args.output.exit_zero { status.lenient() } else { status });
        let left = sources.list.len() - at - 1;
        if left > 0 && output.progress().is_cancelled() {
            complain(&format!("interrupted: {left} of {} inputs not checked", sources.list.len()));
            worst = worst.max(Status::Undecided);
            break;
        }
    }
    if let Some(document) = document(args.output.format) {
        output.print(&document(&outcomes));
    }
    if let Some(Err(error)) = witnesses.map(BufWriter::into_inner) {
        complain(&format!("error: cannot write the witness file: {error}"));
        worst = worst.max(Status::Unreadable);
    }
    worst
}

/// What makes one document of all inputs, in the formats that have one.
fn document(format: ReportFormat) -> Option<fn(&[Outcome]) -> String> {
    match format {
        ReportFormat::Human | ReportFormat::Json => None,
        ReportFormat::Junit => Some(ci::junit),
        ReportFormat::Sarif => Some(ci::sarif),
        ReportFormat::Markdown => Some(ci::markdown),
        ReportFormat::Github => Some(ci::github),
    }
}

/// Refuses a model or an initial value that would fit no history.
pub(crate) fn validate(args: &ModelArgs) -> Result<(), Error> {
    let mut values = ValueTable::new();
    let initial = initial(args, &mut values)?;
    if let Some(name) = &args.model {
        AnyModel::by_name(name, initial, model_options(args), &values)?;
    }
    Ok(())
}

/// The initial value that the arguments give, in `values`.
pub(crate) fn initial(args: &ModelArgs, values: &mut ValueTable) -> Result<Option<Value>, Error> {
    let Some(text) = &args.init else { return Ok(None) };
    json_value(text, values).map(Some).map_err(|error| {
        Error::new(Code::BadInitial, format!("--init is no JSON: {}", error.message))
            .hint("strings need quotes of their own: --init '\"a\"'")
    })
}

/// What the arguments say that operations mean.
pub(crate) fn model_options(args: &ModelArgs) -> ModelOptions {
    ModelOptions {
        failed_cas_observes: args.failed_cas == FailedCas::Observes,
        check_owner: !args.any_owner,
        largest_first: args.largest_first,
    }
}

/// How to check a history, as the command line says: without self-check and witnesses.
pub(super) fn options(
    model: &ModelArgs,
    limits: &LimitArgs,
    start: Instant,
    history: &mut History,
) -> Result<Options, Error> {
    let initial = initial(model, history.values_mut())?;
    Ok(options_with(model, limits, start, initial))
}

/// The same, with the initial value that is given.
pub(super) fn options_with(
    model: &ModelArgs,
    limits: &LimitArgs,
    start: Instant,
    initial: Option<Value>,
) -> Options {
    Options {
        model: model.model.clone(),
        initial,
        model_options: model_options(model),
        deciders: match limits.decider {
            Decider::Auto => Deciders::Auto,
            Decider::Search => Deciders::Search,
        },
        budget: Budget {
            timeout: limits.timeout,
            start: Some(start),
            memory: limits.max_memory,
            configurations: limits.max_configs,
        },
        threads: limits.threads,
        explain_timeout: limits.explain_timeout,
        keep_orders: false,
        ..Options::default()
    }
}

/// The check of one input.
pub(super) struct Run<'a> {
    pub(super) args: &'a CheckArgs,
    pub(super) name: &'a str,
    pub(super) named: bool,
    /// The name, unless it is standard input.
    file: Option<&'a str>,
    pub(super) output: &'a mut Output,
    witnesses: &'a mut Option<BufWriter<File>>,
    /// What is kept for a document of all inputs.
    outcomes: &'a mut Vec<Outcome>,
}

impl Run<'_> {
    fn check(&mut self, source: &Source) -> Status {
        let start = Instant::now();
        let limits = &self.args.limits;
        let allowance = Allowance {
            max_bytes: limits.max_memory.unwrap_or(usize::MAX),
            deadline: limits.timeout.and_then(|timeout| start.checked_add(timeout)),
            threads: limits.threads,
        };
        let fetched = match self.spilled(source, start, allowance) {
            Beyond::Done(status) => return status,
            Beyond::Fits(fetched) => fetched,
        };
        let read = &self.args.read;
        let loaded = inputs::load_fetched(self.name, source, fetched, read, allowance, self.output);
        let (input, mut history) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.unreadable(&error),
        };
        if self.args.model.no_partition {
            history = history.whole();
        }
        let parsed = Instant::now();
        let options = match self.options(start, &mut history) {
            Ok(options) => options,
            Err(error) => return self.refused(error, &input),
        };
        let checked = Session::new(&history, &options)
            .and_then(|session| session.check().map(|report| (session, report)));
        let (session, report) = match checked {
            Ok(checked) => checked,
            Err(error) => return self.refused(error, &input),
        };
        let checked = Instant::now();
        let mut subject = Subject::new(&history, &report);
        subject.file = self.named.then_some(self.name);
        let prints_early = self.prints_early(&report);
        if prints_early {
            self.locate(&mut subject, &input);
            self.print_verdict(&subject);
        }
        if self.explains()
            && let Err(error) = self.explain(&session, &mut subject)
        {
            return self.refused(error, &input);
        }
        let flags = &self.args.output;
        subject.timings = flags.timings.then(|| Timings {
            read: parsed - start,
            check: checked - parsed,
            explain: checked.elapsed(),
        });
        self.locate(&mut subject, &input);
        self.print(&subject, prints_early);
        let drawn = self.draw(&mut subject, &session);
        self.conclude(&history, &report).max(drawn)
    }

    fn options(&self, start: Instant, history: &mut History) -> Result<Options, Error> {
        let usual = options(&self.args.model, &self.args.limits, start, history)?;
        Ok(Options {
            progress: Some(self.output.progress()),
            self_check: self.args.output.self_check,
            keep_orders: self.args.output.witness.is_some() || self.args.output.html.is_some(),
            ..usual
        })
    }

    /// Whether the explanation is asked for.
    pub(super) fn explains(&self) -> bool {
        self.detail() > Detail::Verdict
            || self.args.output.format != ReportFormat::Human
            || self.args.output.svg.is_some()
            || self.args.output.html.is_some()
    }

    /// Explains what the session found.
    fn explain(&self, session: &Session<'_>, subject: &mut Subject<'_>) -> Result<(), Error> {
        let most = self.args.output.max_anomalies;
        subject.explanation = session.explain(subject.report, most)?;
        subject.contexts = session.contexts(subject.report, report::SHOWN_FAILURES)?;
        Ok(())
    }

    /// Whether the verdict is to be seen before it is explained.
    pub(super) fn prints_early(&self, report: &Report) -> bool {
        report.verdict == Verdict::Invalid
            && self.explains()
            && self.args.output.format == ReportFormat::Human
    }

    fn detail(&self) -> Detail {
        match (self.args.output.quiet, self.args.output.verbose) {
            (true, _) => Detail::Verdict,
            (_, true) => Detail::Keys,
            _ => Detail::Usual,
        }
    }

    /// The records that will be named.
    pub(super) fn named_records(&self, subject: &Subject<'_>) -> Vec<Record> {
        match document(self.args.output.format) {
            Some(_) => Outcome::records(subject),
            None => subject.named_records(),
        }
    }

    /// Finds out where the records are that will be named.
    fn locate(&self, subject: &mut Subject<'_>, input: &Input) {
        let records = self.named_records(subject);
        if subject.places.len() < records.len() {
            subject.places = input.locate_all(&records);
        }
    }

    pub(super) fn print_verdict(&mut self, subject: &Subject<'_>) {
        self.output.start_block();
        let verdict = report::verdict_line(subject, self.output.palette());
        self.output.print(&(verdict + "\n"));
    }

    /// Prints the report; without the verdict, if that was printed.
    pub(super) fn print(&mut self, subject: &Subject<'_>, verdict_was_printed: bool) {
        let detail = self.detail();
        let mut palette = *self.output.palette();
        if self.args.output.ascii {
            palette.strokes = Strokes::ASCII;
        }
        let text = match self.args.output.format {
            ReportFormat::Json => report::json(subject),
            ReportFormat::Human if verdict_was_printed => {
                report::details(subject, detail, &palette)
            }
            ReportFormat::Human => {
                if detail > Detail::Verdict {
                    self.output.start_block();
                }
                report::text(subject, detail, &palette)
            }
            _ => {
                self.outcomes.push(Outcome::of(self.file, subject));
                return;
            }
        };
        self.output.print(&text);
    }

    /// Writes the picture and the page that are asked for; the status that this stands for.
    fn draw(&self, subject: &mut Subject<'_>, session: &Session<'_>) -> Status {
        let flags = &self.args.output;
        let mut status = Status::Valid;
        if let Some(path) = &flags.svg {
            status = status.max(deliver_to(path, report::svg(subject).as_bytes()));
        }
        if let Some(path) = &flags.html {
            // It was explained without an error, and has no other.
            let linearizations = session.linearizations(subject.report, report::STATES_ROOM);
            debug_assert!(linearizations.is_ok());
            subject.linearizations = linearizations.unwrap_or_default();
            let name = self.file.and_then(base_name);
            status = status.max(deliver_to(path, report::html(subject, name).as_bytes()));
        }
        status
    }

    /// Writes the witnesses; the status that the report stands for.
    pub(super) fn conclude(&mut self, history: &History, report: &Report) -> Status {
        let mut status = match report.verdict {
            Verdict::Valid => Status::Valid,
            Verdict::Unknown => Status::Undecided,
            Verdict::Invalid => Status::Violation,
        };
        if history.is_excerpt() {
            status = status.max(self.refuse_all_operations());
        } else if let Some(out) = self.witnesses {
            let file = self.named.then_some(self.name);
            if let Err(error) = witness::write(file, history, report, out) {
                complain(&format!("error: cannot write the witness file: {error}"));
                status = status.max(Status::Unreadable);
            }
        }
        for key in &report.keys {
            let Some(Proof::Wrong(why)) = &key.proof else { continue };
            let name = key.key.map_or("the history".to_owned(), |key| {
                format!("key {}", report::printable(&history.values().to_text(key)))
            });
            complain(&format!(
                "error: {}: the proof for {name} does not hold ({why}): this is a bug in \
                 histcheck, please report it",
                self.name
            ));
            status = Status::BrokenProof;
        }
        status
    }

    /// The model refuses the history.
    fn refused(&mut self, error: Error, input: &Input) -> Status {
        let error = input.located(error);
        let colored = self.output.colors_errors();
        complain(&diagnostic::render(self.name, &error, Some(input), colored));
        self.unreadable(&error)
    }

    /// The input holds no history that can be checked; people were told already.
    pub(super) fn unreadable(&mut self, error: &Error) -> Status {
        let format = self.args.output.format;
        let Some(reason) = error.stop_reason() else {
            match format {
                ReportFormat::Human => {}
                ReportFormat::Json => self.output.print(&report::error_json(self.name, error)),
                _ => self.outcomes.push(Outcome::unreadable(self.file, error)),
            }
            return Status::Unreadable;
        };
        // Not the input's fault: a limit ended it.
        let name = self.named.then_some(self.name);
        let text = match (format, name) {
            (ReportFormat::Json, _) => report::unread_json(name, reason),
            (ReportFormat::Human, None) => {
                format!("unknown: {reason} before the input was read\n")
            }
            (ReportFormat::Human, Some(name)) => {
                format!("{name}: unknown: {reason} before the input was read\n")
            }
            _ => {
                self.outcomes.push(Outcome::unread(self.file, reason));
                return Status::Undecided;
            }
        };
        self.output.print(&text);
        Status::Undecided
    }
}
