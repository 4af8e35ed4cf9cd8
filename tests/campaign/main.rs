//! Every verdict against brute force.
//!
//! `cargo test --test campaign` runs a slice in seconds. The whole, about a million random
//! histories a model and every history of up to four operations:
//! `cargo test --release --test campaign -- --full`. Other arguments: `--model NAME`,
//! `--random N` (histories a model), `--exhaustive N` (operations), `--seed N`.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod alphabets;
mod histories;
mod oracle;
mod trial;

use trial::Campaign;

fn main() {
    let mut campaign = Campaign { random: 3_000, exhaustive: 2, seed: 1, model: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--full" => (campaign.random, campaign.exhaustive) = (1_000_000, 4),
            "--random" => campaign.random = number().expect("a number"),
            "--exhaustive" => campaign.exhaustive = number().expect("a number") as usize,
            "--seed" => campaign.seed = number().expect("a number"),
            "--model" => campaign.model = arguments.next(),
            // Whatever else a test runner passes.
            _ => {}
        }
    }
    let mut trials = Vec::new();
    alphabets::all(&mut |trial| trials.push(trial), &campaign);
    let mut failed = 0;
    for (name, outcome) in &trials {
        match outcome {
            Ok(summary) => println!("test campaign::{name} ... ok ({summary})"),
            Err(report) => {
                failed += 1;
                println!("test campaign::{name} ... FAILED\n{report}");
            }
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out",
        trials.len() - failed
    );
    assert!(!trials.is_empty(), "no model was tried");
    std::process::exit(i32::from(failed > 0));
}
