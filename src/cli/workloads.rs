//! `--check NAME`: a check of a workload, instead of linearizability.

use std::time::Instant;

use histcheck::formats::Input;
use histcheck::history::{Independent, Pairing, Settings};
use histcheck::report::ci::Outcome;
use histcheck::report::{self, WorkloadSubject};
use histcheck::suggest::nearest;
use histcheck::workloads::{self, Check, Options, Question, Unknown, Verdict};
use histcheck::{Code, Error, History};

use super::args::{CheckArgs, IndependentArg, ReadArgs, ReportFormat};
use super::exit::Status;
use super::inputs::{self, Source};
use super::run::Run;
use super::settings::{budget, reading};
use super::stderr::lock;

/// The question that `text` asks.
///
/// # Errors
/// If there is no such check, or it has no such anomaly.
pub(crate) fn question(text: &str) -> Result<Question, String> {
    Question::parse(text).map_err(unknown)
}

/// What to say of a name that there is not.
fn unknown(Unknown { name, of, names }: Unknown) -> String {
    let what = match of {
        Some(check) => format!("the check `{}` has no anomaly `{name}`", check.name()),
        None => format!("there is no check `{name}`"),
    };
    let near = nearest(&name, names.iter().copied());
    match near.first() {
        Some(near) => format!("{what}: did you mean `{near}`?"),
        None => format!("{what}; there are {}", names.join(", ")),
    }
}

/// An option of a check: `NAME=VALUE`.
///
/// # Errors
/// If there is no such option, or it takes something else.
pub(crate) fn check_option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "true"));
    Options::default().set(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// How a history is read for a check: events need not match, and values are what they are.
pub(crate) fn settings(read: &ReadArgs) -> Settings {
    Settings {
        independent: Independent::No,
        pairing: Pairing::Tolerant,
        split_clients: false,
        ..read.settings()
    }
}

/// What the check is told: by the metadata of the history, and by the arguments.
fn options(args: &CheckArgs, history: &History) -> Result<Options, Error> {
    let mut options = Options { max_examples: args.output.max_anomalies, ..Options::default() };
    let wrong = |message: String| Error::new(Code::BadField, message);
    options.set_by_metadata(history).map_err(wrong)?;
    for (name, value) in &args.check_option {
        options.set(name, value).map_err(wrong)?;
    }
    options.independent = match args.read.independent {
        IndependentArg::Auto => None,
        IndependentArg::Yes => Some(true),
        IndependentArg::No => Some(false),
    };
    Ok(options)
}

impl Run<'_> {
    /// Answers `question` about one input.
    pub(super) fn check_workload(&mut self, source: &Source, question: Question) -> Status {
        let start = Instant::now();
        let limits = &self.args.limits;
        let within = budget(limits, start);
        self.watch_check(within);
        let read = (&self.args.read, &self.args.select);
        let loaded = inputs::load_as(
            self.name,
            source,
            None,
            read,
            settings(&self.args.read),
            reading(limits, start),
            self.output,
        );
        let (input, history) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => return self.unreadable(&error),
        };
        self.answer(&history, &input, question, None)
    }

    /// Answers the question that the metadata of a history asks; `None` if it asks none.
    pub(super) fn answer_metadata(&mut self, history: &History, input: &Input) -> Option<Status> {
        if self.args.model.model.is_some() {
            return None;
        }
        match Question::of_metadata(history).map_err(unknown) {
            Ok(question) => Some(self.reread(input, question?, "the history names it")),
            Err(message) => {
                let error = Error::new(Code::BadField, message);
                Some(self.refused(error, input))
            }
        }
    }

    /// Answers the question that a history is for that no model fits, as `error` says. If it is
    /// for none, or `error` says something else, that is reported.
    pub(super) fn answer_instead(
        &mut self,
        history: &History,
        input: &Input,
        error: Error,
    ) -> Status {
        // Reads of several values look like fields that were not read.
        let fits = |check| match error.code {
            Code::NoModel => true,
            Code::UnreadField => check == Check::CausalReverse,
            _ => false,
        };
        let output = &self.args.output;
        let needs_model = output.witness.is_some() || output.svg.is_some() || output.html.is_some();
        let may_choose = !needs_model && self.args.model.model.is_none();
        match workloads::choose(history).filter(|choice| may_choose && fits(choice.check)) {
            Some(choice) => self.reread(input, Question::of(choice.check), choice.because),
            None => self.refused(error, input),
        }
    }

    /// Answers a question about an input that was read for a model, which may have taken values
    /// apart.
    fn reread(&mut self, input: &Input, question: Question, because: &str) -> Status {
        let read = input.history(settings(&self.args.read)).and_then(|mut history| {
            self.args.select.selection().apply(&mut history)?;
            Ok(history)
        });
        match read {
            Ok(history) => self.answer(&history, input, question, Some(because)),
            Err(error) => self.refused(error, input),
        }
    }

    fn answer(
        &mut self,
        history: &History,
        input: &Input,
        question: Question,
        because: Option<&str>,
    ) -> Status {
        let options = match options(self.args, history) {
            Ok(options) => options,
            Err(error) => return self.refused(error, input),
        };
        let report = workloads::check(history, question, &options);
        let mut subject = WorkloadSubject::new(history, &report);
        subject.because = because;
        subject.file = self.named.then_some(self.name);
        subject.places = input.locate_all(&subject.named_records());
        self.print_workload(&subject);
        self.output.relax();
        match report.verdict {
            Verdict::Valid => Status::Valid,
            Verdict::Invalid => Status::Violation,
            Verdict::Unknown => Status::Undecided,
        }
    }

    /// Prints the result of a check.
    pub(super) fn print_workload(&mut self, subject: &WorkloadSubject<'_>) {
        let detail = self.detail();
        let text = match self.args.output.format {
            ReportFormat::Json => report::workload_json(subject),
            ReportFormat::Human => {
                if detail > report::Detail::Verdict {
                    self.output.start_block();
                }
                report::workload_text(subject, detail, self.output.palette())
            }
            _ => {
                self.output.relax();
                lock(self.outcomes).push(Outcome::of_workload(self.file, subject));
                return;
            }
        };
        self.output.print(&text);
    }
}
