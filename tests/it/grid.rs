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

use histcheck::model::CATALOGUE;
use histcheck::{Options, Verdict, check, read_text};

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
