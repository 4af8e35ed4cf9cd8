//! The operations as columns of small numbers: a browser opens a million of them at once, and the
//! file stays small. Numbers are written as LEB128 (as in DWARF 5, section 7.6, which calls it so),
//! what may be negative zigzag-coded, and the whole as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

/// Numbers, one after the other.
#[derive(Default, Debug)]
pub(super) struct Column(Vec<u8>);

impl Column {
    /// Appends a number.
    pub(super) fn push(&mut self, number: u64) {
        let mut left = number;
        while left >= 0x80 {
            self.0.push(left as u8 | 0x80);
            left >>= 7;
        }
        self.0.push(left as u8);
    }

    /// Appends a number that may be negative.
    pub(super) fn push_signed(&mut self, number: i64) {
        self.push(zigzag(number));
    }
}

/// 0, -1, 1, -2, … as 0, 1, 2, 3, …
pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_short() {
        let mut column = Column::default();
        [0, 1, 127, 128, u64::MAX].into_iter().for_each(|number| column.push(number));
        assert_eq!(column.0[..5], [0, 1, 127, 0x80, 1]);
        assert_eq!(column.0.len(), 15);
        assert_eq!([0, -1, 1, i64::MIN, i64::MAX].map(zigzag), [0, 1, 2, u64::MAX, u64::MAX - 1]);
    }
}
