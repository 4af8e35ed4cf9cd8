//! SARIF 2.1.0: one run, with a rule for each kind of finding and a result for each finding.

use serde::Serialize;

use super::{Finding, Outcome, Rule};
use crate::report::json::harmless;
use histcheck_history::put;

/// A message links to so many related locations at most.
const LINKS: usize = 5;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<SarifResult<'a>>,
    column_kind: &'static str,
    properties: RunProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties<'a> {
    /// How the records of each file were read.
    read_as: Vec<ReadAs<'a>>,
}

#[derive(Serialize)]
struct ReadAs<'a> {
    uri: String,
    text: &'a str,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    count: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    /// What links in the message lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
}

/// The report on `outcomes` as one document, indented.
pub fn sarif(outcomes: &[Outcome]) -> String {
    let mut rules: Vec<Rule> = Vec::new();
    let mut results = Vec::new();
    for outcome in outcomes {
        for finding in &outcome.findings {
            let known = rules.iter().position(|&rule| rule == finding.rule);
            let rule_index = known.unwrap_or_else(|| {
                rules.push(finding.rule);
                rules.len() - 1
            });
            results.push(result(outcome, finding, rule_index));
        }
    }
    let execution_successful =
        outcomes.iter().all(|outcome| outcome.verdict.is_some() && !outcome.is_refuted());
    let driver = Driver {
        name: "histcheck",
        version: env!("CARGO_PKG_VERSION"),
        rules: rules.into_iter().map(described).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        invocations: [Invocation { execution_successful }],
        results,
        column_kind: "unicodeCodePoints",
        properties: RunProperties { read_as: outcomes.iter().filter_map(read_as).collect() },
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Nothing that is written here can fail: keys are strings, and every number is whole.
    harmless(serde_json::to_string_pretty(&log).unwrap_or_default()) + "\n"
}

fn read_as(outcome: &Outcome) -> Option<ReadAs<'_>> {
    let text = outcome.read_as.as_deref()?;
    Some(ReadAs { uri: uri(outcome.name()), text })
}

fn described(rule: Rule) -> SarifRule {
    SarifRule {
        id: rule.id(),
        short_description: Text { text: rule.short().to_owned() },
        full_description: Text { text: rule.full().to_owned() },
        help: Text { text: rule.help() },
    }
}

fn result<'a>(outcome: &'a Outcome, finding: &Finding, rule_index: usize) -> SarifResult<'a> {
    let case = finding.case.and_then(|at| outcome.cases.get(at));
    let located = |file: Option<&str>, line: Option<usize>, start_column| Location {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: Artifact { uri: uri(file.unwrap_or(outcome.name())) },
            region: line.map(|start_line| Region { start_line, start_column }),
        },
        message: None,
    };
    let related = (1..).zip(&finding.related).map(|(id, one)| Location {
        id: Some(id),
        message: Some(Text { text: plain(&one.text) }),
        ..located(one.file.as_deref(), one.line, None)
    });
    SarifResult {
        rule_id: finding.rule.id(),
        rule_index,
        level: finding.level.name(),
        message: Text { text: plain(&outcome.message(finding)) + &links(finding) },
        locations: [located(finding.file.as_deref(), finding.line, finding.column)],
        related_locations: related.collect(),
        properties: Properties {
            key: case.and_then(|case| case.name.as_deref()),
            count: finding.count,
        },
    }
}

/// Links to the related locations, without which GitHub does not show them.
fn links(finding: &Finding) -> String {
    let lines = (1..).zip(&finding.related).filter_map(|(id, one)| Some((id, one.line?)));
    let links: Vec<String> =
        lines.take(LINKS).map(|(id, line): (usize, _)| format!("[line {line}]({id})")).collect();
    if links.is_empty() { String::new() } else { format!("; see {}", links.join(", ")) }
}

/// A message that holds no links and no placeholders: in SARIF's plain text, `[text](target)` is a
/// link, `{0}` stands for an argument, and braces that are none are doubled.
fn plain(message: &str) -> String {
    message.replace("](", "] (").replace('{', "{{").replace('}', "}}")
}

/// The path as a URI: relative ones stay relative, to wherever the run was.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let relative = path.strip_prefix("./").unwrap_or(&path);
    let mut out = String::new();
    if relative.starts_with('/') {
        out.push_str("file://");
    } else if cfg!(windows) && relative.get(1..3) == Some(":/") {
        out.push_str("file:///");
    }
    for byte in relative.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            put!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri() {
        assert_eq!(uri("./runs/a b.jsonl"), "runs/a%20b.jsonl");
        assert_eq!(uri("c:ä%.edn"), "c%3A%C3%A4%25.edn");
        assert_eq!(uri("/var/run.edn"), "file:///var/run.edn");
    }

    #[test]
    fn a_message_has_no_links_and_no_placeholders() {
        assert_eq!(plain("cas [1,2] [x](https://a)"), "cas [1,2] [x] (https://a)");
        assert_eq!(plain("add #{0}"), "add #{{0}}");
    }
}
