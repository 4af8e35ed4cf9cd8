//! What reading, checking and explaining may use: time, memory and configurations. Whoever works
//! asks the [`Meter`] now and then whether to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Code, Error, StopReason};
use crate::history::resident_bytes;
use crate::progress::{Phase, Progress};

/// What reading or a check may use. Every limit is for all of it, not for one key.
///
/// ```
/// use std::time::Duration;
/// use histcheck::Budget;
/// let budget = Budget { timeout: Some(Duration::from_secs(10)), ..Budget::memory(1 << 30) };
/// assert_eq!(budget.memory, Some(1 << 30));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Budget {
    /// Wall-clock time from the start.
    pub timeout: Option<Duration>,
    /// When the time started to run; `None` for the start of the reading or the check. A caller
    /// for whom both share their time took it before the reading.
    pub start: Option<Instant>,
    /// Memory in bytes. For a check: that of the whole process where the system tells it (Linux),
    /// else an estimate of what the history and the check hold. For reading: the largest size of
    /// the input and of its decompressed text.
    pub memory: Option<usize>,
    /// Configurations that the search may visit, for one key.
    pub configurations: Option<u64>,
}

impl Budget {
    /// Limits the memory to so many bytes, and nothing else.
    pub fn memory(bytes: usize) -> Budget {
        Budget { memory: Some(bytes), ..Budget::default() }
    }

    /// Returns when the time is up, if it is limited and runs.
    pub fn deadline(&self) -> Option<Instant> {
        self.start?.checked_add(self.timeout?)
    }

    /// The same budget, its time running since now unless it runs already.
    pub(crate) fn started(mut self) -> Budget {
        self.start.get_or_insert_with(Instant::now);
        self
    }

    /// The time that is left, if it is limited and runs.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        Some(self.timeout?.saturating_sub(self.start?.elapsed()))
    }
}

/// A configuration of the search takes about as long as so many operations that an exact decider
/// looks at: a microsecond.
const CONFIGURATION: u64 = 5;

/// Measures a running check against its budget; shared between its threads.
#[derive(Debug)]
pub struct Meter {
    deadline: Option<Instant>,
    memory_limit: usize,
    configurations: u64,
    held: Arc<Held>,
    /// The work that may be done, and that was done.
    work_limit: u64,
    work: AtomicU64,
    /// Who is told of the work.
    progress: Option<Arc<Progress>>,
}

/// What the parts of a meter have in common.
#[derive(Debug, Default)]
struct Held {
    memory: AtomicUsize,
    resident: AtomicUsize,
    cancelled: AtomicBool,
}

impl Meter {
    /// Starts the clock; `used` bytes of memory are taken already.
    pub fn start(budget: &Budget, used: usize) -> Meter {
        Meter {
            deadline: budget.started().deadline(),
            memory_limit: budget.memory.unwrap_or(usize::MAX),
            configurations: budget.configurations.unwrap_or(u64::MAX),
            held: Arc::new(Held { memory: AtomicUsize::new(used), ..Held::default() }),
            work_limit: u64::MAX,
            work: AtomicU64::new(0),
            progress: None,
        }
    }

    /// The same meter, for so much work at most: operations that are looked at, as an exact decider
    /// does, which takes about 200 ns each. It ends after the same steps whatever the machine.
    pub(crate) fn limited_to(mut self, work: u64) -> Meter {
        self.work_limit = work;
        self
    }

    /// A meter of a part of the same work, with a limit of its own of so much; time, memory and
    /// whoever stops are shared. Parts that run at once need one each: what one of them does must
    /// not depend on how far another one is.
    pub(crate) fn part(&self, work: u64) -> Meter {
        Meter {
            deadline: self.deadline,
            memory_limit: self.memory_limit,
            configurations: self.configurations,
            held: Arc::clone(&self.held),
            work_limit: work,
            work: AtomicU64::new(0),
            progress: self.progress.clone(),
        }
    }

    /// Whether there is a time at which it ends.
    #[cfg(test)]
    pub(crate) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// Returns how much work may be done.
    pub(crate) fn work_limit(&self) -> u64 {
        self.work_limit
    }

    /// Returns how much work was done, up to the limit.
    pub(crate) fn worked(&self) -> u64 {
        self.work.load(Ordering::Relaxed).min(self.work_limit)
    }

    /// Says that so many operations were looked at.
    pub(crate) fn work(&self, operations: usize) {
        self.steps(operations as u64);
    }

    /// Says that so many steps were made that take as long as to look at an operation.
    pub(crate) fn steps(&self, steps: u64) {
        if self.work_limit < u64::MAX {
            self.work.fetch_add(steps, Ordering::Relaxed);
        }
    }

    /// Says that so many configurations were visited, in a decision of so many operations.
    pub(crate) fn decided(&self, operations: usize, configurations: u64) {
        let visiting = configurations.saturating_mul(CONFIGURATION);
        self.work(operations.saturating_add(usize::try_from(visiting).unwrap_or(usize::MAX)));
    }

    /// The same meter, which tells `progress` what is visited and held.
    #[must_use]
    pub fn told_to(mut self, progress: Option<Arc<Progress>>) -> Meter {
        self.progress = progress;
        self
    }

    /// Tells the progress that `phase` begins, with so many bytes to do (0 if that is not known).
    pub(crate) fn enter(&self, phase: Phase, bytes: u64) {
        if let Some(progress) = &self.progress {
            progress.enter(phase, bytes);
        }
    }

    /// Returns who is told of the work.
    pub(crate) fn progress(&self) -> Option<&Progress> {
        self.progress.as_deref()
    }

    /// Checks whether reading may go on.
    pub(crate) fn check_reading(&self) -> Result<(), Error> {
        self.poll().map_err(|reason| match reason {
            StopReason::Cancelled => {
                Error::new(Code::Cancelled, "it was cancelled before the input was read")
            }
            StopReason::Memory => no_memory(),
            _ => Error::new(Code::TimeUp, "the time was up before the input was read")
                .hint("raise --timeout"),
        })
    }

    /// Checks whether reading may take so many `bytes` more.
    pub(crate) fn check_room(&self, bytes: usize) -> Result<(), Error> {
        if self.has_room(bytes) { Ok(()) } else { Err(no_memory()) }
    }

    /// Checks whether so many `bytes` may be read.
    pub(crate) fn check_size(&self, bytes: u64) -> Result<(), Error> {
        let most = self.memory_limit;
        if bytes <= most as u64 {
            return Ok(());
        }
        Err(Error::new(Code::TooLarge, format!("the text is larger than {most} bytes"))
            .hint("raise --max-memory"))
    }

    /// Returns how many bytes may be held.
    pub(crate) fn memory_limit(&self) -> usize {
        self.memory_limit
    }

    /// Asks all threads to stop.
    pub fn cancel(&self) {
        self.held.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it is time to stop.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn poll(&self) -> Result<(), StopReason> {
        let progress = self.progress();
        let is_cancelled = self.held.cancelled.load(Ordering::Relaxed);
        if is_cancelled || progress.is_some_and(Progress::is_cancelled) {
            return Err(StopReason::Cancelled);
        }
        if progress.is_some_and(Progress::is_exhausted) {
            return Err(StopReason::Memory);
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(StopReason::Timeout);
        }
        if self.memory() > self.memory_limit {
            return Err(StopReason::Memory);
        }
        if self.work.load(Ordering::Relaxed) >= self.work_limit {
            return Err(StopReason::Configurations);
        }
        Ok(())
    }

    /// Takes the memory of the process into account, where it is limited and the system tells it.
    /// Costs a few microseconds.
    pub(crate) fn look_at_memory(&self) {
        if self.memory_limit < usize::MAX
            && let Some(resident) = resident_bytes()
        {
            self.held.resident.store(resident, Ordering::Relaxed);
        }
    }

    /// The memory in use, in bytes: what the process holds, or what was accounted for.
    fn memory(&self) -> usize {
        let Held { memory, resident, .. } = &*self.held;
        memory.load(Ordering::Relaxed).max(resident.load(Ordering::Relaxed))
    }

    /// Whether `bytes` more would still fit.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.memory().saturating_add(bytes) <= self.memory_limit
    }

    /// The configurations that the search may visit for one key.
    pub(crate) fn configurations(&self) -> u64 {
        self.configurations
    }

    /// An account of one worker's memory and work; the memory is given back when it is dropped.
    pub(crate) fn account(&self) -> Account<'_> {
        Account { meter: self, bytes: 0, visited: 0 }
    }
}

/// The error about an input that takes more memory than it may.
fn no_memory() -> Error {
    Error::new(Code::TooLarge, "the memory was used up before the input was read")
        .hint("raise --max-memory")
}

/// The memory that one worker holds, and what it did.
pub(crate) struct Account<'a> {
    meter: &'a Meter,
    bytes: usize,
    /// The configurations that the meter knows of.
    visited: u64,
}

impl Account<'_> {
    /// Says that the worker now holds `bytes`.
    pub(crate) fn set(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            self.meter.held.memory.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.meter.held.memory.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        if let Some(progress) = &self.meter.progress {
            progress.hold(self.meter.memory());
        }
    }

    /// Says that the worker has visited so many configurations by now.
    pub(crate) fn visit(&mut self, configurations: u64) {
        if let Some(progress) = &self.meter.progress {
            progress.visit(configurations.saturating_sub(self.visited));
        }
        self.visited = configurations;
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_by_accounts_and_given_back() {
        let budget = Budget { memory: Some(1000), ..Budget::default() };
        let meter = Meter::start(&budget, 100);
        assert!(meter.has_room(900) && !meter.has_room(901));
        let mut account = meter.account();
        account.set(900);
        assert_eq!(meter.poll(), Ok(()), "all of it may be used");
        account.set(901);
        assert_eq!(meter.poll(), Err(StopReason::Memory));
        account.set(500);
        assert!(meter.has_room(400) && !meter.has_room(401));
        drop(account);
        assert!(meter.has_room(900) && !meter.has_room(901));
    }

    #[test]
    fn the_memory_of_the_process_counts_where_memory_is_limited() {
        let limited = Meter::start(&Budget { memory: Some(1), ..Budget::default() }, 0);
        limited.look_at_memory();
        assert_eq!(limited.poll().is_err(), resident_bytes().is_some());
        let unlimited = Meter::start(&Budget::default(), 0);
        unlimited.look_at_memory();
        assert_eq!(unlimited.memory(), 0);
    }

    #[test]
    fn whoever_asks_to_stop_is_heard() {
        let meter = Meter::start(&Budget::default(), 0);
        assert_eq!(meter.poll(), Ok(()));
        meter.cancel();
        assert_eq!(meter.poll(), Err(StopReason::Cancelled));
        let progress = Arc::new(Progress::default());
        let meter = Meter::start(&Budget::default(), 0).told_to(Some(Arc::clone(&progress)));
        assert_eq!(meter.poll(), Ok(()));
        progress.exhaust();
        assert_eq!(meter.poll(), Err(StopReason::Memory));
        progress.cancel();
        assert_eq!(meter.poll(), Err(StopReason::Cancelled));
        progress.restart();
        assert_eq!(meter.poll(), Err(StopReason::Cancelled), "for good");
    }

    #[test]
    fn progress_hears_of_each_configuration_once() {
        let progress = Arc::new(Progress::default());
        let meter = Meter::start(&Budget::default(), 0).told_to(Some(Arc::clone(&progress)));
        let mut account = meter.account();
        account.visit(10);
        account.visit(25);
        assert_eq!(progress.look().configurations, 25);
    }

    #[test]
    fn a_time_that_runs_already_is_not_started_again() {
        let budget = Budget { timeout: Some(Duration::from_secs(60)), ..Budget::default() };
        assert_eq!(budget.time_left(), None, "it does not run");
        let started = budget.started();
        assert!(started.start.is_some());
        assert_eq!(started.started(), started);
        assert!(started.time_left().is_some_and(|left| left <= Duration::from_secs(60)));
    }
}
