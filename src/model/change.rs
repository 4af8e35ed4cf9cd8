//! What updates of a value take and return: pairs of an old and a new value, and what was there
//! before.

use super::ignoring::PLAIN;
use super::{Call, Rejection, View};
use crate::history::{Shape, Value};

/// The fields of a map that names the two values of a compare-and-set.
const OLD: &[&str] = &["old", "from", "expect", "expected"];
const NEW: &[&str] = &["new", "to", "value", "update"];

/// The fields of a map that tells what was there before.
const PREVIOUS: &[&str] = &["previous", "prev", "old"];

/// What an update returned.
pub(super) enum Answer<'a> {
    /// Nothing that tells about the value: null, true, "ok", or its own input.
    Silent,
    /// What was there before.
    Found(View<'a>),
}

/// Returns the old and the new value that a compare-and-set takes: `[old new]`, or a map of both.
///
/// # Errors
/// If its input is neither.
pub(super) fn pair(call: &Call<'_>) -> Result<(Value, Value), Rejection> {
    named_pair(call.input).ok_or_else(|| Rejection::bad("a cas needs the pair [old new]"))
}

/// Returns the two values of a compare-and-set, if `input` has both and nothing else.
pub(crate) fn named_pair(input: View<'_>) -> Option<(Value, Value)> {
    let Shape::Map([one, first, two, second]) = input.shape() else { return input.as_pair() };
    let is = |name: Value, names: &[&str]| {
        input.view(name).as_name().is_some_and(|name| names.contains(&name))
    };
    match (is(*one, OLD), is(*two, NEW), is(*one, NEW), is(*two, OLD)) {
        (true, true, ..) => Some((*first, *second)),
        (_, _, true, true) => Some((*second, *first)),
        _ => None,
    }
}

/// Returns what was there before, if `output` is a map that says just that.
pub(crate) fn previous(output: View<'_>) -> Option<View<'_>> {
    let Shape::Map([name, value]) = output.shape() else { return None };
    let name = output.view(*name).as_name()?;
    PREVIOUS.contains(&name).then(|| output.view(*value))
}

/// Refuses a read that was called with something that may be its key. What it returned, which
/// recorders may repeat, is none, nor is a number.
///
/// # Errors
/// If so.
#[inline]
pub(super) fn takes_nothing(call: &Call<'_>) -> Result<(), Rejection> {
    let is_nothing = match call.input.shape() {
        Shape::Text("") | Shape::List([]) | Shape::Map([]) => true,
        Shape::Map(_) => call.output.is_some_and(|output| output.value == call.input.value),
        Shape::Text(_) | Shape::Keyword(_) | Shape::List(_) => {
            call.output.is_none_or(|output| output.value == call.input.value)
        }
        _ => true,
    };
    if is_nothing {
        return Ok(());
    }
    Err(Rejection::bad("a read takes nothing; a key has a field of its own (`key`)"))
}

/// Returns what an update of the value returned.
///
/// # Errors
/// If it is not clear what that means.
pub(super) fn answer<'a>(call: &Call<'a>) -> Result<Answer<'a>, Rejection> {
    match call.output {
        Some(output) if !says_nothing(call, output) => previous(output)
            .map(Answer::Found)
            .ok_or_else(|| unclear(call, "null, true, its own input, or {\"previous\": VALUE}")),
        _ => Ok(Answer::Silent),
    }
}

/// Returns what was there before, where `output` is that, or a map that says it.
pub(super) fn bare<'a>(call: &Call<'a>, output: View<'a>) -> View<'a> {
    let is_value = previous(call.input).is_some();
    previous(output).filter(|_| !is_value).unwrap_or(output)
}

/// Returns what an update found that only happens where there is nothing: null if it happened.
///
/// # Errors
/// If that is not clear: recorders often repeat the input.
pub(super) fn found<'a>(call: &Call<'a>) -> Result<View<'a>, Rejection> {
    let null = call.input.view(Value::NULL);
    let Some(output) = call.output.filter(|output| !output.is_null()) else { return Ok(null) };
    let are_bools = output.as_bool().is_some() && call.input.as_bool().is_some();
    // A structure that nobody put in says whether it happened, in a way of its own.
    let is_map = |view: View<'_>| matches!(view.shape(), Shape::Map(_));
    let is_foreign = is_map(output) && !is_map(call.input) && previous(output).is_none();
    if output.value == call.input.value || are_bools || is_foreign {
        let clear = "null or true if it set the value, else false or the value that it found";
        return Err(unclear(call, clear));
    }
    Ok(if says_nothing(call, output) { null } else { bare(call, output) })
}

/// Does nothing where an update returned nothing that may tell about the value.
///
/// # Errors
/// If it did.
pub(super) fn silent(call: &Call<'_>) -> Result<(), Rejection> {
    match call.output {
        Some(output) if !says_nothing(call, output) => {
            Err(unclear(call, "null, true, or its own input"))
        }
        _ => Ok(()),
    }
}

/// Whether `output` is what completions hold that only say that it is done.
pub(super) fn says_nothing(call: &Call<'_>, output: View<'_>) -> bool {
    output.is_null()
        || output.value == call.input.value
        || output.as_bool() == Some(true)
        || output.as_name().is_some_and(|name| name.eq_ignore_ascii_case("ok"))
}

fn unclear(call: &Call<'_>, clear: &str) -> Rejection {
    let function = call.function;
    let needed = format!("`{function}` returns {clear}");
    match call.word {
        Some(word) if PLAIN.contains(&word.verb()) => Rejection::UnclearOutput(needed),
        _ => Rejection::BadValue(needed),
    }
}
