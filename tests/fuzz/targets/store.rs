//! The reference store at a point of its space of knobs that bytes choose. Whatever is set, it
//! ends, and its history reads back as what it was; where it knows an order that accounts for all,
//! no violation is found, and a correct preset has none.

use std::time::Duration;

use histcheck::formats::{self, Format, read_bytes};
use histcheck::store::{KNOBS, Knob, Plan, Preset, presets};
use histcheck::{Budget, History, Options, Verdict};

use super::choices::Choices;

/// What knobs are set to that are not one of several words.
const SETTINGS: [&str; 16] = [
    "0", "1", "2", "3", "5", "7", "0%", "2.5%", "50%", "100%", "1ns", "250us", "5ms", "200ms",
    "-20ms", "2s",
];

/// Knobs that make a run long, and what they may be set to.
const BOUNDED: [(&str, [&str; 4]); 2] =
    [("operations", ["5", "12", "25", "40"]), ("clients", ["1", "2", "3", "5"])];

/// Runs the store as `data` says, and checks its history.
pub fn store(data: &[u8]) {
    let mut choices = Choices::new(data);
    let all: Vec<&Preset> = presets().collect();
    let preset = choices.of(&all);
    let seed = u64::from(choices.byte());
    let mut plan = Plan::new(preset, seed);
    for (name, settings) in BOUNDED {
        plan.set(name, choices.of(&settings)).expect("a setting");
    }
    let changes = choices.below(8);
    for _ in 0..changes {
        let knob = &KNOBS[choices.below(KNOBS.len())];
        if BOUNDED.iter().all(|bounded| bounded.0 != knob.name) {
            set(&mut plan, knob, &mut choices);
        }
    }
    let (history, truth) = match plan.history_and_truth() {
        Ok(run) => run,
        Err(why) => {
            assert!(changes > 0, "{}: {why}", plan.replay());
            return;
        }
    };
    let is_correct = changes == 0 && preset.is_correct();
    assert!(!is_correct || !truth.is_broken, "{}: {:?}", plan.replay(), truth.mishaps);
    let verdict = verdict(&history, &plan);
    if !truth.is_broken {
        assert_ne!(verdict, Verdict::Invalid, "a false alarm: {}", plan.replay());
    }
    let mut bytes = Vec::new();
    formats::write(&history, Format::JsonLines, &mut bytes).expect("there is room");
    let again = read_bytes(bytes, None, Default::default())
        .unwrap_or_else(|error| panic!("{error}: {}", plan.replay()));
    assert_eq!(again.operations().len(), history.operations().len(), "{}", plan.replay());
    assert_eq!(self::verdict(&again, &plan), verdict, "{}", plan.replay());
}

/// Sets a knob to something that it can be set to, unless there is no such thing here.
fn set(plan: &mut Plan, knob: &Knob, choices: &mut Choices<'_>) {
    let listed = (knob.choices)();
    let words: Vec<&str> = listed.split(", ").collect();
    let text = if words.len() > 1 { choices.of(&words) } else { choices.of(&SETTINGS) };
    // A time is not a number; whatever is refused leaves the knob as it is.
    let _ = plan.set(knob.name, text);
}

fn verdict(history: &History, plan: &Plan) -> Verdict {
    let options = Options {
        threads: 1,
        budget: Budget { configurations: Some(20_000), ..Budget::default() },
        explain_timeout: Some(Duration::ZERO),
        ..Options::default()
    };
    let report = histcheck::check(history, &options);
    report.unwrap_or_else(|error| panic!("{error}: {}", plan.replay())).verdict
}
