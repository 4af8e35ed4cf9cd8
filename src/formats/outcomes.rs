//! How operations ended whose records say it by an error or a success rather than an outcome.

use super::content::{Content, outcome};
use super::failures::Kind;
use super::fields::{Fields, VALUE};
use super::roles::{Role, Roles, role};
use super::sink::Sink;
use crate::error::{Code, Error};
use crate::history::{EventType, Outcome, Shape, Value, ValueTable};
use crate::vocabulary::{Word, plain};
use crate::words::shortened;

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

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Refuses an event that says that something went wrong, but only that it ended.
    pub(super) fn check_success(&self, values: &mut ValueTable) -> Result<(), Error> {
        let mut fields = self.rest.iter().map(|(name, content)| (role(name).0, &**name, *content));
        let wrong = fields.find(|&(role, _, content)| says_wrong(role, content, values));
        wrong.map_or(Ok(()), |(_, name, content)| Err(no_outcome(name, &content, values)))
    }

    /// Refuses an end that tells two different answers, of an operation that takes nothing.
    pub(super) fn check_answers(
        &self,
        kind: EventType,
        function: &str,
        values: &mut ValueTable,
    ) -> Result<(), Error> {
        let is_asked = kind == EventType::Ok && only_answers(function);
        let Some(value) = self.known(VALUE).filter(|_| is_asked) else { return Ok(()) };
        let value = value.value(values)?;
        for (name, content) in &self.rest {
            if matches!(role(name).0, Role::Output | Role::Reply) && !content.is_null() {
                let other = content.value(values)?;
                if value != other {
                    return Err(two_answers(name, [value, other], values, content));
                }
            }
        }
        Ok(())
    }
}

impl<'t, C: Content<'t>> Roles<'_, 't, C> {
    /// Settles which of `value` and a result an operation returned that takes nothing: a result
    /// that only says that it went well is none.
    ///
    /// # Errors
    /// If both tell an answer, and not the same.
    pub(super) fn settle_answer(
        &mut self,
        function: &str,
        values: &mut ValueTable,
    ) -> Result<(), Error> {
        let (Some((_, value)), Some((name, result))) =
            (self.named(Role::Value), self.named(Role::Output))
        else {
            return Ok(());
        };
        if !only_answers(function) {
            return Ok(());
        }
        let [value, other] = [value.looked_into(values)?, result.looked_into(values)?];
        if value == other || value.is_null() || other.is_null() {
            return Ok(());
        }
        let word = plain(values.to_json(other).trim_matches('"'));
        let is_word = !matches!(values.shape(value), Shape::Bool(_))
            && (word == "true" || EventType::meant(&word) == Some(EventType::Ok));
        if is_word {
            self.release(Role::Output);
            return Ok(());
        }
        // Beside an `output`, a `value` is what it was called with.
        match self.is_by_another_name(Role::Output) {
            true => Err(two_answers(name, [value, other], values, &result)),
            false => Ok(()),
        }
    }
}

/// The error about a record that tells two answers.
fn two_answers<'t>(
    name: &str,
    both: [Value; 2],
    values: &ValueTable,
    content: &impl Content<'t>,
) -> Error {
    let [value, other] = both.map(|it| shortened(&values.to_json(it), 40));
    Error::new(Code::BadField, format!("`value` is {value}, but `{name}` is {other}"))
        .hint(format!(
            "say which was returned: --map value=.value --map ignore=.{name}, or --map \
             value=.{name}"
        ))
        .at(content.place())
}

/// Whether an operation of this name takes nothing, and returns something.
fn only_answers(function: &str) -> bool {
    Word::meant(function).is_some_and(|word| word.verb().takes_nothing() && word.verb().answers())
}

/// Whether a field of this role says that something went wrong.
pub(super) fn says_wrong<'t>(
    role: Role,
    content: impl Content<'t>,
    values: &mut ValueTable,
) -> bool {
    let kind = match role {
        Role::Success => Kind::Success,
        Role::Error => Kind::Error,
        _ => return false,
    };
    // What cannot be read reports no success.
    content.looked_into(values).map_or(true, |value| kind.reports_failure(values, value))
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

/// What a word that is no usual one for how an operation ended may mean, as a hint proposes it.
pub(super) fn likely(word: &str) -> &'static str {
    const RIGHT: [&str; 8] =
        ["ok", "done", "succe", "complete", "commit", "applied", "ack", "true"];
    let word = plain(word);
    let is_right = RIGHT.iter().any(|right| word.contains(right)) && !word.starts_with("not");
    let is_none = matches!(&*word, "0" | "" | "null" | "none");
    if is_right || is_none || word.parse().is_ok_and(|status: u64| (200..300).contains(&status)) {
        "ok"
    } else {
        "info"
    }
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
