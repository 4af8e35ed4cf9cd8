//! Commands of GitHub's workflows, which show what was found beside the lines of the files.

use super::{Finding, Level, Outcome, Rule, common_reading, summary};
use crate::words::{printable, steers};

/// A command for each finding that is no note but a hint, and one that sums up.
pub fn github(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        let is_shown = |finding: &&Finding| {
            finding.level > Level::Note || matches!(finding.rule, Rule::Hint(_))
        };
        for finding in outcome.findings.iter().filter(is_shown) {
            let mut properties = Vec::new();
            let mut message = outcome.message(finding);
            match finding.file.as_ref().or(outcome.file.as_ref()) {
                Some(file) => {
                    properties.push(("file", property(file)));
                    properties.extend(finding.line.map(|line| ("line", line.to_string())));
                    properties.extend(finding.column.map(|column| ("col", column.to_string())));
                }
                // There is no file beside whose lines it could stand.
                None => {
                    let place = finding.place().map_or(String::new(), |place| format!(", {place}"));
                    message = format!("{}{place}: {message}", outcome.name());
                }
            }
            properties.push(("title", property(&finding.title())));
            let properties: Vec<String> =
                properties.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            out += &format!(
                "::{} {}::{}\n",
                match finding.level {
                    Level::Note => "notice",
                    level => level.name(),
                },
                properties.join(","),
                data(&message)
            );
        }
    }
    let read_as = common_reading(outcomes);
    let read_as = read_as.map_or(String::new(), |read_as| format!("; read as {read_as}"));
    out += &format!("::notice title=histcheck::{}{}\n", data(&summary(outcomes)), data(&read_as));
    out
}

/// `text` as the message of a command; control characters are shown as what they are.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25")
}

/// `text` as the value of a property. Line breaks of a file's name remain, encoded.
fn property(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' => out.push_str("%3A"),
            ',' => out.push_str("%2C"),
            c if steers(c) => {}
            // Two would start a command.
            '#' if out.ends_with('#') => out.push_str("%23"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_value_or_starts_a_command() {
        assert_eq!(property("a%,b:c\r\n\u{1b}d##[e"), "a%25%2Cb%3Ac%0D%0Ad#%23[e");
        assert_eq!(data("100%\n::error::x"), "100%25\\n::error::x");
    }
}
