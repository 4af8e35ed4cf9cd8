//! Number literals in canonical form, so that equal numbers are equal texts: `4.20e1` and `42.0`
//! are one decimal. No digit is lost, whatever the size.

/// The canonical text of an integer literal: no `+`, no leading zeros, no `-0`.
/// `None` if `literal` is not an integer.
pub(super) fn canonical_integer(literal: &str) -> Option<String> {
    let (negative, digits) = split_sign(literal);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(match (digits, negative) {
        ("", _) => "0".to_owned(),
        (_, true) => format!("-{digits}"),
        (_, false) => digits.to_owned(),
    })
}

/// The canonical text of a decimal literal: `42.0`, `-0.5`, `1.5e300`. Always holds a point or an
/// exponent, so that it is never taken for an integer. `None` if `literal` is not a number, or
/// its exponent is beyond nine digits.
pub(super) fn canonical_decimal(literal: &str) -> Option<String> {
    let (negative, rest) = split_sign(literal);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // The value is 0.DIGITS * 10^point.
    let leading_zeros = digits.len() - digits.trim_start_matches('0').len();
    let point = whole.len() as i64 - leading_zeros as i64 + exponent;
    let digits = digits.trim_matches('0');
    let sign = if negative { "-" } else { "" };
    Some(if digits.is_empty() {
        format!("{sign}0.0")
    } else {
        format!("{sign}{}", place_point(digits, point))
    })
}

/// Whether `literal` is its own canonical text, without a look at all that are: such as most
/// recorders write them, with digits before and behind the point, and no needless ones.
pub(super) fn is_plain_decimal(literal: &str) -> bool {
    let Some((whole, fraction)) = literal.split_once('.') else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let small = whole == "0" && !fraction.starts_with('0') && !fraction.ends_with('0');
    let large = !whole.starts_with('0') && (fraction == "0" || !fraction.ends_with('0'));
    (1..=21).contains(&whole.len())
        && !fraction.is_empty()
        && (small || large)
        && is_digits(whole)
        && is_digits(fraction)
}

fn place_point(digits: &str, point: i64) -> String {
    let len = digits.len() as i64;
    match point {
        // Plain notation up to 21 digits before the point and 6 zeros behind it.
        1..=21 if point >= len => format!("{digits}{}.0", "0".repeat((point - len) as usize)),
        1..=21 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ if len == 1 => format!("{digits}e{}", point - 1),
        _ => format!("{}.{}e{}", &digits[..1], &digits[1..], point - 1),
    }
}

fn split_sign(literal: &str) -> (bool, &str) {
    match literal.as_bytes().first() {
        Some(b'-') => (true, &literal[1..]),
        Some(b'+') => (false, &literal[1..]),
        _ => (false, literal),
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    let valid = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let magnitude: i64 = valid.then(|| digits.parse().ok())??;
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_form() {
        for (literal, canonical) in [
            ("42.0", "42.0"),
            ("4.2e1", "42.0"),
            ("+42.00E0", "42.0"),
            ("0.5", "0.5"),
            ("-5e-1", "-0.5"),
            ("0.000001", "0.000001"),
            ("1e-9", "1e-9"),
            ("1.5e300", "1.5e300"),
            ("15e299", "1.5e300"),
            ("100.0", "100.0"),
            ("1e2", "100.0"),
            ("0.0", "0.0"),
            ("-0.0", "-0.0"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ] {
            assert_eq!(canonical_decimal(literal).as_deref(), Some(canonical), "{literal}");
        }
        for literal in
            ["", ".", ".5", "1.2.3", "e5", "1e", "1e9999999999", "0x1.0", "NaN", "Infinity"]
        {
            assert_eq!(canonical_decimal(literal), None, "{literal}");
        }
    }

    #[test]
    fn plain_decimals_are_canonical() {
        let mut plain = 0;
        for sign in ["", "-", "+"] {
            for whole in ["", "0", "00", "1", "01", "10", "5x", "1234567890123456789012"] {
                for fraction in ["", "0", "00", "5", "05", "50", "x", "1.5", "5e3"] {
                    let literal = format!("{sign}{whole}.{fraction}");
                    if is_plain_decimal(&literal) {
                        plain += 1;
                        assert_eq!(canonical_decimal(&literal), Some(literal));
                    }
                }
            }
        }
        assert_eq!(plain, 14);
    }

    #[test]
    fn canonical_decimals_are_fixed_points() {
        for literal in ["42.0", "1e-9", "1.5e300", "-0.000012", "123456789012345678901234.5"] {
            let once = canonical_decimal(literal).expect("a decimal");
            assert_eq!(canonical_decimal(&once), Some(once.clone()), "{literal}");
        }
    }
}
