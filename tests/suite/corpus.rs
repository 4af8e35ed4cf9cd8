//! A corpus of recorded histories outside of this repository, if there is one.
//!
//! The environment variable `HISTCHECK_CORPUS` names a directory with a table `MANIFEST.tsv`, whose
//! columns are path, format, model, initial, expected (verdict) and note, and whose first row names
//! them. A format is `jsonl`, `edn`, `edn-lines` or `jepsen-log`; of a model only the first word
//! counts; an initial value is `nil`, `empty`, `free` or JSON. Where it is `0 or nil`, it is nil:
//! to those who wrote that, a read of nil tells nothing, but here it tells that nothing is there.

use std::fs;
use std::path::{Path, PathBuf};

use histcheck::formats::{Format, json_value, read_bytes};
use histcheck::history::Settings;
use histcheck::{Options, Session, Verdict};
use libtest_mimic::Trial;

use crate::expected::verdict;
use crate::trial::check;
use crate::{FEW, Outcome, certificate, explained, followed};

/// So many anomalies are asked for.
const ANOMALIES: usize = 20;

/// One test for every row of the corpus' table; none without a corpus.
pub(crate) fn trials() -> Vec<Trial> {
    let Some(folder) = std::env::var_os("HISTCHECK_CORPUS").map(PathBuf::from) else {
        return Vec::new();
    };
    let table = match fs::read_to_string(folder.join("MANIFEST.tsv")) {
        Ok(table) => table,
        Err(error) => {
            let failure = format!("HISTCHECK_CORPUS has no MANIFEST.tsv: {error}");
            return vec![Trial::test("corpus", || Err(failure.into()))];
        }
    };
    let rows = table.lines().skip(1).filter(|row| !row.trim().is_empty());
    rows.map(|row| {
        let cells: Vec<String> = row.split('\t').map(str::to_owned).collect();
        let folder = folder.clone();
        Trial::test(format!("corpus::{}", cells[0]), move || run(&folder, &cells))
    })
    .collect()
}

fn run(folder: &Path, cells: &[String]) -> Outcome {
    let [path, format, model, initial, expected, ..] = cells else {
        return Err("the row has too few columns".into());
    };
    let expected = verdict(expected)?;
    let reader = match format.as_str() {
        "jsonl" => Format::JsonLines,
        "edn" | "edn-lines" => Format::Edn,
        "jepsen-log" => Format::Log,
        _ => return Err(format!("no format `{format}` is known here").into()),
    };
    let model = match model.split(' ').next() {
        Some("kv-string") => "kv",
        Some(model) => model,
        None => return Err("no model".into()),
    };
    let bytes = fs::read(folder.join(path))?;
    // A failed cas may be read in two ways, which make no difference in these logs.
    let readings = if format == "jepsen-log" { &[false, true][..] } else { &[false] };
    let start = if initial.starts_with("0 or nil") { "nil" } else { initial };
    for &failed_cas_observes in readings {
        judge(&bytes, reader, model, start, failed_cas_observes, expected)?;
    }
    Ok(())
}

fn judge(
    bytes: &[u8],
    format: Format,
    model: &str,
    start: &str,
    failed_cas_observes: bool,
    expected: Verdict,
) -> Result<(), String> {
    let history = read_bytes(bytes.to_vec(), Some(format), Settings::default());
    let mut history = history.map_err(|error| error.to_string())?;
    let mut options = Options { model: Some(model.to_owned()), ..Options::default() };
    options.model_options.failed_cas_observes = failed_cas_observes;
    if !matches!(start, "nil" | "empty" | "free") {
        let value = json_value(start, history.values_mut()).map_err(|error| error.to_string())?;
        options.initial = Some(value);
    }
    let report = check(&history, &options)?;
    if report.verdict != expected {
        return Err(format!("{}, but expected {expected}, from {start}", report.verdict));
    }
    certificate::verify(&history, &options, &report)?;
    let terms = followed::Terms {
        format: Some(format),
        model: Some(model),
        initial: (!matches!(start, "nil" | "empty" | "free")).then_some(start),
        failed_cas_observes,
    };
    followed::verify(bytes, &terms, &history, &report)?;
    let explanation = Session::new(&history, &options)
        .and_then(|session| session.explain(&report, ANOMALIES))
        .map_err(|error| error.to_string())?;
    explained::verify(&report, &explanation, FEW)
}
