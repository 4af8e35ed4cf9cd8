//! Mutations of texts: of bits and bytes, and of what histories consist of, lines and numbers.

use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

/// What numbers, and other words, are replaced by.
const WORDS: [&[u8]; 26] = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"-1",
    b"null",
    b"nil",
    b"true",
    b"[]",
    b"[1,2]",
    b"{}",
    b"\"\"",
    b"1.5",
    b"1e400",
    b"2147483648",
    b"4294967295",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"123456789012345678901234567890",
    b"info",
    b"fail",
    b"ok",
    b"invoke",
    b"#{1 2}",
    b"\xc3\xa4",
];

/// `data` after one to four mutations; some take pieces of `other`.
pub fn mutated(data: &[u8], other: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..*[1, 1, 2, 4].choose(rng).unwrap() {
        mutate(&mut data, other, rng);
    }
    data
}

fn mutate(data: &mut Vec<u8>, other: &[u8], rng: &mut impl Rng) {
    if data.is_empty() {
        data.extend_from_slice(other);
        return;
    }
    let at = rng.random_range(0..data.len());
    match rng.random_range(0..16) {
        0 => data[at] ^= 1 << rng.random_range(0..8),
        1 => data[at] = rng.random(),
        2 => drop(data.remove(at)),
        3 => data.insert(at, rng.random()),
        4 => data.truncate(at),
        5 if !other.is_empty() => {
            let from = rng.random_range(0..other.len());
            data.truncate(at);
            data.extend_from_slice(&other[from..]);
        }
        6 => move_line(data, at, rng.random_bool(0.5), rng),
        7 => {
            let line = line(data, at);
            data.drain(line);
        }
        8 => {
            let line = line(data, at);
            let copy = data[line.clone()].to_vec();
            data.splice(line.end..line.end, copy);
        }
        _ => replace_word(data, at, rng),
    }
}

/// The line around `at`, with its end.
fn line(data: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = data[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let rest = data[at..].iter().position(|&byte| byte == b'\n');
    start..rest.map_or(data.len(), |end| at + end + 1)
}

/// Puts the line around `at` somewhere else, or a copy of it.
fn move_line(data: &mut Vec<u8>, at: usize, keeps: bool, rng: &mut impl Rng) {
    let from = line(data, at);
    let copy = data[from.clone()].to_vec();
    if !keeps {
        data.drain(from);
    }
    let last = data.len().saturating_sub(1);
    let to = line(data, rng.random_range(0..=last)).start;
    data.splice(to..to, copy);
}

/// Replaces the number or word at `at`, or the next one.
fn replace_word(data: &mut Vec<u8>, at: usize, rng: &mut impl Rng) {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-+._".contains(byte);
    let Some(skipped) = data[at..].iter().position(is_part) else { return };
    let at = at + skipped;
    let start = data[..at].iter().rposition(|byte| !is_part(byte)).map_or(0, |end| end + 1);
    let end = data[at..].iter().position(|byte| !is_part(byte)).map_or(data.len(), |end| at + end);
    let word = *WORDS.choose(rng).unwrap();
    data.splice(start..end, word.iter().copied());
}
