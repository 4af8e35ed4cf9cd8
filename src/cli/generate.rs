//! `histcheck generate`: histories of the reference store.

use std::fmt::Write as _;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use histcheck::emit;
use histcheck::ingest::Format;
use histcheck::store::{GROUPS, KNOBS, Knobs, Plan, Preset, presets};

use super::args::GenerateArgs;
use super::exit::Status;
use super::explain::wrapped;
use super::output::{Output, complain};
use super::suggest::nearest;

/// How wide a text is.
const WIDTH: usize = 90;

/// The knobs that the command line sets, by name: a flag for each knob there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnobArgs(Vec<(&'static str, String)>);

impl FromArgMatches for KnobArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<KnobArgs, clap::Error> {
        let given = |name| matches.get_one::<String>(name).cloned();
        let knobs = KNOBS.iter().filter_map(|knob| Some((knob.name, given(knob.name)?)));
        Ok(KnobArgs(knobs.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = KnobArgs::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for KnobArgs {
    fn augment_args(command: Command) -> Command {
        let normal = Knobs::default();
        KNOBS.iter().fold(command, |command, knob| {
            let setting = normal.show(knob.name).unwrap_or_default();
            let about = knob.about.trim_end_matches('.');
            let help =
                format!("{about} [{}; {setting} if the preset says nothing]", (knob.choices)());
            let arg = Arg::new(knob.name)
                .long(knob.name)
                .value_name("SETTING")
                .help(help)
                .allow_hyphen_values(true)
                .help_heading(heading(knob.group));
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        KnobArgs::augment_args(command)
    }
}

/// The heading of a group of knobs.
fn heading(group: &'static str) -> &'static str {
    match group {
        "size" => "Size",
        "workload" => "Workload",
        "copies" => "Copies",
        "placement" => "Placement",
        "caches" => "Caches",
        "calls" => "Calls",
        "network" => "Network",
        "clocks" => "Clocks",
        _ => "Faults",
    }
}

/// Generates a history, or lists the presets.
pub(crate) fn run(args: &GenerateArgs, output: &mut Output) -> Status {
    let Some(name) = &args.preset else {
        output.print(&list(output));
        return Status::Valid;
    };
    let Some(preset) = Preset::find(name) else {
        let meant = match nearest(name, presets().map(|preset| preset.name)) {
            Some(near) => format!("did you mean {near}?"),
            None => "`histcheck generate --list` lists them".to_owned(),
        };
        let name = histcheck::report::shortened(name, 40);
        complain(&format!("error: there is no preset `{name}`: {meant}"));
        return Status::Unreadable;
    };
    let mut plan = Plan::new(preset, args.seed);
    if args.bare {
        plan.bare();
    }
    let set = args.knobs.0.iter().try_for_each(|(name, text)| plan.set(name, text));
    if let Err(why) = set {
        complain(&format!("error: --{why}"));
        return Status::Unreadable;
    }
    let history = match plan.history() {
        Ok(history) => history,
        Err(why) => {
            complain(&format!("error: --{why}"));
            return Status::Unreadable;
        }
    };
    let mut text = Vec::new();
    if let Err(error) = emit::write(&history, Format::JsonLines, &mut text) {
        complain(&format!("error: cannot write the history: {error}"));
        return Status::Unreadable;
    }
    output.write(&text);
    Status::Valid
}

/// The presets, with what each is about.
fn list(output: &Output) -> String {
    let palette = output.palette();
    let mut text = String::new();
    for (group, presets) in GROUPS {
        let _ = writeln!(text, "{}{group}{}", palette.label, palette.reset);
        for preset in *presets {
            let shows = match preset.shows.first() {
                Some(first) => format!("shows {first}"),
                None => "correct".to_owned(),
            };
            let _ = writeln!(text, "  {} ({shows})", preset.name);
            for line in wrapped(preset.story, WIDTH - 6).lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
        text.push('\n');
    }
    text.push_str(
        "Every preset is a point in one space of knobs; `histcheck generate --help` lists them.\n",
    );
    text
}
