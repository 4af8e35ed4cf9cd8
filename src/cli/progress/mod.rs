//! What is shown on standard error while something takes long: one line, drawn again and again in
//! place, and gone before anything else is printed.

mod words;

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use histcheck::Progress;
use histcheck::progress::Phase;
use histcheck::report::printable;

use super::args::ProgressWhen;
use super::stderr::{self, aside, complain, lock};

/// Work that takes no longer is not worth a line.
const GRACE: Duration = Duration::from_secs(1);
/// On a terminal the line is drawn so often.
const REDRAW: Duration = Duration::from_millis(125);
/// Elsewhere lines stay, so that there are fewer.
const REPEAT: Duration = Duration::from_secs(1);
/// Of a file's name so many characters are shown: the last ones, which tell it from others.
const NAME: usize = 24;

/// What the work is about, as far as the library does not know it.
#[derive(Clone)]
pub(crate) struct Task {
    /// The file, where there are several: its number from 1, how many there are, and its name.
    file: Option<(usize, usize, String)>,
    /// Since when, and until when.
    start: Instant,
    deadline: Option<Instant>,
    /// Whether somebody types it in, at the place where the line would be.
    typed: bool,
}

/// Shows how far the work is, from a thread of its own, until it is dropped.
pub(crate) struct Display {
    task: Arc<Mutex<Task>>,
    /// Dropped to end the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Shows the progress that is told from now on, if it is to be shown: never to somebody who
    /// wants it `quiet`; else as `when` says, which is usually to somebody at a terminal.
    pub(crate) fn start(
        when: ProgressWhen,
        quiet: bool,
        progress: &Arc<Progress>,
    ) -> Option<Display> {
        let terminal = is_terminal();
        let shows = match when {
            ProgressWhen::Auto => terminal && !quiet,
            ProgressWhen::Always => !quiet,
            ProgressWhen::Never => false,
        };
        if !shows {
            return None;
        }
        let task = Task { file: None, start: Instant::now(), deadline: None, typed: false };
        let task = Arc::new(Mutex::new(task));
        let (stop, stopped) = mpsc::channel();
        let seen = (Arc::clone(progress), Arc::clone(&task));
        let show = move || show(&seen.0, &seen.1, &stopped, terminal);
        // Without a thread nothing is shown, and that is all.
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(show).ok()?;
        Some(Display { task, stop: Some(stop), thread: Some(thread) })
    }

    /// Says that the work is now about another file, called `name`: that at `at` of so many.
    pub(crate) fn turn_to(&self, name: &str, at: usize, count: usize) {
        let file = (count > 1).then(|| (at + 1, count, end_of(&printable(name))));
        *lock(&self.task) = Task { file, start: Instant::now(), deadline: None, typed: false };
    }

    /// Says until when the work may take, and whether its input is `typed` in.
    pub(crate) fn expect(&self, deadline: Option<Instant>, typed: bool) {
        let mut task = lock(&self.task);
        (task.deadline, task.typed) = (deadline, typed);
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // What went wrong there is of no importance to the work.
            let _ = thread.join();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Whether somebody is likely to see standard error now, on a terminal that can go back in a line.
fn is_terminal() -> bool {
    let is_dumb = match std::env::var_os("TERM") {
        Some(term) => term == "dumb",
        None => cfg!(unix),
    };
    io::stderr().is_terminal() && !is_dumb
}

/// Shows `progress` until `stopped` is closed.
fn show(progress: &Progress, task: &Mutex<Task>, stopped: &Receiver<()>, terminal: bool) {
    let mut pause = GRACE;
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(pause) {
        let look = progress.look();
        let task = lock(task).clone();
        if task.typed && look.phase == Phase::Loading {
            continue;
        }
        let words = words::words(&look, &task, Instant::now());
        if terminal {
            stderr::draw(&look, &words);
            pause = REDRAW;
        } else {
            complain(&words);
            pause = REPEAT;
        }
    }
    aside(|| ());
}

/// The end of a name that may be long.
fn end_of(name: &str) -> String {
    let len = name.chars().count();
    if len <= NAME {
        return name.to_owned();
    }
    let end: String = name.chars().skip(len + 1 - NAME).collect();
    format!("…{end}")
}

/// Another writer, of which whoever shows progress is told how many bytes went in.
pub(crate) struct Written<W> {
    inner: W,
    progress: Arc<Progress>,
}

impl<W: Write> Written<W> {
    /// `inner`, at its start.
    pub(crate) fn new(inner: W, progress: Arc<Progress>) -> Self {
        progress.enter(Phase::Writing, 0);
        Written { inner, progress }
    }
}

impl<W: Write> Write for Written<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.progress.advance(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
