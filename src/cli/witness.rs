//! The orders that prove valid keys and isolation levels, as JSON Lines.

use std::io::{self, Write};

use histcheck::check::Decision;
use histcheck::history::{OpIndex, write_quoted};
use histcheck::isolation::{self, Level, Status, Witness};
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

/// Writes one object for every level that holds with an order of its own, and for each that follows
/// from one: `order`, the transactions one after the other, `commits`, their commits alone, or
/// `events`, beginnings and commits; all as the records of invocations.
pub(crate) fn write_levels(
    file: Option<&str>,
    report: &isolation::Report<'_>,
    out: &mut impl Write,
) -> io::Result<()> {
    let history = report.transactions.history;
    let record = |t: u32| history[OpIndex::new(t as usize)].invoked.to_string();
    for level in Level::all().rev() {
        let Status::Holds(witness) = &report.statuses[level.index()] else { continue };
        let mut line = String::from("{");
        if let Some(file) = file {
            line.push_str("\"file\":");
            write_quoted(file, &mut line);
            line.push(',');
        }
        line.push_str(&format!("\"level\":\"{}\",", level.name()));
        let orders = |order: &[u32]| order.iter().map(|&t| record(t)).collect::<Vec<_>>().join(",");
        let proof = match witness {
            Witness::Implied(stronger) => format!("\"implied_by\":\"{}\"", stronger.name()),
            Witness::Serial(order) => format!("\"order\":[{}]", orders(order)),
            Witness::Commits(order) => format!("\"commits\":[{}]", orders(order)),
            Witness::Snapshots(events) => {
                let event = |&event: &u32| {
                    let name = if event % 2 == 0 { "begin" } else { "commit" };
                    format!("[\"{name}\",{}]", record(event / 2))
                };
                let events: Vec<String> = events.iter().map(event).collect();
                format!("\"events\":[{}]", events.join(","))
            }
        };
        writeln!(out, "{line}{proof}}}")?;
    }
    Ok(())
}
