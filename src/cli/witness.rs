//! The orders that prove valid keys, as JSON Lines.

use std::io::{self, Write};

use histcheck::check::Decision;
use histcheck::history::write_quoted;
use histcheck::{History, Report};

/// Writes one object for every valid key of `report`: its key and the order, as the records of the
/// operations' invocations.
pub(crate) fn write(
    file: Option<&str>,
    history: &History,
    report: &Report,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = String::new();
    for key in &report.keys {
        let Decision::Valid(certificate) = &key.decision else { continue };
        line.clear();
        line.push('{');
        if let Some(file) = file {
            line.push_str("\"file\":");
            write_quoted(file, &mut line);
            line.push(',');
        }
        line.push_str("\"key\":");
        match key.key {
            Some(key) => history.values().write_json(key, &mut line),
            None => line.push_str("null"),
        }
        line.push_str(",\"order\":[");
        for (at, &operation) in certificate.order.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            line.push_str(&history[operation].invoked.to_string());
        }
        line.push_str("]}\n");
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}
