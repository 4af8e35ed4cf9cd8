//! Work on several threads at once. Closures are handed on as trait objects, so that the machinery
//! of the pools is compiled here, once, and not for each kind of work and result.

use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::thread;

use rayon::ThreadPool;
use rayon::prelude::*;

/// Does `work` for every number below `count` on `threads` threads (0: one a processor), and
/// returns the results in order.
pub(crate) fn on_threads<T: Send>(
    threads: usize,
    count: usize,
    work: &(dyn Fn(usize) -> T + Sync),
) -> Vec<T> {
    let pool = if count < 2 { None } else { pool(threads) };
    match &pool {
        Some(_) => map(pool.as_ref(), count, work),
        None => (0..count).map(work).collect(),
    }
}

/// Does `work` for each part of a list of `len` items on `threads` threads (0: one a processor),
/// and returns the results in the order of the parts. A list that is not long is one part.
pub(crate) fn in_parts<T: Send>(
    threads: usize,
    len: usize,
    work: &(dyn Fn(Range<usize>) -> T + Sync),
) -> Vec<T> {
    let part = |at: usize| work(at * PART..len.min((at + 1) * PART));
    on_threads(threads, len.div_ceil(PART), &part)
}

/// So many items are worth a turn of a thread where each takes a few nanoseconds.
const PART: usize = if cfg!(test) { 16 } else { 1 << 19 };

/// Returns how many threads `threads` are, where 0 is one a processor.
pub(crate) fn count_of(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        threads => threads,
    }
}

/// A pool of `threads` threads (0: one a processor), unless one will do or none can be had.
pub(crate) fn pool(threads: usize) -> Option<ThreadPool> {
    if threads == 1 {
        return None;
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok()
}

/// Does `work` for every number below `count` on the threads of `pool`, or else of the pool that
/// the caller is in, and returns the results in order.
pub(crate) fn map<T: Send>(
    pool: Option<&ThreadPool>,
    count: usize,
    work: &(dyn Fn(usize) -> T + Sync),
) -> Vec<T> {
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    each(pool, count, &|at| {
        let result = work(at);
        *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    let taken = |slot: Mutex<Option<T>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().filter_map(taken).collect()
}

fn each(pool: Option<&ThreadPool>, count: usize, work: &(dyn Fn(usize) + Sync)) {
    let run = || (0..count).into_par_iter().for_each(work);
    match pool {
        Some(pool) => pool.install(run),
        None => run(),
    }
}

/// Does both on the threads of `pool`, or else of the pool that the caller is in.
pub(crate) fn both<T: Send>(
    pool: Option<&ThreadPool>,
    one: &mut (dyn FnMut() -> T + Send),
    other: &mut (dyn FnMut() -> T + Send),
) -> (T, T) {
    let run = || rayon::join(one, other);
    match pool {
        Some(pool) => pool.install(run),
        None => run(),
    }
}

/// Does two things at once, if there are `threads` for that (0: one a processor).
pub(crate) fn side_by_side<A: Send, B: Send>(
    threads: usize,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    match pool(threads) {
        Some(pool) => pool.install(|| rayon::join(one, other)),
        None => (one(), other()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_threads_work_where_there_is_work_for_several() {
        let threads = |threads, count| -> Vec<(usize, Option<usize>)> {
            let in_pool = || rayon::current_thread_index().map(|_| rayon::current_num_threads());
            on_threads(threads, count, &|at| (at, in_pool()))
        };
        assert_eq!(threads(2, 3), [(0, Some(2)), (1, Some(2)), (2, Some(2))]);
        assert_eq!(threads(3, 2), [(0, Some(3)), (1, Some(3))]);
        assert_eq!(threads(1, 2), [(0, None), (1, None)], "one needs no pool");
        assert_eq!(threads(2, 1), [(0, None)], "nor does a single piece of work");
        assert_eq!(threads(2, 0), []);
    }

    #[test]
    fn two_things_are_done_at_once_or_one_after_the_other() {
        let in_pool = || rayon::current_thread_index().is_some();
        assert_eq!(
            side_by_side(2, || (1, in_pool()), || ("2", in_pool())),
            ((1, true), ("2", true))
        );
        assert_eq!(side_by_side(1, || (1, in_pool()), || ("2", in_pool())).0, (1, false));
    }

    #[test]
    fn both_are_done_in_the_pool() {
        let pool = pool(2);
        let in_pool = || rayon::current_num_threads();
        let mut one = || (1, in_pool());
        let mut other = || (2, in_pool());
        assert_eq!(both(pool.as_ref(), &mut one, &mut other), ((1, 2), (2, 2)));
    }
}
