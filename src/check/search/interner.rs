//! Values that several threads share, each stored once and standing for itself as a small number.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use hashbrown::HashTable;

use crate::history::hash::Seeded;

/// The first chunk holds so many values, each one after it twice as many as the one before.
const FIRST: u32 = 64;

/// Enough chunks for every number.
const CHUNKS: usize = 27;

/// The index is divided, so that threads rarely wait for each other.
const SHARDS: usize = 16;

type Chunk<T> = OnceLock<Box<[OnceLock<T>]>>;

/// A table of distinct values that only grows; reading it takes no lock.
pub(super) struct Interner<T> {
    chunks: [Chunk<T>; CHUNKS],
    /// Numbers by hash, with the hash.
    index: [Mutex<HashTable<(u64, u32)>>; SHARDS],
    len: AtomicU32,
    /// That of the hashes.
    pub(super) seed: Seeded,
}

impl<T> Interner<T> {
    /// The empty table.
    pub(super) fn new() -> Self {
        Interner {
            chunks: [const { OnceLock::new() }; CHUNKS],
            index: std::array::from_fn(|_| Mutex::new(HashTable::new())),
            len: AtomicU32::new(0),
            seed: Seeded::default(),
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> u32 {
        self.len.load(Ordering::Relaxed)
    }

    /// The value of a number that [`Interner::intern`] returned.
    pub(super) fn get(&self, id: u32) -> Option<&T> {
        let (chunk, offset) = place(id);
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    /// The number of the value of this `hash` that `is` recognises; what `make` makes gets a new
    /// one if there is none yet.
    pub(super) fn intern(
        &self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> u32 {
        let mut index = lock(&self.index[(hash >> 40) as usize % SHARDS]);
        let same = |&(other, id): &(u64, u32)| other == hash && self.get(id).is_some_and(&is);
        if let Some(&(_, id)) = index.find(hash, same) {
            return id;
        }
        let id = self.len.fetch_add(1, Ordering::Relaxed);
        let (chunk, offset) = place(id);
        let places = || (0..FIRST << chunk).map(|_| OnceLock::new()).collect();
        // Nobody else has this number.
        let _ = self.chunks[chunk].get_or_init(places)[offset].set(make());
        index.insert_unique(hash, (hash, id), |&(hash, _)| hash);
        id
    }

    /// Memory in bytes, without what the values hold on the heap.
    pub(super) fn bytes(&self) -> usize {
        let places: usize =
            self.chunks.iter().filter_map(|chunk| chunk.get()).map(|all| all.len()).sum();
        places * size_of::<OnceLock<T>>() + self.len() as usize * 2 * size_of::<(u64, u32)>()
    }
}

/// Locks, whatever became of another thread that held the lock.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place(id: u32) -> (usize, usize) {
    let chunk = (id / FIRST + 1).ilog2();
    (chunk as usize, (id - FIRST * ((1 << chunk) - 1)) as usize)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn places_follow_each_other_through_the_chunks() {
        let mut expected = (0, 0);
        for id in 0..5_000 {
            assert_eq!(place(id), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn threads_agree_on_numbers() {
        let table = Interner::<u64>::new();
        let intern_all = || -> Vec<u32> {
            (0..2_000u64).map(|n| table.intern(n % 7, |&other| other == n, || n)).collect()
        };
        let (left, right) = std::thread::scope(|scope| {
            let other = scope.spawn(intern_all);
            (intern_all(), other.join().unwrap())
        });
        assert_eq!(left, right);
        assert_eq!(table.len(), 2_000);
        assert!(left.iter().enumerate().all(|(n, &id)| table.get(id) == Some(&(n as u64))));
    }
}
