//! Positions, each of its own type, so that none is taken for another. Only this module knows how
//! wide they are.

use std::fmt;
use std::num::NonZeroU32;

/// The position of a record in its input, from 0. An `Option` of it takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Record(NonZeroU32);

impl Record {
    /// The number of records that can be told apart.
    pub(crate) const MOST: usize = u32::MAX as usize - 1;

    /// Returns the record at position `index`, which is at most 4,294,967,294.
    #[inline]
    pub const fn new(index: usize) -> Record {
        debug_assert!(index <= Record::MOST);
        // One more than the position, so that there is a value for none.
        Record(NonZeroU32::MIN.saturating_add(index as u32))
    }

    /// Returns the record at position `index`, or `None` if no history has as many.
    #[inline]
    pub fn at(index: u64) -> Option<Record> {
        let index = usize::try_from(index).ok()?;
        (index < Record::MOST).then(|| Record::new(index))
    }

    /// Returns the position.
    #[inline]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// Returns the number of records from `other` to this one; negative if `other` comes later.
    #[inline]
    pub const fn distance_from(self, other: Record) -> i64 {
        self.index() as i64 - other.index() as i64
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({self})")
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index().fmt(f)
    }
}

#[cfg(feature = "serde_json")]
impl serde::Serialize for Record {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.index() as u64)
    }
}
