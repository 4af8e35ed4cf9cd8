//! The check of transactions against isolation levels.

use std::time::Instant;

use histcheck::formats::Input;
use histcheck::history::{Shape, Value};
use histcheck::isolation::{
    self, Access, Asked, Keys, Status as LevelStatus, Tool, has_transactions, proof,
};
use histcheck::progress::Phase;
use histcheck::report::ci::Outcome;
use histcheck::report::{
    Detail, Isolation, IsolationSoFar, isolation_asked_json, isolation_asked_line,
    isolation_details, isolation_html, isolation_json, isolation_line, isolation_svg, printable,
};
use histcheck::{Budget, Error, History, Options};

use super::args::{Allowed, IsolationArgs, KeyOrder, LikeTool, ReportFormat};
use super::exit::Status;
use super::levels::unknown_level;
use super::output::write_at_once;
use super::run::{Run, complain_of_rest, document};
use super::settings::budget;
use super::single::{base_name, deliver_to};
use super::stderr::{complain, complain_at_once, lock};
use super::witness;

/// Work that a second of the time limit stands for, in edges looked at.
const WORK_PER_SECOND: u64 = 200_000_000;

impl From<LikeTool> for Tool {
    fn from(tool: LikeTool) -> Tool {
        match tool {
            LikeTool::Elle => Tool::Elle,
            LikeTool::Awdit => Tool::Awdit,
            LikeTool::Dbcop => Tool::Dbcop,
            LikeTool::Polysi => Tool::Polysi,
            LikeTool::Cobra => Tool::Cobra,
            LikeTool::Viper => Tool::Viper,
        }
    }
}

/// What became of the check of levels.
pub(super) enum Levels<'h> {
    /// They are decided.
    Decided(Box<isolation::Report<'h>>, Asked),
    /// The check of a model may tell more.
    OfModel,
    /// The history cannot be read as one of transactions.
    Refused(Error),
    /// The arguments are wrong; people were told why.
    Wrong,
}

impl IsolationArgs {
    /// Returns whether levels are to be decided: they are asked for, or the history is one of
    /// transactions, and no model is named.
    pub(super) fn ask_for_levels(&self, history: &History, options: &Options) -> bool {
        if self.level.is_some() {
            return self.names_level();
        }
        // A list of sessions may have no transaction.
        let is_empty = history.operations().is_empty() && !history.has_real_time();
        let is_named = options.model.is_some() || history.metadata_field("model").is_some();
        let is_whole = history.selected().is_none() && !has_own_starts(history, options);
        !is_named && is_whole && (is_empty || has_transactions(history))
    }

    /// Returns whether an isolation level is named.
    pub(super) fn names_level(&self) -> bool {
        self.level.as_ref().is_some_and(|level| level != "linearizable")
    }

    fn tool(&self) -> Option<Tool> {
        self.like.map(Tool::from)
    }

    /// Returns what is assumed of each register by itself. Elle finds anomalies of registers only
    /// where something is.
    fn assumed_of_keys(&self, asked: &Asked) -> Keys {
        let is_like_elle = self.like == Some(LikeTool::Elle);
        match self.keys {
            Some(KeyOrder::Unknown) => Keys::Unknown,
            Some(KeyOrder::Sequential) => Keys::Sequential,
            Some(KeyOrder::Linearizable) => Keys::Linearizable,
            None if is_like_elle && matches!(asked, Asked::Anomalies(_)) => Keys::Sequential,
            None => Keys::Unknown,
        }
    }

    /// Returns what is asked of a history; says so if there is no such level.
    pub(super) fn asked(&self, history: &History) -> Option<Asked> {
        let Some(name) = &self.level else {
            return Some(Asked::usual(history.has_real_time()));
        };
        let asked = Asked::parse(name, self.tool());
        if asked.is_none() {
            complain(&unknown_level(name));
        }
        asked
    }

    /// Decides the levels of a history; if that is all that is wanted, none but the one that is
    /// asked for. Its status is told as soon as it is known.
    pub(super) fn decide<'h>(
        &self,
        history: &'h History,
        options: &Options,
        is_only: bool,
        tell: &mut dyn FnMut(&Asked, &LevelStatus),
    ) -> Levels<'h> {
        let (asked, how) = match self.question(history, options, is_only) {
            Ok(question) => question,
            Err(Unasked::Refused(error)) => return Levels::Refused(error),
            Err(Unasked::Wrong) => return Levels::Wrong,
        };
        if let Some(progress) = &options.progress {
            progress.turn_to(Phase::Deciding);
        }
        match isolation::check_telling(history, &how, &mut |status| tell(&asked, status)) {
            Ok(report) if is_left_to_a_model(&report, &asked) => Levels::OfModel,
            Ok(report) => Levels::Decided(Box::new(report), asked),
            // Other operations beside transactions are a matter of the model.
            Err(_) if self.level.is_none() => Levels::OfModel,
            Err(error) => Levels::Refused(error),
        }
    }

    /// Returns whether the level that `subject` has in the order of its records is ruled out in
    /// that of their times.
    fn is_invalid_by_time(&self, subject: &Isolation<'_>, options: &Options) -> bool {
        let history = subject.report.transactions.history;
        if !matches!(subject.answer().0, LevelStatus::Holds(_)) || !history.is_overtaken() {
            return false;
        }
        let Some(history) = history.ordered_by_time() else { return false };
        let Ok((asked, how)) = self.question(&history, options, true) else { return false };
        let Ok(report) = isolation::check(&history, &how) else { return false };
        Isolation::new(&report, &asked).answer().0 == LevelStatus::RuledOut
    }

    /// Returns what is asked of a history, and how to decide it.
    pub(super) fn question(
        &self,
        history: &History,
        options: &Options,
        is_only: bool,
    ) -> Result<(Asked, isolation::Options), Unasked> {
        if let Some(wrong) = wrong_for_levels(history, options) {
            complain(&format!("error: {wrong}"));
            return Err(Unasked::Wrong);
        }
        histcheck::check_read(history, options.threads).map_err(Unasked::Refused)?;
        let asked = self.asked(history).ok_or(Unasked::Wrong)?;
        let usual = isolation::Options::default();
        let work = options.budget.timeout.map_or(usual.work, |timeout| {
            usual.work.min((timeout.as_secs_f64() * WORK_PER_SECOND as f64) as u64)
        });
        let how = isolation::Options {
            initial: initial(history, options),
            work,
            asked: match asked {
                Asked::Level(level, _) => Some(level),
                Asked::Anomalies(_) => None,
            },
            only: is_only,
            by_last_element: self.tool().is_some_and(Tool::reads_last_elements),
            keys: self.assumed_of_keys(&asked),
            allows_internal: self.allow == Some(Allowed::Internal),
            goes_on: false,
        };
        Ok((asked, how))
    }
}

/// Why nothing can be asked of a history.
pub(super) enum Unasked {
    /// Not all of it was read.
    Refused(Error),
    /// The arguments are wrong; people were told why.
    Wrong,
}

/// Returns whether the check of a model may tell more of transactions.
fn is_left_to_a_model(report: &isolation::Report<'_>, asked: &Asked) -> bool {
    let transactions = &report.transactions;
    let does = |access: Access| {
        transactions.all().any(|t| transactions.micros(t).iter().any(|m| m.access == access))
    };
    Isolation::new(report, asked).is_left_to_a_model()
        && has_transactions(transactions.history)
        // No model knows both registers and lists.
        && !(does(Access::Write) && does(Access::Append))
}

/// Returns why the levels of a history cannot be decided as the arguments say.
fn wrong_for_levels(history: &History, options: &Options) -> Option<String> {
    if history.selected().is_some() {
        return Some("--level needs all transactions, and some were left out".to_owned());
    }
    has_own_starts(history, options).then(|| {
        "--level needs one known initial value for all registers, as in --init 0".to_owned()
    })
}

impl Run<'_> {
    /// Decides the levels of a history, and reports on them. None if the one that is asked for is
    /// left undecided, and the check of a model may decide it.
    pub(super) fn check_isolation(
        &mut self,
        history: &History,
        options: &Options,
        input: &Input,
        start: Instant,
    ) -> Option<Status> {
        let proves = self.args.output.witness.is_some();
        let is_only = self.detail() == Detail::Verdict && !self.explains() && !proves;
        let (within, read) = (budget(&self.args.limits, start), start.elapsed());
        let mut tell = |asked: &Asked, status: &LevelStatus| {
            self.watch_levels(within, history.operations().len(), asked, status);
        };
        let decided = self.args.isolation.decide(history, options, is_only, &mut tell);
        let (report, asked) = match decided {
            Levels::Decided(report, asked) => (report, asked),
            Levels::OfModel => return None,
            Levels::Refused(error) => return Some(self.refused(error, input)),
            Levels::Wrong => return Some(Status::Unreadable),
        };
        let initial = initial(history, options);
        let mut subject = Isolation {
            file: self.named.then_some(self.name),
            files: input.files(),
            timings: self.args.output.timings.then(|| [read, start.elapsed() - read]),
            most: self.args.output.max_anomalies,
            verified: self.args.output.self_check.then(|| proof::verify(&report, initial)),
            ..Isolation::new(&report, &asked)
        };
        subject.is_invalid_by_time = self.args.isolation.is_invalid_by_time(&subject, options);
        subject.places = input.locate_all(&subject.named_records());
        match self.args.output.format {
            ReportFormat::Json => self.output.print(&isolation_json(&subject)),
            ReportFormat::Human => {
                self.output.start_block();
                let palette = *self.output.palette();
                let line = isolation_line(&subject, &palette) + "\n";
                let details = isolation_details(&subject, self.detail(), &palette);
                self.output.print(&(line + &details));
            }
            _ => lock(self.outcomes).push(Outcome::of_isolation(self.file, &subject)),
        }
        self.output.relax();
        let written = self.write_levels(&subject);
        Some(self.level_status(&subject).max(written))
    }

    /// Sees to it that the other levels are decided within the limits, or that the status of the
    /// one that is asked for is all that is said.
    fn watch_levels(&self, within: Budget, count: usize, asked: &Asked, status: &LevelStatus) {
        let is_decided = !matches!(status, LevelStatus::Undecided(_));
        let Asked::Level(level, _) = asked else { return };
        if !is_decided || document(self.args.output.format).is_some() {
            return;
        }
        let is_ruled_out = *status == LevelStatus::RuledOut;
        let so_far = IsolationSoFar {
            is_ruled_out,
            decided: count,
            transactions: count,
            ..IsolationSoFar::of(*level)
        };
        let (format, palette, left) = (self.args.output.format, *self.output.palette(), self.left);
        let own = if is_ruled_out { Status::Violation } else { Status::Valid };
        let own = if self.args.output.exit_zero { own.lenient() } else { own };
        let file = self.named.then(|| self.name.to_owned());
        self.output.watch(within, self.worst.max(own), move |reason| {
            let text = match format {
                ReportFormat::Json => isolation_asked_json(&so_far, file.as_deref(), reason),
                _ => isolation_asked_line(&so_far, file.as_deref(), &palette) + "\n",
            };
            let _ = write_at_once(text.as_bytes());
            complain_at_once(&format!("error: {reason} behind the verdict: the rest is missing"));
            complain_of_rest(left);
        });
    }

    /// Writes the picture, the page and the proofs that are asked for; the status of that.
    fn write_levels(&mut self, subject: &Isolation<'_>) -> Status {
        let mut status = Status::Valid;
        if let Some(path) = &self.args.output.svg {
            status = status.max(deliver_to(path, isolation_svg(subject).as_bytes()));
        }
        if let Some(path) = &self.args.output.html {
            let page = isolation_html(subject, self.file.and_then(base_name));
            status = status.max(deliver_to(path, page.as_bytes()));
        }
        if let Some(out) = self.witnesses
            && let Err(error) = witness::write_levels(subject.file, subject.report, out)
        {
            complain(&format!("error: cannot write the witness file: {error}"));
            status = status.max(Status::Unreadable);
        }
        status
    }

    /// Returns the status that a report stands for, and says which proofs do not hold.
    fn level_status(&self, subject: &Isolation<'_>) -> Status {
        let wrong = subject.verified.as_ref().map_or(&[][..], |verified| &verified.wrong);
        for wrong in wrong {
            complain(&format!(
                "error: {}: {wrong}: this is a bug in histcheck, please report it",
                printable(self.name)
            ));
        }
        if wrong.is_empty() { status_of(subject) } else { Status::BrokenProof }
    }
}

/// Returns the status that an answer stands for.
pub(super) fn status_of(subject: &Isolation<'_>) -> Status {
    match subject.answer().0 {
        LevelStatus::Holds(_) => Status::Valid,
        LevelStatus::RuledOut => Status::Violation,
        LevelStatus::Undecided(_) => Status::Undecided,
    }
}

/// Returns what registers hold before they are written: as the arguments say, or the metadata.
fn initial(history: &History, options: &Options) -> Value {
    options.initial.or_else(|| history.metadata_field("initial")).unwrap_or(Value::NULL)
}

/// Returns whether registers start with values of their own, or that is not known.
fn has_own_starts(history: &History, options: &Options) -> bool {
    let values = history.values();
    let is_map = |value| matches!(values.shape(value), Shape::Map(_));
    let is_of_metadata = options.initial.is_none() && !options.unknown_initial;
    let field = |name: &str| history.metadata_field(name).filter(|_| is_of_metadata);
    let is_unknown = |value| matches!(values.shape(value), Shape::Bool(true));
    !options.initials.is_empty()
        || options.unknown_initial
        || field("initials").is_some()
        || field("unknown_initial").is_some_and(is_unknown)
        || is_map(initial(history, options))
}
