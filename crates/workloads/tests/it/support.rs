//! Histories of events that need not match, and what a check says of them.

use histcheck_history::{
    Event, EventType, History, HistoryBuilder, Independent, IntoValue, Order, Pairing, Settings,
    Ties, Time,
};
use histcheck_workloads::{Options, Question, Report, Verdict, check};
use serde_json::Value as Json;

pub(crate) const TOLERANT: Settings = Settings {
    order: Order::File,
    ties: Ties::Concurrent,
    independent: Independent::No,
    split_clients: false,
    pairing: Pairing::Tolerant,
};

/// One event: its process, type, name and value.
pub(crate) type Line<'a> = (i64, &'a str, &'a str, Json);

/// The history of these events, a millisecond apart. Lists of JSON in a map `{"set": [..]}` are
/// sets.
pub(crate) fn history(lines: &[Line<'_>]) -> History {
    let mut builder = HistoryBuilder::for_settings(TOLERANT);
    for (&(process, kind, function, ref value), at) in lines.iter().zip(0..) {
        let values = builder.values();
        let process = values.int(process);
        let value = value.clone().into_value(values);
        let kind = EventType::parse(kind).expect("a type");
        let time = Some(Time::Whole(at * 1_000_000));
        builder
            .event(&Event { process, kind, function, value, key: None, time })
            .expect("an event");
    }
    builder.finish(TOLERANT).expect("a history")
}

pub(crate) fn ask(question: &str, lines: &[Line<'_>]) -> Report {
    ask_with(question, &Options::default(), lines)
}

pub(crate) fn ask_with(question: &str, options: &Options, lines: &[Line<'_>]) -> Report {
    let question = Question::parse(question).expect("a question");
    check(&history(lines), question, options)
}

pub(crate) fn verdict(question: &str, lines: &[Line<'_>]) -> Verdict {
    ask(question, lines).verdict
}

/// The anomalies that a report has, each with the number of its cases.
pub(crate) fn found(report: &Report) -> Vec<(&'static str, usize)> {
    report.found.iter().map(|found| (found.anomaly.name, found.count)).collect()
}

/// Numbers that look random, from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    pub(crate) fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}
