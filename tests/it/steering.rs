//! No input steers a terminal, a log that runs commands, or a spreadsheet.

use std::fs;

use crate::program::{Directory, histcheck};

/// What turns text, ends lines, controls terminals or starts commands.
const NASTY: &str = "a\u{1b}[31m\u{9b}31m\u{202e}b\u{2066}\u{2028}\u{2029}\u{85}\u{feff}\u{200f}\
                     \u{7f}##[error]c\r\n::error::d";

fn steers(c: char) -> bool {
    !matches!(c, '\n' | '\t') && c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A history of which nearly every part is nasty, and that has a violation.
fn history() -> String {
    let name = serde_json::to_string(NASTY).unwrap();
    let mut text = String::new();
    for (process, kind, f, value) in [
        (0, "invoke", "write", name.as_str()),
        (0, "ok", "write", name.as_str()),
        (1, "invoke", "read", "null"),
        (1, "ok", "read", "\"other\""),
    ] {
        text += &format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":{name},\
             \"value\":{value},\"node\":{name},{name}:{name}}}\n"
        );
    }
    text + &format!("{{\"process\":{name},\"type\":\"info\",\"f\":{name},\"value\":{name}}}\n")
}

#[test]
fn nothing_that_is_printed_steers_who_shows_it() {
    let file = "x\u{1b}[31m\u{202e}\u{2028}\u{9b}##[error].jsonl";
    let broken = "x\u{1b}[31m\u{202e}\u{2028}\u{9b}##[error]-broken.jsonl";
    let line = "{\"a\u{202e}\u{2028}\u{9b}##[error]\u{7f}\": oops";
    let directory = Directory::new().file(file, history()).file(broken, line);
    for command in [
        "check",
        "check -v",
        "check -q",
        "check --format json",
        "check --format junit",
        "check --format sarif",
        "check --format markdown",
        "check --format github",
        "check --follow",
        "check --follow --format json",
        "check --init [",
        "check --model \u{1b}[31m",
        "stats",
        "stats --format json",
        "report --to text",
        "report --to svg",
        "report --to json",
        "report --to junit",
        "report --to sarif",
        "report --to markdown",
        "plot --kind rate",
        "shrink --key \u{202e}",
        "convert --to log",
        "convert --to jsonl",
        "convert --to edn",
        "convert --to csv",
        "explain \u{1b}[31m",
        "anomalies \u{202e}",
    ] {
        for name in [file, broken] {
            let run = histcheck(command).current_dir(directory.path()).arg(name).run();
            for text in [run.stdout.as_str(), run.stderr.as_str()] {
                let steering: Vec<char> = text.chars().filter(|&c| steers(c)).collect();
                assert!(steering.is_empty(), "{command} {name:?}: {steering:?} in\n{text}");
                let text_of_markdown = text.replace("### ", "");
                // A history that is converted is data.
                let is_data = command.starts_with("convert");
                assert!(is_data || !text_of_markdown.contains("##"), "{command}: {text}");
                let is_command = |line: &str| line.trim_start().starts_with("::");
                let commands = text.lines().filter(|line| is_command(line)).count();
                assert!(commands == 0 || command.contains("github"), "{command}: {text}");
            }
        }
    }
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let names = ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "＝1"];
    let mut text = String::new();
    for name in names {
        let name = serde_json::to_string(name).unwrap();
        for kind in ["invoke", "ok"] {
            text += &format!(
                "{{\"process\":0,\"type\":\"{kind}\",\"f\":{name},\"value\":{name},\
                 \"key\":{name},{name}:{name}}}\n"
            );
        }
        text += &format!("{{\"process\":{name},\"type\":\"info\",\"f\":{name},\"value\":1}}\n");
    }
    let directory = Directory::new().file("in.jsonl", &text);
    let convert = |to: &str, name: &str| {
        let run = histcheck(&format!("convert {to}")).arg(directory.path().join(name)).run();
        run.status(0).stdout
    };
    let table = convert("--to csv", "in.jsonl");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            let is_number = cell.parse::<f64>().is_ok();
            let starts = cell.starts_with(['=', '+', '-', '@', '\t', '＝']);
            assert!(is_number || !starts, "{cell:?}");
        }
    }
    fs::write(directory.path().join("out.csv"), &table).unwrap();
    assert_eq!(convert("--to jsonl", "out.csv"), convert("--to jsonl", "in.jsonl"));
}

#[test]
fn what_an_argument_holds_breaks_no_line() {
    let run = histcheck("--timeout").arg("2\n::error::\u{1b}[31m").run().status(2);
    assert!(
        run.stderr.starts_with("error: invalid value '2\\n::error::\\u{1b}[31m'"),
        "{}",
        run.stderr
    );
}
