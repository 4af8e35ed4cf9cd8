//! The words of records: the names of operations and the types of events, as a mapping means them.

use std::borrow::Cow;

use super::content::{Content, function_of};
use super::mapping::{Path, Target, map_option};
use super::outcomes::likely;
use super::roles::{Role, Roles};
use super::sink::Sink;
use crate::error::Error;
use crate::vocabulary::{Word, plain};

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
        if let Some((name, content)) = roles.named(Role::Function)
            && let Some(hint) = parts_of_command(name, &content, sink)
        {
            return error.hint(hint);
        }
        if content.is_none() {
            let mut others = roles.others();
            let named = others.find(|(_, content)| is_operation(content, sink));
            return match named {
                Some((name, _)) => error.hint(format!(
                    "`f` names the operation: {} if that is what it is",
                    map_option("f", name)
                )),
                None => error,
            };
        }
        let Some(literal) = content.and_then(|it| it.literal(sink.values()).ok()) else {
            return error;
        };
        let values = [Role::Input, Role::Output, Role::Value];
        let is_number = literal.parse::<i64>().is_ok();
        if is_number && !values.iter().any(|&role| roles.has(role)) {
            return error.hint(
                "say where the values are, which tell reads from writes (--map input=.FIELD --map \
                 output=.FIELD), and then what each number means (--map f:1=NAME)",
            );
        }
        let is_given = |role| roles.get(role).is_some_and(|it| !it.is_zero());
        let reads = is_given(Role::Output) || !is_given(Role::Input) && !is_given(Role::Value);
        numbered(error, &literal, reads)
    })
}

/// Whether `content` is the name of an operation that some model knows.
pub(super) fn is_operation<'t>(content: &impl Content<'t>, sink: &mut Sink<'_>) -> bool {
    content.word("f", sink.values()).is_ok_and(|word| Word::meant(&word).is_some())
}

/// How to read a command in a list, `["SET", "x", 5]`, whose parts have their places.
pub(super) fn parts_of_command<'t>(
    name: &str,
    content: &impl Content<'t>,
    sink: &mut Sink<'_>,
) -> Option<String> {
    let mut parts = Vec::new();
    content.entries(sink.values(), &mut |name, part| parts.push((name, part))).ok()?;
    let (at, _) = parts.iter().find(|(_, part)| is_operation(part, sink))?;
    let part = |target: &str, at: usize| format!("--map {target}={}[{at}]", field_path(name));
    let Ok(at) = at.parse::<usize>() else {
        return Some(format!(
            "name the part that is the operation: {}",
            map_option("f", &format!("{name}.{at}"))
        ));
    };
    Some(match parts.len() - at {
        0 | 1 => format!("name the part that is the operation: {}", part("f", at)),
        2 => format!(
            "name its parts: {} {} (or {}, if it has no key)",
            part("f", at),
            part("key", at + 1),
            part("input", at + 1)
        ),
        _ => format!(
            "name its parts: {} {} {}",
            part("f", at),
            part("key", at + 1),
            part("input", at + 2)
        ),
    })
}

/// The path of a field, as a rule has it.
fn field_path(name: &str) -> String {
    Path(vec![name.to_owned()]).rule()
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
        if shown.starts_with(['[', '{']) {
            // No word that a rule could give a meaning to.
            let in_list = "name the part of it that does, as in --map f=.command[0] --map \
                           key=.command[1] --map input=.command[2]";
            let in_map = "name the part of it that does, as in --map f=.command.name; where the \
                          operation is the name of a field, make lines with its name as text \
                          first, as in jq -c '. + {f: (.command | keys_unsorted[0])}' FILE";
            return match target {
                Target::Function if shown.starts_with('{') => error.hint(in_map),
                Target::Function => error.hint(in_list),
                _ => error.hint(format!("name the part of it that does: --map {name}=.FIELD.PART")),
            };
        }
        let meaning = match target {
            Target::Function => "read",
            Target::Outcome => likely(&shown),
            _ => "ok",
        };
        error.hint(format!("say what it means: --map '{name}:{shown}={meaning}'"))
    })
}
