#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{OBJECTS, Object, Settings, find};
use crate::Session;
use crate::check::Report;
use crate::error::Code;
use crate::history::History;
use crate::{Options, Verdict};

fn checked(object: &Object, settings: &Settings) -> (History, Report) {
    let history = object.run(settings).unwrap();
    let report = crate::check(&history, &Options::default()).unwrap();
    assert_eq!(report.model, object.model);
    (history, report)
}

#[test]
fn correct_objects_are_never_said_to_be_wrong() {
    for object in OBJECTS.iter().filter(|object| object.is_correct()) {
        for seed in 0..20 {
            let settings = Settings { threads: 1 + seed as usize % 5, operations: 400, seed };
            let (history, report) = checked(object, &settings);
            assert_eq!(report.verdict, Verdict::Valid, "{} {settings:?}", object.name);
            assert!(history.operations().len() >= 400);
        }
    }
}

/// How often a run goes wrong depends on the machine; of many, one has to, and is then called by
/// its name.
#[test]
fn broken_objects_are_caught_and_named() {
    for object in OBJECTS.iter().filter(|object| !object.is_correct()) {
        let mut names = Vec::new();
        for seed in 0..100 {
            let settings = Settings { threads: 2 + seed as usize % 3, operations: 80, seed };
            let (history, report) = checked(object, &settings);
            if report.verdict == Verdict::Invalid {
                let explanation = Session::new(&history, &Options::default())
                    .unwrap()
                    .explain(&report, 5)
                    .unwrap();
                names.extend(explanation.anomalies.first().map(|anomaly| anomaly.kind));
            }
            if names.last().copied() == object.fault {
                break;
            }
        }
        assert!(names.contains(&object.fault.unwrap()), "{}: {names:?}", object.name);
    }
}

#[test]
fn the_table_is_in_order() {
    let mut names: Vec<&str> = OBJECTS.iter().map(|object| object.name).collect();
    for object in OBJECTS {
        assert_eq!(find(object.name).unwrap().name, object.name);
        assert!(object.story.ends_with('.') && !object.story.trim_end_matches('.').contains(". "));
        assert!(!object.story.contains("  "));
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), OBJECTS.len());
    assert!(find("nothing").is_none());
}

#[test]
fn settings_at_their_bounds() {
    let counter = find("atomic-counter").unwrap();
    let run = |threads, operations| counter.run(&Settings { threads, operations, seed: 1 });
    assert_eq!(run(0, 7).unwrap().operations().len(), 7);
    assert_eq!(run(64, 7).unwrap().operations().len(), 7);
    assert_eq!(run(3, 0).unwrap_err().code, Code::Empty);
    let lock = find("spin-lock").unwrap();
    let settings = Settings { threads: 2, operations: 10, seed: 1 };
    assert_eq!(lock.run(&settings).unwrap().operations().len(), 12);
}
