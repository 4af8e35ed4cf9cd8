//! Times as records give them: whole numbers, or seconds with a fraction, to the nanosecond.

use super::record::Item;
use super::token::error;
use crate::error::{Code, Error};
use crate::history::{Shape, Time};
use crate::ingest::Sink;

/// The time that a field tells; nil tells none.
pub(super) fn time_of(item: Option<Item>, sink: &mut Sink<'_>) -> Result<Option<Time>, Error> {
    let start = sink.start();
    let value = match item {
        Some(Item::Int(n)) => return Ok(Some(Time::Whole(n))),
        Some(Item::Value(value)) if !value.is_null() => value,
        _ => return Ok(None),
    };
    match sink.values().shape(value) {
        Shape::Int(whole) => Ok(Some(Time::Whole(whole))),
        Shape::BigInt(_) => Err(error(Code::BadTime, start, "the time is beyond 64 bits")),
        Shape::Decimal(text) | Shape::BigDecimal(text) => match nanoseconds(text) {
            Some(time) => Ok(Some(Time::Seconds(time))),
            None => Err(error(Code::BadTime, start, format!("`{text}` s is no time in whole ns"))
                .hint("times are whole numbers, or seconds with at most nine decimals")),
        },
        _ => Err(error(Code::BadField, start, "a time is a number")),
    }
}

/// The nanoseconds in `seconds`, a decimal, if they are whole and within 64 bits.
fn nanoseconds(seconds: &str) -> Option<i64> {
    let (mantissa, exponent) = match seconds.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (seconds, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    if digits == 0 {
        return Some(0);
    }
    let shift = 9 + exponent.checked_sub(fraction.len() as i64)?;
    let power = 10_i128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?)?;
    let scaled = if shift >= 0 {
        digits.checked_mul(power)?
    } else {
        (digits % power == 0).then_some(digits / power)?
    };
    i64::try_from(scaled).ok()
}
