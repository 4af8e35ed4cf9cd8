//! `histcheck [FILES…]`: checks each input and reports on it.

use std::time::Instant;

use histcheck::formats::Input;
use histcheck::report::{self, Subject, Timings};
use histcheck::{Error, History, Options, Session};

use super::args::{CheckArgs, CheckOutputArgs};
use super::exit::Status;
use super::files::{self, NewFile};
use super::folders::jepsen_result;
use super::inputs::{self, Source, Sources};
use super::output::Output;
use super::run::{Outcomes, Run, document};
use super::settings::{budget, options, reading, validate};
use super::single::{base_name, deliver_to};
use super::spill::Beyond;
use super::stderr::{complain, lock};
use super::{diagnostic, follow};

/// Checks what the arguments name.
pub(crate) fn run(args: &CheckArgs, output: &mut Output) -> Status {
    if let Err(error) = validate(&args.model) {
        complain(&diagnostic::render("<command line>", &error, None, output.colors_errors()));
        return Status::Unreadable;
    }
    if args.follow {
        return follow::run(args, output);
    }
    let sources = match sources(args) {
        Ok(sources) => sources,
        Err(wrong) => {
            complain(&format!("error: {wrong}"));
            return Status::Unreadable;
        }
    };
    let mut witnesses = match args.output.witness.as_deref().map(NewFile::create).transpose() {
        Ok(file) => file,
        Err(error) => {
            complain(&format!("error: cannot write the witness file: {error}"));
            return Status::Unreadable;
        }
    };
    let mut worst = Status::Valid;
    let outcomes = Outcomes::default();
    for (at, (name, source)) in sources.list.iter().enumerate() {
        output.turn_to(name, at, sources.list.len());
        let mut run = Run {
            args,
            name,
            named: sources.named,
            file: (name != inputs::STDIN).then_some(name),
            output,
            witnesses: &mut witnesses,
            outcomes: &outcomes,
            worst,
            left: sources.list.len() - at - 1,
            jepsen: None,
        };
        let status = match source {
            Ok(source) => match args.check {
                Some(question) => run.check_workload(source, question),
                None => run.check(source),
            },
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
        // Whoever ends the program needs the outcomes, too, and is not to be kept from them.
        let text = document(&lock(&outcomes));
        output.print(&text);
    }
    if let Some(Err(error)) = witnesses.map(NewFile::finish) {
        complain(&format!("error: cannot write the witness file: {error}"));
        worst = worst.max(Status::Unreadable);
    }
    worst
}

/// What is to be checked; or what is wrong with that, or with the files that are to be written.
fn sources(args: &CheckArgs) -> Result<Sources, String> {
    let sources = if args.merge { Sources::merged(&args.files)? } else { Sources::of(&args.files) };
    wrong_target(args, &sources).map_or(Ok(sources), Err)
}

/// What is wrong with the files that are to be written, if anything is.
fn wrong_target(args: &CheckArgs, sources: &Sources) -> Option<String> {
    let CheckOutputArgs { svg, html, witness, .. } = &args.output;
    for (option, path) in [("svg", svg), ("html", html)] {
        if path.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            let instead = format!("use `histcheck report --to {option}`");
            return Some(format!("--{option} needs a file; for standard output, {instead}"));
        }
        if path.is_some() && sources.list.len() > 1 {
            let several = "shows one history, and there are several: name one file";
            return Some(format!("--{option} {several}"));
        }
    }
    let targets = [("--svg", svg), ("--html", html), ("--witness", witness)];
    files::conflict(&targets.map(|(option, path)| (option, path.as_deref())), sources)
}

impl Run<'_> {
    fn check(&mut self, source: &Source) -> Status {
        let start = Instant::now();
        let limits = &self.args.limits;
        let within = budget(limits, start);
        self.watch_check(within);
        if let Source::File(path) = source {
            self.jepsen = jepsen_result(path);
        }
        let fetched = match self.spilled(source, start) {
            Beyond::Done(status) => return status,
            Beyond::Fits(fetched) => fetched,
        };
        let read = (&self.args.read, &self.args.select);
        let reading = reading(limits, start);
        let loaded = inputs::load_fetched(self.name, source, fetched, read, reading, self.output);
        let (input, mut history) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.unreadable(&error),
        };
        if let Some(status) = self.answer_metadata(&history, &input) {
            return status;
        }
        if let Err(error) = history.expand_drains() {
            return self.refused(error, &input);
        }
        if self.args.model.loose_values {
            history = history.loosened();
        }
        if self.args.model.no_partition {
            history = history.whole();
        }
        let parsed = Instant::now();
        match self.options(start, &mut history) {
            Err(error) => self.refused(error, &input),
            Ok(options) => {
                let asks = self.args.isolation.ask_for_levels(&history, &options);
                let levels = asks.then(|| self.check_isolation(&history, &options, &input, start));
                let by_model = || self.check_model(&history, &options, &input, (start, parsed));
                levels.flatten().unwrap_or_else(by_model)
            }
        }
    }

    /// Checks a history against its model, and reports on it.
    fn check_model(
        &mut self,
        history: &History,
        options: &Options,
        input: &Input,
        (start, parsed): (Instant, Instant),
    ) -> Status {
        let within = budget(&self.args.limits, start);
        let checked = Session::new(history, options)
            .and_then(|session| session.check().map(|report| (session, report)));
        let (session, report) = match checked {
            Ok(checked) => checked,
            Err(error) => return self.answer_instead(history, input, error),
        };
        let checked = Instant::now();
        let mut subject = Subject::new(history, &report);
        subject.file = self.named.then_some(self.name);
        subject.jepsen = self.jepsen.take();
        let prints_early = self.prints_early(&report);
        if prints_early {
            self.locate(&mut subject, input);
            self.print_verdict(&subject);
        }
        self.watch_rest(within, &subject, prints_early);
        if self.explains()
            && let Err(error) = self.explain(&session, &mut subject)
        {
            return self.refused(error, input);
        }
        let flags = &self.args.output;
        subject.timings = flags.timings.then(|| Timings {
            read: parsed - start,
            check: checked - parsed,
            explain: checked.elapsed(),
        });
        self.locate(&mut subject, input);
        self.print(&subject, prints_early);
        self.watch_rest(within, &subject, true);
        let drawn = self.draw(&mut subject, &session);
        self.output.relax();
        self.conclude(history, &report).max(drawn)
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

    /// Explains what the session found.
    fn explain(&self, session: &Session<'_>, subject: &mut Subject<'_>) -> Result<(), Error> {
        let most = self.args.output.max_anomalies;
        (subject.explanation, subject.contexts, subject.hints) =
            session.explain_at_once(subject.report, most, report::SHOWN_FAILURES)?;
        Ok(())
    }

    /// Finds out where the records are that will be named.
    fn locate(&self, subject: &mut Subject<'_>, input: &Input) {
        let records = self.named_records(subject);
        if subject.places.len() < records.len() {
            subject.places = input.locate_all(&records);
            subject.files = input.files();
        }
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

    /// The model refuses the history.
    pub(super) fn refused(&mut self, error: Error, input: &Input) -> Status {
        let error = input.located(error);
        let colored = self.output.colors_errors();
        complain(&diagnostic::render(self.name, &error, Some(input), colored));
        self.unreadable(&error)
    }
}
