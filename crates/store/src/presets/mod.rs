//! Systems with a name: points in the space of knobs, each with what it teaches. Those with a fault
//! say what histcheck should name it.

mod backups;
mod caches;
mod calls;
mod clocks;
mod counters;
mod objects;
mod placement;
mod quorums;
mod raft;
mod single;
mod transactions;

use super::knobs::Knobs;

pub use transactions::{TRANSACTIONAL, Transactional};

/// A system with a name.
pub struct Preset {
    /// Its name, as on the command line.
    pub name: &'static str,
    /// What happens there and why, in a sentence or two.
    pub story: &'static str,
    /// The knobs that are not as by default.
    pub settings: &'static [(&'static str, &'static str)],
    /// What clients see of its fault: the anomalies that are right names for it, the most usual
    /// first. None if it is correct.
    pub shows: &'static [&'static str],
    /// The seed of its example in the suite of histories, and what else is set there to keep it
    /// small.
    pub example: Example,
}

/// How a preset's example is made.
pub struct Example {
    /// The seed.
    pub seed: u64,
    /// Further settings.
    pub settings: &'static [(&'static str, &'static str)],
}

impl Preset {
    /// Its point in the space of knobs.
    pub fn knobs(&self) -> Knobs {
        let mut knobs = Knobs::default();
        knobs.set_all(self.settings);
        knobs
    }

    /// Whether nothing is wrong with it.
    pub fn is_correct(&self) -> bool {
        self.shows.is_empty()
    }

    /// The preset called `name`, be it one of [`presets`] or a [`Transactional`] one.
    pub fn find(name: &str) -> Option<&'static Preset> {
        let transactional = || Transactional::find(name).map(|one| &one.preset);
        presets().find(|preset| preset.name == name).or_else(transactional)
    }
}

/// All presets whose faults have names of anomalies of single objects, group by group. Those of
/// transactions are in [`TRANSACTIONAL`].
pub fn presets() -> impl Iterator<Item = &'static Preset> {
    GROUPS.iter().flat_map(|group| group.1)
}

/// The groups of presets, each with what it is about.
pub const GROUPS: &[(&str, &[Preset])] = &[
    ("A single copy", single::PRESETS),
    ("A primary and its backups", backups::PRESETS),
    ("Quorums without a leader", quorums::PRESETS),
    ("A log that a majority agrees on", raft::PRESETS),
    ("Clocks", clocks::PRESETS),
    ("Caches", caches::PRESETS),
    ("Placement", placement::PRESETS),
    ("Client calls", calls::PRESETS),
    ("Counters", counters::PRESETS),
    ("Objects", objects::PRESETS),
];

/// What clients see of copies that lag.
const STALE: &[&str] = &["stale-read", "non-monotonic-read", "read-your-writes"];

/// The example that `seed` makes with these further settings.
const fn example(seed: u64, settings: &'static [(&'static str, &'static str)]) -> Example {
    Example { seed, settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_point_in_the_space() {
        let mut names = Vec::new();
        let transactional = TRANSACTIONAL.iter().map(|one| &one.preset);
        for preset in presets().chain(transactional) {
            let mut knobs = Knobs::default();
            for (name, text) in preset.settings.iter().chain(preset.example.settings) {
                knobs.set(name, text).unwrap_or_else(|why| panic!("{}: {why}", preset.name));
            }
            knobs.check().unwrap_or_else(|why| panic!("{}: {why}", preset.name));
            preset.knobs().check().unwrap_or_else(|why| panic!("{}: {why}", preset.name));
            assert!(preset.story.ends_with('.'), "{}", preset.story);
            names.push(preset.name);
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "names are given once");
    }
}
