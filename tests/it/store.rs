//! `histcheck generate`, and the tables of docs/STORE.md.

use std::fmt::Write as _;

use histcheck::explain::AnomalyKind;
use histcheck::isolation::Level;
use histcheck::store::{GROUPS, KNOBS, Knobs, Preset, TRANSACTIONAL, Transactional, presets};

use crate::page::keep_page;
use crate::program::histcheck;

#[test]
fn the_same_seed_gives_the_same_history() {
    let one = histcheck("generate split-brain --seed 3").run().status(0).stdout;
    assert_eq!(histcheck("generate split-brain --seed 3").run().status(0).stdout, one);
    assert_ne!(histcheck("generate split-brain --seed 4").run().status(0).stdout, one);
}

#[test]
fn a_history_says_how_to_make_it_again() {
    let command = "generate abd --seed 5 --operations 40 --write-back no --slow 5% --bare";
    let text = histcheck(command).run().status(0).stdout;
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let replay = first["histcheck"]["generated"]["replay"].as_str().unwrap();
    let arguments = replay.strip_prefix("histcheck ").unwrap();
    assert_eq!(histcheck(arguments).run().status(0).stdout, text);
    assert_eq!(first["histcheck"]["generated"]["knobs"]["write-back"], "no");
    assert_eq!(first["histcheck"]["model"], "register");
}

#[test]
fn a_bare_history_tells_only_what_every_recorder_knows() {
    let full = histcheck("generate last-write-wins-skewed").run().status(0).stdout;
    let bare = histcheck("generate last-write-wins-skewed --bare").run().status(0).stdout;
    for field in ["\"node\":", "\"source\":", "\"timestamp\":"] {
        assert!(full.contains(field), "{field}");
        assert!(!bare.contains(field), "{field}");
    }
    assert_eq!(full.lines().count(), bare.lines().count());
}

#[test]
fn what_the_nemesis_does_is_noted() {
    let text = histcheck("generate abd-partitions").run().status(0).stdout;
    assert!(text.contains("\"process\":\"nemesis\""));
    assert!(text.contains("\"f\":\"partition\"") && text.contains("\"f\":\"heal\""));
}

#[test]
fn presets_are_listed_with_their_stories() {
    let list = histcheck("generate --list").run().status(0).stdout;
    assert_eq!(histcheck("generate").run().status(0).stdout, list);
    for preset in presets() {
        assert!(list.contains(&format!("  {} (", preset.name)), "{}", preset.name);
    }
    for (lists, registers) in Transactional::pairs() {
        let names = format!("  {}, {} (", lists.preset.name, registers.preset.name);
        assert!(list.contains(&names), "{names}");
    }
    let help = histcheck("generate --help").run().status(0).stdout;
    for knob in KNOBS {
        assert!(help.contains(&format!("--{} ", knob.name)), "{}", knob.name);
    }
}

#[test]
fn presets_show_anomalies_that_there_are() {
    for preset in presets() {
        for name in preset.shows {
            assert!(AnomalyKind::parse(name).is_some(), "{}: {name}", preset.name);
        }
    }
}

#[test]
fn what_is_no_system_is_an_error_with_a_hint() {
    for (arguments, said) in [
        ("generate splitbrain", "did you mean split-brain?"),
        ("generate list-apend-si", "did you mean list-append-si?"),
        ("generate nonsense", "`histcheck generate --list` lists them"),
        ("generate abd --order sideways", "--order: `sideways` is none of arrival, "),
        ("generate abd --slow 200%", "--slow: `200%` is no percentage"),
        ("generate abd --delay 5", "--delay: `5` is no time"),
        ("generate abd --nodes 0", "--nodes: from 1 to 64"),
        ("generate abd --workload queue", "--replication: without a leader only registers"),
        ("generate ring --copies 10", "--copies: not more than nodes"),
        ("generate abd --nonsense 1", "unexpected argument"),
    ] {
        histcheck(arguments).run().status(2).complains(said);
    }
}

#[test]
fn real_threads_make_histories_too() {
    let command = "generate atomic-counter --real-threads --operations 50 --clients 2";
    let text = histcheck(command).run().status(0).stdout;
    assert!(text.contains("\"model\":\"counter\""));
    histcheck("-").stdin(text).run().status(0).says("valid");
    histcheck("generate --real-threads").run().status(0).says("spin-lock");
    for (arguments, said) in [
        ("generate spinlock --real-threads", "did you mean spin-lock?"),
        ("generate spin-lock --real-threads --nodes 3", "--nodes: real threads have no such knob"),
    ] {
        histcheck(arguments).run().status(2).complains(said);
    }
}

#[test]
fn a_generated_history_is_checked_from_a_pipe() {
    let text = histcheck("generate abd --seed 2").run().status(0).stdout;
    histcheck("-").stdin(text).run().status(0).says("valid");
    let text = histcheck("generate split-brain --seed 2").run().status(0).stdout;
    histcheck("-").stdin(text).run().status(1).says("split-brain");
}

#[test]
fn the_page_of_the_store_is_up_to_date() {
    let parts =
        [("knobs", knobs()), ("presets", all_presets()), ("transactions", all_transactional())];
    keep_page("STORE.md", "docs", &parts).unwrap();
}

fn knobs() -> String {
    let normal = Knobs::default();
    let mut out = String::new();
    let mut group = "";
    for knob in KNOBS {
        if group != knob.group {
            group = knob.group;
            write!(out, "\n### {group}\n\n| knob | settings | by default | meaning |\n").unwrap();
            writeln!(out, "|---|---|---|---|").unwrap();
        }
        let (choices, setting) = ((knob.choices)(), normal.show(knob.name).unwrap());
        writeln!(out, "| `{}` | {choices} | {setting} | {} |", knob.name, knob.about).unwrap();
    }
    out + "\n"
}

/// The tables of presets: each with its example, and what histcheck reports of that.
fn all_presets() -> String {
    let mut out = String::new();
    for (group, presets) in GROUPS {
        write!(out, "\n### {group}\n\n| preset | knobs | shows | what happens |\n").unwrap();
        writeln!(out, "|---|---|---|---|").unwrap();
        presets.iter().for_each(|preset| out += &row(preset));
    }
    out + "\n"
}

/// The table of stores that run interactive transactions, for lists and registers alike.
fn all_transactional() -> String {
    let mut out = String::from("| preset | knobs | must not break | may show | what happens |\n");
    out += "|---|---|---|---|---|\n";
    for (lists, _) in Transactional::pairs() {
        let Transactional { preset, satisfies } = lists;
        // Those that all of them have say nothing.
        let own = &preset.settings[3..];
        let levels: Vec<String> = satisfies.iter().map(|level| format!("`{level}`")).collect();
        let (knobs, levels) = (settings(own), levels.join(", "));
        let levels = if levels.is_empty() { "nothing" } else { &levels };
        let shows =
            if preset.is_correct() { "nothing".to_owned() } else { preset.shows.join(", ") };
        let (store, story) = (lists.store(), preset.story);
        writeln!(out, "| …-{store} | {knobs} | {levels} | {shows} | {story} |").unwrap();
    }
    out
}

#[test]
fn levels_of_stores_are_known() {
    for level in TRANSACTIONAL.iter().flat_map(|store| store.satisfies) {
        assert!(Level::parse(level).is_some(), "{level}");
    }
}

/// Settings in a row, as code.
fn settings(settings: &[(&str, &str)]) -> String {
    let settings: Vec<String> =
        settings.iter().map(|(name, text)| format!("`{name} {text}`")).collect();
    settings.join(", ")
}

fn row(preset: &Preset) -> String {
    let Preset { name, story, .. } = preset;
    let shows = preset.shows.first().unwrap_or(&"nothing");
    format!(
        "| [{name}](../histories/store/{name}.jsonl) | {} \
         | [{shows}](../tests/suite/reports/store-{name}.jsonl.txt) | {story} |\n",
        settings(preset.settings),
    )
}
