//! What malformed inputs are told; docs/ERRORS.md shows it, and is kept in step with it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use histcheck::formats::{Format, Input, ReadOptions};
use histcheck::history::{History, Settings};
use histcheck::model::{self, AnyModel, ModelOptions};
use histcheck::{Budget, Code, Error, Options, Session};

use crate::page::keep_page;

/// A file of `tests/malformed`, and what is expected of it.
struct Case {
    file: String,
    code: String,
    line: String,
    column: String,
    note: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("tests/malformed")
}

fn cases() -> Vec<Case> {
    let table = fs::read_to_string(folder().join("cases.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|row| {
        let cells: Vec<String> = row.split('\t').map(str::to_owned).collect();
        let [file, code, line, column, note] = cells.try_into().expect(row);
        Case { file, code, line, column, note }
    });
    rows.collect()
}

/// The format that the name of a test file calls for; others are told from their content.
fn format_of(name: &str) -> Option<Format> {
    Format::parse(name.rsplit('.').next()?)
}

/// What is wrong with a file: as a history, or for the model that it names or means.
fn error_of(file: &str) -> Option<Error> {
    let bytes = fs::read(folder().join(file)).unwrap();
    let input = match Input::from_bytes(bytes, format_of(file).into()) {
        Ok(input) => input,
        Err(error) => return Some(error),
    };
    let history = input.history(Settings::default());
    history.and_then(|history| read(&history)).map_err(|error| input.located(error)).err()
}

/// Reads all operations for their model.
fn read(history: &History) -> Result<(), Error> {
    let options = Options::default();
    Session::new(history, &options)?;
    let name = model::infer(history)?.name;
    let initial = history.metadata_field("initial");
    let model = AnyModel::by_name(name, initial, ModelOptions::default(), history.values())?;
    history.partitions().iter().try_for_each(|partition| {
        model::read(&model, history, partition.operations, None).map(|_| ())
    })
}

#[test]
fn malformed_inputs_are_told_what_is_wrong_and_where() {
    let cases = cases();
    let mut failures = Vec::new();
    for Case { file, code, line, column, note } in &cases {
        let said = match error_of(file) {
            None => "no error".to_owned(),
            Some(error) => {
                let place = error.place.unwrap_or_default();
                assert!(!error.message.ends_with('.'), "{file}: {error}");
                if error.hint.is_none() {
                    failures.push(format!("{file}: no hint: {error}"));
                }
                format!("{:?}\t{}\t{}", error.code, place.line, place.column)
            }
        };
        if said != format!("{code}\t{line}\t{column}") {
            failures.push(format!("{file}\t{said}\t{note}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = name == "cases.tsv" || cases.iter().any(|case| case.file == name);
        assert!(known, "{name} is in no row of cases.tsv");
    }
}

#[test]
fn every_code_has_an_input_that_shows_it() {
    let cases = cases();
    for code in Code::ALL {
        // These are about files that are not there or too large to keep here, or about arguments.
        let no_file = matches!(
            code,
            Code::Unreadable
                | Code::TooMany
                | Code::TooLarge
                | Code::TimeUp
                | Code::Cancelled
                | Code::BadMapping
        );
        let shown = cases.iter().any(|case| case.code == format!("{code:?}"));
        assert_ne!(shown, no_file, "{code}");
    }
}

#[test]
fn the_page_of_errors_is_up_to_date() {
    let parts = [("codes", table_of_codes()), ("cases", table_of_cases())];
    keep_page("ERRORS.md", "docs", &parts).unwrap();
}

fn table_of_codes() -> String {
    let mut table = "| code | title | meaning |\n|---|---|---|\n".to_owned();
    for code in Code::ALL {
        let [title, explanation] = [code.title(), code.explanation()].map(cell);
        writeln!(table, "| {code} | {title} | {explanation} |").unwrap();
    }
    table
}

fn table_of_cases() -> String {
    let mut table = "| file | input | code | line:column | message | hint |\n\
                     |---|---|---|---|---|---|\n"
        .to_owned();
    let mut rows = Vec::new();
    for Case { file, note, .. } in cases() {
        let error = error_of(&file).unwrap();
        let place = error.place.map_or(String::new(), |p| format!("{}:{}", p.line, p.column));
        let [message, hint] = [error.message, error.hint.unwrap_or_default()].map(|s| cell(&s));
        let row = format!("| `{file}` | {note} | {} | {place} | {message} | {hint} |", error.code);
        rows.push((error.code.as_str(), row));
    }
    rows.sort_by_key(|&(code, _)| code);
    for (_, row) in rows {
        writeln!(table, "{row}").unwrap();
    }
    table
}

/// The text as the content of a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn files_that_are_not_there_are_an_error() {
    let error = histcheck::read_file(Path::new("/does/not/exist")).unwrap_err();
    assert_eq!(error.code, Code::Unreadable);
    assert!(error.hint.is_some());
}

#[test]
fn inputs_may_be_limited() {
    let path = folder().join("no-f.jsonl");
    let size = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    let most = |max| Budget::memory(max).into();
    let read = |max| Input::open(&path, most(max)).map_err(|error| error.code);
    assert!(read(size).is_ok());
    assert_eq!(read(size - 1).unwrap_err(), Code::TooLarge);
    let reader = |max| Input::from_reader(fs::File::open(&path).unwrap(), most(max));
    assert!(reader(size).is_ok());
    assert_eq!(reader(size - 1).unwrap_err().code, Code::TooLarge);
}

/// Reading keeps to a deadline; without one it does not look at the clock.
#[test]
fn reading_may_have_a_deadline() {
    let text = b"process,type,f\n0,invoke,read\n0,ok,read\n".to_vec();
    let read = |budget: Budget| Input::from_bytes(text.clone(), budget.into()).unwrap();
    let settings = Settings::default();
    let none = Budget { timeout: Some(Duration::ZERO), ..Budget::default() };
    assert_eq!(read(none).history(settings).unwrap_err().code, Code::TimeUp);
    assert!(read(Budget::default()).history(settings).is_ok());
    let path = folder().join("no-f.jsonl");
    assert_eq!(Input::open(&path, none.into()).unwrap_err().code, Code::TimeUp);
    let bytes = fs::read(&path).unwrap();
    let error = Input::from_reader(&bytes[..], none.into()).unwrap_err();
    assert_eq!(error.code, Code::TimeUp);
    assert!(Input::open(&path, ReadOptions::default()).is_ok());
}
