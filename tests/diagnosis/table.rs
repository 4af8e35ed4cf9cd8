//! The table of diagnoses.

use std::fmt::Write as _;

use histcheck::store::GROUPS;

use crate::measure::{Row, Seeds};
use crate::page::keep_page;

/// A row in one line, for a terminal.
pub fn line(row: &Row) -> String {
    let cells = cells(row);
    format!(
        "{:32} runs {:5}  manifest {:4}  found {:4}  hidden {:3}  undecided {:3}  right {:>6}  {}",
        row.preset.name,
        row.runs,
        row.broken,
        row.found,
        row.hidden,
        row.undecided,
        cells.0,
        cells.1,
    )
}

/// The share of right names, and all names that were given.
fn cells(row: &Row) -> (String, String) {
    let right = match row.found {
        0 => "–".to_owned(),
        found => format!("{:.1}%", row.right as f64 * 100.0 / found as f64),
    };
    let mut names: Vec<_> = row.names.iter().collect();
    names.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let names: Vec<String> = names.iter().map(|(name, count)| format!("{name} {count}")).collect();
    (right, names.join(", "))
}

/// All rows together.
pub fn summary(rows: &[Row]) -> String {
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>();
    let (found, right) = (sum(|row| row.found), sum(|row| row.right));
    let share = if found == 0 { 0.0 } else { right as f64 * 100.0 / found as f64 };
    format!(
        "{} presets, {} runs: the fault manifested in {}, {} of them found, {} hidden from \
         clients, {} not decided; the right name first in {share:.1} % of those found; wrong: {}",
        rows.len(),
        sum(|row| row.runs),
        sum(|row| row.broken),
        found,
        sum(|row| row.hidden),
        sum(|row| row.undecided),
        rows.iter().map(|row| row.wrong.len()).sum::<usize>(),
    )
}

/// Writes the table into its document.
pub fn write(rows: &[Row], seeds: &Seeds) {
    let mut text = format!("Seeds from {} on. {}.\n", seeds.from, summary(rows));
    for (group, presets) in GROUPS {
        let _ = write!(
            text,
            "\n### {group}\n\n| preset | runs | manifest | found | hidden | undecided | right name \
             | named first |\n|---|---|---|---|---|---|---|---|\n"
        );
        for row in rows.iter().filter(|row| presets.iter().any(|one| one.name == row.preset.name)) {
            let (right, names) = cells(row);
            let Row { runs, broken, found, hidden, undecided, .. } = row;
            let _ = writeln!(
                text,
                "| {} | {runs} | {broken} | {found} | {hidden} | {undecided} | {right} | {names} |",
                row.preset.name,
            );
        }
    }
    keep_page("DIAGNOSIS.md", "diagnosis", &[("table", text)]).expect("the page can be written");
}
