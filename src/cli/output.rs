//! Standard output, written at once for each input. A reader that goes away ends the output but
//! not the run, so that the exit status stays true.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use histcheck::report::Palette;
use histcheck::{Budget, Progress, StopReason};

use super::args::ColorWhen;
use super::exit::Status;
use super::progress::Display;
use super::stderr::aside;
use super::watch::{Known, Watch};

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
    watch: Watch,
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
            watch: Watch::new(Arc::clone(&progress)),
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

    /// Sees to it that the work that follows ends within `budget`, until something is printed: else
    /// `say` says what is known, and the program ends with `status`.
    pub(crate) fn watch(
        &self,
        budget: Budget,
        status: Status,
        say: impl FnOnce(StopReason) + Send + 'static,
    ) {
        self.watch.over(budget, Known { status, say: Box::new(say) });
    }

    /// The work that was watched is over.
    pub(crate) fn relax(&self) {
        self.watch.end();
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
        self.relax();
        if self.closed || self.failure.is_some() {
            return;
        }
        self.started = true;
        match write_at_once(bytes) {
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

/// Writes `bytes` to standard output.
pub(crate) fn write_at_once(bytes: &[u8]) -> io::Result<()> {
    aside(|| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    })
}
