//! How operations ended whose records say it by an error or a success rather than an outcome.

use super::content::{Content, outcome};
use super::roles::{Role, Roles};
use super::sink::Sink;
use crate::error::{Code, Error};
use crate::history::{Outcome, ValueTable};
use crate::vocabulary::plain;

/// How an operation ended that tells both ends, and `returned` or not.
pub(super) fn outcome_of<'t, C: Content<'t>>(
    roles: &mut Roles<'_, 't, C>,
    returned: bool,
    sink: &mut Sink<'_>,
) -> Result<Outcome, Error> {
    if let Some(content) = roles.get(Role::Outcome) {
        roles.release(Role::Success);
        roles.release(Role::Error);
        return outcome(&content, sink);
    }
    for role in [Role::Success, Role::Error] {
        // What never returned may have happened or not, whatever is said of it.
        let Some((name, content)) = roles.named(role).filter(|_| returned) else { continue };
        if says_wrong(role, content, sink.values()) {
            return Err(no_outcome(name, &content, sink.values()));
        }
    }
    roles.release(Role::Success);
    roles.release(Role::Error);
    Ok(if returned { Outcome::Ok } else { Outcome::Open })
}

/// Whether a field of this role says that something went wrong.
pub(super) fn says_wrong<'t>(
    role: Role,
    content: impl Content<'t>,
    values: &mut ValueTable,
) -> bool {
    let text = |values: &mut ValueTable| {
        content.value(values).map(|value| values.to_json(value)).unwrap_or_default()
    };
    match role {
        // A table's `False` is a text.
        Role::Success => {
            let text = plain(&text(values));
            let is_right = ["null", "true", "1", "ok", "yes", "success"];
            !is_right.contains(&text.trim_matches('"'))
        }
        Role::Error => {
            let text = plain(&text(values));
            let is_none = ["", "null", "false", "0", "no", "none", "nil", "ok"];
            !content.is_null() && !is_none.contains(&text.trim_matches('"'))
        }
        _ => false,
    }
}

/// The error about a record that says by its field `name` that something went wrong.
pub(super) fn no_outcome<'t>(name: &str, content: &impl Content<'t>, values: &ValueTable) -> Error {
    let message =
        format!("`{name}` says that something went wrong, but nothing whether it happened");
    let shown = content.literal(values).unwrap_or_default();
    let right = match &*shown {
        "false" => " --map outcome:true=ok",
        "False" => " --map outcome:True=ok",
        _ => "",
    };
    Error::new(Code::MissingField, message)
        .hint(format!(
            "add an `outcome`: fail if it certainly did not happen, info if that is not known (as \
             after a timeout), ok if it did; or say so: --map outcome=.{name} --map \
             'outcome:{shown}=info'{right}"
        ))
        .at(content.place())
}

/// Whether the type of an event says that it is the end of an operation, but not how it ended.
pub(super) fn only_ended(word: &str) -> bool {
    matches!(
        &*plain(word),
        "complete"
            | "completed"
            | "return"
            | "returned"
            | "response"
            | "end"
            | "ended"
            | "finish"
            | "finished"
            | "done"
    )
}
