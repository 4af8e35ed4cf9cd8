//! `histcheck plot`: how a run went over time, as a picture.

use histcheck::report::{self, Plot};
use histcheck::{Error, Session};

use super::args::{PlotArgs, PlotKind};
use super::exit::Status;
use super::output::Output;
use super::single::{Single, deliver};

/// Plots the history that the arguments name.
pub(crate) fn run(args: &PlotArgs, output: &mut Output) -> Status {
    let single = match Single::open(&args.single, output) {
        Ok(single) => single,
        Err(status) => return status,
    };
    match plotted(args.kind, &single) {
        Ok(svg) => deliver(args.single.output.as_deref(), svg.as_bytes(), output),
        Err(error) => single.refused(error, output),
    }
}

fn plotted(kind: PlotKind, single: &Single) -> Result<String, Error> {
    let Single { history, options, .. } = single;
    Ok(match kind {
        PlotKind::Latency => report::plot(history, Plot::Latency),
        PlotKind::Rate => report::plot(history, Plot::Rate),
        PlotKind::Concurrency => report::plot(history, Plot::Concurrency),
        PlotKind::Staleness => {
            let stale = Session::new(history, options)?.stale_reads()?;
            report::plot(history, Plot::Staleness(&stale))
        }
        PlotKind::ClockOffset => {
            let session = Session::new(history, options)?;
            let outcome = session.clock_skew(&session.check()?)?;
            report::plot(history, Plot::ClockOffset(&outcome))
        }
    })
}
