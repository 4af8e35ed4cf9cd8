//! How far the work is, in words that fit a line.

use std::time::{Duration, Instant};

use histcheck::progress::{Look, Phase};
use histcheck::report::with_thousands;
use indicatif::HumanBytes;

use super::Task;

/// The line for `look` at `now`: which file, for how long, what is done of what, how hard it was.
/// What matters most comes first, since the line may be cut.
pub(super) fn words(look: &Look, task: &Task, now: Instant) -> String {
    let mut words = String::new();
    if let Some((at, count, name)) = &task.file {
        words += &format!("{at}/{count} {name}: ");
    }
    words += &time(now.saturating_duration_since(task.start));
    if let Some(deadline) = task.deadline {
        words += &format!(" of {}", time(deadline.saturating_duration_since(task.start)));
    }
    words += &format!(", {}", doing(look));
    if look.configurations > 0 {
        words += &format!(", {} configurations", number(look.configurations));
    }
    if let Some(memory) = look.memory {
        words += &format!(", {}", HumanBytes(memory));
    }
    words
}

/// What is being done, and how much of it is done.
fn doing(look: &Look) -> String {
    let what = match look.phase {
        Phase::Loading => "reading",
        Phase::Parsing => "parsing",
        Phase::Ordering => "ordering the events",
        Phase::Placing => "finding lines",
        Phase::Deciding => "deciding",
        Phase::Locating => "locating the violation,",
        Phase::Verifying => "verifying the proofs",
        Phase::Violations => "explaining what went wrong,",
        Phase::Clocks => "looking for clocks that explain it",
        Phase::Causes => "looking for common causes",
        Phase::Surroundings => "looking around the violations",
        Phase::Shrinking => "shrinking",
        Phase::Following => "following",
        Phase::Simulating => "simulating",
        Phase::Writing => "writing",
        _ => "working",
    };
    let amount = match look.phase {
        Phase::Loading | Phase::Parsing | Phase::Placing | Phase::Following | Phase::Writing => {
            bytes(look)
        }
        Phase::Deciding | Phase::Verifying => counted(look, "keys"),
        Phase::Locating | Phase::Violations => counted(look, "failing keys"),
        Phase::Shrinking => counted(look, "operations left"),
        Phase::Simulating => counted(look, "operations"),
        _ => None,
    };
    match amount {
        Some(amount) => format!("{what} {amount}"),
        None => what.trim_end_matches(',').to_owned(),
    }
}

/// How many bytes of how many.
fn bytes(look: &Look) -> Option<String> {
    let done = HumanBytes(look.done);
    match look.total {
        Some(total) => {
            let percentage = look.done as f64 / total as f64 * 100.0;
            Some(format!("{percentage:.0} % of {}", HumanBytes(total)))
        }
        None if look.done > 0 => Some(done.to_string()),
        None => None,
    }
}

/// How many of how many, unless it is only about one.
fn counted(look: &Look, what: &str) -> Option<String> {
    let total = look.total.filter(|&total| total > 1)?;
    Some(format!("{} of {} {what}", number(look.done), number(total)))
}

fn number(number: u64) -> String {
    with_thousands(usize::try_from(number).unwrap_or(usize::MAX))
}

/// `3.2s`, `2m 05s`, `1h 02m`.
fn time(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1}s", time.as_millis() as f64 / 1000.0),
        seconds @ 60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(file: Option<(usize, usize, String)>) -> Task {
        Task { file, start: Instant::now(), deadline: None, typed: false }
    }

    /// `look` is what another thread saw, after 3.2 seconds.
    fn said(look: Look, task: &Task) -> String {
        words(&look, task, task.start + Duration::from_millis(3_210))
    }

    /// Phases are made by the library alone; so are looks.
    fn look(tell: impl FnOnce(&histcheck::Progress)) -> Look {
        let progress = histcheck::Progress::default();
        tell(&progress);
        Look { memory: None, ..progress.look() }
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let parsing = look(|progress| {
            progress.enter(Phase::Parsing, 4 << 20);
            progress.advance(1 << 20);
        });
        assert_eq!(said(parsing, &task(None)), "3.2s, parsing 25 % of 4.00 MiB");
        let pipe = look(|progress| {
            progress.enter(Phase::Loading, 0);
            progress.advance(3 << 10);
        });
        assert_eq!(said(pipe, &task(None)), "3.2s, reading 3.00 KiB");
        let mut deciding = look(|progress| {
            progress.enter(Phase::Deciding, 1000);
            progress.advance(12);
        });
        deciding.configurations = 1_234_567;
        deciding.memory = Some(300 << 20);
        let mut several = task(Some((3, 12, "b.jsonl".to_owned())));
        several.deadline = Some(several.start + Duration::from_secs(90));
        assert_eq!(
            said(deciding, &several),
            "3/12 b.jsonl: 3.2s of 1m 30s, deciding 12 of 1,000 keys, 1,234,567 configurations, \
             300.00 MiB"
        );
        let one = look(|progress| progress.enter(Phase::Deciding, 1));
        assert_eq!(said(one, &task(None)), "3.2s, deciding");
        assert_eq!(said(look(|_| ()), &task(None)), "3.2s, working");
    }

    #[test]
    fn times_have_the_digits_that_count() {
        let texts = [59_940, 60_000, 3_599_000, 7_330_000].map(Duration::from_millis).map(time);
        assert_eq!(texts, ["59.9s", "1m 00s", "59m 59s", "2h 02m"]);
    }
}
