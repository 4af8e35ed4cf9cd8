//! The same history told differently, which must not change its verdict.

use histcheck::History;
use histcheck::formats::{self, Format, read_bytes};
use histcheck::history::Settings;
use serde_json::Value;

/// The history written in `format` and read again.
pub(crate) fn rewritten(history: &History, format: Format) -> Result<History, String> {
    read(written(history, format)?, format)
}

/// The history with other numbers for its processes.
pub(crate) fn renumbered(history: &History) -> Result<History, String> {
    let mut text = String::new();
    for line in written(history, Format::JsonLines)?.lines() {
        let mut record: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if let Some(number) = record.get("process").and_then(Value::as_i64) {
            record["process"] = Value::from(number + 100);
        }
        text += &format!("{record}\n");
    }
    read(text, Format::JsonLines)
}

/// The history without its metadata.
pub(crate) fn anonymous(history: &History) -> Result<History, String> {
    let text = written(history, Format::JsonLines)?;
    let is_event = |line: &&str| !line.starts_with("{\"histcheck\"");
    let lines: Vec<&str> = text.lines().filter(is_event).collect();
    let history = read(lines.join("\n"), Format::JsonLines)?;
    match history.metadata() {
        None => Ok(history),
        Some(_) => Err("the metadata is still there".to_owned()),
    }
}

/// The history written in `format`.
pub(crate) fn written(history: &History, format: Format) -> Result<String, String> {
    let mut bytes = Vec::new();
    formats::write(history, format, &mut bytes).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn read(text: String, format: Format) -> Result<History, String> {
    read_bytes(text.into_bytes(), Some(format), Settings::default())
        .map_err(|error| format!("what was written cannot be read: {error}"))
}
