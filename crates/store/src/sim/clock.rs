//! The clock of a host: what it shows at a point of true time.

use super::Nanos;

/// A clock that may be set wrong, run too fast or too slow, and be stepped.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Clock {
    /// How far it is ahead of the true time, at true time 0.
    pub(crate) offset: Nanos,
    /// How much it gains, in nanoseconds a millisecond.
    pub(crate) drift: i64,
}

impl Clock {
    /// What it shows at the true time `now`.
    pub(crate) fn read(&self, now: Nanos) -> Nanos {
        now + self.ahead(now)
    }

    /// How far it is ahead at the true time `now`.
    pub(crate) fn ahead(&self, now: Nanos) -> Nanos {
        self.offset + now / 1_000_000 * self.drift
    }

    /// Sets it forward by so much, or back.
    pub(crate) fn step(&mut self, by: Nanos) {
        self.offset += by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_shows_offset_drift_and_steps() {
        let mut clock = Clock { offset: 5, drift: 100 };
        assert_eq!(clock.read(0), 5);
        assert_eq!(clock.read(3_000_000), 3_000_305);
        clock.step(-10);
        assert_eq!(clock.read(3_000_000), 3_000_295);
    }
}
