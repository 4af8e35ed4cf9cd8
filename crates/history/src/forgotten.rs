//! What a builder that forgets keeps of the operations that it forgot.

use super::NO_TIME;
use crate::error::{Code, Error};

/// What a builder that forgets still knows of what it forgot.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    /// How many records were seen when it forgot.
    pub(super) records: usize,
    /// How many operations are there that were open then.
    pub(super) open: usize,
    pub(super) operations: u64,
    pub(super) annotations: u64,
    /// The smallest and the largest time, as long as whole numbers are not seconds; 0 for none.
    pub(super) extremes: [i64; 2],
    /// How many hashed processes there were left when it last looked.
    pub(super) hashed: usize,
    /// How many bytes values took when they were swept last.
    pub(super) swept: usize,
}

impl Forgotten {
    /// Widens the extremes to those of these times.
    pub(super) fn widen<'t>(&mut self, times: impl IntoIterator<Item = &'t [i64; 2]>) {
        let [least, most] = &mut self.extremes;
        let known = times.into_iter().flatten().filter(|&&time| time != NO_TIME);
        known.for_each(|&time| (*least, *most) = ((*least).min(time), (*most).max(time)));
    }
}

/// The error about a record of a whole operation where operations are forgotten.
pub(super) fn no_intervals() -> Error {
    Error::new(
        Code::Syntax,
        "a record of a whole operation cannot be taken as it comes: only the times of all records \
         order it",
    )
    .hint("record an event for each end of an operation, or check the history as a whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_outlast_the_times_they_come_from() {
        let mut forgotten = Forgotten::default();
        forgotten.widen(&[[3, NO_TIME], [-2, 7]]);
        forgotten.widen(&[[NO_TIME; 2], [4, 5]]);
        assert_eq!(forgotten.extremes, [-2, 7]);
        assert_eq!(no_intervals().code, Code::Syntax);
    }
}
