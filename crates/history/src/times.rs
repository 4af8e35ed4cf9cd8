//! The times of operations in half the room: 32 bits for a call, counted from the earliest of a few
//! operations, and for how long an operation took.

use super::{History, NO_TIME, OpIndex};

/// So many operations have the earliest of their calls in common. With nanoseconds in 32 bits, they
/// may be called within four seconds.
const BLOCK: usize = 64;
/// One of so many operations at most may have times that do not fit, but for a few.
const RARE: usize = 16;
const FEW: usize = 64;

/// Fewer operations keep times that were changed as they are: these take little memory anyway.
const LONG: usize = if cfg!(debug_assertions) { 1 } else { 1 << 16 };

/// There is no time; or, of a call, neither for the return.
const NONE: u32 = u32::MAX;
/// The times of an operation do not fit.
const ODD: u32 = u32::MAX - 1;

/// The times of operations: pairs of a call and a return, each `NO_TIME` where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    /// Those of the first operations, in blocks that are full.
    narrow: Narrow,
    /// Those of all others.
    wide: Vec<[i64; 2]>,
    /// Whether all are there, and stay there.
    is_wide: bool,
}

impl Times {
    /// Returns no times, with room for those of so many operations.
    pub(super) fn with_capacity(operations: usize) -> Times {
        let mut times = Times::default();
        times.narrow.ends.reserve_exact(operations);
        times
    }

    /// Returns these times, which are to be changed.
    pub(super) fn of_wide(wide: Vec<[i64; 2]>) -> Times {
        Times { narrow: Narrow::default(), wide, is_wide: true }
    }

    /// How many operations have a place here.
    pub(super) fn len(&self) -> usize {
        self.narrow.ends.len() + self.wide.len()
    }

    /// Makes room for `more` operations, or none where the system has not so much.
    pub(super) fn reserve(&mut self, more: usize) {
        let _ = match self.is_wide {
            true => self.wide.try_reserve_exact(more),
            false => self.narrow.ends.try_reserve_exact(more),
        };
    }

    /// Adds the times of the next operation.
    #[inline]
    pub(super) fn push(&mut self, ends: [i64; 2]) {
        self.wide.push(ends);
        if self.wide.len() == BLOCK && !self.is_wide {
            self.narrow_block();
        }
    }

    fn narrow_block(&mut self) {
        self.narrow.push(&self.wide);
        self.wide.clear();
        self.check_odd();
    }

    /// Leaves the times as they are, if too many do not fit.
    fn check_odd(&mut self) {
        if self.narrow.odd.len() > FEW + self.narrow.ends.len() / RARE {
            self.wide();
        }
    }

    /// The times of the operation at `index`.
    #[inline]
    pub(super) fn get(&self, index: usize) -> [i64; 2] {
        match index.checked_sub(self.narrow.ends.len()) {
            Some(at) => self.wide[at],
            None => self.narrow.get(index),
        }
    }

    /// Notes when the operation at `index` returned.
    #[inline]
    pub(super) fn set_return(&mut self, index: usize, ret: i64) {
        match index.checked_sub(self.narrow.ends.len()) {
            Some(at) => self.wide[at][1] = ret,
            None if self.narrow.set_usual_return(index, ret) => {}
            None => {
                self.narrow.set_return(index, ret);
                self.check_odd();
            }
        }
    }

    /// The times of all operations, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = [i64; 2]> {
        let narrow = (0..self.narrow.ends.len()).map(|index| self.narrow.get(index));
        narrow.chain(self.wide.iter().copied())
    }

    /// The times, to be changed: from now on they take their full room.
    pub(super) fn wide(&mut self) -> &mut Vec<[i64; 2]> {
        if !self.is_wide {
            let mut wide = Vec::with_capacity(self.narrow.ends.capacity().max(self.len()));
            wide.extend(self.iter());
            *self = Times::of_wide(wide);
        }
        &mut self.wide
    }

    /// How many bytes they take.
    pub(super) fn heap_bytes(&self) -> usize {
        let Narrow { earliest, ends, odd } = &self.narrow;
        let narrow = size_of_val(&earliest[..]) + size_of_val(&ends[..]) + size_of_val(&odd[..]);
        narrow + size_of_val(&self.wide[..])
    }
}

/// Times in half the room.
#[derive(Clone, Debug, Default)]
struct Narrow {
    /// The earliest call of each block.
    earliest: Vec<i64>,
    /// The call, counted from that, and how long until the return.
    ends: Vec<[u32; 2]>,
    /// The times of the odd ones, by index.
    odd: Vec<(u32, [i64; 2])>,
}

impl Narrow {
    /// Adds a block.
    fn push(&mut self, block: &[[i64; 2]]) {
        let calls = block.iter().map(|&[call, _]| call).filter(|&call| call != NO_TIME);
        let earliest = calls.min().unwrap_or(0);
        self.earliest.push(earliest);
        for &ends in block {
            let fitting = fit(earliest, ends);
            if fitting.is_none() {
                self.odd.push((self.ends.len() as u32, ends));
            }
            self.ends.push(fitting.unwrap_or([ODD; 2]));
        }
    }

    /// Returns the times of the operation at `index`.
    #[inline]
    fn get(&self, index: usize) -> [i64; 2] {
        match self.ends[index] {
            [ODD, _] => {
                let at = self.odd.binary_search_by_key(&(index as u32), |&(index, _)| index);
                at.map_or([NO_TIME; 2], |at| self.odd[at].1)
            }
            [NONE, _] => [NO_TIME; 2],
            [call, took] => {
                let call = self.earliest[index / BLOCK] + i64::from(call);
                [call, if took == NONE { NO_TIME } else { call + i64::from(took) }]
            }
        }
    }

    /// Notes the return of an operation whose times fit. False if they do not.
    #[inline]
    fn set_usual_return(&mut self, index: usize, ret: i64) -> bool {
        let ends = &mut self.ends[index];
        let call = self.earliest[index / BLOCK].wrapping_add(i64::from(ends[0]));
        let took = ret.wrapping_sub(call);
        let fits = ends[0] < ODD && ret >= call && (0..i64::from(ODD)).contains(&took);
        if fits {
            ends[1] = took as u32;
        }
        fits
    }

    #[cold]
    fn set_return(&mut self, index: usize, ret: i64) {
        let [call, _] = self.get(index);
        let fitting = fit(self.earliest[index / BLOCK], [call, ret]);
        let at = self.odd.binary_search_by_key(&(index as u32), |&(index, _)| index);
        match (fitting, at) {
            // An odd one stays one.
            (_, Ok(at)) => self.odd[at].1 = [call, ret],
            (None, Err(at)) => {
                self.odd.insert(at, (index as u32, [call, ret]));
                self.ends[index] = [ODD; 2];
            }
            (Some(ends), Err(_)) => self.ends[index] = ends,
        }
    }
}

/// Returns the times `call` and `ret` in 32 bits each; `None` if they do not fit.
#[inline]
fn fit(earliest: i64, [call, ret]: [i64; 2]) -> Option<[u32; 2]> {
    let narrow = |to: i64, from: i64| {
        let apart = u32::try_from(to.checked_sub(from)?).ok()?;
        (apart < ODD).then_some(apart)
    };
    match (call, ret) {
        (NO_TIME, NO_TIME) => Some([NONE; 2]),
        (NO_TIME, _) => None,
        (_, NO_TIME) => Some([narrow(call, earliest)?, NONE]),
        _ => Some([narrow(call, earliest)?, narrow(ret, call)?]),
    }
}

impl History {
    /// The times of an operation's ends, `NO_TIME` where the input has none.
    #[inline]
    pub(super) fn ends_at(&self, index: OpIndex) -> [i64; 2] {
        self.times.as_ref().map_or([NO_TIME; 2], |times| times.get(index.index()))
    }

    /// Puts times that took their full room into less.
    pub(super) fn narrow_times(&mut self) {
        if let Some(times) = self.times.take_if(|times| times.is_wide && times.len() >= LONG) {
            let mut narrow = Times::with_capacity(times.len());
            times.wide.iter().for_each(|&ends| narrow.push(ends));
            self.times = Some(narrow);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_what_they_were(
            start in prop::sample::select(vec![0, -5, i64::MIN + 1, i64::MAX - (1 << 42)]),
            apart in prop::collection::vec((0..1_i64 << 24, 0..1_i64 << 32, 0..99_u8), 0..600),
            late in 0..90_usize,
            rare in prop::sample::select(vec![6, 20, 99]),
            is_wide in any::<bool>(),
        ) {
            let mut times = Times::with_capacity(3);
            if is_wide {
                times.wide();
            }
            let mut expected: Vec<[i64; 2]> = Vec::new();
            let (mut now, mut open) = (start, Vec::new());
            for &(wait, took, kind) in &apart {
                now += wait;
                let [call, ret] = match kind % rare {
                    0 => [NO_TIME; 2],
                    1 => [now, NO_TIME],
                    2 => [NO_TIME, now],
                    3 => [now, now + (took << 4)],
                    4 => [now - 40, now],
                    5 => [now, now - 1],
                    _ => [now, now + took / 64],
                };
                open.push((expected.len(), ret));
                times.push([call, NO_TIME]);
                expected.push([call, NO_TIME]);
                if open.len() > late {
                    let (index, ret) = open.swap_remove(wait as usize % open.len());
                    if ret != NO_TIME {
                        times.set_return(index, ret);
                        expected[index][1] = ret;
                    }
                }
            }
            prop_assert_eq!(times.len(), expected.len());
            prop_assert!(times.iter().eq(expected.iter().copied()));
            prop_assert!((0..expected.len()).all(|index| times.get(index) == expected[index]));
            prop_assert_eq!(&*times.wide(), &expected);
        }
    }

    #[test]
    fn the_ends_of_what_fits_are_found() {
        let most = i64::from(ODD) - 1;
        for (ends, fits) in [
            ([5, 5 + most], true),
            ([5, 6 + most], false),
            ([5 + most, 5 + most], true),
            ([6 + most, NO_TIME], false),
            ([i64::MAX, i64::MAX], false),
            ([NO_TIME, 5], false),
            ([NO_TIME, NO_TIME], true),
        ] {
            assert_eq!(fit(5, ends).is_some(), fits, "{ends:?}");
        }
    }

    #[test]
    fn only_few_are_odd() {
        let (mut usual, mut odd) = (Times::default(), Times::default());
        for at in 0..4096 {
            usual.push([at, if at % 100 == 70 { -9 } else { at }]);
            odd.push([at, if at % 10 == 7 { -9 } else { at }]);
        }
        assert_eq!((usual.is_wide, usual.narrow.odd.len()), (false, 41));
        assert!(odd.is_wide && odd.narrow.ends.is_empty());
        assert_eq!([usual.get(70), odd.get(7), odd.get(4095)], [[70, -9], [7, -9], [4095; 2]]);
    }
}
