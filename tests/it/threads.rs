//! Objects that real threads use, as the checker sees them.

use histcheck::check::Report;
use histcheck::explain::AnomalyKind;
use histcheck::store::threads::{OBJECTS, Object, Settings, find};
use histcheck::{Code, History, Options, Session, Verdict, read_recording};

fn checked(object: &Object, settings: &Settings) -> (History, Report) {
    let history = read_recording(object.run(settings).unwrap()).unwrap();
    let report = histcheck::check(&history, &Options::default()).unwrap();
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
                let options = Options::default();
                let session = Session::new(&history, &options).unwrap();
                let explanation = session.explain(&report, 5).unwrap();
                names.extend(explanation.anomalies.first().map(|anomaly| anomaly.kind.to_string()));
            }
            if names.last().map(String::as_str) == object.fault {
                break;
            }
        }
        assert!(
            names.iter().any(|name| Some(name.as_str()) == object.fault),
            "{}: {names:?}",
            object.name
        );
    }
}

#[test]
fn faults_are_anomalies() {
    for object in OBJECTS {
        let is_known = object.fault.is_none_or(|name| AnomalyKind::parse(name).is_some());
        assert!(is_known, "{}: {:?}", object.name, object.fault);
    }
}

#[test]
fn no_operation_is_no_history() {
    let settings = Settings { operations: 0, ..Settings::default() };
    let recorder = find("atomic-counter").unwrap().run(&settings).unwrap();
    assert_eq!(read_recording(recorder).unwrap_err().code, Code::Empty);
}
