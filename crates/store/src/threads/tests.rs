#![allow(clippy::unwrap_used)]

use histcheck_record::Recording;

use super::{OBJECTS, Object, Settings, find};

/// How many operations a run of so many threads records, of which so many were asked for.
fn operations(object: &Object, threads: usize, operations: usize) -> usize {
    let recorder = object.run(&Settings { threads, operations, seed: 1 }).unwrap();
    let Recording::Text(text) = recorder.into_recording().unwrap() else { panic!("no text") };
    text.matches("\"type\":\"invoke\"").count()
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
    assert_eq!(operations(counter, 0, 7), 7);
    assert_eq!(operations(counter, 64, 7), 7);
    assert_eq!(operations(counter, 3, 0), 0);
    assert_eq!(operations(find("spin-lock").unwrap(), 2, 10), 12);
}
