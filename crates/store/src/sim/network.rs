//! The network between hosts: how long a message takes, and whether it arrives.

use super::Nanos;
use super::random::Random;

/// How the links behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links {
    /// How long a message takes at least.
    pub(crate) delay: Nanos,
    /// How much longer it takes on average.
    pub(crate) jitter: Nanos,
    /// So many of 10,000 messages are slow.
    pub(crate) slow: u32,
    /// How much longer a slow message takes on average.
    pub(crate) slow_by: Nanos,
    /// So many of 10,000 messages are lost.
    pub(crate) loss: u32,
    /// So many of 10,000 messages arrive twice.
    pub(crate) duplication: u32,
    /// Whether messages from one host to another may overtake each other.
    pub(crate) reorders: bool,
}

/// The network.
pub(crate) struct Network {
    links: Links,
    hosts: usize,
    /// Whether messages pass from one host to another: `cut[from * hosts + to]`.
    cut: Vec<bool>,
    /// When the last message from one host to another arrives.
    last: Vec<Nanos>,
    random: Random,
}

/// When a message arrives: never, once or twice.
pub(crate) type Arrivals = [Option<Nanos>; 2];

impl Network {
    pub(crate) fn new(links: Links, hosts: usize, seed: u64) -> Network {
        let pairs = hosts * hosts;
        let random = Random::new(seed, "network");
        Network { links, hosts, cut: vec![false; pairs], last: vec![0; pairs], random }
    }

    /// Returns the number of hosts.
    pub(crate) fn hosts(&self) -> usize {
        self.hosts
    }

    /// Lets messages `from` one host `to` another pass, or not.
    pub(crate) fn set_cut(&mut self, from: usize, to: usize, is_cut: bool) {
        self.cut[from * self.hosts + to] = is_cut;
    }

    /// Lets all messages pass again.
    pub(crate) fn heal(&mut self) {
        self.cut.fill(false);
    }

    /// When a message that one host sends to another at `now` arrives.
    pub(crate) fn arrivals(&mut self, now: Nanos, from: usize, to: usize) -> Arrivals {
        let pair = from * self.hosts + to;
        if self.cut[pair] || self.random.happens(self.links.loss) {
            return [None; 2];
        }
        let mut first = now + self.travel();
        if !self.links.reorders {
            first = first.max(self.last[pair] + 1);
            self.last[pair] = first;
        }
        let twice = self.random.happens(self.links.duplication);
        let second = twice.then(|| first + self.travel());
        [Some(first), second]
    }

    /// When a message between a client and its host arrives that is sent at `now`. They are close
    /// to each other: nothing is lost between them but by the host itself.
    pub(crate) fn nearby(&mut self, now: Nanos) -> Nanos {
        now + self.links.delay / 4 + self.random.mostly_short(self.links.jitter / 2)
    }

    fn travel(&mut self) -> Nanos {
        let mut time = self.links.delay + self.random.mostly_short(2 * self.links.jitter);
        if self.random.happens(self.links.slow) {
            time += self.random.about(self.links.slow_by);
        }
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: Links = Links {
        delay: 100,
        jitter: 50,
        slow: 500,
        slow_by: 10_000,
        loss: 0,
        duplication: 0,
        reorders: false,
    };

    fn arrivals(links: Links) -> Vec<Arrivals> {
        let mut network = Network::new(links, 2, 3);
        (0..2000).map(|now| network.arrivals(now, 0, 1)).collect()
    }

    #[test]
    fn links_keep_the_order_unless_they_reorder() {
        let is_sorted = |all: &[Arrivals]| all.is_sorted_by(|one, next| one[0] < next[0]);
        assert!(is_sorted(&arrivals(LINKS)));
        assert!(!is_sorted(&arrivals(Links { reorders: true, ..LINKS })));
    }

    #[test]
    fn messages_are_lost_and_doubled_as_often_as_asked_for() {
        let all = arrivals(Links { loss: 1000, duplication: 1000, ..LINKS });
        let lost = all.iter().filter(|one| one[0].is_none()).count();
        let doubled = all.iter().filter(|one| one[1].is_some()).count();
        assert!((150..250).contains(&lost), "{lost}");
        assert!((130..230).contains(&doubled), "{doubled}");
        assert!(arrivals(LINKS).iter().all(|one| one[0].is_some() && one[1].is_none()));
    }

    #[test]
    fn nothing_passes_a_cut() {
        let mut network = Network::new(LINKS, 2, 3);
        network.set_cut(0, 1, true);
        assert_eq!(network.arrivals(0, 0, 1), [None; 2]);
        assert!(network.arrivals(0, 1, 0)[0].is_some());
        network.heal();
        assert!(network.arrivals(0, 0, 1)[0].is_some());
    }
}
