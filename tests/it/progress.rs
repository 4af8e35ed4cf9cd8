//! What is shown of long work, and to whom.

use std::sync::Arc;

use histcheck::check::Deciders;
use histcheck::formats::{Input, ReadOptions};
use histcheck::history::Settings;
use histcheck::progress::Phase;
use histcheck::{Budget, Options, Progress, StopReason, Verdict, check};

use crate::program::{Directory, Outcome, histcheck};
use crate::support::hard::hard;

/// Longer than the time in which nothing is shown.
fn run_hard(arguments: &str) -> Outcome {
    let arguments = format!("--decider search {arguments}");
    histcheck(&arguments).stdin(hard()).run().status(3)
}

#[test]
fn lines_say_how_far_it_is_where_that_is_asked_for() {
    let silent = run_hard("--timeout 1500ms").without_complaint();
    let shown = run_hard("--timeout 3s --progress always");
    assert_eq!(shown.stdout, silent.stdout);
    assert!(shown.stderr.ends_with('\n') && !shown.stderr.contains(['\r', '\x1b']));
    // A slow machine may look just before or behind the work.
    assert!(shown.stderr.lines().all(|line| line.contains("s of 3.0s, ")), "{}", shown.stderr);
    let tells = |line: &str| line.contains(", deciding, ") && line.contains(" configurations");
    assert!(shown.stderr.lines().any(tells), "{}", shown.stderr);
}

#[test]
fn nothing_is_shown_that_nobody_wants() {
    run_hard("--timeout 1500ms --progress always -q").without_complaint();
    run_hard("--timeout 1500ms --progress never").without_complaint();
    histcheck("--progress perhaps").run().status(2).complains("possible values");
}

#[test]
fn short_work_shows_nothing() {
    let directory = Directory::new();
    let path = directory.path().join("a.jsonl");
    let text = ["invoke", "ok"]
        .map(|kind| format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"read\"}}\n"));
    std::fs::write(path, text.concat()).unwrap();
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    // A machine may stop for a second at any time; then there is a line, but no other text.
    let outcome = run("a.jsonl a.jsonl --progress always").status(0);
    assert!(outcome.stderr.lines().all(|line| line.contains("/2 a.jsonl: ")), "{}", outcome.stderr);
    run("a.jsonl a.jsonl").status(0).without_complaint();
}

fn told() -> (Arc<Progress>, Options) {
    let progress = Arc::new(Progress::default());
    let options = Options { progress: Some(Arc::clone(&progress)), ..Options::default() };
    (progress, options)
}

/// All configurations that the report counts were told, however often the search looked at its
/// budget.
#[test]
fn configurations_are_counted_once() {
    for configurations in [1, 100, 128, 5_000, 40_000] {
        let history = histcheck::read_text(&hard()).unwrap();
        let budget = Budget { configurations: Some(configurations), ..Budget::default() };
        let (progress, options) = told();
        let deciders = Deciders::Search;
        let report = check(&history, &Options { budget, deciders, ..options }).unwrap();
        assert_eq!(report.verdict, Verdict::Unknown);
        assert_eq!(report.stop_reason, Some(StopReason::Configurations));
        assert_eq!(progress.look().configurations, report.keys[0].effort.configurations);
    }
}

/// What another thread sees of a reading and a check, if it looks all the time.
#[test]
fn phases_come_and_go() {
    let mut text = String::new();
    for key in 0..20_000 {
        for kind in ["invoke", "ok"] {
            text += &format!(
                "{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"value\":1,\"key\":{key}}}\n"
            );
        }
    }
    let size = text.len() as u64;
    let (progress, options) = told();
    let read = ReadOptions { progress: options.progress.clone(), ..ReadOptions::default() };
    let input = Input::from_reader(text.as_bytes(), read).unwrap();
    let look = progress.look();
    assert_eq!((look.phase, look.done, look.total), (Phase::Loading, size, None));
    let history = input.history(Settings::default()).unwrap();
    assert_eq!(progress.look().phase, Phase::Idle);
    let worker = std::thread::spawn(move || check(&history, &options).unwrap());
    while !worker.is_finished() {
        let look = progress.look();
        assert!(look.total.is_none_or(|total| look.done <= total && total == 20_000), "{look:?}");
    }
    assert_eq!(worker.join().unwrap().verdict, Verdict::Valid);
    assert_eq!(progress.look().phase, Phase::Idle);
}
