//! How much a decider may do: counted in steps of its own, so that what it finds does not depend on
//! the machine, and told to whoever asked, who may stop it.

/// Is told how many steps were made since it was told last, and says whether to stop. A step is
/// about as much as to look at one operation, 200 ns.
pub(super) type Stop<'a> = &'a dyn Fn(u64) -> bool;

/// After so many steps somebody is told.
const TELL_EVERY: u64 = 256;

/// The steps that were made, and that may be.
pub(super) struct Work<'a> {
    most: u64,
    done: u64,
    told: u64,
    is_up: bool,
    stop: Stop<'a>,
}

impl<'a> Work<'a> {
    /// So many steps at most, unless it has to `stop` before.
    pub(super) fn new(most: u64, stop: Stop<'a>) -> Work<'a> {
        Work { most, done: 0, told: 0, is_up: false, stop }
    }

    /// Makes so many, of which the last may be more than are left.
    pub(super) fn spend(&mut self, steps: u64) {
        self.done = self.done.saturating_add(steps);
    }

    /// Returns whether more may be made.
    pub(super) fn goes_on(&mut self) -> bool {
        let untold = self.done - self.told;
        if untold >= TELL_EVERY {
            self.told = self.done;
            self.is_up |= (self.stop)(untold);
        }
        self.is_up |= self.done > self.most;
        !self.is_up
    }

    /// Makes so many; returns whether more may be made.
    pub(super) fn allows(&mut self, steps: u64) -> bool {
        self.spend(steps);
        self.goes_on()
    }

    /// Returns how many were made.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Allows no more than so many further ones.
    pub(super) fn limit(&mut self, steps: u64) {
        self.most = self.most.min(self.done.saturating_add(steps));
    }
}

impl Drop for Work<'_> {
    /// Tells of the last ones.
    fn drop(&mut self) {
        (self.stop)(self.done - self.told);
    }
}
