//! `histcheck report`: one history's report as a file of its own, in any of the formats.

use std::path::Path;

use histcheck::isolation::{self, Asked};
use histcheck::report::ci::{self, Outcome};
use histcheck::report::{self, Detail, Isolation, Palette, Subject};
use histcheck::{Error, Options, Session};

use super::args::{ReportArgs, ReportTarget};
use super::exit::Status;
use super::folders::jepsen_result;
use super::isolation::Levels;
use super::output::Output;
use super::single::{Single, base_name, deliver};
use super::stderr::complain;

/// So many anomalies are listed.
const ANOMALIES: usize = 20;

/// Reports on the history that the arguments name.
pub(crate) fn run(args: &ReportArgs, output: &mut Output) -> Status {
    let Some(target) = args.to.or_else(|| by_name(args)) else {
        complain(
            "error: the name of the file does not tell which report is meant: say --to svg, html, \
             dot, text, json, junit, sarif or markdown",
        );
        return Status::Unreadable;
    };
    let single = match Single::open(&args.single, output) {
        Ok(single) => single,
        Err(status) => return status,
    };
    let levels = match args.isolation.ask_for_levels(&single.history, &single.options) {
        true => args.isolation.decide(&single.history, &single.options, false, &mut |_, _| {}),
        false => Levels::OfModel,
    };
    let rendered = match levels {
        Levels::Decided(report, asked) => Ok(of_levels(target, &single, &report, &asked)),
        Levels::Refused(error) => Err(error),
        Levels::Wrong => return Status::Unreadable,
        Levels::OfModel if target == ReportTarget::Dot => {
            complain(
                "error: dot shows cycles of transactions, and this history is checked against a \
                 model: say --to svg or html",
            );
            return Status::Unreadable;
        }
        Levels::OfModel => rendered(target, &single),
    };
    match rendered {
        Ok(text) => deliver(args.single.output.as_deref(), text.as_bytes(), output),
        Err(error) => single.refused(error, output),
    }
}

/// The report that the name of the file suggests.
fn by_name(args: &ReportArgs) -> Option<ReportTarget> {
    let extension = args.single.output.as_ref()?.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "svg" => ReportTarget::Svg,
        "html" | "htm" => ReportTarget::Html,
        "dot" | "gv" => ReportTarget::Dot,
        "txt" => ReportTarget::Text,
        "json" => ReportTarget::Json,
        "xml" => ReportTarget::Junit,
        "sarif" => ReportTarget::Sarif,
        "md" => ReportTarget::Markdown,
        _ => return None,
    })
}

/// The report on the isolation levels of transactions.
fn of_levels(
    target: ReportTarget,
    single: &Single,
    report: &isolation::Report<'_>,
    asked: &Asked,
) -> String {
    let file = single.is_file.then_some(single.name.as_str());
    let mut subject = Isolation { files: single.input.files(), ..Isolation::new(report, asked) };
    subject.places = single.input.locate_all(&subject.named_records());
    let outcome = || [Outcome::of_isolation(file, &subject)];
    match target {
        ReportTarget::Svg => report::isolation_svg(&subject),
        ReportTarget::Html => report::isolation_html(&subject, file.and_then(base_name)),
        ReportTarget::Dot => report::isolation_dot(&subject),
        ReportTarget::Text => {
            let line = report::isolation_line(&subject, &Palette::PLAIN) + "\n";
            line + &report::isolation_details(&subject, Detail::Usual, &Palette::PLAIN)
        }
        ReportTarget::Json => report::isolation_json(&subject),
        ReportTarget::Junit => ci::junit(&outcome()),
        ReportTarget::Sarif => ci::sarif(&outcome()),
        ReportTarget::Markdown => ci::markdown(&outcome()),
    }
}

fn rendered(target: ReportTarget, single: &Single) -> Result<String, Error> {
    let is_page = target == ReportTarget::Html;
    let options = &Options { keep_orders: is_page, ..single.options.clone() };
    let session = Session::new(&single.history, options)?;
    let report = session.check()?;
    let mut subject = Subject::new(&single.history, &report);
    let file = single.is_file.then_some(single.name.as_str());
    subject.jepsen = file.map(Path::new).and_then(jepsen_result);
    subject.explanation = session.explain(&report, ANOMALIES)?;
    subject.contexts = session.contexts(&report, report::SHOWN_FAILURES)?;
    subject.hints = session.hints(&report);
    if is_page {
        subject.linearizations = session.linearizations(&report, report::STATES_ROOM)?;
    }
    let records = match target {
        ReportTarget::Junit | ReportTarget::Sarif | ReportTarget::Markdown => {
            Outcome::records(&subject)
        }
        _ => subject.named_records(),
    };
    subject.places = single.input.locate_all(&records);
    subject.files = single.input.files();
    let outcome = || [Outcome::of(file, &subject)];
    Ok(match target {
        // Of a model, there is none.
        ReportTarget::Svg | ReportTarget::Dot => report::svg(&subject),
        ReportTarget::Html => report::html(&subject, file.and_then(base_name)),
        ReportTarget::Text => report::text(&subject, Detail::Usual, &Palette::PLAIN),
        ReportTarget::Json => report::json(&subject),
        ReportTarget::Junit => ci::junit(&outcome()),
        ReportTarget::Sarif => ci::sarif(&outcome()),
        ReportTarget::Markdown => ci::markdown(&outcome()),
    })
}
