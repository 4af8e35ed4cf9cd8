//! Eight bytes of text at a time as one number, its first byte the lowest: short literals are
//! compared, the end of a string is found and digits are added up without a loop over bytes
//! (Lemire, "Quickly parsing eight digits", 2018; Mycroft's test for a zero byte).

/// A literal of up to eight bytes, to compare a word with.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Literal {
    bits: u64,
    mask: u64,
    /// How many bytes it has.
    pub(in crate::formats) len: usize,
}

impl Literal {
    /// It has at most so many bytes.
    pub(in crate::formats) const MOST: usize = 8;

    /// The literal `text`, of at most eight bytes.
    pub(in crate::formats) const fn new(text: &[u8]) -> Literal {
        let mut bits = 0;
        let mut len = 0;
        while len < text.len() {
            bits |= (text[len] as u64) << (8 * len);
            len += 1;
        }
        Literal { bits, mask: low_bytes(len), len }
    }

    /// Whether `word` starts with it.
    #[inline(always)]
    pub(in crate::formats) fn starts(self, word: u64) -> bool {
        word & self.mask == self.bits
    }
}

/// A mask of the lowest `len` bytes.
#[inline(always)]
pub(in crate::formats) const fn low_bytes(len: usize) -> u64 {
    if len >= 8 { u64::MAX } else { (1 << (8 * len)) - 1 }
}

/// The eight bytes of `bytes` from `at` on; zeros stand for those behind the end.
#[inline(always)]
pub(in crate::formats) fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(eight) => u64::from_le_bytes(*eight),
        None => last_word(bytes, at),
    }
}

#[cold]
fn last_word(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// How many bytes of `word` come before the first that is a quote, a backslash or a control
/// character; 8 if none is.
#[inline(always)]
pub(in crate::formats) fn plain_bytes(word: u64) -> usize {
    // The lowest bit that is set is exact; a borrow makes some above it wrong.
    let is_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let quote = is_zero(word ^ (ONES * b'"' as u64));
    let backslash = is_zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    (quote | backslash | control).trailing_zeros() as usize / 8
}

/// The number that the digits at the start of `word` are, and how many they are: none to eight.
#[inline(always)]
pub(in crate::formats) fn digits(word: u64) -> (u64, usize) {
    let zeros = ONES * b'0' as u64;
    let values = word ^ zeros;
    // A byte is no digit if its value has a high half, or gets one when six is added. A carry
    // spoils only bytes above the first that is none.
    let others = (values | values.wrapping_add(ONES * 6)) & (ONES * 0xf0);
    let count = others.trailing_zeros() as usize / 8;
    // Digits move to the high end, zeros before them.
    let values = if count == 0 { 0 } else { values << (64 - 8 * count) };
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let each_other = 0x0000_00ff_0000_00ff;
    let high = (pairs & each_other).wrapping_mul(100 + (1_000_000 << 32));
    let low = (pairs >> 16 & each_other).wrapping_mul(1 + (10_000 << 32));
    (high.wrapping_add(low) >> 32, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_are_compared_whole() {
        let ok = Literal::new(b"\"ok\"");
        assert!(ok.starts(word(b"\"ok\",", 0)) && ok.starts(word(b"x\"ok\"", 1)));
        assert!(!ok.starts(word(b"\"ok", 0)) && !ok.starts(word(b"\"ol\",,,,,", 0)));
        assert!(Literal::new(b"\"invoke\"").starts(word(b"\"invoke\"x", 0)));
        assert_eq!(word(b"abc", 9), 0);
    }

    proptest! {
        #[test]
        fn words_tell_what_a_loop_over_bytes_tells(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 8),
                proptest::collection::vec(proptest::sample::select(b"0123456789/:\"\\".to_vec()), 8),
                proptest::collection::vec(prop_oneof![b'0'..=b'9', any::<u8>()], 8),
            ],
        ) {
            let number = word(&bytes, 0);
            let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
            prop_assert_eq!(plain_bytes(number), bytes.iter().take_while(|b| plain(b)).count());
            let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let sum = bytes[..count].iter().fold(0, |n, &b| n * 10 + u64::from(b - b'0'));
            prop_assert_eq!(digits(number), (sum, count));
        }
    }
}
