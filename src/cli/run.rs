//! What the check of one input prints and answers, whether its operations are in memory or on the
//! disk.

use std::sync::{Arc, Mutex};

use histcheck::caveats::{self, Caveat};
use histcheck::history::Record;
use histcheck::proof::Proof;
use histcheck::report::ci::{self, Outcome};
use histcheck::report::{self, Detail, JepsenResult, Strokes, Subject};
use histcheck::{Budget, Error, History, Report, StopReason, Verdict};

use super::args::{CheckArgs, ReportFormat};
use super::exit::Status;
use super::files::NewFile;
use super::output::{Output, write_at_once};
use super::stderr::{complain, complain_at_once, lock};
use super::witness;

/// The check of one input.
pub(super) struct Run<'a> {
    pub(super) args: &'a CheckArgs,
    pub(super) name: &'a str,
    pub(super) named: bool,
    /// The name, unless it is standard input.
    pub(super) file: Option<&'a str>,
    pub(super) output: &'a mut Output,
    pub(super) witnesses: &'a mut Option<NewFile>,
    /// What is kept for a document of all inputs.
    pub(super) outcomes: &'a Outcomes,
    /// The status of the inputs before it.
    pub(super) worst: Status,
    /// How many inputs come behind it.
    pub(super) left: usize,
    /// What Jepsen said of it.
    pub(super) jepsen: Option<JepsenResult>,
}

/// What became of inputs that are reported in one document. Whoever ends the program needs them,
/// too.
pub(super) type Outcomes = Arc<Mutex<Vec<Outcome>>>;

impl Run<'_> {
    /// Whether the explanation is asked for.
    pub(super) fn explains(&self) -> bool {
        self.detail() > Detail::Verdict
            || self.args.output.format != ReportFormat::Human
            || self.args.output.svg.is_some()
            || self.args.output.html.is_some()
    }

    /// Whether the verdict is to be seen before it is explained.
    pub(super) fn prints_early(&self, report: &Report) -> bool {
        report.verdict == Verdict::Invalid
            && self.explains()
            && self.args.output.format == ReportFormat::Human
    }

    pub(super) fn detail(&self) -> Detail {
        self.args.output.detail()
    }

    /// The records that will be named.
    pub(super) fn named_records(&self, subject: &Subject<'_>) -> Vec<Record> {
        match document(self.args.output.format) {
            Some(_) => Outcome::records(subject),
            None => subject.named_records(),
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
                self.output.relax();
                lock(self.outcomes).push(Outcome::of(self.file, subject));
                return;
            }
        };
        self.output.print(&text);
    }

    /// Sees to it that the input is read and checked within the limits, or said to be undecided.
    pub(super) fn watch_check(&self, budget: Budget) {
        let format = self.args.output.format;
        let (name, file) = (self.name.to_owned(), self.file.map(str::to_owned));
        let (named, outcomes) = (self.named, Arc::clone(self.outcomes));
        let (progress, left) = (self.output.progress(), self.left);
        let status = self.worst.max(Status::Undecided);
        self.output.watch(budget, status, move |reason| {
            let name = named.then_some(name.as_str());
            let is_read = progress.look().phase.is_behind_reading();
            let text = match document(format) {
                None => undecided(format, name, reason, is_read),
                Some(document) => {
                    let mut outcomes = lock(&outcomes);
                    outcomes.push(Outcome::unread(file.as_deref(), reason));
                    document(&outcomes)
                }
            };
            let _ = write_at_once(text.as_bytes());
            complain_of_rest(left);
        });
    }

    /// Sees to it that what follows the verdict of `subject` ends within the limits, or the verdict
    /// is all that is said: `is_printed` says that it was.
    pub(super) fn watch_rest(&self, budget: Budget, subject: &Subject<'_>, is_printed: bool) {
        if budget.timeout.is_none() && budget.memory.is_none() {
            return;
        }
        let own = status_of(subject.report);
        let lenient = if self.args.output.exit_zero { own.lenient() } else { own };
        let status = self.worst.max(lenient);
        let (format, left) = (self.args.output.format, self.left);
        let outcome = document(format).map(|_| Outcome::of(self.file, subject));
        let json = (format == ReportFormat::Json && !is_printed).then(|| report::json(subject));
        let outcomes = Arc::clone(self.outcomes);
        self.output.watch(budget, status, move |reason| {
            let text = match (document(format), outcome) {
                (Some(document), outcome) => {
                    let mut outcomes = lock(&outcomes);
                    outcomes.extend(outcome.filter(|_| !is_printed));
                    document(&outcomes)
                }
                (None, _) => json.unwrap_or_default(),
            };
            let _ = write_at_once(text.as_bytes());
            complain_at_once(&format!("error: {reason} behind the verdict: the rest is missing"));
            complain_of_rest(left);
        });
    }

    /// Writes the witnesses; the status that the report stands for.
    pub(super) fn conclude(&mut self, history: &History, report: &Report) -> Status {
        let mut status = status_of(report).max(self.vacuous(history, report));
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
                report::printable(self.name)
            ));
            status = Status::BrokenProof;
        }
        status
    }

    /// Says that a valid verdict says nothing, if it does not; the status that this stands for.
    fn vacuous(&self, history: &History, report: &Report) -> Status {
        if report.verdict != Verdict::Valid {
            return Status::Valid;
        }
        let caveat = caveats::vacuous(history, report);
        caveat.map_or(Status::Valid, |caveat| refuse_vacuous(self.name, &caveat, self.args))
    }

    /// Says that what needs all operations was not made; the status that this stands for.
    fn refuse_all_operations(&self) -> Status {
        let output = &self.args.output;
        let mut status = Status::Valid;
        for (option, path) in
            [("witness", &output.witness), ("svg", &output.svg), ("html", &output.html)]
        {
            if path.is_some() {
                complain(&format!(
                    "error: --{option} needs all operations in memory, and they do not fit \
                     --max-memory: raise it, or do without"
                ));
                status = Status::Unreadable;
            }
        }
        status
    }

    /// The input holds no history that can be checked; people were told already.
    pub(super) fn unreadable(&mut self, error: &Error) -> Status {
        self.output.relax();
        let format = self.args.output.format;
        let Some(reason) = error.stop_reason() else {
            match format {
                ReportFormat::Human => {}
                ReportFormat::Json => self.output.print(&report::error_json(self.name, error)),
                _ => lock(self.outcomes).push(Outcome::unreadable(self.file, error)),
            }
            return Status::Unreadable;
        };
        // Not the input's fault: a limit ended it.
        if document(format).is_some() {
            lock(self.outcomes).push(Outcome::unread(self.file, reason));
        } else {
            let name = self.named.then_some(self.name);
            self.output.print(&undecided(format, name, reason, false));
        }
        Status::Undecided
    }
}

/// Says that the valid verdict on the input called `name` says nothing, as `caveat` has it; the
/// status that this stands for.
pub(super) fn refuse_vacuous(name: &str, caveat: &Caveat, args: &CheckArgs) -> Status {
    if args.output.allow_vacuous {
        return Status::Valid;
    }
    complain(&format!(
        "error[{}]: {}: {}\n  = help: {}; --allow-vacuous takes this for a pass",
        caveat.kind.code(),
        report::printable(name),
        caveat.message,
        caveat.kind.remedy()
    ));
    Status::Unreadable
}

/// The status that stands for a verdict.
fn status_of(report: &Report) -> Status {
    match report.verdict {
        Verdict::Valid => Status::Valid,
        Verdict::Unknown => Status::Undecided,
        Verdict::Invalid => Status::Violation,
    }
}

/// What to say of an input called `name` that a limit kept from being read, or decided.
fn undecided(
    format: ReportFormat,
    name: Option<&str>,
    reason: StopReason,
    is_read: bool,
) -> String {
    if format == ReportFormat::Json {
        return report::unread_json(name, reason);
    }
    let name = name.map_or(String::new(), |name| format!("{}: ", report::printable(name)));
    let what = if is_read { "; not decided" } else { " before the input was read" };
    format!("{name}unknown: {reason}{what}\n")
}

/// Says that the inputs behind the one that ended the program were not checked.
pub(super) fn complain_of_rest(left: usize) {
    if left > 0 {
        complain_at_once(&format!("error: {left} more inputs were not checked"));
    }
}

/// What makes one document of all inputs, in the formats that have one.
pub(super) fn document(format: ReportFormat) -> Option<fn(&[Outcome]) -> String> {
    match format {
        ReportFormat::Human | ReportFormat::Json => None,
        ReportFormat::Junit => Some(ci::junit),
        ReportFormat::Sarif => Some(ci::sarif),
        ReportFormat::Markdown => Some(ci::markdown),
        ReportFormat::Github => Some(ci::github),
    }
}
