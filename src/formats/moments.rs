//! The times in records, in whatever form and unit, and what follows from one and a duration.

use super::content::Content;
use super::roles::{Role, Roles, unit_of};
use super::sink::Sink;
use super::time;
use crate::error::{Code, Error};
use crate::history::{Time, ValueTable};
use crate::vocabulary::plain;

/// Whether a return is a mark that there was none: the end of what 64 bits hold, or -1 where calls
/// come later.
pub(super) fn is_never(call: Time, ret: Time) -> bool {
    match (call, ret) {
        (_, Time::Whole(i64::MAX) | Time::Seconds(i64::MAX) | Time::Exact(i64::MAX)) => true,
        (Time::Whole(call) | Time::Seconds(call) | Time::Exact(call), Time::Whole(-1)) => call >= 0,
        _ => false,
    }
}

/// What programs write as the time of an end that did not come, besides null.
const NEVER: [&str; 18] = [
    "",
    "-",
    "--",
    "?",
    "n/a",
    "na",
    "nan",
    "nat",
    "nil",
    "none",
    "null",
    "never",
    "undefined",
    "<nil>",
    "(nil)",
    "inf",
    "+inf",
    "infinity",
];
/// How the dates start that are zero, as Go and MySQL write times that were never set.
const NO_DATE: [&str; 2] = ["0001-01-01", "0000-00-00"];

/// Whether `content`, where a time of an end or a duration belongs, says that there is none.
fn says_never<'t>(content: &impl Content<'t>, values: &ValueTable) -> bool {
    !content.is_number()
        && content.literal(values).is_ok_and(|text| {
            let text = text.trim();
            NEVER.iter().any(|never| text.eq_ignore_ascii_case(never))
                || NO_DATE.iter().any(|date| text.starts_with(date))
        })
}

/// The times of the call and of the return of a whole operation; where there is only one of them,
/// or the `moment` at which the record was written, from how long it took.
pub(super) fn ends<'t, C: Content<'t>>(
    roles: &Roles<'_, 't, C>,
    moment: Option<(&str, C)>,
    sink: &mut Sink<'_>,
) -> Result<[Option<Time>; 2], Error> {
    let values = sink.values();
    let [took, end] = [Role::Duration, Role::Return]
        .map(|role| roles.named(role).filter(|(_, content)| !says_never(content, values)));
    let call = optional_time(roles.named(Role::Call), sink)?;
    let ret = optional_time(end, sink)?;
    match (call, ret) {
        (Some(call), None) => {
            Ok([Some(call), apart(call, roles.named(Role::Call), took, 1, sink)?])
        }
        (None, Some(ret)) => {
            Ok([apart(ret, roles.named(Role::Return), took, -1, sink)?, Some(ret)])
        }
        (None, None) => {
            let Some((name, content)) = moment else { return Ok([None; 2]) };
            if !roles.is_logged() {
                let message = format!(
                    "`{name}` is a time, but does not say whether the operation began or ended then"
                );
                return Err(Error::new(Code::MissingField, message)
                    .hint(format!(
                        "--map return=.{name} if that is when it ended, --map call=.{name} if it \
                         began then"
                    ))
                    .at(content.place()));
            }
            // A logger's time is that of the line, which is written at the end.
            let Some(end) = optional_time(moment, sink)? else { return Ok([None; 2]) };
            sink.takes("return", name);
            Ok([apart(end, moment, took, -1, sink)?, Some(end)])
        }
        both => Ok(both.into()),
    }
}

/// The other end of an operation one end of which is at `time`, as `known` tells; `direction` is 1
/// for the return, and -1 for the call.
fn apart<'t, C: Content<'t>>(
    call: Time,
    known: Option<(&str, C)>,
    duration: Option<(&str, C)>,
    direction: i64,
    sink: &mut Sink<'_>,
) -> Result<Option<Time>, Error> {
    let Some((name, content)) = duration else { return Ok(None) };
    let beyond = || {
        Error::new(Code::BadTime, format!("a time and `{name}` add up to more than 64 bits"))
            .at(content.place())
    };
    let has_unit = unit_of(name).is_some()
        || given_unit(&content, sink).is_some()
        || !content.is_bare(sink.values());
    let tells_unit = known.is_some_and(|(name, known)| {
        unit_of(name).is_some()
            || given_unit(&known, sink).is_some()
            || !known.is_bare(sink.values())
    });
    if tells_unit && !has_unit {
        let message = format!("`{name}` has no unit, as it stands beside a date or a unit");
        return Err(Error::new(Code::BadTime, message)
            .hint("say which it is: --time-unit ns (Go), ms or s")
            .at(content.place()));
    }
    let Some(time) = optional_time(Some((name, content)), sink)? else { return Ok(None) };
    let sum = match (call, time) {
        (Time::Whole(call), Time::Whole(took))
        | (Time::Seconds(call) | Time::Exact(call), Time::Seconds(took) | Time::Exact(took)) => {
            took.checked_mul(direction).and_then(|took| call.checked_add(took))
        }
        (Time::Seconds(call) | Time::Exact(call), Time::Whole(took)) => {
            let took = took.checked_mul(1_000_000_000 * direction);
            took.and_then(|took| call.checked_add(took))
        }
        (Time::Whole(_), Time::Seconds(_) | Time::Exact(_)) => {
            let known = known.map_or("the call", |(name, _)| name);
            let message = format!("`{known}` has no unit, and `{name}` beside it has one");
            return Err(Error::new(Code::BadTime, message)
                .hint("say which it is: --time-unit ns (Go), us, ms or s")
                .at(content.place()));
        }
    };
    let sum = sum.ok_or_else(beyond)?;
    Ok(Some(match call {
        Time::Whole(_) => Time::Whole(sum),
        Time::Seconds(_) => Time::Seconds(sum),
        Time::Exact(_) => Time::Exact(sum),
    }))
}

/// The time in a field, in the unit that its name tells.
pub(super) fn optional_time<'t>(
    field: Option<(&str, impl Content<'t>)>,
    sink: &mut Sink<'_>,
) -> Result<Option<Time>, Error> {
    let Some((name, content)) = field else { return Ok(None) };
    let time = match content.time(name, sink.values()) {
        Ok(time) => time,
        Err(error) => {
            return composite(&content, sink.values())?.map_or(Err(error), |t| Ok(Some(t)));
        }
    };
    let unit = match unit_of(name) {
        // What stands in it may have a unit of its own.
        Some(unit) => content.is_bare(sink.values()).then_some(unit),
        None => given_unit(&content, sink),
    };
    in_unit(time, unit).map(Some).ok_or_else(|| {
        Error::new(Code::BadTime, format!("`{name}` is beyond 64 bits of nanoseconds"))
            .at(content.place())
    })
}

/// The time of a bare number, of a unit of so many nanoseconds if that is known. What stands for
/// no time has no unit.
pub(super) fn in_unit(time: Time, unit: Option<i64>) -> Option<Time> {
    let (Some(unit), false) = (unit, matches!(time, Time::Whole(i64::MAX | -1))) else {
        return Some(time);
    };
    Some(Time::Exact(match time {
        Time::Whole(count) => count.checked_mul(unit)?,
        // A fraction of this unit, which was taken for one of seconds.
        Time::Seconds(nanoseconds) => nanoseconds / (1_000_000_000 / unit),
        Time::Exact(nanoseconds) => nanoseconds,
    }))
}

/// The time that is written in parts: as seconds and nanoseconds, in a list or a map, or as the
/// numbers of a date, as Java and Rust write them.
fn composite<'t>(
    content: &impl Content<'t>,
    values: &mut ValueTable,
) -> Result<Option<Time>, Error> {
    let mut parts = Vec::new();
    content.entries(values, &mut |name, part| parts.push((plain(&name), part)))?;
    let mut numbers: Vec<(&str, i64)> = Vec::new();
    for (name, part) in &parts {
        let Ok(number) = part.literal(values).unwrap_or_default().parse::<i64>() else {
            return Ok(None);
        };
        numbers.push((name, number));
    }
    let seconds = |seconds: i64, nanoseconds: i64| {
        let is_part = (0..1_000_000_000).contains(&nanoseconds);
        let whole = seconds.checked_mul(1_000_000_000).filter(|_| is_part);
        whole.and_then(|whole| whole.checked_add(nanoseconds)).map(Time::Exact)
    };
    Ok(match numbers[..] {
        [("0", whole), ("1", nanoseconds)] => seconds(whole, nanoseconds),
        [("0", year), ("1", month), ("2", day), ("3", hour), ("4", minute), ref rest @ ..] => {
            let second = rest.first().map_or(0, |&(_, second)| second);
            let nanosecond = rest.get(1).map_or(0, |&(_, nanosecond)| nanosecond);
            let date = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanosecond:09}"
            );
            time::written(&date).filter(|_| rest.len() < 3).transpose()?
        }
        [(one, whole), (other, nanoseconds)]
            if one.contains("sec") && !one.contains("nano") && other.starts_with("nano") =>
        {
            seconds(whole, nanoseconds)
        }
        _ => None,
    })
}

/// The unit that the user gives to bare numbers, if `content` is one: a date has its own.
fn given_unit<'t>(content: &impl Content<'t>, sink: &mut Sink<'_>) -> Option<i64> {
    let given = sink.mapping?.time_unit()?;
    content.is_bare(sink.values()).then_some(given)
}
