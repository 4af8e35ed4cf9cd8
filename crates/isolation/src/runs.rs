//! The writers of keys by chains of transactions, each of which comes after the one before it.

use crate::facts::Groups;

/// A writer: its chain, its position in that, and its number.
pub(crate) type Link = (u32, u32, u32);

/// Takes writers.
type Take<'t> = &'t mut dyn FnMut(Link);

/// The writers of each key, by chains.
pub(crate) struct Writers {
    pub(crate) runs: Groups<Run>,
    /// Their positions in their chains, and the writers.
    positions: Vec<u32>,
    writers: Vec<u32>,
}

/// Those of one key in one chain.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) chain: u32,
    start: u32,
    end: u32,
}

impl Writers {
    /// Collects the writers of so many keys, which `of` passes on.
    pub(crate) fn new(keys: u32, of: &dyn Fn(u32, Take<'_>)) -> Writers {
        let (positions, all) = (Vec::new(), Vec::new());
        let mut writers = Writers { runs: Groups::new(keys as usize), positions, writers: all };
        let mut own: Vec<Link> = Vec::new();
        for key in 0..keys {
            of(key, &mut |link| own.push(link));
            own.sort_unstable();
            for run in own.chunk_by(|one, other| one.0 == other.0) {
                let start = writers.writers.len() as u32;
                writers.positions.extend(run.iter().map(|&(_, position, _)| position));
                writers.writers.extend(run.iter().map(|&(.., t)| t));
                writers.runs.push(Run { chain: run[0].0, start, end: start + run.len() as u32 });
            }
            writers.runs.end();
            own.clear();
        }
        writers
    }

    /// Returns the writers of a key.
    pub(crate) fn of(&self, key: u32) -> &[u32] {
        match self.runs.of(key) {
            [] => &[],
            [first, .., last] => &self.writers[first.start as usize..last.end as usize],
            [only] => &self.writers[only.start as usize..only.end as usize],
        }
    }

    /// Returns those of a run, parted at a position: those before it, and the others.
    #[inline]
    pub(crate) fn parted(&self, run: Run, position: u32) -> (&[u32], &[u32]) {
        let range = run.start as usize..run.end as usize;
        let at = self.positions[range.clone()].partition_point(|&other| other < position);
        self.writers[range].split_at(at)
    }
}
