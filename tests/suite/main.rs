//! The regression suite: one test for every history in `histories/`, with its verdict and proof,
//! and one for it with faults put into it. Those in `histories/isolation/` are decided for their
//! levels of isolation instead: see `isolation.rs`.
//!
//! `cargo test --test suite stale` runs those whose names contain `stale`. Where the environment
//! variable `HISTCHECK_CORPUS` names a directory with a `MANIFEST.tsv`, there is also one test for
//! each of its rows: see `corpus.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod altered;
mod certificate;
mod corpus;
mod coverage;
mod expected;
mod explained;
#[path = "../shared/followed.rs"]
mod followed;
mod generated;
mod index;
mod isolation;
#[path = "../shared/kept.rs"]
mod kept;
mod reports;
#[path = "../shared/said.rs"]
mod said;
mod trial;
mod variants;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

/// A violation of a history that somebody recorded is shown by so many operations at most, if it
/// has no name. There are others that need any number.
const FEW: usize = 12;

/// The folder of histories for the checks of workloads, which are tested elsewhere.
const WORKLOADS: &str = "workloads";

/// What a test returns; an error says all that is to be said.
type Outcome = Result<(), Failed>;

/// The directory with the histories.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("histories")
}

/// The names of the histories, sorted; those of the reference store with their folder.
fn names() -> Vec<String> {
    let others = [index::FILE, generated::FOLDER, isolation::FOLDER, WORKLOADS];
    let is_one = |name: &String| !others.contains(&name.as_str());
    let mut names: Vec<String> = entries(&folder()).into_iter().filter(is_one).collect();
    let inner = entries(&folder().join(generated::FOLDER));
    names.extend(inner.iter().map(|name| format!("{}/{name}", generated::FOLDER)));
    names.sort();
    names
}

/// The names of what is in a directory; nothing if there is none.
fn entries(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().expect("a plain name")
    };
    entries.map(name).collect()
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("index", index::is_current),
        Trial::test("coverage", coverage::is_complete),
        Trial::test("generated", generated::are_current),
        Trial::test("reports", reports::are_of_histories),
    ];
    for name in names() {
        let altered = name.clone();
        trials.push(Trial::test(format!("altered::{name}"), move || altered::run(&altered)));
        trials.push(Trial::test(format!("histories::{name}"), move || trial::run(&name)));
    }
    trials.extend(isolation::trials());
    trials.extend(corpus::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
