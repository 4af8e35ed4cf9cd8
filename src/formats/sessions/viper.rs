//! Viper's logs, `J*.log`: one for each session, in a folder, with a JSON object a line:
//! `{"value": [["w", key, value, true], ["r", key, value, false]]}`. Behind the value of a write is
//! whether it succeeded, behind that of a read whether the value is one that a deletion left. The
//! log of a transaction that `isInitial` holds what was there before.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scan::lines;
use super::transcript::{self, Session, reader};
use crate::budget::Meter;
use crate::error::{Code, Error, Place};
use crate::formats::json::{self, offset_in, syntax};
use crate::formats::row::{Evidence, Likeness, Row};
use crate::formats::text::{body, start};
use crate::history::hash::Set;

pub(super) const FORMAT: Row = Row {
    name: "viper",
    about: "A folder with Viper's logs `J*.log`, one for each session, or one of them",
    extensions: &[],
    sniff,
    reader,
    write: json::WRITE,
    losses: |_| Vec::new(),
};

/// Between two looks at the clock, this many lines are read.
const LOOK_EVERY: usize = 1 << 12;

fn sniff(text: &str) -> Option<Likeness> {
    is_viper(text).then(|| Evidence::Certain.settled(true))?
}

/// Tells whether `text` starts as a log of Viper does.
pub(super) fn is_viper(text: &str) -> bool {
    let is_list_behind = |field: &str| {
        let rest = text.strip_prefix('{')?.trim_start().strip_prefix(field)?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('[')?;
        rest.trim_start().strip_prefix('[').map(str::trim_start)
    };
    let Some(step) = is_list_behind("\"value\"") else { return false };
    if step.starts_with("\"range\"") {
        return true;
    }
    // Others have three parts.
    let end = step.find(']').unwrap_or(step.len());
    let parts: Vec<&str> = step[..end].split(',').map(str::trim).collect();
    let is_named = ["\"r\"", "\"w\"", "\"i\"", "\"d\""].contains(&parts[0]);
    is_named && (parts.len() > 3 || step.len() == end)
}

/// A line.
#[derive(Deserialize)]
struct Transaction<'t> {
    #[serde(borrow)]
    value: Vec<Vec<&'t RawValue>>,
}

/// A micro-operation.
struct Step<'t> {
    is_write: bool,
    key: &'t str,
    /// The value, or none for the initial one.
    value: Option<&'t str>,
}

/// Returns the transcripts of `logs`, each with its session. An error comes with the number of the
/// log that it is about.
pub(super) fn transcripts<'t>(
    logs: &[(i64, &'t str)],
    meter: &Meter,
) -> Result<Vec<String>, (usize, Error)> {
    let mut written: Set<&'t str> = Set::default();
    for (at, &(_, log)) in logs.iter().enumerate() {
        let mut note = |steps: &[Step<'t>]| {
            let zeros = steps.iter().filter(|step| step.is_write && step.value == Some("0"));
            written.extend(zeros.map(|step| step.key));
        };
        each(log, meter, &mut note).map_err(|error| (at, error))?;
    }
    let mut texts = Vec::with_capacity(logs.len());
    for (at, &(session, log)) in logs.iter().enumerate() {
        let mut out = String::new();
        let mut put = |steps: &[Step<'_>]| {
            transcript::start(&mut out, Session::Number(session), true, None);
            for step in steps {
                let is_initial = !step.is_write && step.value == Some("0");
                let is_known = !is_initial || written.contains(step.key);
                let value = step.value.filter(|_| is_known);
                transcript::step(&mut out, step.is_write, step.key, value);
            }
            transcript::end(&mut out);
        };
        each(log, meter, &mut put).map_err(|error| (at, error))?;
        meter.check_size(out.len() as u64).map_err(|error| (at, error))?;
        texts.push(out);
    }
    Ok(texts)
}

/// Hands over the micro-operations of each transaction.
fn each<'t>(log: &'t str, meter: &Meter, take: &mut dyn FnMut(&[Step<'t>])) -> Result<(), Error> {
    let (log, position) = (body(log), start(log));
    let mut steps = Vec::new();
    for (nth, (offset, line, _)) in lines(log).enumerate() {
        if nth.is_multiple_of(LOOK_EVERY) {
            meter.check_reading()?;
        }
        if line.trim().is_empty() {
            continue;
        }
        steps.clear();
        read(line, &mut steps).map_err(|mut error| {
            error.place = error.place.map(|place| Place { offset: place.offset + offset, ..place });
            position.locate(log, error)
        })?;
        take(&steps);
    }
    Ok(())
}

const FORM: &str = "a line of Viper's log is {\"value\": [[\"w\", 1, 5, true], [\"r\", 2, 3, \
                    false]]}";

/// Reads a line; places are those in it.
fn read<'t>(line: &'t str, steps: &mut Vec<Step<'t>>) -> Result<(), Error> {
    let transaction: Transaction<'t> = serde_json::from_str(line).map_err(|error| {
        let located = syntax(line, 0, &error);
        if error.is_data() {
            return Error { code: Code::BadField, hint: Some(FORM.to_owned()), ..located };
        }
        located
    })?;
    let at = |part: &RawValue| Place { offset: offset_in(line, part.get()), ..Place::default() };
    for parts in &transaction.value {
        let Some(name) = parts.first() else {
            return Err(Error::new(Code::BadField, "a micro-operation is empty")
                .hint(FORM)
                .at(Place::default()));
        };
        let bad =
            |message: &str| Error::new(Code::BadField, message.to_owned()).hint(FORM).at(at(name));
        let part = |nth: usize| parts.get(nth).map(|part| part.get());
        let known = |nth: usize| part(nth).filter(|value| !matches!(*value, "null" | "\"nil\""));
        let happened = |nth: usize| match part(nth) {
            None | Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(bad("whether a write succeeded is neither true nor false")),
        };
        let key = || part(1).filter(|key| is_scalar(key)).ok_or_else(|| bad("a key is missing"));
        let is_plain = |value: Option<&str>| value.is_none_or(is_scalar);
        if !is_plain(known(2)) {
            return Err(bad("a value is a number or a string"));
        }
        match name.get() {
            "\"r\"" => steps.push(Step { is_write: false, key: key()?, value: known(2) }),
            "\"w\"" if !happened(3)? => {}
            "\"w\"" if known(2).is_none() => return Err(bad("a write has no value")),
            "\"w\"" => steps.push(Step { is_write: true, key: key()?, value: known(2) }),
            "\"i\"" | "\"d\"" => {
                if !is_plain(known(3)) {
                    return Err(bad("a value is a number or a string"));
                }
                steps.push(Step { is_write: false, key: key()?, value: known(3) });
                if happened(5)? && known(2).is_some() {
                    steps.push(Step { is_write: true, key: key()?, value: known(2) });
                }
            }
            "\"range\"" => {
                return Err(bad("queries of ranges are not read: there is no level for them")
                    .hint("only reads and writes of single keys are checked"));
            }
            _ => return Err(bad("a micro-operation is none of r, w, i and d")),
        }
    }
    Ok(())
}

/// Whether JSON is a number or a string.
fn is_scalar(json: &str) -> bool {
    json.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
}
