//! The options that choose one of several things.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use histcheck::formats::Format;

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PlotKind {
    /// How long operations took: quantiles over time, for each function
    Latency,
    /// How many operations ended a second, by outcome and function
    Rate,
    /// How many operations were under way at once
    Concurrency,
    /// How long the values had been replaced that stale reads returned
    Staleness,
    /// By how much the clocks of nodes are off that would explain a violation
    ClockOffset,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReportTarget {
    /// A picture
    Svg,
    /// A page for a browser
    Html,
    /// The cycles of transactions, for Graphviz
    Dot,
    /// Text for people
    Text,
    /// JSON for programs
    Json,
    /// JUnit, for test reports
    Junit,
    /// SARIF, for code scanning
    Sarif,
    /// A comment on a pull request
    Markdown,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProgressWhen {
    /// On a terminal
    Auto,
    /// Elsewhere too, as a line a second
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ColorWhen {
    /// On a terminal
    Auto,
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutputFormat {
    /// Text for people
    Human,
    /// JSON for programs; for several files one object a line
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReportFormat {
    /// Text for people
    Human,
    /// JSON for programs; for several files one object a line
    Json,
    /// A test suite for each file, a test case for each key, as XML
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// A comment on a pull request
    Markdown,
    /// Commands for GitHub's workflows, which annotate the files
    Github,
}

/// The format of an input; `None` if it is to be found out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputFormat(pub(crate) Option<Format>);

/// Parses the format of an input.
pub(crate) fn input_format() -> impl TypedValueParser<Value = InputFormat> {
    let auto = PossibleValue::new("auto").help("Find out");
    PossibleValuesParser::new([auto].into_iter().chain(Format::READ.map(named)))
        .map(|name| InputFormat(Format::parse(&name)))
}

/// Parses a format to write.
pub(crate) fn target_format() -> impl TypedValueParser<Value = Format> {
    let formats = PossibleValuesParser::new(Format::written().map(named));
    formats.try_map(|name| Format::parse(&name).ok_or("there is no such format"))
}

fn named(format: Format) -> PossibleValue {
    PossibleValue::new(format.name()).help(format.about())
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FailedCas {
    /// It tells nothing: it did not happen
    Ignores,
    /// It found another value than it expected
    Observes,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decider {
    /// The fastest that fits
    Auto,
    /// The general search alone
    Search,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OrderBy {
    /// The order of the records
    File,
    /// The order of their times
    Time,
}

/// The unit of times that are bare numbers.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeUnit {
    /// Nanoseconds
    Ns,
    /// Microseconds
    Us,
    /// Milliseconds
    Ms,
    /// Seconds
    S,
}

impl TimeUnit {
    /// Returns how many nanoseconds it is.
    pub(crate) fn nanoseconds(self) -> i64 {
        match self {
            TimeUnit::Ns => 1,
            TimeUnit::Us => 1_000,
            TimeUnit::Ms => 1_000_000,
            TimeUnit::S => 1_000_000_000,
        }
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TiesArg {
    /// Operations whose ends share a time overlap
    Concurrent,
    /// They follow each other as the file lists them
    Ordered,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IndependentArg {
    /// Find out
    Auto,
    Yes,
    No,
}

/// What may be assumed of each register of transactions.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeyOrder {
    /// Nothing: any order of its versions is possible
    Unknown,
    /// Each process sees its versions in their order
    Sequential,
    /// Its versions follow each other in real time
    Linearizable,
}

/// What transactions may do all the same.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Allowed {
    /// Read something else than they wrote or read before, as where reads go to a snapshot
    Internal,
}

/// The tools whose names of isolation levels are known.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LikeTool {
    /// Elle: Adya's levels, without the order of sessions
    #[value(alias = "elle-cli", alias = "jepsen", alias = "adya")]
    Elle,
    /// AWDIT and Plume: commits follow the order of sessions
    #[value(alias = "plume", alias = "be")]
    Awdit,
    /// dbcop: commits follow the order of sessions
    Dbcop,
    /// PolySI and IsoVista: snapshots have what their session committed before
    #[value(alias = "isovista")]
    Polysi,
    /// Cobra: serializable in an order that keeps that of sessions
    #[value(alias = "polygraph")]
    Cobra,
    /// Viper: snapshot isolation as it is named
    Viper,
}
