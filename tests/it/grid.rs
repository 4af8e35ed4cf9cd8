//! A slice of the grid of `docs/BENCHMARKS.md`: short histories of correct systems of every kind,
//! with and without crashes and a wrong answer. What a correct system did is never invalid.

#[path = "../../benches/grid/cells.rs"]
#[allow(dead_code, unreachable_pub)]
mod cells;
#[path = "../../benches/grid/objects/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod objects;
#[path = "../../benches/grid/simulate.rs"]
#[allow(unreachable_pub)]
mod simulate;

use std::io::{self, Read};

use histcheck::follow::Following;
use histcheck::formats::ReadOptions;
use histcheck::history::Settings;
use histcheck::model::CATALOGUE;
use histcheck::proof::Proof;
use histcheck::{Budget, Options, Verdict, check, read_text};

use cells::{Cell, Kind, Values};

const SEEDS: u64 = 2;
/// Of 100 operations, with so few clients that all histories are decided soon.
const SMALL: Cell = Cell {
    object: "register",
    operations: 100,
    clients: 4,
    crashed: 0.0,
    values: Values::Distinct,
    kind: Kind::Valid,
    keys: 1,
};

/// Returns the text of a history.
fn written(cell: &Cell, seed: u64) -> String {
    let mut text = Vec::new();
    let outcome = simulate::write(cell, seed, &mut text);
    outcome.unwrap_or_else(|error| panic!("{}: {error}", cell.file_name(seed)));
    String::from_utf8(text).unwrap()
}

fn verdict(cell: &Cell, seed: u64) -> Verdict {
    let history = read_text(&written(cell, seed)).unwrap();
    let report = check(&history, &Options::default()).unwrap();
    assert_eq!(report.model, objects::model(cell.object));
    report.verdict
}

/// Histories that the search does not decide within these configurations unless it plans what reads
/// need.
#[test]
fn what_many_clients_did_is_guessed() {
    let wide = [
        ("counter-grows", 3_000, 30, 10.0, Values::Distinct),
        ("bank", 1_000, 20, 2.0, Values::Few),
        ("set", 1_000, 20, 5.0, Values::Distinct),
        ("multi-register", 2_000, 12, 0.0, Values::Distinct),
    ];
    let budget = Budget { configurations: Some(1_000_000), ..Budget::default() };
    let options = Options { self_check: true, budget, threads: 1, ..Options::default() };
    for (object, operations, clients, crashed, values) in wide {
        let cell = Cell { object, operations, clients, crashed, values, ..SMALL };
        let history = read_text(&written(&cell, 1)).unwrap();
        let report = check(&history, &options).unwrap();
        assert_eq!(report.verdict, Verdict::Valid, "{}", cell.file_name(1));
        assert!(report.keys.iter().all(|key| key.proof == Some(Proof::Confirmed)));
    }
}

/// The cells of one object and kind.
fn cells_of(object: &'static str, kind: Kind) -> Vec<Cell> {
    let mut cells = Vec::new();
    for values in [Values::Distinct, Values::Few] {
        for crashed in [0.0, 5.0] {
            cells.push(Cell { object, values, crashed, kind, ..SMALL });
        }
    }
    cells
}

#[test]
fn every_model_has_an_object() {
    for entry in CATALOGUE {
        let is_there = objects::names().any(|name| objects::model(name) == entry.name);
        assert!(is_there, "no object of the grid is a {}", entry.name);
    }
}

#[test]
fn correct_systems_are_valid() {
    for object in objects::names() {
        for cell in cells_of(object, Kind::Valid) {
            for seed in 0..SEEDS {
                assert_eq!(verdict(&cell, seed), Verdict::Valid, "{}", cell.file_name(seed));
            }
        }
    }
}

/// One wrong answer may be explained by another order; of each object, at least a quarter are not.
#[test]
fn wrong_answers_are_decided_and_found() {
    for object in objects::names() {
        let mut invalid = 0;
        let mut count = 0;
        for cell in cells_of(object, Kind::Wrong) {
            for seed in 0..SEEDS {
                let verdict = verdict(&cell, seed);
                assert_ne!(verdict, Verdict::Unknown, "{}", cell.file_name(seed));
                invalid += usize::from(verdict == Verdict::Invalid);
                count += 1;
            }
        }
        assert!(4 * invalid >= count, "{object}: {invalid} of {count}");
    }
}

/// A text that comes line by line, or in larger pieces.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let newline = self.0.iter().position(|&byte| byte == b'\n');
        let line = newline.map_or(self.0.len(), |at| at + 1);
        let count = line.max(self.1).min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The verdict on a history that is followed, in pieces of so many bytes at least.
fn followed(text: &str, piece: usize) -> Verdict {
    let pieces = Pieces(text.as_bytes(), piece);
    let (read, settings) = (ReadOptions::default(), Settings::default());
    let mut following = Following::new(pieces, read, settings, |_| Ok(Options::default())).unwrap();
    while following.step().unwrap().is_some() {}
    following.summary().verdict
}

/// Whoever follows a correct system sees no violation, however the text comes.
#[test]
fn correct_systems_are_valid_when_they_are_followed() {
    let (mut count, mut decided) = (0, 0);
    // A bank whose start is not known is not followed.
    for object in objects::names().filter(|object| *object != "bank-unknown") {
        for cell in cells_of(object, Kind::Valid) {
            for (seed, piece) in (0..2 * SEEDS).zip([1, 1, 300, 5_000]) {
                let cell = Cell { keys: 2, ..cell };
                let verdict = followed(&written(&cell, seed), piece);
                let name = cell.file_name(seed);
                assert_ne!(verdict, Verdict::Invalid, "{name}, in pieces of {piece}");
                count += 1;
                decided += usize::from(verdict == Verdict::Valid);
            }
        }
    }
    assert!(decided > count * 9 / 10, "{decided} of {count}");
}

/// An update that may return what it found is taken to return nothing, until one does.
#[test]
fn what_updates_find_is_known_late() {
    let crashed_put = r#"
{"process":1,"type":"invoke","f":"put","value":5}
{"process":2,"type":"invoke","f":"get","value":null}
{"process":3,"type":"invoke","f":"put","value":4}
{"process":3,"type":"info","f":"put","value":4}
{"process":4,"type":"invoke","f":"get","value":null}
{"process":4,"type":"ok","f":"get","value":5}
{"process":2,"type":"ok","f":"get","value":4}
{"process":4,"type":"invoke","f":"get","value":null}
{"process":4,"type":"ok","f":"get","value":5}
"#;
    let swap = r#"
{"process":0,"type":"invoke","f":"put-if-absent","value":4}
{"process":1,"type":"invoke","f":"get-and-set","value":5}
{"process":2,"type":"invoke","f":"get","value":null}
{"process":2,"type":"ok","f":"get","value":5}
{"process":1,"type":"ok","f":"get-and-set","value":4}
"#;
    let header = r#"{"histcheck":{"model":"kv"}}"#;
    let silent = r#"{"process":1,"type":"ok","f":"put","value":5}"#;
    let finding =
        |value| format!(r#"{{"process":1,"type":"ok","f":"put","value":{{"previous":{value}}}}}"#);
    let cases = [
        (format!("{header}{crashed_put}{silent}\n"), Verdict::Valid),
        (format!("{header}{crashed_put}{}\n", finding("4")), Verdict::Valid),
        (format!("{header}{crashed_put}{}\n", finding("null")), Verdict::Invalid),
        (format!("{header}{swap}"), Verdict::Valid),
        (format!("{header}{}", swap.replace(":4}\n{", ":3}\n{")), Verdict::Invalid),
    ];
    for (text, expected) in cases {
        let whole = check(&read_text(&text).unwrap(), &Options::default()).unwrap();
        assert_eq!(whole.verdict, expected, "{text}");
        for piece in [1, 100, 200, 10_000] {
            assert_eq!(followed(&text, piece), expected, "in pieces of {piece}: {text}");
        }
    }
}

/// The histories are what they say: as many operations, clients and crashes, and one seed makes one
/// history.
#[test]
fn histories_have_the_shape_that_is_asked_for() {
    for object in objects::names() {
        let cell = Cell { object, operations: 1_000, crashed: 10.0, ..SMALL };
        let text = written(&cell, 1);
        assert_eq!(text, written(&cell, 1), "{object}");
        assert_ne!(text, written(&cell, 2), "{object}");
        let count = |part: &str| text.matches(part).count();
        let (invoked, crashed) = (count(r#""type":"invoke""#), count(r#""type":"info""#));
        // Holders of locks give them back at the end.
        assert!((1_000..1_100).contains(&invoked), "{object}: {invoked}");
        assert!((30..170).contains(&crashed), "{object}: {crashed} crashed");
        assert_eq!(invoked, crashed + count(r#""type":"ok""#) + count(r#""type":"fail""#));
    }
}
