//! The check of transactions against isolation levels.

use histcheck::formats::Input;
use histcheck::history::{Shape, Value};
use histcheck::isolation::{self, Asked, Status as LevelStatus, Tool, has_transactions, proof};
use histcheck::report::{
    Detail, Isolation, isolation_details, isolation_json, isolation_line, printable,
};
use histcheck::{History, Options};

use super::args::{LikeTool, ReportFormat};
use super::exit::Status;
use super::levels::unknown_level;
use super::run::Run;
use super::stderr::complain;

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

impl Run<'_> {
    /// Returns whether levels are to be decided: they are asked for, or the history is one of
    /// transactions, no model is named, and nothing else is asked for that a model needs.
    pub(super) fn asks_for_levels(&self, history: &History, options: &Options) -> bool {
        if let Some(level) = &self.args.isolation.level {
            return level != "linearizable";
        }
        // A list of sessions may have no transaction.
        let is_empty = history.operations().is_empty() && !history.has_real_time();
        let is_named = options.model.is_some() || history.metadata_field("model").is_some();
        let is_whole = history.selected().is_none() && !has_own_starts(history, options);
        let is_theirs = is_empty || has_transactions(history);
        !is_named && is_whole && self.needs_a_model().is_none() && is_theirs
    }

    /// Returns what is asked for that only the check of a model gives.
    fn needs_a_model(&self) -> Option<&'static str> {
        let output = &self.args.output;
        match output.format {
            ReportFormat::Human | ReportFormat::Json => {}
            _ => return Some("a --format for continuous integration"),
        }
        let files =
            [("--svg", &output.svg), ("--html", &output.html), ("--witness", &output.witness)];
        files.iter().find(|(_, path)| path.is_some()).map(|&(option, _)| option)
    }

    /// Returns why the levels of a history cannot be decided as the arguments say.
    fn wrong_for_levels(&self, history: &History, options: &Options) -> Option<String> {
        if let Some(option) = self.needs_a_model() {
            return Some(format!("{option} cannot be had together with --level"));
        }
        if history.selected().is_some() {
            return Some("--level needs all transactions, and some were left out".to_owned());
        }
        has_own_starts(history, options).then(|| {
            "--level needs one known initial value for all registers, as in --init 0".to_owned()
        })
    }

    fn tool(&self) -> Option<Tool> {
        self.args.isolation.like.map(Tool::from)
    }

    /// Returns what is asked of a history; says so if there is no such level.
    fn asked(&self, history: &History) -> Option<Asked> {
        let Some(name) = &self.args.isolation.level else {
            return Some(Asked::usual(history.has_real_time()));
        };
        let asked = Asked::parse(name, self.tool());
        if asked.is_none() {
            complain(&unknown_level(name));
        }
        asked
    }

    /// Decides the levels of a history, and reports on them. None if the one that is asked for is
    /// left undecided, and the check of a model may decide it.
    pub(super) fn check_isolation(
        &mut self,
        history: &History,
        options: &Options,
        input: &Input,
    ) -> Option<Status> {
        if let Some(wrong) = self.wrong_for_levels(history, options) {
            complain(&format!("error: {wrong}"));
            return Some(Status::Unreadable);
        }
        if let Err(error) = histcheck::check_read(history, options.threads) {
            return Some(self.refused(error, input));
        }
        let Some(asked) = self.asked(history) else { return Some(Status::Unreadable) };
        let usual = isolation::Options::default();
        let initial = options.initial.unwrap_or(Value::NULL);
        let work = options.budget.timeout.map_or(usual.work, |timeout| {
            usual.work.min((timeout.as_secs_f64() * WORK_PER_SECOND as f64) as u64)
        });
        let options = isolation::Options {
            initial,
            work,
            asked: match asked {
                Asked::Level(level, _) => Some(level),
                Asked::Anomalies(_) => None,
            },
            only: self.detail() == Detail::Verdict,
            by_last_element: self.tool().is_some_and(Tool::keeps_sessions),
        };
        let report = match isolation::check(history, &options) {
            Ok(report) => report,
            // Other operations beside transactions are a matter of the model.
            Err(_) if self.args.isolation.level.is_none() => return None,
            Err(error) => return Some(self.refused(error, input)),
        };
        let mut subject = Isolation {
            file: self.named.then_some(self.name),
            report: &report,
            asked: &asked,
            places: Vec::new(),
            files: input.files(),
            verified: self.args.output.self_check.then(|| proof::verify(&report, initial)),
        };
        if subject.is_left_to_a_model() && has_transactions(history) {
            return None;
        }
        subject.places = input.locate_all(&subject.named_records());
        let text = match self.args.output.format {
            ReportFormat::Json => isolation_json(&subject),
            _ => {
                self.output.start_block();
                let palette = *self.output.palette();
                let line = isolation_line(&subject, &palette) + "\n";
                line + &isolation_details(&subject, self.detail(), &palette)
            }
        };
        self.output.print(&text);
        self.output.relax();
        Some(self.level_status(&subject))
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
        match subject.answer().0 {
            _ if !wrong.is_empty() => Status::BrokenProof,
            LevelStatus::Holds(_) => Status::Valid,
            LevelStatus::RuledOut => Status::Violation,
            LevelStatus::Undecided(_) => Status::Undecided,
        }
    }
}

/// Returns whether registers start with values of their own, or that is not known.
fn has_own_starts(history: &History, options: &Options) -> bool {
    let is_map = |value| matches!(history.values().shape(value), Shape::Map(_));
    let is_one = options.initials.is_empty() && !options.unknown_initial;
    !is_one || options.initial.is_some_and(is_map)
}
