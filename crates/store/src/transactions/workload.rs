//! Draws transactions, as the generator of Elle does (Kingsbury and Alvaro 2020): of a few keys in
//! use the last ones are chosen most often, and a key that was written often enough gives way to a
//! new one, so that lists stay short.

use std::sync::Arc;

use super::hub::Hub;
use super::wire::Step;
use crate::knobs::{Engine, Knobs, Workload};
use crate::origin::Host;
use crate::sim::random::Random;

/// Draws transactions.
pub(super) struct Draws {
    random: Random,
    /// Of each place in use, how many keys it has had before, and how often the last was written.
    places: Vec<(u32, u32)>,
    /// Whether a site writes only the keys that are at home there.
    is_at_home: bool,
}

impl Draws {
    pub(super) fn new(knobs: &Knobs, seed: u64) -> Draws {
        let is_list = knobs.workload == Workload::ListAppend;
        // Where sites write the same key at one time, they do not agree which list is right.
        let is_at_home =
            knobs.engine == Engine::Sites && knobs.home_writes && (is_list || knobs.write_check);
        let places = vec![(0, 0); knobs.keys.max(1) as usize];
        Draws { random: Random::new(seed, "workload"), places, is_at_home }
    }

    /// The steps of the next transaction, which begins at `node`.
    pub(super) fn next(&mut self, hub: &Hub, node: Host) -> Arc<[Step]> {
        let length = 1 + self.random.below(u64::from(hub.knobs.steps)) as usize;
        (0..length).map(|_| self.step(hub, node)).collect()
    }

    fn step(&mut self, hub: &Hub, node: Host) -> Step {
        let mut place = self.places.len() - 1;
        while place > 0 && self.random.happens(5000) {
            place -= 1;
        }
        let reads = self.random.happens(hub.knobs.reads.0);
        if !reads && self.is_at_home {
            let keepers = hub.keepers() as usize;
            place = place / keepers * keepers + usize::from(node);
        }
        if reads || place >= self.places.len() {
            let place = place.min(self.places.len() - 1);
            return Step { key: self.key(place), value: None };
        }
        if self.places[place].1 >= hub.knobs.writes_per_key {
            self.places[place] = (self.places[place].0 + 1, 0);
        }
        self.places[place].1 += 1;
        Step { key: self.key(place), value: Some(i64::from(self.places[place].1)) }
    }

    /// The key that has this place now.
    fn key(&self, place: usize) -> u32 {
        self.places[place].0 * self.places.len() as u32 + place as u32
    }
}
