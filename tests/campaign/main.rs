//! Every verdict against brute force; and, of long histories, deciders against each other.
//!
//! `cargo test --test campaign` runs a slice in seconds. The whole, about a million random
//! histories a model, every history of up to four operations, and 20,000 long histories:
//! `cargo test --release --test campaign -- --full`. Other arguments: `--model NAME`,
//! `--random N` (histories a model), `--exhaustive N` (operations), `--long N` (long histories a
//! trial), `--configurations N` (the limit for each of these), `--explained N` (invalid histories a
//! trial that are explained), `--guarantees N` (histories of which it is tried what they guarantee,
//! and as many whose values repeat), `--skew N` (histories with wrong clocks a trial; by themselves
//! with `--model skew`, those of correct stores alone with `--model skew-recording`), `--seed N`.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod alphabets;
mod effort;
mod explained;
mod guarantees;
mod histories;
#[path = "../shared/kept.rs"]
mod kept;
mod long;
mod objects;
#[path = "../shared/said.rs"]
mod said;
#[path = "../shared/mod.rs"]
mod shared;
mod skew;
mod trial;
mod verdicts;
#[path = "../suite/explained.rs"]
mod verify_explained;
mod weaker;

use trial::Campaign;

fn main() {
    let mut campaign = Campaign {
        random: 3_000,
        exhaustive: 2,
        seed: 1,
        model: None,
        long: 25,
        configurations: 6_000,
        guarantees: 1_000,
        skew: 10,
        explained: 80,
        effort: effort::Table::read(),
        said: explained::Table::read(),
    };
    let sizes = |campaign: &Campaign| {
        let Campaign { random, exhaustive, seed, long, configurations, .. } = *campaign;
        (random, exhaustive, seed, long, configurations)
    };
    let explained = |campaign: &Campaign| (campaign.seed, campaign.explained);
    let default = (sizes(&campaign), explained(&campaign));
    read_arguments(&mut campaign);
    campaign.effort.applies = sizes(&campaign) == default.0;
    campaign.said.applies = explained(&campaign) == default.1;
    let (mut passed, mut failed) = (0, 0);
    let mut done = |(name, outcome)| match outcome {
        Ok(summary) => {
            passed += 1;
            println!("test campaign::{name} ... ok ({summary})");
        }
        Err(report) => {
            failed += 1;
            println!("test campaign::{name} ... FAILED\n{report}");
        }
    };
    alphabets::all(&mut done, &campaign);
    explained::all(&mut done, &campaign);
    guarantees::all(&mut done, &campaign);
    if campaign.long > 0 {
        long::all(&mut done, &campaign);
    }
    if campaign.wants("skew") || campaign.wants("skew-recording") {
        skew::all(&mut done, &campaign);
    }
    campaign.effort.update(campaign.model.is_none());
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         0 filtered out"
    );
    assert!(passed + failed > 0, "no model was tried");
    std::process::exit(i32::from(failed > 0));
}

/// What the command line asks for.
fn read_arguments(campaign: &mut Campaign) {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--full" => {
                (campaign.random, campaign.exhaustive) = (1_000_000, 4);
                (campaign.long, campaign.configurations) = (20_000, 200_000);
                campaign.guarantees = 100_000;
                campaign.skew = 1_000;
                campaign.explained = 5_000;
            }
            "--random" => campaign.random = number().expect("a number"),
            "--exhaustive" => campaign.exhaustive = number().expect("a number") as usize,
            "--seed" => campaign.seed = number().expect("a number"),
            "--long" => campaign.long = number().expect("a number"),
            "--guarantees" => campaign.guarantees = number().expect("a number"),
            "--explained" => campaign.explained = number().expect("a number"),
            "--skew" => campaign.skew = number().expect("a number"),
            "--configurations" => campaign.configurations = number().expect("a number"),
            "--model" => campaign.model = arguments.next(),
            // Whatever else a test runner passes.
            _ => {}
        }
    }
}
