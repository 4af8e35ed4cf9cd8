//! What histcheck makes of the reference store's histories, against what really happened there.
//!
//! `cargo test --test diagnosis` runs a slice of seeds in seconds. The whole table, which is in
//! `docs/DIAGNOSIS.md`: `cargo test --release --test diagnosis -- --full`, and `cargo bless
//! diagnosis` writes it there. Other arguments: `--seeds N` (of each preset with a fault),
//! `--correct N` (of each other), `--from N` (the first seed), `--preset NAME` (a part of its name
//! is enough), `--knob NAME=SETTING` (for all presets; may be repeated).
//!
//! Stores that run interactive transactions are measured as well, for their levels of isolation
//! (see `transactions.rs`), and alone with `--transactions`.
//!
//! A run fails if a history of which the store itself knows an order is called invalid, if a
//! correct preset breaks, or if a proof does not hold.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

#[path = "../suite/certificate.rs"]
mod certificate;
#[path = "../shared/kept.rs"]
mod kept;
mod measure;
#[path = "../shared/page.rs"]
mod page;
mod table;
mod transactions;

use histcheck::store::presets;
use measure::Seeds;

fn main() {
    let mut seeds = Seeds { from: 1, faulty: 3, correct: 3, knobs: Vec::new() };
    let mut part = String::new();
    let mut is_full = false;
    let mut is_all = true;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok());
        match argument.as_str() {
            "--full" => (is_full, seeds.faulty, seeds.correct) = (true, 200, 2_000),
            "--transactions" => is_all = false,
            "--seeds" => seeds.faulty = number().expect("a number"),
            "--correct" => seeds.correct = number().expect("a number"),
            "--from" => seeds.from = number().expect("a number"),
            "--preset" => part = arguments.next().expect("a name"),
            "--knob" => {
                let knob = arguments.next().expect("a knob");
                let (name, setting) = knob.split_once('=').expect("NAME=SETTING");
                seeds.knobs.push((name.to_owned(), setting.to_owned()));
            }
            // Whatever else a test runner passes.
            _ => {}
        }
    }
    let mut rows = Vec::new();
    for preset in presets().filter(|preset| is_all && preset.name.contains(&part)) {
        let row = measure::row(preset, &seeds);
        println!("{}", table::line(&row));
        rows.push(row);
    }
    let of_transactions = transactions::rows(&part, &seeds);
    let mut wrong: Vec<String> = rows.iter().flat_map(|row| row.wrong.clone()).collect();
    wrong.extend(of_transactions.iter().flat_map(|row| row.wrong.clone()));
    if is_full && part.is_empty() && kept::is_blessing() {
        if is_all {
            table::write(&rows, &seeds);
        }
        transactions::write(&of_transactions, &seeds);
    }
    if !rows.is_empty() {
        println!("{}", table::summary(&rows));
    }
    if !of_transactions.is_empty() {
        println!("{}", transactions::summary(&of_transactions));
    }
    if !wrong.is_empty() {
        eprintln!("{}", wrong.join("\n"));
        std::process::exit(1);
    }
}
