//! The examples of docs/FORMATS.md mean what the page says.

use histcheck::History;
use histcheck::formats::{Format, read_bytes, sniff};
use histcheck::history::Settings;

use crate::page::keep_page;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/FORMATS.md");

/// The fenced blocks of the page: the line of each, its tag and its text.
fn blocks() -> Vec<(usize, String, String)> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let mut blocks: Vec<(usize, String, String)> = Vec::new();
    let mut open = false;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(tag), false) => {
                blocks.push((number + 1, tag.to_owned(), String::new()));
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let text = &mut blocks.last_mut().unwrap().2;
                *text += line;
                *text += "\n";
            }
            (None, false) => {}
        }
    }
    blocks
}

/// The operations of a history in the order of their records, as the page writes them.
fn operations(history: &History) -> String {
    let values = history.values();
    let name = |value| values.as_name(value).map_or_else(|| values.to_json(value), str::to_owned);
    let mut lines = Vec::new();
    for (index, op) in history.indexed() {
        let key = op.key.map_or(String::new(), |key| format!("{}/", name(key)));
        let at = match history.times(index) {
            [Some(call), Some(ret)] => format!(" at {call}..{ret}"),
            [Some(call), None] => format!(" at {call}.."),
            _ => String::new(),
        };
        lines.push((
            op.invoked,
            format!(
                "{} {key}{} {} -> {} {}{at}\n",
                name(op.process),
                history.function(op.function),
                values.to_json(op.input),
                values.to_json(op.output),
                op.outcome.name(),
            ),
        ));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[test]
fn the_examples_hold_the_operations_that_the_page_names() {
    let blocks = blocks();
    let mut seen = Vec::new();
    for (at, (line, tag, text)) in blocks.iter().enumerate() {
        let Some(format) = Format::parse(tag) else {
            let is_known = ["operations", "toml"].contains(&tag.as_str());
            assert!(is_known, "line {line}: no format is called {tag}");
            continue;
        };
        assert_eq!(sniff(text), Some(format), "line {line}: told by its first characters");
        let split = Settings { split_clients: true, ..Settings::default() };
        let read = |settings| read_bytes(text.clone().into(), Some(format), settings);
        let history = read(Settings::default())
            .or_else(|_| read(split))
            .unwrap_or_else(|error| panic!("the example in line {line}: {error}"));
        let (_, _, expected) =
            blocks.get(at + 1).filter(|block| block.1 == "operations").unwrap_or_else(|| {
                panic!("the example in line {line} is not followed by its operations")
            });
        assert_eq!(&operations(&history), expected, "the example in line {line}");
        seen.push(format);
    }
    for format in Format::written().chain([Format::Viper]) {
        assert!(seen.contains(&format), "no example of {}", format.name());
    }
}

#[test]
fn the_list_of_formats_is_up_to_date() {
    let mut table = "| format | files | what it is |\n|---|---|---|\n".to_owned();
    for format in Format::READ {
        let files = format.extensions().iter().map(|extension| format!("`.{extension}`"));
        let files: Vec<_> = files.collect();
        let files = if files.is_empty() { vec!["`.log`".to_owned()] } else { files };
        let (name, about) = (format.name(), format.about());
        table += &format!("| `{name}` | {} | {about} |\n", files.join(", "));
    }
    keep_page("FORMATS.md", "docs", &[("formats", table)]).unwrap();
}
