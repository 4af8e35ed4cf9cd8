//! The options of a check.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use histcheck::formats::Format;
use histcheck::report::Detail;
use histcheck::workloads::Question;

use super::super::units;
use super::super::workloads::{check_option, question};
use super::{
    Allowed, KeyOrder, LikeTool, LimitArgs, ModelArgs, ReadArgs, ReportFormat, SelectArgs,
};

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Histories: files, directories, or `-` for standard input
    #[arg(long_help = files_help())]
    pub(crate) files: Vec<PathBuf>,

    /// Judge operations as they come in, also from a pipe that stays open
    ///
    /// A violation is told at once. What is decided is forgotten, so that memory does not grow with
    /// the length of the history; but with --level, all transactions are kept.
    #[arg(
        short = 'F',
        long,
        conflicts_with_all = [
            "no_partition", "loose_values", "witness", "svg", "html", "self_check", "timings",
            "keys"
        ])]
    pub(crate) follow: bool,

    /// At the end of a file that is followed, wait for more, as `tail -F` does
    #[arg(long, requires = "follow")]
    pub(crate) wait: bool,

    /// Wait for more, but end when none came for this time, such as 30s
    #[arg(long, value_name = "TIME", value_parser = units::duration, requires = "follow")]
    pub(crate) idle: Option<Duration>,

    /// Read all files as the records of one run, ordered by their times
    #[arg(long, conflicts_with = "follow")]
    pub(crate) merge: bool,

    /// Ask another question than linearizability, such as set-full, bank or kafka:lost-write
    ///
    /// bank, set, set-full, queue, total-queue, unique-ids, counter, long-fork, causal,
    /// causal-reverse, monotonic, dirty-reads and kafka are the checks of Jepsen's workloads.
    /// `NAME:ANOMALY` asks whether there is that one anomaly.
    #[arg(
        long,
        value_name = "NAME",
        value_parser = question,
        conflicts_with_all = [
            "follow", "model", "witness", "svg", "html", "self_check", "timings", "level"
        ]
    )]
    pub(crate) check: Option<Question>,

    /// Tell the check something, such as total=100; for several things, several times
    ///
    /// total, accounts and negative-balances of bank; linearizable of set-full; group-size of
    /// long-fork; global of monotonic; subscribe and ww-deps of kafka.
    #[arg(long, value_name = "NAME=VALUE", value_parser = check_option, requires = "check")]
    pub(crate) check_option: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) isolation: IsolationArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) select: SelectArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    #[command(flatten)]
    pub(crate) output: CheckOutputArgs,

    /// Put operations on the disk from this size of the text on; usually a quarter of --max-memory
    #[arg(long, value_name = "SIZE", value_parser = units::bytes, hide = true)]
    pub(crate) disk_from: Option<usize>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Transactions")]
pub(crate) struct IsolationArgs {
    /// Isolation level to check [default: strict-serializable; without times:
    /// strong-session-serializable]
    ///
    /// `histcheck levels` lists and defines them. `anomalies:G1a,G0` asks for anomalies instead.
    #[arg(long, value_name = "LEVEL", conflicts_with = "model")]
    pub(crate) level: Option<String>,

    /// Take the name of the level as another tool does
    #[arg(long, value_name = "TOOL", requires = "level")]
    pub(crate) like: Option<LikeTool>,

    /// Assume of each register by itself that it is sequential or linearizable [default: unknown;
    /// for anomalies like Elle: sequential]
    #[arg(long, value_name = "ORDER")]
    pub(crate) keys: Option<KeyOrder>,

    /// Let transactions do something that all levels but the weakest forbid
    #[arg(long, value_name = "WHAT")]
    pub(crate) allow: Option<Allowed>,
}

fn files_help() -> String {
    format!(
        "Histories: files, directories, or `-` for standard input\n\nOf a directory, every file \
         below it that ends in {}, perhaps followed by .gz or .zst; the folder of a Jepsen run is \
         one history. Without any, the history comes from standard input.",
        Format::endings()
    )
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct CheckOutputArgs {
    /// For people, for programs, or for continuous integration
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: ReportFormat,

    /// Write the order that proves each valid key, or isolation level, to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Option<PathBuf>,

    /// Draw a picture into this file, as SVG: of the first violation, or of how the run went
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Write a page for a browser into this file, as HTML: the picture, with all operations to
    /// zoom, filter and search
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Verify the proof of every verdict
    #[arg(long)]
    pub(crate) self_check: bool,

    /// Exit with 0 also after a violation
    #[arg(long)]
    pub(crate) exit_zero: bool,

    /// Exit with 0 also where any answers of the system would have been valid
    #[arg(long)]
    pub(crate) allow_vacuous: bool,

    /// Say how long it took
    #[arg(long)]
    pub(crate) timings: bool,

    /// List at most so many anomalies
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) max_anomalies: usize,

    /// Draw with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,

    /// Only say the verdict
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Also list the keys
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl CheckOutputArgs {
    /// Returns how much to report.
    pub(crate) fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Verdict,
            (_, true) => Detail::Keys,
            _ => Detail::Usual,
        }
    }
}
