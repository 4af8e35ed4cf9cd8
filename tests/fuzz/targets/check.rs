//! Any bytes that are a history, checked against every model that takes it, explained, and
//! reported in every form. Documents are well-formed.

use std::time::Duration;

use histcheck::formats::{Input, ReadOptions};
use histcheck::history::{Order, Settings, Statistics};
use histcheck::model::{CATALOGUE, ModelOptions};
use histcheck::proof::Proof;
use histcheck::report::{self, Detail, Palette, Plot, STATES_ROOM, Subject, ci};
use histcheck::{Budget, Error, History, Options, Report, Session};

/// Longer histories are left out: they would be slow, and show no more.
const OPERATIONS: usize = 40;

/// Reads `data` in the format that it looks like, and checks it with every model.
pub fn check(data: &[u8]) {
    let budget = Budget::memory(1 << 16);
    let Ok(input) = Input::from_bytes(
        data.to_vec(),
        ReadOptions { budget, threads: 1, ..ReadOptions::default() },
    ) else {
        return;
    };
    // Which settings are tried depends on the bytes in a way that any change changes.
    let sum = data.iter().fold(0, |sum: u8, &byte| sum.rotate_left(1) ^ byte);
    let order = if sum & 1 == 1 { Order::Time } else { Order::File };
    let settings = Settings { order, ..Settings::default() };
    let history = match input.history(settings) {
        Ok(history) if history.operations().len() <= OPERATIONS => history,
        Ok(_) => return,
        Err(error) => return unreadable(&error),
    };
    statistics(&history);
    let models = CATALOGUE.iter().map(|entry| Some(entry.name.to_owned()));
    for model in models.chain([None]) {
        let model_options = ModelOptions {
            failed_cas_observes: sum & 2 == 2,
            check_owner: sum & 4 == 0,
            largest_first: sum & 8 == 8,
            ..ModelOptions::default()
        };
        let options = Options { model, model_options, ..options() };
        match histcheck::check(&history, &options) {
            Ok(report) => reports(&input, &history, &report, &options),
            Err(error) => unreadable(&input.located(error)),
        }
    }
}

/// Little of everything.
fn options() -> Options {
    Options {
        budget: Budget { configurations: Some(2_000), ..Budget::default() },
        threads: 1,
        explain_timeout: Some(Duration::from_millis(200)),
        self_check: true,
        ..Options::default()
    }
}

fn unreadable(error: &Error) {
    let outcome = ci::Outcome::unreadable(Some("a file"), error);
    documents(&[outcome]);
    well_formed_json(&report::error_json("a file", error));
}

fn statistics(history: &History) {
    let statistics = Statistics::of(history);
    report::statistics_text(None, history, &statistics, &Palette::PLAIN);
    well_formed_json(&report::statistics_json(None, history, &statistics));
    for plot in [Plot::Latency, Plot::Rate, Plot::Concurrency] {
        well_formed_xml(&report::plot(history, plot));
    }
}

fn reports(input: &Input, history: &History, report: &Report, options: &Options) {
    for key in &report.keys {
        assert!(!matches!(key.proof, Some(Proof::Wrong(_))), "{}: {key:?}", report.model);
    }
    let mut subject = Subject::new(history, report);
    well_formed_json(&report::json(&subject));
    let session = Session::new(history, options).expect("the model took the history");
    subject.explanation = session.explain(report, 20).expect("the model took the history");
    subject.contexts = session.contexts(report, 5).expect("the model took the history");
    subject.linearizations =
        session.linearizations(report, STATES_ROOM).expect("the model took the history");
    subject.file = Some("a <file> & \"more\"");
    let mut records = subject.named_records();
    records.extend(ci::Outcome::records(&subject));
    records.sort_unstable();
    records.dedup();
    subject.places = input.locate_all(&records);
    assert_eq!(subject.places.len(), records.len(), "every record has a place");
    for detail in [Detail::Verdict, Detail::Usual, Detail::Keys] {
        report::text(&subject, detail, &Palette::PLAIN);
    }
    well_formed_json(&report::json(&subject));
    well_formed_xml(&report::svg(&subject));
    assert!(report::html(&subject, None).trim_end().ends_with("</html>"));
    documents(&[ci::Outcome::of(subject.file, &subject)]);
}

fn documents(outcomes: &[ci::Outcome]) {
    well_formed_xml(&ci::junit(outcomes));
    well_formed_json(&ci::sarif(outcomes));
    ci::markdown(outcomes);
    for line in ci::github(outcomes).lines() {
        assert!(line.is_empty() || line.starts_with("::"), "no command: {line:?}");
    }
}

fn well_formed_json(text: &str) {
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    read.unwrap_or_else(|error| panic!("{error}: {text}"));
}

fn well_formed_xml(text: &str) {
    roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
}
