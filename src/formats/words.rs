//! The words of records: the names of operations and the types of events, as a mapping means them.

use std::borrow::Cow;

use super::content::{Content, function_of};
use super::mapping::Target;
use super::roles::{Role, Roles};
use super::sink::Sink;
use crate::error::Error;
use crate::vocabulary::plain;

/// The word for which end of an operation an event is; false and true are Porcupine's `Kind`.
pub(super) fn phase_word<'t>(
    name: &str,
    content: &impl Content<'t>,
    sink: &mut Sink<'_>,
) -> Option<Cow<'t, str>> {
    if let Ok(word) = word_of(content, Target::Type, sink) {
        return Some(word);
    }
    let literal = content.literal(sink.values()).ok()?;
    match (&*plain(name), &*literal) {
        ("kind", "false") => Some(Cow::Borrowed("invoke")),
        ("kind", "true") => Some(Cow::Borrowed("return")),
        _ => None,
    }
}

/// The name of the operation. Where it is a number, an error says how to name all of them.
pub(super) fn named_function<'t, C: Content<'t>>(
    roles: &Roles<'_, 't, C>,
    content: Option<C>,
    is_client: bool,
    sink: &mut Sink<'_>,
) -> Result<Cow<'t, str>, Error> {
    function_of(content, is_client, sink).map_err(|error| {
        let Some(literal) = content.and_then(|it| it.literal(sink.values()).ok()) else {
            return error;
        };
        let is_given = |role| roles.get(role).is_some_and(|it| !it.is_zero());
        let reads = is_given(Role::Output) || !is_given(Role::Input) && !is_given(Role::Value);
        numbered(error, &literal, reads)
    })
}

/// Adds to an error about an operation whose name is a number or a boolean how to name it, and
/// those beside it; `reads` if it is called with nothing.
pub(super) fn numbered(error: Error, literal: &str, reads: bool) -> Error {
    let names = match (literal, reads) {
        ("0", true) | ("1", false) => "f:0=get --map f:1=put --map f:2=append",
        ("0", false) | ("1", true) => "f:0=put --map f:1=get",
        ("false", true) | ("true", false) => "f:false=get --map f:true=put",
        ("false", false) | ("true", true) => "f:false=put --map f:true=get",
        _ => return error,
    };
    error.hint(format!("say what each means, if this is what they mean: --map {names}"))
}

/// The word in a field, as the mapping means it.
pub(super) fn word_of<'t>(
    content: &impl Content<'t>,
    target: Target,
    sink: &mut Sink<'_>,
) -> Result<Cow<'t, str>, Error> {
    // How an operation ended may be told by either name.
    let targets = match target {
        Target::Type | Target::Outcome => [Target::Type, Target::Outcome],
        other => [other; 2],
    };
    if let Some(mapping) = sink.mapping
        && targets.iter().any(|&target| mapping.has_words(target))
    {
        let word = content.literal(sink.values())?;
        let meanings = targets.iter().filter_map(|&target| mapping.meaning(target, &word));
        if let Some(meaning) = meanings.into_iter().next() {
            return Ok(Cow::Owned(meaning.to_owned()));
        }
    }
    let name = target.name();
    content.word(name, sink.values()).map_err(|error| {
        let shown = content.literal(sink.values()).unwrap_or_default();
        let meaning = if target == Target::Function { "read" } else { "ok" };
        error.hint(format!("say what it means: --map '{name}:{shown}={meaning}'"))
    })
}
