//! Inputs that were made to hurt: broken, huge, deep, endless in what they ask for. Each ends in a
//! verdict, an error or `unknown`, within the limits that it is given, whatever command reads it.
//!
//! `cargo test --test hostile` runs smaller ones; with `-- --full` they have their whole size, and
//! `cargo bless hostile` measures these one after the other and writes the table of
//! `docs/TESTING.md`. Times are never asserted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../../src/formats/jepsen/tests/blocks.rs"]
mod blocks;
mod histories;
#[path = "../shared/kept.rs"]
mod kept;
#[path = "../shared/page.rs"]
mod page;
mod run;
mod table;
mod texts;

use std::path::PathBuf;

use libtest_mimic::{Arguments, Trial};

/// How large inputs are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// A sixteenth.
    Small,
    /// As the table says.
    Full,
}

impl Size {
    /// So many, or a sixteenth of that.
    pub(crate) fn of(self, count: usize) -> usize {
        match self {
            Size::Small => (count / 16).max(2),
            Size::Full => count,
        }
    }
}

/// An input, and how it has to end.
pub(crate) struct Hostile {
    /// What it is, in a few words.
    pub(crate) what: &'static str,
    /// The text, of this size.
    pub(crate) make: fn(Size) -> Vec<u8>,
    /// Options beside the limits, separated by blanks.
    pub(crate) options: &'static str,
    /// The exit statuses that are right. Where there are several, it depends on the machine.
    pub(crate) ends: &'static [i32],
}

/// The time and the memory that each input may take.
pub(crate) const TIMEOUT: &str = "2s";
pub(crate) const MEMORY_MIB: usize = 500;

fn all() -> Vec<Hostile> {
    let mut all = texts::all();
    all.extend(histories::all());
    all
}

/// Whether the tests are told to use inputs of full size; the argument is taken out.
fn takes_full(arguments: &mut Vec<String>) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != "--full");
    arguments.len() < before
}

/// Where inputs are kept while they are used.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().collect();
    let size = if takes_full(&mut arguments) { Size::Full } else { Size::Small };
    if size == Size::Full && kept::is_blessing() {
        table::write(&all());
        return;
    }
    let mut trials = vec![Trial::test("table", || table::names_all(&all()))];
    for hostile in all() {
        trials.push(Trial::test(hostile.what, move || {
            run::run(&hostile, size).map(drop).map_err(Into::into)
        }));
    }
    let arguments = Arguments::from_iter(arguments);
    libtest_mimic::run(&arguments, trials).exit();
}
