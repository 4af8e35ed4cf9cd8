//! `histcheck shrink`: the few operations of a failing history that prove the violation, as a
//! history of their own.

use histcheck::formats::{self, Format, read_bytes};
use histcheck::history::Settings;
use histcheck::report::printable;
use histcheck::shrink::{Shrunk, shrink};
use histcheck::{Error, Options, Report, Verdict};

use super::args::ShrinkArgs;
use super::exit::Status;
use super::output::Output;
use super::single::{self, Single};
use super::stderr::complain;

/// Cuts down the history that the arguments name.
pub(crate) fn run(args: &ShrinkArgs, output: &mut Output) -> Status {
    let single = match Single::open(&args.single, output) {
        Ok(single) => single,
        Err(status) => return status,
    };
    match shrunk(args, &single, output) {
        Ok(shrunk) => deliver(args, &shrunk, &single.options, output),
        Err(status) => status,
    }
}

/// The few operations; or what it means that there are none.
fn shrunk(args: &ShrinkArgs, single: &Single, output: &Output) -> Result<Shrunk, Status> {
    let Single { history, options, .. } = single;
    let refused = |error| single.refused(error, output);
    let report = histcheck::check(history, options).map_err(refused)?;
    let key_at = chosen_key(args, &single.name, &report)?;
    let file = single.is_file.then_some(single.name.as_str());
    let shrunk = shrink(history, options, &report, key_at, file).map_err(refused)?;
    shrunk.ok_or(Status::Undecided)
}

/// The first failing key, as its position in the report; what it means if there is none is said.
fn chosen_key(args: &ShrinkArgs, name: &str, report: &Report) -> Result<usize, Status> {
    let verdict_of = |at: usize| report.keys[at].decision.verdict();
    let failing = (0..report.keys.len()).find(|&at| verdict_of(at) == Verdict::Invalid);
    let what = match &args.single.select.key[..] {
        [key] => format!("key {} of {}", printable(key), printable(name)),
        _ => printable(name),
    };
    match (report.verdict, failing) {
        (Verdict::Invalid, Some(at)) => Ok(at),
        (Verdict::Unknown, _) => {
            complain(&format!("{what} was not decided within the limits; nothing was written"));
            Err(Status::Undecided)
        }
        _ => {
            complain(&format!("{what} is valid: there is nothing to shrink, nothing was written"));
            Err(Status::Violation)
        }
    }
}

/// Writes the history, once it was read again and found to fail.
fn deliver(args: &ShrinkArgs, shrunk: &Shrunk, options: &Options, output: &mut Output) -> Status {
    let mut bytes = Vec::new();
    let written = formats::write(&shrunk.history, Format::JsonLines, &mut bytes);
    if let Err(why) = written.map_err(|error| error.to_string()).and_then(|()| {
        let read = args.single.read.settings();
        fails_again(&bytes, read, options).map_err(|error| error.to_string())
    }) {
        complain(&format!("error: a bug in histcheck: what was cut down does not fail: {why}"));
        return Status::BrokenProof;
    }
    single::deliver(args.single.output.as_deref(), &bytes, output)
}

/// Whether what was written is a history that fails under the same options.
fn fails_again(bytes: &[u8], settings: Settings, options: &Options) -> Result<(), Error> {
    let history = read_bytes(bytes.to_vec(), Some(Format::JsonLines), settings)?;
    // Its metadata names the model and the initial value.
    let (initial, initials) = (None, Vec::new());
    let from = Options { initial, initials, unknown_initial: false, ..options.clone() };
    let options = Options { model: None, ..from };
    match histcheck::check(&history, &options)?.verdict {
        Verdict::Valid => Err(Error::new(histcheck::Code::Empty, "it is valid")),
        Verdict::Invalid | Verdict::Unknown => Ok(()),
    }
}
