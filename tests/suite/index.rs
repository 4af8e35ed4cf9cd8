//! The index of the histories, `histories/README.md`: prose by hand, and a table that follows the
//! histories' own metadata. The rows of formats without metadata are written by hand.

use std::fs;

use histcheck::history::Record;

use crate::expected::{Expected, verdict};
use crate::kept::keep;
use crate::{Outcome, folder, names};

/// The index, a file among the histories.
pub(crate) const FILE: &str = "README.md";

const HEADER: &str = "| file | model | verdict | record | story |";
const RULE: &str = "|---|---|---|---|---|";

/// What the table says of the file `name`.
pub(crate) fn expected(name: &str) -> Result<Expected, String> {
    let page = fs::read_to_string(folder().join(FILE)).map_err(|error| error.to_string())?;
    let start = format!("| [{name}]({name}) | ");
    let row = page.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(" |"));
    let row = row.ok_or("a history without metadata needs a row in histories/README.md")?;
    let cells: Vec<&str> = row.split(" | ").collect();
    let [model, outcome, record, story] = cells[..] else {
        return Err(format!("the row of {name} needs five cells"));
    };
    let (word, anomaly) = match outcome.split_once(": ") {
        None => (outcome, None),
        Some((word, anomaly)) => {
            let at = record.parse().map_err(|_| format!("`{record}` is no record"))?;
            (word, Some((anomaly.to_owned(), Record::new(at))))
        }
    };
    Ok(Expected {
        model: model.to_owned(),
        is_inferred: true,
        verdict: verdict(word)?,
        anomaly,
        is_stuck: false,
        also: Vec::new(),
        story: story.to_owned(),
    })
}

fn row(name: &str) -> Result<String, String> {
    let history = histcheck::read_file(folder().join(name)).map_err(|e| format!("{name}: {e}"))?;
    let expected = Expected::of(name, &history).map_err(|e| format!("{name}: {e}"))?;
    let (verdict, record) = match &expected.anomaly {
        None => (expected.verdict.to_string(), String::new()),
        Some((anomaly, at)) => (format!("{}: {anomaly}", expected.verdict), at.to_string()),
    };
    let Expected { model, story, .. } = expected;
    Ok(format!("| [{name}]({name}) | {model} | {verdict} | {record} | {story} |\n"))
}

/// Compares the table with the histories; while blessing, writes it.
pub(crate) fn is_current() -> Outcome {
    let path = folder().join(FILE);
    let page = fs::read_to_string(&path).map_err(|error| format!("{FILE}: {error}"))?;
    let start = page.find(HEADER).ok_or("histories/README.md has no table")?;
    let mut current = format!("{}{HEADER}\n{RULE}\n", &page[..start]);
    for name in names() {
        current += &row(&name)?;
    }
    Ok(keep(&path, "reports", &current)?)
}
