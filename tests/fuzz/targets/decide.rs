//! Small histories: all deciders, the search alone and brute force give the same verdict, and the
//! operation that gives a violation away is the first that is impossible.

use histcheck::check::{Deciders, Decision};
use histcheck::{Options, Report, Verdict};

use super::choices::Choices;
use super::shared::oracle::is_linearizable;
use super::small::Small;

/// Decides the history that `data` makes in three ways.
pub fn decide(data: &[u8]) {
    let small = Small::chosen(&mut Choices::new(data));
    try_out(&small);
}

fn try_out(small: &Small) {
    let model = &small.model;
    let expected = |horizon| is_linearizable(model, &small.timed(model, horizon));
    let verdict = if expected(u32::MAX) { Verdict::Valid } else { Verdict::Invalid };
    let all = decided(small, Deciders::Auto);
    let alone = decided(small, Deciders::Search);
    for report in [&all, &alone] {
        let by = report.keys[0].decided_by;
        assert_eq!(report.verdict, verdict, "{by} is wrong: {}", small.shown());
        let Decision::Invalid(failure) = &report.keys[0].decision else { continue };
        let horizon = failure.horizon.index() as u32;
        assert!(failure.is_first(), "{by} does not locate: {}", small.shown());
        assert!(!expected(horizon), "{by} is early, at {horizon}: {}", small.shown());
        assert!(
            horizon > 0 && expected(horizon - 1),
            "{by} is late, at {horizon}: {}",
            small.shown()
        );
    }
}

fn decided(small: &Small, deciders: Deciders) -> Report {
    let options = Options { deciders, ..small.options.clone() };
    histcheck::check(&small.history, &options)
        .unwrap_or_else(|error| panic!("{error}: {}", small.shown()))
}
