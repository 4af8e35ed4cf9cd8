//! Ctrl-C: the work ends where it is, and what is known is printed; a second one ends the program
//! at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use histcheck::Progress;

use super::exit::Status;
use super::stderr::complain_at_once;

/// Work that is asked to stop has so long to do it; only what waits for others takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The exit status of a program that Ctrl-C ended, as shells have it.
const KILLED: i32 = 130;

/// From now on Ctrl-C asks those who tell `progress` to stop. Where the system does not allow that,
/// it ends the program, as usual.
pub(crate) fn listen(progress: Arc<Progress>) {
    let again = AtomicBool::new(false);
    let _ = ctrlc::set_handler(move || {
        if again.swap(true, Ordering::Relaxed) {
            process::exit(KILLED);
        }
        progress.cancel();
        // Nothing is to be done where there is no thread to be had.
        let _ = thread::Builder::new().spawn(|| {
            thread::sleep(PATIENCE);
            complain_at_once("error: interrupted, and what it waits for does not come");
            process::exit(Status::Undecided.code().into());
        });
    });
}
