//! Every fuzz target over its seeds, what was found before, and mutations of these: the same ones
//! in every run, and few. `HISTCHECK_TRIES=1000 cargo test --release --test fuzz` tries a thousand
//! times as many. docs/TESTING.md tells how to search with libFuzzer instead.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod mutate;
mod targets;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use mutate::mutated;

/// Inputs for targets whose bytes are choices are so long.
const CHOICES: usize = 60;

/// The folders with the seeds of a target: its own, where findings are kept too, and histories that
/// are there anyway.
fn folders(target: &str) -> Vec<PathBuf> {
    let own = format!("tests/fuzz/seeds/{target}");
    let others: &[&str] = match target {
        "parse" => &["histories", "tests/malformed"],
        "check" => &["histories"],
        "follow" => &["histories", "tests/malformed", "tests/fuzz/seeds/check"],
        _ => &[],
    };
    let folders = std::iter::once(own.as_str()).chain(others.iter().copied());
    folders.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).collect()
}

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = folders(target).into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file() && path.extension().is_none_or(|end| end != "md"));
    paths.sort();
    let named = |path: PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
    };
    paths.into_iter().map(named).collect()
}

/// Runs a target; an input on which it panics is kept, and in a long run also one that never ends.
fn run(target: &str, data: &[u8], from: &str) {
    let (_, body) = targets::TARGETS.into_iter().find(|one| one.0 == target).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{target}"));
    if factor() > 1 {
        fs::write(&path, data).unwrap();
    }
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(data))) {
        fs::write(&path, data).unwrap();
        eprintln!("{target} panics on {}, made of {from}", path.display());
        resume_unwind(panic);
    }
}

/// So many times as many inputs as usual are asked for.
fn factor() -> usize {
    std::env::var("HISTCHECK_TRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// All seeds as they are, then `count` inputs made by `make`.
fn try_target(
    target: &str,
    count: usize,
    make: impl Fn(&[(String, Vec<u8>)], &mut ChaCha8Rng) -> Vec<u8>,
) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty());
    for (name, data) in &seeds {
        run(target, data, name);
    }
    for number in 0..count * factor() {
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        run(target, &make(&seeds, &mut rng), &format!("mutation {number}"));
    }
}

/// A text, mutated as texts are.
fn text(seeds: &[(String, Vec<u8>)], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let data = &seeds.choose(rng).unwrap().1;
    let other = &seeds.choose(rng).unwrap().1;
    mutated(data, other, rng)
}

/// Bytes that are choices: any are as good as others.
fn choices(seeds: &[(String, Vec<u8>)], rng: &mut ChaCha8Rng) -> Vec<u8> {
    if rng.random_bool(0.2) {
        return text(seeds, rng);
    }
    let mut data = vec![0; rng.random_range(1..=CHOICES)];
    rng.fill_bytes(&mut data);
    data
}

#[test]
fn parsing_any_bytes_gives_a_history_or_an_error_with_a_place() {
    try_target("parse", 1_500, text);
}

#[test]
fn checking_any_history_with_any_model_gives_a_report_in_every_form() {
    try_target("check", 150, text);
}

#[test]
fn deciders_search_and_brute_force_agree_on_small_histories() {
    try_target("decide", 1_500, choices);
}

#[test]
fn followed_as_it_comes_a_history_has_the_verdict_of_the_whole() {
    try_target("follow", 300, text);
}

#[test]
fn certificates_verify_and_altered_ones_do_only_if_they_are_right() {
    try_target("proof", 1_000, choices);
}

#[test]
fn the_store_ends_and_nothing_is_found_where_nothing_is_wrong() {
    try_target("store", 300, choices);
}

/// Otherwise the campaign would try less than it seems to.
#[test]
fn most_mutations_of_a_history_can_still_be_read() {
    let seeds = seeds("check");
    let mut readable = 0;
    for number in 0..300 {
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let data = text(&seeds, &mut rng);
        readable += usize::from(
            histcheck::formats::Input::from_bytes(data, Default::default())
                .is_ok_and(|input| input.history(histcheck::history::Settings::default()).is_ok()),
        );
    }
    assert!(readable > 60, "only {readable} of 300");
}
