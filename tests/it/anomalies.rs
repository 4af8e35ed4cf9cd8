//! The catalogue of anomalies; docs/ANOMALIES.md shows it, and is kept in step with it.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use histcheck::explain::{ANOMALIES, AnomalyEntry, AnomalyKind};
use histcheck::isolation::Kind;

use crate::page::keep_page;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_anomaly_is_told_in_whole_sentences() {
    let mut names: Vec<&str> = ANOMALIES.iter().map(|entry| entry.kind.name()).collect();
    for entry in ANOMALIES {
        let AnomalyEntry { kind, definition, explanation, look_for, proves, suggests, .. } = *entry;
        for text in [definition, explanation, look_for, proves, suggests] {
            let is_sentence = text.ends_with('.') || text.is_empty() && text == suggests;
            assert!(is_sentence && !text.contains(['\n', '|']), "{kind}: {text:?}");
        }
        assert!(!definition.trim_end_matches('.').contains(". "), "{kind}: {definition:?}");
        assert_eq!(AnomalyKind::parse(kind.name()), Some(kind));
        assert_eq!(kind.entry(), entry);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ANOMALIES.len());
}

/// Each anomaly has a history, except what cannot have one.
#[test]
fn examples_are_histories() {
    for entry in ANOMALIES {
        let Some(example) = entry.history else { continue };
        let text = fs::read_to_string(root().join("histories").join(example.name)).unwrap();
        assert_eq!(text, example.text, "{}", example.name);
    }
}

/// What a model's check calls an anomaly of transactions is in the catalogue.
#[test]
fn anomalies_of_transactions_have_names_in_models() {
    for kind in Kind::all() {
        assert_eq!(Kind::parse(kind.name()), Some(kind));
        for name in kind.names_in_models() {
            assert!(AnomalyKind::parse(name).is_some(), "{}: {name}", kind.name());
        }
    }
}

#[cfg(feature = "cli")]
#[test]
fn both_names_of_an_anomaly_of_transactions_are_told() {
    let details = crate::program::histcheck("anomalies read-skew").run().status(0).stdout;
    assert!(details.contains("G-single"), "{details}");
    let details = crate::program::histcheck("anomalies G-single").run().status(0).stdout;
    assert!(details.contains("read-skew: A transaction saw a part"), "{details}");
    assert!(details.contains("consistent-view"), "{details}");
}

#[test]
fn the_page_of_anomalies_is_up_to_date() {
    let transactions = crate::levels::anomalies();
    let parts = [("list", list()), ("catalogue", catalogue()), ("transactions", transactions)];
    keep_page("ANOMALIES.md", "docs", &parts).unwrap();
}

fn list() -> String {
    let mut list = "| anomaly | definition |\n|---|---|\n".to_owned();
    for AnomalyEntry { kind, definition, .. } in ANOMALIES {
        writeln!(list, "| [{kind}](#{kind}) | {definition} |").unwrap();
    }
    list
}

fn catalogue() -> String {
    let mut out = String::new();
    for entry in ANOMALIES {
        let AnomalyEntry { kind, definition, explanation, look_for, proves, .. } = entry;
        write!(out, "\n## {kind}\n\n**{definition}** {explanation}\n\n").unwrap();
        writeln!(out, "*What to look for.* {look_for}\n").unwrap();
        writeln!(out, "*What is proved.* {proves}\n").unwrap();
        if !entry.suggests.is_empty() {
            writeln!(out, "*What is only suggested.* {}\n", entry.suggests).unwrap();
        }
        let named = kind.name();
        let is_it = |kind: &Kind| kind.names_in_models().contains(&named);
        let kinds = Kind::all().into_iter().filter(is_it);
        let kinds: Vec<String> = kinds.map(|kind| format!("`{}`", kind.name())).collect();
        if !kinds.is_empty() {
            writeln!(out, "*Where levels are checked.* {}\n", kinds.join(", ")).unwrap();
        }
        if let Some(example) = entry.history {
            let name = example.name;
            writeln!(out, "*Example.* [{name}](../histories/{name})").unwrap();
        }
    }
    out
}
