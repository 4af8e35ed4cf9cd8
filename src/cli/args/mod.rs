//! The options and commands, as data.

mod check;
mod choices;
mod commands;
mod shared;

use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use check::*;
pub(crate) use choices::*;
pub(crate) use commands::*;
pub(crate) use shared::*;

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

    /// When to show how far it is, on standard error
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        env = "HISTCHECK_PROGRESS",
        hide_env = true,
        help_heading = "Output"
    )]
    pub(crate) progress: ProgressWhen,
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
