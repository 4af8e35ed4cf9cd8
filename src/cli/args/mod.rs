//! The options and commands, as data.

mod check;
mod choices;
mod commands;
mod shared;

use std::io::{self, Write};
use std::process;

use clap::builder::FalseyValueParser;
use clap::builder::styling::{AnsiColor, Effects, Styles};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use histcheck::report::printable;

pub(crate) use check::*;
pub(crate) use choices::*;
pub(crate) use commands::*;
pub(crate) use shared::*;

use super::exit::Status;
use super::stderr::complain;

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
        help_heading = "Output"
    )]
    pub(crate) color: ColorWhen,

    /// When to show how far it is, on standard error
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        help_heading = "Output"
    )]
    pub(crate) progress: ProgressWhen,
}

impl Cli {
    /// Returns the arguments that the program was called with. Ends it if they are wrong, or ask
    /// for help.
    pub(crate) fn of_program() -> Cli {
        let matches = Cli::definition().try_get_matches();
        let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
        cli.unwrap_or_else(|error| tell(error))
    }

    /// Returns the commands and options. Each option of a check can also be given by a variable of
    /// the environment, `HISTCHECK_` and its name, except [`WITHOUT_VARIABLE`].
    pub(crate) fn definition() -> clap::Command {
        let command = Cli::command();
        let has_variable = |arg: &&Arg| {
            let name = arg.get_long().filter(|_| !arg.is_hide_set());
            name.is_some_and(|name| !WITHOUT_VARIABLE.contains(&name))
        };
        // Another command may have an option of the same name that means something else.
        let identity =
            |arg: &Arg| (arg.get_id().clone(), arg.get_help_heading().map(str::to_owned));
        let variables: Vec<_> =
            command.get_arguments().filter(has_variable).map(identity).collect();
        let with_variables = |command: clap::Command| {
            command.mut_args(|arg| match arg.get_long() {
                Some(name) if variables.contains(&identity(&arg)) => {
                    let variable = format!("HISTCHECK_{}", name.replace('-', "_").to_uppercase());
                    with_variable(arg, variable)
                }
                _ => arg,
            })
        };
        with_variables(command).mut_subcommands(|command| match command.get_name() {
            "shrink" => with_variables(command).mut_arg("key", |key| key.short('k')),
            _ => with_variables(command),
        })
    }

    /// Returns the names of the commands.
    pub(crate) fn command_names() -> Vec<String> {
        Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }
}

/// What an error repeats, if that would steer whoever shows it.
fn escaped((kind, value): (ContextKind, &ContextValue)) -> Option<(ContextKind, ContextValue)> {
    let escape = |text: &String| printable(text);
    let value = match value {
        ContextValue::String(text) => ContextValue::String(escape(text)),
        ContextValue::Strings(texts) => ContextValue::Strings(texts.iter().map(escape).collect()),
        _ => return None,
    };
    Some((kind, value))
}

/// Prints what is wrong with the arguments, or the help that they ask for, and ends the program.
fn tell(mut error: clap::Error) -> ! {
    // An error repeats arguments.
    let repeated: Vec<_> = error.context().filter_map(escaped).collect();
    for (kind, value) in repeated {
        error.insert(kind, value);
    }
    let printed = error.print().and_then(|()| io::stdout().flush());
    if let Err(why) = printed.as_ref()
        && why.kind() != io::ErrorKind::BrokenPipe
    {
        complain(&format!("error: cannot write to standard output: {why}"));
        process::exit(Status::Unreadable.code().into());
    }
    process::exit(error.exit_code());
}

/// Options of a check that contradict each other, so that a variable could not be overruled; and
/// those that select operations or belong to another option, which nobody should forget.
const WITHOUT_VARIABLE: [&str; 8] =
    ["quiet", "verbose", "key", "process", "where", "between", "wait", "idle"];

fn with_variable(arg: Arg, variable: String) -> Arg {
    let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = arg.env(variable).hide_env(true);
    if is_flag { arg.value_parser(FalseyValueParser::new()) } else { arg }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Check histories; the same as without a command
    #[command(before_long_help = EXAMPLES, after_long_help = AFTER, help_template = TEMPLATE)]
    Check(CheckArgs),
    /// Write a history in another format
    Convert(ConvertArgs),
    /// Write the report on a history to a file: a picture, a page, text, JSON, JUnit, SARIF,
    /// Markdown or DOT
    Report(ReportArgs),
    /// Plot latencies, rates and the like over time, as SVG
    Plot(PlotArgs),
    /// Cut a failing history down to the few operations that prove it
    Shrink(ShrinkArgs),
    /// Make a history with the reference store
    #[command(before_long_help = GENERATE_EXAMPLES)]
    Generate(GenerateArgs),
    /// Propose the rules to read a foreign file by
    Init(InitArgs),
    /// Say what a history consists of
    Stats(StatsArgs),
    /// List the models with their operations
    Models(ModelsArgs),
    /// List the isolation levels, or define one
    Levels(LevelsArgs),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Returns the usage of every way to call the program, without brackets around values.
    fn usages() -> Vec<String> {
        let mut command = Cli::definition();
        command.build();
        let usage = |command: &mut clap::Command| {
            let usage = command.render_usage().to_string();
            let line = usage.lines().next().unwrap().trim_start_matches("Usage: ");
            line.replace(['<', '>'], "")
        };
        let mut usages = vec![usage(&mut command)];
        usages.extend(command.get_subcommands_mut().map(usage));
        usages
    }

    #[test]
    fn the_page_of_the_command_line_lists_every_command() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CLI.md");
        let page = std::fs::read_to_string(page).unwrap();
        let synopsis = page.split("```").nth(1).unwrap().trim_start_matches("text\n");
        // What a command does may follow its usage.
        let listed: Vec<&str> =
            synopsis.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(listed, usages());
    }

    fn variables(command: &clap::Command) -> Vec<String> {
        let variable = |arg: &Arg| Some(arg.get_env()?.to_str()?.to_owned());
        command.get_arguments().filter_map(variable).collect()
    }

    #[test]
    fn options_of_a_check_have_variables() {
        let command = Cli::definition();
        let of = |name| variables(command.find_subcommand(name).unwrap());
        let check = of("check");
        let reading = [
            "INPUT_FORMAT",
            "ORDER",
            "TIES",
            "INDEPENDENT",
            "SPLIT_CLIENTS",
            "MAP",
            "TIME_UNIT",
            "CONFIG",
            "NO_CONFIG",
            "TIMEOUT",
            "MAX_MEMORY",
        ];
        let reading = reading.map(|name| format!("HISTCHECK_{name}"));
        assert!(reading.iter().all(|name| check.contains(name)), "{check:?}");
        assert!(!check.iter().any(|name| name.ends_with("QUIET")), "{check:?}");
        let convert = of("convert");
        assert!(reading.iter().all(|name| convert.contains(name)), "{convert:?}");
        assert_eq!(of("models"), ["HISTCHECK_FORMAT"]);
        // Its `--order` and `--timeout` are of the store.
        assert_eq!(of("generate"), [""; 0]);
        let color = variables(&command).into_iter().find(|name| name == "HISTCHECK_COLOR");
        assert!(color.is_some());
    }
}
