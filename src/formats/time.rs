//! Times as records give them: whole numbers, or fractional seconds. Fractions are decimal
//! arithmetic on the digits, since a float of today's seconds has lost its last nanoseconds.

use crate::error::{Code, Error};
use crate::history::Time;

/// The time that the number `literal` stands for.
pub(super) fn parse(literal: &str) -> Result<Time, Error> {
    if let Ok(whole) = literal.parse::<i64>() {
        return Ok(Time::Whole(whole));
    }
    if let Some(nanoseconds) = plain(literal) {
        return Ok(Time::Seconds(nanoseconds));
    }
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(beyond());
    }
    seconds(literal)
}

/// The time that `text` stands for: a number in quotes, a number with its unit, a duration of
/// several units, or a date with a time of day as RFC 3339 and loggers write it. `None` if it is
/// none of these.
pub(crate) fn written(text: &str) -> Option<Result<Time, Error>> {
    let text = text.trim();
    if text.trim_start_matches('-').starts_with(['P', 'p']) {
        return duration(text).map(Ok);
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let number = text.strip_prefix('-').unwrap_or(text);
    if !number.as_bytes().first().is_some_and(is_digit) {
        return None;
    }
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let unit = number.trim_start_matches(is_part);
    let literal = &text[..text.len() - unit.len()];
    if let Some(power) = power_of(unit.trim()) {
        // Digits are shifted, not multiplied, so that none is lost.
        let time = seconds(&format!("{literal}e{power}"));
        return Some(time.map(|time| match time {
            Time::Seconds(time) => Time::Exact(time),
            other => other,
        }));
    }
    if unit.is_empty() || unit.starts_with(['e', 'E']) {
        return Some(parse(text));
    }
    date(text).or_else(|| duration(text)).map(Ok)
}

/// The time of a duration of several units, as Go and ISO 8601 write it: `1m2.5s`, `PT0.5S`. No
/// time of day is one.
fn duration(text: &str) -> Option<Time> {
    let duration: jiff::SignedDuration = match text.contains(':') {
        true => return None,
        false => text.parse().ok()?,
    };
    i64::try_from(duration.as_nanos()).ok().map(Time::Exact)
}

/// The power of ten that a unit is of a second.
fn power_of(unit: &str) -> Option<i32> {
    Some(match unit {
        "s" | "sec" | "secs" | "seconds" => 0,
        "ms" | "millis" | "milliseconds" => -3,
        "us" | "µs" | "μs" | "micros" | "microseconds" => -6,
        "ns" | "nanos" | "nanoseconds" => -9,
        _ => return None,
    })
}

/// The time of a date, in UTC where it names no offset.
fn date(text: &str) -> Option<Time> {
    // Java's loggers write a comma before the fraction.
    let text = text.replace(',', ".");
    let timestamp = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let date = text.parse::<jiff::civil::DateTime>().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(date).ok()
    })?;
    i64::try_from(timestamp.as_nanosecond()).ok().map(Time::Exact)
}

/// The time of so many seconds, also where they have no fraction.
pub(super) fn seconds(literal: &str) -> Result<Time, Error> {
    let nanoseconds = match literal.strip_prefix('-') {
        Some(unsigned) => -fraction(unsigned)?,
        None => fraction(literal)?,
    };
    Ok(Time::Seconds(nanoseconds))
}

/// The nanoseconds of seconds as they are usual: no sign, no exponent, and no more digits behind
/// the point than nanoseconds have. `None` for all others.
fn plain(literal: &str) -> Option<i64> {
    let (whole, fraction) = literal.split_once('.')?;
    if !(1..=10).contains(&whole.len()) || !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let mut number: i64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    number.checked_mul(10_i64.pow(9 - fraction.len() as u32))
}

/// The nanoseconds of an unsigned decimal literal of seconds.
fn fraction(literal: &str) -> Result<i64, Error> {
    let (mantissa, exponent) = match literal.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| beyond())?),
        None => (literal, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::new(Code::BadField, "a time is a number")
            .hint("write whole nanoseconds, or seconds with a fraction"));
    }
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    // The time is `significant` times ten to this power, in nanoseconds.
    let power =
        9 + i64::from(exponent) - fraction.len() as i64 + (digits.len() - significant.len()) as i64;
    if power < 0 {
        return Err(Error::new(Code::BadTime, "the time is finer than nanoseconds")
            .hint("round seconds to nine digits behind the point"));
    }
    let zeros = usize::try_from(power).unwrap_or(usize::MAX);
    // An i64 has at most 19 digits.
    if significant.len().saturating_add(zeros) > 19 {
        return Err(beyond());
    }
    format!("{significant}{}", "0".repeat(zeros)).parse().map_err(|_| beyond())
}

fn beyond() -> Error {
    Error::new(Code::BadTime, "the time is beyond 64 bits of nanoseconds")
        .hint("times are whole nanoseconds within 64 bits, or seconds with a fraction")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn fractions_are_exact() {
        for (literal, time) in [
            ("0", Time::Whole(0)),
            ("-5", Time::Whole(-5)),
            ("9223372036854775807", Time::Whole(i64::MAX)),
            ("0.5", Time::Seconds(500_000_000)),
            ("-0.000000001", Time::Seconds(-1)),
            ("1700000000.123456789", Time::Seconds(1_700_000_000_123_456_789)),
            ("1700000000.12345678900000", Time::Seconds(1_700_000_000_123_456_789)),
            ("1.0", Time::Seconds(1_000_000_000)),
            ("9223372036.854775807", Time::Seconds(i64::MAX)),
            ("00000000001.25", Time::Seconds(1_250_000_000)),
            ("1.5e3", Time::Seconds(1_500_000_000_000)),
            ("2e-9", Time::Seconds(2)),
            ("0.0e999999", Time::Seconds(0)),
        ] {
            assert_eq!(parse(literal), Ok(time), "{literal}");
        }
    }

    #[test]
    fn dates_and_units_are_times() {
        for (text, time) in [
            ("12", Time::Whole(12)),
            ("0.5", Time::Seconds(500_000_000)),
            ("1.5ms", Time::Exact(1_500_000)),
            ("-2.25us", Time::Exact(-2_250)),
            ("3 s", Time::Exact(3_000_000_000)),
            ("7ns", Time::Exact(7)),
            ("250µs", Time::Exact(250_000)),
            ("1h", Time::Exact(3_600_000_000_000)),
            ("1m2.5s", Time::Exact(62_500_000_000)),
            ("-1h0m0.000000001s", Time::Exact(-3_600_000_000_001)),
            ("PT0.5S", Time::Exact(500_000_000)),
            ("PT1M2.000000001S", Time::Exact(62_000_000_001)),
            ("-PT1S", Time::Exact(-1_000_000_000)),
            ("1970-01-01T00:00:01.5Z", Time::Exact(1_500_000_000)),
            ("1970-01-01T01:00:00+01:00", Time::Exact(0)),
            ("1970-01-01 00:00:00,250", Time::Exact(250_000_000)),
            ("2025-03-01T09:00:00.123456789Z", Time::Exact(1_740_819_600_123_456_789)),
        ] {
            assert_eq!(written(text), Some(Ok(time)), "{text}");
        }
        for text in [
            "",
            "now",
            "-",
            "12 apples",
            "12:00:01",
            "1 month",
            "put",
            "P",
            "-P1",
            "2025-13-01T00:00:00Z",
            "Z",
            "1:2",
        ] {
            assert_eq!(written(text), None, "{text}");
        }
        assert!(matches!(written("1.5e400s"), None | Some(Err(_))));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for literal in [
            "9223372036854775808",
            "-99999999999999999999",
            "0.0000000001",
            "15E-10",
            "9223372036.854775808",
            "1e10",
            "1e999999999999",
        ] {
            assert_eq!(parse(literal).unwrap_err().code, Code::BadTime, "{literal}");
        }
        for literal in ["", "-", ".", "now", "--1", "1.2.3", "2026-01-01T00:00:00Z", "NaN"] {
            assert_eq!(parse(literal).unwrap_err().code, Code::BadField, "{literal}");
        }
    }
}
