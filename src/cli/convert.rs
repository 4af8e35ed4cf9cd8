//! `histcheck convert`: a history in another format.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use histcheck::History;
use histcheck::formats::{self, Format, ReadOptions};

use super::args::ConvertArgs;
use super::diagnostic;
use super::exit::Status;
use super::inputs::{self, Sources};
use super::output::Output;
use super::progress::Written;
use super::stderr::complain;

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
            Ok(source) => inputs::load(name, source, &args.read, ReadOptions::default(), output),
            Err(error) => {
                complain(&diagnostic::render(name, error, None, output.colors_errors()));
                Err(error.clone())
            }
        };
        let Ok((_, history)) = loaded else {
            status = Status::Unreadable;
            continue;
        };
        for loss in args.to.losses(&history) {
            complain(&format!("warning: {name}: {loss}"));
        }
        if let Err(error) = write(&history, args.to, args.output.as_deref(), output) {
            complain(&format!("error: cannot write the history: {error}"));
            status = Status::Unreadable;
        }
    }
    status
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
