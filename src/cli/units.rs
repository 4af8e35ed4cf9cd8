//! Durations and sizes as people write them: `30s`, `500ms`, `2GiB`.

use std::time::Duration;

/// `30s`, `500ms`, `2m`, `1.5h`; a plain number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: &[(&str, f64)] =
        &[("", 1.0), ("ms", 0.001), ("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3600.0)];
    let expected = "expected a time such as 30s, 500ms or 2m";
    let (number, unit) = split(text).ok_or(expected)?;
    let scale = UNITS.iter().find(|entry| entry.0 == unit).ok_or(expected)?.1;
    Duration::try_from_secs_f64(number * scale).map_err(|_| "the time is too long".to_owned())
}

/// `2GiB`, `500MB`, `64k`; a plain number is bytes.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    const UNITS: &[(&str, u64)] = &[
        ("", 1),
        ("b", 1),
        ("k", 1000),
        ("kb", 1000),
        ("kib", 1 << 10),
        ("m", 1_000_000),
        ("mb", 1_000_000),
        ("mib", 1 << 20),
        ("g", 1_000_000_000),
        ("gb", 1_000_000_000),
        ("gib", 1 << 30),
        ("t", 1_000_000_000_000),
        ("tb", 1_000_000_000_000),
        ("tib", 1 << 40),
    ];
    let expected = "expected a size such as 2GiB, 500MB or a number of bytes";
    let (number, unit) = split(text).ok_or(expected)?;
    let unit = unit.to_ascii_lowercase();
    let scale = UNITS.iter().find(|entry| entry.0 == unit).ok_or(expected)?.1;
    let bytes = number * scale as f64;
    if bytes >= usize::MAX as f64 {
        return Err("the size is too large".to_owned());
    }
    Ok(bytes as usize)
}

/// The number at the start of `text`, and the unit behind it.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in [
            ("30", 30_000),
            ("30s", 30_000),
            ("500ms", 500),
            ("2 m", 120_000),
            ("0.5s", 500),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1d", "1e3s", "99999999999999999999h", "1.2.3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_units() {
        for (text, size) in [
            ("0", 0),
            ("123", 123),
            ("500MB", 500_000_000),
            ("2GiB", 2 << 30),
            ("1.5 kib", 1536),
            ("64k", 64_000),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "GiB", "-1", "1 parsec", "99999999999TiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
