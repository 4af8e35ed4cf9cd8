//! JUnit: a document of test suites, one for each input, with a test case for each key.
//!
//! What is not decided is an error, never a success.

use super::super::xml::escaped;
use super::{Case, CaseResult, Finding, Outcome, Rule};
use histcheck_history::{put, putln};

/// Schemas want to know when it was. The same input gives the same bytes, so that it is not told.
const NEVER: &str = "1970-01-01T00:00:00";

/// The report on `outcomes` as one XML document, as the schemas of Ant and of Jenkins both want it.
/// Times are 0 where they are not known.
pub fn junit(outcomes: &[Outcome]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (id, outcome) in outcomes.iter().enumerate() {
        open(outcome, id, &mut out);
        for (at, case) in outcome.cases.iter().enumerate() {
            write_case(outcome, at, case, &mut out);
        }
        write_rest(outcome, &mut out);
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Opens the suite of `outcome`.
fn open(outcome: &Outcome, id: usize, out: &mut String) {
    let [mut failures, mut errors] = [0; 2];
    for case in &outcome.cases {
        match case.result {
            CaseResult::Passed => {}
            CaseResult::Failed(_) => failures += 1,
            CaseResult::Error(..) => errors += 1,
        }
    }
    put!(
        out,
        "  <testsuite name=\"{}\" package=\"histcheck\" id=\"{id}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\" timestamp=\"{NEVER}\" \
         hostname=\"localhost\">\n",
        escaped(outcome.name()),
        outcome.cases.len(),
        outcome.seconds.unwrap_or_default(),
    );
    match &outcome.read_as {
        None => out.push_str("    <properties/>\n"),
        Some(read_as) => put!(
            out,
            "    <properties>\n      <property name=\"read-as\" value=\"{}\"/>\n    \
             </properties>\n",
            escaped(read_as)
        ),
    }
}

fn write_case(outcome: &Outcome, at: usize, case: &Case, out: &mut String) {
    let name = case.name.as_deref().unwrap_or("history");
    let file = escaped(outcome.name());
    let seconds = outcome.seconds.filter(|_| outcome.cases.len() == 1).unwrap_or_default();
    put!(
        out,
        "    <testcase name=\"{}\" classname=\"{file}\" time=\"{seconds:.3}\"",
        escaped(name)
    );
    let (element, rule, message) = match &case.result {
        CaseResult::Passed => {
            out.push_str("/>\n");
            return;
        }
        CaseResult::Failed(message) => ("failure", outcome.failure(), message),
        CaseResult::Error(rule, message) => ("error", *rule, message),
    };
    let told: Vec<&Finding> =
        outcome.findings.iter().filter(|one| belongs(outcome, one) == Some(at)).collect();
    let message = match rule {
        // The place is part of what there is to say.
        Rule::Unreadable(_) => told.first().map_or(String::new(), |finding| sentence(finding)),
        _ => message.clone(),
    };
    put!(out, ">\n      <{element} type=\"{}\" message=\"{}\">", rule.id(), escaped(&message));
    if told.is_empty() {
        out.push_str(&escaped(&message));
    }
    for (nth, finding) in told.into_iter().enumerate() {
        let separator = if nth == 0 { "" } else { "\n" };
        put!(out, "{separator}{}", escaped(&sentence(finding)));
    }
    put!(out, "</{element}>\n    </testcase>\n");
}

/// The case under which `finding` is told; the only one, if it has not passed.
fn belongs(outcome: &Outcome, finding: &Finding) -> Option<usize> {
    match &*outcome.cases {
        [only] => (only.result != CaseResult::Passed).then_some(0),
        _ => finding.case,
    }
}

/// What is told under no case: what is about several keys, or about a history that is valid.
fn write_rest(outcome: &Outcome, out: &mut String) {
    let rest = outcome.findings.iter().filter(|finding| belongs(outcome, finding).is_none());
    let told: Vec<String> = rest.map(|finding| escaped(&sentence(finding))).collect();
    putln!(out, "    <system-out>{}</system-out>", told.join("\n"));
    out.push_str("    <system-err/>\n");
}

/// Its name, its place and what happened.
fn sentence(finding: &Finding) -> String {
    let place = finding.place().map_or(String::new(), |place| format!(", {place}"));
    format!("{}{place}: {}{}", finding.title(), finding.message, finding.times())
}
