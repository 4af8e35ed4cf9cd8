//! The options of all other commands.

use std::path::PathBuf;

use clap::Args;
use histcheck::formats::Format;

use super::{
    BudgetArgs, FormatArg, InputFormat, IsolationArgs, PlotKind, ReadArgs, ReportTarget,
    SelectArgs, SingleArgs, input_format, target_format,
};
use crate::cli::generate::KnobArgs;

#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    /// The history: a file, the folder of a Jepsen run, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// The format to write
    #[arg(long, value_name = "FORMAT", value_parser = target_format())]
    pub(crate) to: Format,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) select: SelectArgs,

    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
}

/// Look at a foreign file, and propose the rules to read it by
///
/// The rules are written to `histcheck.toml` beside the file, with the reason for each; then the
/// first operations are shown as they are read.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// A file of the kind that is to be read, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// Write the rules to this file; `-` for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The format of the file
    #[arg(long, value_name = "FORMAT", value_parser = input_format(), default_value = "auto")]
    pub(crate) input_format: InputFormat,

    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ShrinkArgs {
    #[command(flatten)]
    pub(crate) single: SingleArgs,
}

#[derive(Args, Debug)]
pub(crate) struct PlotArgs {
    /// What to plot
    #[arg(short, long, value_name = "KIND")]
    pub(crate) kind: PlotKind,

    #[command(flatten)]
    pub(crate) single: SingleArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// The report to write; if not given, the name of the file tells
    #[arg(long, value_name = "REPORT")]
    pub(crate) to: Option<ReportTarget>,

    #[command(flatten)]
    pub(crate) isolation: IsolationArgs,

    #[command(flatten)]
    pub(crate) single: SingleArgs,
}

#[derive(Args, Debug)]
pub(crate) struct StatsArgs {
    /// Histories: files, directories, or `-` for standard input
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) format: FormatArg,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) select: SelectArgs,

    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ModelsArgs {
    /// A model, for its details
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) format: FormatArg,
}

#[derive(Args, Debug)]
pub(crate) struct LevelsArgs {
    /// A level, for its definition
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
    /// The code of an error or a warning, such as H0007 or W0001; without one, all are listed
    pub(crate) code: Option<String>,
}
