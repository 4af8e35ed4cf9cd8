//! Standard output, written at once for each input. A reader that goes away ends the output but
//! not the run, so that the exit status stays true.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use histcheck::Progress;
use histcheck::report::Palette;

use super::args::ColorWhen;
use super::progress::Display;
use super::stderr::aside;

/// Where reports go.
pub(crate) struct Output {
    palette: Palette,
    error_palette: bool,
    /// Whether something was printed.
    started: bool,
    /// The reader went away.
    closed: bool,
    failure: Option<io::Error>,
    /// Who is told how far the work is, and asks to stop.
    progress: Arc<Progress>,
    /// What is shown meanwhile.
    display: Option<Display>,
}

impl Output {
    /// Standard output, coloured if `when` and the environment (`NO_COLOR`, `CLICOLOR_FORCE`) say
    /// so. Between reports, `display` shows how far the work is that tells `progress`.
    pub(crate) fn new(
        when: ColorWhen,
        progress: Arc<Progress>,
        display: Option<Display>,
    ) -> Output {
        let choice = match when {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        choice.write_global();
        let is_colored =
            |choice: ColorChoice| !matches!(choice, ColorChoice::Never | ColorChoice::Auto);
        let palette = if is_colored(AutoStream::choice(&io::stdout())) {
            Palette::ANSI
        } else {
            Palette::PLAIN
        };
        let error_palette = is_colored(AutoStream::choice(&io::stderr()));
        Output {
            palette,
            error_palette,
            started: false,
            closed: false,
            failure: None,
            progress,
            display,
        }
    }

    /// The colours of standard output.
    pub(crate) fn palette(&self) -> &Palette {
        &self.palette
    }

    /// Whether standard error is coloured.
    pub(crate) fn colors_errors(&self) -> bool {
        self.error_palette
    }

    /// Who is to be told how far the work is, and may ask to stop.
    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Says that the work is now about the input called `name`: that at `at` of so many.
    pub(crate) fn turn_to(&self, name: &str, at: usize, count: usize) {
        self.progress.restart();
        if let Some(display) = &self.display {
            display.turn_to(name, at, count);
        }
    }

    /// Says until when the work on this input may take, and whether somebody types it in.
    pub(crate) fn expect(&self, deadline: Option<Instant>, typed: bool) {
        if let Some(display) = &self.display {
            display.expect(deadline, typed);
        }
    }

    /// Separates what comes from what was printed before by an empty line.
    pub(crate) fn start_block(&mut self) {
        if self.started {
            self.print("\n");
        }
    }

    /// Writes `text` to standard output at once.
    pub(crate) fn print(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    /// Writes `bytes` to standard output at once.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if self.closed || self.failure.is_some() {
            return;
        }
        self.started = true;
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes).and_then(|()| stdout.flush())
        };
        match aside(write) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.failure = Some(error),
        }
    }

    /// What went wrong with standard output, other than that its reader went away.
    pub(crate) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }
}

/// Writes `bytes` to `path`, all or nothing: to a new file beside it, which then takes its place.
/// What is no usual file, such as a pipe, is written to as it is.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        return fs::write(&target, bytes);
    }
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(beside);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
