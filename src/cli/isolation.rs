//! The check of transactions against isolation levels.

use histcheck::formats::Input;
use histcheck::isolation::{self, Asked, Initial, Status as LevelStatus, Tool, has_transactions};
use histcheck::report::{Detail, Isolation, isolation_details, isolation_json, isolation_line};
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
    /// transactions and no model is named.
    pub(super) fn asks_for_levels(&self, history: &History, options: &Options) -> bool {
        if let Some(level) = &self.args.isolation.level {
            return level != "linearizable";
        }
        let output = &self.args.output;
        let is_drawn = output.svg.is_some() || output.html.is_some() || output.witness.is_some();
        let is_plain = matches!(output.format, ReportFormat::Human | ReportFormat::Json);
        let is_named = options.model.is_some() || history.metadata_field("model").is_some();
        // A list of sessions may have no transaction.
        let is_empty = history.operations().is_empty() && !history.has_real_time();
        let is_theirs = is_empty || has_transactions(history);
        !is_named && !is_drawn && is_plain && !output.self_check && is_theirs
    }

    /// Decides the levels of a history, and reports on them.
    pub(super) fn check_isolation(
        &mut self,
        history: &History,
        options: &Options,
        input: &Input,
    ) -> Status {
        let tool = self.args.isolation.like.map(Tool::from);
        let asked = match &self.args.isolation.level {
            None => Asked::usual(history.has_real_time()),
            Some(name) => match Asked::parse(name, tool) {
                Some(asked) => asked,
                None => {
                    complain(&unknown_level(name));
                    return Status::Unreadable;
                }
            },
        };
        let usual = isolation::Options::default();
        let initial = match options.initial {
            _ if options.unknown_initial => Initial::Unknown,
            Some(value) => Initial::Value(value),
            None => usual.initial,
        };
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
            by_last_element: tool.is_some_and(Tool::keeps_sessions),
        };
        let report = match isolation::check(history, &options) {
            Ok(report) => report,
            Err(error) => return self.refused(error, input),
        };
        let mut subject = Isolation {
            file: self.named.then_some(self.name),
            report: &report,
            asked: &asked,
            places: Vec::new(),
        };
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
        match subject.answer().0 {
            LevelStatus::Holds(_) => Status::Valid,
            LevelStatus::RuledOut => Status::Violation,
            LevelStatus::Undecided(_) => Status::Undecided,
        }
    }
}
