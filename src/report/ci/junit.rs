//! JUnit: a document of test suites, one for each input, with a test case for each key.
//!
//! What is not decided is an error, never a success.

use std::fmt::Write as _;

use super::super::xml::escaped;
use super::{Case, CaseResult, Finding, Outcome, Rule};

/// The report on `outcomes` as one XML document. Times stand in it only where they are known.
pub fn junit(outcomes: &[Outcome]) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let cases = outcomes.iter().flat_map(|outcome| &outcome.cases);
    let seconds = outcomes.iter().filter_map(|outcome| outcome.seconds);
    let seconds = seconds.reduce(|sum, seconds| sum + seconds);
    open("testsuites", "histcheck", cases, seconds, &mut out);
    for outcome in outcomes {
        out.push_str("  ");
        open("testsuite", outcome.name(), outcome.cases.iter(), outcome.seconds, &mut out);
        for (at, case) in outcome.cases.iter().enumerate() {
            write_case(outcome, at, case, &mut out);
        }
        write_rest(outcome, &mut out);
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Opens an element that counts `cases`.
fn open<'a>(
    element: &str,
    name: &str,
    cases: impl Iterator<Item = &'a Case>,
    seconds: Option<f64>,
    out: &mut String,
) {
    let [mut tests, mut failures, mut errors] = [0; 3];
    for case in cases {
        tests += 1;
        match case.result {
            CaseResult::Passed => {}
            CaseResult::Failed(_) => failures += 1,
            CaseResult::Error(..) => errors += 1,
        }
    }
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<{element} name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"",
        escaped(name)
    );
    if let Some(seconds) = seconds {
        let _ = write!(out, " time=\"{seconds:.3}\"");
    }
    out.push_str(">\n");
}

fn write_case(outcome: &Outcome, at: usize, case: &Case, out: &mut String) {
    let name = case.name.as_deref().unwrap_or("history");
    let file = escaped(outcome.name());
    // Writing to a String cannot fail.
    let _ = write!(out, "    <testcase name=\"{}\" classname=\"{file}\"", escaped(name));
    if let (Some(seconds), [_]) = (outcome.seconds, &*outcome.cases) {
        let _ = write!(out, " time=\"{seconds:.3}\"");
    }
    let (element, rule, message) = match &case.result {
        CaseResult::Passed => {
            out.push_str("/>\n");
            return;
        }
        CaseResult::Failed(message) => ("failure", Rule::NotLinearizable, message),
        CaseResult::Error(rule, message) => ("error", *rule, message),
    };
    let told: Vec<&Finding> =
        outcome.findings.iter().filter(|one| belongs(outcome, one) == Some(at)).collect();
    let message = match rule {
        // The place is part of what there is to say.
        Rule::Unreadable(_) => told.first().map_or(String::new(), |finding| sentence(finding)),
        _ => message.clone(),
    };
    let _ = write!(
        out,
        ">\n      <{element} type=\"{}\" message=\"{}\">",
        rule.id(),
        escaped(&message)
    );
    if told.is_empty() {
        out.push_str(&escaped(&message));
    }
    for (nth, finding) in told.into_iter().enumerate() {
        let separator = if nth == 0 { "" } else { "\n" };
        let _ = write!(out, "{separator}{}", escaped(&sentence(finding)));
    }
    let _ = write!(out, "</{element}>\n    </testcase>\n");
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
    if !told.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "    <system-out>{}</system-out>", told.join("\n"));
    }
}

/// Its name, its place and what happened.
fn sentence(finding: &Finding) -> String {
    let place = finding.place().map_or(String::new(), |place| format!(", {place}"));
    format!("{}{place}: {}{}", finding.title(), finding.message, finding.times())
}
