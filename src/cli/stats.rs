//! `histcheck stats`: what histories consist of.

use std::time::Instant;

use histcheck::history::Statistics;
use histcheck::report;

use super::args::{OutputFormat, StatsArgs};
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Sources};
use super::output::Output;
use super::settings::reading_budget;
use super::single;
use super::stderr::complain;

/// Counts what the arguments name.
pub(crate) fn run(args: &StatsArgs, output: &mut Output) -> Status {
    let sources = Sources::of(&args.files);
    let is_json = args.format.format == OutputFormat::Json;
    let mut worst = Status::Valid;
    for (at, (name, source)) in sources.list.iter().enumerate() {
        output.turn_to(name, at, sources.list.len());
        let budget = reading_budget(&args.budget, Instant::now());
        single::watch(name, budget, output);
        let loaded = match source {
            Ok(source) => {
                inputs::load(name, source, (&args.read, &args.select), budget.into(), output)
            }
            Err(error) => {
                complain(&diagnostic::render(name, error, None, output.colors_errors()));
                Err(error.clone())
            }
        };
        let history = match loaded {
            Ok((input, history)) => {
                // No place is looked for any more, and the text is larger than all that is counted.
                drop(input);
                history
            }
            Err(error) => {
                if is_json {
                    output.print(&report::error_json(name, &error));
                }
                worst = worst.max(single::not_loaded(name, &error));
                continue;
            }
        };
        let statistics = Statistics::of(&history);
        let file = sources.named.then_some(name.as_str());
        let text = if is_json {
            report::statistics_json(file, &history, &statistics)
        } else {
            output.start_block();
            report::statistics_text(file, &history, &statistics, output.palette())
        };
        output.print(&text);
    }
    output.relax();
    worst
}
