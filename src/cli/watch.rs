//! The limits of last resort. Whoever works asks a meter whether to go on; a thread beside it sees
//! when the time or the memory is used up and nobody asked, says what is known, and ends the
//! program.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use histcheck::{Budget, Progress, StopReason};

use super::exit::{self, Status};
use super::stderr::lock;

/// Work that asks its meter ends within this time behind the limit, beside a part of what it may
/// take: one by so many.
const GRACE: Duration = Duration::from_millis(75);
const PART_OF_TIME: u32 = 12;
/// Of the memory that work may take, it has this part more: one by so many.
const PART_OF_MEMORY: usize = 32;
/// Where memory is limited, it is looked at so often. Within this time a process can write some
/// megabytes.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// The program holds so much before it looks at any input, and a bit for a small one; with less,
/// whether it looks too large would depend on the machine.
const LEAST_MEMORY: usize = 64 << 20;
/// Who reads what is said at the end has so long to take it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is known of work that does not end: the status that stands for it, and what says it.
pub(crate) struct Known {
    pub(crate) status: Status,
    pub(crate) say: Box<dyn FnOnce(StopReason) + Send>,
}

/// When a program ends at the latest whose work has to end within `budget`.
fn deadline(budget: &Budget) -> Option<Instant> {
    let timeout = budget.timeout?;
    budget.deadline()?.checked_add(timeout / PART_OF_TIME + GRACE)
}

/// Watches one piece of work at a time.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Shared {
    watched: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    /// What is being done, unless it is over.
    work: Option<(Budget, Known)>,
    has_thread: bool,
}

impl Watch {
    /// Watches nothing so far; of memory that is used up, `progress` is told first.
    pub(crate) fn new(progress: Arc<Progress>) -> Watch {
        Watch { shared: Arc::default(), progress }
    }

    /// Watches the work that follows, in place of what came before it. If it goes far beyond the
    /// time and memory of `budget`, the program says what is `known`, and ends.
    pub(crate) fn over(&self, budget: Budget, known: Known) {
        if budget.deadline().is_none() && budget.memory.is_none() {
            return self.end();
        }
        let mut watched = lock(&self.shared.watched);
        watched.work = Some((budget, known));
        if !watched.has_thread {
            let (shared, progress) = (Arc::clone(&self.shared), Arc::clone(&self.progress));
            let watch = move || watch(&shared, &progress);
            // Without a thread, only those who ask end in time.
            let spawned = thread::Builder::new().name("watch".to_owned()).spawn(watch);
            watched.has_thread = spawned.is_ok();
        }
        self.shared.changed.notify_one();
    }

    /// The work is over, or there is no hurry any more. If it is late already, this never returns.
    pub(crate) fn end(&self) {
        lock(&self.shared.watched).work = None;
        self.shared.changed.notify_one();
    }
}

/// Waits for work to be late, as long as the program runs.
fn watch(shared: &Shared, progress: &Progress) {
    let mut watched = lock(&shared.watched);
    loop {
        let pause = match &watched.work {
            None => Duration::MAX,
            Some((budget, _)) => match (excess(budget, progress), watched.work.take()) {
                // Whoever ends the work waits for the lock: nobody else prints from now on.
                (Err(reason), Some((_, known))) => last_words(reason, known),
                (Err(_), None) => Duration::MAX,
                (Ok(pause), work) => {
                    watched.work = work;
                    pause
                }
            },
        };
        let waited = shared.changed.wait_timeout(watched, pause);
        watched = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
    }
}

/// Returns when to look again, or which limit was met by far. Tells `progress` of one on memory
/// that is met.
fn excess(budget: &Budget, progress: &Progress) -> Result<Duration, StopReason> {
    let left = match deadline(budget) {
        None => Duration::MAX,
        Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
            None | Some(Duration::ZERO) => return Err(StopReason::Timeout),
            Some(left) => left,
        },
    };
    let Some(memory) = budget.memory.map(|memory| memory.max(LEAST_MEMORY)) else {
        return Ok(left);
    };
    let resident = progress.look().memory.map_or(0, |bytes| bytes as usize);
    if resident > memory {
        progress.exhaust();
    }
    if resident > memory.saturating_add(memory / PART_OF_MEMORY) {
        return Err(StopReason::Memory);
    }
    Ok(left.min(LOOK_EVERY))
}

/// Says what is known, and ends the program, also if nobody takes it.
fn last_words(reason: StopReason, known: Known) -> ! {
    let Known { status, say } = known;
    let said = thread::Builder::new().spawn(move || say(reason));
    let start = Instant::now();
    while said.as_ref().is_ok_and(|said| !said.is_finished()) && start.elapsed() < LAST_WORDS {
        thread::sleep(Duration::from_millis(1));
    }
    exit::at_once(status)
}
