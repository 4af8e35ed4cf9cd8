//! What the check of one input prints and answers, whether its operations are in memory or on the
//! disk.

use std::fs::File;
use std::io::BufWriter;

use histcheck::history::Record;
use histcheck::proof::Proof;
use histcheck::report::ci::{self, Outcome};
use histcheck::report::{self, Detail, Strokes, Subject};
use histcheck::{Error, History, Report, Verdict};

use super::args::{CheckArgs, ReportFormat};
use super::exit::Status;
use super::output::Output;
use super::stderr::complain;
use super::witness;

/// The check of one input.
pub(super) struct Run<'a> {
    pub(super) args: &'a CheckArgs,
    pub(super) name: &'a str,
    pub(super) named: bool,
    /// The name, unless it is standard input.
    pub(super) file: Option<&'a str>,
    pub(super) output: &'a mut Output,
    pub(super) witnesses: &'a mut Option<BufWriter<File>>,
    /// What is kept for a document of all inputs.
    pub(super) outcomes: &'a mut Vec<Outcome>,
}

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
