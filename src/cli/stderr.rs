//! Standard error: messages, and the line of progress on the terminal. There is one line at most,
//! and whoever prints something else does so [aside](aside) of it.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use histcheck::progress::Look;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The line, if one is on the terminal.
static LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// May be drawn more often than it will be.
const HERTZ: u8 = 100;
const WITH_BAR: &str = "[{bar:12}] {wide_msg}";
const WITHOUT_BAR: &str = "{wide_msg}";

/// Draws the line: `words`, behind a bar where there are several things to do and it is known how
/// many.
pub(super) fn draw(look: &Look, words: &str) {
    let total = look.total.filter(|&total| total > 1);
    let mut line = lock(&LINE);
    let bar = line.get_or_insert_with(|| {
        let target = ProgressDrawTarget::stderr_with_hz(HERTZ);
        ProgressBar::with_draw_target(None, target).with_message(words.to_owned())
    });
    let template = if total.is_some() { WITH_BAR } else { WITHOUT_BAR };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    if let Some(total) = total {
        bar.update(|state| {
            state.set_len(total);
            state.set_pos(look.done);
        });
    }
    bar.set_message(words.to_owned());
}

/// Prints something else: there is no line on the terminal meanwhile.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    let mut line = lock(&LINE);
    if let Some(bar) = line.take() {
        bar.finish_and_clear();
    }
    print()
}

/// The same for a thread that panics, perhaps while it draws: it waits for nobody.
pub(crate) fn aside_at_once<T>(print: impl FnOnce() -> T) -> T {
    let line = match LINE.try_lock() {
        Ok(line) => Some(line),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    };
    let may_be_there = line.is_none_or(|mut line| line.take().is_some());
    if may_be_there && io::stderr().is_terminal() {
        // A bar does not draw on a thread that panics: back to the start, and clear it.
        let _ = io::stderr().write_all(b"\r\x1b[2K");
    }
    print()
}

/// Writes a line to standard error; nothing is to be done if that fails.
pub(crate) fn complain(text: &str) {
    aside(|| write_line(text));
}

/// The same for a thread that panics.
pub(crate) fn complain_at_once(text: &str) {
    aside_at_once(|| write_line(text));
}

fn write_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// Locks `mutex`: what a thread that panicked left behind will do.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
