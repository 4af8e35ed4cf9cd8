//! Options that several commands have: what operations mean, how they are read, and limits.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use histcheck::formats::{Format, Mapping};
use histcheck::history::{Independent, Order, Pairing, Settings, Ties};
use histcheck::select::{Moment, Selection};

use super::input_format;
use super::{
    Decider, FailedCas, IndependentArg, InputFormat, OrderBy, OutputFormat, TiesArg, TimeUnit,
};
use crate::cli::units;

#[derive(Args, Debug)]
#[command(next_help_heading = "Model")]
pub(crate) struct ModelArgs {
    /// The model; inferred from the operations if not given
    ///
    /// `histcheck models` lists them.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) model: Option<String>,

    /// What the object holds before the first operation, as JSON; `unknown` if the first reads
    /// tell
    ///
    /// Where it is unknown, a key is linearizable if it is so from any value.
    #[arg(long, value_name = "JSON")]
    pub(crate) init: Option<String>,

    /// What one key holds before the first operation; for several keys, several times
    ///
    /// A key that is no JSON is a string, and a string stands for a number or a keyword that is
    /// written so.
    #[arg(long, value_name = "KEY=JSON")]
    pub(crate) init_key: Vec<String>,

    /// Take values for one that differ only in type, such as 52 and "52"
    ///
    /// Keys, too. A number stands for the string that writes it and the decimal that equals it, a
    /// string for the keyword of that name.
    #[arg(long)]
    pub(crate) loose_values: bool,

    /// What a failed cas tells: nothing, or that its precondition was false
    #[arg(long, value_name = "MEANING", default_value = "ignores")]
    pub(crate) failed_cas: FailedCas,

    /// Let a mutex be released by another process than its holder
    #[arg(long)]
    pub(crate) any_owner: bool,

    /// Let a priority queue's dequeue and peek be about the largest item
    #[arg(long)]
    pub(crate) largest_first: bool,

    /// Do not look at what these operations return
    #[arg(long, value_name = "F", value_delimiter = ',')]
    pub(crate) ignore_outputs: Vec<String>,

    /// Check all keys together as one object, not each by itself
    ///
    /// The verdict is the same; it takes longer.
    #[arg(long)]
    pub(crate) no_partition: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Reading")]
pub(crate) struct ReadArgs {
    /// The format of the input
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = input_format(),
        default_value = "auto"
    )]
    pub(crate) input_format: InputFormat,

    /// What orders the events: their place in the file, or their times
    #[arg(long, value_name = "BY", default_value = "file")]
    pub(crate) order: OrderBy,

    /// What equal times mean: concurrent, or ordered as in the file
    #[arg(long, value_name = "MEANING", default_value = "concurrent")]
    pub(crate) ties: TiesArg,

    /// Whether values are tuples [key value]
    #[arg(long, value_name = "WHETHER", default_value = "auto")]
    pub(crate) independent: IndependentArg,

    /// Read a client with several operations open at once as several processes
    ///
    /// Completions are paired with invocations by the ids of operations (op_id), or where only one
    /// invocation fits.
    #[arg(long)]
    pub(crate) split_clients: bool,

    /// Where something stands in a record, or what a word there means
    ///
    /// NAME=.PATH, as in `f=.Input.Op`, or NAME:WORD=MEANING, as in `f:0=get`. The names are those
    /// of fields (process, type, f, value, key, time, input, output, call, return, duration,
    /// outcome), `from` and `to` of a cas, `ignore`, and `records` for the list that holds them.
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub(crate) map: Vec<String>,

    /// The unit of times that are bare numbers
    #[arg(long, value_name = "UNIT")]
    pub(crate) time_unit: Option<TimeUnit>,

    /// Only these processes are clients: names or numbers, `web-*` for all that start so
    #[arg(long, value_name = "PROCESS", value_delimiter = ',')]
    pub(crate) clients: Vec<String>,

    /// These processes are no clients, whatever they do
    #[arg(long, value_name = "PROCESS", value_delimiter = ',')]
    pub(crate) ignore_process: Vec<String>,

    /// Take rules from this file instead of the `histcheck.toml` beside the input or above it
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,

    /// Take rules from no file
    #[arg(long)]
    pub(crate) no_config: bool,
}

/// A rule of a mapping.
fn rule(text: &str) -> Result<String, String> {
    Mapping::default().add(text).map(|()| text.to_owned()).map_err(|error| error.message)
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
            split_clients: self.split_clients,
            pairing: Pairing::Strict,
        }
    }

    /// The format, unless it is to be found out.
    pub(crate) fn format(&self) -> Option<Format> {
        self.input_format.0
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct BudgetArgs {
    /// Stop undecided after this time for each file, such as 30s, 500ms or 2m
    #[arg(
        long,
        value_name = "TIME",
        value_parser = units::duration
    )]
    pub(crate) timeout: Option<Duration>,

    /// Stop undecided at this much memory, such as 2GiB, 500MB or a number of bytes
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = units::bytes
    )]
    pub(crate) max_memory: Option<usize>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,

    /// Stop undecided after so many configurations for one key
    #[arg(long, value_name = "N")]
    pub(crate) max_configs: Option<u64>,

    /// Which deciders may decide
    ///
    /// The verdict does not depend on it.
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        default_value_t = Decider::Auto
    )]
    pub(crate) decider: Decider,

    /// Explain a violation for no longer than this
    ///
    /// By default, an amount of work that grows with the history limits it, so that the same
    /// history is explained in the same way however busy the machine is: it usually takes 1.5 s
    /// for 1,000 operations at most, and 10 s for a million.
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub(crate) explain_timeout: Option<Duration>,

    /// How many threads to use; 0 for one a processor
    ///
    /// The output does not depend on it.
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
}

#[derive(Args, Debug)]
pub(crate) struct FormatArg {
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub(crate) format: OutputFormat,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectArgs {
    /// Only operations on this key; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,

    /// Only operations of this client; may be repeated
    #[arg(long, value_name = "PROCESS")]
    pub(crate) process: Vec<String>,

    /// Only operations with this value of a field, such as f=read or outcome=ok; may be repeated
    #[arg(long = "where", value_name = "FIELD=VALUE", value_parser = field_value)]
    pub(crate) fields: Vec<(String, String)>,

    /// Only operations under way between two times: as recorded, or with a unit from the first
    /// call on
    #[arg(
        long,
        num_args = 2,
        value_names = ["T1", "T2"],
        allow_hyphen_values = true,
        value_parser = moment
    )]
    pub(crate) between: Vec<Moment>,
}

impl SelectArgs {
    /// The operations that are selected.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            keys: self.key.clone(),
            processes: self.process.clone(),
            fields: self.fields.clone(),
            between: self.between.first_chunk().copied(),
        }
    }
}

fn field_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected FIELD=VALUE, such as f=read")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| {
        "expected a time as the records give it, or one such as 1.5s from the first call on".into()
    })
}

/// What commands on one history take.
#[derive(Args, Debug)]
pub(crate) struct SingleArgs {
    /// The history: a file, the folder of a Jepsen run, or `-` for standard input
    pub(crate) file: Option<PathBuf>,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,

    #[command(flatten)]
    pub(crate) select: SelectArgs,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}
