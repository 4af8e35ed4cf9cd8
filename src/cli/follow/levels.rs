//! `histcheck --follow --level NAME`: judges the isolation level of transactions as they come in.

use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use histcheck::follow::{FollowingLevels, SoFar};
use histcheck::formats::Mapping;
use histcheck::history::Record;
use histcheck::isolation::{self, Asked, Found};
use histcheck::report::{
    Detail, Isolation, IsolationEvent, IsolationSoFar, Palette, isolation_details,
    isolation_interrupted_json, isolation_interrupted_line, isolation_json, isolation_line,
    isolation_violation,
};
use histcheck::{Budget, Options, Place, StopReason};

use super::{LOOK_EVERY, Run};
use crate::cli::args::{CheckOutputArgs, ReportFormat};
use crate::cli::exit::Status;
use crate::cli::isolation::{Unasked, status_of};
use crate::cli::output::write_at_once;
use crate::cli::settings::{budget, initial, options_with};
use crate::cli::stderr::complain;

type Following = FollowingLevels<Box<dyn Read>>;

/// Why nothing more is followed.
enum Ended {
    OfItself,
    /// A limit ended it.
    Stopped(StopReason),
    /// People were told why.
    Refused(Status),
}

impl Run<'_> {
    /// Follows the level that is asked for.
    pub(super) fn follow_levels(
        &mut self,
        reader: Box<dyn Read>,
        mapping: Option<Arc<Mapping>>,
        start: Instant,
    ) -> Status {
        let within = self.reading(mapping, start);
        let following = FollowingLevels::new(reader, within, self.args.read.settings());
        let begun = following.and_then(|mut following| {
            let starts = initial(&self.args.model, following.values_mut())?;
            Ok((following, options_with(&self.args.model, &self.args.limits, start, starts)))
        });
        let (mut following, options) = match begun {
            Ok(begun) => begun,
            Err(error) => return self.complain(&error, None),
        };
        if !self.args.select.selection().is_all() {
            complain("error: --level needs all transactions, and some are to be left out");
            return Status::Unreadable;
        }
        let asked = match self.args.isolation.asked(following.history()) {
            Some(Asked::Level(level, _)) => level,
            Some(Asked::Anomalies(_)) => {
                complain("error: --follow follows a level, and anomalies need the whole history");
                return Status::Unreadable;
            }
            None => return Status::Unreadable,
        };
        let mut so_far = IsolationSoFar::of(asked);
        match self.follow_to_end(&mut following, &options, &mut so_far, start) {
            Ended::Refused(_) if so_far.is_ruled_out => Status::Violation,
            Ended::Refused(status) => status,
            Ended::Stopped(reason) => {
                let (format, palette) = (self.args.output.format, self.output.palette());
                let text = interrupted(&so_far, reason, format, palette);
                self.output.print(&text);
                status_so_far(&so_far)
            }
            Ended::OfItself => self.end_levels(following, &options),
        }
    }

    /// Reads to the end, and tells what rules out levels.
    fn follow_to_end(
        &mut self,
        following: &mut Following,
        options: &Options,
        so_far: &mut IsolationSoFar,
        start: Instant,
    ) -> Ended {
        let within = budget(&self.args.limits, start);
        let mut looked = None;
        loop {
            if looked.is_none_or(|at: Instant| at.elapsed() > LOOK_EVERY) {
                looked = Some(Instant::now());
                self.watch_levels(within, so_far);
            }
            let step = following.step();
            self.tell_rotations();
            so_far.transactions = following.history().operations().len();
            so_far.records = following.records();
            let decided = match step {
                Ok(None) if !self.output.progress().is_cancelled() => return Ended::OfItself,
                Ok(Some(false)) => continue,
                Ok(Some(true) | None) => self.decide_so_far(following, options, so_far),
                Err(error) => Err(Unasked::Refused(error)),
            };
            match decided {
                Ok(()) if self.output.progress().is_cancelled() => {
                    return Ended::Stopped(StopReason::Cancelled);
                }
                Ok(()) => {}
                Err(Unasked::Wrong) => return Ended::Refused(Status::Unreadable),
                Err(Unasked::Refused(error)) => {
                    return match error.stop_reason() {
                        Some(reason) => Ended::Stopped(reason),
                        None => Ended::Refused(self.complain(&error, following.excerpt(&error))),
                    };
                }
            }
        }
    }

    /// Decides what there is, and tells what rules out levels that were not ruled out before.
    fn decide_so_far(
        &mut self,
        following: &mut Following,
        options: &Options,
        so_far: &mut IsolationSoFar,
    ) -> Result<(), Unasked> {
        let isolation = &self.args.isolation;
        let (asked, how) = isolation.question(following.history(), options, true)?;
        so_far.decided = so_far.transactions;
        let mut new = Vec::new();
        if !so_far.is_ruled_out {
            new = following.decide(&how).map_err(Unasked::Refused)?.new;
            if !new.contains(&so_far.level) {
                return Ok(());
            }
            so_far.is_ruled_out = true;
        }
        let all = isolation::Options { only: false, ..how };
        let mut decided = following.decide(&all).map_err(Unasked::Refused)?;
        new.append(&mut decided.new);
        let rules_out_new = |found: &Found| found.rules_out.iter().any(|level| new.contains(level));
        decided.report.found.retain(rules_out_new);
        if !new.is_empty() {
            self.tell_levels(&decided, &asked, so_far.records);
        }
        Ok(())
    }

    /// Tells what rules out levels, unless there was much of that.
    fn tell_levels(&mut self, so_far: &SoFar<'_>, asked: &Asked, records: usize) {
        self.told += 1;
        if self.told > self.args.output.max_anomalies {
            return;
        }
        self.told_kinds.extend(so_far.report.found.iter().map(|found| found.kind));
        let mut subject = Isolation::new(&so_far.report, asked);
        subject.places = places(&subject, so_far.lines);
        subject.event = Some(IsolationEvent { event: "violation", records });
        let text = if self.args.output.format == ReportFormat::Json {
            isolation_json(&subject)
        } else {
            let line = isolation_line(&subject, self.output.palette()) + "\n";
            let details = isolation_violation(&subject, self.output.palette());
            if self.args.output.quiet { line } else { line + &details }
        };
        self.output.print(&text);
    }

    /// Decides the levels of the history that has ended, and reports on them.
    fn end_levels(&mut self, following: Following, options: &Options) -> Status {
        let records = following.records();
        let (history, lines) = match following.finish() {
            Ok(ended) => ended,
            Err(error) => return self.complain(&error, None),
        };
        let detail = self.args.output.detail();
        let is_only = detail == Detail::Verdict && self.args.output.format == ReportFormat::Human;
        let question = self.args.isolation.question(&history, options, is_only);
        let report = question.and_then(|(asked, how)| {
            let report = isolation::check(&history, &how).map_err(Unasked::Refused)?;
            Ok((report, asked))
        });
        let (mut report, asked) = match report {
            Ok(report) => report,
            Err(Unasked::Refused(error)) => return self.complain(&error, None),
            Err(Unasked::Wrong) => return Status::Unreadable,
        };
        let (format, palette) = (self.args.output.format, self.output.palette());
        let line = isolation_line(&Isolation::new(&report, &asked), palette) + "\n";
        if format != ReportFormat::Json {
            // What was told need not be read twice.
            report.found.retain(|found| !self.told_kinds.contains(&found.kind));
        }
        let mut subject = Isolation::new(&report, &asked);
        subject.most = self.args.output.max_anomalies;
        subject.places = places(&subject, &lines);
        subject.event = Some(IsolationEvent { event: "end", records });
        let text = match format {
            ReportFormat::Json => isolation_json(&subject),
            _ => line + &isolation_details(&subject, detail, palette),
        };
        self.output.print(&text);
        status_of(&subject)
    }

    /// Sees to it that what follows ends within the limits, or what is known so far is said.
    fn watch_levels(&self, within: Budget, so_far: &IsolationSoFar) {
        let CheckOutputArgs { exit_zero, format, .. } = self.args.output;
        let status = status_so_far(so_far);
        let status = if exit_zero { status.lenient() } else { status };
        let (so_far, palette) = (so_far.clone(), *self.output.palette());
        self.output.watch(within, status, move |reason| {
            let _ = write_at_once(interrupted(&so_far, reason, format, &palette).as_bytes());
        });
    }
}

/// Returns where the records are that are named.
fn places(subject: &Isolation<'_>, lines: &[u32]) -> Vec<(Record, Place)> {
    let line = |record: Record| lines.get(record.index()).map_or(0, |&line| line as usize);
    let place = |record| (record, Place { offset: 0, line: line(record), column: 1 });
    subject.named_records().into_iter().map(place).collect()
}

fn status_so_far(so_far: &IsolationSoFar) -> Status {
    if so_far.is_ruled_out { Status::Violation } else { Status::Undecided }
}

/// Returns what to say of transactions that `reason` ended before they were over.
fn interrupted(
    so_far: &IsolationSoFar,
    reason: StopReason,
    format: ReportFormat,
    palette: &Palette,
) -> String {
    match format {
        ReportFormat::Json => isolation_interrupted_json(so_far, reason),
        _ => isolation_interrupted_line(so_far, reason, palette) + "\n",
    }
}
