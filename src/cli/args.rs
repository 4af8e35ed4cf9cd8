//! The options and commands, as data.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use histcheck::history::{Independent, Order, Settings, Ties};
use histcheck::ingest::Format;

use super::generate::KnobArgs;
use super::units;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().effects(Effects::BOLD))
    .valid(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .invalid(AnsiColor::Yellow.on_default().effects(Effects::BOLD));

const TEMPLATE: &str = "{about-section}
{usage-heading} {usage}

{before-help}{all-args}{after-help}";

const EXAMPLES: &str = "\
Examples:
  histcheck history.jsonl                        check one history
  histcheck < run.jsonl                          the same from a pipe
  histcheck histories/ --format json             every history in a directory, for programs
  histcheck histories/ --format junit            a report for continuous integration
  histcheck --model fifo-queue queue.edn         say which model is meant
  histcheck --timeout 30s --max-memory 2GiB a.edn b.edn
  histcheck --witness order.jsonl history.jsonl  keep the proof
  histcheck --svg picture.svg history.jsonl      draw what went wrong
  histcheck stats history.edn                    what the history consists of
  histcheck plot run.jsonl -k latency -o l.svg   how it went over time
  histcheck convert history.edn --to jsonl       another format
  histcheck shrink bad.jsonl -o small.jsonl      the smallest part that is wrong
  histcheck generate split-brain | histcheck     a system that breaks, in one process
  histcheck explain H0007                        what an error means";

const GENERATE_EXAMPLES: &str = "\
Examples:
  histcheck generate --list                      the presets, with what each teaches
  histcheck generate split-brain > run.jsonl     a history of one of them
  histcheck generate abd --seed 7 | histcheck    check it at once
  histcheck generate abd --write-back no --operations 100000 --bare > run.jsonl";

const AFTER: &str = "\
Exit status:
  0   every history is valid
  1   a history is not linearizable
  2   wrong usage, or an input that cannot be read
  3   not decided within the limits
  70  a proof does not hold (--self-check): a bug in histcheck
Of several files, 1 comes before 2, and 2 before 3.";

/// Check whether recorded histories of operations are linearizable.
///
/// A history says what clients did with a register, a queue or another object, and when. It is
/// linearizable if one copy of the object, used by one client at a time, could have returned the
/// same.
#[derive(Parser, Debug)]
#[command(
    name = "histcheck",
    version,
    styles = STYLES,
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = AFTER,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) check: CheckArgs,

    /// When to use colours
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        env = "HISTCHECK_COLOR",
        hide_env = true,
        help_heading = "Output"
    )]
    pub(crate) color: ColorWhen,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check histories; the same as without a command
    #[command(before_long_help = EXAMPLES, after_long_help = AFTER, help_template = TEMPLATE)]
    Check(CheckArgs),
    /// Write a history in another format
    Convert(ConvertArgs),
    /// Write the report on a history to a file: a picture, text, JSON, JUnit, SARIF or Markdown
    Report(ReportArgs),
    /// Plot latencies, rates and the like over time, as SVG
    Plot(PlotArgs),
    /// Cut a failing history down to the few operations that prove it
    Shrink(ShrinkArgs),
    /// Make a history with the reference store
    #[command(before_long_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
    /// Say what a history consists of
    Stats(StatsArgs),
    /// List the models with their operations
    Models(ModelsArgs),
    /// List the anomalies, or define one
    Anomalies(AnomaliesArgs),
    /// Explain an error code
    Explain(ExplainArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Histories: files, directories, or `-` for standard input
    ///
    /// Of a directory, every file below it that ends in .jsonl, .json, .edn, .csv, .log or .txt,
    /// perhaps followed by .gz or .zst. Without any, the history comes from standard input.
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) output: CheckOutputArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArgs {
    /// The model; inferred from the operations if not given
    ///
    /// `histcheck models` lists them.
    #[arg(short, long, value_name = "NAME", env = "HISTCHECK_MODEL", hide_env = true)]
    pub(crate) model: Option<String>,

    /// What the object holds before the first operation, as JSON
    #[arg(long, value_name = "JSON", env = "HISTCHECK_INIT", hide_env = true)]
    pub(crate) init: Option<String>,

    /// What a failed cas tells: nothing, or that its precondition was false
    #[arg(
        long,
        value_name = "MEANING",
        default_value = "ignores",
        env = "HISTCHECK_FAILED_CAS",
        hide_env = true
    )]
    pub(crate) failed_cas: FailedCas,

    /// Let a mutex be released by another process than its holder
    #[arg(
        long,
        env = "HISTCHECK_ANY_OWNER",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) any_owner: bool,

    /// Let a priority queue's dequeue and peek be about the largest item
    #[arg(
        long,
        env = "HISTCHECK_LARGEST_FIRST",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) largest_first: bool,

    /// Check all keys together as one object, not each by itself
    ///
    /// The verdict is the same; it takes longer.
    #[arg(
        long,
        env = "HISTCHECK_NO_PARTITION",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) no_partition: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadArgs {
    /// The format of the input
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "auto",
        env = "HISTCHECK_INPUT_FORMAT",
        hide_env = true
    )]
    pub(crate) input_format: InputFormat,

    /// What orders the events: their place in the file, or their times
    #[arg(
        long,
        value_name = "BY",
        default_value = "file",
        env = "HISTCHECK_ORDER",
        hide_env = true
    )]
    pub(crate) order: OrderBy,

    /// What equal times mean: concurrent, or ordered as in the file
    #[arg(
        long,
        value_name = "MEANING",
        default_value = "concurrent",
        env = "HISTCHECK_TIES",
        hide_env = true
    )]
    pub(crate) ties: TiesArg,

    /// Whether values are tuples [key value]
    #[arg(
        long,
        value_name = "WHETHER",
        default_value = "auto",
        env = "HISTCHECK_INDEPENDENT",
        hide_env = true
    )]
    pub(crate) independent: IndependentArg,
}

impl ReadArgs {
    /// The settings of the history.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            order: match self.order {
                OrderBy::File => Order::File,
                OrderBy::Time => Order::Time,
            },
            ties: match self.ties {
                TiesArg::Concurrent => Ties::Concurrent,
                TiesArg::Ordered => Ties::Ordered,
            },
            independent: match self.independent {
                IndependentArg::Auto => Independent::Auto,
                IndependentArg::Yes => Independent::Yes,
                IndependentArg::No => Independent::No,
            },
        }
    }

    /// The format, unless it is to be found out.
    pub(crate) fn format(&self) -> Option<Format> {
        match self.input_format {
            InputFormat::Auto => None,
            InputFormat::Jsonl => Some(Format::JsonLines),
            InputFormat::Json => Some(Format::JsonArray),
            InputFormat::Edn => Some(Format::Edn),
            InputFormat::Log => Some(Format::Log),
            InputFormat::Csv => Some(Format::Csv),
        }
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Stop undecided after this time for each file, such as 30s, 500ms or 2m
    #[arg(
        long,
        value_name = "TIME",
        value_parser = units::duration,
        env = "HISTCHECK_TIMEOUT",
        hide_env = true
    )]
    pub(crate) timeout: Option<Duration>,

    /// Stop undecided at this much memory, such as 2GiB, 500MB or a number of bytes
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = units::bytes,
        env = "HISTCHECK_MAX_MEMORY",
        hide_env = true
    )]
    pub(crate) max_memory: Option<usize>,

    /// Stop undecided after so many configurations for one key
    #[arg(long, value_name = "N", env = "HISTCHECK_MAX_CONFIGS", hide_env = true)]
    pub(crate) max_configs: Option<u64>,

    /// Which deciders may decide
    ///
    /// The verdict does not depend on it.
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        default_value_t = Decider::Auto,
        env = "HISTCHECK_DECIDER",
        hide_env = true
    )]
    pub(crate) decider: Decider,

    /// Explain a violation for no longer than this
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        value_parser = units::duration,
        env = "HISTCHECK_EXPLAIN_TIMEOUT",
        hide_env = true
    )]
    pub(crate) explain_timeout: Duration,

    /// How many threads to use; 0 for one a processor
    ///
    /// The output does not depend on it.
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        default_value_t = 0,
        env = "HISTCHECK_THREADS",
        hide_env = true
    )]
    pub(crate) threads: usize,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct CheckOutputArgs {
    /// For people, for programs, or for continuous integration
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        env = "HISTCHECK_FORMAT",
        hide_env = true
    )]
    pub(crate) format: ReportFormat,

    /// Write the order that proves each valid key to this file, as JSON Lines
    #[arg(long, value_name = "FILE", env = "HISTCHECK_WITNESS", hide_env = true)]
    pub(crate) witness: Option<PathBuf>,

    /// Draw a picture into this file, as SVG: of the first violation, or of how the run went
    #[arg(long, value_name = "FILE", env = "HISTCHECK_SVG", hide_env = true)]
    pub(crate) svg: Option<PathBuf>,

    /// Verify the proof of every verdict
    #[arg(
        long,
        env = "HISTCHECK_SELF_CHECK",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) self_check: bool,

    /// Exit with 0 also after a violation
    #[arg(
        long,
        env = "HISTCHECK_EXIT_ZERO",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) exit_zero: bool,

    /// Say how long it took
    #[arg(
        long,
        env = "HISTCHECK_TIMINGS",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) timings: bool,

    /// List at most so many anomalies
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        env = "HISTCHECK_MAX_ANOMALIES",
        hide_env = true
    )]
    pub(crate) max_anomalies: usize,

    /// Draw with ASCII characters only
    #[arg(
        long,
        env = "HISTCHECK_ASCII",
        hide_env = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) ascii: bool,

    /// Only say the verdict
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Also list the keys
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug)]
pub(crate) struct FormatArg {
    /// For people or for programs
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        env = "HISTCHECK_FORMAT",
        hide_env = true,
        help_heading = "Output"
    )]
    pub(crate) format: OutputFormat,
}

#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    /// The history: a file, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// The format to write
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: TargetFormat,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ShrinkArgs {
    /// The history: a file, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The key to take; the first one that fails if not given
    #[arg(short, long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Args, Debug)]
pub(crate) struct PlotArgs {
    /// The history: a file, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// What to plot
    #[arg(short, long, value_name = "KIND")]
    pub(crate) kind: PlotKind,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// The history: a file, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The report to write; if not given, the name of the file tells
    #[arg(long, value_name = "REPORT")]
    pub(crate) to: Option<ReportTarget>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReportTarget {
    /// A picture
    Svg,
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

#[derive(Args, Debug)]
pub(crate) struct StatsArgs {
    /// Histories: files, directories, or `-` for standard input
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) format: FormatArg,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ModelsArgs {
    /// A model, for its details
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) format: FormatArg,
}

#[derive(Args, Debug)]
pub(crate) struct AnomaliesArgs {
    /// An anomaly, such as stale-read, for its definition and an example
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) format: FormatArg,
}

/// Make a history with the reference store
///
/// The store is simulated: the same preset, seed and knobs give the same history, on every machine.
#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// The preset, such as split-brain; without one, all are listed
    pub(crate) preset: Option<String>,

    /// List the presets, with what each teaches
    #[arg(long, conflicts_with = "preset")]
    pub(crate) list: bool,

    /// The seed: another one gives another history of the same system
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Let real threads race for an object in memory, instead of simulating a store
    #[arg(long)]
    pub(crate) real_threads: bool,

    /// Leave out the nodes, who answered and the versions: what only this recorder knows
    #[arg(long)]
    pub(crate) bare: bool,

    #[command(flatten)]
    pub(crate) knobs: KnobArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// The code of an error, such as H0007; without one, all are listed
    pub(crate) code: Option<String>,
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

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InputFormat {
    /// Find out
    Auto,
    Jsonl,
    Json,
    Edn,
    Log,
    Csv,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TargetFormat {
    Jsonl,
    Json,
    Edn,
    Csv,
    Log,
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
