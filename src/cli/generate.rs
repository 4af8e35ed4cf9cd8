//! `histcheck generate`: histories of the reference store.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use histcheck::formats::{self, Format};
use histcheck::store::threads::{self, OBJECTS, Settings};
use histcheck::store::{GROUPS, KNOBS, Knobs, Plan, Preset, TRANSACTIONAL, Transactional, presets};
use histcheck::suggest::nearest;
use histcheck::{History, read_recording};
use histcheck_history::putln;

use super::args::GenerateArgs;
use super::exit::Status;
use super::explain::wrapped;
use super::output::Output;
use super::progress::Written;
use super::stderr::complain;

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

/// Generates a history, or lists what it can be of.
pub(crate) fn run(args: &GenerateArgs, output: &mut Output) -> Status {
    let Some(name) = &args.preset else {
        let text = if args.real_threads { list_of_objects(output) } else { list(output) };
        output.print(&text);
        return Status::Valid;
    };
    let made =
        if args.real_threads { by_threads(args, name) } else { simulated(args, name, output) };
    let history = match made {
        Ok(history) => history,
        Err(why) => {
            complain(&format!("error: {why}"));
            return Status::Unreadable;
        }
    };
    let mut text = Vec::new();
    let mut out = Written::new(&mut text, output.progress());
    if let Err(error) = formats::write(&history, Format::JsonLines, &mut out) {
        complain(&format!("error: cannot write the history: {error}"));
        return Status::Unreadable;
    }
    output.write(&text);
    Status::Valid
}

/// The history of the preset `name`; an error says what is wrong with the arguments.
fn simulated(args: &GenerateArgs, name: &str, output: &Output) -> Result<History, String> {
    let transactional = TRANSACTIONAL.iter().map(|store| store.preset.name);
    let names = presets().map(|preset| preset.name).chain(transactional);
    let preset = Preset::find(name).ok_or_else(|| unknown("preset", name, "--list", names))?;
    let mut plan = Plan::new(preset, args.seed);
    if args.bare {
        plan.bare();
    }
    let set = |(name, text): &(&str, String)| plan.set(name, text);
    args.knobs.0.iter().try_for_each(set).map_err(|why| format!("--{why}"))?;
    plan.tell_progress(Some(output.progress()));
    plan.history().map_err(|why| format!("--{why}"))
}

/// The history of real threads at the object `name`.
fn by_threads(args: &GenerateArgs, name: &str) -> Result<History, String> {
    let names = OBJECTS.iter().map(|object| object.name);
    let missing = || unknown("object", name, "--list --real-threads", names);
    let object = threads::find(name).ok_or_else(missing)?;
    let mut settings = Settings { seed: args.seed, operations: 200, ..Settings::default() };
    for (name, text) in &args.knobs.0 {
        let number = text.parse().map_err(|_| format!("--{name}: `{text}` is no number"));
        match *name {
            "operations" => settings.operations = number?,
            "clients" => settings.threads = number?,
            _ => return Err(format!("--{name}: real threads have no such knob")),
        }
    }
    let recorder = object.run(&settings).map_err(|error| error.to_string())?;
    read_recording(recorder).map_err(|error| error.to_string())
}

/// What to say of a name that is none.
fn unknown(
    what: &str,
    name: &str,
    option: &str,
    names: impl Iterator<Item = &'static str>,
) -> String {
    let meant = match nearest(name, names).first() {
        Some(near) => format!("did you mean {near}?"),
        None => format!("`histcheck generate {option}` lists them"),
    };
    format!("there is no {what} `{}`: {meant}", histcheck::report::shortened(name, 40))
}

/// The objects that threads can race for.
fn list_of_objects(output: &Output) -> String {
    let palette = output.palette();
    let mut text = format!("{}On real threads{}\n", palette.label, palette.reset);
    for object in OBJECTS {
        let shows = match object.fault {
            Some(kind) => format!("shows {kind}"),
            None => "correct".to_owned(),
        };
        putln!(text, "  {} ({shows})", object.name);
        for line in wrapped(object.story, WIDTH - 6).lines() {
            putln!(text, "      {line}");
        }
    }
    text
}

/// The presets, with what each is about.
fn list(output: &Output) -> String {
    let palette = output.palette();
    let mut text = String::new();
    for (group, presets) in GROUPS {
        putln!(text, "{}{group}{}", palette.label, palette.reset);
        for preset in *presets {
            let shows = match preset.shows.first() {
                Some(first) => format!("shows {first}"),
                None => "correct".to_owned(),
            };
            putln!(text, "  {} ({shows})", preset.name);
            for line in wrapped(preset.story, WIDTH - 6).lines() {
                putln!(text, "      {line}");
            }
        }
        text.push('\n');
    }
    putln!(text, "{}Interactive transactions{}", palette.label, palette.reset);
    for (lists, registers) in Transactional::pairs() {
        let preset = &lists.preset;
        let shows = match preset.shows.first() {
            Some(first) => format!("shows {first}"),
            None => "correct".to_owned(),
        };
        let holds = match lists.satisfies {
            [] => String::new(),
            levels => format!("; always {}", levels.join(", ")),
        };
        putln!(text, "  {}, {} ({shows}{holds})", preset.name, registers.preset.name);
        for line in wrapped(preset.story, WIDTH - 6).lines() {
            putln!(text, "      {line}");
        }
    }
    text.push('\n');
    text.push_str(
        "Every preset is a point in one space of knobs; `histcheck generate --help` lists them.\n",
    );
    text
}
