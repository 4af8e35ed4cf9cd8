//! `histcheck convert`: a history in another format.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use histcheck::History;
use histcheck::formats::{self, Format};

use super::args::{ConvertArgs, TargetFormat};
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Sources};
use super::output::{Output, complain};
use super::progress::Written;

/// Converts the history that the arguments name.
pub(crate) fn run(args: &ConvertArgs, output: &mut Output) -> Status {
    let files: Vec<_> = args.file.iter().cloned().collect();
    if let Some(directory) = files.iter().find(|file| file.is_dir()) {
        complain(&format!("error: {} is a directory; name one file", directory.display()));
        return Status::Unreadable;
    }
    let mut status = Status::Valid;
    for (name, source) in &Sources::of(&files).list {
        let loaded = match source {
            Ok(source) => inputs::load(name, source, &args.read, inputs::Allowance::ALL, output),
            Err(error) => {
                complain(&diagnostic::render(name, error, None, output.colors_errors()));
                Err(error.clone())
            }
        };
        let Ok((_, history)) = loaded else {
            status = Status::Unreadable;
            continue;
        };
        warn_of_losses(name, &history, args.to);
        if let Err(error) = write(&history, format(args.to), args.output.as_deref(), output) {
            complain(&format!("error: cannot write the history: {error}"));
            status = Status::Unreadable;
        }
    }
    status
}

fn format(target: TargetFormat) -> Format {
    match target {
        TargetFormat::Jsonl => Format::JsonLines,
        TargetFormat::Json => Format::JsonArray,
        TargetFormat::Edn => Format::Edn,
        TargetFormat::Csv => Format::Csv,
        TargetFormat::Log => Format::Log,
    }
}

fn write(
    history: &History,
    format: Format,
    path: Option<&Path>,
    output: &mut Output,
) -> io::Result<()> {
    match path.filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let file = Written::new(File::create(path)?, output.progress());
            let mut file = BufWriter::new(file);
            formats::write(history, format, &mut file)?;
            file.flush()
        }
        None => {
            let mut text = Vec::new();
            formats::write(history, format, &mut Written::new(&mut text, output.progress()))?;
            output.write(&text);
            Ok(())
        }
    }
}

/// Says what the target format has no room for.
fn warn_of_losses(name: &str, history: &History, target: TargetFormat) {
    if target != TargetFormat::Log {
        return;
    }
    let has_times = (0..history.operations().len()).any(|at| history.times(at)[0].is_some());
    let has_extras = (0..history.records())
        .flat_map(|record| history.extras(record))
        .any(|extra| history.values().as_name(extra.name) != Some("error"));
    let losses = [
        ("times", has_times),
        ("metadata", history.metadata().is_some()),
        ("fields other than error", has_extras),
    ];
    for (what, _) in losses.iter().filter(|loss| loss.1) {
        complain(&format!("warning: {name}: a log has no room for {what}; they are left out"));
    }
    if history.is_ordered_by_time() {
        complain(&format!(
            "warning: {name}: a log has no times, so that its operations are ordered by their lines"
        ));
    }
}
