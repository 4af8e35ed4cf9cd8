//! The table of `docs/TESTING.md`: what each input took, once measured; and that none is missing.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use libtest_mimic::Failed;

use crate::kept::out_of_date;
use crate::page::keep_page;
use crate::run::{Ended, run};
use crate::{Hostile, Size};

const START: &str = "<!-- hostile: written by `cargo bless hostile` -->\n";
const END: &str = "<!-- end -->";

/// What the table says of an input that does not end as it should.
const FAILS: &str = "**fails**: ";

fn page() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/TESTING.md")
}

/// Measures all inputs, and writes the table.
pub(crate) fn write(all: &[Hostile]) {
    let mut rows = "| input | size | ends with | time | memory | other commands |\n\
                    |---|--:|---|--:|--:|--:|\n"
        .to_owned();
    for hostile in all {
        match run(hostile, Size::Full) {
            Ok((made, ended)) => rows += &row(hostile, made.size, &ended),
            Err(why) => {
                rows += &format!("| {} | ? | {FAILS}{} | ? | ? | ? |\n", hostile.what, plain(&why))
            }
        }
    }
    keep_page("TESTING.md", "hostile", &[("hostile", rows)]).unwrap();
}

fn row(hostile: &Hostile, size: usize, ended: &[Ended]) -> String {
    let [ended, others @ ..] = ended else { return String::new() };
    let size = match size {
        size @ ..10_000 => format!("{size} B"),
        size @ ..10_000_000 => format!("{} kB", size / 1000),
        size => format!("{} MB", size / 1_000_000),
    };
    let seconds = ended.time.as_secs_f64();
    let said: String = ended.said.chars().take(70).collect();
    let mut row = format!("| {} | {size} | {}: ", hostile.what, ended.status);
    // Writing to a String cannot fail.
    let _ = write!(row, "`{}` | {seconds:.2} s | {} MiB | ", plain(&said), ended.peak_mib);
    let longest = others.iter().map(|ended| ended.time).max().unwrap_or_default();
    let most = others.iter().map(|ended| ended.peak_mib).max().unwrap_or_default();
    let _ = writeln!(row, "{:.2} s, {most} MiB |", longest.as_secs_f64());
    for ended in others {
        let Ended { way, status, time, peak_mib, said } = ended;
        let seconds = time.as_secs_f64();
        println!("{}: `{}`: {status} {seconds:.2} s {peak_mib} MiB {said}", hostile.what, way.line);
    }
    row
}

/// A text that ends neither its cell nor its quotation.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").replace('`', "'")
}

/// Every input is in the table, with a status that is right, and nothing else is.
pub(crate) fn names_all(all: &[Hostile]) -> Result<(), Failed> {
    let text = fs::read_to_string(page())?;
    let table = text.split_once(START).and_then(|(_, rest)| rest.split_once(END));
    let (table, _) = table.ok_or("docs/TESTING.md has no table")?;
    match difference(table, all) {
        None => Ok(()),
        Some(difference) => Err(out_of_date(&page(), "hostile", &difference).into()),
    }
}

/// Returns what is wrong with the table.
fn difference(table: &str, all: &[Hostile]) -> Option<String> {
    let mut rows = table.lines().skip(2);
    for hostile in all {
        let Some(row) = rows.next() else { return Some(format!("no row: {}", hostile.what)) };
        let cells: Vec<&str> = row.split(" | ").collect();
        if cells[0] != format!("| {}", hostile.what) {
            return Some(format!("{row} is not about {}", hostile.what));
        }
        if cells.get(2).is_some_and(|cell| cell.starts_with(FAILS)) {
            continue;
        }
        let status = cells[2].split(':').next().and_then(|status| status.parse().ok());
        if !status.is_some_and(|status: i32| hostile.ends.contains(&status)) {
            return Some(format!("{row} says the wrong status"));
        }
    }
    rows.next().map(|row| format!("{row} is about nothing"))
}
