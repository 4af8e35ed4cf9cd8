//! The examples run, and say what their pages promise; and the library is as small as it says.

#[path = "../../examples/assert_in_a_test.rs"]
mod assert_in_a_test;
#[path = "../../examples/own_format.rs"]
mod own_format;
#[path = "../../examples/own_model.rs"]
mod own_model;
#[path = "../../examples/recorder.rs"]
mod recorder;
#[path = "../../examples/streaming.rs"]
mod streaming;

use std::collections::BTreeSet;
use std::process::Command;

fn said(run: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    run(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_assertion_tells_the_counters_apart() {
    let said = said(|out| assert_in_a_test::run(out).unwrap());
    let (right, wrong) = said.split_once("\n\n").unwrap();
    assert_eq!(right, "the counter that adds in one step is linearizable");
    assert!(
        wrong.contains("invalid: no order of the operations explains `add-and-get 1"),
        "{said}"
    );
    assert!(wrong.contains("lost-update: "), "{said}");
}

#[test]
fn a_store_is_stopped_at_the_first_violation() {
    let said = said(|out| streaming::run(out).unwrap());
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "valid: 100000 operations");
    assert_eq!(
        lines[1],
        "stopped after 1499 operations: `read → 1494` by process 1, but it held 1497"
    );
    assert_eq!(lines[2], "invalid: 1500 operations");
}

#[test]
fn a_model_of_ones_own_is_explained_like_any() {
    let said = said(|out| own_model::run(out).unwrap());
    let (right, wrong) = said.split_once("\n\n").unwrap();
    assert!(right.starts_with("valid: 4 operations, linearizable\n  model    Document"), "{said}");
    let first = "invalid: no order of the operations explains `put [1,\"plan\"] → 2` by process 1";
    assert!(wrong.starts_with(first), "{said}");
    // The model's own words for its states, in the surroundings of the failure.
    assert!(wrong.contains("version 2: \"draft, amended\""), "{said}");
}

#[test]
fn a_format_of_ones_own_has_located_errors() {
    let said = said(|out| own_format::run(out).unwrap());
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "4 operations of a register: valid");
    assert!(lines[1].starts_with("H0012: "), "{said}");
    assert!(lines[1].ends_with("(line 2, column 1)"), "{said}");
    let place = |text| {
        let error = own_format::read(text).unwrap_err();
        (error.code.as_str(), error.place.map(|place| (place.offset, place.line, place.column)))
    };
    assert_eq!(place("1 é -> write x 1\n\n  2 é <=\n"), ("H0005", Some((21, 3, 3))));
    assert_eq!(place("1 é -> write x 1\n2 é <= write x ok"), ("H0009", Some((23, 2, 5))));
    assert_eq!(place("soon bob -> read x"), ("H0014", Some((0, 1, 1))));
    assert_eq!(place("# nothing\n"), ("H0002", None));
}

#[test]
fn a_recording_is_in_its_file_half_way() {
    let path = std::env::temp_dir().join(format!("histcheck-example-{}", std::process::id()));
    let said = said(|out| recorder::run(&path, out).unwrap());
    std::fs::remove_file(&path).unwrap();
    // 600 operations of two lines each, the metadata and a note.
    let expected = "1202 lines were in the file half-way\n\
                    1200 in the end, 30 of them without an answer; notes: 1; valid\n";
    assert_eq!(said, expected);
}

/// The crates behind the library or the program, by their names.
fn dependencies(features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "histcheck", "--offline", "--locked"])
        .args(["-e", "normal", "--prefix", "none"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

/// What the manifest calls the command line's own is not built for the library.
#[test]
fn the_library_needs_nothing_of_the_command_line() {
    let manifest = include_str!("../../Cargo.toml");
    let own: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"dep:")?.strip_suffix("\","))
        .collect();
    assert!(own.contains(&"clap"), "{own:?}");
    let (library, program) = (dependencies(&["--no-default-features"]), dependencies(&[]));
    for name in own {
        assert!(!library.contains(name), "the library needs {name}");
        assert!(program.contains(name), "the program does not need {name}");
    }
    assert!(library.contains("serde_json"), "{library:?}");
}
