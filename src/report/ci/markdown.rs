//! Markdown for a comment on a pull request: a table of the inputs, then what is wrong with each.
//!
//! Whatever comes from a history stands in `<code>`, where GitHub makes neither links nor mentions,
//! and with every character encoded that Markdown or HTML could take for their own.

use super::super::with_thousands;
use super::{Finding, Outcome, common_reading, summary};
use crate::check::Verdict;
use crate::words::{counted, printable};
use histcheck_history::{put, putln};

/// GitHub refuses comments of more than 65,536 characters; some of them are left to whoever adds
/// words of their own.
const LENGTH: usize = 60_000;

/// With more inputs than this, those that are valid are only counted.
const ROWS: usize = 100;

/// The report on `outcomes` as GitHub's Markdown, no longer than a comment may be.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut out = format!("### histcheck: {}\n\n", summary(outcomes));
    out += "| | history | verdict | model | operations | keys |\n|---|---|---|---|--:|--:|\n";
    let is_told =
        |outcome: &&Outcome| outcomes.len() <= ROWS || outcome.verdict != Some(Verdict::Valid);
    let mut rows = 0;
    for outcome in outcomes.iter().filter(is_told) {
        let row = row(outcome);
        if out.len() + row.len() > LENGTH / 2 {
            break;
        }
        out += &row;
        rows += 1;
    }
    if rows < outcomes.len() {
        putln!(out, "\nand {}", counted(outcomes.len() - rows, "more input"));
    }
    let common = common_reading(outcomes);
    if let Some(read_as) = common {
        putln!(out, "\n- **read as** {}", code(read_as));
    }
    let mut left_out = 0;
    for outcome in outcomes.iter().filter(|outcome| !outcome.findings.is_empty()) {
        let details = details(outcome, common.is_none());
        if out.len() + details.len() > LENGTH {
            left_out += 1;
        } else {
            out += &details;
        }
    }
    if left_out > 0 {
        let what = counted(left_out, "input");
        putln!(out, "\nA comment has no room for the details of {what}.");
    }
    out
}

/// The row of the table that tells of an input.
fn row(outcome: &Outcome) -> String {
    let (sign, word) = verdict(outcome);
    let model = outcome.model.as_ref().map_or(String::new(), |model| code(model));
    let [operations, keys] = match outcome.model {
        Some(_) => [outcome.operations, outcome.keys.checked].map(with_thousands),
        None => [String::new(), String::new()],
    };
    let name = code(outcome.name());
    format!("| {sign} | {name} | {word} | {model} | {operations} | {keys} |\n")
}

/// A sign and a word for what became of it.
fn verdict(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome.verdict {
        _ if outcome.is_refuted() => ("💥", "proof does not hold"),
        Some(Verdict::Valid) => ("✅", "valid"),
        Some(Verdict::Invalid) => ("❌", outcome.wrong()),
        Some(Verdict::Unknown) => ("❔", "not decided"),
        None => ("🚫", "not readable"),
    }
}

/// What is wrong with an input, folded away; with how it was read if that is to be told.
fn details(outcome: &Outcome, tells_reading: bool) -> String {
    let (sign, word) = verdict(outcome);
    let name = code(outcome.name());
    let mut out = format!("\n<details>\n<summary>{sign} {name}: {word}</summary>\n\n");
    for finding in &outcome.findings {
        write_finding(outcome, finding, &mut out);
    }
    if let Some(read_as) = outcome.read_as.as_ref().filter(|_| tells_reading) {
        putln!(out, "- **read as** {}", code(read_as));
    }
    if outcome.more > 0 {
        putln!(out, "- and {}", counted(outcome.more, "more violation"));
    }
    if !outcome.counterexample.is_empty() {
        out.push_str("\n| line | process | operation | call..return |\n|--:|---|---|---|\n");
    }
    for row in &outcome.counterexample {
        let line = row.line.map_or(String::new(), |line| line.to_string());
        let file = row.file.as_ref().map_or(String::new(), |file| code(file) + " ");
        let [process, operation, interval] =
            [&row.process, &row.operation, &row.interval].map(|text| code(text));
        putln!(out, "| {file}{line} | {process} | {operation} | {interval} |");
    }
    out.push_str("\n</details>\n");
    out
}

fn write_finding(outcome: &Outcome, finding: &Finding, out: &mut String) {
    let place = finding.place().map_or(String::new(), |place| format!(", {place}"));
    putln!(out, "- **{}**{place}: {}", finding.title(), code(&outcome.message(finding)));
}

/// `text` as code on one line, which nothing in it can end.
fn code(text: &str) -> String {
    let mut out = "<code>".to_owned();
    let mut before = ' ';
    for c in printable(text).chars() {
        let is_plain = c.is_ascii_alphanumeric() || " ,;/+%=-()?\"".contains(c) || !c.is_ascii();
        // Addresses are made to links even where their characters are encoded; not where something
        // is between them.
        let is_address = matches!(c, '@' | ':') || (c == '.' && matches!(before, 'w' | 'W'));
        if is_address {
            out.push_str("<!-- -->");
        }
        if is_plain {
            out.push(c);
        } else {
            put!(out, "&#{};", u32::from(c));
        }
        before = c;
    }
    out.push_str("</code>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_only_code() {
        assert_eq!(code("read → 1, 2"), "<code>read → 1, 2</code>");
        assert_eq!(code("</code>|`*\n"), "<code>&#60;/code&#62;&#124;&#96;&#42;&#92;n</code>");
        assert_eq!(code("a@b"), "<code>a<!-- -->&#64;b</code>");
        assert_eq!(code("www.a 0.5"), "<code>www<!-- -->&#46;a 0&#46;5</code>");
    }
}
