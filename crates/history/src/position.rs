//! Positions, each of its own type, so that none is taken for another. Only this module knows how
//! wide they are.

use std::fmt;
use std::num::NonZeroU32;

use crate::sort::Key;

/// Makes a type for positions in lists of one kind, which index slices and vectors.
#[doc(hidden)]
#[macro_export]
macro_rules! position {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident;) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        $visibility struct $name(u32);

        #[allow(dead_code)]
        impl $name {
            /// The greatest position. No list is as long, so that it can stand for none.
            $visibility const MAX: $name = $name(u32::MAX);

            /// Returns the position `index`, which is at most 4,294,967,295.
            #[inline]
            $visibility const fn new(index: usize) -> $name {
                debug_assert!(index <= u32::MAX as usize);
                $name(index as u32)
            }

            /// Returns the position as a number, from 0.
            #[inline]
            $visibility const fn index(self) -> usize {
                self.0 as usize
            }

            /// Returns the positions below `end`.
            #[inline]
            $visibility fn below(
                end: usize,
            ) -> impl DoubleEndedIterator<Item = $name> + ExactSizeIterator + Clone {
                (0..end).map($name::new)
            }
        }

        impl $crate::sort::Key for $name {
            const BITS: u32 = u32::BITS;

            #[inline]
            fn bits(self) -> u128 {
                self.0 as u128
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::write!(f, "{}", self.0)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<T> ::std::ops::Index<$name> for [T] {
            type Output = T;

            #[inline]
            fn index(&self, position: $name) -> &T {
                &self[position.0 as usize]
            }
        }

        impl<T> ::std::ops::IndexMut<$name> for [T] {
            #[inline]
            fn index_mut(&mut self, position: $name) -> &mut T {
                &mut self[position.0 as usize]
            }
        }

        impl<T> ::std::ops::Index<$name> for ::std::vec::Vec<T> {
            type Output = T;

            #[inline]
            fn index(&self, position: $name) -> &T {
                &self[position.0 as usize]
            }
        }

        impl<T> ::std::ops::IndexMut<$name> for ::std::vec::Vec<T> {
            #[inline]
            fn index_mut(&mut self, position: $name) -> &mut T {
                &mut self[position.0 as usize]
            }
        }
    };
}

position! {
    /// The index of an operation in [`History::operations`](crate::History::operations): the
    /// number of operations that were invoked before it. A history is indexed by it.
    ///
    /// ```
    /// use histcheck_history::{History, OpIndex};
    /// let mut history = History::builder();
    /// history.invoke(7, "write", 1)?;
    /// let history = history.build()?;
    /// let first = OpIndex::new(0);
    /// assert_eq!(history[first].input, history.operations()[0].input);
    /// assert_eq!(history.indices().collect::<Vec<_>>(), [first]);
    /// # Ok::<(), histcheck_history::error::Error>(())
    /// ```
    pub struct OpIndex;
}

impl OpIndex {
    /// The index of no operation of any history: that of a reading which was made up.
    #[doc(hidden)]
    pub const NOBODY: OpIndex = OpIndex::MAX;
}

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

impl Key for Record {
    const BITS: u32 = u32::BITS;

    #[inline]
    fn bits(self) -> u128 {
        u128::from(self.0.get())
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

/// Where an end of an operation stands in the order of all ends, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Rank(u32);

impl Rank {
    /// The rank of the first end.
    pub const FIRST: Rank = Rank(0);

    /// The rank of an end that never comes: of the return of an operation that may still take
    /// effect. It is greater than all others.
    pub const NEVER: Rank = Rank(u32::MAX);

    /// A rank that is greater than those of all ends that come: the horizon of a whole history.
    pub const LAST: Rank = Rank(u32::MAX - 1);

    /// Returns the rank at position `index`.
    #[inline]
    pub const fn new(index: usize) -> Rank {
        debug_assert!(index <= Rank::NEVER.index());
        Rank(index as u32)
    }

    /// Returns the position.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the next rank.
    #[inline]
    #[must_use]
    pub const fn next(self) -> Rank {
        Rank(self.0.saturating_add(1))
    }

    /// Returns the rank before this one, or this one if it is the first.
    #[inline]
    #[must_use]
    pub const fn previous(self) -> Rank {
        Rank(self.0.saturating_sub(1))
    }

    /// Returns how far this rank and `other` are apart.
    #[inline]
    pub const fn abs_diff(self, other: Rank) -> usize {
        self.0.abs_diff(other.0) as usize
    }

    /// Returns the number of ranks from `earlier` to this one; 0 if it does not come later.
    #[inline]
    pub const fn since(self, earlier: Rank) -> usize {
        self.0.saturating_sub(earlier.0) as usize
    }
}

impl Key for Rank {
    const BITS: u32 = u32::BITS;

    #[inline]
    fn bits(self) -> u128 {
        u128::from(self.0)
    }
}

impl fmt::Debug for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Rank::NEVER => f.write_str("Rank(never)"),
            _ => write!(f, "Rank({self})"),
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
